/* The JSON reader: what it must accept, what it must refuse, and what it says about it. The
 * documents stand in json_cases.h. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "json_cases.h"
#include "mem.h"

static void accepts(void **state)
{
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct err e = {0};
        struct str s = {accepted[i].p, accepted[i].n};
        if (json_check(s, &e) < 0)
            fail_msg("accepted[%zu] = %.*s: %s", i, STR_ARG(s), e.text);
    }
}

/* From the heap in its exact size, so that the sanitizer sees a read behind the end. */
static int check_copy(const char *p, size_t n, struct err *e)
{
    char *copy = mem_alloc(n);
    if (n)
        memcpy(copy, p, n);
    int rc = json_check((struct str){copy, n}, e);
    mem_free(copy);
    return rc;
}

static void refuses(void **state)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct err e = {0};
        if (check_copy(refused[i].p, refused[i].n, &e) == 0)
            fail_msg("refused[%zu] = %s", i, refused[i].p);
        assert_int_equal(e.code, ERR_INPUT);
        assert_memory_equal(e.text, "not JSON: ", 10);
    }
}

/* A document is not valid before its last character, unless it is a number. */
static void refuses_every_truncation(void **state)
{
    static const char doc[] =
        "{\"a\":[1,-2.5e+3,true,false,null,\"\\ud83d\\ude39 \xE2\x82\xAC 12345678901234567890\"],"
        "\"b\":{\"c\":{}},\"\\u00e4\":[[],[{}]]}";
    assert_int_equal(check_copy(doc, sizeof(doc) - 1, NULL), 0);
    for (size_t n = 0; n < sizeof(doc) - 1; n++)
        assert_int_equal(check_copy(doc, n, NULL), -1);
}

static void nests(int depth, const char *open, const char *close, int expected)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < depth; i++)
        buf_adds(&b, open);
    buf_adds(&b, "1");
    for (int i = 0; i < depth; i++)
        buf_adds(&b, close);
    struct err e = {0};
    assert_int_equal(json_check(buf_str(&b), &e), expected);
    if (expected < 0)
        assert_non_null(strstr(e.text, "nested too deeply"));
    buf_free(&b);
}

static void limits_depth(void **state)
{
    nests(JSON_DEPTH_MAX, "[", "]", 0);
    nests(JSON_DEPTH_MAX + 1, "[", "]", -1);
    nests(JSON_DEPTH_MAX, "{\"a\":", "}", 0);
    nests(JSON_DEPTH_MAX + 1, "{\"a\":", "}", -1);
    nests(100000, "[", "]", -1);
    nests(JSON_DEPTH_MAX / 2, "[{\"a\":", "}]", 0);

    struct json_reader r;
    json_reader_init(&r, STR_LIT("[[1]]"));
    r.max_depth = 1;
    assert_int_equal(json_next(&r), JSON_ARRAY);
    assert_int_equal(json_next(&r), JSON_ERROR);
    assert_int_equal(json_next(&r), JSON_ERROR);
    assert_int_equal(json_skip(&r), -1);
    json_reader_free(&r);
}

static void says_where(void **state)
{
    static const struct {
        struct text doc;
        size_t at;
        const char *words;
    } cases[] = {
        {T("[1,\n  tru]"), 6, "line 2, column 3"},
        {T("[\"\xC3\xA4\xC3\xA4\", x]"), 9, "line 1, column 8"},
        {T("{\"a\":1,}"), 7, "a key in quotes is missing at line 1, column 8"},
        {T("{\"a\" 1}"), 5, "a colon behind the key is missing at line 1, column 6"},
        {T("[1 2]"), 3, "a comma or ] is missing at line 1, column 4"},
        {T("{\"a\":1 2}"), 7, "a comma or } is missing at line 1, column 8"},
        {T("[01]"), 1, "leading zero at line 1, column 2"},
        {T("[\"ab"), 4, "ends inside of a string at line 1, column 5"},
        {T("[\"a\xFF\"]"), 3, "invalid UTF-8 at line 1, column 4"},
        {T("[\"a\x01\"]"), 3, "a control character inside of a string"},
        {T("[\"a\\q\"]"), 3, "an unknown escape"},
        {T("[\"\\ud800\"]"), 2, "half of a surrogate pair"},
        {T("[\"\\u12\"]"), 2, "four hex digits"},
        {T("\xEF\xBB\xBF[]"), 0, "a byte order mark"},
        {T("[1] /* */"), 4, "more text behind the value"},
        {T("/* */ 1"), 0, "a comment"},
        {T("[1,]"), 3, "a value is missing"},
        {T(""), 0, "the text is empty"},
        {T("[1,"), 3, "the text ends too early"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_reader r;
        struct err e = {0};
        json_reader_init(&r, (struct str){cases[i].doc.p, cases[i].doc.n});
        enum json_token t;
        while ((t = json_next(&r)) != JSON_ERROR)
            assert_int_not_equal(t, JSON_END);
        json_fail(&r, &e);
        if (r.at != cases[i].at || !strstr(e.text, cases[i].words))
            fail_msg("%s: at %zu: %s", cases[i].doc.p, r.at, e.text);
        json_reader_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
