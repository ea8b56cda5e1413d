/* What waits in the store. Memory holds a bounded number of events; the companies that have more
 * take turns to read theirs, a few at a time, so that a million events of one keep nobody waiting.
 * Of each company first comes what was routed before this start, then what is new, in the order of
 * the store; what only waits for a time is left there until it is due. What is new though later
 * ones were routed (a full disk refused its routing alone) comes before all else: those later ones
 * wait until it is known which keys it has. */
#include <stdint.h>

#include "clock.h"
#include "lock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "tries.h"

/* What a company may have at work however much the others have. */
#define SHARE 4
/* Events that one read brings, and reads under way at once. */
#define READ_BATCH 200
#define READS_MAX  8
/* Bytes that one read may bring (store.h bounds them), and how much of all one company may hold. */
#define READ_BYTES    ((size_t)8 << 20)
#define COMPANY_BYTES (BODY_BYTES_MAX / 8)
/* Companies that are asked for at once. */
#define COMPANIES_BATCH 100
/* The wall clock may be set: it is looked at this often. */
#define LOOK_MS 60000
/* Memory holds so many times max_events that are idle: waiting for a time or for another run. */
#define IDLE_TIMES 20

void backlog_init(struct backlog *b)
{
    list_init(&b->node);
}

bool engine_behind(const struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(e->companies, &at, &key, &value)) {
        const struct company *c = value;
        if (c->backlog.behind || c->backlog.ready)
            return true;
    }
    return false;
}

bool backlog_crowded(const struct company *c)
{
    const struct engine *e = c->engine;
    int all = e->stats.events_in_memory - e->active;
    int here = c->backlog.in_memory - c->backlog.active;
    return here > e->set.max_events || all > e->set.max_events * IDLE_TIMES;
}

bool backlog_heavy(const struct company *c)
{
    return c->backlog.body_bytes > COMPANY_BYTES / 2 || backlog_crowded(c);
}

/* ---- room ---- */

static int at_work(const struct company *c)
{
    return c->backlog.active + c->backlog.expected;
}

static bool bytes_left(const struct company *c)
{
    const struct engine *e = c->engine;
    size_t bytes = e->body_bytes + (size_t)e->reading * READ_BYTES;
    size_t most = at_work(c) ? BODY_BYTES_MAX / 4 * 3 : BODY_BYTES_MAX;
    return bytes < most && c->backlog.body_bytes < COMPANY_BYTES;
}

/* How many events a company may have at work: half of all, if nobody else wants them. */
static int window(const struct company *c)
{
    const struct engine *e = c->engine;
    int half = e->set.max_events / 2;
    int left = e->set.max_events - e->active - e->expected;
    int may = at_work(c) + (left > 0 ? left / (1 + e->nreads) : 0);
    if (may > half)
        may = half;
    return may < SHARE ? SHARE : may;
}

/* ---- reading ---- */

static void serve(struct engine *e);

static bool may_read(const struct engine *e)
{
    return e->started && e->backlog_known && !e->draining && !e->dead;
}

static bool is_due(const struct company *c)
{
    return c->backlog.due_ms && c->backlog.due_ms <= clock_wall_ms();
}

/* What the company reads next. */
static bool next_kind(const struct company *c, enum store_open_kind *kind)
{
    const struct backlog *b = &c->backlog;
    bool due = is_due(c);
    bool new = b->behind && c->current &&list_empty(&c->unrouted);
    if (new && b->late_until)
        *kind = STORE_OPEN_NEW;
    else if (b->ready)
        *kind = STORE_OPEN_READY;
    else if (due && !(new && b->new_next))
        *kind = STORE_OPEN_DUE;
    else if (new)
        *kind = STORE_OPEN_NEW;
    else
        return false;
    return true;
}

struct reading {
    struct company *company;
    struct engine *engine;
    enum store_open_kind kind;
    int64_t until;
};

static void on_open_event(void *arg, const struct store_open_event *oe)
{
    const struct reading *g = arg;
    if (g->engine->dead || !events_take(g->company, oe))
        return;
    struct incoming *ev = map_get(g->engine->by_id, str_of(oe->event.id));
    if (ev && g->kind == STORE_OPEN_NEW && g->company->backlog.late_until)
        incoming_late(ev);
    if (ev)
        incoming_let_go(ev);
}

/* When the next run that waits in the store is due, of all companies. */
static void set_due_timer(struct engine *e, int64_t ms);

static void note_end(struct company *c, const struct reading *g, const struct store_open_end *end)
{
    struct backlog *b = &c->backlog;
    if (g->kind == STORE_OPEN_READY) {
        b->ready = end->more;
        b->ready_seq = end->last.seq;
    } else if (g->kind == STORE_OPEN_NEW) {
        /* All that was stored before it was asked has been seen; what was stored since is told
         * after this call, in the order of the store. */
        b->behind = end->more || b->late_until;
        b->new_seq = end->last.seq;
        if (b->late_until && !end->more) {
            b->late_from = b->late_until = 0;
            keys_look_again(c);
        }
        b->new_next = false;
    } else if (b->moved) {
        b->due = (struct store_place){0};
        b->due_ms = clock_wall_ms();
        b->moved = false;
    } else {
        b->due = end->more ? end->last : (struct store_place){INT64_MAX, g->until};
        b->due_ms = end->more ? end->last.ms : end->next_ms;
        b->new_next = true;
        if (b->due_ms > g->until)
            set_due_timer(c->engine, b->due_ms);
    }
}

static void on_read(void *arg, const struct store_open_end *end, const struct err *err)
{
    struct reading g = *(struct reading *)arg;
    mem_free(arg);
    if (!engine_held_back(g.engine))
        return;
    struct company *c = g.company;
    c->backlog.reading = false;
    g.engine->reading--;
    g.engine->expected -= c->backlog.expected;
    c->backlog.expected = 0;
    if (err) {
        log_event(LOG_ERROR, "events not read", "company", c->name, "error", err->text, NULL);
        engine_retry_soon(g.engine);
    } else {
        note_end(c, &g, end);
        backlog_pump(c);
    }
    serve(g.engine);
}

static void read_some(struct company *c, enum store_open_kind kind, int n)
{
    struct engine *e = c->engine;
    struct backlog *b = &c->backlog;
    struct store_open_query q = {.company = c->name, .kind = kind, .limit = n};
    struct reading *g = mem_alloc(sizeof *g);
    *g = (struct reading){c, e, kind, clock_wall_ms()};
    if (kind == STORE_OPEN_DUE) {
        q.after = b->due;
        q.until = g->until;
    } else {
        q.after.seq = kind == STORE_OPEN_READY ? b->ready_seq : b->new_seq;
        q.until = kind == STORE_OPEN_NEW ? b->late_until : 0;
    }
    b->reading = true;
    b->expected = n;
    e->expected += n;
    e->reading++;
    engine_hold(e);
    store_load_open(e->parts.store, &q, on_open_event, on_read, g);
}

static void leave_turn(struct company *c)
{
    list_remove(&c->backlog.node);
    c->engine->nreads--;
}

static void serve(struct engine *e)
{
    enum store_open_kind kind;
    while (may_read(e) && e->reading < READS_MAX && !list_empty(&e->reads)) {
        struct company *c = LIST_OF(e->reads.next, struct company, backlog.node);
        if (!bytes_left(c) && !at_work(c))
            return; /* whoever ends lets it go on */
        leave_turn(c);
        /* If it has enough, the ends of what it has bring it back; not for one event each time. */
        int n = window(c) - at_work(c);
        if (!next_kind(c, &kind))
            continue;
        if (kind == STORE_OPEN_NEW && c->backlog.late_until) {
            n = n > SHARE ? n : SHARE; /* what is at work may wait for it */
        } else if (!bytes_left(c) || at_work(c) > n) {
            /* What is at work may wait for the key or the lock of a run whose time has come. */
            if (!is_due(c))
                continue;
            kind = STORE_OPEN_DUE;
            n = n > SHARE ? SHARE : n > 1 ? n : 1;
        }
        read_some(c, kind, n < READ_BATCH ? n : READ_BATCH);
    }
}

void backlog_pump(struct company *c)
{
    struct engine *e = c->engine;
    struct backlog *b = &c->backlog;
    enum store_open_kind kind;
    if (!may_read(e))
        return;
    if (!b->reading && list_empty(&b->node) && next_kind(c, &kind)) {
        list_append(&e->reads, &b->node);
        e->nreads++;
    }
    serve(e);
}

bool backlog_take_new(struct company *c, int64_t seq)
{
    struct backlog *b = &c->backlog;
    if (seq <= b->new_seq)
        return false; /* it was read before it was told of */
    if (!may_read(c->engine) || b->behind || b->ready || !c->current || !list_empty(&c->unrouted) ||
        at_work(c) >= window(c) || !bytes_left(c)) {
        b->behind = true;
        backlog_pump(c);
        return false;
    }
    b->new_seq = seq;
    return true;
}

/* ---- what waits for a time ---- */

static void on_due(void *arg)
{
    struct engine *e = arg;
    int64_t now = clock_wall_ms(), next = 0;
    size_t at = 0;
    struct str key;
    void *value;
    e->due_ms = 0;
    while (map_next(e->companies, &at, &key, &value)) {
        struct company *c = value;
        int64_t due = c->backlog.due_ms;
        if (due && due <= now)
            backlog_pump(c);
        else if (due && (!next || due < next))
            next = due;
    }
    if (next)
        set_due_timer(e, next);
}

static void set_due_timer(struct engine *e, int64_t ms)
{
    if (e->due_ms && e->due_ms <= ms)
        return;
    if (!e->due_timer)
        e->due_timer = loop_timer_new(e->parts.loop, on_due, e);
    int64_t left = ms - clock_wall_ms();
    e->due_ms = ms;
    loop_timer_arm(e->due_timer, left < 0 ? 0 : left < LOOK_MS ? left : LOOK_MS);
}

void backlog_sleeps(struct company *c, int64_t until_ms)
{
    struct backlog *b = &c->backlog;
    if (b->due_ms && b->due_ms <= until_ms)
        return;
    b->due_ms = until_ms;
    set_due_timer(c->engine, until_ms);
}

void backlog_clock_set(struct company *c)
{
    struct backlog *b = &c->backlog;
    if (!b->due_ms)
        return;
    b->moved = b->reading;
    b->due = (struct store_place){0};
    b->due_ms = clock_wall_ms();
    backlog_pump(c);
}

/* ---- the start ---- */

struct beginning {
    struct engine *engine;
    char *last; /* the name of the last company that was told */
};

static void ask_more(struct beginning *g);

static void on_backlog(void *arg, const struct store_backlog *s)
{
    struct beginning *g = arg;
    if (g->engine->dead)
        return;
    mem_free(g->last);
    g->last = mem_dup(s->company);
    struct company *c = company_get(g->engine, s->company, s->books.in_flight > 0);
    if (c)
        admission_found(c, s->books.stored);
    if (s->books.in_flight == 0)
        return;
    struct backlog *b = &c->backlog;
    b->open = s->books.in_flight;
    b->ready = b->behind = true;
    b->late_from = s->late_from;
    b->late_until = s->late_until;
    b->late_first = b->late_until != 0;
    if (s->due_ms)
        backlog_sleeps(c, s->due_ms);
}

static void begun(struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *value;
    e->backlog_known = true;
    while (map_next(e->companies, &at, &key, &value))
        backlog_pump(value);
}

static void on_companies(void *arg, int n, const struct err *err)
{
    struct beginning *g = arg;
    struct engine *e = g->engine;
    bool here = engine_held_back(e);
    if (here && err) {
        log_event(LOG_ERROR, "backlog not read", "error", err->text, NULL);
        engine_retry_soon(e);
    } else if (here && n == COMPANIES_BATCH) {
        ask_more(g);
        return;
    } else if (here) {
        begun(e);
    }
    mem_free(g->last);
    mem_free(g);
}

static void ask_more(struct beginning *g)
{
    engine_hold(g->engine);
    store_load_backlog(
        g->engine->parts.store, g->last, COMPANIES_BATCH, on_backlog, on_companies, g);
}

/* What runs that had begun hold is theirs still, before any other run may start. */
static void on_begun_run(void *arg, const struct store_begun *b)
{
    struct engine *e = arg;
    if (e->dead)
        return;
    struct company *c = company_get(e, b->company, true);
    if (b->key[0])
        key_reserve(c, b->key, b->run);
    for (int i = 0; i < b->nlocks; i++)
        lock_reserve(c, b->locks[i], b->run);
    tries_silence(c, b->tries);
}

static void on_begun(void *arg, const struct err *err)
{
    struct engine *e = arg;
    if (!engine_held_back(e))
        return;
    if (err) {
        log_event(LOG_ERROR, "runs at work not read", "error", err->text, NULL);
        engine_retry_soon(e);
        return;
    }
    struct beginning *g = mem_zalloc(1, sizeof *g);
    g->engine = e;
    g->last = mem_dup("");
    ask_more(g);
}

void backlog_begin(struct engine *e)
{
    engine_hold(e);
    store_load_begun(e->parts.store, on_begun_run, on_begun, e);
}
