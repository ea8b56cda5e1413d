/* What the files of the catalogue share. */
#ifndef CATALOG_IMPL_H
#define CATALOG_IMPL_H

#include "buf.h"
#include "catalog.h"
#include "token.h"
#include "vocabulary.h"

enum { FIELD_ID, FIELD_NAME, FIELD_CODE, FIELD_GTIN, FIELD_BRAND, FIELD_TEXT, FIELD_UNIT, FIELDS };

/* A record as it is kept: a head, then the folded fields one after the other. */
struct kept {
    int64_t price;
    uint16_t n[FIELDS];
    uint16_t pad;
};

struct catalog {
    struct vocabulary *words;
    char **records; /* by slot: struct kept, then the texts; NULL: free */
    uint32_t slots, slots_cap, count;
    uint32_t *vacant; /* slots to be used again */
    uint32_t vacant_n, vacant_cap;
    uint32_t *ids, ids_mask, ids_used; /* slot + 1, open addressing over the ids; 1: removed */
    char **blocks;
    size_t blocks_n, block_used, garbage, held;
    struct buf fold;                       /* a record on its way in */
    struct profile *query, *other, *match; /* of the question under way */
    uint32_t *sum, sum_cap;                /* by slot, zero between questions */
    uint32_t *touched, touched_cap;
};

struct str catalog_field(const char *record, int field);
int64_t catalog_price(const char *record);
size_t catalog_record_size(const char *record);
/* Adds a record as it is kept, or puts it in the place of the one of its id; false if that is just
 * the same. */
bool catalog_put_kept(struct catalog *c, const char *record, size_t n);
/* What a word says: hundredths of bits, more for a rare one; most for one that no record has. */
uint32_t catalog_weight(const struct catalog *c, uint32_t word);
/* A record's tokens, with their numbers in the vocabulary. */
void catalog_profile(const struct catalog *c, const char *record, struct profile *out);
/* Appends a record as it is kept. */
int catalog_fold(struct buf *out, const struct catalog_record *r, struct err *e);

#define CATALOG_CANDIDATES 32
/* The records that share most with the query, best first. thorough: words of another spelling are
 * looked for even where the query's own are known. Returns how many. */
int catalog_search(
    struct catalog *c, struct profile *query, bool thorough, uint32_t out[CATALOG_CANDIDATES]);

#endif
