/* What has to be looked at now and then by the clock on the wall, which may be set at any moment,
 * by an hour or by years. Waits in memory go by the monotonic clock and need none of this;
 * schedules are about the wall clock and so are never waited for in one go; waits in the store are
 * moved along when the clock is. */
#include <stdio.h>
#include "alert.h"
#include "channel.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "store_clock.h"

/* A clock that is put right by less was not set, and no wait is that exact. */
#define SET_MS INT64_C(2000)
/* One that was set is noticed within this. */
#define LOOK_MS INT64_C(5000)

/* How often the time since older data was put back is written down. What is forgotten of it, if the
 * host is killed, is that much longer looked for first. */
#define RESTORED_MS INT64_C(60000)

/* A setting of the clock along which the waits in the store are still to be moved. */
struct clock_shift {
    struct list node;
    int64_t since_ms; /* the clock as it is now could not show less when it was set */
    int64_t ahead_ms; /* of the monotonic clock, since it was set */
    int64_t delta_ms; /* 0: the start of the host */
};

static void shift_first(struct engine *e);

static void on_shifted(void *arg, const struct err *err)
{
    struct engine *e = arg;
    size_t at = 0;
    struct str key;
    void *value;
    if (!engine_held_back(e))
        return;
    e->shifting = false;
    if (err) {
        log_event(LOG_ERROR, "waits not moved along with the clock", "error", err->text, "next",
            "tried again in some seconds", NULL);
    } else {
        struct clock_shift *c = LIST_OF(e->shifts.next, struct clock_shift, node);
        list_remove(&c->node);
        mem_free(c);
    }
    while (map_next(e->companies, &at, &key, &value))
        backlog_clock_set(value);
    if (!err)
        shift_first(e);
}

/* One after the other: a later setting counts from where an earlier one has put the waits. One that
 * the store could not take (a full disk) is tried again at the next look. */
static void shift_first(struct engine *e)
{
    if (e->shifting || list_empty(&e->shifts))
        return;
    const struct clock_shift *c = LIST_OF(e->shifts.next, struct clock_shift, node);
    e->shifting = true;
    engine_hold(e);
    store_shift_waits(
        e->parts.store, c->since_ms, c->ahead_ms + clock_mono_ms(), c->delta_ms, on_shifted, e);
}

static void shift_waits(struct engine *e, int64_t since, int64_t delta)
{
    struct clock_shift *c = mem_zalloc(1, sizeof *c);
    c->since_ms = since;
    c->ahead_ms = e->clock_ahead_ms;
    c->delta_ms = delta;
    list_append(&e->shifts, &c->node);
    shift_first(e);
}

/* Whether a token ended meanwhile nobody can tell (a machine that slept sees its clock jump too): a
 * fresh one costs a request. */
static void forget_tokens(struct engine *e)
{
    size_t at = 0, k;
    struct str key;
    void *value, *channel;
    while (map_next(e->companies, &at, &key, &value))
        for (k = 0; map_next(((struct company *)value)->channels, &k, &key, &channel);)
            token_forget(channel);
}

static void move_parked(struct engine *e, int64_t delta)
{
    for (struct list *n = e->events.next; n != &e->events; n = n->next) {
        struct incoming *ev = LIST_OF(n, struct incoming, node);
        for (struct list *m = ev->runs.next; m != &ev->runs; m = m->next) {
            struct run *r = LIST_OF(m, struct run, event_node);
            if (r->parked)
                r->until_ms += delta;
        }
    }
}

static void look_at_clock(struct engine *e, int64_t now)
{
    char seconds[32];
    int64_t ahead = now - clock_mono_ms(), delta = ahead - e->clock_ahead_ms;
    e->clock_ahead_ms = ahead;
    if (delta > -SET_MS && delta < SET_MS)
        return;
    snprintf(seconds, sizeof seconds, "%.3f", (double)delta / 1000);
    log_event(LOG_WARN, "the clock was set", "seconds", seconds, NULL);
    move_parked(e, delta);
    forget_tokens(e);
    shift_waits(e, now - LOOK_MS, delta);
}

static void look_at_restored(struct engine *e)
{
    int64_t since = engine_since_restored(e);
    if (since == INT64_MAX || e->restored_for_ms >= e->set.search_first_ms ||
        since < e->restored_for_ms + RESTORED_MS)
        return;
    e->restored_for_ms = since;
    store_set_restored_for(e->parts.store, since);
}

/* Grants that nobody uses are renewed all the same, so that they do not lapse. */
static void look_at_grants(struct company *c, int64_t now)
{
    const struct manifest *m = c->current ? c->current->manifest : NULL;
    for (int i = 0; m && i < m->nconnections; i++)
        if (manifest_auth_by_person(&m->connections[i].auth))
            grant_look(channel_get(c, &m->connections[i]), now);
}

static void keep(void *arg)
{
    struct engine *e = arg;
    int64_t now = clock_wall_ms(), next = now + LOOK_MS;
    size_t at = 0;
    struct str key;
    void *value;
    if (e->draining)
        return;
    look_at_clock(e, now);
    shift_first(e);
    look_at_restored(e);
    while (map_next(e->companies, &at, &key, &value)) {
        admission_look(value, false);
        alert_look(value);
        int64_t due = timetable_look(value, now);
        int64_t silent = silence_look(value, now);
        look_at_grants(value, now);
        if (silent < due)
            due = silent;
        if (due < next)
            next = due;
    }
    loop_timer_arm(e->keeper, next > now ? next - now : 0);
}

void keeper_soon(struct engine *e)
{
    if (e->started && !e->draining && e->keeper)
        loop_timer_arm(e->keeper, 0);
}

void keeper_start(struct engine *e)
{
    int64_t now = clock_wall_ms();
    e->clock_ahead_ms = now - clock_mono_ms();
    e->restored_for_ms = store_restored_for_ms(e->parts.store);
    e->keeper = loop_timer_new(e->parts.loop, keep, e);
    loop_timer_arm(e->keeper, 0);
    shift_waits(e, now, 0);
}

void keeper_free(struct engine *e)
{
    struct list *n;
    if (e->keeper)
        loop_timer_free(e->keeper);
    e->keeper = NULL;
    while ((n = list_shift(&e->shifts)) != NULL)
        mem_free(LIST_OF(n, struct clock_shift, node));
}
