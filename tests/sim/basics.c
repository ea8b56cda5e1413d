/* What every part of the simulator uses: random numbers, memory of one seed, and saying what
 * happens or went wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sim.h"

struct sim *sim;

/* ---- random numbers ---- */

uint64_t dice_roll(struct dice *d)
{
    uint64_t z = (d->at += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t dice_below(struct dice *d, uint32_t n)
{
    return (uint32_t)((dice_roll(d) >> 32) * n >> 32);
}

int64_t dice_between(struct dice *d, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_roll(d) % (uint64_t)(high - low + 1));
}

bool dice_hit(struct dice *d, int per_mille)
{
    return (int)dice_below(d, 1000) < per_mille;
}

/* ---- the memory of one seed ---- */

#define ARENA_BYTES ((size_t)256 << 10)
struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};
static struct arena_block *arena; /* the first is the one in use; kept from seed to seed */

void *arena_zalloc(size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if (!arena || arena->used + n > arena->size) {
        size_t size = n > ARENA_BYTES ? n : ARENA_BYTES;
        struct arena_block *b = malloc(sizeof *b + size);
        if (!b)
            abort();
        *b = (struct arena_block){arena, 0, size};
        arena = b;
    }
    void *p = arena->bytes + arena->used;
    arena->used += n;
    return memset(p, 0, n);
}

void arena_reset(void)
{
    while (arena && arena->next) {
        struct arena_block *b = arena;
        arena = b->next;
        free(b);
    }
    if (arena)
        arena->used = 0;
}

struct str arena_bytes(struct str s)
{
    if (!s.p)
        return STR_NONE;
    char *p = arena_zalloc(s.n + 1);
    memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

const char *arena_text(const char *s)
{
    return s && s[0] ? arena_bytes(str_of(s)).p : "";
}

/* ---- what is said ---- */

const char *sim_time(void)
{
    static char text[40];
    int64_t us = sim->mono_us;
    snprintf(text, sizeof text, "%6lld.%06lld %7lld", (long long)(us / 1000000),
        (long long)(us % 1000000), (long long)sim->callbacks);
    return text;
}

void sim_trace(const char *fmt, ...)
{
    va_list ap;
    printf("%s  ", sim_time());
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

void sim_fail(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sim->why, sizeof sim->why, fmt, ap);
    va_end(ap);
    TRACE("WRONG: %s", sim->why);
    longjmp(sim->failed, 1);
}

void sim_note(uint64_t what)
{
    sim->print = (sim->print ^ what ^ (uint64_t)sim->mono_us) * 0x9e3779b97f4a7c15u;
    sim->print ^= sim->print >> 29;
}
