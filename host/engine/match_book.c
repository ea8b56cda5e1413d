/* One catalogue on the shelf: its file, and the jobs it is given. */
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "decision.h"
#include "jsondoc.h"
#include "match_shelf_impl.h"
#include "mem.h"

#define PART 200 /* changes of a file that are read at once */

void book_free(struct book *b)
{
    catalog_log_close(b->log);
    catalog_free(b->catalog);
    if (b->forget && b->path)
        unlink(b->path);
    manifest_catalogue_free(&b->fields);
    mem_free(b->path);
    mem_free(b->seen);
    mem_free(b);
}

static void count(struct book *b, struct shelf_job *j)
{
    b->bytes = catalog_bytes(b->catalog) + b->seen_n + sizeof *b;
    j->count = catalog_count(b->catalog);
}

/* ---- records --------------------------------------------------------------------------------- */

/* Strings, and numbers as they are written. */
static struct str text_of(const struct jsonv *m)
{
    if (!m || (m->type != JSONV_STRING && m->type != JSONV_INTEGER && m->type != JSONV_NUMBER))
        return STR_NONE;
    return m->text;
}

/* Of the member at a dotted path. */
static struct str text_at(const struct jsonv *v, const char *path)
{
    return path ? text_of(jsonv_path(v, path)) : STR_NONE;
}

/* Ten-thousandths; 0 for what is no price. */
static int64_t price_of(struct str s)
{
    struct decimal d, ten = decimal_of(10000);
    int64_t v;
    if (s.n == 0 || decimal_parse(s, &d, NULL) < 0 || decimal_mul(&d, &ten, &d, NULL) < 0 ||
        decimal_round(&d, 0, DECIMAL_HALF_UP, &d, NULL) < 0 || !decimal_to_i64(&d, &v) || v < 0)
        return 0;
    return v;
}

static struct catalog_record record_of(const struct jsonv *v, const char *const *names)
{
    return (struct catalog_record){.id = text_at(v, names[CATALOGUE_ID]),
        .name = text_at(v, names[CATALOGUE_NAME]),
        .code = text_at(v, names[CATALOGUE_CODE]),
        .gtin = text_at(v, names[CATALOGUE_GTIN]),
        .brand = text_at(v, names[CATALOGUE_BRAND]),
        .text = text_at(v, names[CATALOGUE_TEXT]),
        .unit = text_at(v, names[CATALOGUE_UNIT]),
        .price = price_of(text_at(v, names[CATALOGUE_PRICE]))};
}

static void mark_seen(struct book *b, struct str id)
{
    uint32_t at = catalog_slot(b->catalog, id);
    if (!b->seen || at == CATALOG_NO_SLOT)
        return;
    if (at >= b->seen_n) {
        size_t n = (size_t)at + at / 2 + 1024;
        b->seen = mem_realloc(b->seen, n);
        memset(b->seen + b->seen_n, 0, n - b->seen_n);
        b->seen_n = n;
    }
    b->seen[at] = 1;
}

/* True if it changed the catalogue. What has no name there cannot be found and is left out. */
static bool put(struct book *b, const struct jsonv *v)
{
    struct catalog_record r = record_of(v, (const char *const *)b->fields.field);
    int rc = catalog_log_put(b->log, b->catalog, &r, NULL);
    if (rc < 0)
        return r.id.n > 0 && catalog_log_remove(b->log, b->catalog, r.id);
    mark_seen(b, r.id);
    return rc > 0;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static bool open_book(struct book *b, struct shelf_job *j, size_t left)
{
    if (!b->catalog) {
        b->catalog = catalog_new();
        if (b->path && !(b->log = catalog_log_open(b->path, b->print, &j->saved)))
            j->cut = true;
    }
    int more = b->log ? catalog_log_read(b->log, b->catalog, PART, &j->saved) : 0;
    if (more < 0) {
        catalog_log_close(b->log);
        b->log = NULL;
    }
    count(b, j);
    if (more > 0)
        return b->bytes > left;
    b->opened = true;
    if (b->log) {
        j->cut = catalog_log_was_cut(b->log);
        strncpy(j->mark, catalog_log_mark(b->log), sizeof j->mark - 1);
        catalog_log_tidy(b->log, b->catalog, &j->saved);
    }
    return true;
}

static void take_page(struct book *b, struct shelf_job *j)
{
    struct jsondoc *d = jsondoc_parse((struct str){j->text, j->ntext}, &j->err);
    const struct jsonv *list = jsonv_path(d ? jsondoc_root(d) : NULL, b->fields.list);
    if (!d || !list || list->type != JSONV_ARRAY) {
        if (d)
            err_set(&j->err, ERR_INPUT, "its answer holds no list %s", b->fields.list);
        jsondoc_free(d);
        return;
    }
    /* A server may give smaller pages than it was asked for, and says so. */
    int64_t size = jsonv_int(jsonv_path(jsondoc_root(d), "meta.pageSize"), b->fields.size);
    j->size = size > 0 && size < b->fields.size ? (int)size : b->fields.size;
    for (const struct jsonv *v = list->child; v; v = v->next) {
        struct str id = text_at(v, b->fields.field[CATALOGUE_ID]);
        put(b, v);
        j->n++;
        j->last[0] = '\0';
        if (id.n < sizeof j->last)
            memcpy(j->last, id.p ? id.p : "", id.n), j->last[id.n] = '\0';
    }
    jsondoc_free(d);
}

static const struct jsonv *first_of(const struct jsonv *root, const char *key)
{
    const struct jsonv *v = jsonv_get(root, key);
    return v && v->type == JSONV_ARRAY ? v->child : NULL;
}

static int limited(const struct jsonv *root, const char *key, int most)
{
    int64_t v = jsonv_int(jsonv_get(root, key), 0);
    return v < 0 ? 0 : v > most ? most : (int)v;
}

static uint32_t conflicts_of(const struct jsonv *root, const char *key)
{
    uint32_t found = 0;
    for (const struct jsonv *v = first_of(root, key); v; v = v->next)
        found |= evidence_conflict_of(text_of(v));
    return found;
}

static void answer_step(struct book *b, struct shelf_job *j)
{
    static const char *const own[MANIFEST_CATALOGUE_FIELDS] = {
        "id", "name", "code", "gtin", "brand", "text", "unit", "price"};
    struct jsondoc *d = jsondoc_parse((struct str){j->text, j->ntext}, &j->err);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL, *v = jsonv_get(root, "record");
    int changed = 0;
    for (const struct jsonv *r = first_of(root, "remove"); r; r = r->next)
        changed += catalog_log_remove(b->log, b->catalog, text_of(r));
    for (const struct jsonv *r = first_of(root, "put"); r; r = r->next)
        changed += put(b, r);
    buf_addf(&j->out, "\"changed\":%d,\"count\":%zu", changed, catalog_count(b->catalog));
    if (v && v->type == JSONV_OBJECT) {
        struct catalog_record q = record_of(v, own);
        struct decision_options o = {.cover = limited(root, "cover", 1000),
            .margin = limited(root, "margin", EVIDENCE_ONE),
            .no_veto = conflicts_of(root, "no_veto"),
            .more_vetoes = conflicts_of(root, "veto"),
            .never_link = jsonv_bool(jsonv_get(root, "never_link"), false)};
        struct decision_result r;
        if (decision_find(b->catalog, &q, &o, &r, &j->err) == 0) {
            buf_addc(&j->out, ',');
            decision_put_json(&j->out, &r, true);
            buf_adds(&j->out, ",\"meant\":");
            if (r.match >= 0)
                json_put_string(&j->out, r.candidate[r.match].id);
            else
                buf_adds(&j->out, "null");
        }
    }
    jsondoc_free(d);
}

static void sweep(struct book *b, struct shelf_job *j)
{
    char id[CATALOG_ID_MAX];
    for (uint32_t at = 0; b->seen && at < catalog_slots(b->catalog); at++) {
        struct str s = catalog_id_at(b->catalog, at);
        if (!s.p || (at < b->seen_n && b->seen[at]))
            continue;
        memcpy(id, s.p, s.n);
        j->n += catalog_log_remove(b->log, b->catalog, (struct str){id, s.n});
    }
    mem_free(b->seen);
    b->seen = NULL;
    b->seen_n = 0;
}

bool book_do(struct book *b, struct shelf_job *j, size_t left)
{
    if (j->op == SHELF_OPEN && !b->opened)
        return open_book(b, j, left);
    switch (j->op) {
    case SHELF_PAGE:
        take_page(b, j);
        break;
    case SHELF_STEP:
        answer_step(b, j);
        break;
    case SHELF_BEGIN:
        mem_free(b->seen);
        b->seen_n = (size_t)catalog_slots(b->catalog) + 1024;
        b->seen = mem_zalloc(b->seen_n, 1);
        break;
    case SHELF_SWEEP:
        sweep(b, j);
        break;
    case SHELF_MARK:
        catalog_log_set_mark(b->log, j->text);
        catalog_log_flush(b->log, &j->saved);
        break;
    case SHELF_OPEN:
        break;
    }
    count(b, j);
    return true;
}
