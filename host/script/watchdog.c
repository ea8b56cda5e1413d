/* The tick, the burst it watches, the hook it sets, and the rest after it. */
#include "watchdog.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include "call.h"
#include "page.h"
#include "vm.h"

/* A signal handler gets no argument, so what it looks at cannot hang off anything: the one mutable
 * global of the script side. `co` is NULL between bursts, so a late tick hits nobody. */
static struct {
    struct call *volatile call;
    lua_State *volatile co;
    volatile sig_atomic_t burst_limit, call_limit; /* ticks; 0: none */
    const struct child_page *page;
} watched;

/* Fires after each instruction from the trip on: what a __close handler or an iterator does while
 * the error unwinds is stopped as well. */
static void l_trip(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct call *c = vm_of(L)->call;
    if (!c)
        return;
    if (c->ending != ENDING_NONE) {
        call_check(L);
        return;
    }
    if (watched.call_limit && c->ticks >= watched.call_limit)
        call_hit_limit(L, "cpu", "the run has computed for more than %d ms in all",
            (int)watched.call_limit * WATCHDOG_TICK_MS);
    call_hit_limit(L, "burst",
        "the script computed for more than %d ms without a step: is there an endless loop?",
        (int)watched.burst_limit * WATCHDOG_TICK_MS);
}

/* Wherever the process computes, in C as well: it is the handler that waits. */
static void rest(void)
{
    uint32_t percent = watched.page ? watched.page->percent : 0;
    int error = errno;
    if (percent > 0 && percent < 100)
        poll(NULL, 0, (int)(WATCHDOG_TICK_MS * (100 - percent) / percent));
    errno = error;
}

static void count_tick(void)
{
    struct call *c = watched.call;
    lua_State *co = watched.co;
    if (!c || !co)
        return;
    c->burst_ticks++;
    c->ticks++;
    if ((watched.burst_limit && c->burst_ticks >= watched.burst_limit) ||
        (watched.call_limit && c->ticks >= watched.call_limit))
        lua_sethook(co, l_trip, LUA_MASKCOUNT, 1); /* made to be called from signal handlers */
}

static void on_tick(int signal_number)
{
    (void)signal_number;
    count_tick();
    rest();
}

int watchdog_start(const struct child_page *page)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct itimerval every = {.it_interval.tv_usec = WATCHDOG_TICK_MS * 1000,
        .it_value.tv_usec = WATCHDOG_TICK_MS * 1000};
    sigemptyset(&action.sa_mask);
    watched.page = page;
    if (sigaction(SIGPROF, &action, NULL) < 0)
        return -1;
    return setitimer(ITIMER_PROF, &every, NULL);
}

static sig_atomic_t ticks_of(int64_t ms)
{
    if (ms <= 0)
        return 0;
    int64_t ticks = ms / WATCHDOG_TICK_MS;
    return ticks < 1 ? 1 : ticks > 1000000 ? 1000000 : (sig_atomic_t)ticks;
}

void watchdog_begin(struct call *c, lua_State *co, int64_t burst_ms, int64_t call_ms)
{
    c->burst_ticks = 0;
    watched.burst_limit = ticks_of(burst_ms);
    watched.call_limit = ticks_of(call_ms);
    watched.call = c;
    watched.co = co; /* last: the handler looks at both */
}

void watchdog_end(void)
{
    lua_State *co = watched.co;
    watched.co = NULL;
    watched.call = NULL;
    if (co)
        lua_sethook(co, NULL, 0, 0);
}
