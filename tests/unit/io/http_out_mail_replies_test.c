/* What a mail server replies, and to whom. */
#include "test.h"

#include <string.h>
#include "http_out_mail_replies.h"

/* A talk with two recipients: what we say begins with '>', all else are lines that come. */
static void talk(struct mail_replies *r, const char *const *lines)
{
    mail_replies_init(r, 2);
    for (; *lines; lines++)
        if (**lines == '>')
            mail_replies_sent(r, str_of(*lines + 1));
        else
            mail_replies_line(r, str_of(*lines));
}

#define TALK(r, ...) talk(r, (const char *const[]){__VA_ARGS__, NULL})
#define HELLO                                                                                      \
    "220 here", ">EHLO us\r\n", "250-there", "250 HELP", ">MAIL FROM:<a@b.fi>\r\n", "250 ok"
#define TO_C ">RCPT TO:<c@d.fi>\r\n"
#define TO_E ">RCPT TO:<e@f.fi>\r\n"

static void expect(struct mail_replies *r, int refusal, const char *words, const char *refused)
{
    assert_int_equal(mail_replies_refusal(r), refusal);
    assert_true(str_is(mail_replies_words(r), words));
    assert_true(str_is(buf_str(&r->refused), refused));
    mail_replies_free(r);
}

static void test_one_is_refused_and_the_other_has_it(void **state)
{
    struct mail_replies r;
    TALK(&r, HELLO, TO_C, "550-5.1.1 no such\r\n", "550 5.1.1 user\r\n", TO_E, "250 ok",
        ">DATA\r\n", "354 go", "250 taken as 7", ">QUIT\r\n", "221 bye");
    assert_true(str_is(buf_str(&r.why), "c@d.fi: 5.1.1 no such 5.1.1 user"));
    expect(&r, 0, "taken as 7", "c@d.fi");
}

static void test_all_are_refused(void **state)
{
    struct mail_replies r;
    TALK(&r, HELLO, TO_C, "550 who?", TO_E, "554 no", ">QUIT\r\n", "250 bye");
    expect(&r, 554, "c@d.fi: who?; e@f.fi: no", "c@d.fi, e@f.fi");
    TALK(&r, HELLO, TO_C, "451 later", TO_E, "550 who?");
    expect(&r, 451, "c@d.fi: later; e@f.fi: who?", "c@d.fi, e@f.fi");
}

static void test_a_line_that_is_cut_is_no_refusal(void **state)
{
    struct mail_replies r;
    TALK(&r, HELLO, TO_C, "550 who?", TO_E);
    assert_int_equal(mail_replies_refusal(&r), 0);
    mail_replies_free(&r);
    TALK(&r, HELLO, TO_C, "250 ok", TO_E, "550 who?", ">DATA\r\n");
    assert_int_equal(mail_replies_refusal(&r), 0);
    mail_replies_free(&r);
    TALK(&r, HELLO, TO_C, "250 ok", TO_E, "550 who?");
    assert_int_equal(mail_replies_refusal(&r), 0);
    mail_replies_free(&r);
    TALK(&r, HELLO, TO_C, "550 who?", TO_E, "550-who");
    assert_int_equal(mail_replies_refusal(&r), 0);
    mail_replies_free(&r);
}

static void test_a_mail_is_refused_as_a_whole(void **state)
{
    struct mail_replies r;
    TALK(&r, HELLO, TO_C, "550 who?", TO_E, "250 ok", ">DATA\r\n", "354 go", "554 spam");
    expect(&r, 554, "spam", "c@d.fi");
    TALK(&r, HELLO, TO_C, "421 I go");
    expect(&r, 421, "c@d.fi: I go", "c@d.fi");
    TALK(&r, "554 not you");
    expect(&r, 554, "not you", "");
}

static void test_what_is_longer_than_a_line_is_left_out(void **state)
{
    struct mail_replies r;
    char line[2000] = "550 ";
    memset(line + 4, 'x', sizeof line - 5);
    TALK(&r, "550-a", line);
    expect(&r, 550, "a (1999 bytes)", "");
    TALK(&r, "", "55", "no code", "2500", "550");
    expect(&r, 550, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_is_refused_and_the_other_has_it),
        cmocka_unit_test(test_all_are_refused),
        cmocka_unit_test(test_a_line_that_is_cut_is_no_refusal),
        cmocka_unit_test(test_a_mail_is_refused_as_a_whole),
        cmocka_unit_test(test_what_is_longer_than_a_line_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
