/* Exponential backoff with full jitter: attempt n waits a uniform time in
 * [0, min(cap, base * 2^(n-1))], see "Exponential Backoff And Jitter" (AWS Architecture Blog). */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

/* Milliseconds to wait before the next try. attempt counts from 1. random is a uniform 32-bit
 * number, so that the result is the caller's to reproduce. floor_ms is the least wait. */
int64_t backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms, int64_t floor_ms, uint32_t random);

#endif
