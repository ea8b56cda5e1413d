/* A JSON document as a tree, for settings, manifests and small messages of the host. */
#ifndef JSONDOC_H
#define JSONDOC_H

#include "json.h"

enum jsonv_type {
    JSONV_NULL,
    JSONV_BOOL,
    JSONV_INTEGER,
    JSONV_NUMBER,
    JSONV_STRING,
    JSONV_ARRAY,
    JSONV_OBJECT
};

struct jsonv {
    enum jsonv_type type;
    struct str key;      /* in an object: the member's name */
    struct str text;     /* strings: the value; numbers: the source text (NUL terminated) */
    int64_t integer;     /* integers and bools */
    struct jsonv *next;  /* next sibling */
    struct jsonv *child; /* first element or member */
};

struct jsondoc; /* owns all of the tree */

/* Parses; NULL and e on failure. Strings are NUL terminated and may hold no NUL themselves. */
struct jsondoc *jsondoc_parse(struct str src, struct err *e);
void jsondoc_free(struct jsondoc *d);
const struct jsonv *jsondoc_root(const struct jsondoc *d);

/* All of these take NULL and then answer NULL or the fallback. */
const struct jsonv *jsonv_get(const struct jsonv *v, const char *key);
/* "a.b.c" through nested objects. */
const struct jsonv *jsonv_path(const struct jsonv *v, const char *dotted);
const char *jsonv_str(const struct jsonv *v, const char *fallback); /* strings only */
int64_t jsonv_int(const struct jsonv *v, int64_t fallback);
bool jsonv_bool(const struct jsonv *v, bool fallback);
/* Writes v as compact JSON. */
int jsonv_write(struct buf *b, const struct jsonv *v);

#endif
