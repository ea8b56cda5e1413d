/* Frames: there and back, cut at every byte, and with every kind of broken header. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "wire.h"

static const struct wire_msg full = {
    .type = WIRE_CALL,
    .seq = UINT32_C(0xFEDCBA98),
    .id = UINT64_C(0x0123456789ABCDEF),
    .nparts = 4,
    .part = {{"acme@1", 6}, {"run", 3}, {"", 0}, {"a\0b", 3}},
};

static void same(const struct wire_msg *a, const struct wire_msg *b)
{
    assert_int_equal(a->type, b->type);
    assert_true(a->seq == b->seq && a->id == b->id);
    assert_int_equal(a->nparts, b->nparts);
    for (int i = 0; i < a->nparts; i++)
        assert_true(str_eq(a->part[i], b->part[i]));
}

/* Reads n bytes out of an allocation of just that size. */
static int get(const char *p, size_t n, struct wire_msg *m, size_t *used, struct err *e)
{
    static char *copy; /* stays for the parts that point into it */
    mem_free(copy);
    copy = mem_alloc(n);
    memcpy(copy, p, n);
    int rc = wire_get(copy, n, m, used, e);
    if (rc != 1) {
        mem_free(copy);
        copy = NULL;
    }
    return rc;
}

static void has_the_documented_bytes(void **state)
{
    struct wire_msg m = {
        .type = WIRE_STEP, .seq = 2, .id = 0x0102, .nparts = 1, .part = {{"hi", 2}}};
    struct buf b;
    buf_init(&b, WIRE_FRAME_MAX);
    assert_int_equal(wire_put(&b, &m), 0);
    static const unsigned char expected[] = {
        22, 0, 0, 0, 33, 0, 1, 0, 2, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'h', 'i'};
    assert_int_equal(b.n, sizeof(expected));
    assert_memory_equal(b.p, expected, sizeof(expected));
    buf_free(&b);
}

static void waits_for_every_byte(void **state)
{
    struct buf b;
    struct err e = {0};
    struct wire_msg m;
    size_t used = 0;
    buf_init(&b, WIRE_FRAME_MAX);
    assert_int_equal(wire_put(&b, &full), 0);
    size_t frame = b.n;
    assert_int_equal(wire_put(&b, &full), 0);
    for (size_t n = 0; n < frame; n++)
        assert_int_equal(get(b.p, n, &m, &used, &e), 0);
    for (size_t n = frame; n <= 2 * frame; n++) {
        assert_int_equal(get(b.p, n, &m, &used, &e), 1);
        assert_int_equal(used, frame);
        same(&m, &full);
    }
    buf_free(&b);
}

static void carries_every_type_and_count(void **state)
{
    static const enum wire_type types[] = {WIRE_SYSTEM, WIRE_LOAD, WIRE_UNLOAD, WIRE_CALL,
        WIRE_ANSWER, WIRE_DROP, WIRE_LOADED, WIRE_STEP, WIRE_LOG, WIRE_END};
    for (size_t t = 0; t < COUNT(types); t++) {
        for (int parts = 0; parts <= WIRE_PARTS_MAX; parts++) {
            struct wire_msg out = {.type = types[t], .nparts = parts}, in;
            for (int i = 0; i < parts; i++)
                out.part[i] = (struct str){"12345678", (size_t)i};
            struct buf b;
            size_t used;
            buf_init(&b, 1000);
            assert_int_equal(wire_put(&b, &out), 0);
            assert_int_equal(get(b.p, b.n, &in, &used, NULL), 1);
            assert_int_equal(used, b.n);
            same(&in, &out);
            buf_free(&b);
        }
    }
}

/* The frame with the byte at offset set to value: refused already with the bytes up to `known`. */
static void broken(size_t offset, unsigned char value, size_t known)
{
    struct buf b;
    struct err e = {0};
    struct wire_msg m;
    size_t used;
    buf_init(&b, WIRE_FRAME_MAX);
    assert_int_equal(wire_put(&b, &full), 0);
    b.p[offset] = (char)value;
    for (size_t n = known; n <= b.n; n++) {
        memset(&e, 0, sizeof(e));
        assert_int_equal(get(b.p, n, &m, &used, &e), -1);
        assert_int_equal(e.code, ERR_INPUT);
        assert_memory_equal(e.text, "wire: ", 6);
    }
    buf_free(&b);
}

static void refuses_broken_headers(void **state)
{
    broken(3, 5, 4); /* more than the largest frame */
    broken(3, 255, 4);
    broken(0, 15, 4); /* shorter than a header */
    broken(0, 0, 4);
    broken(4, 0, 5); /* types that do not exist */
    broken(4, 7, 5);
    broken(4, 31, 5);
    broken(4, 36, 5);
    broken(4, 255, 5);
    broken(5, 1, 6); /* the byte that is zero */
    broken(6, 9, 8); /* too many parts */
    broken(7, 1, 8);
    broken(6, 3, 48);  /* bytes behind the last part */
    broken(6, 5, 48);  /* a part that is not there */
    broken(20, 7, 48); /* parts that do not fit the frame */
    broken(20, 5, 48);
    broken(23, 255, 48);
    broken(0, 45, 49); /* a frame that ends inside of its last part */
}

/* Any one byte changed: never a read outside (the sanitizer's to see), and either an error, a wait
 * for more, or a message of the same size. */
static void survives_any_changed_byte(void **state)
{
    struct buf b;
    buf_init(&b, WIRE_FRAME_MAX);
    assert_int_equal(wire_put(&b, &full), 0);
    for (size_t i = 0; i < b.n; i++) {
        char was = b.p[i];
        for (int v = 0; v < 256; v++) {
            struct wire_msg m;
            size_t used = 0;
            b.p[i] = (char)v;
            if (get(b.p, b.n, &m, &used, NULL) == 1)
                assert_int_equal(used, b.n);
        }
        b.p[i] = was;
    }
    buf_free(&b);
}

static void refuses_what_is_too_large(void **state)
{
    struct buf b;
    struct wire_msg m = {.type = WIRE_DROP, .nparts = WIRE_PARTS_MAX + 1};
    buf_init(&b, WIRE_FRAME_MAX + 4);
    assert_int_equal(wire_put(&b, &m), -1);
    m.nparts = -1;
    assert_int_equal(wire_put(&b, &m), -1);
    char *big = mem_zalloc(1, WIRE_FRAME_MAX);
    m.nparts = 1;
    m.part[0] = (struct str){big, WIRE_FRAME_MAX - 19};
    assert_int_equal(wire_put(&b, &m), -1);
    m.part[0].n = SIZE_MAX;
    assert_int_equal(wire_put(&b, &m), -1);
    m.part[0].n = WIRE_FRAME_MAX - 20; /* the largest that fits */
    assert_int_equal(wire_put(&b, &m), 0);
    struct wire_msg in;
    size_t used;
    assert_int_equal(wire_get(b.p, b.n, &in, &used, NULL), 1);
    assert_int_equal(used, WIRE_FRAME_MAX + 4);
    buf_free(&b);
    buf_init(&b, 23);
    m.part[0].n = 0;
    assert_int_equal(wire_put(&b, &m), -1);
    assert_int_equal(b.n, 0);
    buf_free(&b);
    mem_free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_documented_bytes),
        cmocka_unit_test(waits_for_every_byte),
        cmocka_unit_test(carries_every_type_and_count),
        cmocka_unit_test(refuses_broken_headers),
        cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(refuses_what_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
