/* Blocks of all sizes keep their bytes while others come, grow, shrink and go. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include "heap.h"

#define BLOCKS 400

static uint32_t seed = 42;
static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* Mostly small, some around the border, few large. */
static size_t some_size(void)
{
    uint32_t kind = chance(10);
    return 1 + (kind < 7 ? chance(200) : kind < 9 ? chance(2 * HEAP_SMALL) : chance(100000));
}

struct block {
    unsigned char *p, fill;
    size_t n;
};

static void check(const struct block *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != b->fill)
            fail_msg("byte %zu of %zu is %d, not %d", i, b->n, b->p[i], b->fill);
}

static void blocks_keep_their_bytes(void **state)
{
    struct heap h;
    struct block b[BLOCKS] = {0};
    heap_init(&h);
    for (int round = 0; round < 60000; round++) {
        struct block *x = &b[chance(BLOCKS)];
        size_t n = chance(3) ? some_size() : 0;
        size_t kept = n < x->n ? n : x->n;
        check(x);
        x->p = heap_resize(&h, x->p, x->n, n);
        assert_int_equal(x->p == NULL, n == 0);
        assert_int_equal((uintptr_t)x->p % HEAP_STEP, 0);
        x->n = kept;
        check(x);
        x->n = n;
        x->fill = (unsigned char)round;
        if (n)
            memset(x->p, x->fill, n);
    }
    for (int i = 0; i < BLOCKS; i++) {
        check(&b[i]);
        heap_resize(&h, b[i].p, b[i].n, 0);
    }
    heap_free(&h);
}

/* What was freed is used again: the same work over and over takes no more memory. */
static void freed_blocks_are_used_again(void **state)
{
    struct heap h;
    void *p[1000];
    heap_init(&h);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 1000; i++)
            p[i] = heap_resize(&h, NULL, 0, (size_t)(1 + i % HEAP_SMALL));
        char *end = h.end;
        struct heap_chunk *chunks = h.chunks;
        for (int i = 0; i < 1000; i++)
            heap_resize(&h, p[i], (size_t)(1 + i % HEAP_SMALL), 0);
        if (round == 0)
            continue;
        assert_ptr_equal(h.end, end);
        assert_ptr_equal(h.chunks, chunks);
    }
    heap_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_bytes),
        cmocka_unit_test(freed_blocks_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
