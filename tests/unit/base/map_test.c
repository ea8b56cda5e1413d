/* The map against a naive list of pairs, and what its iterator promises. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "map.h"
#include "mem.h"

#define KEYS       2000
#define OPERATIONS 100000

/* Key number i, with lengths from 0 up and zero bytes inside. */
static struct str key_of(int i, char out[64])
{
    if (i == 0)
        return (struct str){out, 0};
    size_t n = (size_t)snprintf(out, 64, "%d", i);
    if (i % 3 == 0) {
        memset(out + n, '\0', (size_t)(i % 7));
        n += (size_t)(i % 7);
    }
    return (struct str){out, n};
}

/* An array by key number is the oracle: it cannot be wrong. */
static void agrees_with_oracle(void **state)
{
    static int values[OPERATIONS];
    static void *oracle[KEYS];
    uint64_t seed = 42;
    struct map *m = map_new();
    size_t count = 0;
    char text[64];
    for (int op = 0; op < OPERATIONS; op++) {
        /* The range of keys breathes, so that the map grows, empties and grows again. */
        int range = op % 20000 < 10000 ? KEYS : 20;
        int i = (int)(test_random(&seed) % (uint64_t)range);
        struct str key = key_of(i, text);
        switch (test_random(&seed) % 4) {
        case 0:
        case 1:
            assert_ptr_equal(map_set(m, key, &values[op]), oracle[i]);
            count += oracle[i] == NULL;
            oracle[i] = &values[op];
            break;
        case 2:
            assert_ptr_equal(map_remove(m, key), oracle[i]);
            count -= oracle[i] != NULL;
            oracle[i] = NULL;
            break;
        default:
            assert_ptr_equal(map_get(m, key), oracle[i]);
        }
        assert_int_equal(map_count(m), count);
        if (op % 9999 == 0) {
            for (int k = 0; k < KEYS; k++)
                assert_ptr_equal(map_get(m, key_of(k, text)), oracle[k]);
        }
    }
    size_t at = 0, seen = 0;
    struct str key;
    void *value;
    while (map_next(m, &at, &key, &value)) {
        assert_ptr_equal(map_get(m, key), value);
        seen++;
    }
    assert_int_equal(seen, count);
    map_free(m);
}

static void iterates_in_order_and_survives_removal(void **state)
{
    int values[1000];
    char text[64];
    struct map *m = map_new();
    for (int i = 0; i < 1000; i++)
        map_set(m, key_of(i, text), &values[i]);
    size_t at = 0;
    struct str key;
    void *value;
    for (int i = 0; i < 1000; i++) {
        assert_true(map_next(m, &at, &key, &value));
        assert_ptr_equal(value, &values[i]);
        assert_true(str_eq(key, key_of(i, text)));
        if (i % 2)
            assert_ptr_equal(map_remove(m, key_of(i, text)), value);
    }
    assert_false(map_next(m, &at, &key, &value));
    assert_int_equal(map_count(m), 500);
    at = 0;
    for (int i = 0; i < 1000; i += 2) {
        assert_true(map_next(m, &at, NULL, &value));
        assert_ptr_equal(value, &values[i]);
    }
    assert_false(map_next(m, &at, NULL, NULL));
    map_free(m);
}

static void copies_its_keys(void **state)
{
    int value;
    char text[] = "abc";
    struct map *m = map_new();
    map_set(m, str_of(text), &value);
    text[0] = 'x';
    assert_null(map_get(m, str_of(text)));
    assert_ptr_equal(map_get(m, STR_LIT("abc")), &value);
    assert_ptr_equal(map_set(m, STR_NONE, &text), NULL);
    assert_ptr_equal(map_get(m, STR_LIT("")), &text);
    map_free(m);
    map_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_oracle),
        cmocka_unit_test(iterates_in_order_and_survives_removal),
        cmocka_unit_test(copies_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
