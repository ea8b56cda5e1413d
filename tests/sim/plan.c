/* What a seed is made of: calm seeds and stormy ones, with few and many of everything. */
#include <string.h>
#include "sim.h"

static int some(struct dice *d, int per_mille, int most)
{
    return dice_hit(d, per_mille) ? 1 + (int)dice_below(d, (uint32_t)most) : 0;
}

/* Few keys, little memory, a disk that is full and a host that dies: who waits for whom across all
 * of these is what seldom comes together elsewhere. */
static void make_narrow(struct plan *p, struct dice *d)
{
    p->narrow = true;
    p->companies = 1 + (int)dice_below(d, 2);
    p->deliveries = 15 + (int)dice_below(d, 40);
    p->keys = 1 + (int)dice_below(d, 3);
    p->customers = p->keys;
    p->crashes = 2 + (int)dice_below(d, 6);
    p->crash_gap = 20 * p->deliveries;
    p->full_disks = 1 + (int)dice_below(d, 4);
    p->restores = 0;
}

void plan_make(struct plan *p, uint64_t seed, struct dice *d)
{
    memset(p, 0, sizeof *p);
    p->companies = 1 + (int)dice_below(d, COMPANIES_MAX);
    p->deliveries = dice_hit(d, 100) ? 20 + (int)dice_below(d, 40) : 4 + (int)dice_below(d, 16);
    p->kinds = 1 + (int)dice_below(d, 7);
    p->locks = dice_hit(d, 700);
    p->customers = 1 + (int)dice_below(d, dice_hit(d, 500) ? 2 : 12);
    p->keys = 1 + (int)dice_below(d, dice_hit(d, 500) ? 2 : 12);
    p->span_ms = dice_hit(d, 500) ? dice_between(d, 10, 3000) : dice_between(d, 3000, 900000);
    p->crashes = some(d, 600, 5);
    p->crash_gap = dice_hit(d, 500) ? 20 : 20 * p->deliveries;
    p->script_deaths = some(d, 300, 4);
    p->guilty = dice_hit(d, 200);
    p->drains = some(d, 200, 2);
    p->acts = some(d, 400, 10);
    p->reloads = some(d, 250, 4);
    p->full_disks = some(d, 150, 3);
    p->clock_jumps = some(d, 200, 3);
    p->jumps_to_crash = p->clock_jumps > 0;
    p->restores = some(d, 200, 2);
    p->crashes += p->restores;
    if (dice_hit(d, 650)) {
        p->trouble = dice_hit(d, 300) ? 600 : 30 + (int)dice_below(d, 300);
        p->late = dice_hit(d, 300) ? 400 : 50;
        p->outages = some(d, 250, 3);
        p->stale_ms = dice_hit(d, 500) ? dice_between(d, 100, 30000) : 0;
    }
    p->dawdle = some(d, 150, 40);
    if (seed % PLAN_NARROW == 0)
        make_narrow(p, d);
}

void plan_trace(const struct plan *p)
{
    TRACE("plan: %d companies, %d deliveries of %d kinds in %lld ms, %d customers, %d keys",
        p->companies, p->deliveries, p->kinds, (long long)p->span_ms, p->customers, p->keys);
    TRACE("plan: %d crashes, %d deaths of scripts%s, %d drains, %d acts, %d reloads", p->crashes,
        p->script_deaths, p->guilty ? " (guilty)" : "", p->drains, p->acts, p->reloads);
    TRACE("plan: %d backups are put back", p->restores);
    TRACE("plan: %d full disks, %d jumps of the clock, trouble %d, late %d, outages %d, stale %lld",
        p->full_disks, p->clock_jumps, p->trouble, p->late, p->outages, (long long)p->stale_ms);
}
