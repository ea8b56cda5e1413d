/* JSON reader: one token a call, in one pass over the source, without recursion. */
#include "json.h"
#include "json_run.h"

#include <string.h>

/* What may come next. */
enum {
    ST_VALUE,       /* a value: of the document, or behind a key's colon */
    ST_FIRST_VALUE, /* behind [ */
    ST_FIRST_KEY,   /* behind { */
    ST_AFTER,       /* behind a value inside of an array or object */
    ST_DONE,        /* behind the document's value */
    ST_FAILED
};

void json_reader_init(struct json_reader *r, struct str src)
{
    memset(r, 0, sizeof(*r));
    r->start = r->p = src.p ? src.p : "";
    r->end = r->start + src.n;
    r->max_depth = JSON_DEPTH_MAX;
    r->state = ST_VALUE;
    /* Decoding never makes a text longer. */
    buf_init(&r->scratch, src.n);
}

void json_reader_free(struct json_reader *r)
{
    buf_free(&r->scratch);
}

static enum json_token fail(struct json_reader *r, const char *at, const char *problem)
{
    r->state = ST_FAILED;
    r->problem = problem;
    r->at = (size_t)(at - r->start);
    r->text = STR_NONE;
    return JSON_ERROR;
}

static bool in_object(const struct json_reader *r)
{
    int top = r->depth - 1;
    return r->stack[top >> 3] >> (top & 7) & 1;
}

static void value_done(struct json_reader *r)
{
    r->state = r->depth ? ST_AFTER : ST_DONE;
}

static inline void skip_space(struct json_reader *r)
{
    const char *p = r->p, *end = r->end;
    while (p != end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    r->p = p;
}

/* ---- strings ------------------------------------------------------------------------------- */

/* End of the run of characters at p that stand for themselves: at a quote, a backslash, a control
 * character, invalid UTF-8, or the end. */
static inline const char *plain_run(const char *p, const char *end)
{
    for (;;) {
        p = json_ascii_run(p, end);
        if (p == end || (unsigned char)*p < 0x80)
            return p;
        size_t n = str_utf8_step(p, end);
        if (n == 0)
            return p;
        p += n;
    }
}

/* Four hex digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

static size_t utf8_put(char *to, unsigned c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* \uXXXX at p (at its backslash), with the second half of a pair if it is one. Returns what
 * follows, or NULL after failing. */
static const char *unicode_escape(struct json_reader *r, const char *p)
{
    int c = hex4(p + 2, r->end);
    if (c < 0) {
        fail(r, p, "\\u without four hex digits");
        return NULL;
    }
    const char *next = p + 6;
    if (c >= 0xD800 && c <= 0xDFFF) {
        int low = -1;
        if (c < 0xDC00 && r->end - next >= 6 && next[0] == '\\' && next[1] == 'u')
            low = hex4(next + 2, r->end);
        if (low < 0xDC00 || low > 0xDFFF) {
            fail(r, p, "half of a surrogate pair alone");
            return NULL;
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        next += 6;
    }
    char utf8[4];
    buf_add(&r->scratch, utf8, utf8_put(utf8, (unsigned)c));
    return next;
}

/* The escape at p into scratch. Returns what follows, or NULL after failing. */
static const char *escape(struct json_reader *r, const char *p)
{
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    if (r->end - p < 2) {
        fail(r, r->end, "the text ends inside of a string");
        return NULL;
    }
    if (p[1] == 'u')
        return unicode_escape(r, p);
    for (const char *e = plain; *e; e += 2) {
        if (*e == p[1]) {
            buf_addc(&r->scratch, e[1]);
            return p + 2;
        }
    }
    fail(r, p, "an unknown escape");
    return NULL;
}

static void fail_in_string(struct json_reader *r, const char *p)
{
    if (p == r->end)
        fail(r, p, "the text ends inside of a string");
    else if ((unsigned char)*p < 0x20)
        fail(r, p, "a control character inside of a string");
    else
        fail(r, p, "invalid UTF-8");
}

/* The rest of a string that has an escape at p; run is where its text began. */
static bool string_with_escapes(struct json_reader *r, const char *run, const char *p)
{
    buf_clear(&r->scratch);
    for (;;) {
        buf_add(&r->scratch, run, (size_t)(p - run));
        if (p == r->end || (*p != '"' && *p != '\\')) {
            fail_in_string(r, p);
            return false;
        }
        if (*p == '"')
            break;
        p = escape(r, p);
        if (!p)
            return false;
        run = p;
        p = plain_run(p, r->end);
    }
    r->p = p + 1;
    r->text = buf_str(&r->scratch);
    return true;
}

/* The string whose opening quote is at r->p into r->text. */
static inline bool string(struct json_reader *r)
{
    const char *from = r->p + 1;
    const char *p = plain_run(from, r->end);
    if (p == r->end || *p != '"')
        return string_with_escapes(r, from, p);
    r->text = (struct str){from, (size_t)(p - from)};
    r->p = p + 1;
    return true;
}

/* ---- numbers and words --------------------------------------------------------------------- */

static inline bool is_digit(const char *p, const char *end)
{
    return p != end && *p >= '0' && *p <= '9';
}

/* The value of the integer between p and end: false if it is beyond int64. */
static bool integer_value(const char *p, const char *end, int64_t *out)
{
    if (end - p <= 18) {
        bool negative = *p == '-';
        int64_t v = 0;
        for (p += negative; p != end; p++)
            v = v * 10 + (*p - '0');
        *out = negative ? -v : v;
        return true;
    }
    return str_to_i64((struct str){p, (size_t)(end - p)}, out);
}

static enum json_token number(struct json_reader *r)
{
    const char *from = r->p, *p = from, *end = r->end;
    bool whole = true;
    if (*p == '-')
        p++;
    if (!is_digit(p, end))
        return fail(r, p, "a minus without a number");
    if (*p == '0' && is_digit(p + 1, end))
        return fail(r, p, "a number with a leading zero");
    while (is_digit(p, end))
        p++;
    if (p != end && *p == '.') {
        whole = false;
        if (!is_digit(++p, end))
            return fail(r, p, "a decimal point without digits behind it");
        while (is_digit(p, end))
            p++;
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        whole = false;
        p++;
        if (p != end && (*p == '+' || *p == '-'))
            p++;
        if (!is_digit(p, end))
            return fail(r, p, "an exponent without digits");
        while (is_digit(p, end))
            p++;
    }
    r->text = (struct str){from, (size_t)(p - from)};
    r->p = p;
    value_done(r);
    return whole && integer_value(from, p, &r->integer) ? JSON_INTEGER : JSON_NUMBER;
}

static enum json_token word(struct json_reader *r, const char *text, size_t n, enum json_token t)
{
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n) != 0)
        return fail(r, r->p, "a word that is not true, false or null");
    r->text = (struct str){r->p, n};
    r->p += n;
    value_done(r);
    return t;
}

/* ---- structure ----------------------------------------------------------------------------- */

static enum json_token open(struct json_reader *r, bool object)
{
    if (r->depth >= r->max_depth || r->depth >= JSON_DEPTH_MAX)
        return fail(r, r->p, "nested too deeply");
    unsigned char bit = (unsigned char)(1u << (r->depth & 7));
    if (object)
        r->stack[r->depth >> 3] |= bit;
    else
        r->stack[r->depth >> 3] &= (unsigned char)~bit;
    r->depth++;
    r->p++;
    r->state = object ? ST_FIRST_KEY : ST_FIRST_VALUE;
    return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token close(struct json_reader *r, bool object)
{
    r->depth--;
    r->p++;
    value_done(r);
    return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_token no_value(struct json_reader *r)
{
    if (r->p == r->end)
        return fail(r, r->p, r->depth ? "the text ends too early" : "the text is empty");
    if (r->p == r->start && r->end - r->p >= 3 && memcmp(r->p, "\xEF\xBB\xBF", 3) == 0)
        return fail(r, r->p, "a byte order mark");
    if (*r->p == '/')
        return fail(r, r->p, "a comment");
    if (*r->p == ']' || *r->p == '}')
        return fail(r, r->p, "a value is missing");
    return fail(r, r->p, "something that is no value");
}

static enum json_token value(struct json_reader *r)
{
    if (r->p == r->end)
        return no_value(r);
    switch (*r->p) {
    case '"':
        if (!string(r))
            return JSON_ERROR;
        value_done(r);
        return JSON_STRING;
    case '{':
        return open(r, true);
    case '[':
        return open(r, false);
    case 't':
        return word(r, "true", 4, JSON_TRUE);
    case 'f':
        return word(r, "false", 5, JSON_FALSE);
    case 'n':
        return word(r, "null", 4, JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return number(r);
    default:
        return no_value(r);
    }
}

static enum json_token key(struct json_reader *r)
{
    if (r->p == r->end)
        return fail(r, r->p, "the text ends too early");
    if (*r->p != '"')
        return fail(r, r->p, "a key in quotes is missing");
    if (!string(r))
        return JSON_ERROR;
    skip_space(r);
    if (r->p == r->end || *r->p != ':')
        return fail(r, r->p, "a colon behind the key is missing");
    r->p++;
    r->state = ST_VALUE;
    return JSON_KEY;
}

static enum json_token after(struct json_reader *r)
{
    bool object = in_object(r);
    if (r->p == r->end)
        return fail(r, r->p, "the text ends too early");
    if (*r->p == (object ? '}' : ']'))
        return close(r, object);
    if (*r->p != ',')
        return fail(r, r->p, object ? "a comma or } is missing" : "a comma or ] is missing");
    r->p++;
    skip_space(r);
    return object ? key(r) : value(r);
}

enum json_token json_next(struct json_reader *r)
{
    skip_space(r);
    switch (r->state) {
    case ST_VALUE:
        return value(r);
    case ST_AFTER:
        return after(r);
    case ST_FIRST_KEY:
        return r->p != r->end && *r->p == '}' ? close(r, true) : key(r);
    case ST_FIRST_VALUE:
        return r->p != r->end && *r->p == ']' ? close(r, false) : value(r);
    case ST_DONE:
        if (r->p != r->end)
            return fail(r, r->p, "more text behind the value");
        return JSON_END;
    default:
        return JSON_ERROR;
    }
}

int json_skip(struct json_reader *r)
{
    int depth = r->depth;
    if (r->state == ST_FIRST_KEY || r->state == ST_FIRST_VALUE)
        depth--;
    else if (r->state != ST_VALUE)
        return r->state == ST_FAILED ? -1 : 0;
    do {
        if (json_next(r) == JSON_ERROR)
            return -1;
    } while (r->depth > depth);
    return 0;
}

int json_fail(const struct json_reader *r, struct err *e)
{
    size_t line = 1, column = 1;
    for (const char *p = r->start; p < r->start + r->at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xC0) != 0x80) {
            column++;
        }
    }
    return err_set(e, ERR_INPUT, "not JSON: %s at line %zu, column %zu",
        r->problem ? r->problem : "unexpected content", line, column);
}
