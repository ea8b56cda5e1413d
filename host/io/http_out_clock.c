/* With each request libcurl asks for the time 37 times: .7 us of 14, though nothing happens between
 * most of them. It cannot be told the time, but like every library it calls the C library's
 * clock_gettime, and a function of the program stands before one of a library. */
#include "http_out_clock.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

static _Thread_local struct {
    int looks; /* which get at */
    struct timespec at;
} held;

static int look(clockid_t id, struct timespec *t)
{
    typedef int (*function)(clockid_t, struct timespec *);
    static _Atomic(function) library;
    function f = atomic_load_explicit(&library, memory_order_relaxed);
    if (!f) {
        /* POSIX has what dlsym gives be a function, ISO C has no cast for it. */
        *(void **)&f = dlsym(RTLD_NEXT, "clock_gettime");
        atomic_store_explicit(&library, f, memory_order_relaxed);
    }
    return f(id, t);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_MONOTONIC || !held.looks)
        return look(id, t);
    if (--held.looks == 0)
        http_out_clock_hold();
    *t = held.at;
    return 0;
}

void http_out_clock_hold(void)
{
    look(CLOCK_MONOTONIC, &held.at);
    held.looks = HTTP_OUT_CLOCK_LOOKS;
}

void http_out_clock_release(void)
{
    held.looks = 0;
}
