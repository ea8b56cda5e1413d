/* A version of a company whose script computes for long goes to a process of its own, which gets
 * what the others leave of the processors: what it does from then on costs them nothing. It need
 * not be at an end for that: while others wait for the process they share, it is ended under the
 * script, and each of its calls begins anew from what is on disk, the long one elsewhere. A
 * corrected version begins among the others again. */
#include "scripts_impl.h"

#include <string.h>
#include "buf.h"
#include "jsondoc.h"
#include "log.h"
#include "mem.h"

/* A process for the context; the one with the fewest if there are as many as there may be. */
static struct script_worker *apart_worker(struct scripts *s, const char *context)
{
    struct script_worker *best = NULL;
    size_t fewest = 0;
    int n = 0;
    for (struct list *m = s->workers.next; m != &s->workers; m = m->next) {
        struct script_worker *w = LIST_OF(m, struct script_worker, node);
        size_t contexts = 0;
        for (struct list *k = w->contexts.next; k != &w->contexts; k = k->next)
            contexts++;
        if (!w->apart)
            continue;
        n++;
        if (!best || contexts < fewest) {
            best = w;
            fewest = contexts;
        }
    }
    if (best && n >= s->apart_max)
        return best;
    best = script_worker_new(s, context);
    best->apart = true;
    return best;
}

static void move_context(struct script_context *c, struct script_worker *to)
{
    struct script_worker *from = c->worker;
    struct err e = {0};
    list_remove(&c->node);
    list_append(&to->contexts, &c->node);
    c->worker = to;
    if (from->child && !from->condemned) {
        struct wire_msg m = {.type = WIRE_UNLOAD, .nparts = 1, .part = {str_of(c->name)}};
        child_send(from->child, &m);
    }
    if (to->restart)
        script_worker_load(to, c);
    else if (script_worker_start(to, &e) < 0)
        script_worker_start_later(to, &e);
}

/* Calls that the old process has begun, or has in its queue, begin anew. */
static void move_calls(struct script_worker *from, struct script_context *c)
{
    struct list gone, *node;
    list_init(&gone);
    for (struct list *n = from->calls.next, *next; n != &from->calls; n = next) {
        struct script_call *call = LIST_OF(n, struct script_call, node);
        next = n->next;
        if (strcmp(call->context, c->name) != 0)
            continue;
        list_remove(n);
        if (call->sent) {
            list_append(&gone, n);
        } else {
            call->worker = c->worker;
            list_append(&c->worker->calls, n);
            script_worker_send(c->worker, call);
        }
    }
    while ((node = list_shift(&gone)) != NULL) {
        struct script_call *call = LIST_OF(node, struct script_call, node);
        if (from->child && !from->condemned) {
            struct wire_msg m = {.type = WIRE_DROP, .id = call->id};
            child_send(from->child, &m);
        }
        scripts_end_call(call, SCRIPT_LOST, STR_LIT("{}"), STR_LIT(""), false);
    }
}

/* A company's own process stays its own and steps back; its next version gets another one. */
static void step_back(struct script_worker *w)
{
    map_remove(w->s->own, str_of(w->name));
    w->apart = true;
    if (w->child)
        child_step_back(w->child);
}

static void set_apart(struct script_context *c, const char *because)
{
    struct script_worker *from = c->worker;
    if (c->mode != SCRIPT_COMPANY || from->apart)
        return;
    log_event(LOG_WARN, "scripts in a process of their own", "context", c->name, "because", because,
        NULL);
    if (!from->s->nshared) {
        step_back(from);
        return;
    }
    move_context(c, apart_worker(from->s, c->name));
    move_calls(from, c);
}

/* ---- before the end of a call is told ---- */

/* It kept the process from everybody else: until it was ended, or until the process was. */
static bool hogged(enum script_outcome o, struct str json, bool guilty)
{
    if (o == SCRIPT_LOST)
        return guilty;
    if (o != SCRIPT_LIMIT)
        return false;
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const char *limit = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "limit"), "");
    bool computed = strcmp(limit, "burst") == 0 || strcmp(limit, "cpu") == 0;
    jsondoc_free(d);
    return computed;
}

void scripts_apart_ended(
    const struct script_call *call, enum script_outcome o, struct str json, bool guilty)
{
    struct script_context *c = map_get(call->s->contexts, str_of(call->context));
    if (c && c->worker == call->worker && hogged(o, json, guilty))
        set_apart(c, "a script computed without end");
}

/* ---- while it computes ---- */

static struct script_context *context_at_work(struct script_worker *w, uint64_t current)
{
    const struct script_call *call = scripts_find_call(w->s, current);
    return call ? map_get(w->s->contexts, str_of(call->context)) : scripts_find_load(w, current);
}

static bool others_wait(const struct script_worker *w, const struct script_context *c)
{
    for (const struct list *n = w->calls.next; n != &w->calls; n = n->next)
        if (strcmp(LIST_OF(n, struct script_call, node)->context, c->name) != 0)
            return true;
    for (const struct list *n = w->contexts.next; n != &w->contexts; n = n->next) {
        const struct script_context *other = LIST_OF(n, struct script_context, node);
        if (other != c && other->load_id)
            return true;
    }
    return false;
}

/* What a single state holds would be gone with its process. */
static bool may_end(const struct script_worker *w)
{
    for (const struct list *n = w->contexts.next; n != &w->contexts; n = n->next)
        if (LIST_OF(n, struct script_context, node)->mode == SCRIPT_SINGLE)
            return false;
    return true;
}

void scripts_apart_look(struct script_worker *w, uint64_t current, int64_t computed_ms, int64_t now)
{
    struct scripts *s = w->s;
    struct script_context *c = s->share_ms > 0 && !w->apart ? context_at_work(w, current) : NULL;
    if (!c || c->worker != w)
        return;
    int64_t old = now - c->took_at_ms;
    c->took_ms =
        old < SCRIPTS_SHARE_WITHIN_MS ? c->took_ms - c->took_ms * old / SCRIPTS_SHARE_WITHIN_MS : 0;
    c->took_ms += computed_ms;
    c->took_at_ms = now;
    if (c->took_ms < s->share_ms)
        return;
    if (s->nshared && (!others_wait(w, c) || !may_end(w)))
        return;
    if (s->nshared)
        script_worker_end_for(w, "its scripts begin anew without the one that computed for long");
    set_apart(c, "a script computed for long while others waited");
}

/* ---- what it gets ---- */

/* Who is apart gets the least there is; but so long as that is less than this of a processor, or
 * than half of what it is held to, the share of somebody nice. */
#define LAST_PERCENT  10
#define SHARE_LOOK_MS 200  /* so long it is looked at before it is judged */
#define AT_WORK_MS    1000 /* for so long after a call or an answer others count as at work */

static void share(struct script_worker *w, uint64_t current, int held_to, int64_t now)
{
    int64_t cpu_ms = child_cpu_ms(w->child), past = now - w->share_ms;
    int least = held_to < 2 * LAST_PERCENT ? held_to / 2 : LAST_PERCENT;
    if (current != 0 && w->share_current != 0 && past < SHARE_LOOK_MS)
        return;
    bool starves = current != 0 && w->share_current != 0 && past > 0 &&
                   (cpu_ms - w->share_cpu_ms) * 100 < past * least;
    child_yield(w->child, !starves);
    w->share_current = current;
    w->share_ms = now;
    w->share_cpu_ms = cpu_ms;
}

/* However little it gets of a processor, what it does there costs the others more: memory and
 * caches are everybody's. So it is held to a part of one while they are at work. */
static int hold_of(struct scripts *s, int computing, int64_t now)
{
    if (s->turns != s->turns_seen) {
        s->turns_seen = s->turns;
        s->turns_ms = now;
    }
    if (now - s->turns_ms >= AT_WORK_MS || s->apart_percent <= 0 || s->apart_percent >= 100)
        return 100;
    int each = s->apart_percent / (computing > 1 ? computing : 1);
    return each > 1 ? each : 1;
}

void scripts_apart_share(struct scripts *s, int64_t now)
{
    int computing = 0;
    for (struct list *m = s->workers.next; m != &s->workers; m = m->next) {
        struct script_worker *w = LIST_OF(m, struct script_worker, node);
        computing += w->apart && w->child && child_shared(w->child)->current != 0;
    }
    int percent = hold_of(s, computing, now);
    for (struct list *m = s->workers.next; m != &s->workers; m = m->next) {
        struct script_worker *w = LIST_OF(m, struct script_worker, node);
        if (!w->apart || !w->child || w->condemned)
            continue;
        share(w, child_shared(w->child)->current, percent, now);
        child_hold(w->child, percent);
    }
}
