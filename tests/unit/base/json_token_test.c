/* The JSON reader's tokens: decoded texts, numbers as they were written, skipping, and the
 * duplicate keys that json_check looks for. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "mem.h"

static void one_value(const char *doc, enum json_token t, struct str text)
{
    struct json_reader r;
    json_reader_init(&r, str_of(doc));
    assert_int_equal(json_next(&r), t);
    assert_int_equal(r.text.n, text.n);
    assert_memory_equal(r.text.p, text.p, text.n);
    assert_int_equal(json_next(&r), JSON_END);
    assert_int_equal(json_next(&r), JSON_END);
    json_reader_free(&r);
}

static void decodes_strings(void **state)
{
    one_value("\"\"", JSON_STRING, STR_LIT(""));
    one_value("\"plain\"", JSON_STRING, STR_LIT("plain"));
    one_value("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_STRING, STR_LIT("\"\\/\b\f\n\r\t"));
    one_value("\"a\\u0000b\"", JSON_STRING, STR_LIT("a\0b"));
    one_value("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", JSON_STRING,
        STR_LIT("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"));
    one_value("\"\\ud800\\udc00\\uDBFF\\uDFFF\"", JSON_STRING,
        STR_LIT("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
    one_value("\"12345678\\n12345678\xC3\xA4\\u00e4\"", JSON_STRING,
        STR_LIT("12345678\n12345678\xC3\xA4\xC3\xA4"));
}

/* Each kind of special byte at each position of the words that the scan reads at once. */
static void finds_specials_at_any_offset(void **state)
{
    static const struct {
        struct str source, decoded;
    } specials[] = {
        {STR_LIT("\\n"), STR_LIT("\n")},
        {STR_LIT("\xC3\xA4"), STR_LIT("\xC3\xA4")},
        {STR_LIT("\xF0\x9D\x84\x9E"), STR_LIT("\xF0\x9D\x84\x9E")},
        {STR_LIT("!"), STR_LIT("!")},
        {STR_LIT(" "), STR_LIT(" ")},
        {STR_LIT("\x7F"), STR_LIT("\x7F")},
        {STR_LIT("#"), STR_LIT("#")},
        {STR_LIT("]"), STR_LIT("]")},
        {STR_LIT("["), STR_LIT("[")},
    };
    static const char bad[] = {'\x00', '\x01', '\x1F', '\x80', '\xFF'};
    for (int before = 0; before < 20; before++) {
        for (int after = 0; after < 20; after++) {
            char doc[64], text[64];
            for (size_t i = 0; i < COUNT(specials); i++) {
                snprintf(doc, sizeof(doc), "\"%.*s%.*s%.*s\"", before, "aaaaaaaaaaaaaaaaaaaaaaaa",
                    STR_ARG(specials[i].source), after, "zzzzzzzzzzzzzzzzzzzzzzzz");
                int n =
                    snprintf(text, sizeof(text), "%.*s%.*s%.*s", before, "aaaaaaaaaaaaaaaaaaaaaaaa",
                        STR_ARG(specials[i].decoded), after, "zzzzzzzzzzzzzzzzzzzzzzzz");
                one_value(doc, JSON_STRING, (struct str){text, (size_t)n});
            }
            for (size_t i = 0; i < COUNT(bad); i++) {
                int n = snprintf(doc, sizeof(doc), "\"%.*s?%.*s\"", before,
                    "aaaaaaaaaaaaaaaaaaaaaaaa", after, "zzzzzzzzzzzzzzzzzzzzzzzz");
                doc[before + 1] = bad[i];
                struct json_reader r;
                json_reader_init(&r, (struct str){doc, (size_t)n});
                assert_int_equal(json_next(&r), JSON_ERROR);
                assert_int_equal(r.at, before + 1);
                json_reader_free(&r);
            }
        }
    }
}

static void integer(const char *doc, int64_t expected)
{
    struct json_reader r;
    json_reader_init(&r, str_of(doc));
    assert_int_equal(json_next(&r), JSON_INTEGER);
    assert_true(r.integer == expected);
    json_reader_free(&r);
    one_value(doc, JSON_INTEGER, str_of(doc));
}

static void number(const char *doc)
{
    one_value(doc, JSON_NUMBER, str_of(doc));
}

static void keeps_numbers(void **state)
{
    integer("0", 0);
    integer("-0", 0);
    integer("42", 42);
    integer("-42", -42);
    integer("12345678901234567", INT64_C(12345678901234567));
    integer("999999999999999999", INT64_C(999999999999999999));
    integer("-99999999999999999", INT64_C(-99999999999999999));
    integer("-999999999999999999", INT64_C(-999999999999999999));
    integer("9223372036854775807", INT64_MAX);
    integer("-9223372036854775808", INT64_MIN);
    number("9223372036854775808");
    number("-9223372036854775809");
    number("99999999999999999999999999999999999999");
    number("-0.0");
    number("25.50");
    number("12345678901234.56");
    number("1e2");
    number("1E400");
    number("-1.0e-0");
}

/* The tokens of doc as letters. */
static void tokens(const char *doc, const char *expected)
{
    static const char letters[] = "${}[]kSIN10n";
    char got[64];
    size_t n = 0;
    struct json_reader r;
    json_reader_init(&r, str_of(doc));
    enum json_token t;
    while ((t = json_next(&r)) > JSON_END && n < sizeof(got) - 1)
        got[n++] = letters[t];
    got[n] = '\0';
    assert_int_equal(t, JSON_END);
    assert_string_equal(got, expected);
    json_reader_free(&r);
}

static void gives_tokens(void **state)
{
    tokens("[]", "[]");
    tokens(" { } ", "{}");
    tokens(
        "{\"a\":1,\"b\":[true,false,null,1.5,\"s\",{}],\"c\":{\"d\":[]}}", "{kIk[10nNS{}]k{k[]}}");
    tokens("[[[]],[{}],{\"a\":{}}]", "[[[]][{}]{k{}}]");
}

static void skips(void **state)
{
    struct json_reader r;
    json_reader_init(&r, STR_LIT("[1,[2,{\"a\":[3]},4],{\"k\":[{}],\"m\":5},[],{},6]"));
    assert_int_equal(json_next(&r), JSON_ARRAY);
    assert_int_equal(json_next(&r), JSON_INTEGER);
    assert_int_equal(json_skip(&r), 0); /* a scalar is complete already */
    assert_int_equal(json_next(&r), JSON_ARRAY);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_next(&r), JSON_OBJECT);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_true(str_is(r.text, "m"));
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_next(&r), JSON_OBJECT_END);
    assert_int_equal(json_next(&r), JSON_ARRAY);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_next(&r), JSON_OBJECT);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_next(&r), JSON_INTEGER);
    assert_int_equal(r.integer, 6);
    assert_int_equal(json_next(&r), JSON_ARRAY_END);
    assert_int_equal(json_next(&r), JSON_END);
    json_reader_free(&r);

    json_reader_init(&r, STR_LIT("[[1,x]]"));
    assert_int_equal(json_next(&r), JSON_ARRAY);
    assert_int_equal(json_skip(&r), -1);
    json_reader_free(&r);
}

static void finds_duplicates(void **state)
{
    static const char *const same[] = {
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"\":1,\"\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\\u0061\":1,\"a\":2}",
        "{\"\\u00e4\":1,\"\xC3\xA4\":2}",
        "{\"\\/\":1,\"/\":2}",
        "{\"\\ud83d\\ude39\":1,\"\xF0\x9F\x98\xB9\":2}",
        "[{\"x\":{\"a\":{\"b\":1},\"c\":[{\"q\":0}],\"a\":1}}]",
        "{\"a\":{\"\\u0062\":1},\"c\":2,\"\\u0061\":3}",
    };
    static const char *const different[] = {
        "{\"a\":1,\"A\":2}", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":1}]",
        "{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}",
        "{\"\\u0061\":{\"\\u0061\":1,\"\\u0062\":1},\"\\u0062\":2}",
        "{\"\\u00e4\":1,\"a\\u0308\":2}", /* equal to a reader of text, but not as keys */
    };
    for (size_t i = 0; i < COUNT(same); i++) {
        struct err e = {0};
        assert_int_equal(json_check(str_of(same[i]), &e), -1);
        assert_non_null(strstr(e.text, "a key that the object has already"));
    }
    for (size_t i = 0; i < COUNT(different); i++)
        assert_int_equal(json_check(str_of(different[i]), NULL), 0);
}

/* {"k0":0,...}: n keys, the first of them again at the end if asked. */
static int check_large(int n, bool again, bool escaped, struct err *e)
{
    struct buf b;
    buf_init(&b, (size_t)64 << 20);
    buf_adds(&b, "{\"outer\":[{");
    for (int i = 0; i < n; i++)
        buf_addf(&b, "\"%s%d\":{\"k0\":1},", escaped && i % 3 ? "\\u006b" : "k", i);
    buf_adds(&b, again ? "\"k0\":1}]}" : "\"last\":1}]}");
    int rc = json_check(buf_str(&b), e);
    buf_free(&b);
    return rc;
}

static void finds_duplicates_in_large_objects(void **state)
{
    static const int sizes[] = {1, 2, 14, 15, 16, 17, 18, 100, 1000, 500000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct err e = {0};
        assert_int_equal(check_large(sizes[i], false, false, &e), 0);
        assert_int_equal(check_large(sizes[i], false, true, &e), 0);
        assert_int_equal(check_large(sizes[i], true, false, &e), -1);
        assert_int_equal(check_large(sizes[i], true, true, &e), -1);
        assert_non_null(strstr(e.text, "a key that the object has already"));
    }
}

static void names_the_place_of_a_duplicate(void **state)
{
    struct err e = {0};
    json_check(STR_LIT("{\"a\":1,\n \"b\":2,\n \"a\":3}"), &e);
    assert_string_equal(e.text, "not JSON: a key that the object has already at line 3, column 2");
}

/* The escape itself, not a backslash with letters behind it. */
static void an_escaped_nul_is_found(void **state)
{
    static const struct {
        const char *json;
        int at; /* -1: there is none */
    } cases[] = {{"\"\\u0000\"", 1}, {"\"a\\\\u0000\"", -1}, {"\"\\\\\\u0000\"", 3},
        {"\"\\u0001\"", -1}, {"\"\\u000", -1}, {"\"\\", -1}, {"", -1},
        {"[\"\\n\",\"\\u0000\"]", 7}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = json_find_nul(str_of(cases[i].json));
        assert_int_equal(found ? found - cases[i].json : -1, cases[i].at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_escaped_nul_is_found),
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(finds_specials_at_any_offset),
        cmocka_unit_test(keeps_numbers),
        cmocka_unit_test(gives_tokens),
        cmocka_unit_test(skips),
        cmocka_unit_test(finds_duplicates),
        cmocka_unit_test(finds_duplicates_in_large_objects),
        cmocka_unit_test(names_the_place_of_a_duplicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
