/* Pruning, the loop's side: when, and how one pass follows from small operations; see
 * store_prune.h. What one of them does is in store_prune_slice.c. */
#include <stdio.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "prune.h"

struct pruner {
    struct store *store;
    struct loop_timer *timer;
    struct store_retention keep;
    enum prune_phase phase;
    int64_t cursor, now_ms;
    struct store_pruned sum, at_start; /* at_start: of this pass */
};

struct slice {
    struct op op;
    struct pruner *pruner;
    struct prune_slice s;
};

void store_retention_defaults(struct store_retention *r)
{
    const int64_t day = (int64_t)24 * 3600 * 1000;
    *r = (struct store_retention){
        .bodies_ms = 90 * day,
        .events_ms = 400 * day,
        .answers_ms = 2 * day,
        .large = 1024,
        .versions = 10,
        .every_ms = 10 * 60 * 1000,
        .pause_ms = 50,
    };
}

int store_retention_check(const struct store_retention *r, struct err *e)
{
    if (r->events_ms && r->events_ms < STORE_KEEP_MIN_MS)
        return err_set(e, ERR_USAGE,
            "--keep-events: events are kept for 7d at least, because a sender may deliver one "
            "again for so long, and it must be recognised (0 keeps them for good)");
    if (r->bodies_ms < 0 || r->events_ms < 0)
        return err_set(e, ERR_USAGE, "--keep-bodies, --keep-events: an age, or 0 for good");
    if (r->events_ms && (!r->bodies_ms || r->bodies_ms > r->events_ms))
        return err_set(e, ERR_USAGE,
            "--keep-bodies is longer than --keep-events: bodies go with their events at the latest");
    if (r->every_ms < 1000)
        return err_set(e, ERR_USAGE, "--prune-every: a second at least");
    return 0;
}

static void tell(struct pruner *p)
{
    char bodies[24], events[24], versions[24], pages[24];
    int64_t nb = p->sum.bodies - p->at_start.bodies, ne = p->sum.events - p->at_start.events;
    int64_t nv = p->sum.versions - p->at_start.versions;
    int64_t np = p->sum.pages - p->at_start.pages;
    if (!nb && !ne && !nv && !np)
        return;
    snprintf(bodies, sizeof(bodies), "%lld", (long long)nb);
    snprintf(events, sizeof(events), "%lld", (long long)ne);
    snprintf(versions, sizeof(versions), "%lld", (long long)nv);
    snprintf(pages, sizeof(pages), "%lld", (long long)np);
    log_event(LOG_INFO, "store pruned", "bodies", bodies, "events", events, "versions", versions,
        "pages_given_back", pages, NULL);
}

static void arm(struct pruner *p, int64_t ms)
{
    if (p->timer) /* else the store closes */
        loop_timer_arm(p->timer, ms);
}

static void next_pass(struct pruner *p)
{
    p->phase = PRUNE_BODIES;
    p->cursor = 0;
    arm(p, p->keep.every_ms);
}

static void slice_done(struct op *o, const struct err *e)
{
    struct slice *sl = (struct slice *)o;
    struct pruner *p = sl->pruner;
    if (e) {
        /* The disk is full, say: nothing of it was done, and there is a next time. */
        log_event(LOG_WARN, "pruning stopped", "error", e->text, "next",
            "it goes on at its next time", NULL);
        next_pass(p);
        return;
    }
    p->sum.bodies += sl->s.did.bodies;
    p->sum.events += sl->s.did.events;
    p->sum.versions += sl->s.did.versions;
    p->sum.pages += sl->s.did.pages;
    p->cursor = sl->s.cursor;
    if (!sl->s.more) {
        p->cursor = 0;
        p->phase++;
    }
    if (p->phase < PRUNE_PHASES) {
        arm(p, p->keep.pause_ms);
        return;
    }
    tell(p);
    p->sum.passes++;
    next_pass(p);
}

static int slice_run(struct sql *s, struct op *o)
{
    return prune_slice(s, &((struct slice *)o)->s);
}

static void on_time(void *arg)
{
    struct pruner *p = arg;
    if (p->phase == PRUNE_BODIES && p->cursor == 0) {
        p->now_ms = clock_wall_ms();
        p->at_start = p->sum;
    }
    struct slice *sl = op_new(sizeof(*sl), 0);
    sl->op.run = slice_run;
    sl->op.done = slice_done;
    sl->op.what = "pruning";
    sl->op.lazy = true;
    sl->pruner = p;
    sl->s.keep = p->keep;
    sl->s.phase = p->phase;
    sl->s.now_ms = p->now_ms;
    sl->s.from = p->cursor;
    store_ask(p->store, &sl->op);
}

struct pruner *pruner_new(struct store *s, struct loop *l, const struct store_retention *r)
{
    struct pruner *p = mem_zalloc(1, sizeof(*p));
    p->store = s;
    p->keep = *r;
    p->timer = loop_timer_new(l, on_time, p);
    next_pass(p);
    return p;
}

void pruner_stop(struct pruner *p)
{
    if (!p)
        return;
    loop_timer_free(p->timer);
    p->timer = NULL;
}

void pruner_free(struct pruner *p)
{
    pruner_stop(p);
    mem_free(p);
}

void pruner_sum(const struct pruner *p, struct store_pruned *out)
{
    *out = p ? p->sum : (struct store_pruned){0};
}
