/* Edit distance against the plain table, and common runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "similarity.h"

static uint32_t seed = 7;
static uint32_t next(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int plain(struct str a, struct str b)
{
    int row[66];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        int corner = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            int up = row[j], best = corner + (a.p[i - 1] != b.p[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            corner = up;
            row[j] = best;
        }
    }
    return row[b.n];
}

static void equals_the_plain_table(void **state)
{
    char x[64], y[64];
    for (int k = 0; k < 20000; k++) {
        struct str a = {x, next(65)}, b = {y, next(65)};
        for (size_t i = 0; i < a.n; i++)
            x[i] = (char)('a' + next(3));
        for (size_t i = 0; i < b.n; i++)
            y[i] = (char)('a' + next(3));
        assert_int_equal(similarity_distance(a, b), plain(a, b));
    }
}

/* How many bytes of word the others have. */
static int cover(struct str word, const struct str *others, int n)
{
    return __builtin_popcountll(similarity_runs(word, others, n));
}

static void long_words_are_different(void **state)
{
    char x[80];
    memset(x, 'a', sizeof(x));
    assert_int_equal(similarity_distance((struct str){x, 80}, (struct str){x, 80}), SIMILARITY_MAX);
    assert_int_equal(cover((struct str){x, 80}, &(struct str){x, 80}, 1), 0);
}

static void compounds_are_covered(void **state)
{
    struct str parts[] = {STR_LIT("kuljetus"), STR_LIT("lava")};
    assert_int_equal(cover(STR_LIT("lavakuljetus"), parts, 2), 12);
    assert_int_equal(cover(STR_LIT("lava"), &(struct str){"lavakuljetus", 12}, 1), 4);
    assert_int_equal(cover(STR_LIT("kissa"), parts, 2), 0);
    char x[64];
    memset(x, 'a', sizeof(x));
    assert_int_equal(cover((struct str){x, 64}, &(struct str){x, 64}, 1), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_plain_table),
        cmocka_unit_test(long_words_are_different),
        cmocka_unit_test(compounds_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
