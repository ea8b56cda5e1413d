#include "step_file.h"

#include <stdio.h>
#include <string.h>
#include "id.h"
#include "json.h"
#include "mem.h"
#include "multipart.h"

#define PARTS_MAX 64

struct loading; /* one file on its way from the store */

struct step_content {
    const struct jsonv *file[PARTS_MAX]; /* what the spec says of each */
    char *bytes[PARTS_MAX];
    size_t size[PARTS_MAX];
    int n, at; /* files, and those of them that are there */
    struct loading *loading;
    void (*loaded)(struct step *s);
};

struct loading {
    struct run *run;
};

/* ---- answers ---- */

bool step_file_wanted(const struct jsonv *spec)
{
    const struct jsonv *file = jsonv_get(spec, "file");
    return file && (file->type == JSONV_STRING || jsonv_bool(file, false));
}

static void put_file(struct buf *meta, struct str type, struct str disposition, struct str bytes)
{
    char id[33];
    struct buf name;
    id_hash(id, bytes.p ? bytes.p : "", bytes.n);
    /* The order is the store's: see store_keeps_file. */
    buf_addf(meta, "\"file\":{\"id\":\"%s\",\"size\":%zu,\"type\":", id, bytes.n);
    type = header_media_type(type);
    json_put_string(meta, type.n && str_utf8_valid(type) ? type : STR_LIT(""));
    buf_init(&name, 4096);
    header_file_name(disposition, &name);
    buf_adds(meta, ",\"name\":");
    json_put_string(meta, name.p ? buf_str(&name) : STR_LIT(""));
    buf_free(&name);
    buf_adds(meta, "},");
}

static bool is_json(struct str type)
{
    type = header_media_type(type);
    return str_ieq(type, STR_LIT("application/json")) || str_ends(type, "+json");
}

void step_file_put(struct buf *meta, const struct http_out_result *r, struct str *bytes)
{
    struct str type = http_header_get(r->headers, r->nheaders, "Content-Type");
    struct str disposition = http_header_get(r->headers, r->nheaders, "Content-Disposition");
    struct str text = STR_NONE;
    struct multipart m;
    struct multipart_part p;
    bool found = false;
    *bytes = r->body.p ? r->body : STR_LIT("");
    if (multipart_open(&m, type, *bytes) == 0) {
        while (multipart_next(&m, &p)) {
            if (is_json(p.type) && !text.p && str_utf8_valid(p.body)) {
                text = p.body;
            } else if (!is_json(p.type) && !found) {
                found = true;
                type = p.type;
                disposition = p.disposition;
                *bytes = p.body;
            }
        }
        if (m.broken) { /* then it is kept as it came, and the script sees what type it is */
            text = STR_NONE;
            *bytes = r->body;
            type = http_header_get(r->headers, r->nheaders, "Content-Type");
        } else if (!found) {
            *bytes = STR_LIT("");
        }
    }
    put_file(meta, type, disposition, *bytes);
    if (text.p) {
        buf_adds(meta, "\"text\":");
        json_put_string(meta, text);
        buf_addc(meta, ',');
    }
}

/* ---- requests ---- */

bool step_content_wanted(const struct jsonv *spec)
{
    return jsonv_get(spec, "parts") || jsonv_get(spec, "body_file");
}

/* Calls fn with each file of the request, in order. */
static void each_file(
    const struct jsonv *spec, void (*fn)(void *arg, const struct jsonv *file), void *arg)
{
    const struct jsonv *whole = jsonv_get(spec, "body_file"), *list = jsonv_get(spec, "parts");
    if (whole)
        fn(arg, whole);
    for (const struct jsonv *p = list ? list->child : NULL; p; p = p->next)
        if (jsonv_get(p, "file"))
            fn(arg, jsonv_get(p, "file"));
}

static void add_size(void *arg, const struct jsonv *file)
{
    int64_t size = jsonv_int(jsonv_get(file, "size"), 0), *sum = arg;
    if (size > 0 && *sum < INT64_MAX - size)
        *sum += size;
}

int64_t step_content_bytes(const struct jsonv *spec)
{
    int64_t sum = 0;
    each_file(spec, add_size, &sum);
    return sum;
}

static void add_file(void *arg, const struct jsonv *file)
{
    struct step_content *c = arg;
    if (c->n < PARTS_MAX)
        c->file[c->n++] = file;
}

static void load_next(struct step *s);

/* The store copied nothing of the wait: this run may have gone on without it. */
static void on_file(void *arg, struct str body, const struct err *err)
{
    struct loading *l = arg;
    struct run *r = l->run;
    bool here = run_held_back(r);
    struct step *s = here ? r->step : NULL;
    struct step_content *c = s ? s->content : NULL;
    bool wanted = c && c->loading == l;
    mem_free(l);
    if (!wanted)
        return;
    c->loading = NULL;
    char id[33];
    const struct jsonv *file = c->file[c->at];
    id_hash(id, body.p ? body.p : "", body.n);
    if (!err && strcmp(id, jsonv_str(jsonv_get(file, "id"), "")) != 0) {
        step_fail(s, "permanent",
            "the file that was to be sent is no longer kept: it was pruned (keep-bodies) or erased");
    } else if (!err && jsonv_int(jsonv_get(file, "size"), -1) != (int64_t)body.n) {
        step_fail(s, "permanent", "the handle of a file says another size than the file has");
    } else if (err) {
        step_fail(s, err->code == ERR_NOT_FOUND ? "permanent" : "transient",
            "a file that was to be sent cannot be read: %s", err->text);
    } else {
        c->bytes[c->at] = mem_dupn(body.p, body.n);
        c->size[c->at++] = body.n;
        load_next(s);
    }
}

static void load_next(struct step *s)
{
    struct step_content *c = s->content;
    if (c->at == c->n) {
        c->loaded(s);
        return;
    }
    struct loading *l = c->loading = mem_alloc(sizeof *l);
    l->run = s->run;
    run_hold(s->run);
    store_load_file(s->run->engine->parts.store, s->run->id,
        jsonv_str(jsonv_get(c->file[c->at], "id"), ""), on_file, l);
}

void step_content_load(struct step *s, void (*loaded)(struct step *s))
{
    step_content_free(s);
    s->content = mem_zalloc(1, sizeof *s->content);
    s->content->loaded = loaded;
    s->phase = STEP_WAITING;
    each_file(jsondoc_root(s->doc), add_file, s->content);
    load_next(s);
}

void step_content_free(struct step *s)
{
    struct step_content *c = s->content;
    s->content = NULL;
    if (!c)
        return;
    for (int i = 0; i < c->at; i++)
        mem_free(c->bytes[i]);
    mem_free(c);
}

static bool one_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static int put_parts(struct buf *body, const struct jsonv *list, struct step_content *c,
    const char *boundary, struct err *e)
{
    int n = 0, files = 0;
    for (const struct jsonv *p = list->child; p; p = p->next) {
        const struct jsonv *text = jsonv_get(p, "text");
        const char *type = jsonv_str(jsonv_get(p, "type"), "");
        if (++n > PARTS_MAX)
            return err_set(e, ERR_LIMIT, "more than %d parts", PARTS_MAX);
        if (!one_line(type))
            return err_set(e, ERR_INPUT, "the type of part %d holds a control character", n);
        struct str bytes = text ? text->text : STR_NONE;
        if (jsonv_get(p, "file")) {
            bytes = (struct str){c->bytes[files], c->size[files]};
            files++;
        }
        multipart_put(body, boundary, str_of(jsonv_str(jsonv_get(p, "name"), "")),
            str_of(jsonv_str(jsonv_get(p, "filename"), "")), str_of(type), bytes);
    }
    multipart_end(body, boundary);
    return 0;
}

int step_content_make(struct step *s, struct buf *body, struct buf *type, struct err *e)
{
    struct step_content *c = s->content;
    const struct jsonv *list = jsonv_get(jsondoc_root(s->doc), "parts");
    char boundary[64];
    int rc = 0;
    if (list) {
        struct engine *engine = s->run->engine;
        snprintf(boundary, sizeof boundary, "sauma-%08x%08x%08x%08x", engine_random(engine),
            engine_random(engine), engine_random(engine), engine_random(engine));
        buf_addf(type, "multipart/form-data; boundary=%s", boundary);
        rc = put_parts(body, list, c, boundary, e);
    } else {
        buf_add(body, c->bytes[0], c->size[0]);
    }
    step_content_free(s);
    if (rc == 0 && body->failed)
        rc = err_set(e, ERR_LIMIT, "the parts of the request are over %zu bytes", body->max);
    return rc;
}

void step_content_words(struct buf *b, const struct jsonv *spec)
{
    const struct jsonv *parts = jsonv_get(spec, "parts");
    buf_adds(b, parts ? "{\"parts\":" : "{\"file\":");
    jsonv_write(b, parts ? parts : jsonv_get(spec, "body_file"));
    buf_addc(b, '}');
}
