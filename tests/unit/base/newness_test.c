/* How new data is: numbers as numbers, times as instants, other texts as they sort. */
#include "test.h"

#include "newness.h"

static void compares(void **state)
{
    static const struct {
        const char *a, *b;
        int wanted;
    } cases[] = {
        {"n9", "n10", -1},
        {"n10.50", "n10.5", 0},
        {"n1764064800123", "n1764064800122", 1},
        {"n9007199254740993", "n9007199254740992", 1}, /* beyond what a double can tell */
        {"n-1", "n0.5", -1},
        {"t2026-11-25T10:00:00+02:00", "t2026-11-25T08:00:00Z", 0},
        {"t2026-11-25T10:00:00+02:00", "t2026-11-25T08:00:01Z", -1},
        {"t2026-11-25T08:00:00.0001Z", "t2026-11-25T08:00:00Z", 1},
        {"t2026-11-25T08:00:00.123456Z", "t2026-11-25T08:00:00.1235Z", -1},
        {"t2026-11-25T08:00:00.500Z", "t2026-11-25T10:00:00.5+02:00", 0},
        {"t2026-11-25", "t2026-11-24", 1},
        {"t2026-11-25", "t2026-11-25T08:00:00Z", -1}, /* one is no time: by bytes */
        {"tv2", "tv10", 1},
        {"ta", "ta", 0},
        {"tab", "ta", 1},
        {"n5", "t9", 0},
        {"", "n1", 0},
        {"nx", "n1", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = newness_compare(str_of(cases[i].a), str_of(cases[i].b));
        int back = newness_compare(str_of(cases[i].b), str_of(cases[i].a));
        if (got != cases[i].wanted || back != -cases[i].wanted)
            fail_msg("%s, %s: %d and %d back", cases[i].a, cases[i].b, got, back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
