/* Time texts against known instants, waits, and identifiers. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backoff.h"
#include "clock.h"
#include "id.h"

static void formats(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(951827696789), "2000-02-29T12:34:56.789Z"},
        {INT64_C(1795166100123), "2026-11-20T09:15:00.123Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    char out[CLOCK_TEXT];
    for (size_t i = 0; i < COUNT(cases); i++) {
        clock_format(cases[i].ms, out);
        assert_string_equal(out, cases[i].text);
    }
}

/* Every day of 800 years there and back, and each one day after the day before. */
static void round_trips_every_day(void **state)
{
    char out[CLOCK_TEXT];
    for (int64_t day = -100000; day < 300000; day++) {
        int64_t back, ms = day * 86400000 + 86399999;
        clock_format(ms, out);
        assert_true(clock_parse_rfc3339(out, strlen(out), &back));
        assert_true(back == ms);
    }
}

static void parses_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
        {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
        {"1990-12-31T15:59:60-08:00", INT64_C(662688000000)},
        {"1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130)},
        {"2026-11-20t09:15:00z", INT64_C(1795166100000)},
        {"2026-11-20 11:15:00+02:00", INT64_C(1795166100000)},
        {"2026-11-20T09:15:00.1239999999Z", INT64_C(1795166100123)},
        {"2026-11-20T09:15:00-00:00", INT64_C(1795166100000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-20",
        "2026-11-20T09:15Z",
        "2026-11-20T09:15:00",
        "2026-11-20T09:15:00Z ",
        " 2026-11-20T09:15:00Z",
        "2026-11-20T09:15:00.Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T09:60:00Z",
        "2026-11-20T09:15:61Z",
        "2026-13-20T09:15:00Z",
        "2026-00-20T09:15:00Z",
        "2026-11-00T09:15:00Z",
        "2026-11-31T09:15:00Z",
        "2026-02-29T09:15:00Z",
        "1900-02-29T09:15:00Z",
        "26-11-20T09:15:00Z",
        "2026-11-20T09:15:00+0200",
        "2026-11-20T09:15:00+24:00",
        "2026-11-20T09:15:00+02:60",
        "2026-11-20T09:15:00+02",
        "+026-11-20T09:15:00Z",
        "2026-1-20T09:15:00Z",
        "2026-11-20_09:15:00Z",
        "2026-11-20T09:15:00,5Z",
        "20261120T091500Z",
    };
    int64_t ms;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(clock_parse_rfc3339(good[i].text, strlen(good[i].text), &ms));
        assert_true(ms == good[i].ms);
        for (size_t n = 0; n < strlen(good[i].text); n++)
            assert_false(clock_parse_rfc3339(good[i].text, n, &ms));
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(clock_parse_rfc3339(bad[i], strlen(bad[i]), &ms));
    assert_false(clock_parse_rfc3339("2026-11-20\0T09:15:00Z", 21, &ms));
}

static void parses_http(void **state)
{
    static const char good[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    static const char *const others[] = {
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994"};
    static const char *const bad[] = {
        "",
        "Monnesday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 NOV 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "120",
    };
    int64_t ms;
    assert_true(clock_parse_http(good, sizeof(good) - 1, &ms));
    assert_true(ms == INT64_C(784111777000));
    for (size_t n = 0; n < sizeof(good) - 1; n++)
        assert_false(clock_parse_http(good, n, &ms));
    for (size_t i = 0; i < COUNT(others); i++) {
        ms = 0;
        assert_true(clock_parse_http(others[i], strlen(others[i]), &ms));
        assert_true(ms == INT64_C(784111777000));
        for (size_t n = 0; n < strlen(others[i]); n++)
            assert_false(clock_parse_http(others[i], n, &ms));
    }
    /* The year of two digits is within 50 years from now, or of the century before. */
    for (int ahead = -60; ahead < 60; ahead++) {
        char text[64];
        time_t now = (time_t)(clock_wall_ms() / 1000);
        struct tm t;
        gmtime_r(&now, &t);
        t.tm_year += ahead;
        t.tm_mon = 5;
        t.tm_mday = 15;
        time_t at = timegm(&t);
        gmtime_r(&at, &t);
        size_t n = strftime(text, sizeof(text), "%A, %d-%b-", &t);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%02d", t.tm_year % 100);
        n += strftime(text + n, sizeof(text) - n, " %H:%M:%S GMT", &t);
        assert_true(clock_parse_http(text, n, &ms));
        int century = ahead > 50 ? -100 : ahead <= -50 ? 100 : 0;
        t.tm_year += century;
        assert_true(ms == (int64_t)timegm(&t) * 1000);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(clock_parse_http(bad[i], strlen(bad[i]), &ms));
}

static void clocks_go_forward(void **state)
{
    int64_t a = clock_mono_us(), b = clock_mono_us();
    assert_true(b >= a);
    assert_true(clock_mono_ms() >= b / 1000);
    assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

static void backs_off(void **state)
{
    /* The largest random number gives the largest wait: base doubled up to the cap. */
    static const int64_t most[] = {100, 200, 400, 800, 1000, 1000};
    for (int attempt = 1; attempt <= 6; attempt++) {
        assert_int_equal(backoff_ms(attempt, 100, 1000, 0, UINT32_MAX), most[attempt - 1]);
        assert_int_equal(backoff_ms(attempt, 100, 1000, 0, 0), 0);
        assert_int_equal(backoff_ms(attempt, 100, 1000, 50, 0), 50);
        int64_t middle = backoff_ms(attempt, 100, 1000, 0, UINT32_C(1) << 31);
        assert_true(middle >= most[attempt - 1] / 2 && middle <= most[attempt - 1] / 2 + 1);
    }
    assert_int_equal(backoff_ms(0, 100, 1000, 0, UINT32_MAX), 100);
    assert_int_equal(backoff_ms(INT32_MAX, 100, 1000, 0, UINT32_MAX), 1000);
    assert_true(backoff_ms(200, 1, INT64_MAX, 0, UINT32_MAX) > 0);
    assert_int_equal(backoff_ms(5, 0, 1000, 7, UINT32_MAX), 7);
    assert_int_equal(backoff_ms(1, 5000, 1000, 0, UINT32_MAX), 1000);
}

static void ids_sort(void **state)
{
    char last[ID_TEXT], id[ID_TEXT];
    id_new(last, "evt_", 1469918176385);
    assert_int_equal(strlen(last), 30);
    /* The time of the ULID specification's example. */
    assert_memory_equal(last, "evt_01ARYZ6S41", 14);
    for (int i = 0; i < 10000; i++) {
        id_new(id, "evt_", 1469918176385 + i / 5000);
        assert_true(strcmp(last, id) < 0);
        assert_int_equal(strspn(id + 4, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
        memcpy(last, id, sizeof(last));
    }
    id_new(id, "", INT64_C(281474976710655));
    assert_memory_equal(id, "7ZZZZZZZZZ", 10);
    assert_int_equal(strlen(id), 26);
    id_new(id, "toolong_", 0);
    assert_memory_equal(id, "tool0000000000", 14);
}

static void hashes(void **state)
{
    /* BLAKE2b with 16 bytes of output, as b2sum -l 128 prints it. */
    char a[33], b[33];
    id_hash(a, "", 0);
    assert_string_equal(a, "cae66941d9efbd404e4d88758ea67670");
    id_hash(a, "abc", 3);
    assert_string_equal(a, "cf4ab791c62b8d2b2109c90275287816");
    id_hash(b, "abd", 3);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(round_trips_every_day),
        cmocka_unit_test(parses_rfc3339),
        cmocka_unit_test(parses_http),
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(backs_off),
        cmocka_unit_test(ids_sort),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
