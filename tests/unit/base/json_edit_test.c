/* Changing single values of a JSON document, and naming what differs. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "json_edit.h"

static const char order[] = "{\"id\":\"7\",\"n\":12.50,\"on\":true,\"who\":{\"name\":\"Aino\"},"
                            "\"rows\":[{\"q\":1},{\"q\":2}],\"a.b\":null,\"big\":9007199254740993}";

/* The document after the change; or the words of the refusal, with '!' before them. */
static const char *after(const char *source, const char *text, bool remove)
{
    static char out[2048];
    struct json_change c = {JSON_CHANGE_REMOVE, str_of(text), STR_NONE};
    struct err e = {0};
    struct buf b;
    buf_init(&b, 4096);
    if ((remove || json_change_parse(str_of(text), &c, &e) == 0) &&
        json_edit(str_of(source), &c, &b, &e) == 0)
        snprintf(out, sizeof(out), "%.*s", STR_ARG(buf_str(&b)));
    else
        snprintf(out, sizeof(out), "!%s", e.text);
    buf_free(&b);
    return out;
}

static void values_are_replaced_and_the_rest_keeps_its_text(void **state)
{
    assert_string_equal(
        after("{\"a\":1.50,\"b\":\"x\"}", "b=y = z", false), "{\"a\":1.50,\"b\":\"y = z\"}");
    assert_string_equal(after("{\"a\":1.50,\"b\":9007199254740993}", "a=2.00", false),
        "{\"a\":2.00,\"b\":9007199254740993}");
    assert_string_equal(after("{\"rows\":[{\"q\":1},{\"q\":2}]}", "rows[1].q=3", false),
        "{\"rows\":[{\"q\":1},{\"q\":3}]}");
    assert_string_equal(after("{\"a.b\":null}", "[\"a.b\"]=x", false), "{\"a.b\":\"x\"}");
    assert_string_equal(after("{\"a\":\"1\"}", "a:={\"b\":[1]}", false), "{\"a\":{\"b\":[1]}}");
    assert_string_equal(after("{\"a\":true}", "a=false", false), "{\"a\":false}");
}

static void what_is_missing_is_added(void **state)
{
    assert_string_equal(after("{}", "a.b=x", false), "{\"a\":{\"b\":\"x\"}}");
    assert_string_equal(after("{\"l\":[1]}", "l[1]=x", false), "{\"l\":[1,\"x\"]}");
    assert_string_equal(after("{\"a\":null}", "a.b=x", false), "{\"a\":{\"b\":\"x\"}}");
}

static void members_and_elements_go(void **state)
{
    assert_string_equal(after("{\"a\":1,\"b\":2}", "a", true), "{\"b\":2}");
    assert_string_equal(after("{\"l\":[1,2,3]}", "l[1]", true), "{\"l\":[1,3]}");
    assert_string_equal(after("{\"a\":1}", "b", true), "!b: there is nothing to remove");
}

/* What cannot be read again is not put in. */
static void a_zero_byte_is_refused(void **state)
{
    struct json_change c = {JSON_CHANGE_TEXT, STR_LIT("a"), {"x\0y", 3}};
    struct err e = {0};
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(json_edit(STR_LIT("{}"), &c, &b, &e), -1);
    assert_non_null(strstr(e.text, "U+0000"));
    buf_free(&b);
    assert_non_null(strstr(after("{}", "a:=\"\\u0000\"", false), "U+0000"));
}

static void slips_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"n=ten", "!n: a number stands there"},
        {"on=maybe", "!on: true or false stands there"},
        {"who=x", "!who: a whole object or list stands there"},
        {"id.x=1", "!id: this is no object"},
        {"rows.q=1", "!rows: a list stands there"},
        {"who[0]=1", "!who: this is no list"},
        {"rows[5].q=1", "!rows[5]: the list is shorter"},
        {"rows[x]=1", "[...] in a path"},
        {"a..b=1", "between two dots"},
        {"a.=1", "ends with a dot"},
        {"=1", "write PATH=VALUE"},
        {"nothing", "write PATH=VALUE"},
        {"id:=tru", "!id:=: not JSON"},
        {"id:={\"a\":1,\"a\":2}", "!id:="},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = after(order, cases[i].text, false);
        if (got[0] != '!' || !strstr(got, cases[i].words))
            fail_msg("%s gave %s", cases[i].text, got);
    }
}

static void differences_are_named_by_path(void **state)
{
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(
        json_diff(STR_LIT("{\"a\":1,\"l\":[1,2],\"x\":{\"y\":\"p\"},\"same\":1.0}"),
            STR_LIT("{\"a\":2,\"l\":[1],\"x\":{\"y\":\"q\"},\"same\":1.0,\"new\":[]}"), 3, &b),
        4);
    assert_true(str_is(buf_str(&b),
        "[{\"path\":\"a\",\"before\":1,\"after\":2},{\"path\":\"l[1]\",\"before\":2,\"after\":null},"
        "{\"path\":\"x.y\",\"before\":\"p\",\"after\":\"q\"},"
        "{\"path\":\"...\",\"before\":null,\"after\":null}]"));
    buf_clear(&b);
    assert_int_equal(json_diff(str_of(order), str_of(order), 3, &b), 0);
    assert_true(str_is(buf_str(&b), "[]"));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_replaced_and_the_rest_keeps_its_text),
        cmocka_unit_test(what_is_missing_is_added),
        cmocka_unit_test(members_and_elements_go),
        cmocka_unit_test(slips_are_told_with_their_place),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(differences_are_named_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
