/* See store_work.h. */
#include "store_work.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "store_prune.h"
#include "store_shim.h"

uint64_t work_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

char *work_body(const struct work_options *o, int n, size_t *size)
{
    uint64_t r = o->seed * 1000003 + (uint64_t)n;
    /* Most are small. */
    *size = 2 + (size_t)(work_random(&r) % (work_random(&r) % 4 ? 600 : o->largest));
    char *body = mem_alloc(*size + 1);
    for (size_t i = 0; i < *size; i++)
        body[i] = (char)('a' + work_random(&r) % 26);
    body[0] = '"';
    body[*size - 1] = '"';
    body[*size] = 0;
    return body;
}

struct chain {
    struct working *w;
    int n;
    char event[32], run[32];
};

struct working {
    struct loop *loop;
    struct store *store;
    const struct work_options *o;
    struct work_acks *acks;
    struct chain chains[WORK_MAX];
    bool failed;
};

/* True if it is durable. A full disk is no failure of the work: it stops there. */
static bool acknowledged(struct chain *c, enum work_fact fact, const struct err *e)
{
    if (!e) {
        atomic_store(&c->w->acks->at[fact][c->n], shim_moment() + 1);
        return true;
    }
    if (strstr(e->text, "disk full"))
        atomic_fetch_add(&c->w->acks->refused_full, 1);
    else
        c->w->failed = true;
    return false;
}

static void on_done(void *arg, const struct err *e)
{
    acknowledged(arg, WORK_DONE, e);
}

static void on_answer(void *arg, const struct err *e)
{
    struct chain *c = arg;
    struct store_run_change end = {c->run, RUN_DONE, "", STR_LIT("{\"number\":12345}"), 0, NULL, 0};
    if (!acknowledged(c, WORK_ANSWER, e))
        return;
    store_log(c->w->store, c->run, 1, "info", STR_LIT("a line that the script logged"));
    store_set_run(c->w->store, &end, on_done, c);
}

static void on_intent(void *arg, const struct err *e)
{
    struct chain *c = arg;
    size_t n;
    if (!acknowledged(c, WORK_INTENT, e))
        return;
    char *body = work_body(c->w->o, c->n + WORK_MAX, &n);
    struct store_answer a = {"done", STR_LIT("{\"status\":200}"), {body, n}, 1, 1, 1};
    store_answer(c->w->store, c->run, 1, &a, on_answer, c);
    mem_free(body);
}

static void on_route(void *arg, const struct err *e)
{
    struct chain *c = arg;
    struct store_step st = {
        c->run, 1, "write", "stock", "POST /items", "f", STR_LIT("{}"), STR_LIT("{\"a\":1}"), 1};
    if (acknowledged(c, WORK_ROUTED, e))
        store_intent(c->w->store, &st, on_intent, c);
}

static void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct chain *c = arg;
    struct store_run run = {
        c->run, c->event, "acme", "rule", "v", "key", RUN_RUNNING, "", "", NULL};
    if (acknowledged(c, WORK_EVENT, e))
        store_route(c->w->store, c->event, &run, 1, "", on_route, c);
}

static void stop_when_idle(void *arg)
{
    struct working *w = arg;
    if (store_pending(w->store) == 0)
        loop_stop(w->loop);
}

static void settle(struct working *w)
{
    loop_on_idle(w->loop, stop_when_idle, w);
    if (store_pending(w->store) > 0)
        loop_run(w->loop);
    loop_off_idle(w->loop, stop_when_idle, w);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void rest(struct loop *l, int64_t ms)
{
    struct loop_timer *t = loop_timer_new(l, stop, l);
    loop_timer_arm(t, ms);
    loop_run(l);
    loop_timer_free(t);
}

static void begin(struct working *w, int i)
{
    struct chain *c = &w->chains[i];
    size_t n;
    char *body = work_body(w->o, i, &n);
    *c = (struct chain){.w = w, .n = i};
    snprintf(c->event, sizeof(c->event), "evt_%d", i);
    snprintf(c->run, sizeof(c->run), "run_%d", i);
    struct store_event ev = {c->event, "acme", "shop", "order.created", c->event,
        i % 2 ? 1 : clock_wall_ms(), STR_LIT("{\"content-type\":\"application/json\"}"), {body, n}};
    store_add_event(w->store, &ev, on_event, c);
    mem_free(body);
}

int work_do(struct loop *l, struct store *s, const struct work_options *o, struct work_acks *acks)
{
    struct working *w = mem_zalloc(1, sizeof(*w));
    uint64_t r = o->seed;
    *w = (struct working){.loop = l, .store = s, .o = o, .acks = acks};
    if (o->prune) {
        struct store_retention keep;
        store_retention_defaults(&keep);
        keep.bodies_ms = 1;
        keep.events_ms = 0;
        keep.every_ms = 5;
        keep.pause_ms = 1;
        store_keep(s, &keep);
    }
    for (int i = 0; i < o->events && !w->failed; i++) {
        begin(w, i);
        if (o->one_by_one || work_random(&r) % 6 == 0)
            settle(w);
        if (o->idle_one_in && work_random(&r) % (uint64_t)o->idle_one_in == 0)
            rest(l, 230);
    }
    settle(w);
    int rc = w->failed ? -1 : 0;
    mem_free(w);
    return rc;
}
