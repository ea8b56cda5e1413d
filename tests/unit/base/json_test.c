/* The JSON reader: what it must accept, what it must refuse, and what it says about it. The cases
 * follow the classes of Nicolas Seriot's JSONTestSuite. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "mem.h"

struct text {
    const char *p;
    size_t n;
};
#define T(s)                                                                                       \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct text accepted[] = {
    T("0"),
    T("-0"),
    T("7"),
    T("-1"),
    T("123456789012345678901234567890"),
    T("0.0"),
    T("-0.0"),
    T("1.5e300"),
    T("1e5"),
    T("1E5"),
    T("1E+5"),
    T("1e-5"),
    T("0e0"),
    T("0E+1"),
    T("123e65"),
    T("1.7976931348623157e309"),
    T("-1e+9999"),
    T("[123.456789]"),
    T("[-0.1e1]"),
    T("[20e1]"),
    T("true"),
    T("false"),
    T("null"),
    T("\"\""),
    T("\"asd\""),
    T("\" \""),
    T("[]"),
    T("{}"),
    T("[[]]"),
    T("[[]   ]"),
    T("[\"\"]"),
    T("[1\n]"),
    T(" [1] "),
    T("[2] "),
    T("\r\n\t [ ] \r\n\t"),
    T("[1,null,null,null,2]"),
    T("[null, 1, \"1\", {}]"),
    T("{\"\":0}"),
    T("{\"a\":[]}"),
    T("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    T("{\"min\": -1.0e+28, \"max\": 1.0e+28}"),
    T("{\n\"a\": \"b\"\n}"),
    T("{\"foo\\u0000bar\": 42}"),
    T("{\"a\":\"b\",\"A\":\"b\"}"),
    T("{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"x\"}"),
    T("[\"\\u0060\\u012a\\u12AB\"]"),
    T("[\"\\uD801\\udc37\"]"),
    T("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    T("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    T("[\"\\\\u0000\"]"),
    T("[\"\\\"\"]"),
    T("[\"a/*b*/c/*d//e\"]"),
    T("[\"\\\\a\"]"),
    T("[\"\\u0012\"]"),
    T("[\"\\uFFFF\"]"),
    T("[\"\\uDBFF\\uDFFF\"]"),
    T("[\"\\u0000\"]"),
    T("[\"\\u002c\"]"),
    T("[\"\xCF\x80\"]"),
    T("[\"\xF0\x9B\xBF\xBF\"]"),
    T("[\"asd \"]"),
    T("[\"\xE2\x80\xA8\"]"),
    T("[\"\xE2\x80\xA9\"]"),
    T("[\"\x7F\"]"),
    T("[\"a\x7F"
      "a\"]"),
    T("[\"\xE2\x82\xAC\xF0\x9D\x84\x9E\"]"),
    T("\"\xC2\x80\""),
    T("\"\xDF\xBF\""),
    T("\"\xE0\xA0\x80\""),
    T("\"\xED\x9F\xBF\""),
    T("\"\xEE\x80\x80\""),
    T("\"\xEF\xBF\xBF\""),
    T("\"\xF0\x90\x80\x80\""),
    T("\"\xF4\x8F\xBF\xBF\""),
    T("[\"\xEF\xBB\xBF\"]"),
    T("[\"new\\u000Aline\"]"),
    T("[\"\\uDBFF\\uDFFE\"]"),
    T("{\"title\":\"\\u041f\\u043e\\u043b\"}"),
    T("[ \"12345678\\\\\" , \"1234567\\n\" ]"),
    T("[\"\xC3\xA4\xC3\xA4kk\xC3\xB6sten 12345678 \xC3\xA5\"]"),
    T("[-9223372036854775808]"),
};

static const struct text refused[] = {
    /* nothing, or not a value */
    T(""),
    T(" "),
    T("\xEF\xBB\xBF"),
    T("\xEF\xBB\xBF{}"),
    T("\xFF\xFE[\0]\0"),
    T("*"),
    T("<null>"),
    T("'a'"),
    T("asd"),
    T("a\xC3\xA5"),
    T("\xC3\xA5"),
    T("\xE5"),
    T("\xE2\x81\xA0[]"),
    T("\x0C[]"),
    T("\v1"),
    T("\0"),
    T("1\0"),
    T("[]\0"),
    T("\xC2\xA0[]"),
    T("\"\0\""),
    T("."),
    /* arrays */
    T("["),
    T("]"),
    T("[1"),
    T("[1,"),
    T("[,"),
    T("[,1]"),
    T("[1,]"),
    T("[1,,]"),
    T("[1,,2]"),
    T("[\"\",]"),
    T("[,]"),
    T("[1 true]"),
    T("[\"a\" \"b\"]"),
    T("[3[4]]"),
    T("[1:2]"),
    T("[\"\": 1]"),
    T("[1]]"),
    T("[}"),
    T("[\"x\"]]"),
    T("[\"x\""),
    T("[\"a\",\n4\n,1,"),
    T("[*]"),
    T("[\"\va\"\\f]"),
    T("[x"),
    T("[1]x"),
    T("[][]"),
    T("[a\xE5]"),
    T("[\xFF]"),
    T("[{}"),
    T("[\"\x0B"
      "a\"]"),
    T("[1,\n1\n,1"),
    T("[{\"\":[{\"\":"),
    T("[(1)]"),
    T("[1;2]"),
    /* objects */
    T("{"),
    T("}"),
    T("{]"),
    T("{\"a\""),
    T("{\"a\":"),
    T("{\"a\":1"),
    T("{\"a\":1,"),
    T("{\"a\":1,}"),
    T("{,}"),
    T("{\"a\"}"),
    T("{\"a\" 1}"),
    T("{\"a\"::1}"),
    T("{:1}"),
    T("{:\"b\"}"),
    T("{1:1}"),
    T("{a:1}"),
    T("{'a':1}"),
    T("{null:1,null:2}"),
    T("{9999E9999:1}"),
    T("{\"a\":1 \"b\":2}"),
    T("{\"a\":1,,\"b\":2}"),
    T("{\"a\":\"a\" 123}"),
    T("{\"x\", null}"),
    T("{\"x\"::\"b\"}"),
    T("{[: \"x\"}\n"),
    T("{\"a\":\"b\"}/**/"),
    T("{\"a\":\"b\"}#"),
    T("{\"a\":\"b\"}//"),
    T("{\"a\":/*c*/\"b\"}"),
    T("{\"a\":\"b\"}}"),
    T("{\"a\" \"b\"}"),
    T("{\"a\":\"b\",a"),
    T("{key: 'value'}"),
    T("{\"id\":0,}"),
    T("{\"id\":0,,,,,}"),
    T("{\"\xB9\":\"0\",}"),
    T("{\"asd\":\"asd\""),
    T("{\"a\":{}"),
    T("{\"a\":1}{\"b\":2}"),
    T("{{}}"),
    T("{[]:1}"),
    T("{\"a\":true} \"x\""),
    T("{'a':0}"),
    T("{\"a\":]"),
    T("{\"a\":}"),
    T("{\"a\":1]"),
    /* numbers */
    T("-"),
    T("--1"),
    T("+1"),
    T("++1"),
    T("+Inf"),
    T("-01"),
    T("-012"),
    T("012"),
    T("00"),
    T("-00"),
    T("1."),
    T("-1."),
    T("-2."),
    T(".1"),
    T("-.1"),
    T("2.e3"),
    T("2.e-3"),
    T("2.e+3"),
    T("0.e1"),
    T("0.3e"),
    T("0.3e+"),
    T("0E"),
    T("0E+"),
    T("0e"),
    T("0e+"),
    T("1.0e"),
    T("1.0e-"),
    T("1.0e+"),
    T("1eE2"),
    T("9.e+"),
    T("1e"),
    T("0.1.2"),
    T("0x1"),
    T("0x42"),
    T("0b1"),
    T("1_000"),
    T("1 000.0"),
    T("1,5"),
    T("1+2"),
    T("1-"),
    T("1e1.5"),
    T("- 1"),
    T("-foo"),
    T("1a"),
    T("1ea"),
    T("-1x"),
    T("NaN"),
    T("-NaN"),
    T("nan"),
    T("Infinity"),
    T("-Infinity"),
    T("Inf"),
    T("Infin"),
    T("1.8011670033376514H-308"),
    T("\xEF\xBC\x91"),
    T("1\xE5"),
    T("0e1\xE5"),
    T("-1.0."),
    T("[- 1]"),
    T("[0\xE5]"),
    T("[-2.]"),
    T("[1.2a-3]"),
    T("[.2e-3]"),
    T("[.-1]"),
    T("1e+-1"),
    T("1.e1"),
    T("0X0"),
    T("1f"),
    T("1L"),
    /* words */
    T("t"),
    T("tru"),
    T("truth"),
    T("True"),
    T("TRUE"),
    T("truee"),
    T("fals"),
    T("falsey"),
    T("nul"),
    T("nulls"),
    T("Null"),
    T("undefined"),
    T("None"),
    T("[tru]"),
    T("[fals]"),
    T("[nul]"),
    T("true false"),
    T("trué"),
    /* strings */
    T("\""),
    T("\"a"),
    T("\"\\"),
    T("\"\\\""),
    T("\"\\u"),
    T("\"\\u00"),
    T("\"\\u00A\""),
    T("\"\\u00A"),
    T("\"\\uqqqq\""),
    T("\"\\uD834\\uDd\""),
    T("\"\\uD800\\u\""),
    T("\"\\uD800\\u1\""),
    T("\"\\uD800\\u1x\""),
    T("\"\\uD800\\uD800\\x\""),
    T("\"\\a\""),
    T("\"\\x00\""),
    T("\"\\'\""),
    T("\"\\v\""),
    T("\"\\0\""),
    T("\"\\U0041\""),
    T("\"\\\xF0\x9F\x8C\x80\""),
    T("\"\\\xE5\""),
    T("\"\\u\xE5\""),
    T("\"\\\xC3\xA5\""),
    T("\"a\nb\""),
    T("\"\t\""),
    T("\"a\x1F\""),
    T("\"\x01\""),
    T("\"a\0b\""),
    T("\"\"x"),
    T("\"a\" \"b\""),
    T("'single'"),
    T("\\u0020\"asd\""),
    T("\"\\ \""),
    T("abc"),
    T("[\"\\\\\\\"]"),
    T("[\"\\{[\"\\{[\"\\{"),
    T("\"12345678\n\""),
    T("\"1234567\x1F\""),
    T("\xC3\xA9"),
    /* surrogates alone, and wrong pairs */
    T("\"\\uD800\""),
    T("\"\\uDC00\""),
    T("\"\\uDFFF\""),
    T("\"\\uDBFF\""),
    T("\"\\uD800\\uD800\""),
    T("\"\\uDC00\\uD800\""),
    T("\"\\uD800\\n\""),
    T("\"\\uD800abc\""),
    T("\"\\uD888\\u1234\""),
    T("\"\\uDd1ea\""),
    T("\"\\ud800\\uDBFF\""),
    T("\"\\uD800\\uE000\""),
    T("\"\\uD800\\\\uDC00\""),
    T("\"\\uD8"),
    /* invalid UTF-8 */
    T("\"\x80\""),
    T("\"\xBF\""),
    T("\"\xC0\x80\""),
    T("\"\xC0\xAF\""),
    T("\"\xC1\xBF\""),
    T("\"\xC2\""),
    T("\"\xC2 \""),
    T("\"\xE0\x80\xAF\""),
    T("\"\xE0\x9F\xBF\""),
    T("\"\xE2\x82\""),
    T("\"\xE2\""),
    T("\"\xE2\x82\xC0\""),
    T("\"\xED\xA0\x80\""),
    T("\"\xED\xBF\xBF\""),
    T("\"\xF0\x80\x80\xAF\""),
    T("\"\xF0\x8F\xBF\xBF\""),
    T("\"\xF0\x9F\x98\""),
    T("\"\xF4\x90\x80\x80\""),
    T("\"\xF5\x80\x80\x80\""),
    T("\"\xF8\x88\x80\x80\x80\""),
    T("\"\xFC\x83\xBF\xBF\xBF\xBF\""),
    T("\"\xFE\""),
    T("\"\xFF\""),
    T("\"12345678\xFF\""),
    T("\"1234567\xE9\""),
    T("\"\xE4\""),
    T("\"\xC3"),
    T("\"\xE2\x82"),
    T("\"\xF0\x9D\x84"),
    T("{\"\xFF\":1}"),
    T("\"\xE6\x97\xA5\xD1\x88\xFA\""),
    T("\xC3\x28"),
    /* more than one value */
    T("1 2"),
    T("[] []"),
    T("{} {}"),
    T("{},"),
    T("null,"),
    T("1]"),
    T("//x\n1"),
    T("/**/1"),
    T("1//x"),
    T("#\n1"),
    T("[1]]"),
    T("[\"\"],"),
};

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
