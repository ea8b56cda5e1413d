/* Reading beside a host and without one: rows as JSON, filters, one run in full. */
#include "json.h"
#include "jsondoc.h"
#include "store_fixture.h"

struct rows {
    char *row[64];
    int n, stop_at;
};

static int keep(void *arg, struct str json)
{
    struct rows *r = arg;
    struct err e = {0};
    if (json_check(json, &e))
        fail_msg("%s in %.*s", e.text, STR_ARG(json));
    assert_null(memchr(json.p, '\n', json.n));
    assert_in_range(r->n, 0, 63);
    r->row[r->n++] = mem_dupn(json.p, json.n);
    return r->n == r->stop_at;
}

static void drop(struct rows *r)
{
    while (r->n > 0)
        mem_free(r->row[--r->n]);
}

static struct store_reader *reader(struct fixture *f)
{
    struct err e = {0};
    struct store_reader *r = store_reader_open(f->dir, &e);
    if (!r)
        fail_msg("%s", e.text);
    return r;
}

/* Three events of acme with a run each, one of other that no rule wants. */
static void fill(struct fixture *f)
{
    static const char *const bodies[] = {
        "{ \"n\": 1,\n \"s\": \"a b\\\" c\", \"z\": \"\\\\u0000\\u0000\" }", "text \xc3\xa4",
        "\xff\xfe"};
    struct told t[32] = {0};
    int n = 0;
    for (int i = 0; i < 3; i++) {
        char event[32], run[32];
        snprintf(event, sizeof(event), "evt_%d", i);
        snprintf(run, sizeof(run), "run_A%d", i);
        add_event(f, event, "acme", "", bodies[i], &t[n++]);
        route_one(f, event, run, "acme", RUN_QUEUED, &t[n++]);
    }
    add_event(f, "evt_3", "other", "d\"3", "{}", &t[n++]);
    store_route(f->store, "evt_3", NULL, 0, "no rule wants it", told_done, &t[n++]);
    struct store_step write = {"run_A0", 1, "write", "stock", "POST /items", "f",
        STR_LIT("{\"op\":\"http\"}"), STR_LIT("{\"sku\":1}"), 1700000000000};
    struct store_answer a = {
        "done", STR_LIT("{\"status\":201}"), STR_LIT("{\"id\":12.50}"), 1700000000100, 2, 1500};
    store_intent(f->store, &write, told_done, &t[n++]);
    store_answer(f->store, "run_A0", 1, &a, told_done, &t[n++]);
    write.seq = 2;
    store_intent(f->store, &write, told_done, &t[n++]);
    store_log(f->store, "run_A0", 1700000000000, "info", STR_LIT("first\nline"));
    store_log(f->store, "run_A0", 1700000000001, "warn", STR_LIT("second"));
    struct store_run_change c = {
        "run_A1", RUN_ATTENTION, "the address", STR_LIT("{\"a\":[]}"), 0, "v2", 0};
    store_set_run(f->store, &c, told_done, &t[n++]);
    c = (struct store_run_change){"run_A2", RUN_WAITING, "429", STR_NONE, 1800000000000, NULL, 0};
    store_set_run(f->store, &c, told_done, &t[n++]);
    fixture_settle(f);
    for (int i = 0; i < n; i++)
        assert_told(t[i]);
}

static void events_as_rows(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct rows rows = {0};
    struct store_filter all = {0};
    fill(f);
    struct store_reader *r = reader(f); /* the host is running */
    assert_int_equal(store_read_events(r, &all, keep, &rows, &e), 0);
    assert_int_equal(rows.n, 4);
    assert_string_equal(rows.row[0],
        "{\"id\":\"evt_3\",\"company\":\"other\",\"connection\":\"shop\",\"type\":\"order.created\","
        "\"delivery\":\"d\\\"3\",\"received_at\":\"2023-11-14T22:13:20.000Z\",\"size\":2,"
        "\"state\":\"skipped\",\"reason\":\"no rule wants it\",\"runs\":[],\"pruned_at\":null}");
    assert_string_equal(rows.row[2],
        "{\"id\":\"evt_1\",\"company\":\"acme\",\"connection\":\"shop\",\"type\":\"order.created\","
        "\"delivery\":\"\",\"received_at\":\"2023-11-14T22:13:20.000Z\",\"size\":7,"
        "\"state\":\"attention\",\"reason\":\"the address\",\"runs\":[{\"id\":\"run_A1\","
        "\"rule\":\"Reserve stock\",\"state\":\"attention\",\"reason\":\"the address\","
        "\"edited\":false}],\"pruned_at\":null}");
    drop(&rows);
    store_reader_close(r);
}

static int count_events(struct fixture *f, struct store_filter filter)
{
    struct rows rows = {0};
    struct err e = {0};
    struct store_reader *r = reader(f);
    if (store_read_events(r, &filter, keep, &rows, &e))
        fail_msg("%s", e.text);
    int n = rows.n;
    drop(&rows);
    store_reader_close(r);
    return n;
}

static int count_runs(struct fixture *f, struct store_filter filter)
{
    struct rows rows = {0};
    struct err e = {0};
    struct store_reader *r = reader(f);
    if (store_read_runs(r, &filter, keep, &rows, &e))
        fail_msg("%s", e.text);
    int n = rows.n;
    drop(&rows);
    store_reader_close(r);
    return n;
}

static void filters_choose(void **state)
{
    struct fixture *f = *state;
    typedef struct store_filter flt;
    fill(f);
    assert_int_equal(count_events(f, (flt){.company = "acme"}), 3);
    assert_int_equal(count_events(f, (flt){.company = "other"}), 1);
    assert_int_equal(count_events(f, (flt){.company = "oth"}), 0);
    assert_int_equal(count_events(f, (flt){.state = "in_flight"}), 2);
    assert_int_equal(count_events(f, (flt){.state = "waiting"}), 1);
    assert_int_equal(count_events(f, (flt){.state = "skipped"}), 1);
    assert_int_equal(count_events(f, (flt){.rule = "Reserve stock"}), 3);
    assert_int_equal(count_events(f, (flt){.key = "none"}), 0);
    assert_int_equal(count_events(f, (flt){.connection = "shop"}), 4);
    assert_int_equal(count_events(f, (flt){.since_ms = 1700000000000}), 4);
    assert_int_equal(count_events(f, (flt){.since_ms = 1700000000001}), 0);
    assert_int_equal(count_events(f, (flt){.limit = 2}), 2);
    assert_int_equal(count_runs(f, (flt){0}), 3);
    assert_int_equal(count_runs(f, (flt){.company = "other"}), 0);
    assert_int_equal(count_runs(f, (flt){.state = "attention"}), 1);
    assert_int_equal(count_runs(f, (flt){.state = "done"}), 0);
    assert_int_equal(count_runs(f, (flt){.company = "acme",
                                       .rule = "Reserve stock",
                                       .key = "key",
                                       .connection = "shop",
                                       .state = "queued",
                                       .since_ms = 1}),
        1);
    struct err e = {0};
    struct store_reader *r = reader(f);
    struct store_filter wrong = {.state = "finished' OR 1"};
    assert_int_equal(store_read_runs(r, &wrong, keep, NULL, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    struct rows rows = {.stop_at = 2};
    struct store_filter all = {0};
    assert_int_equal(store_read_events(r, &all, keep, &rows, &e), 0);
    assert_int_equal(rows.n, 2);
    drop(&rows);
    store_reader_close(r);
}

static struct jsondoc *one_run(struct fixture *f, const char *id)
{
    struct err e = {0};
    struct rows rows = {0};
    struct store_reader *r = reader(f);
    if (store_read_run(r, id, keep, &rows, &e))
        fail_msg("%s", e.text);
    assert_int_equal(rows.n, 1);
    struct jsondoc *d = jsondoc_parse(str_of(rows.row[0]), &e);
    assert_non_null(d);
    drop(&rows);
    store_reader_close(r);
    return d;
}

static void assert_json(const struct jsonv *v, const char *path, const char *want)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    v = *path ? jsonv_path(v, path) : v;
    if (!v)
        fail_msg("no %s", path);
    jsonv_write(&b, v);
    buf_addc(&b, 0);
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void a_run_in_full(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_close(f); /* no host is needed */
    struct jsondoc *d = one_run(f, "run_A0");
    const struct jsonv *v = jsondoc_root(d);
    assert_json(v, "state", "\"queued\"");
    assert_json(v, "until", "null");
    assert_json(v, "event.id", "\"evt_0\"");
    /* A NUL is shown as U+FFFD: with it no reader could take the row. */
    assert_json(v, "event.body", "{\"n\":1,\"s\":\"a b\\\" c\",\"z\":\"\\\\u0000\xef\xbf\xbd\"}");
    assert_json(v, "event.headers", "{\"content-type\":\"application/json\"}");
    const struct jsonv *step = jsonv_get(v, "steps")->child;
    assert_json(step, "state", "\"answered\"");
    assert_json(step, "outcome", "\"done\"");
    assert_json(step, "attempts", "2");
    assert_json(step, "duration_ms", "1.500");
    assert_json(step, "request", "{\"op\":\"http\",\"body\":{\"sku\":1}}");
    assert_json(step, "answer", "{\"status\":201,\"body\":{\"id\":12.50}}");
    assert_json(step->next, "seq", "2");
    assert_json(step->next, "state", "\"open\"");
    assert_json(step->next, "answer", "null");
    assert_null(step->next->next);
    const struct jsonv *log = jsonv_get(v, "log")->child;
    assert_json(log, "text", "\"first\\nline\"");
    assert_json(log->next, "level", "\"warn\"");
    assert_null(log->next->next);
    jsondoc_free(d);
    d = one_run(f, "run_A1");
    assert_json(jsondoc_root(d), "result", "{\"a\":[]}");
    assert_json(jsondoc_root(d), "version", "\"v2\"");
    assert_json(jsondoc_root(d), "event.body", "\"text \xc3\xa4\"");
    jsondoc_free(d);
    d = one_run(f, "run_A2");
    assert_json(jsondoc_root(d), "until", "\"2027-01-15T08:00:00.000Z\"");
    assert_json(jsondoc_root(d), "event.body", "{\"base64\":\"//4=\"}");
    jsondoc_free(d);
}

static void a_run_by_its_beginning(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct told t[2] = {0};
    fill(f);
    add_event(f, "evt_9", "acme", "", "{}", &t[0]);
    route_one(f, "evt_9", "run_B", "acme", RUN_QUEUED, &t[1]);
    fixture_settle(f);
    struct jsondoc *d = one_run(f, "run_B");
    jsondoc_free(d);
    struct store_reader *r = reader(f);
    static const struct {
        const char *id;
        enum err_code code;
    } wrong[] = {{"run_A", ERR_CONFLICT}, {"run_", ERR_CONFLICT}, {"run_C", ERR_NOT_FOUND},
        {"", ERR_NOT_FOUND}, {"run_A0x", ERR_NOT_FOUND}, {"%", ERR_NOT_FOUND}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(store_read_run(r, wrong[i].id, keep, NULL, &e), -1);
        assert_int_equal(e.code, wrong[i].code);
    }
    store_reader_close(r);
}

static void books_versions_and_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_books b;
    fill(f);
    store_put_bundle(f->store, "c", STR_LIT("{}"));
    store_put_bundle(f->store, "c2", STR_LIT("{ }"));
    store_put_bundle(f->store, "s", STR_LIT("{  }"));
    store_put_version(f->store, "acme", "v1", "c", "s", 1700000000000);
    store_put_version(f->store, "acme", "v2", "c2", "s", 1700000000001);
    store_put_version(f->store, "other", "v1", "c", "s", 1700000000000);
    fixture_settle(f);
    struct store_reader *r = reader(f);
    assert_int_equal(store_read_books(r, "acme", &b, &e), 0);
    assert_int_equal(b.received, 3);
    assert_int_equal(b.in_flight, 2);
    assert_int_equal(b.attention, 1);
    assert_int_equal(store_read_books(r, NULL, &b, &e), 0);
    assert_int_equal(b.received, 4);
    assert_int_equal(b.skipped, 1);
    store_reader_close(r);
    assert_null(store_reader_open("/tmp/sauma-no-such-folder", &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    fixture_close(f);
    fixture_exec(f, "PRAGMA user_version = 4711");
    assert_null(store_reader_open(f->dir, &e));
    assert_non_null(strstr(e.text, "newer sauma"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(events_as_rows),
        T(filters_choose),
        T(a_run_in_full),
        T(a_run_by_its_beginning),
        T(books_versions_and_nothing),
    };
    return cmocka_run_group_tests_name("reading a store", tests, NULL, NULL);
}
