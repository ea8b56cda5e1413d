/* Identifiers: vectors from the rules' descriptions, and all lines of the data set in
 * tests/data/ids (run from the top of the source tree). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ids.h"

static void expect_valid(const char *type, const char *text, const char *normal)
{
    struct ids_checked c;
    if (ids_check(type, str_of(text), &c) != IDS_VALID)
        fail_msg("%s <%s>: %s", type, text, c.reason);
    assert_string_equal(c.normal, normal);
    assert_string_equal(c.reason, "");
}

static void expect_compact(const char *type, const char *text, const char *compact)
{
    struct ids_checked c;
    if (ids_check(type, str_of(text), &c) != IDS_VALID)
        fail_msg("%s <%s>: %s", type, text, c.reason);
    assert_string_equal(c.compact, compact);
}

static void expect_invalid(const char *type, const char *text, const char *words)
{
    struct ids_checked c;
    if (ids_check(type, str_of(text), &c) != IDS_INVALID)
        fail_msg("%s <%s> was taken as %s", type, text, c.normal);
    if (!strstr(c.reason, words))
        fail_msg("%s <%s>: \"%s\" does not say \"%s\"", type, text, c.reason, words);
    assert_string_equal(c.normal, "");
}

static void business_ids(void **state)
{
    static const char *const valid[] = {"0112038-9", "2646674-9", "0737546-2", "3466646-8",
        "0100002-9", "2331972-7", "1234567-1", "1234562-0", "1234570-0"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        expect_valid("fi_ytunnus", valid[i], valid[i]);
    static const char *const spellings[] = {"0112038-9", "01120389", "112038-9", " 0112038-9 ",
        "0112038 - 9",
        "0112038\xe2\x80\x93"
        "9",
        "0112038\xe2\x88\x92"
        "9",
        "\xc2\xa0"
        "0112038-9",
        "FI01120389", "fi01120389", "FI-01120389", "FI 0112038-9", "Y-tunnus 0112038-9",
        "y-tunnus: 0112038-9", "ALV FI01120389", "0112 0389"};
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        expect_valid("fi_ytunnus", spellings[i], "0112038-9");
    for (char c = '0'; c <= '9'; c++) {
        char text[16];
        static const char *const never[] = {"1234568", "1234576", "1234584"};
        for (size_t i = 0; i < 3; i++) {
            snprintf(text, sizeof(text), "%s-%c", never[i], c);
            expect_invalid("fi_ytunnus", text, "no check digit");
        }
    }
    static const char *const bad[][2] = {{"1234567-8", "is 8 and should be 1"},
        {"12345678", "should be 1"}, {"0112038-8", "should be 9"}, {"2069746-9", "should be 6"},
        {"0000000-0", "belongs to nobody"}, {"", "empty"}, {" ", "empty"}, {"0112038", "7 digits"},
        {"112038", "6 digits"}, {"1120389", "7 digits"}, {"FI112038-9", "7 digits"},
        {"0112038-9 Oy", "more than digits"}, {"0112038--9", "more than digits"},
        {"01-120389", "more than digits"}, {"O112038-9", "more than digits"},
        {"0112038-9\xc3\xa4", "does not belong"}, {"SE0112038-9", "more than digits"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_invalid("fi_ytunnus", bad[i][0], bad[i][1]);
    char *digits = calloc(1, 1001);
    memset(digits, '1', 1000);
    expect_invalid("fi_ytunnus", digits, "too long");
    free(digits);
}

static void vat_numbers(void **state)
{
    struct ids_checked c;
    expect_valid("eu_vat_FI", "FI01120389", "FI01120389");
    expect_valid("eu_vat_FI", "fi 0112038-9", "FI01120389");
    expect_invalid("eu_vat_FI", "01120389", "begins with FI");
    expect_invalid("eu_vat_FI", "FI01120388", "should be 9");
    assert_true(ids_vat_number(STR_LIT("112038-9"), &c));
    assert_string_equal(c.normal, "FI01120389");
    assert_false(ids_vat_number(STR_LIT("112038-8"), &c));
    assert_non_null(strstr(c.reason, "should be 9"));
}

static void reference_numbers(void **state)
{
    static const char *const made[][2] = {{"123456", "1234561"}, {"2601", "26013"}, {"100", "1009"},
        {"123", "1232"}, {"999", "9991"}, {"20250001", "202500010"}, {"000123", "1232"},
        {"12 3456", "1234561"}, {"9999999999999999999", NULL}};
    struct ids_checked c;
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        assert_true(ids_reference_make(str_of(made[i][0]), &c));
        if (made[i][1])
            assert_string_equal(c.normal, made[i][1]);
        char again[IDS_TEXT];
        memcpy(again, c.normal, sizeof(again));
        expect_valid("fi_viitenumero", again, again);
    }
    expect_valid("fi_viitenumero", "0000 0000 0000 0123 4561", "1234561");
    expect_valid("fi_viitenumero", "12 34561", "1234561");
    expect_invalid("fi_viitenumero", "1234562", "should be 1");
    expect_invalid("fi_viitenumero", "123", "4 to 20 digits");
    expect_invalid("fi_viitenumero", "0000", "4 to 20 digits");
    expect_invalid("fi_viitenumero", "123-4561", "digits and spaces only");
    static const char *const bad[] = {"", "12", "12a", "99999999999999999999", "0012"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ids_reference_make(str_of(bad[i]), &c));
}

static void rf_references(void **state)
{
    static const char *const pairs[][2] = {
        {"1234561", "RF341234561"}, {"26013", "RF3026013"}, {"1232", NULL}};
    struct ids_checked c;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_true(ids_rf_make(str_of(pairs[i][0]), &c));
        if (pairs[i][1])
            assert_string_equal(c.normal, pairs[i][1]);
        char rf[IDS_TEXT];
        memcpy(rf, c.normal, sizeof(rf));
        expect_valid("iso11649", rf, rf);
    }
    expect_valid("iso11649", "RF4113", "RF4113");
    expect_valid("iso11649", "rf18 5390 0754 7034", "RF18539007547034");
    expect_invalid("iso11649", "RF351234561", "do not fit");
    expect_invalid("iso11649", "RF34", "RF reference is");
    assert_false(ids_rf_make(STR_LIT("1234562"), &c));
}

static void bank_accounts(void **state)
{
    static const char *const valid[] = {
        "FI2112345600000785", "FI5542345670000081", "FI7276549406033672", "FI7099899900012946"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        expect_valid("iban", valid[i], valid[i]);
    expect_valid("iban", "fi21 1234 5600 0007 85", "FI2112345600000785");
    expect_invalid("iban", "FI2112345600000786", "do not fit");
    expect_invalid("iban", "FI211234560000078", "18 characters, this has 17");
    expect_invalid("iban", "FI21123456000007A5", "elsewhere");
    expect_invalid("iban", "ZZ2112345600000785", "no country");
    expect_invalid("iban", "FI", "country code");
}

static void personal_codes_are_kept_apart(void **state)
{
    static const char *const codes[] = {"131052-308T", "131052A308T", "131052+308T", "010594Y9032",
        "010516B903X", "131052-308t",
        "131052\xe2\x80\x93"
        "308T",
        "131052 - 308T", "311299-999A" /* its check character is wrong */};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true(ids_is_personal(str_of(codes[i])));
        expect_invalid("fi_ytunnus", codes[i], "personal identity code");
        struct ids_checked c;
        ids_check("eu_vat_FI", str_of(codes[i]), &c);
        assert_null(strstr(c.reason, "131052"));
    }
    static const char *const others[] = {"0112038-9", "320152-308T", "131352-308T", "131052-308",
        "131052-308G", "131052-3088T", "131052Z308T", "1310523087", ""};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(ids_is_personal(str_of(others[i])));
    size_t at, n;
    assert_true(ids_find_personal(STR_LIT("customer (131052-308T), Espoo"), &at, &n));
    assert_int_equal(at, 10);
    assert_int_equal(n, 11);
    assert_true(ids_find_personal(STR_LIT("131052\xe2\x88\x92"
                                          "308T"),
        &at, &n));
    assert_int_equal(at, 0);
    assert_int_equal(n, 13);
    assert_true(ids_find_personal(STR_LIT("x 1131052-308T 131052A308T"), &at, &n));
    assert_int_equal(at, 15);
    assert_false(ids_find_personal(STR_LIT("0112038-9 order 131052-308Tx"), &at, &n));
    assert_false(ids_find_personal(STR_LIT(""), &at, &n));
}

/* In quotation marks, behind a blank that does not break, a bullet or a line end that is escaped;
 * but not as the end of an order's number, PO261127-1234. */
static void a_personal_code_stands_by_itself(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } found[] = {{"\xe2\x80\x9c"
                  "131052-308T\xe2\x80\x9d",
                     3},
        {"hetu\xc2\xa0"
         "131052-308T\xc2\xa0x",
            6},
        {"\xe2\x80\xa2"
         "131052A308T",
            3},
        {"who?\\n131052-308T\\n", 6}, {"q=\\u00a0131052-308T", 8}, {"q=%20131052-308T%20x", 5},
        {"Hetu:131052-308T", 5}};
    static const char *const others[] = {
        "PO261127-1234", "no131052-308T", "x20131052-308T", "1131052-308T", "131052-308T2"};
    size_t at, n;
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        assert_true(ids_find_personal(str_of(found[i].text), &at, &n));
        assert_int_equal(at, found[i].at);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(ids_find_personal(str_of(others[i]), &at, &n));
}

static void types_can_be_listed(void **state)
{
    struct ids_checked c;
    int n = 0;
    while (ids_type(n))
        assert_int_equal(ids_check(ids_type(n++), STR_LIT("?"), &c), IDS_INVALID);
    assert_int_equal(n, 73);
    for (int i = 1; i < n; i++)
        assert_true(strcmp(ids_type(i - 1), ids_type(i)) < 0);
    assert_null(ids_type(-1));
    assert_int_equal(ids_check("isbn", STR_LIT("1"), &c), IDS_UNKNOWN_TYPE);
}

static void labels(void **state)
{
    struct ids_checked c;
    assert_int_equal(ids_check("eu_vat", STR_LIT("ALV-numero on FI01120389"), &c), IDS_VALID);
    assert_string_equal(c.normal, "FI01120389");
    assert_string_equal(c.reason, "");
    assert_int_equal(ids_check("eu_vat", STR_LIT("foo FI01120389"), &c), IDS_INVALID);
    assert_int_equal(ids_check("fi_ytunnus", STR_LIT("Y-tunnus\xFF: 0112038-9"), &c), IDS_INVALID);
    assert_int_equal(ids_check("fi_ytunnus", STR_LIT("Y-tunnus\0: 0112038-9"), &c), IDS_INVALID);
    assert_int_equal(ids_check("ee_registrikood", STR_LIT("1234561.0"), &c), IDS_INVALID);
    assert_non_null(strstr(c.reason, "decimal"));
}

static void sameness(void **state)
{
    assert_true(ids_same(STR_LIT("112038-9"), STR_LIT("FI01120389")));
    assert_true(ids_same(STR_LIT("RF341234561"), STR_LIT("00012 34561")));
    assert_true(ids_same(STR_LIT("FI21 1234 5600 0007 85"), STR_LIT("fi2112345600000785")));
    assert_true(ids_same(STR_LIT("Yritystunnus: 112038-9"), STR_LIT("FI01120389")));
    assert_false(ids_same(STR_LIT("0112038-9"), STR_LIT("2646674-9")));
    assert_false(ids_same(STR_LIT("x"), STR_LIT("x")));
    /* 14234561 is a business ID as well as a reference number. */
    assert_true(ids_same(STR_LIT("014234561"), STR_LIT("14234561")));
    assert_true(ids_same(STR_LIT("1423456-1"), STR_LIT("14234561")));
    assert_false(ids_same(STR_LIT("1423456-1"), STR_LIT("014234561")));
}

/* ---- the data set ---------------------------------------------------------------------------- */

/* Splits at tabs in place; returns the number of fields. */
static int split(char *line, char *field[], int max)
{
    int n = 0;
    line[strcspn(line, "\n")] = '\0';
    while (line && n < max)
        field[n++] = strsep(&line, "\t");
    return n;
}

static FILE *data(const char *path)
{
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s is not there: run from the top of the source tree", path);
    return in;
}

static void every_line_of_the_data_set(void **state)
{
    FILE *in = data("tests/data/ids/checked.tsv");
    char line[1024], *f[6];
    int lines = 0;
    while (fgets(line, sizeof(line), in)) {
        if (line[0] == '#' || !strncmp(line, "source\t", 7))
            continue;
        assert_true(split(line, f, 6) >= 5);
        struct ids_checked c;
        enum ids_verdict v = ids_check(f[1], str_of(f[2]), &c);
        if ((v == IDS_VALID) != (f[3][0] == '1'))
            fail_msg("%s: %s <%s>: %s", f[0], f[1], f[2], v == IDS_VALID ? c.normal : c.reason);
        if (v == IDS_VALID) {
            assert_string_equal(c.compact, f[4]);
            expect_compact(f[1], c.printed, f[4]);
            expect_compact(f[1], c.normal, f[4]);
        } else {
            assert_true(c.reason[0]);
        }
        lines++;
    }
    fclose(in);
    assert_int_equal(lines, 5090);
}

static void every_spelling_leads_to_its_company(void **state)
{
    FILE *in = data("tests/data/ids/same.tsv");
    char line[1024], *f[4];
    int lines = 0;
    while (fgets(line, sizeof(line), in)) {
        if (line[0] == '#' || !strncmp(line, "source\t", 7))
            continue;
        assert_int_equal(split(line, f, 4), 4);
        char key[IDS_KEY], reason[IDS_REASON];
        ids_dedup(f[1], str_of(f[2]), key, reason);
        if (strcmp(key, f[3]))
            fail_msg("%s: <%s> is %s, expected %s (%s)", f[0], f[2], key, f[3], reason);
        assert_true(key[0] || reason[0]);
        lines++;
    }
    fclose(in);
    assert_int_equal(lines, 603);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(business_ids),
        cmocka_unit_test(vat_numbers),
        cmocka_unit_test(reference_numbers),
        cmocka_unit_test(rf_references),
        cmocka_unit_test(bank_accounts),
        cmocka_unit_test(personal_codes_are_kept_apart),
        cmocka_unit_test(a_personal_code_stands_by_itself),
        cmocka_unit_test(types_can_be_listed),
        cmocka_unit_test(labels),
        cmocka_unit_test(sameness),
        cmocka_unit_test(every_line_of_the_data_set),
        cmocka_unit_test(every_spelling_leads_to_its_company),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
