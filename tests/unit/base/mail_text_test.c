/* Mails as bytes: what stands where, what is encoded and how long a line gets, and what is refused.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "mail_text.h"
#include "mem.h"

static struct mail_address at(const char *name, const char *address)
{
    return (struct mail_address){str_of(name), str_of(address)};
}

static char *composed(struct mail m, struct err *e)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    int rc = mail_compose(&b, &m, e);
    buf_addc(&b, '\0');
    char *text = rc < 0 ? NULL : mem_dup(b.p);
    buf_free(&b);
    return text;
}

static struct mail plain(const struct mail_address *to)
{
    return (struct mail){.from = at("Acme", "noreply@acme.example"),
        .to = to,
        .nto = 1,
        .subject = STR_LIT("Hello"),
        .text = STR_LIT("Hi"),
        .message_id = STR_LIT("run_1.2@sauma"),
        .date_ms = 1795644000000};
}

static void a_plain_mail(void **state)
{
    struct mail_address to = at("", "anna@b.example");
    struct err e = {0};
    char *text = composed(plain(&to), &e);
    assert_non_null(text);
    assert_string_equal(text,
        "Date: Wed, 25 Nov 2026 22:00:00 +0000\r\nFrom: \"Acme\" <noreply@acme.example>\r\n"
        "To: <anna@b.example>\r\nSubject: Hello\r\nMessage-ID: <run_1.2@sauma>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n"
        "Hi\r\n");
    mem_free(text);
}

static void assert_lines_fit(const char *text)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\r\n");
        assert_true(n <= 78);
        for (size_t i = 0; i < n; i++)
            assert_true((unsigned char)p[i] < 0x80);
        assert_memory_equal(p + n, "\r\n", 2);
        p += n + 2;
    }
}

static void letters_of_all_kinds_travel_as_ascii(void **state)
{
    struct mail_address to[] = {at("Å \"Öberg\"", "a@b.example"), at("x \"y\\", "c@d.example")};
    struct mail m = plain(to);
    struct err e = {0};
    char subject[400] = "", body[2000] = "";
    for (int i = 0; i < 20; i++)
        strcat(subject, "äö€ ");
    for (int i = 0; i < 60; i++)
        strcat(body, i % 7 ? "sana = €uro " : "rivi \n.\r\nx\r");
    m.nto = 2;
    m.subject = str_of(subject);
    m.text = str_of(body);
    char *text = composed(m, &e);
    assert_non_null(text);
    assert_lines_fit(text);
    assert_non_null(strstr(text, "\"x \\\"y\\\\\" <c@d.example>"));
    mem_free(text);
}

static void assert_refused(struct mail m, const char *words)
{
    struct err e = {0};
    char *text = composed(m, &e);
    if (text || !strstr(e.text, words))
        fail_msg("wanted \"%s\", got \"%s\"", words, text ? text : e.text);
}

static void what_has_no_place_is_refused(void **state)
{
    struct mail_address to = at("", "anna@b.example");
    struct mail m = plain(&to);
    m.subject = STR_LIT("Hello\r\nBcc: all@x.example");
    assert_refused(m, "control character");
    m = plain(&to);
    m.from.name = STR_LIT("A\nB");
    assert_refused(m, "control character");
    m = plain(&to);
    m.nto = 0;
    assert_refused(m, "nobody");
    m = plain(&to);
    m.message_id = STR_LIT("a b@c>");
    assert_refused(m, "message_id");
    static const char *const wrong[] = {"", "a", "a@", "@b", "a@b@c", "a b@c.fi", "a@b.fi\r\n",
        "a@b,c", "<a@b.fi>", "a@b.fi> SIZE=1", "ä@b.fi", "a@b_c", ".a@b.fi", "a.@b.fi", "a..b@c.fi",
        "a@.b", "a@b.", "a\"b@c.fi", "a(b)@c.fi"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        to = at("", wrong[i]);
        assert_refused(plain(&to), "is not a mail address");
    }
    static const char *const right[] = {"a@b", "a.b+c@d-e.fi", "o'neil@x.example", "1@2.3"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_true(mail_address_ok(str_of(right[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail),
        cmocka_unit_test(letters_of_all_kinds_travel_as_ascii),
        cmocka_unit_test(what_has_no_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
