/* The file: a head, then changes of { length, kind, bytes, sum }. */
#include "catalog_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalog_impl.h"
#include "mem.h"

#define MAGIC     "SAUMACAT"
#define VERSION   2u
#define ORDER     0x01020304u /* told apart from a machine of the other byte order */
#define MARK_MAX  255
#define ENTRY_MAX (sizeof(struct kept) + FIELDS * CATALOG_TEXT_MAX)
#define FLUSH_AT  ((size_t)1 << 20)
#define TIDY_FROM 1000 /* changes; a smaller file is left as it is */

enum { ENTRY_PUT = 1, ENTRY_REMOVE, ENTRY_MARK };

struct head {
    char magic[8];
    uint32_t version, order;
    char print[64];
};

struct catalog_log {
    char *path;
    FILE *f;
    struct head head;
    uint64_t sum;  /* over all entries so far */
    long good;     /* bytes of the file that are whole */
    uint64_t puts; /* entries that put a record */
    bool cut, failed;
    char mark[MARK_MAX + 1];
    struct buf out;
    char entry[ENTRY_MAX];
};

static uint64_t sum_over(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    h ^= n;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, p + i, n - i < 8 ? n - i : 8);
        h = (h ^ w) * 0x9FB21C651E98DF25u;
        h ^= h >> 29;
    }
    return h;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int begin_again(struct catalog_log *l, struct err *e)
{
    rewind(l->f);
    if (ftruncate(fileno(l->f), 0) != 0 || fwrite(&l->head, sizeof(l->head), 1, l->f) != 1 ||
        fflush(l->f) != 0)
        return err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
    fseek(l->f, 0, SEEK_CUR);
    return 0;
}

struct catalog_log *catalog_log_open(const char *path, const char *print, struct err *e)
{
    struct catalog_log *l = mem_zalloc(1, sizeof(*l));
    struct head found;
    l->path = mem_dup(path);
    buf_init(&l->out, BUF_MAX_DEFAULT);
    memcpy(l->head.magic, MAGIC, sizeof(l->head.magic));
    l->head.version = VERSION;
    l->head.order = ORDER;
    memcpy(l->head.print, print, strnlen(print, sizeof(l->head.print)));
    if (!(l->f = fopen(path, "r+be")) && errno == ENOENT)
        l->f = fopen(path, "w+bex");
    if (!l->f) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
        catalog_log_close(l);
        return NULL;
    }
    size_t n = fread(&found, 1, sizeof(found), l->f);
    bool same = n == sizeof(found) && memcmp(&found, &l->head, sizeof(found)) == 0;
    l->cut = n > 0 && !same;
    if (!same && begin_again(l, e) < 0) {
        catalog_log_close(l);
        return NULL;
    }
    l->sum = sum_over(0, &l->head, sizeof(l->head));
    l->good = sizeof(l->head);
    return l;
}

void catalog_log_close(struct catalog_log *l)
{
    if (!l)
        return;
    if (l->f) {
        catalog_log_flush(l, NULL);
        fclose(l->f);
    }
    buf_free(&l->out);
    mem_free(l->path);
    mem_free(l);
}

bool catalog_log_was_cut(const struct catalog_log *l)
{
    return l->cut;
}

const char *catalog_log_mark(const struct catalog_log *l)
{
    return l->mark;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The lengths that a record's head gives must be those of its bytes. */
static bool is_record(const char *record, size_t n)
{
    struct kept k;
    if (n < sizeof(k))
        return false;
    memcpy(&k, record, sizeof(k));
    size_t sum = sizeof(k);
    for (int i = 0; i < FIELDS; i++)
        sum += k.n[i];
    return sum == n && k.n[FIELD_ID] > 0 && k.n[FIELD_ID] <= CATALOG_ID_MAX;
}

static bool apply(struct catalog_log *l, struct catalog *c, uint32_t kind, size_t n)
{
    if (kind == ENTRY_PUT && is_record(l->entry, n)) {
        catalog_put_kept(c, l->entry, n);
        l->puts++;
        return true;
    }
    if (kind == ENTRY_REMOVE && n <= CATALOG_ID_MAX) {
        catalog_remove(c, (struct str){l->entry, n});
        return true;
    }
    if (kind == ENTRY_MARK && n <= MARK_MAX) {
        memcpy(l->mark, l->entry, n);
        l->mark[n] = '\0';
        return true;
    }
    return false;
}

/* One entry: false at the end, or where the rest is not whole. */
static bool read_entry(struct catalog_log *l, struct catalog *c)
{
    uint32_t head[2];
    uint64_t told;
    if (fread(head, sizeof(head), 1, l->f) != 1 || head[0] > sizeof(l->entry) ||
        fread(l->entry, 1, head[0], l->f) != head[0] || fread(&told, sizeof(told), 1, l->f) != 1)
        return false;
    uint64_t sum = sum_over(sum_over(l->sum, head, sizeof(head)), l->entry, head[0]);
    if (sum != told || !apply(l, c, head[1], head[0]))
        return false;
    l->sum = sum;
    l->good += (long)(sizeof(head) + head[0] + sizeof(told));
    return true;
}

int catalog_log_read(struct catalog_log *l, struct catalog *c, int changes, struct err *e)
{
    for (int i = 0; i < changes; i++)
        if (!read_entry(l, c)) {
            if (fseek(l->f, 0, SEEK_END) != 0)
                return err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
            l->cut = l->cut || ftell(l->f) != l->good;
            if (ftruncate(fileno(l->f), l->good) != 0 || fseek(l->f, l->good, SEEK_SET) != 0)
                return err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
            return 0;
        }
    return 1;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static void note(struct catalog_log *l, uint32_t kind, const char *bytes, size_t n)
{
    uint32_t head[2] = {(uint32_t)n, kind};
    if (l->failed)
        return;
    l->sum = sum_over(sum_over(l->sum, head, sizeof(head)), bytes, n);
    l->puts += kind == ENTRY_PUT;
    buf_add(&l->out, head, sizeof(head));
    buf_add(&l->out, bytes, n);
    buf_add(&l->out, &l->sum, sizeof(l->sum));
    if (l->out.n > FLUSH_AT)
        catalog_log_flush(l, NULL);
}

int catalog_log_put(
    struct catalog_log *l, struct catalog *c, const struct catalog_record *r, struct err *e)
{
    struct buf *b = &c->fold;
    buf_clear(b);
    if (catalog_fold(b, r, e) < 0)
        return -1;
    if (!catalog_put_kept(c, b->p, b->n))
        return 0;
    if (l)
        note(l, ENTRY_PUT, b->p, b->n);
    return 1;
}

bool catalog_log_remove(struct catalog_log *l, struct catalog *c, struct str id)
{
    /* Noted first: the id may be the catalogue's own bytes. */
    if (l && catalog_has(c, id))
        note(l, ENTRY_REMOVE, id.p, id.n);
    return catalog_remove(c, id);
}

void catalog_log_set_mark(struct catalog_log *l, const char *text)
{
    if (!l)
        return;
    snprintf(l->mark, sizeof(l->mark), "%s", text);
    note(l, ENTRY_MARK, l->mark, strlen(l->mark));
}

int catalog_log_flush(struct catalog_log *l, struct err *e)
{
    if (!l || l->failed || l->out.n == 0)
        return 0;
    if (fwrite(l->out.p, 1, l->out.n, l->f) == l->out.n && fflush(l->f) == 0) {
        buf_clear(&l->out);
        return 0;
    }
    err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
    /* What is half written is cut off when it is read. */
    l->failed = true;
    buf_clear(&l->out);
    return -1;
}

/* ---- tidying --------------------------------------------------------------------------------- */

static int write_anew(struct catalog_log *l, const struct catalog *c, struct err *e)
{
    if (fwrite(&l->head, sizeof(l->head), 1, l->f) != 1)
        return err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
    l->sum = sum_over(0, &l->head, sizeof(l->head));
    l->puts = 0;
    for (uint32_t i = 0; i < c->slots; i++)
        if (c->records[i])
            note(l, ENTRY_PUT, c->records[i], catalog_record_size(c->records[i]));
    char mark[MARK_MAX + 1];
    memcpy(mark, l->mark, sizeof(mark));
    catalog_log_set_mark(l, mark);
    return catalog_log_flush(l, e);
}

int catalog_log_tidy(struct catalog_log *l, const struct catalog *c, struct err *e)
{
    if (!l || l->failed || l->puts < TIDY_FROM || l->puts < 2 * (uint64_t)catalog_count(c))
        return 0;
    char *beside = mem_printf("%s.new", l->path);
    FILE *old = l->f;
    int rc = catalog_log_flush(l, e);
    uint64_t sum = l->sum, puts = l->puts;
    if (rc == 0 && !(l->f = fopen(beside, "w+be")))
        rc = err_set(e, ERR_IO, "%s: %s", beside, strerror(errno));
    if (rc == 0 && (rc = write_anew(l, c, e)) == 0 && rename(beside, l->path) != 0)
        rc = err_set(e, ERR_IO, "%s: %s", l->path, strerror(errno));
    if (rc == 0) {
        fclose(old);
    } else {
        /* The old file is as good as before. */
        if (l->f && l->f != old)
            fclose(l->f);
        remove(beside);
        l->f = old;
        l->sum = sum;
        l->puts = puts;
    }
    mem_free(beside);
    return rc;
}
