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

/* An empty one, owned by the caller. NULL may be freed. */
struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);

/* Adds a record, or replaces the one of the same id. -1 with ERR_INPUT: no id, an id of more than
 * CATALOG_ID_MAX bytes, or neither name nor code. */
int catalog_put(struct catalog *c, const struct catalog_record *r, struct err *e);
/* False: there was none of that id. */
bool catalog_remove(struct catalog *c, struct str id);
bool catalog_has(const struct catalog *c, struct str id);
/* Each record has a place, a number below catalog_slots, as long as it is not changed.
 * CATALOG_NO_SLOT: there is no such record. catalog_id_at: STR_NONE for a place that is free. */
#define CATALOG_NO_SLOT UINT32_MAX
uint32_t catalog_slot(const struct catalog *c, struct str id);
uint32_t catalog_slots(const struct catalog *c);
struct str catalog_id_at(const struct catalog *c, uint32_t slot);
size_t catalog_count(const struct catalog *c); /* records */
/* Bytes held, to the nearest per cent or so. */
size_t catalog_bytes(const struct catalog *c);

#endif
