/* What an outside answer means for trying again. */
#ifndef RETRY_H
#define RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

/* Retry-After in seconds or as an HTTP date: milliseconds from now, at most cap_ms, never below 0;
 * -1 if there is none or it says nothing. date: the answer's Date, since a date is meant by the
 * other side's clock (RFC 9110, 10.2.3 and 6.6.1); if it is none, ours counts. */
int64_t retry_after_ms(struct str value, struct str date, int64_t cap_ms);

enum retry_verdict {
    RETRY_DONE,   /* an answer for the script */
    RETRY_LATER,  /* not carried out, or without effect: try again */
    RETRY_TOKEN,  /* the token was not taken */
    RETRY_UNKNOWN /* a write that may have been carried out */
};
/* A whole answer came with this status. */
enum retry_verdict retry_judge(int status, bool write);

#endif
