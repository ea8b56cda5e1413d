/* Product texts taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "token.h"

static struct profile p;

static void read_name(const char *folded)
{
    profile_clear(&p);
    profile_add(&p, TOKEN_NAME, str_of(folded));
}

static const struct token *find(enum token_kind kind, const char *key)
{
    for (int i = 0; i < p.n; i++)
        if (p.token[i].kind == kind && (!key || str_is(token_key(&p, &p.token[i]), key)))
            return &p.token[i];
    return NULL;
}

static void expect_quantity(
    const char *name, enum quantity_unit unit, int64_t value, int64_t value2)
{
    read_name(name);
    for (int i = 0; i < p.n; i++)
        if (p.token[i].kind == TOKEN_QUANTITY && p.token[i].unit == unit) {
            assert_int_equal(p.token[i].value, value);
            assert_int_equal(p.token[i].value2, value2);
            return;
        }
    fail_msg("no such quantity in <%s>", name);
}

static void quantities(void **state)
{
    expect_quantity("kahvi 500 g", QUANTITY_MASS, 500000, 0);
    expect_quantity("kahvi 0,5 kg", QUANTITY_MASS, 500000, 0);
    expect_quantity("kahvi 500g", QUANTITY_MASS, 500000, 0);
    expect_quantity("maali 9 litraa", QUANTITY_VOLUME, 9000000, 0);
    expect_quantity("maali 2.7l", QUANTITY_VOLUME, 2700000, 0);
    expect_quantity("naytto 27\" qhd", QUANTITY_LENGTH, 685800, 0);
    expect_quantity("27 tuuman naytto", QUANTITY_LENGTH, 685800, 0);
    expect_quantity("24-inch monitor", QUANTITY_LENGTH, 609600, 0);
    expect_quantity("ssd 1tb", QUANTITY_DATA, 1000000000, 0);
    expect_quantity("puuruuvi 200/ltk", QUANTITY_COUNT, 200000, 0);
    expect_quantity("air conditioner 12,000 btu", QUANTITY_HEAT, 12000000, 0);
    expect_quantity("paketti 10-30 kg", QUANTITY_MASS, 10000000, 30000000);
    expect_quantity("lisenssi 1-5 kayttajaa", QUANTITY_USERS, 1000, 5000);
    expect_quantity("cola 6 x 330 ml", QUANTITY_VOLUME, 330000, 0);
    expect_quantity("cola 6 x 330 ml", QUANTITY_COUNT, 6000, 0);
    expect_quantity("paperi 80 g/m2", QUANTITY_MASS, 80000, 0);
}

static void expect_size(const char *name, int64_t a, int64_t b, int64_t c)
{
    read_name(name);
    const struct token *t = find(TOKEN_SIZE, NULL);
    if (!t)
        fail_msg("no size in <%s>", name);
    assert_int_equal(t->value, a);
    assert_int_equal(t->value2, b);
    assert_int_equal(t->value3, c);
}

static void sizes(void **state)
{
    expect_size("mmj 3x1,5", 3000, 1500, 0);
    expect_size("mmj 3 x 1.5", 3000, 1500, 0);
    expect_size("mmj 3x1,5s", 3000, 1500, 0);
    expect_size("levy 13x1200x2600", 13000, 1200000, 2600000);
    expect_size("poyta 160 x 80 cm", 1600000, 800000, 0);
    read_name("2x4b77 kaapeli");
    assert_null(find(TOKEN_SIZE, NULL));
}

static void codes(void **state)
{
    read_name("panasonic tx-32/a");
    assert_non_null(find(TOKEN_CODE, "tx32a"));
    read_name("sony psp 9n00.101");
    assert_non_null(find(TOKEN_CODE, "9n00101"));
    read_name("canon 79g-00007");
    assert_non_null(find(TOKEN_CODE, "79g00007"));
    assert_null(find(TOKEN_QUANTITY, NULL));
    read_name("item 662248904115");
    assert_non_null(find(TOKEN_CODE, "662248904115"));
    /* No codes: a quantity, a version, a short mark, words with a hyphen. */
    static const char *const none[] = {"500gb drive", "usb2.0 hub", "paper a4", "cat6 cable",
        "led-paneeli", "windows 7", "1080p tv", "office 2007"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        read_name(none[i]);
        if (find(TOKEN_CODE, NULL))
            fail_msg("a code in <%s>", none[i]);
    }
    read_name("hdmi-kaapeli");
    assert_non_null(find(TOKEN_WORD, "hdmi"));
    assert_non_null(find(TOKEN_WORD, "kaapeli"));
    assert_non_null(find(TOKEN_ALIAS, "hdmikaapeli"));
    /* Without its tail a code may be a short one. */
    read_name("ceiling mount sc1a-b1");
    assert_non_null(find(TOKEN_CODE, "sc1ab1"));
    assert_non_null(find(TOKEN_ALIAS, "sc1a"));
}

static void groups(void **state)
{
    uint8_t g, v, w;
    assert_true(token_group_of(STR_LIT("musta"), &g, &v));
    assert_int_equal(g, TOKEN_COLOUR);
    assert_true(token_group_of(STR_LIT("black"), &g, &w));
    assert_int_equal(v, w);
    assert_true(token_group_of(STR_LIT("white"), &g, &w));
    assert_int_not_equal(v, w);
    assert_false(token_group_of(STR_LIT("blac"), &g, &v));
    assert_false(token_group_of(STR_LIT("blacks"), &g, &v));
}

static void code_columns(void **state)
{
    profile_clear(&p);
    profile_add_code(&p, STR_LIT("0012345-678905"));
    assert_non_null(find(TOKEN_EXACT, "@12345678905"));
    profile_clear(&p);
    profile_add_code(&p, STR_LIT("p 001"));
    assert_non_null(find(TOKEN_EXACT, "@p001"));
    profile_clear(&p);
    int before_shortened = p.n;
    profile_add_code(&p, STR_LIT("6,41e+12"));
    assert_int_equal(p.n, before_shortened);
    profile_add_code(&p, STR_LIT(" - "));
    assert_int_equal(p.n, 0);
}

/* More than fits is left out, never written over. */
static void long_texts(void **state)
{
    static char text[20000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 5);
    profile_clear(&p);
    profile_add(&p, TOKEN_NAME, (struct str){text, sizeof(text)});
    assert_int_equal(p.n, TOKEN_NAME_MAX);
    profile_add(&p, TOKEN_TEXT, (struct str){text, sizeof(text)});
    assert_int_equal(p.n, TOKEN_MAX);
    memset(text, '9', sizeof(text));
    profile_clear(&p);
    profile_add(&p, TOKEN_NAME, (struct str){text, sizeof(text)});
    assert_int_equal(p.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities),
        cmocka_unit_test(sizes),
        cmocka_unit_test(codes),
        cmocka_unit_test(groups),
        cmocka_unit_test(code_columns),
        cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
