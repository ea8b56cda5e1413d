/* The shelf: catalogues kept by its thread, asked from the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "match_shelf.h"
#include "mem.h"

static char dir[] = "/tmp/sauma-shelf-XXXXXX";
static struct loop *loop;
static struct shelf *shelf;
static struct manifest_catalogue fields = {.name = (char[]){"products"},
    .path = (char[]){"/products"},
    .list = (char[]){"results"},
    .after = (char[]){"previousId"},
    .since = (char[]){""},
    .size = 3,
    .written = true,
    .field = {(char[]){"id"}, (char[]){"name"}, (char[]){"code"}, NULL, NULL, NULL,
        (char[]){"unit"}, (char[]){"price"}}};

/* The last answer. */
static struct {
    struct err err;
    bool over, cut;
    size_t count;
    int n, size, jobs;
    char last[256], mark[256], *out;
} got;

static void on_done(struct shelf_job *j)
{
    mem_free(got.out);
    got.out = mem_dupn(j->out.p ? j->out.p : "", j->out.n);
    got.err = j->err;
    got.over = j->over;
    got.cut = j->cut;
    got.count = j->count;
    got.n = j->n;
    got.size = j->size;
    snprintf(got.last, sizeof got.last, "%s", j->last);
    snprintf(got.mark, sizeof got.mark, "%s", j->mark);
    got.jobs++;
    loop_stop(loop);
}

static void ask(enum shelf_op op, struct book *b, const char *text)
{
    int before = got.jobs;
    shelf_do(shelf, op, b, str_of(text), on_done, NULL);
    while (got.jobs == before)
        loop_run(loop);
}

static struct book *opened(void)
{
    struct book *b = shelf_book(shelf, "acme.procountor.products", "account", &fields);
    ask(SHELF_OPEN, b, "");
    assert_int_equal(got.err.code, 0);
    return b;
}

static void begin(size_t memory)
{
    struct err e = {0};
    shelf = shelf_new(loop, dir, memory, &e);
    if (!shelf)
        fail_msg("%s", e.text);
}

static void expect_match(struct book *b, const char *name, const char *decision, const char *id)
{
    char *spec = mem_printf("{\"record\":{\"name\":\"%s\"}}", name);
    char *wanted = mem_printf("\"decision\":\"%s\",\"match\":%s", decision, id);
    ask(SHELF_STEP, b, spec);
    if (got.err.code || !strstr(got.out, wanted))
        fail_msg("%s: %s%s", name, got.out, got.err.text);
    mem_free(spec);
    mem_free(wanted);
}

static const char first_page[] =
    "{\"results\":[{\"id\":1,\"name\":\"Asennuskaapeli MMJ 3x1,5\",\"code\":\"MMJ315\","
    "\"price\":12.5},{\"id\":2,\"name\":\"Puuruuvi 5x80 sinkitty\",\"unit\":\"BOX\"},"
    "{\"id\":3,\"name\":\"Kahvi Juhla Mokka 500 g\"}]}";
static const char second_page[] = "{\"results\":[{\"id\":4,\"name\":\"Konsultointi senior\"}],"
                                  "\"meta\":{\"pageSize\":2}}";

static void reads_pages_and_answers(void **state)
{
    begin(1 << 30);
    struct book *b = opened();
    ask(SHELF_PAGE, b, first_page);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.size, 3);
    assert_string_equal(got.last, "3");
    ask(SHELF_PAGE, b, second_page);
    assert_int_equal(got.size, 2);
    assert_int_equal(got.count, 4);
    expect_match(b, "Asennuskaapeli mmj 3x1.5", "link", "\"1\"");
    expect_match(b, "Puuruuvi 5x90 sinkitty", "new", "null");
    ask(SHELF_STEP, b,
        "{\"put\":[{\"id\":9,\"name\":\"Puuruuvi 5x90 sinkitty\"}],"
        "\"remove\":[\"1\",\"77\"],\"record\":{\"name\":\"puuruuvi sinkitty 5x90\"}}");
    assert_non_null(strstr(got.out, "\"changed\":2,\"count\":4"));
    assert_non_null(strstr(got.out, "\"match\":\"9\""));
    expect_match(b, "Asennuskaapeli mmj 3x1.5", "new", "null");
    /* What a company sets: a conflict that does not count. */
    expect_match(b, "Kahvi Juhla Mokka 1 kg", "new", "null");
    ask(SHELF_STEP, b,
        "{\"no_veto\":[\"quantity\",7],\"cover\":500,\"record\":{\"name\":\"Kahvi Juhla Mokka 1 kg\"}}");
    assert_non_null(strstr(got.out, "\"decision\":\"link\",\"match\":\"3\""));
    ask(SHELF_MARK, b, "whole");
    shelf_close(shelf, b, false);
    shelf_free(shelf);
}

static void comes_back_and_forgets(void **state)
{
    begin(1 << 30);
    struct book *b = opened();
    assert_int_equal(got.count, 4);
    assert_string_equal(got.mark, "whole");
    expect_match(b, "Puuruuvi 5x90 sinkitty", "link", "\"9\"");
    /* Read again: what no page has goes, what was put meanwhile stays. */
    ask(SHELF_BEGIN, b, "");
    ask(SHELF_PAGE, b, second_page);
    ask(SHELF_STEP, b, "{\"put\":[{\"id\":\"12\",\"name\":\"Aurinkotuoli\"}]}");
    ask(SHELF_SWEEP, b, "");
    assert_int_equal(got.n, 3);
    assert_int_equal(got.count, 2);
    shelf_close(shelf, b, true);
    b = opened();
    assert_int_equal(got.count, 0);
    assert_string_equal(got.mark, "");
    shelf_close(shelf, b, true);
    shelf_free(shelf);
}

static void refuses_what_is_no_page(void **state)
{
    static const char *const texts[] = {
        "", "{}", "[1]", "{\"results\":{}}", "{\"results\":[", "\xff", "{\"products\":[]}"};
    begin(1 << 30);
    struct book *b = opened();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ask(SHELF_PAGE, b, texts[i]);
        assert_int_not_equal(got.err.code, 0);
    }
    ask(SHELF_PAGE, b, "{\"results\":[7,null,{\"id\":{}},{\"name\":\"no id\"},{\"id\":5}]}");
    assert_int_equal(got.err.code, 0);
    assert_int_equal(got.n, 5);
    assert_int_equal(got.count, 0);
    ask(SHELF_STEP, b, "{\"record\":{}}");
    assert_non_null(strstr(got.err.text, "neither a name nor a code"));
    shelf_close(shelf, b, true);
    shelf_free(shelf);
}

static struct loop_timer *ticker;
static int ticks;

static void on_tick(void *arg)
{
    ticks++;
    loop_timer_arm(ticker, 1);
}

/* The loop does other things while a large page is taken in. */
static void builds_beside_the_loop(void **state)
{
    struct buf page;
    begin(1 << 30);
    struct book *b = opened();
    buf_init(&page, 1 << 24);
    buf_adds(&page, "{\"results\":[");
    for (int i = 0; i < 30000; i++)
        buf_addf(&page, "%s{\"id\":%d,\"name\":\"tuote %d malli abc%d sininen\"}", i ? "," : "", i,
            i * 7919 % 10007, i * 31);
    buf_add(&page, "]}", 3); /* with its NUL */
    ticker = loop_timer_new(loop, on_tick, NULL);
    ticks = 0;
    loop_timer_arm(ticker, 1);
    ask(SHELF_PAGE, b, page.p);
    assert_int_equal(got.count, 30000);
    assert_true(ticks >= 2);
    loop_timer_free(ticker);
    buf_free(&page);
    shelf_close(shelf, b, true);
    shelf_free(shelf);
}

static void says_when_it_is_full(void **state)
{
    begin(30000);
    struct book *b = opened();
    bool over = got.over;
    for (int i = 0; i < 200 && !over; i++) {
        char *page = mem_printf("{\"results\":[{\"id\":%d,\"name\":\"tuote numero %d abc%d\"}]}", i,
            i * 7919, i * 31337);
        ask(SHELF_PAGE, b, page);
        over = got.over;
        mem_free(page);
    }
    assert_true(over);
    /* Jobs that are under way when it ends are answered too. */
    shelf_do(shelf, SHELF_STEP, b, STR_LIT("{\"record\":{\"name\":\"x\"}}"), on_done, NULL);
    shelf_close(shelf, b, true);
    shelf_free(shelf);
    shelf = NULL;
}

static int set_up(void **state)
{
    struct err e = {0};
    loop = loop_new(&e);
    return !mkdtemp(dir) || !loop;
}

static int tear_down(void **state)
{
    mem_free(got.out);
    loop_free(loop);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pages_and_answers),
        cmocka_unit_test(comes_back_and_forgets),
        cmocka_unit_test(refuses_what_is_no_page),
        cmocka_unit_test(builds_beside_the_loop),
        cmocka_unit_test(says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
