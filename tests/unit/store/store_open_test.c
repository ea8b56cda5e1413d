/* What is open: each company's, in each of the orders that it is read in, and how much it is. */
#include "store_fixture.h"

struct opened {
    char ids[512];
    int done;
    struct store_open_end end;
};

static void got_open(void *arg, const struct store_open_event *ev)
{
    struct opened *o = arg;
    size_t n = strlen(o->ids);
    snprintf(
        o->ids + n, sizeof(o->ids) - n, "%s%s/%d ", ev->event.id, ev->routed ? "" : "!", ev->nruns);
    assert_true(str_is(ev->event.body, "{\"n\":1}"));
    assert_true(str_is(ev->event.headers, "{\"content-type\":\"application/json\"}"));
    for (int i = 0; i < ev->nruns; i++)
        assert_int_equal(ev->until_ms[i] > 0, ev->runs[i].state == RUN_WAITING);
}

static void got_open_end(void *arg, const struct store_open_end *end, const struct err *e)
{
    struct opened *o = arg;
    assert_null(e);
    o->done++;
    o->end = *end;
}

static struct opened ask(struct fixture *f, struct store_open_query q)
{
    struct opened o = {0};
    if (!q.limit)
        q.limit = 100;
    store_load_open(f->store, &q, got_open, got_open_end, &o);
    fixture_settle(f);
    assert_int_equal(o.done, 1);
    return o;
}

static void add_run(struct fixture *f, int n, const char *company, const char *key,
    enum run_state state, int64_t until, struct told *t)
{
    char event[32], run[32];
    snprintf(event, sizeof(event), "evt_%d", n);
    snprintf(run, sizeof(run), "run_%d", n);
    struct store_run r = {
        run, event, company, "Reserve stock", "1f3a", key, RUN_QUEUED, "", NULL, NULL};
    struct store_run_change c = {run, state, "", STR_NONE, until, NULL, 0};
    add_event(f, event, company, "", "{\"n\":1}", &t[0]);
    store_route(f->store, event, &r, 1, "", told_done, &t[1]);
    store_set_run(f->store, &c, told_done, &t[2]);
}

static void each_order_has_what_belongs_to_it(void **state)
{
    struct fixture *f = *state;
    static const enum run_state states[] = {RUN_QUEUED, RUN_RUNNING, RUN_WAITING, RUN_HELD,
        RUN_DONE, RUN_SKIPPED, RUN_FAILED, RUN_ATTENTION, RUN_WAITING};
    struct told t[60] = {0};
    for (int i = 0; i < 9; i++)
        add_run(f, i, "acme", "k", states[i], states[i] == RUN_WAITING ? 9000 - i * 1000 : 0,
            &t[3 * i]);
    add_event(f, "evt_9", "acme", "", "{\"n\":1}", &t[27]);
    add_event(f, "evt_10", "acme", "", "{\"n\":1}", &t[28]);
    add_run(f, 11, "other", "k", RUN_QUEUED, 0, &t[29]);
    fixture_close(f); /* does what was asked and calls back */
    for (int i = 0; i < 32; i++)
        assert_told(t[i]);
    fixture_open(f);
    struct store_open_query new = {.company = "acme", .kind = STORE_OPEN_NEW};
    assert_string_equal(ask(f, new).ids, "evt_9!/0 evt_10!/0 ");
    new.limit = 1;
    struct opened first = ask(f, new);
    assert_string_equal(first.ids, "evt_9!/0 ");
    assert_true(first.end.more);
    new.after = first.end.last;
    new.limit = 2;
    struct opened second = ask(f, new);
    assert_string_equal(second.ids, "evt_10!/0 ");
    assert_false(second.end.more);

    struct store_open_query ready = {.company = "acme", .kind = STORE_OPEN_READY};
    assert_string_equal(ask(f, ready).ids, "evt_0/1 evt_1/1 ");
    ready.company = "other";
    assert_string_equal(ask(f, ready).ids, "evt_11/1 ");
    ready.company = "nobody";
    assert_string_equal(ask(f, ready).ids, "");

    struct store_open_query key = {.company = "acme", .kind = STORE_OPEN_KEY, .name = "k"};
    assert_string_equal(ask(f, key).ids, "evt_0/1 evt_1/1 evt_2/1 evt_8/1 ");
    key.after.seq = 1;
    key.until = 3;
    assert_string_equal(ask(f, key).ids, "evt_1/1 evt_2/1 ");
    key.name = "";
    assert_string_equal(ask(f, key).ids, "");

    struct store_open_query run = {.kind = STORE_OPEN_RUN, .name = "run_8"};
    assert_string_equal(ask(f, run).ids, "evt_8/1 ");
    run.name = "run_4";
    assert_string_equal(ask(f, run).ids, "");
}

static void what_waits_comes_when_it_is_due(void **state)
{
    struct fixture *f = *state;
    struct told t[30] = {0};
    static const int64_t until[] = {5000, 1000, 3000, 3000, 3000};
    for (int i = 0; i < 5; i++)
        add_run(f, i, "acme", "", RUN_WAITING, until[i], &t[3 * i]);
    fixture_settle(f);
    struct store_open_query q = {.company = "acme", .kind = STORE_OPEN_DUE, .until = 999};
    struct opened o = ask(f, q);
    assert_string_equal(o.ids, "");
    assert_int_equal(o.end.next_ms, 1000);
    q.until = 4000;
    q.limit = 2;
    o = ask(f, q);
    assert_string_equal(o.ids, "evt_1/1 evt_2/1 ");
    assert_true(o.end.more);
    q.after = o.end.last; /* in the middle of those of one time */
    q.limit = 3;
    o = ask(f, q);
    assert_string_equal(o.ids, "evt_3/1 evt_4/1 ");
    assert_false(o.end.more);
    assert_int_equal(o.end.next_ms, 5000);
    q.after = o.end.last;
    q.until = 6000;
    o = ask(f, q);
    assert_string_equal(o.ids, "evt_0/1 ");
    assert_int_equal(o.end.next_ms, 0);
}

/* An event can go on as long as one of its runs can. */
static void an_event_is_asleep_with_all_its_runs(void **state)
{
    struct fixture *f = *state;
    struct told t[12] = {0};
    struct store_run two[] = {
        {"run_1", NULL, "acme", "a", "v", "", RUN_QUEUED, "", NULL, NULL},
        {"run_2", NULL, "acme", "b", "v", "", RUN_QUEUED, "", NULL, NULL},
    };
    struct store_run_change wait = {"run_1", RUN_WAITING, "", STR_NONE, 5000, NULL, 0};
    struct store_open_query ready = {.company = "acme", .kind = STORE_OPEN_READY};
    struct store_open_query due = {.company = "acme", .kind = STORE_OPEN_DUE};
    add_event(f, "evt_1", "acme", "", "{\"n\":1}", &t[0]);
    store_route(f->store, "evt_1", two, 2, "", told_done, &t[1]);
    store_set_run(f->store, &wait, told_done, &t[2]);
    assert_string_equal(ask(f, ready).ids, "evt_1/2 ");
    assert_string_equal(ask(f, due).ids, "evt_1/2 ");
    set_run(f, "run_2", RUN_DONE, "", &t[3]);
    assert_string_equal(ask(f, ready).ids, "");
    assert_string_equal(ask(f, due).ids, "evt_1/1 ");
    set_run(f, "run_1", RUN_RUNNING, "", &t[4]);
    assert_string_equal(ask(f, ready).ids, "evt_1/1 ");
    assert_string_equal(ask(f, due).ids, "");
    store_set_run(f->store, &wait, told_done, &t[5]);
    assert_string_equal(ask(f, ready).ids, "");
    set_run(f, "run_1", RUN_DONE, "", &t[6]);
    assert_string_equal(ask(f, due).ids, "");
    for (int i = 0; i <= 6; i++)
        assert_told(t[i]);
}

struct backlog {
    char text[512];
    int n;
};

static void got_backlog(void *arg, const struct store_backlog *b)
{
    struct backlog *l = arg;
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof(l->text) - n, "%s %lld of %lld since %lld due %lld", b->company,
        (long long)b->books.in_flight, (long long)b->books.received, (long long)b->oldest_ms,
        (long long)b->due_ms);
    n = strlen(l->text);
    snprintf(l->text + n, sizeof(l->text) - n, b->late_until ? " late %lld to %lld; " : "; ",
        (long long)b->late_from, (long long)b->late_until);
}

static void got_backlog_end(void *arg, int n, const struct err *e)
{
    assert_null(e);
    ((struct backlog *)arg)->n = n;
}

static struct backlog backlog(struct fixture *f, const char *after, int limit)
{
    struct backlog l = {.n = -1};
    store_load_backlog(f->store, after, limit, got_backlog, got_backlog_end, &l);
    fixture_settle(f);
    return l;
}

static void the_backlog_of_each_company(void **state)
{
    struct fixture *f = *state;
    struct told t[30] = {0};
    assert_int_equal(backlog(f, "", 10).n, 0);
    add_run(f, 1, "b", "", RUN_WAITING, 7000, &t[0]);
    add_run(f, 2, "b", "", RUN_WAITING, 6000, &t[3]);
    add_run(f, 3, "b", "", RUN_QUEUED, 0, &t[6]);
    add_run(f, 4, "a", "", RUN_DONE, 0, &t[9]);
    add_event(f, "evt_5", "c", "", "{\"n\":1}", &t[12]);
    struct backlog all = backlog(f, "", 10);
    assert_int_equal(all.n, 3);
    assert_string_equal(all.text, "a 0 of 1 since 0 due 0; b 3 of 3 since 1700000000000 due 6000; "
                                  "c 1 of 1 since 1700000000000 due 0; ");
    assert_int_equal(backlog(f, "", 2).n, 2);
    struct backlog rest = backlog(f, "b", 2);
    assert_string_equal(rest.text, "c 1 of 1 since 1700000000000 due 0; ");
    assert_int_equal(rest.n, 1);
    /* Event 6 was routed, event 5 was not, and event 7 is later than all. */
    add_run(f, 6, "c", "", RUN_QUEUED, 0, &t[15]);
    add_event(f, "evt_7", "c", "", "{\"n\":7}", &t[18]);
    fixture_settle(f);
    rest = backlog(f, "b", 2);
    assert_string_equal(rest.text, "c 3 of 3 since 1700000000000 due 0 late 5 to 6; ");
}

struct begun {
    int n, done;
    bool last_one, first_one;
};

static void got_begun(void *arg, const struct store_begun *b)
{
    struct begun *g = arg;
    g->n++;
    g->first_one |= strcmp(b->run, "run_0") == 0;
    g->last_one |= strcmp(b->run, "run_4499") == 0;
    assert_string_equal(b->company, "acme");
}

static void got_begun_end(void *arg, const struct err *e)
{
    assert_null(e);
    ((struct begun *)arg)->done++;
}

/* More than one batch of runs at work: each that others must know of is told once, and those with
 * nothing to tell are not. */
static void runs_at_work_are_told_in_batches(void **state)
{
    struct fixture *f = *state;
    struct told *t = mem_zalloc(4500 * 4, sizeof(*t));
    for (int i = 0; i < 4500; i++) {
        char run[32];
        snprintf(run, sizeof(run), "run_%d", i);
        add_run(f, i, "acme", "", i % 3 ? RUN_WAITING : RUN_RUNNING, i % 3 ? 9000 : 0, &t[i * 4]);
        if (i % 2 == 0 || i == 4499)
            store_set_tries(
                f->store, run, STR_LIT("{\"silence_until_ms\":9000}"), told_done, &t[i * 4 + 3]);
        else
            store_set_tries(
                f->store, run, STR_LIT("{\"silence_until_ms\":0}"), told_done, &t[i * 4 + 3]);
    }
    fixture_settle(f);
    struct begun g = {0};
    store_load_begun(f->store, got_begun, got_begun_end, &g);
    fixture_settle(f);
    assert_int_equal(g.done, 1);
    assert_int_equal(g.n, 2251);
    assert_true(g.first_one && g.last_one);
    mem_free(t);
}

/* A million events of others cost nothing: no look at open events may scan or sort. */
static void open_events_are_found_by_an_index(void **state)
{
    struct fixture *f = *state;
    static const char *const plans[][2] = {
        {"SELECT seq FROM events INDEXED BY events_open WHERE state = 'in_flight' AND company = ?"
         " AND asleep = 0 AND routed = ? AND seq > ? ORDER BY seq LIMIT ?",
            "events_open (company=? AND asleep=? AND routed=? AND rowid>?)"},
        {"SELECT n FROM runs INDEXED BY runs_waiting WHERE state = 'waiting' AND company = ?"
         " AND until_ms >= ? AND until_ms <= ? ORDER BY until_ms, n LIMIT ?",
            "runs_waiting (company=? AND until_ms>? AND until_ms<?)"},
        {"SELECT DISTINCT event FROM runs INDEXED BY runs_of_key WHERE company = ? AND key = ? AND"
         " event > ? AND key <> '' AND (state = 'queued' OR state = 'running' OR"
         " state = 'waiting') ORDER BY event LIMIT ?",
            "runs_of_key (company=? AND key=? AND event>?)"},
    };
    sqlite3 *h = fixture_sqlite(f);
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        sqlite3_stmt *st;
        int rows = 0;
        char *text = mem_printf("EXPLAIN QUERY PLAN %s", plans[i][0]);
        assert_int_equal(sqlite3_prepare_v2(h, text, -1, &st, NULL), SQLITE_OK);
        mem_free(text);
        while (sqlite3_step(st) == SQLITE_ROW) {
            const char *plan = (const char *)sqlite3_column_text(st, 3);
            if (!strstr(plan, plans[i][1]))
                fail_msg("%s", plan);
            rows++;
        }
        assert_int_equal(rows, 1);
        sqlite3_finalize(st);
    }
    sqlite3_close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_order_has_what_belongs_to_it),
        TEST(what_waits_comes_when_it_is_due),
        TEST(an_event_is_asleep_with_all_its_runs),
        TEST(the_backlog_of_each_company),
        TEST(open_events_are_found_by_an_index),
        TEST(runs_at_work_are_told_in_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
