/* Strict JSON (RFC 8259) for bytes of outside origin: a pull reader and a writer. The one judge of
 * what is JSON in this program: webhooks, answers, scripts and settings all come through here.
 * Refused: invalid UTF-8, duplicate keys (where the caller asks), lone surrogates, trailing text,
 * leading zeros, NaN, comments, a byte order mark, depth over the limit. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "str.h"

enum json_token {
    JSON_ERROR = -1,
    JSON_END = 0,    /* the document ended well */
    JSON_OBJECT,     /* { */
    JSON_OBJECT_END, /* } */
    JSON_ARRAY,      /* [ */
    JSON_ARRAY_END,  /* ] */
    JSON_KEY,        /* text is the key, decoded */
    JSON_STRING,     /* text is the value, decoded */
    JSON_INTEGER,    /* text is the source text: fits int64 */
    JSON_NUMBER,     /* text is the source text: fraction, exponent, or beyond int64 */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

#define JSON_DEPTH_MAX 128

struct json_reader {
    const char *start, *p, *end;
    int depth;
    int max_depth;
    unsigned char stack[JSON_DEPTH_MAX / 8 + 1]; /* bit set: object */
    int state;
    struct str text;     /* of the last token; valid until the next call */
    int64_t integer;     /* of the last JSON_INTEGER */
    struct buf scratch;  /* decoded text of strings with escapes */
    const char *problem; /* after JSON_ERROR: what was wrong */
    size_t at;           /* after JSON_ERROR: byte offset */
};

/* src must stay while the reader is used. json_reader_free releases the scratch buffer. */
void json_reader_init(struct json_reader *r, struct str src);
void json_reader_free(struct json_reader *r);
enum json_token json_next(struct json_reader *r);
/* Skips the value whose first token was just returned (object or array: to its end), or, after
 * JSON_KEY, the value that follows. 0 or -1. */
int json_skip(struct json_reader *r);
/* Fills e with "not JSON: <problem> at line L, column C". Returns -1. */
int json_fail(const struct json_reader *r, struct err *e);
/* Whole text is one JSON value, with no duplicate keys: 0, else -1 and e. */
int json_check(struct str src, struct err *e);

/* Something to be found meanwhile: fn is called with the string (decoded) or number (as written)
 * that stands at a dotted path of an object's members; not if there is none. */
struct json_find {
    const char *path; /* "": nothing */
    void (*fn)(void *arg, struct str text);
    void *arg;
    /* Of json_check_find. */
    struct str key, rest; /* the next member of the path, and those after it */
    int depth;            /* members that were entered */
    bool here;            /* the value that comes is that member's */
};
int json_check_find(struct str src, struct json_find *f, int n, struct err *e);

/* Writes s as a JSON string with quotes. Invalid UTF-8 becomes U+FFFD. */
int json_put_string(struct buf *b, struct str s);
int json_put_cstring(struct buf *b, const char *s); /* NULL writes null */
/* The first escaped NUL (six bytes: \\u0000) in a JSON text, which texts of C cannot hold; or NULL.
 */
const char *json_find_nul(struct str json);
/* Writes `"key":` with a comma before it unless it is the first of its object. */
int json_put_key(struct buf *b, const char *key);

#endif
