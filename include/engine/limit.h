/* What one connection is allowed: a token bucket for its rate, and a circuit breaker that stops
 * asking an outside system that does not answer. Plain arithmetic on a monotonic clock. */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limiter {
    double rate;   /* a second; 0: no limit */
    double tokens; /* at most one second's worth, at least one */
    int64_t at_us;
};
void limiter_init(struct limiter *l, double rate, int64_t now_us);
/* Another rate from now on; what is in the bucket stays within it. */
void limiter_set_rate(struct limiter *l, double rate);
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
