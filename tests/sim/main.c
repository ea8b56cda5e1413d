/* Runs seeds: so many, or for so long, or one with a trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "disk.h"
#include "engine.h"
#include "judge.h"

/* All that is open must end within this once nothing goes wrong any more: the longest Retry-After,
 * sleep and retry together, several times over. */
#define QUIET_MAX_MS ((int64_t)3 * 86400000)
#define TURNS_MAX    2000000

struct totals {
    int64_t seeds, failed, callbacks, events, lives, virtual_s;
    uint64_t print;
};

static void begin(struct sim *s, uint64_t seed, bool tracing)
{
    memset(s, 0, sizeof *s);
    s->seed = seed;
    s->tracing = tracing;
    struct dice d = {seed * 0x9e3779b97f4a7c15u + 1};
    s->of_machine.at = dice_roll(&d);
    s->of_disk.at = dice_roll(&d);
    s->of_scripts.at = dice_roll(&d);
    s->of_network.at = dice_roll(&d);
    s->of_people.at = dice_roll(&d);
    s->mono_us = dice_between(&d, 1, 1000000000000);
    s->wall_ahead_ms = 1760000000000 + dice_between(&d, 0, 30000000000);
    machine_begin();
    plan_make(&s->plan, seed, &d);
    plan_trace(&s->plan);
    s->disk = disk_new(dice_roll(&s->of_disk), dice_hit(&s->of_disk, 300) ? 200 : 20);
}

static bool all_settled(const struct disk *d)
{
    for (int i = 0; i < d->nevents; i++)
        if (d->events[i]->state == EVENT_IN_FLIGHT)
            return false;
    return true;
}

static void turn(int64_t until_ms)
{
    if (!machine_turn(until_ms))
        judge_limbo();
    if (sim->callbacks > TURNS_MAX)
        sim_fail("no end after %d callbacks", TURNS_MAX);
    if (machine_dies_here())
        host_crash();
}

/* Deliveries come, things go wrong; then nothing goes wrong any more, and all must end. */
static void play(void)
{
    scripts_begin();
    network_begin();
    judge_begin();
    host_begin();
    people_begin();
    host_start();
    int64_t storm_ms = sim->mono_us / 1000 + sim->plan.span_ms + 60000;
    while (sim->mono_us / 1000 < storm_ms && machine_turn(storm_ms))
        if (machine_dies_here())
            host_crash();
    TRACE("---- calm from here");
    sim->calm = true;
    sim->crash_in = 0;
    disk_set_full(sim->disk, false);
    int64_t limit_ms = sim->mono_us / 1000 + QUIET_MAX_MS;
    while (!people_done() || !sim->engine || !sim->accepting || !all_settled(sim->disk))
        turn(limit_ms);
    int64_t idle_ms = sim->mono_us / 1000 + 120000;
    while (machine_turn(idle_ms))
        ;
    judge_quiet();
    host_stop();
}

static bool run_seed(struct totals *t, uint64_t seed, bool tracing)
{
    static struct sim world;
    sim = &world;
    begin(&world, seed, tracing);
    bool well = setjmp(world.failed) == 0;
    if (well) {
        play();
        machine_end();
    }
    t->seeds++;
    t->failed += !well;
    t->callbacks += world.callbacks;
    t->events += world.disk->nevents;
    t->lives += world.lives;
    t->print ^= world.print * (seed | 1);
    if (!well)
        printf("seed %llu: %s\n    again with a trace: make sim SIM_SEED=%llu\n",
            (unsigned long long)seed, world.why, (unsigned long long)seed);
    return well;
}

/* Of the processor: what else the machine does is not to count. */
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t fresh_seed(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return ((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000) % 1000000000 * 1000;
}

/* Two runs of one seed are equal in all that happens, or a replay would show something else. */
static bool repeats(uint64_t seed)
{
    struct totals a = {0}, b = {0};
    run_seed(&a, seed, false);
    run_seed(&b, seed, false);
    if (a.print == b.print && a.callbacks == b.callbacks)
        return true;
    printf("seed %llu is not the same when it is run again\n", (unsigned long long)seed);
    return false;
}

static void usage(void)
{
    fputs("usage: sim [--seeds N] [--seconds S] [--from SEED] [--seed SEED] [--repeat N]\n"
          "    [--step N] [--failures N]\n",
        stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    struct totals t = {0};
    uint64_t from = fresh_seed(), one = 0;
    uint64_t step = 1;
    int64_t seeds = 0, repeat = 20, failures = 10;
    double seconds = 0;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value)
            usage();
        if (strcmp(name, "--seeds") == 0)
            seeds = strtoll(value, NULL, 10);
        else if (strcmp(name, "--seconds") == 0)
            seconds = strtod(value, NULL);
        else if (strcmp(name, "--from") == 0)
            from = strtoull(value, NULL, 10);
        else if (strcmp(name, "--step") ==
                 0) /* PLAN_NARROW, from one of these: narrow ones alone */
            step = strtoull(value, NULL, 10);
        else if (strcmp(name, "--repeat") == 0)
            repeat = strtoll(value, NULL, 10);
        else if (strcmp(name, "--failures") == 0)
            failures = strtoll(value, NULL, 10);
        else if (strcmp(name, "--seed") == 0)
            one = strtoull(value, NULL, 10);
        else
            usage();
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    machine_install();
    if (one)
        return run_seed(&t, one, true) ? 0 : 1;
    if (!seeds && seconds <= 0)
        seconds = 10;
    double began = now_s(), took;
    bool same = true;
    for (int64_t i = 0; i < repeat; i++)
        same &= repeats(from + (uint64_t)i);
    began = now_s();
    for (uint64_t seed = from; t.failed < failures; seed += step) {
        if (seeds ? t.seeds >= seeds : now_s() - began >= seconds)
            break;
        run_seed(&t, seed, false);
    }
    took = now_s() - began;
    printf(
        "%lld seeds from %llu in %.1f s of one core: %.0f a second; a seed is %.0f events, %.0f callbacks, "
        "%.1f lives of the host\n",
        (long long)t.seeds, (unsigned long long)from, took, (double)t.seeds / took,
        (double)t.events / (double)t.seeds, (double)t.callbacks / (double)t.seeds,
        (double)t.lives / (double)t.seeds);
    printf("%lld passed, %lld failed\n", (long long)(t.seeds - t.failed) + same,
        (long long)t.failed + !same);
    fflush(stdout);
    _Exit(t.failed || !same ? 1 : 0);
}
