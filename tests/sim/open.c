/* What is open, read as host/store/store_open.c and store_backlog.c read it. */
#include <string.h>
#include "disk.h"

#define OPEN_BYTES ((size_t)8 << 20)

static bool is_open(const struct disk_run *r)
{
    enum run_state s = r->run.state;
    return s == RUN_QUEUED || s == RUN_RUNNING || s == RUN_WAITING;
}

static int64_t spent(const struct disk_run *r)
{
    int64_t to =
        r->run.state == RUN_WAITING && r->until_ms > r->updated_ms ? r->until_ms : r->updated_ms;
    return to > r->began_ms ? to - r->began_ms : 0;
}

static void give_runs(const struct disk_event *ev, struct store_open_event *oe)
{
    int n = 0;
    for (const struct disk_run *r = ev->runs; r; r = r->next)
        n += is_open(r);
    struct store_run *runs = arena_zalloc((size_t)n * sizeof *runs + 1);
    int64_t *until = arena_zalloc((size_t)n * sizeof *until + 1);
    struct store_progress *progress = arena_zalloc((size_t)n * sizeof *progress + 1);
    for (const struct disk_run *r = ev->runs; r; r = r->next) {
        if (!is_open(r))
            continue;
        until[oe->nruns] = r->until_ms;
        progress[oe->nruns] = r->progress;
        progress[oe->nruns].spent_ms = r->began_ms ? spent(r) : -1;
        runs[oe->nruns++] = r->run;
    }
    oe->runs = runs;
    oe->until_ms = until;
    oe->progress = progress;
}

/* ---- which events are asked for ---- */

static bool of_company(const struct disk_event *ev, const char *company)
{
    return ev->state == EVENT_IN_FLIGHT && strcmp(ev->event.company, company) == 0;
}

static bool goes_on(const struct disk_event *ev)
{
    for (const struct disk_run *r = ev->runs; r; r = r->next)
        if (r->run.state == RUN_QUEUED || r->run.state == RUN_RUNNING)
            return true;
    return false;
}

static bool has_key(const struct disk_event *ev, const char *key)
{
    for (const struct disk_run *r = ev->runs; r && key[0]; r = r->next)
        if (is_open(r) && strcmp(r->run.key, key) == 0)
            return true;
    return false;
}

static bool has_begun(const struct disk_event *ev, const char *key)
{
    for (const struct disk_run *r = ev->runs; r && key[0]; r = r->next)
        if ((r->run.state == RUN_RUNNING || r->run.state == RUN_WAITING) &&
            strcmp(r->run.key, key) == 0)
            return true;
    return false;
}

static bool wanted(const struct disk_event *ev, const struct store_open_query *q)
{
    if (q->kind == STORE_OPEN_BEGUN)
        return has_begun(ev, q->name);
    if (q->kind == STORE_OPEN_KEY)
        return has_key(ev, q->name);
    return ev->routed == (q->kind == STORE_OPEN_READY) && (!ev->routed || goes_on(ev));
}

static int64_t last_wanted(const struct store_open_query *q)
{
    return q->until ? q->until : INT64_MAX;
}

/* The run that waits next behind this place, of the company; NULL: none. */
static const struct disk_run *next_waiting(
    const struct disk *d, const char *company, struct store_place after)
{
    const struct disk_run *best = NULL;
    for (int i = 0; i < d->nruns; i++) {
        const struct disk_run *r = d->runs[i];
        if (r->run.state != RUN_WAITING || strcmp(r->run.company, company) != 0)
            continue;
        if (r->until_ms < after.ms || (r->until_ms == after.ms && r->n <= after.seq))
            continue;
        if (!best || r->until_ms < best->until_ms ||
            (r->until_ms == best->until_ms && r->n < best->n))
            best = r;
    }
    return best;
}

/* ---- the answer ---- */

struct giving {
    struct op *op;
    size_t bytes;
    int room;
};

/* False if there is no room for it. */
static bool give(struct giving *g, const struct disk_event *ev, struct store_place at)
{
    struct op *o = g->op;
    if (o->n == o->query.limit || g->bytes >= OPEN_BYTES) {
        o->end.more = true;
        return false;
    }
    o->open = arena_grow(o->open, o->n, &g->room, sizeof *o->open);
    struct store_open_event *oe = &o->open[o->n++];
    *oe = (struct store_open_event){.seq = ev->seq, .event = ev->event, .routed = ev->routed};
    if (ev->routed)
        give_runs(ev, oe);
    g->bytes += ev->event.body.n;
    o->end.last = at;
    o->end.n = o->n;
    o->end.more = o->query.kind != STORE_OPEN_RUN && o->n == o->query.limit;
    return true;
}

static void give_due(const struct disk *d, struct giving *g)
{
    const struct store_open_query *q = &g->op->query;
    const struct disk_run *r;
    struct store_place at = q->after;
    while ((r = next_waiting(d, q->company, at)) != NULL && r->until_ms <= last_wanted(q)) {
        at = (struct store_place){r->n, r->until_ms};
        if (!give(g, r->event, at))
            break;
    }
    r = next_waiting(d, q->company, (struct store_place){INT64_MAX, last_wanted(q)});
    g->op->end.next_ms = r ? r->until_ms : 0;
}

static void give_one(const struct disk *d, struct giving *g)
{
    const struct disk_run *r = disk_find_run(d, g->op->query.name);
    if (r && is_open(r))
        give(g, r->event, (struct store_place){r->event->seq, 0});
}

static void load(const struct disk *d, struct op *o)
{
    const struct store_open_query *q = &o->query;
    struct giving g = {.op = o};
    o->end = (struct store_open_end){.last = q->after};
    if (q->kind == STORE_OPEN_DUE) {
        give_due(d, &g);
        return;
    }
    if (q->kind == STORE_OPEN_RUN) {
        give_one(d, &g);
        return;
    }
    for (int i = 0; i < d->nevents; i++) {
        const struct disk_event *ev = d->events[i];
        bool within = ev->seq > q->after.seq && ev->seq <= last_wanted(q);
        if (within && of_company(ev, q->company) && wanted(ev, q) &&
            !give(&g, ev, (struct store_place){ev->seq, 0}))
            return;
    }
}

void tables_load_open(const struct disk *d, struct op *o)
{
    static const char *const kinds[] = {"new", "ready", "begun", "key", "due", "run"};
    const struct store_open_query *q = &o->query;
    load(d, o);
    TRACE(
        "store: open %s %s %s after %lld,%lld until %lld: %d of at most %d%s, last %lld,%lld, next "
        "%lld",
        kinds[q->kind], q->company ? q->company : "", q->name ? q->name : "",
        (long long)q->after.seq, (long long)q->after.ms, (long long)q->until, o->end.n, q->limit,
        o->end.more ? ", more" : "", (long long)o->end.last.seq, (long long)o->end.last.ms,
        (long long)o->end.next_ms);
    for (int i = 0; i < o->n; i++)
        TRACE("store:   %s", o->open[i].event.id);
}

/* ---- the backlog ---- */

/* The first company behind this one by name. */
static const char *next_company(const struct disk *d, const char *after)
{
    const char *best = NULL;
    for (int i = 0; i < d->nevents; i++) {
        const char *name = d->events[i]->event.company;
        if (strcmp(name, after) > 0 && (!best || strcmp(name, best) < 0))
            best = name;
    }
    return best;
}

static void read_late(const struct disk *d, const char *company, struct store_backlog *b)
{
    int64_t from = 0, until = 0;
    for (int i = 0; i < d->nevents; i++) {
        const struct disk_event *ev = d->events[i];
        if (!of_company(ev, company) || (ev->routed && !goes_on(ev)))
            continue;
        if (!ev->routed && (!from || ev->seq < from))
            from = ev->seq;
        if (ev->routed && ev->seq > until)
            until = ev->seq;
    }
    if (from && from < until) {
        b->late_from = from;
        b->late_until = until;
    }
}

void tables_load_backlog(const struct disk *d, struct op *o)
{
    const char *name = o->name;
    int room = 0;
    while (o->n < o->limit && (name = next_company(d, name)) != NULL) {
        o->backlog = arena_grow(o->backlog, o->n, &room, sizeof *o->backlog);
        struct store_backlog *b = &o->backlog[o->n++];
        *b = (struct store_backlog){.company = name};
        disk_books(d, name, &b->books);
        for (int i = 0; i < d->nevents; i++) {
            int64_t ms = d->events[i]->event.received_ms;
            if (of_company(d->events[i], name) && (!b->oldest_ms || ms < b->oldest_ms))
                b->oldest_ms = ms;
        }
        read_late(d, name, b);
        const struct disk_run *r = next_waiting(d, name, (struct store_place){0, 0});
        b->due_ms = r ? r->until_ms : 0;
    }
}
