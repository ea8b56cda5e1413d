/* A catalogue that changed often answers like one built at once; files of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "catalog_log.h"
#include "decision.h"

#define RECORDS 2000

static uint32_t seed;
static uint32_t next(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static const char *const words[] = {"kaapeli", "asennus", "puuruuvi", "sinkitty", "valkoinen",
    "musta", "kahvi", "suodatin", "levy", "naytto", "tuoli", "poyta", "paperi", "lavakuljetus"};

/* The n-th spelling of record id: the same call gives the same texts. */
static struct catalog_record make(char buf[256], uint32_t id, uint32_t n)
{
    uint32_t kept = seed;
    seed = id * 2654435761u + n * 40503u;
    char *at = buf + snprintf(buf, 32, "id%u", id);
    struct catalog_record r = {.id = {buf, (size_t)(at - buf)}, .price = next(1000) * 10000};
    r.name.p = ++at;
    int len = snprintf(at, 200, "%s %s %s-%u %ug %ux%u", words[next(14)], words[next(14)],
        words[next(14)], next(900), next(20) * 50, next(9) * 10, next(9) * 10);
    r.name.n = (size_t)len;
    if (next(3) == 0)
        r.name.n += (size_t)snprintf(at + len, 30, " AB%uX", 1000 + next(3000));
    seed = kept;
    return r;
}

/* All that is told of a decision. */
static void assert_same_answers(struct catalog *a, struct catalog *b, int questions)
{
    struct buf x, y;
    char text[256];
    struct err e = {0};
    buf_init(&x, 1 << 20);
    buf_init(&y, 1 << 20);
    assert_int_equal(catalog_count(a), catalog_count(b));
    for (int i = 0; i < questions; i++) {
        struct catalog_record q = make(text, next(RECORDS), next(40));
        struct decision_result r;
        buf_clear(&x);
        buf_clear(&y);
        assert_int_equal(decision_find(a, &q, NULL, &r, &e), 0);
        decision_put_json(&x, &r, true);
        assert_int_equal(decision_find(b, &q, NULL, &r, &e), 0);
        decision_put_json(&y, &r, true);
        buf_addc(&x, 0);
        buf_addc(&y, 0);
        assert_string_equal(x.p, y.p);
    }
    buf_free(&x);
    buf_free(&y);
}

static void incremental_equals_batch(void **state)
{
    static uint32_t version[RECORDS]; /* 0: not there */
    struct catalog *c = catalog_new(), *batch = catalog_new();
    struct err e = {0};
    char text[256];
    seed = 1;
    memset(version, 0, sizeof(version));
    for (int i = 0; i < 100000; i++) {
        uint32_t id = next(RECORDS);
        struct catalog_record r = make(text, id, version[id] = 1 + next(40));
        if (next(3) == 0) {
            catalog_remove(c, r.id);
            version[id] = 0;
        } else {
            assert_int_equal(catalog_put(c, &r, &e), 0);
        }
    }
    for (uint32_t id = RECORDS; id-- > 0;)
        if (version[id]) {
            struct catalog_record r = make(text, id, version[id]);
            assert_int_equal(catalog_put(batch, &r, &e), 0);
        }
    assert_same_answers(c, batch, 3000);
    catalog_free(c);
    catalog_free(batch);
}

/* What is added and removed again leaves nothing behind. */
static void link_and_unlink_is_the_identity(void **state)
{
    struct catalog *c = catalog_new(), *same = catalog_new();
    struct err e = {0};
    char text[256];
    seed = 2;
    for (uint32_t id = 0; id < 500; id++) {
        struct catalog_record r = make(text, id, 1);
        catalog_put(c, &r, &e);
        catalog_put(same, &r, &e);
    }
    for (uint32_t id = 500; id < 900; id++) {
        struct catalog_record r = make(text, id, 1);
        catalog_put(c, &r, &e);
    }
    for (uint32_t id = 500; id < 900; id++) {
        struct catalog_record r = make(text, id, 1);
        assert_true(catalog_remove(c, r.id));
        assert_false(catalog_remove(c, r.id));
    }
    assert_same_answers(c, same, 500);
    catalog_free(c);
    catalog_free(same);
}

static void refuses_what_has_no_id_or_name(void **state)
{
    struct catalog *c = catalog_new();
    struct err e = {0};
    struct catalog_record r = {.name = STR_LIT("kahvi")};
    assert_int_equal(catalog_put(c, &r, &e), -1);
    assert_non_null(strstr(e.text, "no id"));
    r = (struct catalog_record){.id = STR_LIT("1"), .name = STR_LIT("  ")};
    assert_int_equal(catalog_put(c, &r, &e), -1);
    assert_non_null(strstr(e.text, "neither a name nor a code"));
    assert_int_equal(catalog_count(c), 0);
    catalog_free(c);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char path[] = "/tmp/catalog_test_XXXXXX";

static int set_up(void **state)
{
    int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int tear_down(void **state)
{
    return unlink(path);
}

/* Adds what make(id, n) gives to both, the log and c. */
static void note(struct catalog_log *l, struct catalog *c, uint32_t id, uint32_t n, int wanted)
{
    char text[256];
    struct catalog_record r = make(text, id, n);
    assert_int_equal(catalog_log_put(l, c, &r, NULL), wanted);
}

static struct catalog_log *opened(struct catalog *c)
{
    struct err e = {0};
    struct catalog_log *l = catalog_log_open(path, "acme", &e);
    int more;
    if (!l)
        fail_msg("%s", e.text);
    while ((more = catalog_log_read(l, c, 7, &e)) > 0)
        ;
    assert_int_equal(more, 0);
    return l;
}

/* Puts, changes, removals and marks; what is left is written to c. */
static void write_some(struct catalog *c)
{
    char text[256];
    unlink(path);
    struct catalog_log *l = opened(c);
    for (uint32_t id = 0; id < 300; id++)
        note(l, c, id, 3, 1);
    catalog_log_set_mark(l, "first");
    for (uint32_t id = 0; id < 300; id += 2)
        note(l, c, id, 4, 1);
    for (uint32_t id = 0; id < 300; id += 3) {
        struct catalog_record r = make(text, id, 1);
        assert_true(catalog_log_remove(l, c, r.id));
        assert_false(catalog_log_remove(l, c, r.id));
    }
    note(l, c, 1, 3, 0); /* it is there just so */
    catalog_log_set_mark(l, "second");
    assert_int_equal(catalog_log_flush(l, NULL), 0);
    catalog_log_close(l);
}

static void comes_back_from_a_file(void **state)
{
    struct catalog *c = catalog_new(), *back = catalog_new();
    write_some(c);
    struct catalog_log *l = opened(back);
    assert_same_answers(c, back, 300);
    assert_string_equal(catalog_log_mark(l), "second");
    assert_false(catalog_log_was_cut(l));
    /* It goes on. */
    note(l, back, 700, 1, 1);
    note(NULL, c, 700, 1, 1);
    catalog_log_close(l);
    catalog_free(back);
    back = catalog_new();
    catalog_log_close(opened(back));
    assert_same_answers(c, back, 300);
    catalog_free(c);
    catalog_free(back);
}

static void is_tidied(void **state)
{
    struct catalog *c = catalog_new(), *back = catalog_new();
    struct err e = {0};
    unlink(path);
    struct catalog_log *l = opened(c);
    for (uint32_t n = 1; n < 30; n++)
        for (uint32_t id = 0; id < 100; id++)
            note(l, c, id, n, 1);
    catalog_log_set_mark(l, "kept");
    assert_int_equal(catalog_log_flush(l, NULL), 0);
    FILE *f = fopen(path, "rb");
    fseek(f, 0, SEEK_END);
    long before = ftell(f);
    fclose(f);
    assert_int_equal(catalog_log_tidy(l, c, &e), 0);
    note(l, c, 1000, 1, 1);
    catalog_log_close(l);
    f = fopen(path, "rb");
    fseek(f, 0, SEEK_END);
    assert_true(ftell(f) < before / 10);
    fclose(f);
    l = opened(back);
    assert_string_equal(catalog_log_mark(l), "kept");
    assert_same_answers(c, back, 300);
    catalog_log_close(l);
    catalog_free(c);
    catalog_free(back);
}

static size_t read_file(char *bytes, size_t max)
{
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, max, f);
    fclose(f);
    return n;
}

static void write_file(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    fwrite(bytes, 1, n, f);
    fclose(f);
}

/* What is damaged is cut off, and all before it stands; another's file is begun again. */
static void cuts_what_is_damaged(void **state)
{
    static char bytes[200000];
    struct catalog *c = catalog_new();
    write_some(c);
    catalog_free(c);
    size_t n = read_file(bytes, sizeof(bytes));
    assert_in_range(n, 1000, sizeof(bytes) - 1);
    for (size_t i = 0; i < n; i += 97) {
        c = catalog_new();
        bytes[i] ^= 0x20;
        write_file(bytes, n);
        bytes[i] ^= 0x20;
        struct catalog_log *l = opened(c);
        assert_true(catalog_log_was_cut(l));
        size_t had = catalog_count(c);
        note(l, c, 5000, 1, 1);
        catalog_log_close(l);
        catalog_free(c);
        c = catalog_new();
        l = opened(c);
        assert_false(catalog_log_was_cut(l));
        assert_int_equal(catalog_count(c), had + 1);
        catalog_log_close(l);
        catalog_free(c);
    }
    /* A crash in the middle of the last change. */
    c = catalog_new();
    write_file(bytes, n - 3);
    struct catalog_log *l = opened(c);
    assert_true(catalog_log_was_cut(l));
    assert_int_equal(catalog_count(c), 200);
    assert_string_equal(catalog_log_mark(l), "first");
    catalog_log_close(l);
    catalog_free(c);
    /* Another catalogue's. */
    c = catalog_new();
    write_file(bytes, n);
    l = catalog_log_open(path, "other", NULL);
    assert_true(catalog_log_was_cut(l));
    assert_int_equal(catalog_log_read(l, c, 10, NULL), 0);
    assert_int_equal(catalog_count(c), 0);
    catalog_log_close(l);
    catalog_free(c);
    struct err e = {0};
    assert_null(catalog_log_open("/nonexistent/catalogue", "acme", &e));
    assert_int_equal(e.code, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incremental_equals_batch),
        cmocka_unit_test(link_and_unlink_is_the_identity),
        cmocka_unit_test(refuses_what_has_no_id_or_name),
        cmocka_unit_test_setup_teardown(comes_back_from_a_file, set_up, NULL),
        cmocka_unit_test(is_tidied),
        cmocka_unit_test_setup_teardown(cuts_what_is_damaged, NULL, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
