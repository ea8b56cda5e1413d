/* Pruning: bodies before facts, only what is settled, and the books go on balancing. */
#include "store_fixture.h"
#include "store_prune.h"

#define DAY ((int64_t)24 * 3600 * 1000)

static char large[5000];

struct chain {
    const char *company;
    enum run_state state;
    int64_t age_days;
};

/* An event of that age, with a run that asked one large and one small thing. */
static void add_chain(struct fixture *f, int n, const struct chain *c)
{
    struct told t[6] = {0};
    char event[32], run[32], set[256];
    snprintf(event, sizeof(event), "evt_%d", n);
    snprintf(run, sizeof(run), "run_%d", n);
    int64_t at = clock_wall_ms() - c->age_days * DAY;
    struct store_event ev = {event, c->company, "shop", "order.created", event, at,
        STR_LIT("{\"a\":\"b\"}"), {large, sizeof(large)}};
    store_add_event(f->store, &ev, told_event, &t[0]);
    route_one(f, event, run, c->company, RUN_RUNNING, &t[1]);
    struct store_step read = {run, 1, "read", "stock", "GET /", "f", STR_LIT("{}"), STR_NONE, at};
    struct store_answer big = {"done", STR_LIT("{}"), {large, sizeof(large)}, at, 1, 1};
    struct store_answer small = {"done", STR_LIT("{}"), STR_LIT("{\"id\":7}"), at, 1, 1};
    store_step(f->store, &read, &big, told_done, &t[2]);
    read.seq = 2;
    store_step(f->store, &read, &small, told_done, &t[3]);
    store_log(f->store, run, at, "info", STR_LIT("a line"));
    if (c->state != RUN_RUNNING)
        set_run(f, run, c->state, "", &t[4]);
    fixture_settle(f);
    /* The store notes its own time of the last change. */
    snprintf(set, sizeof(set), "UPDATE runs SET updated_ms = %lld, created_ms = %lld WHERE id='%s'",
        (long long)at, (long long)at, run);
    fixture_exec(f, set);
}

static void stop_when_passed(void *arg)
{
    struct fixture *f = arg;
    struct store_pruned p;
    store_pruned(f->store, &p);
    if (p.passes > 0)
        loop_stop(f->loop);
}

static struct store_pruned prune(struct fixture *f, int64_t bodies_days, int64_t events_days)
{
    struct store_retention r;
    struct store_pruned p;
    store_retention_defaults(&r);
    r.bodies_ms = bodies_days * DAY;
    r.events_ms = events_days * DAY;
    r.versions = 1;
    r.every_ms = 1;
    r.pause_ms = 0;
    fixture_close(f);
    fixture_open(f);
    store_keep(f->store, &r);
    loop_on_idle(f->loop, stop_when_passed, f);
    loop_run(f->loop);
    loop_off_idle(f->loop, stop_when_passed, f);
    store_pruned(f->store, &p);
    return p;
}

static void books_balance(struct fixture *f)
{
    struct store_reader *r = store_reader_open(f->dir, NULL);
    struct store_books b;
    assert_int_equal(store_read_books(r, NULL, &b, NULL), 0);
    assert_int_equal(
        b.received, b.done + b.skipped + b.attention + b.held + b.in_flight + b.failed);
    store_reader_close(r);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM (SELECT b.company, b.state, b.n -"
                          " coalesce((SELECT n FROM books p WHERE p.company = b.company AND"
                          "  p.state = 'pruned_' || b.state), 0) AS n FROM books b) b"
                          " WHERE state NOT LIKE 'pruned%' AND state <> 'received' AND n <>"
                          " (SELECT count(*) FROM events e WHERE e.company = b.company AND"
                          "  e.state = b.state)"),
        0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM pragma_integrity_check"
                                       " WHERE integrity_check <> 'ok'"),
        0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void fill(struct fixture *f)
{
    static const struct chain all[] = {
        {"acme", RUN_DONE, 500},
        {"acme", RUN_SKIPPED, 500},
        {"acme", RUN_ATTENTION, 500},
        {"acme", RUN_FAILED, 500},
        {"acme", RUN_HELD, 500},
        {"acme", RUN_RUNNING, 500},
        {"other", RUN_DONE, 100},
        {"other", RUN_DONE, 10},
    };
    memset(large, '7', sizeof(large));
    for (int i = 0; i < 8; i++)
        add_chain(f, i, &all[i]);
}

static void bodies_go_before_facts(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct store_pruned p = prune(f, 90, 400);
    assert_int_equal(p.bodies, 3);
    assert_int_equal(p.events, 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 6);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bodies"), 5);
    /* Of the one of 100 days: facts and what is small are there. */
    assert_int_equal(fixture_number(f, "SELECT pruned_ms > 0 FROM events WHERE id = 'evt_6'"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM logs"), 6);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), 12);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM steps WHERE length(answer) > 1000"), 5);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps WHERE length(answer) = 8"), 6);
    books_balance(f);
    struct store_reader *r = store_reader_open(f->dir, NULL);
    struct store_books b;
    assert_int_equal(store_read_books(r, NULL, &b, NULL), 0);
    assert_int_equal(b.received, 8);
    assert_int_equal(b.done, 3);
    store_reader_close(r);
}

static int keep_row(void *arg, struct str json)
{
    mem_free(*(char **)arg);
    *(char **)arg = mem_dupn(json.p, json.n);
    return 0;
}

static void what_is_pruned_is_shown_as_such(void **state)
{
    struct fixture *f = *state;
    fill(f);
    prune(f, 90, 0);
    struct store_reader *r = store_reader_open(f->dir, NULL);
    struct err e = {0};
    char *row = NULL;
    if (store_read_run(r, "run_0", keep_row, &row, &e))
        fail_msg("%s", e.text);
    assert_non_null(strstr(row, "\"body\":null,\"pruned_at\":\"20"));
    mem_free(row);
    struct store_filter filter = {.limit = 100};
    char *rows = NULL;
    assert_int_equal(store_read_events(r, &filter, keep_row, &rows, &e), 0);
    assert_non_null(rows); /* also the oldest, which has no body */
    assert_non_null(strstr(rows, "\"evt_0\""));
    mem_free(rows);
    store_reader_close(r);
}

static void nothing_goes_for_ever(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct store_pruned p = prune(f, 0, 0);
    assert_int_equal(p.bodies + p.events, 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bodies"), 8);
}

static void the_newest_event_stays(void **state)
{
    struct fixture *f = *state;
    struct chain old = {"acme", RUN_DONE, 1000};
    struct told t = {0};
    add_chain(f, 0, &old);
    add_chain(f, 1, &old);
    assert_int_equal(prune(f, 90, 400).events, 1);
    int64_t before = fixture_number(f, "SELECT max(seq) FROM events");
    add_event(f, "evt_new", "acme", "d", "{}", &t);
    fixture_settle(f);
    assert_true(t.seq > before); /* never a number again */
    books_balance(f);
}

static void a_delivery_is_known_as_long_as_its_event(void **state)
{
    struct fixture *f = *state;
    struct told t = {0};
    fill(f);
    prune(f, 90, 400);
    struct store_event ev = {
        "evt_x", "other", "shop", "", "evt_6", 1, STR_NONE, {large, sizeof(large)}};
    store_add_event(f->store, &ev, told_event, &t);
    fixture_settle(f);
    assert_int_equal(t.result, STORE_EVENT_DUPLICATE); /* also without its body */
}

static void what_is_not_settled_cannot_be_deleted_at_all(void **state)
{
    struct fixture *f = *state;
    fill(f);
    sqlite3 *h = fixture_sqlite(f);
    assert_int_equal(sqlite3_exec(h, "DELETE FROM bodies; DELETE FROM events WHERE state = 'held'",
                         NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    sqlite3_close(h);
}

static void versions_that_nobody_needs_go(void **state)
{
    struct fixture *f = *state;
    int64_t now = clock_wall_ms();
    struct chain waiting = {"acme", RUN_ATTENTION, 500};
    add_chain(f, 0, &waiting); /* began with version 1f3a */
    for (int i = 0; i < 5; i++) {
        static const char *const names[] = {"1f3a", "b", "c", "d", "e"};
        char hash[16];
        snprintf(hash, sizeof(hash), "hash%d", i);
        store_put_bundle(f->store, hash, STR_LIT("{}"));
        store_put_bundle(f->store, "system", STR_LIT("{}"));
        store_put_version(f->store, "acme", names[i], hash, "system", now - (1000 - 180 * i) * DAY);
    }
    fixture_settle(f);
    /* Replaced 820, 640, 460 and 280 days ago; e is the current one. */
    assert_int_equal(prune(f, 90, 400).versions, 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM versions WHERE version IN"
                                       " ('1f3a','d','e')"),
        3);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM versions"), 3);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bundles"), 4);
}

static void closed_alerts_and_refused_deliveries_go(void **state)
{
    struct fixture *f = *state;
    struct chain old = {"acme", RUN_DONE, 500};
    add_chain(f, 0, &old);
    fixture_exec(f, "INSERT INTO alerts (company, kind, about, text, times, first_ms, last_ms,"
                    " cleared_ms) VALUES ('acme', 'twins', 'a', '', 1, 1, 1, 1),"
                    " ('acme', 'twins', 'b', '', 1, 1, 1, NULL),"
                    " ('acme', 'twins', 'c', '', 1, 1, 1, 1 << 45)");
    char set[512];
    snprintf(set, sizeof(set),
        "INSERT INTO refused (company, connection, at_ms, status, reason, authentic, size, body)"
        " VALUES ('acme', 'shop', %lld, 400, '', 1, 1, x'61'), ('acme', 'shop', %lld, 400, '', 1, 1,"
        " x'61'), ('acme', 'shop', %lld, 400, '', 1, 1, x'61')",
        (long long)(clock_wall_ms() - 500 * DAY), (long long)(clock_wall_ms() - 100 * DAY),
        (long long)(clock_wall_ms() - DAY));
    fixture_exec(f, set);
    prune(f, 90, 400);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM refused"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM refused WHERE body = x'61'"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM alerts WHERE about IN ('b','c')"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM alerts"), 2);
}

static void space_is_given_back(void **state)
{
    struct fixture *f = *state;
    struct chain old = {"acme", RUN_DONE, 100};
    memset(large, '7', sizeof(large));
    for (int i = 0; i < 400; i++)
        add_chain(f, i, &old);
    int64_t before = fixture_number(f, "PRAGMA page_count");
    struct store_pruned p = prune(f, 90, 400);
    assert_int_equal(p.bodies, 400);
    assert_true(p.pages > 256);
    int64_t after = fixture_number(f, "PRAGMA page_count");
    assert_int_equal(before - after, p.pages);
    assert_true(fixture_number(f, "PRAGMA freelist_count") <= 256 + after / 10);
    books_balance(f);
}

static void ages_that_lose_something_are_refused(void **state)
{
    struct store_retention r;
    struct err e = {0};
    store_retention_defaults(&r);
    assert_int_equal(store_retention_check(&r, &e), 0);
    r.events_ms = 6 * DAY;
    r.bodies_ms = DAY;
    assert_int_equal(store_retention_check(&r, &e), -1);
    assert_non_null(strstr(e.text, "7d"));
    r.events_ms = 7 * DAY;
    assert_int_equal(store_retention_check(&r, &e), 0);
    r.bodies_ms = 8 * DAY;
    assert_int_equal(store_retention_check(&r, &e), -1);
    r.bodies_ms = 0;
    assert_int_equal(store_retention_check(&r, &e), -1);
    r.events_ms = 0;
    assert_int_equal(store_retention_check(&r, &e), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bodies_go_before_facts),
        T(what_is_pruned_is_shown_as_such),
        T(nothing_goes_for_ever),
        T(the_newest_event_stays),
        T(a_delivery_is_known_as_long_as_its_event),
        T(what_is_not_settled_cannot_be_deleted_at_all),
        T(versions_that_nobody_needs_go),
        T(closed_alerts_and_refused_deliveries_go),
        T(space_is_given_back),
        T(ages_that_lose_something_are_refused),
    };
    return cmocka_run_group_tests_name("pruning", tests, NULL, NULL);
}
