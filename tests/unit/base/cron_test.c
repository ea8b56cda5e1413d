/* Cron's five fields: what they mean, against counting minute by minute; and what is wrong with
 * those that mean nothing. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cron.h"

static int64_t minute(const char *text)
{
    int y, m, d, hour, min;
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &y, &m, &d, &hour, &min), 5);
    return clock_days(y, m, d) * 1440 + hour * 60 + min;
}

static void assert_next(const char *fields, const char *after, const char *wanted)
{
    struct cron c;
    struct err e = {0};
    char got[32];
    int y, m, d;
    if (cron_parse(str_of(fields), &c, &e) < 0)
        fail_msg("%s: %s", fields, e.text);
    int64_t next = cron_next(&c, minute(after));
    clock_date(next / 1440, &y, &m, &d);
    snprintf(got, sizeof(got), "%04d-%02d-%02d %02d:%02d", y % 10000, m, d, (int)(next % 1440 / 60),
        (int)(next % 60));
    if (strcmp(got, wanted) != 0)
        fail_msg("\"%s\" after %s: %s, not %s", fields, after, got, wanted);
}

static void next_times(void **state)
{
    assert_next("0 3 * * *", "2026-11-25 02:59", "2026-11-25 03:00");
    assert_next("0 3 * * *", "2026-11-25 03:00", "2026-11-26 03:00");
    assert_next("*/15 8-16 * * mon-fri", "2026-11-27 16:45", "2026-11-30 08:00");
    assert_next("10-40/15 * * * *", "2026-01-01 00:10", "2026-01-01 00:25");
    assert_next("0 0 1 jan,JUL *", "2026-01-01 00:00", "2026-07-01 00:00");
    assert_next("59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59");
    assert_next("0 0 29 2 *", "2096-02-29 00:00", "2104-02-29 00:00");
    assert_next("0 0 29 2 */7", "2004-02-29 00:00", "2032-02-29 00:00");
    assert_next("0 0 29 2 */7", "2072-02-28 00:00", "2088-02-29 00:00");
    assert_next("0 12 * * 7", "2026-11-25 00:00", "2026-11-29 12:00");
    assert_next("0 12 * * sat-sun", "2026-11-28 12:00", "2026-11-29 12:00");
    assert_next("0 12 * * 5-7", "2026-11-28 12:00", "2026-11-29 12:00");
    assert_next("  0\t3  * * * ", "2026-11-25 03:00", "2026-11-26 03:00");
    assert_next("@hourly", "2026-11-25 03:10", "2026-11-25 04:00");
    assert_next("@daily", "2026-11-25 00:00", "2026-11-26 00:00");
    assert_next("@Midnight", "2026-11-25 00:00", "2026-11-26 00:00");
    assert_next("@weekly", "2026-11-25 00:00", "2026-11-29 00:00");
    assert_next("@monthly", "2026-11-25 00:00", "2026-12-01 00:00");
    assert_next("@yearly", "2026-11-25 00:00", "2027-01-01 00:00");
    assert_next("@annually", "2026-11-25 00:00", "2027-01-01 00:00");
    assert_next("0 0 * * *", "1969-12-31 12:00", "1970-01-01 00:00");
    assert_next("0 0 * * *", "9999-12-30 12:00", "9999-12-31 00:00");
}

/* Vixie's rule for the two fields of days. */
static void days(void **state)
{
    /* Both given: the 13th, and each Friday. 2026-11-13 was a Friday. */
    assert_next("0 0 13 * fri", "2026-11-13 00:00", "2026-11-20 00:00");
    assert_next("0 0 13 * fri", "2026-12-11 00:00", "2026-12-13 00:00");
    /* A star with a step is a star: Mondays that have an odd number. 2026-11-23 was a Monday. */
    assert_next("0 0 */2 * mon", "2026-11-16 00:00", "2026-11-23 00:00");
    assert_next("0 0 */2 * mon", "2026-11-23 00:00", "2026-12-07 00:00");
    /* Given as a range of all of them, it is given all the same. */
    assert_next("0 0 1-31 * mon", "2026-11-24 00:00", "2026-11-25 00:00");
    /* 31 February does not come, but Mondays of February do. */
    assert_next("0 0 31 2 mon", "2026-11-24 00:00", "2027-02-01 00:00");
}

/* cron_next is the first minute that matches, and what matches is counted here another way. */
static void counted(void **state)
{
    static const char *const fields[] = {"0 3 * * *", "*/7 1-5/2 1,15 * *", "30 4 1 */3 sun",
        "1-59/29 23 * feb,nov *", "0 0 31 * *", "5 5 */9 5-9 1,3", "59 23 28-31 * 0-6/3"};
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct cron c;
        struct err e;
        assert_int_equal(cron_parse(str_of(fields[i]), &c, &e), 0);
        int64_t from = minute("2027-12-20 11:37"), next = cron_next(&c, from);
        for (int64_t at = from + 1; at < from + 200000; at++) {
            int64_t day = at / 1440, of_day = at % 1440;
            int y, m, d, week = (int)((day + 4) % 7);
            clock_date(day, &y, &m, &d);
            bool by_month = (c.days & 1u << d) != 0, by_week = (c.weekdays & 1u << week) != 0;
            bool wanted = (c.minutes & UINT64_C(1) << (of_day % 60)) != 0 &&
                          (c.hours & 1u << (of_day / 60)) != 0 && (c.months & 1u << m) != 0 &&
                          (c.either ? by_month || by_week : by_month && by_week);
            assert_int_equal(cron_matches(&c, at), wanted);
            assert_int_equal(at == next, wanted);
            if (wanted)
                next = cron_next(&c, at);
        }
    }
}

static void refused(void **state)
{
    static const struct {
        const char *fields, *words;
    } cases[] = {
        {"", "field 1 (minute) is missing"},
        {"0 3 * *", "field 5 (day of week) is missing"},
        {"0 3 * * * *", "character 11: after the five fields"},
        {"60 3 * * *", "field 1 (minute), character 1: the number must be 0 to 59"},
        {"0 24 * * *", "field 2 (hour), character 3: the number must be 0 to 23"},
        {"0 0 0 * *", "field 3 (day of month), character 5: the number must be 1 to 31"},
        {"0 0 * 13 *", "field 4 (month), character 7: the number must be 1 to 12"},
        {"0 0 * * 8", "field 5 (day of week), character 9: the number must be 0 to 7"},
        {"0 0 * mai *", "field 4 (month), character 7: a month is a number or jan"},
        {"0 0 * * monday", "field 5 (day of week), character 9: a day of the week"},
        {"x 0 * * *", "field 1 (minute), character 1: this field takes numbers"},
        {"5/10 0 * * *", "field 1 (minute), character 2: a step is of a range"},
        {"*/0 0 * * *", "field 1 (minute), character 3: the number must be 1 to 59"},
        {"*/ 0 * * *", "field 1 (minute), character 3: a number is wanted, 1 to 59"},
        {"30-10 0 * * *", "field 1 (minute), character 1: the range ends before it begins"},
        {"1,,2 0 * * *", "field 1 (minute), character 3: a number is wanted"},
        {"1-2-3 0 * * *", "field 1 (minute), character 4: this is not understood"},
        {"0 0 L * *", "field 3 (day of month), character 5: this field takes numbers"},
        {"0 0 ? * *", "field 3 (day of month), character 5: a number is wanted"},
        {"99999999999999999999 0 * * *", "field 1 (minute), character 1: the number must be"},
        {"0 0 30 2 *", "no month of field 4 has a day of field 3"},
        {"0 0 31 4,6,9,11 *", "no month of field 4 has a day of field 3"},
        {"@reboot", "\"@reboot\" is not known; there are @hourly"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cron c;
        struct err e = {0};
        assert_int_equal(cron_parse(str_of(cases[i].fields), &c, &e), -1);
        if (!strstr(e.text, cases[i].words))
            fail_msg("\"%s\": %s; wanted: %s", cases[i].fields, e.text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times),
        cmocka_unit_test(days),
        cmocka_unit_test(counted),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
