/* JSON trees: building, looking up, writing back. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "jsondoc.h"

static void looks_up(void **state)
{
    struct err e = {0};
    struct jsondoc *d = jsondoc_parse(
        STR_LIT("{\"name\":\"Nordic\",\"n\":42,\"big\":12345678901234567890,\"rate\":25.50,"
                "\"on\":true,\"off\":false,\"none\":null,\"list\":[1,[],\"x\"],"
                "\"a\":{\"b\":{\"c\":\"deep\"}},\"a.b\":1,\"\":{\"\":7}}"),
        &e);
    assert_non_null(d);
    const struct jsonv *root = jsondoc_root(d);
    assert_int_equal(root->type, JSONV_OBJECT);
    assert_string_equal(jsonv_str(jsonv_get(root, "name"), "?"), "Nordic");
    assert_int_equal(jsonv_int(jsonv_get(root, "n"), -1), 42);
    assert_string_equal(jsonv_get(root, "n")->text.p, "42");
    assert_int_equal(jsonv_get(root, "big")->type, JSONV_NUMBER);
    assert_string_equal(jsonv_get(root, "big")->text.p, "12345678901234567890");
    assert_int_equal(jsonv_int(jsonv_get(root, "big"), -1), -1);
    assert_string_equal(jsonv_get(root, "rate")->text.p, "25.50");
    assert_true(jsonv_bool(jsonv_get(root, "on"), false));
    assert_false(jsonv_bool(jsonv_get(root, "off"), true));
    assert_int_equal(jsonv_get(root, "none")->type, JSONV_NULL);
    const struct jsonv *list = jsonv_get(root, "list");
    assert_int_equal(list->child->integer, 1);
    assert_null(list->child->key.p);
    assert_int_equal(list->child->next->type, JSONV_ARRAY);
    assert_null(list->child->next->child);
    assert_string_equal(list->child->next->next->text.p, "x");
    assert_null(list->child->next->next->next);
    assert_string_equal(jsonv_str(jsonv_path(root, "a.b.c"), "?"), "deep");
    assert_int_equal(jsonv_int(jsonv_path(root, "."), -1), 7);
    jsondoc_free(d);
}

static void answers_the_fallback(void **state)
{
    struct jsondoc *d = jsondoc_parse(STR_LIT("{\"a\":1,\"s\":\"1\"}"), NULL);
    const struct jsonv *root = jsondoc_root(d);
    assert_null(jsonv_get(root, "b"));
    assert_null(jsonv_get(jsonv_get(root, "a"), "b"));
    assert_null(jsonv_get(NULL, "a"));
    assert_null(jsonv_path(root, "a.b"));
    assert_null(jsonv_path(root, "b.a"));
    assert_null(jsonv_path(NULL, "a"));
    assert_string_equal(jsonv_str(jsonv_get(root, "a"), "?"), "?");
    assert_int_equal(jsonv_int(jsonv_get(root, "s"), 9), 9);
    assert_true(jsonv_bool(jsonv_get(root, "a"), true));
    assert_null(jsonv_str(NULL, NULL));
    assert_int_equal(jsonv_int(NULL, 3), 3);
    assert_false(jsonv_bool(NULL, false));
    assert_null(jsondoc_root(NULL));
    jsondoc_free(d);
    jsondoc_free(NULL);
}

static void refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"a\\u0000\":1}",
        "[\"a\\u0000b\"]",
        "[1] 2",
        "{\"a\":1,\"\\u0061\":2}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err e = {0};
        assert_null(jsondoc_parse(str_of(bad[i]), &e));
        assert_int_equal(e.code, ERR_INPUT);
    }
    struct err e = {0};
    jsondoc_parse(STR_LIT("[1,\n\"a\\u0000b\"]"), &e);
    assert_non_null(strstr(e.text, "U+0000 at line 2, column 10"));
}

/* Few keys are compared as they come, many are judged before: on both sides of the border. */
static void keys_of_large_objects_are_unique_too(void **state)
{
    for (int n = 1; n < 40; n++) {
        for (int twin = -1; twin < n; twin++) { /* of the last key; -1: none */
            struct buf b;
            struct err e = {0};
            buf_init(&b, BUF_MAX_DEFAULT);
            buf_adds(&b, "[{\"key0\":1},{\"in\":{\"key1\":1}},{");
            for (int i = 0; i < n; i++)
                buf_addf(&b, "\"key%d\":%d,", i, i);
            buf_addf(&b, "\"key%d\":{\"key1\":2}}]", twin < 0 ? n : twin);
            struct jsondoc *d = jsondoc_parse(buf_str(&b), &e);
            assert_int_equal(d != NULL, twin < 0);
            if (d) {
                const struct jsonv *last = jsondoc_root(d)->child->next->next;
                for (int i = 0; i < n; i++) {
                    char key[16];
                    snprintf(key, sizeof(key), "key%d", i);
                    assert_int_equal(jsonv_int(jsonv_get(last, key), -1), i);
                }
            } else {
                assert_non_null(strstr(e.text, "a key that the object has already"));
            }
            jsondoc_free(d);
            buf_free(&b);
        }
    }
}

static void writes(const char *source, const char *expected)
{
    struct jsondoc *d = jsondoc_parse(str_of(source), NULL);
    assert_non_null(d);
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    assert_int_equal(jsonv_write(&b, jsondoc_root(d)), 0);
    buf_addc(&b, '\0');
    assert_string_equal(b.p, expected);
    buf_free(&b);
    jsondoc_free(d);
}

static void writes_back(void **state)
{
    writes(" [ ] ", "[]");
    writes("{ }", "{}");
    writes("{\"a\" : [1, -0, 2.50, 1E400, true, false, null, \"\\u00e4\\n\\u0001\\/\"], \"b\": {}}",
        "{\"a\":[1,-0,2.50,1E400,true,false,null,\"\xC3\xA4\\n\\u0001/\"],\"b\":{}}");
    writes("\"\\\"\\\\\"", "\"\\\"\\\\\"");
    struct buf b;
    buf_init(&b, 3);
    assert_int_equal(jsonv_write(&b, NULL), -1);
    buf_free(&b);
}

/* Larger than any chunk of the arena, and as deep as it may be. */
static void holds_large_documents(void **state)
{
    struct buf b, out;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_init(&out, BUF_MAX_DEFAULT);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        buf_adds(&b, i % 2 ? "{\"k\":" : "[");
    buf_addc(&b, '{');
    for (int i = 0; i < 3000; i++)
        buf_addf(&b, "%s\"key%d\":\"%0*d\"", i ? "," : "", i, i % 1000 == 0 ? 5000 : i % 50, i);
    buf_addc(&b, '}');
    for (int i = JSON_DEPTH_MAX - 2; i >= 0; i--)
        buf_adds(&b, i % 2 ? "}" : "]");
    struct err e = {0};
    struct jsondoc *d = jsondoc_parse(buf_str(&b), &e);
    assert_non_null(d);
    assert_int_equal(jsonv_write(&out, jsondoc_root(d)), 0);
    assert_int_equal(out.n, b.n);
    assert_memory_equal(out.p, b.p, b.n);
    jsondoc_free(d);
    buf_free(&b);
    buf_free(&out);
}

static void put(struct str s, const char *expected)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    assert_int_equal(json_put_string(&b, s), 0);
    assert_int_equal(json_check(buf_str(&b), NULL), 0);
    buf_addc(&b, '\0');
    assert_string_equal(b.p, expected);
    buf_free(&b);
}

static void puts_strings_and_keys(void **state)
{
    put(STR_NONE, "\"\"");
    put(STR_LIT("a\"b\\c/\b\f\n\r\t\x1F\x7F"), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u001f\x7F\"");
    put(STR_LIT("a\0b"), "\"a\\u0000b\"");
    put(STR_LIT("\xC3\xA4\xF0\x9F\x98\xB9"), "\"\xC3\xA4\xF0\x9F\x98\xB9\"");
    put(STR_LIT("a\xFF"
                "b"),
        "\"a\xEF\xBF\xBD"
        "b\"");
    put(STR_LIT("\xC3"), "\"\xEF\xBF\xBD\"");
    put(STR_LIT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");

    struct buf b;
    buf_init(&b, 100);
    buf_addc(&b, '{');
    json_put_key(&b, "a");
    json_put_string(&b, STR_LIT("{"));
    json_put_key(&b, "b\"");
    json_put_cstring(&b, NULL);
    json_put_key(&b, "c");
    buf_addc(&b, '{');
    json_put_key(&b, "d");
    json_put_cstring(&b, "x");
    buf_adds(&b, "}}");
    buf_addc(&b, '\0');
    assert_string_equal(b.p, "{\"a\":\"{\",\"b\\\"\":null,\"c\":{\"d\":\"x\"}}");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_up),
        cmocka_unit_test(answers_the_fallback),
        cmocka_unit_test(keys_of_large_objects_are_unique_too),
        cmocka_unit_test(refuses),
        cmocka_unit_test(writes_back),
        cmocka_unit_test(holds_large_documents),
        cmocka_unit_test(puts_strings_and_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
