/* Limits and the system call filter. */
#include "confine.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int set_limit(int resource, const char *name, rlim_t value, struct err *e)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return err_set(e, ERR_IO, "getrlimit %s: %s", name, strerror(errno));
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(resource, &limit) < 0)
        return err_set(e, ERR_IO, "setrlimit %s: %s", name, strerror(errno));
    return 0;
}

/* RLIMIT_CPU is not among them: it counts the whole life of a process that serves runs for weeks,
 * and one burst is what is to be bounded. The tick of watchdog.c ends a burst from inside, and what
 * it cannot reach (a C function that computes) the host ends from outside: it sees in the shared
 * page how long a burst takes, sends SIGKILL, and moves RLIMIT_CPU on from burst to burst, for when
 * it does not come to look itself. If the host dies, so does the process (PR_SET_PDEATHSIG). */
static int set_limits(size_t space, bool filter, struct err *e)
{
    /* Standard error may be a file: writing to it is then refused, and no reason to die. */
    signal(SIGXFSZ, SIG_IGN);
    if (set_limit(RLIMIT_CORE, "CORE", 0, e) < 0)
        return -1;
    /* valgrind keeps descriptors of its own above the program's, and refuses. */
    if (filter && set_limit(RLIMIT_NOFILE, "NOFILE", 8, e) < 0)
        return -1;
    /* Sanitizers and valgrind reserve terabytes and write reports. */
    if (SANITIZED || !filter)
        return 0;
    if (set_limit(RLIMIT_FSIZE, "FSIZE", 0, e) < 0 || set_limit(RLIMIT_NPROC, "NPROC", 0, e) < 0)
        return -1;
    return set_limit(RLIMIT_AS, "AS", (rlim_t)space, e);
}

/* What the process does once it serves; sysinfo is qsort asking how much memory there is. Memory
 * that is mapped is never executable.
 * No network namespace besides: no call here makes, connects or receives a socket, and where the
 * filter cannot be loaded the process does not start. A namespace would take a user namespace too
 * (with all capabilities in it until the filter counts, and refused where systemd's
 * RestrictNamespaces= or the kernel forbid it), 0.6 ms of each start and 220 KB of the kernel's
 * memory: with 1,000 processes 0.6 s and 220 MB, nearly as much as all that the host may take. */
static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(futex),
    SCMP_SYS(clock_gettime), SCMP_SYS(setitimer), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall), SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(close), SCMP_SYS(sigaltstack),
    SCMP_SYS(sysinfo)}; /* glibc's qsort asks how much memory there is */

/* What the sanitizers' runtime does besides; what is not here fails with EPERM there. */
static const int for_sanitizers[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(rt_sigaction),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(sched_yield),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(prctl),
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek)};

static int allow(scmp_filter_ctx f, const int *calls, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
    return rc;
}

static int add_rules(scmp_filter_ctx f)
{
    int rc = allow(f, allowed, sizeof(allowed) / sizeof(allowed[0]));
    if (rc == 0 && SANITIZED)
        rc = allow(f, for_sanitizers, sizeof(for_sanitizers) / sizeof(for_sanitizers[0]));
    if (SANITIZED)
        return rc;
    if (rc == 0)
        rc = seccomp_rule_add(
            f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (rc == 0)
        rc = seccomp_rule_add(
            f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

static int set_filter(struct err *e)
{
    scmp_filter_ctx f = seccomp_init(SANITIZED ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    if (!f)
        return err_set(e, ERR_IO, "no system call filter");
    int rc = add_rules(f);
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    return rc == 0 ? 0 : err_set(e, ERR_IO, "system call filter: %s", strerror(-rc));
}

int confine(size_t space, bool filter, struct err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return err_set(e, ERR_IO, "prctl: %s", strerror(errno));
    if (set_limits(space, filter, e) < 0)
        return -1;
    return filter ? set_filter(e) : 0;
}
