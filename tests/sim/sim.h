/* The simulator: the engine as it is shipped, over a loop, clock, store, network and script
 * processes that are played here, all in one thread and all from one seed. Nothing waits: when
 * there is nothing to do, time jumps to the next timer. Between any two callbacks the host may die;
 * what was committed to the virtual disk and what arrived outside stays, and a new host starts from
 * it.
 *
 *   basics.c   random numbers, memory of one seed, the trace
 *   machine.c  the loop, the clock, random numbers, memory that is counted: one simulated machine
 *   disk.c     store.h (asks.c) over tables in memory (tables.c, alerts.c, order.c ...), with
 *              its backups (backup.c)
 *   scripts.c  script processes that run the rules of rules.c, which follow lua/http.lua
 *   network.c  http_out.h to outside.c, the systems outside with their own ledger
 *   host.c     lives of the host: starts, deaths, drains
 *   people.c   those who send deliveries, act on runs, and set clocks
 *   judge.c    what must hold
 *   plan.c     what a seed is made of; main.c runs seeds
 *
 * conformance.c holds the virtual disk against the real store, and rules_conformance.c the rules
 * against Lua with the program's own lua/. mutants/ are engines that are wrong on purpose, each of
 * which must be noticed.
 *
 * A seed that fails is printed as the command that plays it again with a trace. */
#ifndef SIM_H
#define SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loop.h"
#include "str.h"

/* ---- random numbers: splitmix64; each part draws from its own stream ---- */

struct dice {
    uint64_t at;
};
uint64_t dice_roll(struct dice *d);
/* 0 .. n-1; n > 0. */
uint32_t dice_below(struct dice *d, uint32_t n);
int64_t dice_between(struct dice *d, int64_t low, int64_t high); /* both included */
bool dice_hit(struct dice *d, int per_mille);

/* ---- memory of one seed, given back as a whole ---- */

void *arena_zalloc(size_t n);
const char *arena_text(const char *s); /* NULL gives "" */
struct str arena_bytes(struct str s);  /* p NULL: STR_NONE */
void arena_reset(void);

/* ---- what a seed is made of ---- */

enum { COMPANIES_MAX = 4 };
struct plan {
    int companies, deliveries, kinds; /* kinds of rules in use */
    bool locks;                       /* the rule that takes locks is among them */
    int customers, keys;              /* how many different ones: few make for contention */
    int64_t span_ms;                  /* deliveries come within this */
    int crashes;                      /* of the host, at most */
    int crash_gap;                    /* callbacks between two of them, about */
    int script_deaths, drains, acts, reloads, full_disks, clock_jumps;
    bool guilty;         /* a dying script process may blame a call */
    int trouble;         /* per mille of requests that go wrong; 0: all is well outside */
    int late;            /* per mille of the writes in trouble that land late */
    int64_t stale_ms;    /* a search does not see what is newer than this */
    int outages;         /* times in which a connection does not answer */
    int dawdle;          /* per mille of turns of the loop that are slow */
    int restores;        /* a backup is put back after a death, at most so often */
    bool jumps_to_crash; /* the wall clock is set while the host is down as well */
    bool narrow;         /* few keys, little memory, full disks and deaths together */
};
/* The seeds that this divides are narrow ones. */
#define PLAN_NARROW 10
void plan_make(struct plan *p, uint64_t seed, struct dice *d);
void plan_trace(const struct plan *p);

/* ---- the world of one seed ---- */

struct disk;
struct engine;
struct sim {
    uint64_t seed, print; /* print: grows with all that happens; equal seeds have equal prints */
    struct plan plan;
    struct dice of_machine, of_disk, of_scripts, of_network, of_people;
    struct loop *loop;
    struct disk *disk;
    struct engine *engine; /* NULL while the host is down */
    bool accepting;        /* it takes deliveries */
    bool calm;             /* nothing goes wrong any more: what is open must end now */
    int64_t mono_us, wall_ahead_ms;
    int64_t blocks; /* of the host's memory */
    int timers;     /* of the host */
    int transfers, calls, contexts;
    int64_t callbacks, in_second, second;
    int crash_in; /* callbacks until the host dies; 0: not planned */
    int events;   /* deliveries stored */
    int lives;    /* hosts started */
    bool tracing;
    jmp_buf failed;
    char why[1500];
};
extern struct sim *sim;

/* What is not to be trusted ends the seed. */
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
const char *sim_time(void);
void sim_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define TRACE(...) (sim->tracing ? sim_trace(__VA_ARGS__) : (void)0)
/* What happened, for the print: any number that says it. */
void sim_note(uint64_t what);

/* ---- machine.c ---- */

void machine_install(void); /* once */
void machine_begin(void);
void machine_end(void);
/* One callback. False: there is nothing left to do, or not before until_ms (monotonic). */
bool machine_turn(int64_t until_ms);
/* A timer of the world: it is none of the host's and outlives it. */
struct loop_timer *machine_timer(loop_fn fn, void *arg);
/* fn(arg) in so long, once. */
void machine_after_us(int64_t us, loop_fn fn, void *arg);
/* The host died: nothing that it posted is called any more but by this. */
void machine_flush_posts(void);
/* A callback among several of one turn: true if the host dies right after it. */
bool machine_dies_here(void);

/* ---- the parts ---- */

void scripts_begin(void);
void scripts_host_died(void);    /* judged: all calls and contexts were dropped */
void scripts_death(bool guilty); /* one script process dies */
void network_begin(void);
void host_begin(void);
void host_start(void);
void host_stop(void);
void host_crash(void);
void host_drain(void);
void host_reload(void);
void host_backup(void);
bool host_load_broken(const char *company, int version);
void people_begin(void);
bool people_done(void);
void people_set_clock(void);
void people_host_died(void);
void people_restored(void); /* the disk has forgotten some of what they were told */
void judge_delivered(const char *event, struct str body, int status);
void judge_quiet(void); /* at the end: all that came in has ended, and nothing is held */
struct disk_run;
struct disk_step;
void judge_step(struct disk_run *r, const struct disk_step *s); /* it came onto the disk */
void judge_disk(void);                                          /* after each commit */

#endif
