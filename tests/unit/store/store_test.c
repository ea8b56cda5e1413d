/* The store's operations: order, duplicates, routing, journal, reopening. */
#include "store_fixture.h"

/* ---- order ---- */

struct order {
    int next;
    bool wrong;
};
struct in_order {
    struct order *order;
    int n;
};

static void comes(struct in_order *i)
{
    i->order->wrong |= i->order->next != i->n;
    i->order->next++;
}

static void comes_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct in_order *i = arg;
    i->order->wrong |= e != NULL || r != STORE_EVENT_NEW || seq != i->n / 2 + 1;
    comes(i);
}

static void comes_done(void *arg, const struct err *e)
{
    struct in_order *i = arg;
    i->order->wrong |= e != NULL;
    comes(i);
}

static void callbacks_come_in_order_of_asking(void **state)
{
    struct fixture *f = *state;
    enum { PAIRS = 1000 };
    struct order order = {0};
    struct in_order *in = mem_zalloc(PAIRS * 2, sizeof(*in));
    for (int i = 0; i < PAIRS; i++) {
        char id[32];
        struct store_event ev = {id, "acme", "shop", "", "", 1, STR_NONE, STR_LIT("{}")};
        snprintf(id, sizeof(id), "evt_%d", i);
        in[2 * i] = (struct in_order){&order, 2 * i};
        in[2 * i + 1] = (struct in_order){&order, 2 * i + 1};
        store_add_event(f->store, &ev, comes_event, &in[2 * i]);
        store_route(f->store, id, NULL, 0, "no rule", comes_done, &in[2 * i + 1]);
    }
    assert_int_equal(store_pending(f->store), PAIRS * 2);
    assert_int_equal(order.next, 0); /* never from inside the asking */
    fixture_settle(f);
    assert_int_equal(order.next, PAIRS * 2);
    assert_false(order.wrong);
    mem_free(in);
}

/* ---- events ---- */

static void a_delivery_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct told t[6] = {0};
    add_event(f, "evt_1", "acme", "d1", "{\"a\":1}", &t[0]);
    add_event(f, "evt_2", "acme", "d1", "{\"a\":1}", &t[1]); /* in the same batch */
    fixture_settle(f);
    add_event(f, "evt_3", "acme", "d1", "{\"a\":1}", &t[2]);
    add_event(f, "evt_4", "acme", "d1", "{\"a\":2}", &t[3]);
    add_event(f, "evt_5", "other", "d1", "{\"a\":2}", &t[4]); /* companies share nothing */
    add_event(f, "evt_6", "acme", "", "{\"a\":1}", &t[5]);
    fixture_settle(f);
    assert_int_equal(t[0].result, STORE_EVENT_NEW);
    assert_int_equal(t[1].result, STORE_EVENT_DUPLICATE);
    assert_int_equal(t[2].result, STORE_EVENT_DUPLICATE);
    assert_string_equal(t[1].first_id, "evt_1");
    assert_string_equal(t[2].first_id, "evt_1");
    assert_int_equal(t[2].seq, t[0].seq);
    assert_int_equal(t[3].result, STORE_EVENT_CONFLICT);
    assert_string_equal(t[3].first_id, "evt_1");
    assert_int_equal(t[4].result, STORE_EVENT_NEW);
    assert_int_equal(t[5].result, STORE_EVENT_NEW);
    assert_true(t[0].seq < t[4].seq && t[4].seq < t[5].seq);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 3);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bodies"), 3);
}

static void one_refused_operation_leaves_the_others(void **state)
{
    struct fixture *f = *state;
    struct told t[5] = {0};
    add_event(f, "evt_1", "acme", "", "1", &t[0]);
    add_event(f, "evt_1", "acme", "", "2", &t[1]); /* the id is taken: SQLite refuses */
    route_one(f, "evt_none", "run_1", "acme", RUN_QUEUED, &t[2]);
    set_run(f, "run_none", RUN_DONE, "", &t[3]);
    add_event(f, "evt_2", "acme", "", "3", &t[4]);
    fixture_settle(f);
    assert_told(t[0]);
    assert_refused(t[1], ERR_CONFLICT);
    assert_int_equal(t[1].result, STORE_EVENT_FAILED);
    assert_refused(t[2], ERR_NOT_FOUND);
    assert_refused(t[3], ERR_NOT_FOUND);
    assert_told(t[4]);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM events JOIN bodies ON event = seq"), 2);
    assert_int_equal(fixture_number(f, "SELECT n FROM books WHERE state = 'received'"), 2);
}

/* ---- runs and books ---- */

struct books {
    struct store_books b;
    int calls;
};

static void got_books(void *arg, const struct store_books *b, const struct err *e)
{
    struct books *got = arg;
    got->calls++;
    assert_null(e);
    got->b = *b;
}

static struct store_books books(struct fixture *f, const char *company)
{
    struct books got = {0};
    store_load_books(f->store, company, got_books, &got);
    fixture_settle(f);
    assert_int_equal(got.calls, 1);
    struct store_books *b = &got.b;
    assert_int_equal(
        b->received, b->done + b->skipped + b->attention + b->held + b->in_flight + b->failed);
    return got.b;
}

static void books_follow_the_runs(void **state)
{
    struct fixture *f = *state;
    struct told t[16] = {0};
    add_event(f, "evt_1", "acme", "", "{}", &t[0]);
    assert_int_equal(books(f, "acme").in_flight, 1); /* not routed yet */
    struct store_run two[] = {
        {"run_1", NULL, "acme", "a", "v", "", RUN_QUEUED, "", "", NULL},
        {"run_2", NULL, "acme", "b", "v", "", RUN_HELD, "manual", "", NULL},
    };
    store_route(f->store, "evt_1", two, 2, "", told_done, &t[1]);
    assert_int_equal(books(f, "acme").in_flight, 1);
    set_run(f, "run_1", RUN_DONE, "", &t[2]);
    assert_int_equal(books(f, "acme").held, 1);
    set_run(f, "run_2", RUN_RUNNING, "", &t[3]);
    assert_int_equal(books(f, "acme").in_flight, 1);
    set_run(f, "run_2", RUN_ATTENTION, "the address is wrong", &t[4]);
    assert_int_equal(books(f, "acme").attention, 1);
    set_run(f, "run_2", RUN_SKIPPED, "not ours", &t[5]);
    assert_int_equal(books(f, "acme").done, 1);
    add_event(f, "evt_2", "acme", "", "{}", &t[6]);
    store_route(f->store, "evt_2", NULL, 0, "no rule wants it", told_done, &t[7]);
    assert_int_equal(books(f, "acme").skipped, 1);
    assert_int_equal(books(f, "acme").received, 2);
    assert_int_equal(books(f, "other").received, 0);
    add_event(f, "evt_3", "other", "", "{}", &t[8]);
    route_one(f, "evt_3", "run_3", "other", RUN_QUEUED, &t[9]);
    set_run(f, "run_3", RUN_FAILED, "rules/x.lua:3: nil", &t[10]);
    assert_int_equal(books(f, "other").failed, 1);
    assert_int_equal(books(f, NULL).received, 3);
    for (int i = 0; i <= 10; i++)
        assert_told(t[i]);
}

static void routing_is_once_and_of_one_company(void **state)
{
    struct fixture *f = *state;
    struct told t[5] = {0};
    add_event(f, "evt_1", "acme", "", "{}", &t[0]);
    route_one(f, "evt_1", "run_1", "other", RUN_QUEUED, &t[1]);
    struct store_run twice[] = {
        {"run_2", NULL, "acme", "same rule", "v", "", RUN_QUEUED, "", "", NULL},
        {"run_3", NULL, "acme", "same rule", "v", "", RUN_QUEUED, "", "", NULL},
    };
    store_route(f->store, "evt_1", twice, 2, "", told_done, &t[2]);
    route_one(f, "evt_1", "run_4", "acme", RUN_QUEUED, &t[3]);
    route_one(f, "evt_1", "run_5", "acme", RUN_QUEUED, &t[4]);
    fixture_settle(f);
    assert_told(t[0]);
    assert_refused(t[1], ERR_DENIED);
    assert_refused(t[2], ERR_CONFLICT);
    assert_told(t[3]);
    assert_refused(t[4], ERR_CONFLICT);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM runs"), 1); /* no half routing */
}

/* ---- journal ---- */

static void got_journal(void *arg, const struct store_journal_step *j, int n, const struct err *e)
{
    *(int *)arg += 1;
    assert_null(e);
    assert_int_equal(n, 3);
    assert_int_equal(j[0].seq, 1);
    assert_true(j[0].answered);
    assert_string_equal(j[0].step.title, "GET /items");
    assert_string_equal(j[0].step.fingerprint, "f1");
    assert_true(str_is(j[0].step.spec, "{\"op\":\"http\"}"));
    assert_int_equal(j[0].step.at_ms, 5);
    assert_int_equal(j[0].answer.body.n, 4);
    assert_memory_equal(j[0].answer.body.p, "\0\xff\n\"", 4); /* bytes as they were */
    assert_true(str_is(j[0].answer.meta, "{\"status\":200}"));
    assert_string_equal(j[0].answer.outcome, "done");
    assert_int_equal(j[0].answer.attempts, 2);
    assert_int_equal(j[0].answer.duration_us, 1234);
    assert_int_equal(j[1].seq, 2);
    assert_true(j[1].answered);
    assert_string_equal(j[1].answer.outcome, "unknown");
    assert_int_equal(j[2].seq, 3);
    assert_false(j[2].answered); /* an intent that nobody knows the outcome of */
    assert_string_equal(j[2].step.run, "run_1");
    assert_true(str_is(j[2].step.body, "{\"total\":\"12.50\"}"));
}

static void refused_journal(
    void *arg, const struct store_journal_step *j, int n, const struct err *e)
{
    *(int *)arg += 1;
    assert_int_equal(e->code, ERR_NOT_FOUND);
    assert_int_equal(n, 0);
}

static void journal_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct told t[9] = {0};
    int journals = 0;
    add_event(f, "evt_1", "acme", "", "{}", &t[0]);
    route_one(f, "evt_1", "run_1", "acme", RUN_QUEUED, &t[1]);
    struct store_step read = {
        "run_1", 1, "read", "stock", "GET /items", "f1", STR_LIT("{\"op\":\"http\"}"), STR_NONE, 5};
    struct store_answer got = {"done", STR_LIT("{\"status\":200}"), {"\0\xff\n\"", 4}, 6, 2, 1234};
    struct store_answer unknown = {.outcome = "unknown", .at_ms = 9};
    struct store_step write = {"run_1", 2, "write", "stock", "POST /items", "f2",
        STR_LIT("{\"op\":\"http\"}"), STR_LIT("{\"total\":\"12.50\"}"), 7};
    store_step(f->store, &read, &got, told_done, &t[2]);
    store_intent(f->store, &write, told_done, &t[3]);
    store_answer(f->store, "run_1", 2, &unknown, told_done, &t[4]);
    write.seq = 3;
    store_intent(f->store, &write, told_done, &t[5]);
    store_load_journal(f->store, "run_1", got_journal, &journals); /* sees what was asked before */
    store_intent(f->store, &write, told_done, &t[6]);
    store_answer(f->store, "run_1", 2, &got, told_done, &t[7]);
    store_answer(f->store, "run_1", 4, &got, told_done, &t[8]);
    fixture_settle(f);
    for (int i = 0; i <= 5; i++)
        assert_told(t[i]);
    assert_refused(t[6], ERR_CONFLICT); /* a step is recorded once */
    assert_refused(t[7], ERR_CONFLICT); /* and answered once */
    assert_refused(t[8], ERR_NOT_FOUND);
    fixture_close(f);
    fixture_open(f);
    store_load_journal(f->store, "run_1", got_journal, &journals);
    store_load_journal(f->store, "run_2", refused_journal, &journals);
    fixture_settle(f);
    assert_int_equal(journals, 3);
}

/* ---- versions ---- */

static void got_version(
    void *arg, const char *ch, struct str cb, const char *sh, struct str sb, const struct err *e)
{
    *(int *)arg += 1;
    assert_null(e);
    assert_string_equal(ch, "c1");
    assert_string_equal(sh, "s1");
    assert_true(str_is(cb, "{\"company.lua\":\"x\"}"));
    assert_true(str_is(sb, "{\"lua/boot.lua\":\"y\"}"));
}

static void no_version(
    void *arg, const char *ch, struct str cb, const char *sh, struct str sb, const struct err *e)
{
    *(int *)arg += 1;
    assert_int_equal(e->code, ERR_NOT_FOUND);
}

static void versions_keep_their_sources(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    for (int i = 0; i < 2; i++) { /* the second time changes nothing */
        store_put_bundle(f->store, "c1", STR_LIT("{\"company.lua\":\"x\"}"));
        store_put_bundle(f->store, "s1", STR_LIT("{\"lua/boot.lua\":\"y\"}"));
        store_put_version(f->store, "acme", "v1", "c1", "s1", 1000 + i);
    }
    store_load_version(f->store, "acme", "v1", got_version, &calls);
    store_load_version(f->store, "other", "v1", no_version, &calls); /* not theirs */
    fixture_settle(f);
    assert_int_equal(calls, 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bundles"), 2);
    assert_int_equal(fixture_number(f, "SELECT at_ms FROM versions"), 1000); /* needs no room */
    store_put_version(f->store, "acme", "v2", "c1", "s1", 2000);
    store_put_version(f->store, "acme", "v1", "c1", "s1", 3000); /* the newest once more */
    fixture_settle(f);
    assert_int_equal(
        fixture_number(f, "SELECT max(at_ms) FROM versions WHERE version = 'v1'"), 3000);
}

static void on_switched(void *arg, const struct err *e)
{
    *(int *)arg = e ? (int)e->code : -1;
}

/* A start of the host finds the sources of whatever was live. */
static void a_switch_needs_a_version_and_that_its_sources(void **state)
{
    struct fixture *f = *state;
    struct store_switch sw = {"acme", "v1", "v1", "save", "", "", 1000};
    int told = 0;
    store_put_bundle(f->store, "c1", STR_LIT("{}"));
    store_put_version(f->store, "acme", "v1", "c1", "s1", 1000); /* the other bundle is not there */
    store_add_switch(f->store, &sw, on_switched, &told);
    fixture_settle(f);
    assert_int_equal(told, ERR_NOT_FOUND);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM versions"), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM switches"), 0);
    store_put_bundle(f->store, "s1", STR_LIT("{}"));
    store_put_version(f->store, "acme", "v1", "c1", "s1", 1000);
    store_add_switch(f->store, &sw, on_switched, &told);
    fixture_settle(f);
    assert_int_equal(told, -1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM switches"), 1);
}

/* ---- opening ---- */

static void refuse_open(struct fixture *f, enum err_code code, const char *words)
{
    struct err e = {0};
    assert_null(store_open(f->loop, f->dir, &e));
    assert_int_equal(e.code, code);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static void a_folder_has_one_host(void **state)
{
    struct fixture *f = *state;
    char words[64];
    snprintf(words, sizeof(words), "another sauma (pid %ld)", (long)getpid());
    refuse_open(f, ERR_CONFLICT, words);
    fixture_close(f);
    fixture_open(f); /* released at the end */
}

static void a_newer_or_foreign_store_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    int64_t schema = fixture_number(f, "PRAGMA user_version");
    assert_true(schema >= 1);
    fixture_exec(f, "PRAGMA user_version = 4711");
    refuse_open(f, ERR_INPUT, "written by a newer sauma (schema 4711, this one knows ");
    char set[64];
    snprintf(set, sizeof(set), "PRAGMA user_version = %lld", (long long)schema);
    fixture_exec(f, set);
    fixture_exec(f, "PRAGMA application_id = 12");
    refuse_open(f, ERR_INPUT, "is not a sauma store");
    fixture_exec(f, "PRAGMA application_id = 0x5341554d");
    fixture_open(f);
}

static void a_damaged_store_is_refused(void **state)
{
    struct fixture *f = *state;
    struct told t = {0};
    char path[128], junk[4096];
    for (int i = 0; i < 500; i++) {
        char id[32];
        snprintf(id, sizeof(id), "evt_%d", i);
        add_event(f, id, "acme", id, "{}", &t);
    }
    fixture_close(f);
    int64_t pages = fixture_number(f, "PRAGMA page_count");
    snprintf(path, sizeof(path), "%s/%s", f->dir, STORE_FILE);
    memset(junk, 0x5a, sizeof(junk));
    FILE *file = fopen(path, "r+b");
    for (int64_t page = 20; page < pages; page += 3) {
        fseek(file, (long)(page * 4096), SEEK_SET);
        fwrite(junk, sizeof(junk), 1, file);
    }
    fclose(file);
    refuse_open(f, ERR_IO, "damaged");
    assert_int_equal(truncate(path, 100), 0);
    struct err e = {0};
    assert_null(store_open(f->loop, f->dir, &e));
    assert_true(e.text[0] != 0);
}

/* No test here can cut the power: at least what protects against it is switched on. */
static void commits_wait_for_the_disk(void **state)
{
    struct fixture *f = *state;
    struct sql *s = sql_open(f->dir, SQL_WRITER, NULL);
    assert_non_null(s);
    assert_int_equal(sql_int(s, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(sql_int(s, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(sql_int(s, "PRAGMA foreign_keys"), 1);
    sql_close(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(callbacks_come_in_order_of_asking),
        T(a_delivery_is_stored_once),
        T(one_refused_operation_leaves_the_others),
        T(books_follow_the_runs),
        T(routing_is_once_and_of_one_company),
        T(journal_comes_back_as_it_was),
        T(versions_keep_their_sources),
        T(a_switch_needs_a_version_and_that_its_sources),
        T(a_folder_has_one_host),
        T(a_newer_or_foreign_store_is_refused),
        T(a_damaged_store_is_refused),
        T(commits_wait_for_the_disk),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
