/* What people are shown of what is kept. */
#include "err.h"
#include "mem.h"
#include "redact.h"
#include "test.h"

static void shown(const char *rules, const char *row, const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    redact_row(&b, str_of(rules), str_of(row));
    buf_addc(&b, 0);
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void personal_codes_are_masked_wherever_they_stand(void **state)
{
    shown(NULL, "{\"key\":\"131052-308T\",\"n\":[1.50,\"a 131052A308T, b\"]}",
        "{\"key\":\"******-****\",\"n\":[1.50,\"a ******-****, b\"]}");
    shown(NULL, "{\"131052-308T\":null}", "{\"******-****\":null}");
    shown(NULL, "{\"a\":\"131052\\u002d308T\"}", "{\"a\":\"******-****\"}");
    shown(NULL, "{\"order\":\"202607-0012\",\"n\":1}", "{\"order\":\"202607-0012\",\"n\":1}");
    /* What no tree can hold is given as it is, unless there is something in it. */
    shown(NULL, "{\"a\":\"\\u0000\"}", "{\"a\":\"\\u0000\"}");
    shown(NULL, "{\"a\":\"\\u0000 131052-308T\"}",
        "{\"error\":\"it holds what cannot be looked through for personal data\"}");
}

static void fields_are_hidden_by_their_path(void **state)
{
    const char *rules = "[\"buyer.person_id\",\"*.phone\"]";
    shown(rules, "{\"id\":\"r\",\"body\":{\"buyer\":{\"person_id\":7,\"name\":\"A\"}}}",
        "{\"id\":\"r\",\"body\":{\"buyer\":{\"person_id\":\"***\",\"name\":\"A\"}}}");
    shown(rules, "{\"steps\":[{\"answer\":{\"body\":[{\"a\":{\"phone\":{\"x\":1}}}]}}]}",
        "{\"steps\":[{\"answer\":{\"body\":[{\"a\":{\"phone\":\"***\"}}]}}]}");
    /* Only below data, and only the whole path. */
    shown(rules, "{\"buyer\":{\"person_id\":7},\"body\":{\"person_id\":7,\"phones\":8}}",
        "{\"buyer\":{\"person_id\":7},\"body\":{\"person_id\":7,\"phones\":8}}");
    /* A star is any part, an array or nothing. */
    shown(rules, "{\"phone\":1,\"result\":{\"phone\":2}}",
        "{\"phone\":1,\"result\":{\"phone\":\"***\"}}");
    rules = "[\"people.*.name\",\"*.*.*.iban\"]";
    shown(rules,
        "{\"body\":{\"people\":[{\"name\":1},{\"a\":{\"name\":2,\"b\":{\"name\":3}}}],\"name\":4}}",
        "{\"body\":{\"people\":[{\"name\":\"***\"},{\"a\":{\"name\":\"***\",\"b\":{\"name\":3}}}],\"name\":4}}");
    shown(rules, "{\"data\":{\"iban\":1,\"a\":{\"b\":{\"c\":{\"d\":{\"iban\":2}}}}}}",
        "{\"data\":{\"iban\":\"***\",\"a\":{\"b\":{\"c\":{\"d\":{\"iban\":\"***\"}}}}}}");
    shown("[\"phone\"]", "{\"result\":{\"phone\":8,\"fax\":null}}",
        "{\"result\":{\"phone\":\"***\",\"fax\":null}}");
}

static void words_are(const char *text, const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    redact_words(&b, STR_LIT("[\"buyer.iban\",\"*.phone\",\"*\"]"), str_of(text));
    buf_addc(&b, 0);
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void members_within_words_are_hidden(void **state)
{
    words_are("got {\"phone\": \"1,}\\\" 2\", \"iban\":17,\"a\":1.50} 131052-308T",
        "got {\"phone\": \"***\", \"iban\":\"***\",\"a\":1.50} ******-****");
    words_are("404 {\"buyer\":{\"name\":\"A\",\"phone\":\"+358 40 12",
        "404 {\"buyer\":{\"name\":\"A\",\"phone\":\"***\"");
    words_are("{\"phone\":[\"1\",{\"x\":\"]\"}],\"b\":2}", "{\"phone\":\"***\",\"b\":2}");
    words_are("{\"phone\":{\"x\":1}}", "{\"phone\":\"***\"}");
    words_are("{\"t\":\"{\\\"phone\\\":\\\"1 2\\\",\\\"c\\\":3}\"}",
        "{\"t\":\"{\\\"phone\\\":\\\"***\\\",\\\"c\\\":3}\"}");
    words_are("{\"phone\":null}", "{\"phone\":\"***\"}");
    words_are("the \"phone\" of \"phone\": ", "the \"phone\" of \"phone\": \"***\"");
    words_are("\"phones\":1 \\\\", "\"phones\":1 \\\\");
    /* Queries and forms. */
    words_are("/people?a=1&phone=%2B358+40&b=2 and /x?iban=FI1",
        "/people?a=1&phone=***&b=2 and /x?iban=***");
    words_are("phone=1&phones=2&telephone=3&iban=", "phone=***&phones=2&telephone=3&iban=***");
    words_are("{\"url\":\"/x?phone=1\",\"a\":2}", "{\"url\":\"/x?phone=***\",\"a\":2}");
    words_are("the phone=1, and ?phone", "the phone=1, and ?phone");
    shown("[\"*.phone\"]", "{\"log\":[{\"text\":\"{\\\"phone\\\":1}\"}]}",
        "{\"log\":[{\"text\":\"{\\\"phone\\\":\\\"***\\\"}\"}]}");
    shown(NULL, "{\"reason\":\"{\\\"phone\\\":1}\"}", "{\"reason\":\"{\\\"phone\\\":1}\"}");
}

static void changes_are_hidden_by_the_path_that_they_name(void **state)
{
    const char *rules = "[\"buyer.phone\",\"rows.price\"]";
    shown(rules, "{\"changes\":[{\"path\":\"buyer.phone\",\"before\":\"1\",\"after\":\"2\"}]}",
        "{\"changes\":[{\"path\":\"buyer.phone\",\"before\":\"***\",\"after\":\"***\"}]}");
    shown(rules, "{\"path\":\"rows[2].price\",\"before\":null,\"now\":7}",
        "{\"path\":\"rows[2].price\",\"before\":null,\"now\":\"***\"}");
    shown(rules, "{\"path\":\"buyer\",\"before\":{\"phone\":1,\"name\":2},\"now\":null}",
        "{\"path\":\"buyer\",\"before\":{\"phone\":\"***\",\"name\":2},\"now\":null}");
    shown(rules, "{\"path\":\"buyer.name\",\"before\":1,\"now\":2}",
        "{\"path\":\"buyer.name\",\"before\":1,\"now\":2}");
}

static void rules_are_checked(void **state)
{
    struct err e = {0};
    assert_int_equal(redact_check(STR_LIT("[\"a.b\",\"*.c\",\"d\"]"), &e), 0);
    assert_int_equal(redact_check(STR_LIT("[\"a..b\"]"), &e), -1);
    assert_int_equal(redact_check(STR_LIT("[\"a*.b\"]"), &e), -1);
    assert_int_equal(redact_check(STR_LIT("[\"\"]"), &e), -1);
    assert_int_equal(redact_check(STR_LIT("[5]"), &e), -1);
    assert_int_equal(redact_check(STR_LIT("{}"), &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personal_codes_are_masked_wherever_they_stand),
        cmocka_unit_test(fields_are_hidden_by_their_path),
        cmocka_unit_test(members_within_words_are_hidden),
        cmocka_unit_test(changes_are_hidden_by_the_path_that_they_name),
        cmocka_unit_test(rules_are_checked),
    };
    return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
