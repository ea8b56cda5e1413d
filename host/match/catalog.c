/* Records come, change and go. */
#include "catalog.h"

#include <math.h>
#include <string.h>

#include "catalog_impl.h"
#include "fold.h"
#include "mem.h"

#define BLOCK ((size_t)1 << 20)

struct catalog *catalog_new(void)
{
    struct catalog *c = mem_zalloc(1, sizeof(*c));
    c->words = vocabulary_new();
    c->ids_mask = 63;
    c->ids = mem_zalloc(c->ids_mask + 1, sizeof(uint32_t));
    buf_init(&c->fold, BUF_MAX_DEFAULT);
    c->query = mem_zalloc(1, sizeof(*c->query));
    c->other = mem_zalloc(1, sizeof(*c->other));
    c->match = mem_zalloc(1, sizeof(*c->match));
    return c;
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    vocabulary_free(c->words);
    for (size_t i = 0; i < c->blocks_n; i++)
        mem_free(c->blocks[i]);
    mem_free(c->blocks);
    mem_free(c->records);
    mem_free(c->vacant);
    mem_free(c->ids);
    mem_free(c->query);
    mem_free(c->other);
    mem_free(c->match);
    mem_free(c->sum);
    mem_free(c->touched);
    buf_free(&c->fold);
    mem_free(c);
}

size_t catalog_count(const struct catalog *c)
{
    return c->count;
}

size_t catalog_bytes(const struct catalog *c)
{
    return vocabulary_bytes(c->words) + (c->blocks_n ? (c->blocks_n - 1) * BLOCK : 0) +
           c->block_used + c->slots_cap * sizeof(char *) + ((size_t)c->ids_mask + 1) * 4 +
           c->sum_cap * 4 + c->touched_cap * 4 + 3 * sizeof(struct profile);
}

/* ---- records --------------------------------------------------------------------------------- */

struct str catalog_field(const char *record, int field)
{
    struct kept k;
    memcpy(&k, record, sizeof(k));
    const char *p = record + sizeof(k);
    for (int i = 0; i < field; i++)
        p += k.n[i];
    return (struct str){p, k.n[field]};
}

int64_t catalog_price(const char *record)
{
    struct kept k;
    memcpy(&k, record, sizeof(k));
    return k.price;
}

size_t catalog_record_size(const char *record)
{
    struct str last = catalog_field(record, FIELDS - 1);
    return (size_t)(last.p + last.n - record);
}

int catalog_fold(struct buf *out, const struct catalog_record *r, struct err *e)
{
    const struct str fields[FIELDS] = {
        r->id, r->name, r->code, r->gtin, r->brand, r->text, r->unit};
    struct kept k = {.price = r->price};
    size_t start = out->n;
    if (r->id.n == 0 || r->id.n > CATALOG_ID_MAX)
        return err_set(e, ERR_INPUT, r->id.n ? "its id is longer than %d bytes" : "it has no id",
            CATALOG_ID_MAX);
    buf_add(out, &k, sizeof(k));
    for (int i = 0; i < FIELDS; i++) {
        size_t from = out->n;
        struct str s = fields[i];
        if (i == FIELD_ID) {
            buf_add(out, s.p, s.n);
        } else if (s.n > 0) {
            /* Folding makes a text little longer than it was, so this bounds the work. */
            if (s.n > 4 * CATALOG_TEXT_MAX)
                s.n = 4 * CATALOG_TEXT_MAX;
            fold_text(out, s, FOLD_PLAIN);
            if (out->n - from > CATALOG_TEXT_MAX)
                out->n = from + CATALOG_TEXT_MAX;
        }
        k.n[i] = (uint16_t)(out->n - from);
    }
    if (out->failed)
        return err_set(e, ERR_LIMIT, "its texts are too long");
    memcpy(out->p + start, &k, sizeof(k));
    if (k.n[FIELD_NAME] == 0 && k.n[FIELD_CODE] == 0 && k.n[FIELD_GTIN] == 0)
        return err_set(e, ERR_INPUT, "it has neither a name nor a code");
    return 0;
}

static char *keep(struct catalog *c, const char *record, size_t n)
{
    size_t room = (n + 7) & ~(size_t)7;
    if (c->blocks_n == 0 || c->block_used + room > BLOCK) {
        c->blocks = mem_realloc(c->blocks, (c->blocks_n + 1) * sizeof(*c->blocks));
        c->blocks[c->blocks_n++] = mem_alloc(BLOCK);
        c->block_used = 0;
    }
    char *p = c->blocks[c->blocks_n - 1] + c->block_used;
    memcpy(p, record, n);
    c->block_used += room;
    c->held += room;
    return p;
}

void catalog_profile(const struct catalog *c, const char *record, struct profile *out)
{
    profile_clear(out);
    profile_add(out, TOKEN_NAME, catalog_field(record, FIELD_NAME));
    profile_add_code(out, catalog_field(record, FIELD_CODE));
    profile_add_code(out, catalog_field(record, FIELD_GTIN));
    profile_add(out, TOKEN_BRAND, catalog_field(record, FIELD_BRAND));
    profile_add(out, TOKEN_UNIT, catalog_field(record, FIELD_UNIT));
    profile_add(out, TOKEN_TEXT, catalog_field(record, FIELD_TEXT));
    for (int i = 0; i < out->n; i++)
        out->token[i].word = vocabulary_find(c->words, token_key(out, &out->token[i]));
}

uint32_t catalog_weight(const struct catalog *c, uint32_t word)
{
    double n = c->count, df = 0;
    if (word != TOKEN_NO_WORD)
        df = vocabulary_postings(c->words, word)->n;
    return (uint32_t)lround(100 * log2(1 + (n + 1) / (df + 0.5)));
}

/* ---- ids ------------------------------------------------------------------------------------- */

static uint32_t hash_id(struct str id)
{
    uint64_t h = 0x9E3779B97F4A7C15u ^ id.n;
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001B3u;
    return (uint32_t)((h ^ (h >> 29)) * 0x9FB21C651E98DF25u >> 32);
}

/* Entries: 0 never used, 1 removed, else slot + 2. */
static uint32_t *find_id(const struct catalog *c, struct str id)
{
    uint32_t i = hash_id(id) & c->ids_mask;
    for (; c->ids[i]; i = (i + 1) & c->ids_mask)
        if (c->ids[i] > 1 && str_eq(catalog_field(c->records[c->ids[i] - 2], FIELD_ID), id))
            return &c->ids[i];
    return NULL;
}

static void set_id(struct catalog *c, struct str id, uint32_t slot)
{
    uint32_t i = hash_id(id) & c->ids_mask;
    while (c->ids[i] > 1)
        i = (i + 1) & c->ids_mask;
    c->ids_used += c->ids[i] == 0;
    c->ids[i] = slot + 2;
}

static void grow_ids(struct catalog *c)
{
    if ((uint64_t)c->ids_used * 4 < (uint64_t)c->ids_mask * 3)
        return;
    if ((uint64_t)c->count * 2 > c->ids_mask)
        c->ids_mask = c->ids_mask * 2 + 1;
    mem_free(c->ids);
    c->ids = mem_zalloc((size_t)c->ids_mask + 1, sizeof(uint32_t));
    c->ids_used = 0;
    for (uint32_t s = 0; s < c->slots; s++)
        if (c->records[s])
            set_id(c, catalog_field(c->records[s], FIELD_ID), s);
}

bool catalog_has(const struct catalog *c, struct str id)
{
    return find_id(c, id) != NULL;
}

uint32_t catalog_slot(const struct catalog *c, struct str id)
{
    const uint32_t *at = find_id(c, id);
    return at ? *at - 2 : CATALOG_NO_SLOT;
}

uint32_t catalog_slots(const struct catalog *c)
{
    return c->slots;
}

struct str catalog_id_at(const struct catalog *c, uint32_t slot)
{
    return c->records[slot] ? catalog_field(c->records[slot], FIELD_ID) : STR_NONE;
}

/* ---- changes --------------------------------------------------------------------------------- */

static void link_words(struct catalog *c, uint32_t slot)
{
    struct profile *p = c->other;
    catalog_profile(c, c->records[slot], p);
    for (int i = 0; i < p->n; i++) {
        struct token *t = &p->token[i];
        if (t->word == TOKEN_NO_WORD)
            t->word = vocabulary_add(c->words, token_key(p, t));
        vocabulary_link(c->words, t->word, slot);
    }
}

static void unlink_words(struct catalog *c, uint32_t slot)
{
    struct profile *p = c->other;
    catalog_profile(c, c->records[slot], p);
    for (int i = 0; i < p->n; i++)
        vocabulary_unlink(c->words, p->token[i].word, slot);
}

/* Gives back what removed records and words held, once that is as much as the rest. */
static void compact(struct catalog *c)
{
    if (c->garbage > BLOCK && c->garbage * 2 > c->held) {
        char **old = c->blocks;
        size_t old_n = c->blocks_n;
        c->blocks = NULL;
        c->blocks_n = c->block_used = c->garbage = c->held = 0;
        for (uint32_t s = 0; s < c->slots; s++)
            if (c->records[s])
                c->records[s] = keep(c, c->records[s], catalog_record_size(c->records[s]));
        for (size_t i = 0; i < old_n; i++)
            mem_free(old[i]);
        mem_free(old);
    }
    uint32_t used = vocabulary_used(c->words);
    if (vocabulary_count(c->words) > 2 * used + 10000) {
        vocabulary_free(c->words);
        c->words = vocabulary_new();
        for (uint32_t s = 0; s < c->slots; s++)
            if (c->records[s])
                link_words(c, s);
    }
}

static uint32_t take_slot(struct catalog *c)
{
    if (c->vacant_n > 0)
        return c->vacant[--c->vacant_n];
    if (c->slots == c->slots_cap) {
        c->slots_cap = c->slots_cap ? c->slots_cap + c->slots_cap / 2 : 32;
        c->records = mem_realloc(c->records, c->slots_cap * sizeof(*c->records));
    }
    return c->slots++;
}

static void drop(struct catalog *c, uint32_t *id)
{
    uint32_t slot = *id - 2;
    unlink_words(c, slot);
    c->garbage += (catalog_record_size(c->records[slot]) + 7) & ~(size_t)7;
    c->records[slot] = NULL;
    *id = 1;
    if (c->vacant_n == c->vacant_cap) {
        c->vacant_cap = c->vacant_cap ? c->vacant_cap * 2 : 16;
        c->vacant = mem_realloc(c->vacant, c->vacant_cap * sizeof(*c->vacant));
    }
    c->vacant[c->vacant_n++] = slot;
    c->count--;
}

static void add(struct catalog *c, const char *record, size_t n)
{
    uint32_t slot = take_slot(c);
    struct str id;
    c->records[slot] = keep(c, record, n);
    id = catalog_field(c->records[slot], FIELD_ID);
    c->count++;
    grow_ids(c);
    if (!find_id(c, id))
        set_id(c, id, slot);
    link_words(c, slot);
}

bool catalog_put_kept(struct catalog *c, const char *record, size_t n)
{
    uint32_t *old = find_id(c, catalog_field(record, FIELD_ID));
    if (old) {
        const char *was = c->records[*old - 2];
        if (catalog_record_size(was) == n && memcmp(was, record, n) == 0)
            return false;
        drop(c, old);
    }
    add(c, record, n);
    compact(c);
    return true;
}

int catalog_put(struct catalog *c, const struct catalog_record *r, struct err *e)
{
    struct buf *b = &c->fold;
    buf_clear(b);
    if (catalog_fold(b, r, e) < 0)
        return -1;
    catalog_put_kept(c, b->p, b->n);
    return 0;
}

bool catalog_remove(struct catalog *c, struct str id)
{
    uint32_t *at = find_id(c, id);
    if (!at)
        return false;
    drop(c, at);
    compact(c);
    return true;
}
