#include "kept.h"

#include <string.h>
#include "buf.h"
#include "clock.h"
#include "id.h"
#include "json.h"
#include "list.h"
#include "map.h"
#include "mem.h"
#include "step.h"

struct kept {
    struct map *answers; /* hash of connection, its address, the request -> struct answer */
    struct list used;    /* first: not used for longest */
    size_t bytes;
};

struct answer {
    struct list node;
    char *key, *meta, *body;
    size_t nkey, nmeta, nbody;
    int64_t at_ms; /* monotonic */
};

static void answer_drop(struct kept *k, struct answer *a)
{
    list_remove(&a->node);
    map_remove(k->answers, (struct str){a->key, a->nkey});
    k->bytes -= a->nkey + a->nmeta + a->nbody;
    mem_free(a->key);
    mem_free(a->meta);
    mem_free(a->body);
    mem_free(a);
}

void kept_free(struct kept *k)
{
    if (!k)
        return;
    while (!list_empty(&k->used))
        answer_drop(k, LIST_OF(k->used.next, struct answer, node));
    map_free(k->answers);
    mem_free(k);
}

static int64_t keep_ms(const struct step *s)
{
    return jsonv_int(jsonv_get(jsondoc_root(s->doc), "keep_ms"), 0);
}

/* What is asked; for how long an answer is to count, how long it may take and such is no part of
 * it. Another address of the connection is another system. */
static void key_of(char out[33], const struct step *s)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    const char *url = s->channel->credentials.url;
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    buf_addf(&b, "%s\n%s\n%s %s\n", s->conn->name, url ? url : "",
        jsonv_str(jsonv_get(spec, "method"), ""), jsonv_str(jsonv_get(spec, "path"), ""));
    if (jsonv_get(spec, "headers"))
        jsonv_write(&b, jsonv_get(spec, "headers"));
    buf_add(&b, s->body, s->nbody);
    id_hash(out, b.p, b.n);
    buf_free(&b);
}

bool kept_answers(struct step *s)
{
    struct kept *k = s->run->company->kept;
    int64_t keep = keep_ms(s);
    if (!k || keep <= 0)
        return false;
    char key[33];
    key_of(key, s);
    struct answer *a = map_get(k->answers, str_of(key));
    if (!a)
        return false;
    bool anew = jsonv_bool(jsonv_get(jsondoc_root(s->doc), "anew"), false);
    if (anew || clock_mono_ms() - a->at_ms >= keep) {
        answer_drop(k, a);
        return false;
    }
    list_remove(&a->node);
    list_append(&k->used, &a->node);
    step_answer(s, "done", 200, (struct str){a->meta, a->nmeta}, (struct str){a->body, a->nbody});
    return true;
}

static bool is_json(const struct step *s, struct str meta)
{
    struct jsondoc *d = jsondoc_parse(meta, NULL);
    const struct jsonv *headers = jsonv_get(d ? jsondoc_root(d) : NULL, "headers");
    const char *type = jsonv_str(jsonv_get(headers, "content-type"), "");
    bool yes = strstr(type, "json") != NULL;
    jsondoc_free(d);
    return yes;
}

void kept_put(struct step *s, int status, struct str meta, struct str body)
{
    struct company *c = s->run->company;
    size_t room = c->engine->set.kept_answers;
    if (keep_ms(s) <= 0 || status != 200 || !is_json(s, meta))
        return;
    if (!c->kept) {
        c->kept = mem_zalloc(1, sizeof *c->kept);
        c->kept->answers = map_new();
        list_init(&c->kept->used);
    }
    struct kept *k = c->kept;
    char key[33];
    key_of(key, s);
    struct answer *old = map_get(k->answers, str_of(key));
    if (old)
        answer_drop(k, old);
    size_t n = strlen(key) + meta.n + body.n;
    while (k->bytes + n > room && !list_empty(&k->used))
        answer_drop(k, LIST_OF(k->used.next, struct answer, node));
    if (n <= room) {
        struct answer *a = mem_zalloc(1, sizeof *a);
        a->nkey = strlen(key);
        a->key = mem_dup(key);
        a->nmeta = meta.n;
        a->meta = mem_dupn(meta.p, meta.n);
        a->nbody = body.n;
        a->body = mem_dupn(body.p, body.n);
        a->at_ms = clock_mono_ms();
        k->bytes += n;
        list_append(&k->used, &a->node);
        map_set(k->answers, (struct str){a->key, a->nkey}, a);
    }
}
