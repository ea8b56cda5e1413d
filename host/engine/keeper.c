/* What has to be looked at now and then by the clock on the wall, which may be set at any moment,
 * by an hour or by years. Waits in memory go by the monotonic clock and need none of this;
 * schedules are about the wall clock and so are never waited for in one go; waits in the store are
 * moved along when the clock is. */
#include <stdio.h>
#include "channel.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "store_clock.h"

/* A clock that is put right by less was not set, and no wait is that exact. */
#define SET_MS INT64_C(2000)

static void on_shifted(void *arg, const struct err *err)
{
    struct engine *e = arg;
    size_t at = 0;
    struct str key;
    void *value;
    if (!engine_held_back(e))
        return;
    if (err)
        log_event(LOG_ERROR, "waits not moved along with the clock", "error", err->text, NULL);
    while (map_next(e->companies, &at, &key, &value))
        backlog_clock_set(value);
}

static void shift_waits(struct engine *e, int64_t now, int64_t delta)
{
    engine_hold(e);
    store_shift_waits(e->parts.store, now, delta, on_shifted, e);
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
    shift_waits(e, now, delta);
}

static void keep(void *arg)
{
    struct engine *e = arg;
    int64_t now = clock_wall_ms(), next = now + KEEPER_LOOK_MS;
    size_t at = 0;
    struct str key;
    void *value;
    if (e->draining)
        return;
    look_at_clock(e, now);
    while (map_next(e->companies, &at, &key, &value)) {
        admission_look(value, false);
        int64_t due = timetable_look(value, now);
        int64_t silent = silence_look(value, now);
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
    e->keeper = loop_timer_new(e->parts.loop, keep, e);
    loop_timer_arm(e->keeper, 0);
    shift_waits(e, now, 0);
}
