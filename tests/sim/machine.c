/* One simulated machine: the event loop and its timers, the two clocks, random numbers, the count
 * of the host's memory, and the log. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "err.h"
#include "id.h"
#include "log.h"
#include "mem.h"
#include "sim.h"

/* Callbacks of one virtual second beyond which the host is turning in a circle. */
#define BUSY_MAX 60000

/* ---- random numbers ---- */

/* libsodium's: keys of hash maps, the random part of ids. */
static const char *random_name(void)
{
    return "simulated";
}

static uint32_t random_number(void)
{
    return (uint32_t)dice_roll(&sim->of_machine);
}

static void random_bytes(void *const out, const size_t n)
{
    unsigned char *p = out;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t r = dice_roll(&sim->of_machine);
        memcpy(p + i, &r, n - i < 8 ? n - i : 8);
    }
}

void machine_install(void)
{
    static struct sim nobody; /* libsodium rolls some dice of its own when it starts */
    static randombytes_implementation played = {
        .implementation_name = random_name, .random = random_number, .buf = random_bytes};
    sim = &nobody;
    randombytes_set_implementation(&played);
    if (sodium_init() < 0)
        abort();
}

/* ---- the host's memory, counted: at a death and at the end none may be left ---- */

void *__wrap_mem_alloc(size_t n);
void *__wrap_mem_zalloc(size_t n, size_t size);
void *__wrap_mem_realloc(void *p, size_t n);
char *__wrap_mem_dupn(const char *s, size_t n);
char *__wrap_mem_dup(const char *s);
char *__wrap_mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void __wrap_mem_free(void *p);

static void *counted(void *p)
{
    if (!p)
        abort();
    sim->blocks++;
    return p;
}

void *__wrap_mem_alloc(size_t n)
{
    return counted(malloc(n ? n : 1));
}

void *__wrap_mem_zalloc(size_t n, size_t size)
{
    return counted(n && size ? calloc(n, size) : calloc(1, 1));
}

void *__wrap_mem_realloc(void *p, size_t n)
{
    sim->blocks -= p != NULL;
    return counted(realloc(p, n ? n : 1));
}

char *__wrap_mem_dupn(const char *s, size_t n)
{
    char *p = counted(malloc(n + 1));
    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *__wrap_mem_dup(const char *s)
{
    return s ? __wrap_mem_dupn(s, strlen(s)) : NULL;
}

char *__wrap_mem_printf(const char *fmt, ...)
{
    va_list ap;
    char *p = NULL;
    va_start(ap, fmt);
    if (vasprintf(&p, fmt, ap) < 0)
        abort();
    va_end(ap);
    return counted(p);
}

void __wrap_mem_free(void *p)
{
    sim->blocks -= p != NULL;
    free(p);
}

/* ---- the clocks ---- */

int64_t __wrap_clock_mono_us(void);
int64_t __wrap_clock_mono_ms(void);
int64_t __wrap_clock_wall_ms(void);

int64_t __wrap_clock_mono_us(void)
{
    return sim->mono_us;
}

int64_t __wrap_clock_mono_ms(void)
{
    return sim->mono_us / 1000;
}

int64_t __wrap_clock_wall_ms(void)
{
    return sim->mono_us / 1000 + sim->wall_ahead_ms;
}

/* ---- the host's log: only for who reads the trace ---- */

void __wrap_log_event(enum log_level level, const char *what, ...);
void __wrap_log_event(enum log_level level, const char *what, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (!sim->tracing)
        return;
    va_list ap;
    const char *key;
    printf("%s    log %s: %s", sim_time(), names[level], what);
    va_start(ap, what);
    while ((key = va_arg(ap, const char *)) != NULL)
        printf(", %s = %s", key, va_arg(ap, const char *));
    va_end(ap);
    putchar('\n');
}

/* ---- the loop: posted calls first, then whatever timer is next ---- */

struct loop_timer {
    loop_fn fn;
    void *arg;
    int64_t due_us;
    uint32_t tie; /* equal times: in any order */
    int at;       /* in the heap; -1: not armed */
    bool of_world, once;
};

struct post {
    loop_fn fn;
    void *arg;
};

#define HOOKS_MAX 8
struct loop {
    struct loop_timer **heap;
    int n, room;
    struct post *posts; /* a ring */
    int first, nposts, posts_room;
    struct post hooks[HOOKS_MAX];
    int nhooks;
};

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->tie < b->tie;
}

static void put_at(struct loop *l, struct loop_timer *t, int i)
{
    l->heap[i] = t;
    t->at = i;
}

static void move_up(struct loop *l, struct loop_timer *t, int i)
{
    for (; i > 0 && before(t, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        put_at(l, l->heap[(i - 1) / 2], i);
    put_at(l, t, i);
}

static void move_down(struct loop *l, struct loop_timer *t, int i)
{
    for (int child; (child = 2 * i + 1) < l->n; i = child) {
        child += child + 1 < l->n && before(l->heap[child + 1], l->heap[child]);
        if (!before(l->heap[child], t))
            break;
        put_at(l, l->heap[child], i);
    }
    put_at(l, t, i);
}

static void take_out(struct loop *l, struct loop_timer *t)
{
    int i = t->at;
    if (i < 0)
        return;
    t->at = -1;
    struct loop_timer *last = l->heap[--l->n];
    if (last == t)
        return;
    if (i > 0 && before(last, l->heap[(i - 1) / 2]))
        move_up(l, last, i);
    else
        move_down(l, last, i);
}

static void arm_us(struct loop_timer *t, int64_t us)
{
    struct loop *l = sim->loop;
    take_out(l, t);
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 256;
        l->heap = realloc(l->heap, (size_t)l->room * sizeof *l->heap);
        if (!l->heap)
            abort();
    }
    t->due_us = sim->mono_us + (us > 0 ? us : 0);
    t->tie = (uint32_t)dice_roll(&sim->of_machine);
    move_up(l, t, l->n++);
}

static struct loop_timer *timer_make(loop_fn fn, void *arg, bool of_world)
{
    struct loop_timer *t = malloc(sizeof *t);
    if (!t)
        abort();
    *t = (struct loop_timer){.fn = fn, .arg = arg, .at = -1, .of_world = of_world};
    return t;
}

struct loop_timer *machine_timer(loop_fn fn, void *arg)
{
    return timer_make(fn, arg, true);
}

void machine_after_us(int64_t us, loop_fn fn, void *arg)
{
    struct loop_timer *t = timer_make(fn, arg, true);
    t->once = true;
    arm_us(t, us);
}

struct loop_timer *loop_timer_new(struct loop *l, loop_fn fn, void *arg)
{
    sim->timers++;
    return timer_make(fn, arg, false);
}

void loop_timer_arm(struct loop_timer *t, int64_t ms)
{
    arm_us(t, ms * 1000);
}

void loop_timer_disarm(struct loop_timer *t)
{
    take_out(sim->loop, t);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    take_out(sim->loop, t);
    sim->timers -= !t->of_world;
    free(t);
}

void loop_post(struct loop *l, loop_fn fn, void *arg)
{
    if (l->nposts == l->posts_room) {
        int room = l->posts_room ? l->posts_room * 2 : 64;
        struct post *more = malloc((size_t)room * sizeof *more);
        if (!more)
            abort();
        for (int i = 0; i < l->nposts; i++)
            more[i] = l->posts[(l->first + i) % l->posts_room];
        free(l->posts);
        l->posts = more;
        l->posts_room = room;
        l->first = 0;
    }
    l->posts[(l->first + l->nposts++) % l->posts_room] = (struct post){fn, arg};
}

void loop_unpost(struct loop *l, loop_fn fn, void *arg)
{
    for (int i = 0; i < l->nposts; i++) {
        struct post *p = &l->posts[(l->first + i) % l->posts_room];
        if (p->fn == fn && p->arg == arg)
            p->fn = NULL;
    }
}

void loop_on_idle(struct loop *l, loop_fn fn, void *arg)
{
    if (l->nhooks == HOOKS_MAX)
        abort();
    l->hooks[l->nhooks++] = (struct post){fn, arg};
}

void loop_off_idle(struct loop *l, loop_fn fn, void *arg)
{
    for (int i = 0; i < l->nhooks; i++)
        if (l->hooks[i].fn == fn && l->hooks[i].arg == arg)
            l->hooks[i--] = l->hooks[--l->nhooks];
}

static bool call_posted(struct loop *l)
{
    if (l->nposts == 0)
        return false;
    struct post p = l->posts[l->first];
    l->first = (l->first + 1) % l->posts_room;
    l->nposts--;
    if (p.fn)
        p.fn(p.arg);
    return true;
}

void machine_flush_posts(void)
{
    while (call_posted(sim->loop))
        ;
}

static bool call_timer(struct loop *l, int64_t until_ms)
{
    if (l->n == 0 || l->heap[0]->due_us > until_ms * 1000)
        return false;
    struct loop_timer *t = l->heap[0];
    struct post p = {t->fn, t->arg};
    if (t->due_us > sim->mono_us)
        sim->mono_us = t->due_us;
    take_out(l, t);
    if (t->once)
        free(t);
    p.fn(p.arg);
    return true;
}

static void count_callback(void)
{
    int64_t second = sim->mono_us / 1000000;
    sim->callbacks++;
    if (second != sim->second) {
        sim->second = second;
        sim->in_second = 0;
    }
    if (++sim->in_second > BUSY_MAX)
        sim_fail("busy loop: %d callbacks in one second", BUSY_MAX);
    sim->mono_us += 1 + dice_below(&sim->of_machine, 30);
    if (sim->plan.dawdle && !sim->calm && dice_hit(&sim->of_machine, sim->plan.dawdle))
        sim->mono_us += dice_between(&sim->of_machine, 1000, 400000);
}

bool machine_dies_here(void)
{
    return sim->engine && sim->crash_in > 0 && --sim->crash_in == 0;
}

bool machine_turn(int64_t until_ms)
{
    struct loop *l = sim->loop;
    if (!call_posted(l) && !call_timer(l, until_ms))
        return false;
    for (int i = 0; l->nposts == 0 && i < l->nhooks; i++)
        l->hooks[i].fn(l->hooks[i].arg);
    count_callback();
    return true;
}

void machine_begin(void)
{
    static struct loop loop; /* its arrays are kept from seed to seed */
    char id[ID_TEXT];
    arena_reset();
    while (loop.n > 0) { /* of a seed that failed */
        struct loop_timer *t = loop.heap[--loop.n];
        t->at = -1;
        if (t->of_world)
            free(t);
    }
    loop.nposts = loop.first = loop.nhooks = 0;
    sim->loop = &loop;
    id_new(id, "", -2); /* ids remember the last one of the process */
}

void machine_end(void)
{
    struct loop *l = sim->loop;
    while (l->n > 0) {
        struct loop_timer *t = l->heap[0];
        take_out(l, t);
        if (t->of_world)
            free(t);
    }
}

/* There is one thread, so nobody rings. */
struct loop_wake *loop_wake_new(struct loop *l, loop_fn fn, void *arg, struct err *e)
{
    sim_fail("a thread is to be woken");
}

void loop_wake(struct loop_wake *w)
{
    sim_fail("a thread is woken");
}

void loop_wake_free(struct loop_wake *w)
{
}
