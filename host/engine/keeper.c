/* What has to be looked at now and then by the clock on the wall. Waits go by the monotonic clock;
 * but a schedule is about the wall clock, which may be set at any moment, so it is never waited for
 * in one go. */
#include "clock.h"
#include "machine.h"

/* So long after the clock was set this is noticed. */
#define LOOK_MS INT64_C(5000)

static void keep(void *arg)
{
    struct engine *e = arg;
    int64_t now = clock_wall_ms(), next = now + LOOK_MS;
    size_t at = 0;
    struct str key;
    void *value;
    if (e->draining)
        return;
    while (map_next(e->companies, &at, &key, &value)) {
        int64_t due = timetable_look(value, now);
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
    e->keeper = loop_timer_new(e->parts.loop, keep, e);
    loop_timer_arm(e->keeper, 0);
}
