/* A catalogue in a file: a head, the records as they are kept, a checksum. The words are found
 * again while reading: that costs as little as reading them would, and cannot be inconsistent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalog_impl.h"
#include "mem.h"

#define MAGIC   "SAUMACAT"
#define VERSION 1u
#define ORDER   0x01020304u /* told apart from a machine of the other byte order */

struct head {
    char magic[8];
    uint32_t version, order;
    uint64_t count;
};

struct sum {
    uint64_t h;
};

static void add_sum(struct sum *s, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = s->h ^ n;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, p + i, n - i < 8 ? n - i : 8);
        h = (h ^ w) * 0x9FB21C651E98DF25u;
        h ^= h >> 29;
    }
    s->h = h;
}

static bool put(FILE *f, struct sum *s, const void *p, size_t n)
{
    add_sum(s, p, n);
    return fwrite(p, 1, n, f) == n;
}

static bool write_all(const struct catalog *c, FILE *f)
{
    struct sum s = {0};
    struct head h = {.magic = MAGIC, .version = VERSION, .order = ORDER, .count = c->count};
    bool ok = put(f, &s, &h, sizeof(h));
    for (uint32_t i = 0; ok && i < c->slots; i++) {
        if (!c->records[i])
            continue;
        uint32_t n = (uint32_t)catalog_record_size(c->records[i]);
        ok = put(f, &s, &n, sizeof(n)) && put(f, &s, c->records[i], n);
    }
    return ok && fwrite(&s.h, 1, sizeof(s.h), f) == sizeof(s.h) && fflush(f) == 0 &&
           fsync(fileno(f)) == 0;
}

int catalog_save(const struct catalog *c, const char *path, struct err *e)
{
    char *beside = mem_printf("%s.new", path);
    FILE *f = fopen(beside, "wb");
    int rc = -1;
    if (!f) {
        err_set(e, ERR_IO, "%s: %s", beside, strerror(errno));
        goto out;
    }
    bool ok = write_all(c, f);
    int problem = errno;
    if (fclose(f) != 0)
        ok = false;
    if (!ok || rename(beside, path) != 0) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(ok ? errno : problem));
        remove(beside);
        goto out;
    }
    rc = 0;
out:
    mem_free(beside);
    return rc;
}

static bool get(FILE *f, struct sum *s, void *p, size_t n)
{
    if (fread(p, 1, n, f) != n)
        return false;
    add_sum(s, p, n);
    return true;
}

/* The lengths that a record's head gives must be those of its bytes. */
static bool is_whole(const char *record, size_t n)
{
    struct kept k;
    memcpy(&k, record, sizeof(k));
    size_t sum = sizeof(k);
    for (int i = 0; i < FIELDS; i++)
        sum += k.n[i];
    return sum == n && k.n[FIELD_ID] > 0 && k.n[FIELD_ID] <= CATALOG_ID_MAX;
}

static int read_all(struct catalog *c, FILE *f, struct err *e)
{
    struct sum s = {0};
    struct head h;
    char record[sizeof(struct kept) + FIELDS * CATALOG_TEXT_MAX];
    uint64_t told;
    if (!get(f, &s, &h, sizeof(h)) || memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0)
        return err_set(e, ERR_INPUT, "it is no catalogue");
    if (h.version != VERSION || h.order != ORDER)
        return err_set(e, ERR_INPUT,
            "it was written by another version (%u); build it again from the products", h.version);
    for (uint64_t i = 0; i < h.count; i++) {
        uint32_t n;
        if (!get(f, &s, &n, sizeof(n)) || n < sizeof(struct kept) || n > sizeof(record) ||
            !get(f, &s, record, n) || !is_whole(record, n) || !catalog_put_kept(c, record, n))
            return err_set(e, ERR_INPUT, "it is damaged at record %llu", (unsigned long long)i + 1);
    }
    if (fread(&told, 1, sizeof(told), f) != sizeof(told) || told != s.h || fgetc(f) != EOF)
        return err_set(e, ERR_INPUT, "it is damaged: its checksum is wrong");
    return 0;
}

struct catalog *catalog_load(const char *path, struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct catalog *c = catalog_new();
    if (read_all(c, f, e) < 0) {
        err_prefix(e, "%s", path);
        catalog_free(c);
        c = NULL;
    }
    fclose(f);
    return c;
}
