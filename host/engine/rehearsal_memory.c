/* What was asked and answered before: the questions of one event in their order, and those of the
 * whole company. */
#include <string.h>
#include "buf.h"
#include "jsondoc.h"
#include "map.h"
#include "mem.h"
#include "rehearsal_impl.h"

#define QUESTION_MAX ((size_t)1 << 20)

/* A question is alike if it goes to the same place with the same headers and, where it only reads,
 * the same body; how long it may take and what is an answer to it are not part of it. */
char *memory_question(struct str spec, struct str body)
{
    static const char *const parts[] = {"op", "connection", "method", "path", "headers"};
    struct jsondoc *d = jsondoc_parse(spec, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    struct buf b;
    buf_init(&b, QUESTION_MAX);
    if (root && strcmp(jsonv_str(jsonv_get(root, "op"), ""), "http") == 0) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            if (jsonv_get(root, parts[i]))
                jsonv_write(&b, jsonv_get(root, parts[i]));
            buf_addc(&b, ' ');
        }
        if (!jsonv_bool(jsonv_get(root, "write"), false))
            buf_add(&b, body.p, body.n);
    } else {
        buf_add(&b, spec.p, spec.n);
    }
    char *text = mem_dupn(b.p ? b.p : "", b.n);
    buf_free(&b);
    jsondoc_free(d);
    return text;
}

/* ---- of the company ---- */

struct memory {
    struct store_reader *reader;
    struct map *keys; /* question -> the key of the last step that asked it, as an owned int64 */
};

struct memory *memory_new(struct store_reader *r)
{
    struct memory *m = mem_alloc(sizeof *m);
    *m = (struct memory){r, map_new()};
    return m;
}

void memory_add(struct memory *m, int64_t key, struct str spec, struct str body)
{
    char *question = memory_question(spec, body);
    int64_t *at = map_get(m->keys, str_of(question));
    if (!at) {
        at = mem_alloc(sizeof *at);
        map_set(m->keys, str_of(question), at);
    }
    *at = key;
    mem_free(question);
}

void memory_free(struct memory *m)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (!m)
        return;
    while (map_next(m->keys, &at, &key, &value))
        mem_free(value);
    map_free(m->keys);
    mem_free(m);
}

/* ---- of the event ---- */

void recall_init(struct recall *c, const struct history_event *ev, struct memory *m)
{
    *c = (struct recall){.event = ev, .memory = m, .asked = map_new()};
    c->questions = mem_zalloc((size_t)ev->nsteps + 1, sizeof *c->questions);
    for (int i = 0; i < ev->nsteps; i++)
        c->questions[i] = memory_question(ev->steps[i].spec, ev->steps[i].body);
}

void recall_free(struct recall *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    for (int i = 0; i < c->event->nsteps; i++)
        mem_free(c->questions[i]);
    mem_free(c->questions);
    while (map_next(c->asked, &at, &key, &value))
        mem_free(value);
    map_free(c->asked);
}

/* How often this was asked before in this rehearsal. */
static int times_asked(struct recall *c, const char *question)
{
    int *n = map_get(c->asked, str_of(question));
    if (!n) {
        n = mem_zalloc(1, sizeof *n);
        map_set(c->asked, str_of(question), n);
    }
    return (*n)++;
}

const struct history_step *recall_step(struct recall *c, struct str spec, struct str body)
{
    char *question = memory_question(spec, body);
    int skip = times_asked(c, question);
    const struct history_step *found = NULL;
    for (int i = 0; i < c->event->nsteps; i++) {
        const struct history_step *s = &c->event->steps[i];
        if (!s->outcome[0] || strcmp(s->outcome, "unknown") == 0 ||
            strcmp(c->questions[i], question))
            continue;
        found = s; /* asked more often than then: the last answer */
        if (skip-- == 0)
            break;
    }
    mem_free(question);
    return found;
}

int recall_elsewhere(
    struct recall *c, struct str spec, struct str body, struct str *meta, struct str *answer)
{
    char *question = memory_question(spec, body);
    const int64_t *key = map_get(c->memory->keys, str_of(question));
    mem_free(question);
    return key ? history_answer(c->memory->reader, *key, meta, answer) : -1;
}
