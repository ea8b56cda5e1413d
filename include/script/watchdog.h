/* Stops scripts that compute without end. A standing hook would halve the speed of every script, so
 * there is none: a timer of the process's own CPU time ticks, and the tick that finds a burst over
 * its time sets a hook on the coroutine, which then raises. What no hook reaches (a pattern that
 * backtracks) is the host's to kill. The same tick holds the process to its share of a processor.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>
#include <lua.h>

struct call;
struct child_page;

#define WATCHDOG_TICK_MS 10

/* Starts the ticking, once per process: CPU time, so an idle process is not woken. After each tick
 * the process rests for as long as page->percent says; NULL: it never does. */
int watchdog_start(const struct child_page *page);
/* The burst of c on thread co begins; it and all bursts of the call may last this much CPU time. */
void watchdog_begin(struct call *c, lua_State *co, int64_t burst_ms, int64_t call_ms);
void watchdog_end(void);

#endif
