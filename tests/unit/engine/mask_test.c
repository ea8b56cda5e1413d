/* Credentials in words of others: in each spelling, and nothing else. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include "mask.h"

static void says(const char *key, const char *text, const char *want)
{
    struct masks m;
    struct buf room;
    struct str got = str_of(text);
    buf_init(&room, BUF_MAX_DEFAULT);
    masks_init(&m);
    masks_add_encoded(&m, str_of(key), MASK_NO_WORD);
    mask_text(&m, &got, false, &room);
    if (!str_is(got, want))
        fail_msg("%s in %s gives %.*s, not %s", key, text, STR_ARG(got), want);
    masks_free(&m);
    buf_free(&room);
}

static void knows_each_spelling(void **state)
{
    static const char *const spelt[] = {"pass/wo+rd&1", "pass\\/wo+rd&1",
        "pass\\u002Fwo\\u002brd&1", "pass\\\\\\/wo\\\\u002brd&1", "pass%2Fwo%2brd%261",
        "pass%252Fwo%252Brd%25261", "pass&#47;wo&#x2B;rd&amp;1", "pass/wo&amp;#43;rd&amp;amp;1",
        "pass\\x2fwo\\x2Brd\\x261"};
    char text[256];
    for (size_t i = 0; i < sizeof spelt / sizeof spelt[0]; i++) {
        snprintf(text, sizeof text, "<%s>", spelt[i]);
        says("pass/wo+rd&1", text, "<***>");
    }
    says(
        "p\xc3\xa4\xc3\xa4sy-1234", "a p\\u00e4\\u00e4sy-1234, p%C3%A4&#228;sy-1234", "a ***, ***");
    says("key\xf0\x9f\x98\x80\x31\x32\x33\x34", "key\\ud83d\\ude001234.", "***.");
    says("two words", "two+words two%20words", "*** ***");
    says("DOMAIN\\user", "DOMAIN\\user DOMAIN\\\\user DOMAIN\\\\\\\\user", "*** *** ***");
    says("100%25off", "100%25off 100%2525off", "*** ***");
}

static void knows_what_is_encoded(void **state)
{
    /* base64 of "me:pass-word-1" and "y:pass-word-1!", and digits of it */
    says("pass-word-1", "bWU6cGFzcy13b3JkLTE=", "bWU6***E=");
    says("pass-word-1", "706173732d776f72642d31 706173732D776F72642D31", "*** ***");
    says("pass-word-1", "eTpwYXNzLXdvcmQtMSE", "eTp***SE");
}

static void leaves_all_else(void **state)
{
    says("pass/wo+rd&1", "pass/wo+rd&2 pass\\u002", "pass/wo+rd&2 pass\\u002");
    says("short", "a short one", "a short one");
    says("", "nothing", "nothing");
    says("100%41off", "100Aoff", "100Aoff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_each_spelling),
        cmocka_unit_test(knows_what_is_encoded),
        cmocka_unit_test(leaves_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
