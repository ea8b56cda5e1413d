/* Slices and strict conversions. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "str.h"

static void compares(void **state)
{
    assert_true(str_eq(STR_NONE, STR_LIT("")));
    assert_false(str_eq(STR_LIT("a"), STR_LIT("b")));
    assert_false(str_eq(STR_LIT("a"), STR_LIT("ab")));
    assert_true(str_is(STR_LIT("abc"), "abc"));
    assert_true(str_ieq(STR_LIT("Content-TYPE"), STR_LIT("content-type")));
    assert_false(str_ieq(STR_LIT("a@"), STR_LIT("A`")));
    assert_false(str_ieq(STR_LIT("\xC4"), STR_LIT("\xE4")));
    assert_true(str_starts(STR_LIT("abc"), "ab"));
    assert_true(str_starts(STR_NONE, ""));
    assert_false(str_starts(STR_LIT("a"), "ab"));
    assert_true(str_ends(STR_LIT("a.lua"), ".lua"));
    assert_false(str_ends(STR_LIT("lua"), ".lua"));
    assert_null(str_of(NULL).p);
    assert_true(str_same_secret(STR_LIT("abc"), STR_LIT("abc")));
    assert_false(str_same_secret(STR_LIT("abc"), STR_LIT("abd")));
    assert_false(str_same_secret(STR_LIT("abc"), STR_LIT("abcd")));
    assert_true(str_same_secret(STR_NONE, STR_LIT("")));
}

static void trims_and_cuts(void **state)
{
    assert_true(str_is(str_trim(STR_LIT(" \t\r\n a b \v\f ")), "a b"));
    assert_true(str_is(str_trim(STR_LIT("   ")), ""));
    assert_true(str_is(str_trim(STR_NONE), ""));
    struct str rest;
    assert_true(str_is(str_cut(STR_LIT("a=b=c"), '=', &rest), "a"));
    assert_true(str_is(rest, "b=c"));
    assert_true(str_is(str_cut(STR_LIT("a="), '=', &rest), "a"));
    assert_non_null(rest.p);
    assert_int_equal(rest.n, 0);
    assert_true(str_is(str_cut(STR_LIT("a"), '=', &rest), "a"));
    assert_null(rest.p);
    str_cut(STR_NONE, '=', &rest);
    assert_null(rest.p);
}

static void converts_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"7", 7},
        {"-7", -7},
        {"0042", 42},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        "--1",
        "-0",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "1a",
        "\xD9\xA1",
    };
    int64_t v;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(str_to_i64(str_of(good[i].text), &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(str_to_i64(str_of(bad[i]), &v));
    assert_false(str_to_i64(STR_NONE, &v));
}

static void converts_durations_and_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {
        {"0", 0},
        {"10", 10000},
        {"250ms", 250},
        {"5s", 5000},
        {"2m", 120000},
        {"1h", 3600000},
        {"3d", 259200000},
        {"106751991167d", INT64_C(9223372036828800000)},
    };
    static const char *const bad_times[] = {
        "",
        "s",
        "ms",
        "-1s",
        "1.5s",
        "1 s",
        "1S",
        "1w",
        "1mss",
        "106751991168d",
        "5s5",
    };
    static const struct {
        const char *text;
        size_t n;
    } sizes[] = {
        {"0", 0}, {"100", 100}, {"64k", 65536}, {"1m", 1048576}, {"2g", 2147483648u}, {"3K", 3072}};
    static const char *const bad_sizes[] = {
        "",
        "k",
        "-1",
        "1.5m",
        "1 m",
        "1mb",
        "1t",
        "17179869184g",
        "9223372036854775808",
    };
    int64_t ms;
    size_t n;
    for (size_t i = 0; i < COUNT(times); i++) {
        assert_true(str_to_ms(str_of(times[i].text), &ms));
        assert_true(ms == times[i].ms);
    }
    for (size_t i = 0; i < COUNT(bad_times); i++)
        assert_false(str_to_ms(str_of(bad_times[i]), &ms));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_true(str_to_size(str_of(sizes[i].text), &n));
        assert_int_equal(n, sizes[i].n);
    }
    for (size_t i = 0; i < COUNT(bad_sizes); i++)
        assert_false(str_to_size(str_of(bad_sizes[i]), &n));
}

/* Each code point in its one right form, and each three-byte form counted, is what the standard
 * says: 1,112,064 characters. */
static void knows_utf8(void **state)
{
    unsigned valid = 0;
    for (unsigned c = 0; c < 0x200000; c++) {
        char p[4] = {(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
            (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
        valid += str_utf8_valid((struct str){p, 4});
    }
    assert_int_equal(valid, 0x110000 - 0x10000);
    valid = 0;
    for (unsigned c = 0; c < 0x10000; c++) {
        char p[3] = {(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
        valid += str_utf8_valid((struct str){p, 3});
    }
    assert_int_equal(valid, 0x10000 - 0x800 - 0x800);
    valid = 0;
    for (unsigned c = 0; c < 0x10000; c++) {
        char p[2] = {(char)(c >> 8), (char)c};
        valid += str_utf8_valid((struct str){p, 2});
    }
    assert_int_equal(valid, 128 * 128 + (0x800 - 0x80));
}

static void finds_invalid_utf8_at_any_offset(void **state)
{
    char text[40];
    for (size_t n = 1; n < sizeof(text); n++) {
        for (size_t i = 0; i < n; i++) {
            memset(text, 'a', sizeof(text));
            assert_true(str_utf8_valid((struct str){text, n}));
            text[i] = '\xC3';
            assert_false(str_utf8_valid((struct str){text, n}));
            if (i + 1 < n) {
                text[i + 1] = '\xA4';
                assert_true(str_utf8_valid((struct str){text, n}));
            }
        }
    }
    assert_true(str_utf8_valid(STR_NONE));
}

static void measures_distance(void **state)
{
    assert_int_equal(str_distance(STR_LIT(""), STR_LIT("")), 0);
    assert_int_equal(str_distance(STR_LIT(""), STR_LIT("abc")), 3);
    assert_int_equal(str_distance(STR_LIT("abc"), STR_LIT("")), 3);
    assert_int_equal(str_distance(STR_LIT("kitten"), STR_LIT("sitting")), 3);
    assert_int_equal(str_distance(STR_LIT("port"), STR_LIT("prot")), 1);
    assert_int_equal(str_distance(STR_LIT("data"), STR_LIT("date")), 1);
    assert_int_equal(str_distance(STR_LIT("a"), STR_LIT("b")), 1);
    char longest[65];
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(str_distance((struct str){longest, 64}, (struct str){longest, 64}), 0);
    assert_int_equal(str_distance((struct str){longest, 65}, (struct str){longest, 65}), 64);
}

static void writes_hex(void **state)
{
    char out[9];
    str_hex(out, "\x00\x0F\xA5\xFF", 4);
    assert_string_equal(out, "000fa5ff");
    str_hex(out, "", 0);
    assert_string_equal(out, "");
}

static void makes_one_line_of_words(void **state)
{
    static const struct {
        const char *text, *line;
        size_t room;
    } cases[] = {{"plain", "plain", 40}, {"a\r\n\tb", "a   b", 40}, {"\x1b[2J\x7f", " [2J ", 40},
        {"\xc2\x9b[\xc2\xa0", " [\xc2\xa0", 40},
        {"\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\xa8", " | |\xe2\x80\xa8", 40}, {"\xff\xc3", "??", 40},
        {"123456789", "1234567", 8}, {"123456\xc3\xa4", "123456", 8},
        {"12345\xc3\xa4", "12345\xc3\xa4", 8}, {"", "", 1}, {"x", "", 1}};
    char out[40];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str_line(out, cases[i].room, str_of(cases[i].text));
        assert_string_equal(out, cases[i].line);
    }
    str_line(out, sizeof out, STR_NONE);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(trims_and_cuts),
        cmocka_unit_test(converts_integers),
        cmocka_unit_test(converts_durations_and_sizes),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(finds_invalid_utf8_at_any_offset),
        cmocka_unit_test(measures_distance),
        cmocka_unit_test(writes_hex),
        cmocka_unit_test(makes_one_line_of_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
