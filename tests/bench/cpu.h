/* What the benches of requests out measure with: processor time of this process and of those that
 * it has started and that have ended, and how it is told. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static inline double cpu_of(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline double cpu_seconds(void)
{
    return cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
}

/* Of a process that still runs. */
static inline double cpu_of_process(pid_t pid)
{
    clockid_t clock;
    struct timespec t = {0};
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One line of JSON, for bench_out.py; cpu_s is of all processes, children_s of those started. */
static inline void cpu_print(long done, long failed, double wall_s, double cpu_s, double children_s)
{
    printf("{\"done\":%ld,\"failed\":%ld,\"wall_s\":%.3f,\"cpu_s\":%.4f,\"children_s\":%.4f}\n",
        done, failed, wall_s, cpu_s, children_s);
}

#endif
