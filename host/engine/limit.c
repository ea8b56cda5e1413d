#include "limit.h"

#include <string.h>

/* While a probe is under way the others look again this soon. */
#define PROBE_WAIT_MS 1000
/* A probe that was forgotten (its run ended) does not keep the breaker closed to all. */
#define PROBE_MAX_MS 60000

static double depth(double rate)
{
    return rate < 1 ? 1 : rate;
}

void limiter_init(struct limiter *l, double rate, int64_t now_us)
{
    l->rate = rate;
    l->tokens = depth(rate);
    l->at_us = now_us;
}

void limiter_set_rate(struct limiter *l, double rate)
{
    l->rate = rate;
    if (l->tokens > depth(rate))
        l->tokens = depth(rate);
}

int64_t limiter_take(struct limiter *l, int64_t now_us)
{
    if (l->rate <= 0)
        return 0;
    if (now_us > l->at_us) {
        l->tokens += (double)(now_us - l->at_us) * l->rate / 1e6;
        if (l->tokens > depth(l->rate))
            l->tokens = depth(l->rate);
        l->at_us = now_us;
    }
    if (l->tokens >= 1) {
        l->tokens -= 1;
        return 0;
    }
    int64_t wait = (int64_t)((1 - l->tokens) * 1e6 / l->rate) + 1;
    return wait > 0 ? wait : 1;
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
