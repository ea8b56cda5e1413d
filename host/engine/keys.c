/* Runs of one company with the same key go on one after the other, in the order of their events.
 * A queue holds those that are in memory. The store may hold others of the key: one that waits for
 * a time before those here, or a long row behind them; it is asked before the first may go on. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "machine.h"
#include "mem.h"

/* Runs of a key that are fetched at once: they only wait for each other. */
#define KEY_BATCH 16

/* While any run of the company waits in the store it may be one of the key. */
static bool all_known(const struct company *c)
{
    return !c->backlog.due_ms && !(c->backlog.ready && c->backlog.late_first);
}

bool key_is_free(const struct company *c, const char *key)
{
    return all_known(c) && !map_get(c->keys, str_of(key));
}

static struct key_queue *queue_new(struct company *c, const char *key)
{
    struct key_queue *q = mem_zalloc(1, sizeof *q);
    q->company = c;
    q->key = mem_dup(key);
    q->known = all_known(c) ? INT64_MAX : 0;
    list_init(&q->runs);
    map_set(c->keys, str_of(key), q);
    return q;
}

static void queue_free(struct key_queue *q)
{
    map_remove(q->company->keys, str_of(q->key));
    mem_free(q->key);
    mem_free(q);
}

/* It had begun when it was read from the store, or has since. */
static bool had_begun(const struct run *r)
{
    return r->state == RUN_RUNNING || r->state == RUN_WAITING;
}

void key_reserve(struct company *c, const char *key, const char *run)
{
    struct key_queue *q = map_get(c->keys, str_of(key));
    if (!q)
        q = queue_new(c, key);
    q->known = 0; /* nothing was read from the store yet */
    if (!q->begun[0])
        snprintf(q->begun, sizeof q->begun, "%s", run);
}

static struct run *first(const struct key_queue *q)
{
    return list_empty(&q->runs) ? NULL : LIST_OF(q->runs.next, struct run, key_node);
}

void key_enter(struct run *r, const char *key)
{
    struct key_queue *q = map_get(r->company->keys, str_of(key));
    if (!q)
        q = queue_new(r->company, key);
    bool begun = had_begun(r);
    struct list *at = q->runs.prev;
    while (at != &q->runs && !(q->let_on && at == q->runs.next)) {
        const struct run *other = LIST_OF(at, struct run, key_node);
        bool behind = begun != had_begun(other) ? begun : other->event->seq > r->event->seq;
        if (!behind)
            break;
        at = at->prev;
    }
    if (strcmp(q->begun, r->id) == 0)
        q->begun[0] = '\0';
    r->queue = q;
    list_append(at->next, &r->key_node);
}

/* ---- what the store has of the key ---- */

struct asking {
    struct engine *engine;
    struct key_queue *queue; /* lives until it is answered, or the engine is gone */
};

static void on_open_event(void *arg, const struct store_open_event *oe)
{
    struct asking *a = arg;
    if (!a->engine->dead)
        events_take(a->queue->company, oe);
}

static void ask(struct key_queue *q);

/* Whoever is first goes on; those behind it are told that they are. */
static void admit_all(struct key_queue *q)
{
    struct list *next;
    for (struct list *n = q->runs.next; n != &q->runs; n = next) {
        struct run *r = LIST_OF(n, struct run, key_node);
        next = n->next;
        if (!r->blocked)
            run_admit(r);
    }
}

static void go_on(struct key_queue *q)
{
    if (list_empty(&q->runs) && q->begun[0])
        return; /* that run is still to come */
    if (list_empty(&q->runs) && q->known < INT64_MAX)
        ask(q);
    else if (list_empty(&q->runs))
        queue_free(q);
    else
        run_admit(first(q));
}

static void on_asked(void *arg, const struct store_open_end *end, const struct err *err)
{
    struct asking a = *(struct asking *)arg;
    struct key_queue *q = a.queue;
    mem_free(arg);
    if (!engine_held_back(a.engine))
        return;
    q->asking = false;
    if (err) {
        log_event(LOG_ERROR, "runs of a key not read", "company", q->company->name, "key", q->key,
            "error", err->text, NULL);
        engine_retry_soon(a.engine);
        return;
    }
    q->known = end->more ? end->last.seq : INT64_MAX;
    admit_all(q);
    if (list_empty(&q->runs))
        go_on(q);
}

static void nothing(void *arg, const struct store_open_end *end, const struct err *err)
{
    struct asking a = *(struct asking *)arg;
    mem_free(arg);
    engine_held_back(a.engine);
}

/* Those that had begun come first, however many older ones are queued behind them. */
static void ask_begun(struct key_queue *q)
{
    struct store_open_query query = {
        .company = q->company->name, .kind = STORE_OPEN_BEGUN, .name = q->key, .limit = KEY_BATCH};
    struct asking *a = mem_alloc(sizeof *a);
    *a = (struct asking){q->company->engine, q};
    engine_hold(a->engine);
    store_load_open(a->engine->parts.store, &query, on_open_event, nothing, a);
}

static void ask(struct key_queue *q)
{
    struct store_open_query query = {.company = q->company->name,
        .kind = STORE_OPEN_KEY,
        .name = q->key,
        .after = {.seq = q->known},
        .limit = KEY_BATCH};
    if (q->asking)
        return;
    struct asking *a = mem_alloc(sizeof *a);
    *a = (struct asking){q->company->engine, q};
    q->asking = true;
    if (q->known == 0)
        ask_begun(q);
    engine_hold(a->engine);
    store_load_open(a->engine->parts.store, &query, on_open_event, on_asked, a);
}

void keys_ask_again(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(c->keys, &at, &key, &value)) {
        struct key_queue *q = value;
        if (!q->let_on && !q->asking && q->known < INT64_MAX)
            ask(q);
    }
}

static struct key_queue *next_due(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(c->keys, &at, &key, &value))
        if (((struct key_queue *)value)->due)
            return value;
    return NULL;
}

void keys_look_again(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    struct key_queue *q;
    while (map_next(c->keys, &at, &key, &value)) {
        q = value;
        q->due = q->held;
    }
    /* Whoever goes on may end at once, and its queue with it. */
    while ((q = next_due(c)) != NULL) {
        q->due = false;
        if (first(q))
            run_admit(first(q));
    }
}

/* ---- whose turn it is ---- */

bool key_turn(struct run *r)
{
    struct key_queue *q = r->queue;
    if (!q)
        return true;
    if (first(q) != r)
        return false;
    if (q->begun[0]) {
        /* It is fetched: what waits for it may be all that the company has a place for in memory.
         */
        if (q->known == 0)
            ask(q);
        return false;
    }
    if (!q->let_on && r->event->seq > q->known) {
        ask(q);
        return false;
    }
    q->held = !q->let_on && !had_begun(r) && incoming_late_before(q->company, r->event->seq);
    if (q->held)
        return false;
    q->let_on = true;
    return true;
}

static void take_out(struct run *r)
{
    struct key_queue *q = r->queue;
    if (first(q) == r)
        q->let_on = false;
    r->queue = NULL;
    list_remove(&r->key_node);
}

void key_leave(struct run *r)
{
    struct key_queue *q = r->queue;
    if (!q)
        return;
    bool was_first = first(q) == r;
    take_out(r);
    if (r->engine->dead)
        return; /* company_free frees the queue */
    if (was_first && !q->asking)
        go_on(q);
}

bool key_may_let_go(const struct run *r)
{
    const struct key_queue *q = r->queue;
    return !q || first(q) != r || (q->let_on && !q->asking && q->runs.prev == &r->key_node);
}

void key_let_go(struct run *r)
{
    struct key_queue *q = r->queue;
    if (!q)
        return;
    bool alone = first(q) == r;
    take_out(r);
    if (alone && !q->begun[0])
        queue_free(q);
    else if (q->known >= r->event->seq)
        q->known = r->event->seq - 1;
}

void keys_free(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(c->keys, &at, &key, &value)) {
        struct key_queue *q = value;
        mem_free(q->key);
        mem_free(q);
    }
    map_free(c->keys);
}
