/* The line of a source that an error is about. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include "bundle_line.h"

static const char BUNDLE[] = "{\"company.lua\":\"one\\n\\t two = = 2 \\r\\n\\nfour\","
                             "\"rules/a.lua\":\"\xc3\xa4\"}";

static void shows(const char *text, const char *wanted)
{
    struct err e = {0};
    err_set(&e, ERR_SCRIPT, "%s", text);
    bundle_show_line(str_of(BUNDLE), &e);
    assert_string_equal(e.text, wanted);
}

static void the_line_stands_behind_the_words(void **state)
{
    shows("company.lua:2: what?", "company.lua:2: what?  | two = = 2");
    shows("company.lua:4: what?", "company.lua:4: what?  | four");
    shows("rules/a.lua:1: what?", "rules/a.lua:1: what?  | \xc3\xa4");
}

static void no_line_is_no_line(void **state)
{
    static const char *const texts[] = {"company.lua:3: empty", "company.lua:5: beyond",
        "company.lua:0: none", "company.lua: no number", "company.lua:x: no number",
        "rules/b.lua:1: not there", "in words: 1", "", ":", ":1: nowhere",
        "company.lua:99999999999999999999: too many"};
    for (size_t i = 0; i < COUNT(texts); i++)
        shows(texts[i], texts[i]);
}

static void a_long_line_is_cut_between_characters(void **state)
{
    char bundle[1200] = "{\"c.lua\":\"x";
    struct err e = {0};
    for (int i = 0; i < 300; i++)
        strcat(bundle, "\xc3\xa4");
    strcat(bundle, "\"}");
    err_set(&e, ERR_SCRIPT, "c.lua:1: what?");
    bundle_show_line(str_of(bundle), &e);
    assert_int_equal(strlen(e.text), strlen("c.lua:1: what?  | ") + 119 + strlen(" ..."));
    assert_string_equal(e.text + strlen(e.text) - 5, "\xa4 ...");
}

static void a_secret_in_plain_text_goes_nowhere(void **state)
{
    static const char *const lines[] = {"connect 'a' { secret = 'x', evnt = 1 }", "  api_key = 'x'",
        "auth = { bearer ='x' }", "headers = { ['X-Api-Key'] = 'x' }", "local Password= [[x]]",
        "auth = { basic = { user = 'u', password = 'x' } }"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        char bundle[200];
        struct err e = {0};
        snprintf(bundle, sizeof bundle, "{\"c.lua\":\"%s\"}", lines[i]);
        err_set(&e, ERR_SCRIPT, "c.lua:1: what?");
        bundle_show_line(str_of(bundle), &e);
        assert_string_equal(e.text, "c.lua:1: what?");
    }
    struct err e = {0};
    err_set(&e, ERR_SCRIPT, "c.lua:1: what?");
    bundle_show_line(STR_LIT("{\"c.lua\":\"key = secret 'a', as = 'b' = \"}"), &e);
    assert_string_equal(e.text, "c.lua:1: what?  | key = secret 'a', as = 'b' =");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_stands_behind_the_words),
        cmocka_unit_test(no_line_is_no_line),
        cmocka_unit_test(a_secret_in_plain_text_goes_nowhere),
        cmocka_unit_test(a_long_line_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
