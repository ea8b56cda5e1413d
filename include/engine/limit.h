/* What one connection is allowed: so many requests in any second, and a circuit breaker that stops
 * asking an outside system that does not answer. Plain arithmetic on a monotonic clock. */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Outside systems count in windows, of a second, of ten, of a minute, and refuse what is beyond. So
 * that whoever asks at their rate is never refused, no window of a second has more than that, after
 * a rest neither: so many may then go at once, and the next when a second is over. A rate that is
 * not whole ("100 a minute") has one request in each of its intervals. */
#define LIMITER_SLOTS 50 /* of a window; it is longer by up to one of them */
struct limiter {
    double rate;  /* a second; 0: no limit */
    int64_t slot; /* the newest; they are numbered since the clock began */
    int taken[LIMITER_SLOTS + 1],
        all; /* in each of the last slots, in a ring; and in all of these */
};
void limiter_init(struct limiter *l, double rate);
/* Another rate from now on. What was taken lately counts. */
void limiter_set_rate(struct limiter *l, double rate, int64_t now_us);
/* 0: taken. Else the microseconds until one can be taken; nothing was taken. */
int64_t limiter_take(struct limiter *l, int64_t now_us);

struct breaker {
    int failures; /* in a row */
    int limit;    /* that open it */
    int opened;   /* times in a row */
    int64_t base_ms, cap_ms;
    int64_t open_until_ms;
    int64_t probe_until_ms; /* one request is under way to see whether it is better */
};
void breaker_init(struct breaker *b, int limit, int64_t base_ms, int64_t cap_ms);
/* 0: a request may go. Else milliseconds to wait. After the break one request goes as a probe. */
int64_t breaker_ask(struct breaker *b, int64_t now_ms);
void breaker_succeeded(struct breaker *b);
/* True if this failure opened it. */
bool breaker_failed(struct breaker *b, int64_t now_ms);

#endif
