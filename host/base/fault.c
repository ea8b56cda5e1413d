/* Fault points of test builds, see fault.h. The counters are the one mutable global of the
 * project: a fault point must work anywhere, without a struct to hang it on. */
#include "fault.h"

#ifdef SAUMA_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include "str.h"

static atomic_int_fast64_t kill_passes, fail_passes;

/* True if the setting (environment variable var) names this point and its n-th pass is now. */
static bool hits(const char *var, const char *name, atomic_int_fast64_t *passes)
{
    struct str range, last, set = str_of(getenv(var));
    int64_t from, to;
    if (!set.p || !str_is(str_cut(set, ':', &range), name))
        return false;
    struct str first = str_cut(range, '-', &last);
    if (!str_to_i64(first, &from))
        return false;
    if (!last.p)
        to = from;
    else if (!str_to_i64(last, &to))
        return false;
    int64_t pass = atomic_fetch_add(passes, 1) + 1;
    return pass >= from && pass <= to;
}

void fault_point(const char *name)
{
    if (hits("SAUMA_FAULT", name, &kill_passes))
        raise(SIGKILL);
}

bool fault_fail(const char *name)
{
    return hits("SAUMA_FAIL", name, &fail_passes);
}
#endif
