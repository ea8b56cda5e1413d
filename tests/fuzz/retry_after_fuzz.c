/* Retry-After: the first line is its value, the second that of Date; or, behind a byte that no
 * value begins with, two times, which are written as dates. Whatever the bytes, it is what a reader
 * says that looks at each character's place and leaves the calendar to the C library. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "clock.h"
#include "retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

static int64_t number(const char *p, size_t n)
{
    int64_t v = 0;
    while (n-- > 0)
        v = v * 10 + (*p++ - '0');
    return v;
}

static int name_among(const char *p, const char *names)
{
    for (int i = 0; names[3 * i] != '\0'; i++)
        if (memcmp(p, names + 3 * i, 3) == 0)
            return i;
    return -1;
}

/* Is it of this form? a stands for anything, 0 for a digit. */
static bool has_form(struct str v, const char *form)
{
    if (v.n != strlen(form))
        return false;
    for (size_t i = 0; i < v.n; i++)
        if (form[i] == '0' ? v.p[i] < '0' || v.p[i] > '9' : form[i] != 'a' && v.p[i] != form[i])
            return false;
    return true;
}

static int64_t of_fields(const char *day, const char *month, int year, const char *clock)
{
    struct tm t = {.tm_mday = (int)number(day + (*day == ' '), *day == ' ' ? 1 : 2),
        .tm_mon = name_among(month, "JanFebMarAprMayJunJulAugSepOctNovDec"),
        .tm_year = year - 1900,
        .tm_hour = (int)number(clock, 2),
        .tm_min = (int)number(clock + 3, 2),
        .tm_sec = (int)number(clock + 6, 2)};
    if (t.tm_mon < 0 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
        return INT64_MIN;
    struct tm whole = {.tm_mday = t.tm_mday, .tm_mon = t.tm_mon, .tm_year = t.tm_year};
    timegm(&whole);
    if (whole.tm_mday != t.tm_mday || whole.tm_mon != t.tm_mon)
        return INT64_MIN;
    return (int64_t)timegm(&t) * 1000;
}

static int whole_year(int two)
{
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    int century = (t.tm_year + 1900) / 100 * 100;
    return century + two > t.tm_year + 1900 + 50 ? century - 100 + two : century + two;
}

/* Milliseconds of a date of HTTP, or INT64_MIN. */
static int64_t naive_date(struct str v)
{
    static const char *const names[] = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    bool today = has_form(v, "aaa, 00 aaa 0000 00:00:00 GMT");
    if (today && name_among(v.p, "MonTueWedThuFriSatSun") >= 0)
        return of_fields(v.p + 5, v.p + 8, (int)number(v.p + 12, 4), v.p + 17);
    bool c = has_form(v, "aaa aaa 00 00:00:00 0000") || has_form(v, "aaa aaa  0 00:00:00 0000");
    if (c && name_among(v.p, "MonTueWedThuFriSatSun") >= 0)
        return of_fields(v.p + 8, v.p + 4, (int)number(v.p + 20, 4), v.p + 11);
    for (int i = 0; i < 7; i++) {
        size_t n = strlen(names[i]);
        if (v.n > n && memcmp(v.p, names[i], n) == 0 &&
            has_form((struct str){v.p + n, v.n - n}, ", 00-aaa-00 00:00:00 GMT"))
            return of_fields(
                v.p + n + 2, v.p + n + 5, whole_year((int)number(v.p + n + 9, 2)), v.p + n + 12);
    }
    return INT64_MIN;
}

static int64_t within(int64_t wait, int64_t cap)
{
    return wait < 0 ? 0 : wait < cap ? wait : cap;
}

/* now: the host's clock. */
static int64_t naive(struct str v, struct str date, int64_t cap, int64_t now)
{
    size_t digits = 0, zeros = 0;
    v = str_trim(v);
    while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9')
        digits++;
    while (zeros < digits && v.p[zeros] == '0')
        zeros++;
    if (digits > 0 && digits == v.n)
        return digits - zeros > 14 ? cap : within(number(v.p + zeros, v.n - zeros) * 1000, cap);
    int64_t at = naive_date(v), theirs = naive_date(date);
    if (at == INT64_MIN)
        return -1;
    return within(at - (theirs != INT64_MIN ? theirs : now), cap);
}

static void check(struct str value, struct str date, int64_t cap)
{
    int64_t before = clock_wall_ms();
    int64_t ms = retry_after_ms(value, date, cap);
    int64_t after = clock_wall_ms();
    /* The later it is, the shorter the wait. */
    must(ms <= naive(value, date, cap, before) && ms >= naive(value, date, cap, after));
    must(ms >= -1 && ms <= cap);
}

static size_t write_date(char out[64], const uint8_t *eight)
{
    uint64_t bits;
    struct tm t;
    memcpy(&bits, eight, sizeof bits);
    /* The years 1000 to 9999: strftime pads none below. */
    time_t at = (time_t)(INT64_C(-30610224000) + (int64_t)(bits % UINT64_C(284012524800)));
    gmtime_r(&at, &t);
    size_t n;
    switch (bits % 3) {
    case 0:
        return strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", &t);
    case 1:
        return strftime(out, 64, "%a %b %e %H:%M:%S %Y", &t);
    default:
        n = strftime(out, 64, "%A, %d-%b-", &t);
        n += (size_t)snprintf(out + n, 64 - n, "%02d", (t.tm_year + 1900) % 100);
        return n + strftime(out + n, 64 - n, " %H:%M:%S GMT", &t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t caps[] = {3600000, 0, 1, 1500, INT64_C(86400000) * 366 * 9999};
    int64_t cap = caps[size % (sizeof caps / sizeof caps[0])];
    if (size == 17 && data[0] == 0xff) {
        char value[64], date[64];
        struct str v = {value, write_date(value, data + 1)}, d = {date, write_date(date, data + 9)};
        must(naive_date(v) != INT64_MIN && naive_date(d) != INT64_MIN);
        for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
            check(v, d, caps[i]);
        return 0;
    }
    struct str date, value = str_cut((struct str){(const char *)data, size}, '\n', &date);
    check(value, date, cap);
    return 0;
}
