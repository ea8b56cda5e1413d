#include "retry.h"

#include "clock.h"

int64_t retry_after_ms(struct str value, struct str date, int64_t cap_ms)
{
    int64_t seconds, at, wait, now;
    value = str_trim(value);
    if (value.n == 0)
        return -1;
    bool digits = true;
    for (size_t i = 0; i < value.n; i++)
        digits &= value.p[i] >= '0' && value.p[i] <= '9';
    if (digits)
        /* Beyond what a number holds is beyond the cap as well. */
        wait = str_to_i64(value, &seconds) && seconds <= cap_ms / 1000 ? seconds * 1000 : cap_ms;
    else if (clock_parse_http(value.p, value.n, &at))
        wait = at - (date.n && clock_parse_http(date.p, date.n, &now) ? now : clock_wall_ms());
    else
        return -1;
    if (wait < 0)
        return 0;
    return wait < cap_ms ? wait : cap_ms;
}

enum retry_verdict retry_judge(int status, bool write)
{
    if (status == 401)
        return RETRY_TOKEN;
    if (status == 429)
        return RETRY_LATER;
    /* 501 and 505 say that it never will. */
    if (status == 408 || (status >= 500 && status != 501 && status != 505))
        return write ? RETRY_UNKNOWN : RETRY_LATER;
    return RETRY_DONE;
}
