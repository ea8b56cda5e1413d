/* Folding: what must come out the same, and what must not. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "fold.h"

static void folds(const char *text, const char *plain, const char *expanded)
{
    static const enum fold_style styles[] = {FOLD_PLAIN, FOLD_EXPANDED};
    const char *expected[] = {plain, expanded};
    for (int i = 0; i < 2; i++) {
        struct buf b;
        buf_init(&b, 4096);
        assert_int_equal(fold_text(&b, str_of(text), styles[i]), 0);
        buf_addc(&b, '\0');
        assert_string_equal(b.p, expected[i]);
        buf_free(&b);
    }
}

static void folds_letters(void **state)
{
    folds("", "", "");
    folds("ABC xyz 019", "abc xyz 019", "abc xyz 019");
    folds(
        "Äänekosken Sähkö Åkerlund", "aanekosken sahko akerlund", "aeaenekosken saehkoe aakerlund");
    folds("ÆØÅ œuvre Þór Straße ẞ", "aeoa oeuvre thor strasse ss", "aeoeaa oeuvre thor strasse ss");
    folds("Łódź Đorđe Jõe Müller čšž", "lodz dorde joe muller csz", "lodz dorde joe mueller csz");
    folds("a\xCC\x88 A\xCC\x8A o\xCC\x88\xCC\x84", "a a o", "ae aa o"); /* marks of their own */
    folds("Ω Жук", "ω жук", "ω жук");
    folds("İstanbul ılık", "istanbul ilik", "istanbul ilik");
}

static void folds_forms_and_signs(void **state)
{
    folds("ＡＢＣ１２", "abc12", "abc12");
    folds("ﬁne m² Ⅳ ½", "fine m2 iv 1/2", "fine m2 iv 1/2");
    folds("a\xE2\x80\x93"
          "b\xE2\x80\x94"
          "c\xE2\x80\x91"
          "d\xE2\x88\x92"
          "e",
        "a-b-c-d-e", "a-b-c-d-e");
    folds("it\xE2\x80\x99s `q´ \xE2\x80\x9Cx\xE2\x80\x9D «y»", "it's 'q' \"x\" \"y\"",
        "it's 'q' \"x\" \"y\"");
    folds("3 × 1,5", "3 x 1,5", "3 x 1,5");
    folds("soft\xC2\xADhy\xE2\x80\x8Bphen", "softhyphen", "softhyphen");
}

static void folds_space(void **state)
{
    folds("  a \t\r\n b\xC2\xA0\xE2\x80\x89"
          "c\xE3\x80\x80 ",
        "a b c", "a b c");
    folds(" \t ", "", "");
    folds("a\x01"
          "b\x7F"
          "c\xC2\x85"
          "d",
        "a b c d", "a b c d");
}

static void survives_invalid_utf8(void **state)
{
    folds("a\xFF"
          "B\xC3",
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD",
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
    folds("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

/* Folding what is folded changes nothing, and each character gives valid UTF-8: for all of them. */
static void is_stable_for_every_character(void **state)
{
    struct buf c, once, twice;
    buf_init(&c, 16);
    buf_init(&once, 1024);
    buf_init(&twice, 1024);
    for (uint32_t code = 1; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        buf_clear(&c);
        buf_clear(&once);
        buf_clear(&twice);
        fold_put(&c, code);
        const char *p = c.p;
        assert_int_equal(fold_next(&p, c.p + c.n), code);
        assert_ptr_equal(p, c.p + c.n);
        assert_int_equal(fold_text(&once, buf_str(&c), FOLD_PLAIN), 0);
        assert_int_equal(fold_text(&twice, buf_str(&once), FOLD_PLAIN), 0);
        if (!str_eq(buf_str(&once), buf_str(&twice)) || !str_utf8_valid(buf_str(&once)))
            fail_msg("U+%04X: '%.*s' and '%.*s'", code, STR_ARG(buf_str(&once)),
                STR_ARG(buf_str(&twice)));
    }
    buf_free(&c);
    buf_free(&once);
    buf_free(&twice);
}

static void composes(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    fold_nfc(&b, STR_LIT("A\xCC\x8A"
                         "a\xCC\x88 \xE1\x84\x80\xE1\x85\xA1 \xFF"));
    buf_addc(&b, '\0');
    assert_string_equal(b.p, "\xC3\x85\xC3\xA4 \xEA\xB0\x80 \xEF\xBF\xBD");
    buf_free(&b);
}

static void respects_the_maximum(void **state)
{
    for (size_t max = 0; max < 12; max++) {
        struct buf b;
        buf_init(&b, max);
        assert_int_equal(fold_text(&b, STR_LIT("Ääkkönen ABC"), FOLD_PLAIN), -1);
        assert_true(b.n <= max);
        buf_free(&b);
    }
    struct buf b;
    buf_init(&b, 12);
    assert_int_equal(fold_text(&b, STR_LIT("Ääkkönen ABC"), FOLD_PLAIN), 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_letters),
        cmocka_unit_test(folds_forms_and_signs),
        cmocka_unit_test(folds_space),
        cmocka_unit_test(survives_invalid_utf8),
        cmocka_unit_test(is_stable_for_every_character),
        cmocka_unit_test(composes),
        cmocka_unit_test(respects_the_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
