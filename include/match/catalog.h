/* A catalogue of records (products, or anything with a name) held so that a new record finds those
 * it may be the same as. One thread at a time: a question uses the catalogue's own memory. */
#ifndef CATALOG_H
#define CATALOG_H

#include "err.h"
#include "str.h"

/* All texts as they came; only id and name (or code) are needed. */
struct catalog_record {
    struct str id;
    struct str name;
    struct str code; /* the owner's or maker's number */
    struct str gtin;
    struct str brand;
    struct str text; /* description */
    struct str unit;
    int64_t price; /* ten-thousandths of the currency's unit; 0: not known */
};

#define CATALOG_ID_MAX   255
#define CATALOG_TEXT_MAX 1024 /* bytes of a folded text that are looked at */

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);

/* Adds a record, or replaces the one of the same id. -1 with ERR_INPUT: no id, an id of more than
 * CATALOG_ID_MAX bytes, or neither name nor code. */
int catalog_put(struct catalog *c, const struct catalog_record *r, struct err *e);
bool catalog_remove(struct catalog *c, struct str id);
bool catalog_has(const struct catalog *c, struct str id);
size_t catalog_count(const struct catalog *c);
/* Bytes held, to the nearest per cent or so. */
size_t catalog_bytes(const struct catalog *c);

/* Writes to path (first beside it, then renamed). -1 with ERR_IO. */
int catalog_save(const struct catalog *c, const char *path, struct err *e);
/* NULL with ERR_IO, or ERR_INPUT for a file of another version, or one that is damaged. */
struct catalog *catalog_load(const char *path, struct err *e);

#endif
