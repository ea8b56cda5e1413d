/* Windows-1252 against the C library's own table of it. */
#include "test.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "cp1252.h"
#include "fold.h"

/* Each code point: the C library's iconv is the oracle. */
static void agrees_with_iconv(void **state)
{
    iconv_t cd = iconv_open("CP1252", "UTF-8");
    assert_true(cd != (iconv_t)-1);
    struct buf c;
    buf_init(&c, 16);
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        buf_clear(&c);
        fold_put(&c, code);
        char out[8], *to = out, *from = c.p;
        size_t left = c.n, room = sizeof(out);
        /* It passes over tag characters (U+E0000 on) as if they fitted, without a byte for them. */
        bool fits = iconv(cd, &from, &left, &to, &room) == 0 && to == out + 1;
        if (cp1252_fits(buf_str(&c), NULL) != fits)
            fail_msg("U+%04X: iconv says %d", code, fits);
    }
    buf_free(&c);
    iconv_close(cd);
}

static void names_the_misfit(void **state)
{
    struct cp1252_misfit m = {0, 0};
    assert_true(cp1252_fits(STR_LIT(""), &m));
    assert_true(
        cp1252_fits(STR_LIT("Työtuoli å Å 25,50 € \xE2\x80\x93 \xE2\x80\x9Cx\xE2\x80\x9D ž"), &m));
    assert_int_equal(m.position, 0);
    assert_false(cp1252_fits(STR_LIT("Työ \xC4\x8C"
                                     "ech"),
        &m));
    assert_int_equal(m.code, 0x10C);
    assert_int_equal(m.position, 5);
    assert_false(cp1252_fits(STR_LIT("\xD0\x96"), &m));
    assert_int_equal(m.position, 1);
    assert_false(cp1252_fits(STR_LIT("ab\xF0\x9F\x98\x80"
                                     "c"),
        &m));
    assert_int_equal(m.code, 0x1F600);
    assert_int_equal(m.position, 3);
    assert_false(cp1252_fits(STR_LIT("a\xC2\x81"), &m)); /* a byte without a character */
    assert_int_equal(m.code, 0x81);
    assert_false(cp1252_fits(STR_LIT("a\xCC\x88"), &m)); /* a mark of its own */
    assert_int_equal(m.position, 2);
    assert_false(cp1252_fits(STR_LIT("\xC3\xA4\xFF"), &m));
    assert_int_equal(m.code, 0xFFFD);
    assert_int_equal(m.position, 2);
    assert_false(cp1252_fits(STR_LIT("\xFF"), NULL));
}

static void becomes(const char *text, const char *expected)
{
    struct buf b;
    buf_init(&b, 1000);
    assert_true(cp1252_transliterate(&b, str_of(text), NULL));
    assert_true(cp1252_fits(buf_str(&b), NULL));
    buf_addc(&b, '\0');
    assert_string_equal(b.p, expected);
    buf_free(&b);
}

static void transliterates(void **state)
{
    becomes("", "");
    becomes("Työtuoli 25,50 €", "Työtuoli 25,50 €");
    becomes("Čapek, Łódź, Đorđe, Ŕ", "Capek, Lódz, Dorde, R");
    becomes("Őry Ţ Ş ğ", "Ory T S g");
    becomes("a\xCC\x88 e\xCC\x84", "ä e");   /* composed where there is a letter for it */
    becomes("\xC7\x9F \xE1\xBA\xA5", "ä â"); /* ǟ keeps its diaeresis, ấ its circumflex */
    becomes("ﬁ Ⅳ ℃ ⅓ m₂ ＡＢ №", "fi IV °C 1/3 m2 AB No");
    becomes("a\xE2\x80\x91"
            "b\xE2\x88\x92"
            "c \xE2\x86\x92 d \xE2\x89\xA4 e",
        "a-b-c -> d <= e");
    becomes("a\xE2\x80\xAF"
            "b\xE2\x80\x89"
            "c\xE2\x80\x8B"
            "d\xEF\xBB\xBF",
        "a b cd");
    becomes("\xE2\x9D\xA4\xEF\xB8\x8F" + 3, ""); /* a selector of variants alone */
}

static void says_what_was_lost(void **state)
{
    struct buf b;
    struct cp1252_misfit m = {0, 0};
    buf_init(&b, 1000);
    assert_false(cp1252_transliterate(&b, STR_LIT("Č: Жук 日本"), &m));
    assert_int_equal(m.code, 0x416);
    assert_int_equal(m.position, 4);
    assert_true(str_is(buf_str(&b), "C: ??? ??"));
    buf_clear(&b);
    assert_false(cp1252_transliterate(&b, STR_LIT("ok\xFF"), &m));
    assert_int_equal(m.code, 0xFFFD);
    assert_int_equal(m.position, 3);
    buf_free(&b);
    buf_init(&b, 3);
    assert_false(cp1252_transliterate(&b, STR_LIT("abcd"), &m));
    assert_int_equal(m.code, 0);
    buf_free(&b);
}

/* Whatever comes in, what comes out fits. */
static void always_fits_afterwards(void **state)
{
    struct buf c, out;
    buf_init(&c, 16);
    buf_init(&out, 1000);
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        buf_clear(&c);
        buf_clear(&out);
        fold_put(&c, code);
        struct cp1252_misfit m;
        bool whole = cp1252_transliterate(&out, buf_str(&c), &m);
        assert_true(cp1252_fits(buf_str(&out), NULL));
        assert_true(whole || out.p[0] == '?');
        assert_true(!cp1252_fits(buf_str(&c), NULL) || str_eq(buf_str(&c), buf_str(&out)));
    }
    buf_free(&c);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_iconv),
        cmocka_unit_test(names_the_misfit),
        cmocka_unit_test(transliterates),
        cmocka_unit_test(says_what_was_lost),
        cmocka_unit_test(always_fits_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
