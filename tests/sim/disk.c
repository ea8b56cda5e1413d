/* store.h over the virtual disk: what is asked gathers as in host/store/store.c, is committed in
 * groups, and told in order of asking. A death of the host loses what was not committed. */
#include <string.h>
#include "clock.h"
#include "disk.h"

#define BATCH_MAX  256
#define LINGER_MS  1
#define LINGER_MAX 64
#define PROBE_US   1000000

struct ops {
    struct op *first, **last;
    int n;
};

struct store {
    struct disk *disk;
    struct ops asked, queue, batch, finished;
    int lazy, pending;
    bool hurry, lingering, busy, dead, telling;
    int64_t restored_for_ms; /* as it was when it was opened */
    struct loop_timer *linger;
};

/* The one of the host that lives; a dead one's callbacks find their store dead. */
static struct store *current;

static void ops_init(struct ops *q)
{
    q->first = NULL;
    q->last = &q->first;
    q->n = 0;
}

static void ops_add(struct ops *q, struct op *o)
{
    o->next = NULL;
    *q->last = o;
    q->last = &o->next;
    q->n++;
}

static struct op *ops_shift(struct ops *q)
{
    struct op *o = q->first;
    if (!o)
        return NULL;
    q->first = o->next;
    if (!q->first)
        q->last = &q->first;
    q->n--;
    return o;
}

static void ops_join(struct ops *q, struct ops *more, int n)
{
    while (n-- > 0 && more->first)
        ops_add(q, ops_shift(more));
}

struct disk *disk_new(uint64_t seed, int slow)
{
    struct disk *d = arena_zalloc(sizeof *d);
    d->dice.at = seed;
    d->slow = slow;
    return d;
}

/* ---- commits ---- */

static void start_commit(struct store *s);

static void tell(struct op *o)
{
    const struct err *e = o->err;
    sim_note((uint64_t)o->kind + (e ? 100 : 0));
    for (const struct disk_switch *w = o->live; w; w = w->next)
        o->on_live(o->arg, &(struct store_switch){.company = w->company,
                               .version = w->version,
                               .folder = w->folder,
                               .how = w->how,
                               .at_ms = w->at_ms});
    for (int i = 0; o->begun && i < o->n && !e; i++)
        o->on_begun(o->arg, &o->begun[i]);
    if (o->done)
        o->done(o->arg, e);
    else if (o->on_event)
        o->on_event(
            o->arg, e ? STORE_EVENT_FAILED : o->result, e ? 0 : o->seq, e ? "" : o->first_id, e);
    else if (o->told)
        o->told(o->arg, e ? false : o->flag, e);
    else if (o->on_schedules)
        o->on_schedules(o->arg, e ? NULL : o->slots, e);
    else if (o->on_journal)
        o->on_journal(o->arg, e ? NULL : o->journal, e ? 0 : o->n, e);
    else if (o->on_standing)
        o->on_standing(o->arg, e ? NULL : o->standing, e);
    else if (o->on_revision)
        o->on_revision(o->arg, e ? STR_NONE : o->bytes, e ? NULL : o->effects, e ? 0 : o->n, e);
    else if (o->on_body)
        o->on_body(o->arg, e ? STR_NONE : o->bytes, e);
    else if (o->on_books)
        o->on_books(o->arg, e ? NULL : &o->books, e);
    else if (o->on_order)
        o->on_order(
            o->arg, o->newer ? o->newer->value : NULL, o->newer ? o->newer->event : NULL, e);
    else if (o->on_version)
        o->on_version(o->arg, e ? NULL : o->version.company_hash, o->bundles[0],
            e ? NULL : o->version.system_hash, o->bundles[1], e);
    else if (o->on_opened) {
        for (int i = 0; i < o->n && !e; i++)
            o->on_open(o->arg, &o->open[i]);
        o->on_opened(o->arg, e ? NULL : &o->end, e);
    } else if (o->on_backlog) {
        for (int i = 0; i < o->n && !e; i++)
            o->on_backlog(o->arg, &o->backlog[i]);
        o->on_backlog_end(o->arg, e ? 0 : o->n, e);
    }
}

static void tell_all(void *arg)
{
    struct store *s = arg;
    struct op *o;
    s->telling = false;
    while (!s->dead && (o = ops_shift(&s->finished)) != NULL) {
        s->pending--;
        tell(o);
        if (s->finished.first && machine_dies_here()) {
            host_crash();
            return;
        }
    }
}

static void apply(struct store *s)
{
    struct disk *d = s->disk;
    for (struct op *o = s->batch.first; o; o = o->next) {
        if (o->kind < OP_WRITES && d->full && dice_hit(&d->dice, 900)) {
            op_refuse(o, ERR_IO, "disk full");
            tables_refused(d, o);
            d->told_full = true;
        } else {
            tables_apply(d, o);
        }
    }
    d->commits++;
    judge_disk();
}

static void committed(void *arg)
{
    struct store *s = arg;
    if (s->dead)
        return;
    apply(s);
    ops_join(&s->finished, &s->batch, s->batch.n);
    s->busy = false;
    if (!s->telling)
        machine_after_us(dice_between(&s->disk->dice, 5, 100), tell_all, s);
    s->telling = true;
    start_commit(s);
}

static void start_commit(struct store *s)
{
    struct disk *d = s->disk;
    if (s->busy || !s->queue.first)
        return;
    ops_join(&s->batch, &s->queue, BATCH_MAX);
    s->busy = true;
    int64_t us = dice_between(&d->dice, 60, 600);
    if (dice_hit(&d->dice, d->slow))
        us = dice_between(&d->dice, 1000, 300000);
    machine_after_us(us, committed, s);
}

/* ---- asking ---- */

static void nothing(void *arg)
{
}

void store_hurry(struct store *s)
{
    if (!s->hurry)
        loop_post(sim->loop, nothing, NULL);
    s->hurry = true;
}

static void linger_over(void *arg)
{
    struct store *s = arg;
    s->lingering = false;
    if (s->asked.first)
        store_hurry(s);
}

static void hand_over(void *arg)
{
    struct store *s = arg;
    if (!s->hurry)
        return;
    s->hurry = false;
    s->lazy = 0;
    ops_join(&s->queue, &s->asked, s->asked.n);
    start_commit(s);
}

void disk_ask(struct store *s, struct op *o)
{
    ops_add(&s->asked, o);
    s->pending++;
    if (s->dead)
        return;
    if (!o->lazy || ++s->lazy >= LINGER_MAX) {
        store_hurry(s);
    } else if (!s->lingering) {
        s->lingering = true;
        loop_timer_arm(s->linger, LINGER_MS);
    }
}

/* ---- the life of a store ---- */

struct store *store_open(struct loop *l, const char *dir, struct err *e)
{
    struct store *s = arena_zalloc(sizeof *s);
    s->disk = sim->disk;
    s->restored_for_ms = s->disk->restored_for_ms;
    ops_init(&s->asked);
    ops_init(&s->queue);
    ops_init(&s->batch);
    ops_init(&s->finished);
    s->linger = machine_timer(linger_over, s);
    loop_on_idle(l, hand_over, s);
    for (int i = 0; i < s->disk->nruns; i++)
        s->disk->runs[i]->torn = s->disk->runs[i]->unbegun =
            false; /* the process before this knew */
    current = s;
    return s;
}

static void leave(struct store *s)
{
    s->dead = true;
    loop_timer_free(s->linger);
    s->linger = NULL;
    loop_off_idle(sim->loop, hand_over, s);
}

void disk_host_died(void)
{
    struct store *s = current;
    if (s->busy && dice_hit(&s->disk->dice, 500))
        apply(s);
    leave(s);
}

void disk_orphans(void)
{
    struct store *s = current;
    struct ops *parts[] = {&s->finished, &s->batch, &s->queue, &s->asked};
    struct op *o;
    for (size_t i = 0; i < 4; i++)
        while ((o = ops_shift(parts[i])) != NULL) {
            op_refuse(o, ERR_IO, "the host is gone");
            tell(o);
        }
    current = NULL;
}

void store_close(struct store *s)
{
    struct op *o;
    leave(s);
    for (;;) {
        while ((o = ops_shift(&s->finished)) != NULL)
            tell(o);
        ops_join(&s->batch, &s->queue, s->queue.n);
        ops_join(&s->batch, &s->asked, s->asked.n);
        if (!s->batch.first)
            break;
        if (s->busy) /* what was on its way comes first; the order is the same */
            s->busy = false;
        apply(s);
        ops_join(&s->finished, &s->batch, s->batch.n);
    }
    current = NULL;
}

static void probe(void *arg)
{
    struct disk *d = arg;
    if (!d->full)
        d->told_full = false;
}

void disk_set_full(struct disk *d, bool full)
{
    d->full = full;
    if (!full)
        machine_after_us(dice_between(&d->dice, 1, PROBE_US), probe, d);
}

bool store_full(const struct store *s)
{
    return s->disk->told_full;
}

int64_t store_restored_for_ms(const struct store *s)
{
    return s->restored_for_ms;
}

int store_pending(const struct store *s)
{
    return s->pending;
}

int store_alerts_open(const struct store *s)
{
    return s->disk->alerts_open;
}
