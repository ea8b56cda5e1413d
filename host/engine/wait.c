/* A run that waits: for its turn, its version, a place, a time or a lock. While it waits long it
 * has no Lua state and no place; it goes on by replay. */
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "lock.h"
#include "mem.h"
#include "step.h"
#include "tries.h"

/* Idle: it waits for a time, or for another run. */
static void set_idle(struct run *r, bool *flag, bool idle)
{
    if (*flag == idle)
        return;
    *flag = idle;
    r->event->idle += idle ? 1 : -1;
    if (r->event->idle == r->event->open && (r->parked || backlog_heavy(r->company)))
        body_drop(r->event);
    incoming_update(r->event);
}

static void set_parked(struct run *r, bool parked)
{
    if (r->parked == parked)
        return;
    r->engine->stats.parked += parked ? 1 : -1;
    set_idle(r, &r->parked, parked);
}

void run_unidle(struct run *r)
{
    set_parked(r, false);
    set_idle(r, &r->blocked, false);
}

void run_queue(struct run *r)
{
    if (r->ending || r->gone || r->slot || !list_empty(&r->ready_node))
        return;
    if (!r->version)
        r->version = version_recorded(r->company, r->version_name);
    if (r->version->state == VERSION_LOADING) {
        if (list_empty(&r->version_node))
            list_append(&r->version->waiting, &r->version_node);
    } else if (r->version->state == VERSION_BROKEN) {
        run_attention(r, "version %s of the company's scripts could not be loaded: %s",
            r->version_name, r->version->problem);
    } else {
        schedule_add(r);
    }
}

static void park_for_lock(struct run *r);

static void wait_over(void *arg)
{
    struct run *r = arg;
    if (r->lock_wanted) {
        park_for_lock(r);
        return;
    }
    if (r->parked && r->state == RUN_WAITING)
        r->waited = r->parked_at;
    set_parked(r, false);
    run_queue(r);
}

static void arm(struct run *r, int64_t ms)
{
    if (!r->timer)
        r->timer = loop_timer_new(r->engine->parts.loop, wait_over, r);
    loop_timer_arm(r->timer, ms > 0 ? ms : 0);
}

void run_admit(struct run *r)
{
    int64_t left = r->until_ms - clock_wall_ms();
    bool turn = key_turn(r);
    set_idle(r, &r->blocked, !turn && r->queue->runs.next != &r->key_node);
    if (!turn)
        return; /* it is called when it may go on */
    if (r->state == RUN_WAITING && left > 0) {
        set_parked(r, true);
        arm(r, left);
        return;
    }
    run_queue(r);
}

/* Its Lua state and its place; not what others wait for. */
static void give_back(struct run *r)
{
    if (r->call)
        scripts_drop(r->call);
    r->call = NULL;
    journal_forget(r);
    r->resumed = true;
    schedule_release(r);
}

static void park_stored(struct run *r, const struct err *err)
{
    if (!err)
        incoming_let_go(r->event);
}

void run_park(struct run *r, int64_t until_ms, const char *why)
{
    give_back(r);
    r->state = RUN_WAITING;
    r->parked_at = r->seq;
    r->until_ms = until_ms;
    run_set_reason(r, why);
    run_store_state(r, park_stored);
    set_parked(r, true);
    arm(r, until_ms - clock_wall_ms());
    schedule_pump(r->engine);
}

void run_wake(struct run *r)
{
    if (!r->parked || r->state != RUN_WAITING)
        return;
    r->until_ms = clock_wall_ms();
    arm(r, 0);
}

/* ---- locks ---- */

/* As if until now: after a restart it asks for its lock at once. */
static void park_for_lock(struct run *r)
{
    if (r->parked)
        return;
    step_cancel(r->step);
    give_back(r);
    r->state = RUN_WAITING;
    r->until_ms = clock_wall_ms();
    char *why = mem_printf("waits for the lock \"%.200s\", which run %s has", r->lock_name,
        lock_holder(r->company, r->lock_name));
    run_set_reason(r, why);
    mem_free(why);
    run_store_state(r, NULL);
    set_parked(r, true);
    schedule_pump(r->engine);
}

void run_await_lock(struct run *r)
{
    r->lock_since_ms = clock_mono_ms();
    arm(r, r->engine->set.inline_wait_ms);
}

bool run_lock_came(struct run *r)
{
    r->began_ms += clock_mono_ms() - r->lock_since_ms;
    loop_timer_disarm(r->timer);
    if (!r->parked)
        return true;
    set_parked(r, false);
    run_queue(r);
    return false;
}

/* ---- beginning again ---- */

void run_again(struct run *r, int64_t wait_ms)
{
    if (r->ending || r->gone)
        return;
    if (step_must_finish(r->step)) { /* its answer brings us back here */
        if (r->call)
            scripts_drop(r->call);
        r->call = NULL;
        return;
    }
    step_cancel(r->step);
    lock_stop_waiting(r);
    give_back(r);
    r->parked_at = 0; /* a wait that it may be in is not over when it begins again */
    if (wait_ms > 0 || r->reading)
        arm(r, wait_ms);
    else
        run_queue(r);
    schedule_pump(r->engine);
}

void run_recorded(struct run *r, const struct store_progress *p)
{
    r->resumed = true;
    r->reopened_seq = p->reopened_seq;
    if (p->spent_ms >= 0)
        r->began_ms = clock_mono_ms() - p->spent_ms;
    tries_load(r, p->tries);
}
