/* Exact decimals: arithmetic, rounding, texts, and numbers as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gmp.h>
#include "decimal.h"

static struct decimal dec(const char *text)
{
    struct decimal d;
    struct err e = {0};
    if (decimal_parse(str_of(text), &d, &e))
        fail_msg("%s: %s", text, e.text);
    return d;
}

static void expect(const struct decimal *d, const char *text)
{
    char out[DECIMAL_TEXT];
    assert_string_equal(decimal_text(d, out), text);
}

static void texts_are_the_shortest(void **state)
{
    static const char *const pairs[][2] = {{"0", "0"}, {"-0", "0"}, {"0.000", "0"}, {"0e99", "0"},
        {"-0.0e-5000", "0"}, {"25.50", "25.5"}, {"25.5", "25.5"}, {"100", "100"}, {"1e2", "100"},
        {"1.5E+3", "1500"}, {"-12.340", "-12.34"}, {"0.1", "0.1"}, {"0.001", "0.001"},
        {"1e-3", "0.001"},
        {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
        {"-0.01", "-0.01"},
        {"10000000000000000000000000000000000000000000000000000000000",
            "10000000000000000000000000000000000000000000000000000000000"},
        {"1e60", "1e60"}, {"-12e80", "-1.2e81"}, {"1.25e-80", "1.25e-80"}, {"1e400", "1e400"},
        {"1e-400", "1e-400"}, {"123456789.123456789", "123456789.123456789"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct decimal d = dec(pairs[i][0]);
        expect(&d, pairs[i][1]);
        struct decimal again = dec(pairs[i][1]);
        assert_memory_equal(&d, &again, sizeof(d)); /* equal values are equal bytes */
    }
}

static void only_json_numbers_are_parsed(void **state)
{
    static const char *const bad[] = {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e5",
        "0x1", "1 ", " 1", "1,5", "--1", "1e5.0", "NaN", "Infinity", "1_000", "1e5x", "1-", "00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct decimal d;
        struct err e = {0};
        if (!decimal_parse(str_of(bad[i]), &d, &e))
            fail_msg("%s was taken for a number", bad[i]);
        assert_int_equal(e.code, ERR_INPUT);
    }
    static const char *const beyond[] = {"123456789012345678901234567890123456789",
        "0.100000000000000000000000000000000000001", "1e401", "1e-401", "1e99999999999999999999"};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        struct decimal d;
        struct err e = {0};
        assert_int_equal(decimal_parse(str_of(beyond[i]), &d, &e), -1);
        assert_int_equal(e.code, ERR_LIMIT);
    }
}

typedef int (*operation)(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);

static void expect_op(operation op, const char *a, const char *b, const char *result)
{
    struct decimal x = dec(a), y = dec(b), r;
    struct err e = {0};
    int rc = op(&x, &y, &r, &e);
    if (!result) {
        assert_int_equal(rc, -1);
        return;
    }
    if (rc)
        fail_msg("%s, %s: %s", a, b, e.text);
    expect(&r, result);
}

static void arithmetic_is_exact(void **state)
{
    expect_op(decimal_add, "0.1", "0.2", "0.3");
    expect_op(decimal_add, "-1", "1", "0");
    expect_op(decimal_add, "0", "-2.5", "-2.5");
    expect_op(decimal_add, "99999999999999999999999999999999999999", "1",
        "100000000000000000000000000000000000000");
    expect_op(decimal_add, "99999999999999999999999999999999999999", "2", NULL);
    expect_op(decimal_add, "1e39", "1", NULL);
    expect_op(decimal_add, "1e37", "1", "10000000000000000000000000000000000001");
    expect_op(decimal_add, "1e300", "1e-300", NULL);
    expect_op(decimal_sub, "1e38", "1", "99999999999999999999999999999999999999");
    expect_op(decimal_sub, "5", "7.25", "-2.25");
    expect_op(decimal_sub, "-5", "-7.25", "2.25");
    expect_op(decimal_mul, "12345678901234567.89", "100", "1234567890123456789");
    expect_op(decimal_mul, "-0.5", "-0.5", "0.25");
    expect_op(decimal_mul, "0", "-7", "0");
    expect_op(decimal_mul, "99999999999999999999", "99999999999999999999", NULL);
    expect_op(decimal_mul, "1e300", "1e300", NULL);
    expect_op(decimal_mul, "33.335", "2.7", "90.0045");
    expect_op(decimal_div, "1", "4", "0.25");
    expect_op(decimal_div, "1", "3", "0.3333333333333333333333333333333333");
    expect_op(decimal_div, "2", "3", "0.6666666666666666666666666666666667");
    expect_op(decimal_div, "-2", "3", "-0.6666666666666666666666666666666667");
    expect_op(decimal_div, "124", "1.24", "100");
    expect_op(decimal_div, "0", "3", "0");
    expect_op(decimal_div, "1", "0", NULL);
    expect_op(decimal_div, "1e300", "1e-200", NULL);
    expect_op(decimal_div, "99999999999999999999999999999999999999", "1",
        "99999999999999999999999999999999999999");
    expect_op(decimal_div, "12345678901234567890123456789012345679", "3",
        "4115226300411522630041152263004115000");
}

/* Against GMP's fractions, on numbers drawn from a fixed seed. */
static void arithmetic_agrees_with_fractions(void **state)
{
    static const operation ops[] = {decimal_add, decimal_sub, decimal_mul};
    uint64_t seed = 88172645463325252u;
    int compared = 0;
    for (int i = 0; i < 20000; i++) {
        struct decimal v[2], r;
        mpq_t q[3];
        for (int k = 0; k < 2; k++) {
            char text[64], fraction[64] = "";
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            int places = (int)(seed % 12);
            int64_t n = (int64_t)(seed >> (seed % 60)) / (seed & 1 ? 1 : -1);
            snprintf(text, sizeof(text), "%llde-%d", (long long)n, places);
            v[k] = dec(text);
            snprintf(fraction, sizeof(fraction), "%lld/1%0*d", (long long)n, places, 0);
            if (!places)
                snprintf(fraction, sizeof(fraction), "%lld", (long long)n);
            mpq_init(q[k]);
            mpq_set_str(q[k], fraction, 10);
            mpq_canonicalize(q[k]);
        }
        mpq_init(q[2]);
        int c = mpq_cmp(q[0], q[1]);
        assert_int_equal(decimal_compare(&v[0], &v[1]), (c > 0) - (c < 0));
        if (i % 3 == 0)
            mpq_add(q[2], q[0], q[1]);
        else if (i % 3 == 1)
            mpq_sub(q[2], q[0], q[1]);
        else
            mpq_mul(q[2], q[0], q[1]);
        struct err e;
        if (ops[i % 3](&v[0], &v[1], &r, &e) == 0) {
            /* r as a fraction: its digits over a power of ten. */
            char text[DECIMAL_TEXT], digits[DECIMAL_TEXT * 2];
            decimal_text(&r, text);
            char *point = strchr(text, '.');
            int places = point ? (int)strlen(point + 1) : 0;
            if (point)
                memmove(point, point + 1, strlen(point));
            snprintf(digits, sizeof(digits), "%s/1%0*d", text, places, 0);
            if (!places)
                snprintf(digits, sizeof(digits), "%s", text);
            mpq_set_str(q[0], digits, 10);
            mpq_canonicalize(q[0]);
            assert_true(mpq_equal(q[0], q[2]));
            compared++;
        }
        mpq_clears(q[0], q[1], q[2], NULL);
    }
    assert_true(compared > 15000);
}

static void comparison_orders_all(void **state)
{
    static const char *const ordered[] = {"-1e400", "-1e300", "-100", "-99.99", "-1", "-0.5",
        "-1e-400", "0", "1e-400", "0.1", "0.11", "0.2", "1", "1.5", "99", "99.1", "100", "1e2",
        "101", "99999999999999999999999999999999999999", "1e38", "1e400"};
    size_t n = sizeof(ordered) / sizeof(ordered[0]);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            struct decimal a = dec(ordered[i]), b = dec(ordered[k]);
            int expected = i < k ? -1 : i > k;
            if (!strcmp(ordered[i], "1e2") || !strcmp(ordered[i], "100"))
                if (!strcmp(ordered[k], "1e2") || !strcmp(ordered[k], "100"))
                    expected = 0;
            assert_int_equal(decimal_compare(&a, &b), expected);
        }
    }
}

/* On both sides of each power of ten, where the number of digits changes. */
static void digits_are_counted(void **state)
{
    char nines[64], power[64];
    const struct decimal one = decimal_of(1);
    struct decimal r;
    for (int n = 1; n < 38; n++) {
        memset(nines, '9', (size_t)n);
        nines[n] = '\0';
        snprintf(power, sizeof(power), "1e%d", n);
        struct decimal below = dec(nines), at = dec(power);
        assert_int_equal(decimal_compare(&below, &at), -1);
        assert_int_equal(decimal_compare(&at, &below), 1);
        assert_int_equal(decimal_add(&below, &one, &r, NULL), 0);
        assert_int_equal(decimal_compare(&r, &at), 0);
        assert_int_equal(decimal_sub(&at, &one, &r, NULL), 0);
        assert_int_equal(decimal_compare(&r, &below), 0);
        assert_int_equal(decimal_div(&at, &below, &r, NULL), 0);
        assert_int_equal(decimal_compare(&r, &one), n < DECIMAL_DIV_DIGITS ? 1 : 0);
        assert_int_equal(decimal_div(&below, &below, &r, NULL), 0);
        assert_int_equal(decimal_compare(&r, &one), 0);
        assert_int_equal(decimal_div(&one, &at, &r, NULL), 0);
        assert_int_equal(decimal_mul(&r, &at, &r, NULL), 0);
        assert_int_equal(decimal_compare(&r, &one), 0);
    }
    struct decimal most = dec("99999999999999999999999999999999999999");
    assert_int_equal(decimal_add(&most, &most, &r, NULL), -1);
    assert_int_equal(decimal_mul(&most, &most, &r, NULL), -1);
    assert_int_equal(decimal_add(&most, &one, &r, NULL), 0); /* 1e38 */
}

static void rounding_goes_away_from_zero(void **state)
{
    static const struct {
        const char *from;
        int places;
        const char *up, *even;
    } cases[] = {{"1.005", 2, "1.01", "1"}, {"1.015", 2, "1.02", "1.02"},
        {"-1.005", 2, "-1.01", "-1"}, {"90.0045", 2, "90", "90"}, {"0.5", 0, "1", "0"},
        {"1.5", 0, "2", "2"}, {"2.5", 0, "3", "2"}, {"-2.5", 0, "-3", "-2"},
        {"2.4999999", 0, "2", "2"}, {"2.5000001", 0, "3", "3"}, {"0.005", 2, "0.01", "0"},
        {"0.004999", 2, "0", "0"}, {"1250", -2, "1300", "1200"}, {"49", -2, "0", "0"},
        {"50", -2, "100", "0"}, {"5", -50, "0", "0"}, {"1e-400", 2, "0", "0"}, {"7", 5, "7", "7"},
        {"9999999999999999999999999999999999999.9", 0, "10000000000000000000000000000000000000",
            "10000000000000000000000000000000000000"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal d, r;
        d = dec(cases[i].from);
        assert_int_equal(decimal_round(&d, cases[i].places, DECIMAL_HALF_UP, &r, NULL), 0);
        expect(&r, cases[i].up);
        assert_int_equal(decimal_round(&d, cases[i].places, DECIMAL_HALF_EVEN, &r, NULL), 0);
        expect(&r, cases[i].even);
    }
}

/* Three rows of 0.33 at 25.5 %: per row 0.24, per rate 0.25. And a row of 33.335 x 3 less 10 %. */
static void invoices_come_out_right(void **state)
{
    struct decimal row = dec("0.33"), rate = dec("0.255"), three = decimal_of(3), vat, sum;
    char text[DECIMAL_TEXT];
    struct err e;
    decimal_mul(&row, &rate, &vat, &e);
    decimal_round(&vat, 2, DECIMAL_HALF_UP, &vat, &e);
    decimal_mul(&vat, &three, &vat, &e);
    assert_int_equal(decimal_text_fixed(&vat, 2, text, &e), 0);
    assert_string_equal(text, "0.24");
    decimal_mul(&row, &three, &sum, &e);
    decimal_mul(&sum, &rate, &vat, &e);
    assert_int_equal(decimal_text_fixed(&vat, 2, text, &e), 0);
    assert_string_equal(text, "0.25");
    struct decimal price = dec("33.335"), kept = dec("0.9");
    decimal_mul(&price, &three, &sum, &e);
    decimal_mul(&sum, &kept, &sum, &e);
    expect(&sum, "90.0045");
    assert_int_equal(decimal_text_fixed(&sum, 2, text, &e), 0);
    assert_string_equal(text, "90.00");
    /* A gross price: net and VAT add up to it. */
    struct decimal gross = dec("125.5"), divisor = dec("1.255"), net;
    decimal_div(&gross, &divisor, &net, &e);
    expect(&net, "100");
}

static void fixed_texts_have_their_places(void **state)
{
    static const struct {
        const char *from;
        int places;
        const char *text;
    } cases[] = {{"25.5", 2, "25.50"}, {"1.005", 2, "1.01"}, {"0", 2, "0.00"}, {"0", 0, "0"},
        {"1e3", 2, "1000.00"}, {"-0.004", 2, "0.00"}, {"-0.005", 2, "-0.01"}, {"0.05", 1, "0.1"},
        {"12.3456", 4, "12.3456"}, {"0.001", 3, "0.001"}, {"0.001", 5, "0.00100"},
        {"9.99", 1, "10.0"}, {"123456.5", 0, "123457"}, {"1e100", 2, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal d = dec(cases[i].from);
        char text[DECIMAL_TEXT];
        struct err e;
        int rc = decimal_text_fixed(&d, cases[i].places, text, &e);
        assert_int_equal(rc, cases[i].text ? 0 : -1);
        if (cases[i].text)
            assert_string_equal(text, cases[i].text);
    }
}

static void integers_go_both_ways(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, 100, -1200, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct decimal d = decimal_of(numbers[i]);
        int64_t n;
        char text[32], out[DECIMAL_TEXT];
        snprintf(text, sizeof(text), "%lld", (long long)numbers[i]);
        assert_string_equal(decimal_text(&d, out), text);
        assert_true(decimal_to_i64(&d, &n));
        assert_true(n == numbers[i]);
    }
    static const char *const not [] = {"0.5", "9223372036854775808", "-9223372036854775809", "1e19",
        "1e300", "12345678901234567890123"};
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
        struct decimal d = dec(not [i]);
        int64_t n;
        assert_false(decimal_to_i64(&d, &n));
    }
    struct decimal d = dec("-12.5");
    assert_true(decimal_to_double(&d) == -12.5);
}

/* ---- as people write ---------------------------------------------------------------------------
 */

static void people_are_understood(void **state)
{
    static const struct {
        const char *text, *value, *currency, *unit;
        bool percent;
    } cases[] = {{"1 234,50 EUR", "1234.5", "EUR", "", false},
        {"1\xc2\xa0"
         "234,50 \xe2\x82\xac",
            "1234.5", "EUR", "", false},
        {"1\xe2\x80\xaf"
         "234,50\xc2\xa0\xe2\x82\xac",
            "1234.5", "EUR", "", false},
        {"1\xe2\x80\x89"
         "234\xe2\x80\x89"
         "567,5",
            "1234567.5", "", "", false},
        {"1.234,50", "1234.5", "", "", false}, {"1,234.50", "1234.5", "", "", false},
        {"1234.50 \xe2\x82\xac", "1234.5", "EUR", "", false},
        {"\xe2\x82\xac"
         "1,234.50",
            "1234.5", "EUR", "", false},
        {"EUR 99", "99", "EUR", "", false}, {"eur 1", "1", "EUR", "", false},
        {"$ 5.5", "5.5", "USD", "", false},
        {"\xc2\xa3"
         "2",
            "2", "GBP", "", false},
        {"25,5 %", "25.5", "", "", true}, {"25.5%", "25.5", "", "", true},
        {"14 prosenttia", "14", "", "", true}, {"-5", "-5", "", "", false},
        {"\xe2\x88\x92"
         "5",
            "-5", "", "", false},
        {"\xe2\x80\x93 5,5", "-5.5", "", "", false}, {"+7", "7", "", "", false},
        {"-\xe2\x82\xac"
         "5",
            "-5", "EUR", "", false},
        {"\xe2\x82\xac-5", "-5", "EUR", "", false}, {"  42  ", "42", "", "", false},
        {"12 kpl", "12", "", "kpl", false}, {"7,5h", "7.5", "", "h", false},
        {"3 m\xc2\xb2", "3", "", "m\xc2\xb2", false}, {"50 e", "50", "EUR", "", false},
        {"25,-", "25", "", "", false}, {"25,- \xe2\x82\xac", "25", "EUR", "", false},
        {"1.234.567", "1234567", "", "", false}, {"1,234,567", "1234567", "", "", false},
        {"1.234.567,89", "1234567.89", "", "", false}, {"1 234 567", "1234567", "", "", false},
        {"1'234.50", "1234.5", "", "", false}, {"1 234,567", "1234.567", "", "", false},
        {"1 234.5", "1234.5", "", "", false}, {"1234,567", "1234.567", "", "", false},
        {"0,123", "0.123", "", "", false}, {"0.123", "0.123", "", "", false},
        {"1,23", "1.23", "", "", false}, {"1,2345", "1.2345", "", "", false},
        {"0", "0", "", "", false}, {"0,00 \xe2\x82\xac", "0", "EUR", "", false},
        {"1.234,567", "1234.567", "", "", false}, {"\xe2\x82\xac 5 EUR", "5", "EUR", "", false},
        {"100 \xe2\x82\xac/kk", "100", "", NULL, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal_found f;
        struct err e = {0};
        int rc = decimal_parse_people(str_of(cases[i].text), DECIMAL_LANGUAGE_NONE, &f, &e);
        if (rc)
            fail_msg("%s", e.text);
        expect(&f.value, cases[i].value);
        assert_string_equal(f.currency, cases[i].currency);
        if (cases[i].unit)
            assert_string_equal(f.unit, cases[i].unit);
        assert_int_equal(f.percent, cases[i].percent);
    }
}

static void what_may_be_two_things_is_refused(void **state)
{
    static const char *const ambiguous[] = {"1,234", "1.234", "12.345 EUR", "123,456 \xe2\x82\xac"};
    static const char *const finnish[] = {"1.234", "1234", "12345", "123.456"};
    static const char *const english[] = {"1234", "1.234", "12.345", "123456"};
    for (size_t i = 0; i < 4; i++) {
        struct decimal_found f;
        struct err e = {0};
        struct str text = str_of(ambiguous[i]);
        assert_int_equal(decimal_parse_people(text, DECIMAL_LANGUAGE_NONE, &f, &e), -1);
        assert_non_null(strstr(e.text, "may mark decimals or thousands"));
        assert_int_equal(decimal_parse_people(text, DECIMAL_LANGUAGE_FINNISH, &f, &e), 0);
        expect(&f.value, finnish[i]);
        assert_int_equal(decimal_parse_people(text, DECIMAL_LANGUAGE_ENGLISH, &f, &e), 0);
        expect(&f.value, english[i]);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const pairs[][2] = {{"", "empty"}, {"   ", "empty"}, {"5-", "sign"},
        {"5 -", "sign"}, {"(5)", "brackets"}, {"1e5", "exponent"}, {"1E-5", "exponent"},
        {"007", "begins with a 0"}, {"0 123", "begins with a 0"}, {"0.123.456", "begins with a 0"},
        {"1 23", "not thousands"}, {"1 2345", "not thousands"}, {"1234 567", "not thousands"},
        {"1.23,45", "not thousands"}, {"1,234,5.6", "not thousands"}, {"1 234'567", "thousands"},
        {"1.234 567", "not thousands"}, {"1,5,5", "not thousands"}, {"5,", "without digits"},
        {"5.", "without digits"}, {",5", "no digit"}, {".5", "no digit"}, {"-", "no digit"},
        {"--5", "two signs"}, {"-\xe2\x82\xac-5", "two signs"}, {"abc", "does not begin"},
        {"noin 5", "does not begin"}, {"5 EUR alv 0", "more than a unit"},
        {"5 10", "not thousands"}, {"10 - 20", "sign"}, {"\xe2\x82\xac 5 USD", "two currencies"},
        {"5 #", "no unit"}, {"5/6", "no unit"}, {"\xff", "UTF-8"}, {"5;6", "no unit"},
        {"12:30", "no unit"}, {"1..5", "without digits"}, {"25.-", "without digits"},
        {"\xe2\x82\xac 5 %", "a percent sign"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct decimal_found f;
        struct err e = {0};
        if (!decimal_parse_people(str_of(pairs[i][0]), DECIMAL_LANGUAGE_NONE, &f, &e))
            fail_msg("<%s> was taken for a number", pairs[i][0]);
        if (!strstr(e.text, pairs[i][1]))
            fail_msg("<%s>: \"%s\" does not say \"%s\"", pairs[i][0], e.text, pairs[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_the_shortest),
        cmocka_unit_test(only_json_numbers_are_parsed),
        cmocka_unit_test(arithmetic_is_exact),
        cmocka_unit_test(arithmetic_agrees_with_fractions),
        cmocka_unit_test(comparison_orders_all),
        cmocka_unit_test(digits_are_counted),
        cmocka_unit_test(rounding_goes_away_from_zero),
        cmocka_unit_test(invoices_come_out_right),
        cmocka_unit_test(fixed_texts_have_their_places),
        cmocka_unit_test(integers_go_both_ways),
        cmocka_unit_test(people_are_understood),
        cmocka_unit_test(what_may_be_two_things_is_refused),
        cmocka_unit_test(what_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
