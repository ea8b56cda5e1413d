#include "limit.h"

#include <math.h>
#include <string.h>

/* While a probe is under way the others look again this soon. */
#define PROBE_WAIT_MS 1000
/* A probe that was forgotten (its run ended) does not keep the breaker closed to all. */
#define PROBE_MAX_MS 60000

#define RING        (LIMITER_SLOTS + 1)
#define SLOT_MAX_US 1e15

static int most_of(double rate)
{
    return rate >= 1 && rate == floor(rate) ? (int)rate : 1;
}

static int64_t slot_us(double rate)
{
    return (int64_t)fmin(ceil(most_of(rate) * 1e6 / rate / LIMITER_SLOTS), SLOT_MAX_US);
}

void limiter_init(struct limiter *l, double rate)
{
    memset(l, 0, sizeof *l);
    l->rate = rate;
}

void limiter_set_rate(struct limiter *l, double rate, int64_t now_us)
{
    int all = l->all;
    limiter_init(l, rate);
    if (rate > 0) {
        l->slot = now_us / slot_us(rate);
        l->taken[l->slot % RING] = l->all = all;
    }
}

static void forget_before(struct limiter *l, int64_t slot)
{
    for (int i = 0; i < RING && l->slot < slot; i++) {
        int *oldest = &l->taken[++l->slot % RING];
        l->all -= *oldest;
        *oldest = 0;
    }
    if (l->slot < slot)
        l->slot = slot;
}

int64_t limiter_take(struct limiter *l, int64_t now_us)
{
    if (l->rate <= 0)
        return 0;
    int64_t slot = slot_us(l->rate);
    forget_before(l, now_us / slot);
    if (l->all < most_of(l->rate)) {
        l->taken[l->slot % RING]++;
        l->all++;
        return 0;
    }
    int64_t free = l->slot + 1; /* when the oldest of them is forgotten */
    while (!l->taken[free % RING])
        free++;
    return free * slot - now_us;
}

void breaker_init(struct breaker *b, int limit, int64_t base_ms, int64_t cap_ms)
{
    memset(b, 0, sizeof *b);
    b->limit = limit;
    b->base_ms = base_ms;
    b->cap_ms = cap_ms;
}

int64_t breaker_ask(struct breaker *b, int64_t now_ms)
{
    if (b->open_until_ms == 0)
        return 0;
    if (now_ms < b->open_until_ms)
        return b->open_until_ms - now_ms;
    if (now_ms < b->probe_until_ms)
        return PROBE_WAIT_MS;
    b->probe_until_ms = now_ms + PROBE_MAX_MS;
    return 0;
}

void breaker_succeeded(struct breaker *b)
{
    b->failures = b->opened = 0;
    b->open_until_ms = b->probe_until_ms = 0;
}

bool breaker_failed(struct breaker *b, int64_t now_ms)
{
    b->failures++;
    if (b->limit <= 0 || b->failures < b->limit)
        return false;
    if (now_ms < b->open_until_ms)
        return false; /* one that left before it opened */
    int64_t wait = b->base_ms << (b->opened < 16 ? b->opened : 16);
    b->opened++;
    b->open_until_ms = now_ms + (wait < b->cap_ms ? wait : b->cap_ms);
    b->probe_until_ms = 0;
    return true;
}
