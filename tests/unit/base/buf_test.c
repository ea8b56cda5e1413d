/* Buffers with a maximum, and errors as values. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"

static void grows_to_its_maximum_and_no_further(void **state)
{
    for (size_t max = 0; max < 200; max++) {
        struct buf b;
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_addc(&b, (char)('a' + i % 26)), 0);
        assert_false(b.failed);
        assert_int_equal(buf_addc(&b, 'x'), -1);
        assert_true(b.failed);
        assert_int_equal(b.n, max);
        size_t n;
        char *p = buf_take(&b, &n);
        assert_int_equal(n, max);
        assert_int_equal(strlen(p), max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(p[i], 'a' + i % 26);
        mem_free(p);
        buf_free(&b);
    }
}

static void stays_failed(void **state)
{
    struct buf b;
    buf_init(&b, 5);
    assert_int_equal(buf_adds(&b, "123"), 0);
    assert_int_equal(buf_adds(&b, "456"), -1);
    assert_int_equal(buf_addc(&b, '4'), -1);
    assert_int_equal(buf_add(&b, "", 0), -1);
    assert_null(buf_room(&b, 0));
    assert_true(str_is(buf_str(&b), "123"));
    buf_clear(&b);
    assert_int_equal(buf_adds(&b, "12345"), 0);
    assert_int_equal(buf_addf(&b, "%d", 6), -1);
    assert_true(str_is(buf_str(&b), "12345"));
    buf_free(&b);
    buf_init(&b, 100);
    assert_null(buf_room(&b, SIZE_MAX));
    buf_free(&b);
}

/* Room that was asked for beforehand changes nothing of what fits. */
static void expected_room_is_no_promise(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    buf_expect(&b, 1000);
    assert_false(b.failed);
    assert_int_equal(b.n, 0);
    assert_int_equal(buf_adds(&b, "0123456789"), 0);
    buf_expect(&b, 1);
    assert_false(b.failed);
    assert_int_equal(buf_addc(&b, 'x'), -1);
    buf_free(&b);
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_expect(&b, 1000);
    const char *p = b.p;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf_addc(&b, 'x'), 0);
    assert_ptr_equal(b.p, p);
    b.max = 1005; /* lowered later, it counts from then on */
    assert_int_equal(buf_adds(&b, "12345"), 0);
    assert_int_equal(buf_addc(&b, 'x'), -1);
    buf_free(&b);
}

static void formats_and_drains(void **state)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf_addf(&b, "%03d,", i), 0);
    assert_int_equal(b.n, 4000);
    buf_drain(&b, 0);
    buf_drain(&b, 40);
    assert_memory_equal(b.p, "010,011,", 8);
    assert_int_equal(b.n, 3960);
    buf_drain(&b, 5000);
    assert_int_equal(b.n, 0);
    memcpy(buf_room(&b, 3), "abc", 3);
    b.n += 3;
    assert_true(str_is(buf_str(&b), "abc"));
    buf_free(&b);
}

static void writes_numbers_as_printf_does(void **state)
{
    static const int64_t numbers[] = {
        0, 1, -1, 9, 10, 99, 100, 1234567890, -1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct buf b;
        char expected[32];
        buf_init(&b, 100);
        snprintf(expected, sizeof(expected), "%lld", (long long)numbers[i]);
        assert_int_equal(buf_addi(&b, numbers[i]), 0);
        assert_true(str_is(buf_str(&b), expected));
        buf_free(&b);
    }
    struct buf full;
    buf_init(&full, 2);
    assert_int_equal(buf_addi(&full, 123), -1);
    assert_true(full.failed);
    buf_free(&full);
}

static void keeps_the_class_and_the_words(void **state)
{
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_LIMIT, "too long: %d", 7), -1);
    assert_int_equal(e.code, ERR_LIMIT);
    assert_int_equal(err_prefix(&e, "file %s", "x"), -1);
    assert_string_equal(e.text, "file x: too long: 7");
    err_set(&e, ERR_IO, "again: %s", e.text); /* out of its own text */
    assert_string_equal(e.text, "again: file x: too long: 7");
    assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), -1);
    assert_int_equal(err_prefix(NULL, "nobody listens"), -1);

    char text[2000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    err_set(&e, ERR_INPUT, "%s", text);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    err_prefix(&e, "first");
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_memory_equal(e.text, "first: aaa", 10);
    err_prefix(&e, "%s", text);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
    assert_string_equal(err_code_name(ERR_INPUT), "input");
}

static void hands_out_memory(void **state)
{
    assert_null(mem_dup(NULL));
    char *s = mem_dup("abc");
    assert_string_equal(s, "abc");
    s = mem_realloc(s, 100);
    assert_string_equal(s, "abc");
    mem_free(s);
    s = mem_dupn("abc", 2);
    assert_string_equal(s, "ab");
    mem_free(s);
    s = mem_printf("%s-%d", "x", 5);
    assert_string_equal(s, "x-5");
    mem_free(s);
    void *p = mem_alloc(0), *q = mem_zalloc(0, 8);
    assert_non_null(p);
    assert_non_null(q);
    mem_free(p);
    mem_free(q);
    int *zeros = mem_zalloc(100, sizeof(*zeros));
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    mem_free(zeros);
    mem_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum_and_no_further),
        cmocka_unit_test(stays_failed),
        cmocka_unit_test(expected_room_is_no_promise),
        cmocka_unit_test(formats_and_drains),
        cmocka_unit_test(writes_numbers_as_printf_does),
        cmocka_unit_test(keeps_the_class_and_the_words),
        cmocka_unit_test(hands_out_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
