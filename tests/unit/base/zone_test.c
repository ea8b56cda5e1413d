/* Time zones, against the C library's (which does one at a time) and against the definition of a
 * local time, over many zones and years. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "zone.h"
#include "zone_rule.h"

static const char *const names[] = {"UTC", "Europe/Helsinki", "Europe/London", "Europe/Dublin",
    "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Africa/Casablanca",
    "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Gaza", "Asia/Tokyo",
    "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kiritimati", "America/Nuuk", "America/Santiago", "Antarctica/Troll", "Europe/Moscow",
    "America/Argentina/San_Luis", "Etc/GMT+12", "EST5EDT"};

static struct zone *open_zone(const char *name)
{
    struct err e = {0};
    struct zone *z = zone_open(name, &e);
    if (!z)
        fail_msg("%s: %s", name, e.text);
    return z;
}

static int64_t instant(const char *rfc3339)
{
    int64_t ms;
    assert_true(clock_parse_rfc3339(rfc3339, strlen(rfc3339), &ms));
    return ms / 1000;
}

static void offsets(void **state)
{
    uint64_t random = 7;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct zone *z = open_zone(names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (int k = 0; k < 4000; k++) {
            /* 1900 to 2200, and each tenth far out */
            int64_t at = (int64_t)(test_random(&random) % UINT64_C(9467000000)) - 2208988800;
            if (k % 10 == 0)
                at += (int64_t)(test_random(&random) % UINT64_C(240000000000));
            time_t t = at;
            struct tm tm;
            assert_non_null(localtime_r(&t, &tm));
            if (zone_offset(z, at) != tm.tm_gmtoff)
                fail_msg("%s at %lld: %lld, and %ld in the C library", names[i], (long long)at,
                    (long long)zone_offset(z, at), tm.tm_gmtoff);
        }
        zone_free(z);
    }
}

/* The definition: the first instant whose local time it is; if there is none, the first whose
 * local time is beyond. */
static int64_t looked_for(const struct zone *z, int64_t local)
{
    int64_t low = local - 26 * 3600;
    for (int64_t at = low; at < low + 52 * 3600; at += 60)
        if (at + zone_offset(z, at) == local)
            return at;
    for (int64_t at = low;; at += 60)
        if (at + zone_offset(z, at) > local)
            return at;
}

static void instants(void **state)
{
    uint64_t random = 11;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct zone *z = open_zone(names[i]);
        int64_t from = clock_days(1975, 1, 1) * 86400, n = 0;
        /* Around each change of half a century, and anywhere. */
        for (int64_t at = from; at < clock_days(2060, 1, 1) * 86400 && n < 60; at += 7200) {
            if (zone_offset(z, at) == zone_offset(z, at + 7200) && test_random(&random) % 9973)
                continue;
            n++;
            for (int64_t by = -3 * 3600; by <= 3 * 3600; by += 1800) {
                int64_t local = at + zone_offset(z, at) + by;
                assert_int_equal(zone_instant(z, local), looked_for(z, local));
            }
        }
        zone_free(z);
    }
}

static void known_cases(void **state)
{
    static const struct {
        const char *zone, *local, *at;
    } cases[] = {
        {"Europe/Helsinki", "2026-03-29T02:59:00Z", "2026-03-29T00:59:00Z"},
        {"Europe/Helsinki", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"}, /* left out */
        {"Europe/Helsinki", "2026-03-29T03:30:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Helsinki", "2026-03-29T04:00:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Helsinki", "2026-10-25T03:30:00Z", "2026-10-25T00:30:00Z"}, /* twice */
        {"Europe/Helsinki", "2026-10-25T04:00:00Z", "2026-10-25T02:00:00Z"},
        {"Europe/Helsinki", "2087-07-01T12:00:00Z", "2087-07-01T09:00:00Z"}, /* by rule */
        {"Europe/Helsinki", "9999-12-31T12:00:00Z", "9999-12-31T10:00:00Z"},
        {"America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z"},
        {"Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z"}, /* half an hour */
        {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"},        /* no such day */
        {"Europe/Dublin", "2026-07-01T12:00:00Z", "2026-07-01T11:00:00Z"}, /* winter time is DST */
        {"UTC", "2038-01-19T03:14:08Z", "2038-01-19T03:14:08Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone *z = open_zone(cases[i].zone);
        int64_t got = zone_instant(z, instant(cases[i].local));
        char text[CLOCK_TEXT];
        clock_format(got * 1000, text);
        if (got != instant(cases[i].at))
            fail_msg("%s %s: %s, not %s", cases[i].zone, cases[i].local, text, cases[i].at);
        zone_free(z);
    }
}

static void refused_names(void **state)
{
    static const char *const wrong[] = {"", "Europe", "Europe/Helsinky", "../../etc/passwd",
        "/etc/passwd", "Europe//Helsinki", "Europe/Helsinki/", "right/UTC", "posix/UTC", "zone.tab",
        "tzdata.zi", "Europe/Helsinki\n", "EET-2EEST", "."};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct err e = {0};
        if (zone_open(wrong[i], &e))
            fail_msg("\"%s\" was taken for a zone", wrong[i]);
        assert_int_equal(e.code, ERR_NOT_FOUND);
    }
}

/* Each beginning of a real file, and the file with each byte changed: an error or a zone, which
 * answers whatever it is asked. */
static void damaged(void **state)
{
    char bytes[8192];
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Helsinki", "re");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t cut = 0; cut < n; cut++)
        assert_null(zone_parse((struct str){bytes, cut}, NULL));
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            struct zone *z = zone_parse((struct str){bytes, n}, NULL);
            for (int64_t at = -4000000000; z && at < 8000000000; at += 500000000)
                zone_instant(z, at);
            zone_free(z);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
        }
}

static void rules(void **state)
{
    static const char *const good[] = {"EET-2EEST,M3.5.0/3,M10.5.0/4", "<+0330>-3:30", "UTC0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1", "AAA3BBB,J60,J300/2:30:15",
        "EST5EDT,0/0,J365/25", "AAA-24"};
    static const char *const wrong[] = {"", "E0", "EET", "EET-25", "EET-2EEST", "EET-2EEST,M3.5.0",
        "EET-2EEST,M13.5.0,M10.5.0", "EET-2EEST,M3.6.0,M10.5.0", "EET-2EEST,M3.5.7,M10.5.0",
        "EET-2EEST,J0,J3", "EET-2EEST,366,3", "EET-2EEST,M3.5.0/168,M10.5.0", "<+03-3", "EET-2 "};
    struct zone_rule r;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!zone_rule_parse(str_of(good[i]), &r))
            fail_msg("%s is a rule", good[i]);
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (zone_rule_parse(str_of(wrong[i]), &r))
            fail_msg("%s is no rule", wrong[i]);
    /* Summer time all year, which POSIX can only say so. */
    struct zone_span span;
    assert_true(zone_rule_parse(STR_LIT("EST5EDT,0/0,J365/25"), &r));
    for (int64_t at = 0; at < INT64_C(4000000000); at += 10007 * 60) {
        zone_rule_span(&r, at, &span);
        assert_int_equal(span.offset, -4 * 3600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets),
        cmocka_unit_test(instants),
        cmocka_unit_test(known_cases),
        cmocka_unit_test(refused_names),
        cmocka_unit_test(damaged),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
