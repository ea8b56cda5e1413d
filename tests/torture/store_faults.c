/* F5, F6, F7: the n-th call to the disk or to memory fails, once or for ever, for each n there is.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "store_shim.h"
#include "store_torture.h"
#include "store_work.h"

struct told {
    struct shim_fault fault;
    struct work_acks acks;
    bool opened, worked;
    int64_t back_ms; /* from space to an event that was stored */
    char words[1200];
};

static struct work_options work_of(const struct torture *t)
{
    return (struct work_options){
        .seed = t->seed, .events = 24, .largest = 40000, .one_by_one = true, .idle_one_in = 8};
}

static int do_work(struct trial *t, struct told *told)
{
    struct work_options o = work_of(t->arg);
    struct err e = {0};
    struct loop *l = loop_new(NULL);
    struct store *s = store_open(l, t->dir, &e);
    int rc = TRIAL_REFUSED;
    snprintf(told->words, sizeof(told->words), "%s", e.text);
    if (s) {
        told->opened = true;
        rc = work_do(l, s, &o, &told->acks) ? TRIAL_WRONG : TRIAL_FINE;
        told->worked = true;
        store_close(s);
    }
    loop_free(l);
    return rc;
}

static int judge_rest(struct trial *t, char *words, size_t size)
{
    struct work_options o = work_of(t->arg);
    struct told *told = t->shared;
    return work_judge(t->dir, &o, &told->acks, -1, words, size);
}

/* ---- F6: a disk that is broken ---- */

static int io_trial(struct trial *t)
{
    struct told *told = t->shared;
    log_set_level(LOG_ERROR + 1);
    shim_install(&told->fault);
    return do_work(t, told);
}

/* Whatever happens, it ends in good order, and nothing that was acknowledged is lost. A sync that
 * failed ends the process: it is never asked again. */
static int judge_io(struct trial *t, char *words, size_t size)
{
    struct told *told = t->shared;
    bool hit = atomic_load(&told->fault.hits) > 0;
    int kind = atomic_load(&told->fault.hit_kind);
    if (t->status != TRIAL_FINE && t->status != TRIAL_REFUSED && t->status != TRIAL_DISK) {
        snprintf(words, size, "it did not end in good order: %s", told->words);
        return -1;
    }
    if (!hit && t->status != TRIAL_FINE) {
        snprintf(words, size, "nothing failed and it did not work: %s", told->words);
        return -1;
    }
    if (t->status == TRIAL_REFUSED && !told->words[0]) {
        snprintf(words, size, "refused without a word");
        return -1;
    }
    if (hit && kind == SHIM_SYNC && told->opened && !told->worked && t->status != TRIAL_DISK) {
        snprintf(words, size, "a sync failed and it went on");
        return -1;
    }
    return judge_rest(t, words, size);
}

static long count_calls(struct torture *t, unsigned kinds)
{
    struct trial one = {.arg = t};
    static struct told told;
    memset(&told, 0, sizeof(told));
    told.fault.kinds = kinds;
    told.fault.first = told.fault.last = 1L << 40;
    trial_folder(one.dir);
    shim_install(&told.fault);
    do_work(&one, &told);
    shim_install(NULL);
    trial_remove(one.dir);
    return atomic_load(&told.fault.calls);
}

/* Four trials for each call: once, for ever; at once, and half of it done. */
static bool make_io(struct torture *t, struct trial *tr, void *arg)
{
    tr->fn = io_trial;
    tr->judge = judge_io;
    tr->arg = t;
    tr->shared_size = sizeof(struct told);
    return true;
}

static int io_start(struct trial *t)
{
    struct told *told = t->shared;
    long n = (t->n - 1) / 4 + 1, way = (t->n - 1) % 4;
    told->fault.kinds = SHIM_ALL;
    told->fault.first = n;
    told->fault.last = way & 1 ? INT64_MAX : n;
    told->fault.half = way & 2;
    return io_trial(t);
}

struct step {
    long by;
};

static bool make_io_step(struct torture *t, struct trial *tr, void *arg)
{
    const struct step *s = arg;
    make_io(t, tr, NULL);
    tr->fn = io_start;
    return t->trial > 0 || (tr->n - 1) / 4 % s->by == (long)(t->seed % (uint64_t)s->by);
}

void torture_io(struct torture *t)
{
    long calls = count_calls(t, SHIM_ALL), before = t->passed + t->failed;
    struct step s = {t->full ? 1 : calls / 25 + 1};
    trials_run(t, "io", calls * 4, 16, make_io_step, &s);
    printf("io: %ld calls to the disk, %ld trials of one that fails\n", calls,
        t->passed + t->failed - before);
}

/* ---- F5: a disk that is full ---- */

static void stop(void *arg)
{
    loop_stop(arg);
}

static void pause_loop(struct loop *l, int64_t ms)
{
    struct loop_timer *timer = loop_timer_new(l, stop, l);
    loop_timer_arm(timer, ms);
    loop_run(l);
    loop_timer_free(timer);
}

static void on_one_more(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    *(bool *)arg = !e && r == STORE_EVENT_NEW;
}

static bool takes_one_more(struct loop *l, struct store *s)
{
    bool taken = false;
    struct store_event ev = {
        "evt_after", "acme", "shop", "order.created", "after", 1, STR_NONE, STR_LIT("{}")};
    store_add_event(s, &ev, on_one_more, &taken);
    for (int i = 0; i < 500 && store_pending(s); i++)
        pause_loop(l, 10);
    return taken;
}

static int full_trial(struct trial *t)
{
    struct told *told = t->shared;
    struct work_options o = work_of(t->arg);
    struct err e = {0};
    log_set_level(LOG_ERROR + 1);
    told->fault.kinds = SHIM_WRITES;
    told->fault.first = t->n;
    told->fault.last = INT64_MAX;
    told->fault.full = true;
    told->fault.half = t->n % 2;
    shim_install(&told->fault);
    struct loop *l = loop_new(NULL);
    struct store *s = store_open(l, t->dir, &e);
    snprintf(told->words, sizeof(told->words), "%s", e.text);
    if (!s) {
        loop_free(l);
        return TRIAL_REFUSED;
    }
    int rc = work_do(l, s, &o, &told->acks);
    told->opened = true;
    bool was_full = store_full(s);
    if (was_full != (atomic_load(&told->fault.hits) > 0))
        snprintf(told->words, sizeof(told->words), "full: %d, writes refused: %ld", was_full,
            atomic_load(&told->fault.hits));
    atomic_store(&told->fault.space, true);
    int64_t from = clock_mono_ms();
    while (store_full(s) && clock_mono_ms() - from < 60000)
        pause_loop(l, 20);
    told->back_ms = clock_mono_ms() - from;
    told->worked = !store_full(s) && takes_one_more(l, s);
    store_close(s);
    loop_free(l);
    return rc ? TRIAL_WRONG : TRIAL_FINE;
}

static int64_t slowest_ms;

static int judge_full(struct trial *t, char *words, size_t size)
{
    struct told *told = t->shared;
    if (t->status == TRIAL_REFUSED && strstr(told->words, "disk full"))
        return judge_rest(t, words, size);
    if (t->status != TRIAL_FINE || told->words[0]) {
        snprintf(words, size, "%s", told->words);
        return -1;
    }
    if (!told->worked || told->back_ms > 5000) {
        snprintf(words, size, "not well %lld ms after there was space", (long long)told->back_ms);
        return -1;
    }
    if (told->back_ms > slowest_ms)
        slowest_ms = told->back_ms;
    return judge_rest(t, words, size);
}

static bool make_full(struct torture *t, struct trial *tr, void *arg)
{
    const struct step *s = arg;
    tr->fn = full_trial;
    tr->judge = judge_full;
    tr->arg = t;
    tr->shared_size = sizeof(struct told);
    return t->trial > 0 || (tr->n - 1) % s->by == (long)(t->seed % (uint64_t)s->by);
}

void torture_full(struct torture *t)
{
    long calls = count_calls(t, SHIM_WRITES), before = t->passed + t->failed;
    struct step s = {t->full ? 1 : calls / 24 + 1};
    trials_run(t, "full", calls, 24, make_full, &s);
    printf("full: %ld writes, %ld trials of a disk that is full from one on; well again after %lld "
           "ms at most\n",
        calls, t->passed + t->failed - before, (long long)slowest_ms);
}

/* ---- F7: no memory for SQLite ---- */

static struct {
    sqlite3_mem_methods real;
    atomic_long calls;
    long fails;
} memory;

static bool no_memory(void)
{
    return atomic_fetch_add(&memory.calls, 1) + 1 == memory.fails;
}

static void *failing_malloc(int n)
{
    return no_memory() ? NULL : memory.real.xMalloc(n);
}

static void *failing_realloc(void *p, int n)
{
    return no_memory() ? NULL : memory.real.xRealloc(p, n);
}

/* The first that fails is the last of its process. */
static void fail_memory(long n)
{
    sqlite3_mem_methods m;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real);
    m = memory.real;
    m.xMalloc = failing_malloc;
    m.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
    memory.fails = n;
}

static int memory_trial(struct trial *t)
{
    struct told *told = t->shared;
    log_set_level(LOG_ERROR + 1);
    sqlite3_shutdown();
    fail_memory(t->n);
    int rc = do_work(t, told);
    atomic_store(&told->fault.calls, atomic_load(&memory.calls));
    return rc;
}

static int judge_memory(struct trial *t, char *words, size_t size)
{
    struct told *told = t->shared;
    if (t->status != TRIAL_FINE && t->status != TRIAL_REFUSED && t->status != TRIAL_MEMORY) {
        snprintf(words, size, "it did not end in good order: %s", told->words);
        return -1;
    }
    if (t->status == TRIAL_REFUSED && !told->words[0]) {
        snprintf(words, size, "refused without a word");
        return -1;
    }
    return judge_rest(t, words, size);
}

struct memory_run {
    long by, calls;
};

static bool make_memory(struct torture *t, struct trial *tr, void *arg)
{
    const struct memory_run *m = arg;
    tr->fn = memory_trial;
    tr->judge = judge_memory;
    tr->arg = t;
    tr->shared_size = sizeof(struct told);
    return t->trial > 0 || (tr->n - 1) % m->by == (long)(t->seed % (uint64_t)m->by);
}

/* How many allocations the work makes. */
static int judge_count(struct trial *t, char *words, size_t size)
{
    *(long *)(uintptr_t)t->arg = atomic_load(&((struct told *)t->shared)->fault.calls);
    return 0;
}

static int count_trial(struct trial *t)
{
    struct torture all = {.seed = (uint64_t)t->n};
    struct trial one = *t;
    one.arg = &all;
    one.n = 1L << 40;
    return memory_trial(&one);
}

static bool make_count(struct torture *t, struct trial *tr, void *arg)
{
    tr->fn = count_trial;
    tr->judge = judge_count;
    tr->arg = arg;
    tr->shared_size = sizeof(struct told);
    return true;
}

void torture_memory(struct torture *t)
{
    struct torture count = {.seed = t->seed, .trial = -1};
    struct memory_run m = {0};
    long calls = 0, before = t->passed + t->failed;
    trials_run(&count, "memory", 1, 1, make_count, &calls);
    m.by = t->full ? 1 : calls / 40 + 1;
    trials_run(t, "memory", calls, 16, make_memory, &m);
    printf("memory: %ld allocations by SQLite, %ld trials of one that fails\n", calls,
        t->passed + t->failed - before);
}
