/* Time. Waits, leases and deadlines use the monotonic clock; only what people read or another
 * system defines uses the wall clock. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void);
/* Names the time since the machine was started, in which the monotonic clock counts on from process
 * to process; "" if that is not known. */
void clock_boot(char out[40]);
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */
/* Days since 1970-01-01 of a date in the Gregorian calendar, and back. */
int64_t clock_days(int64_t year, int month, int day);
void clock_date(int64_t days, int *year, int *month, int *day);
#define CLOCK_TEXT 32
/* "2026-11-20T09:15:00.123Z" into out of CLOCK_TEXT bytes. */
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT]);
/* "2026-11-20 11:15:00" in the time zone of the machine or of TZ, as a person at a terminal reads
 * it. */
void clock_format_local(int64_t wall_ms, char out[CLOCK_TEXT]);
#include <stdbool.h>
/* Parses RFC 3339 text; and a date of HTTP in its form of today or one of the two before it, which
 * are to be taken as well (RFC 9110, 5.6.7). False if it is none. */
bool clock_parse_rfc3339(const char *s, size_t n, int64_t *wall_ms);
bool clock_parse_http(const char *s, size_t n, int64_t *wall_ms);

#endif
