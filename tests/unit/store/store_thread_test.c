/* The store under work from all sides at once: for VARIANT=tsan above all. */
#include <pthread.h>

#include "secrets.h"
#include "store_fixture.h"

#define EVENTS  2000
#define AT_ONCE 50

struct load {
    struct fixture *f;
    int asked, stored, routed, done, journals;
    struct item {
        struct load *load;
        char event[32], run[32];
    } item[EVENTS];
};

static void next_event(struct load *l);

static void on_journal(
    void *arg, const struct store_journal_step *steps, int n, const struct err *e)
{
    struct item *i = arg;
    assert_null(e);
    assert_int_equal(n, 1);
    assert_string_equal(steps[0].step.run, i->run);
    i->load->journals++;
    next_event(i->load);
}

static void on_done(void *arg, const struct err *e)
{
    struct item *i = arg;
    assert_null(e);
    i->load->done++;
    store_load_journal(i->load->f->store, i->run, on_journal, i);
}

static void on_route(void *arg, const struct err *e)
{
    struct item *i = arg;
    struct store *s = i->load->f->store;
    assert_null(e);
    i->load->routed++;
    struct store_step st = {i->run, 1, "time", "", "time", "f", STR_LIT("{}"), STR_NONE, 1};
    struct store_answer a = {"done", STR_LIT("{\"ms\":1}"), STR_NONE, 1, 1, 1};
    struct store_run_change c = {
        .run = i->run, .state = RUN_DONE, .reason = "", .result = STR_LIT("{}")};
    store_step(s, &st, &a, NULL, NULL);
    store_log(s, i->run, 1, "info", STR_LIT("line"));
    store_set_run(s, &c, on_done, i);
}

static void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct item *i = arg;
    struct store_run run = {i->run, i->event, "acme", "rule", "v", "", RUN_RUNNING, "", "", NULL};
    assert_null(e);
    assert_int_equal(r, STORE_EVENT_NEW);
    i->load->stored++;
    store_route(i->load->f->store, i->event, &run, 1, "", on_route, i);
}

static void next_event(struct load *l)
{
    if (l->asked == EVENTS)
        return;
    struct item *i = &l->item[l->asked];
    snprintf(i->event, sizeof(i->event), "evt_%d", l->asked);
    snprintf(i->run, sizeof(i->run), "run_%d", l->asked++);
    i->load = l;
    struct store_event ev = {
        i->event, "acme", "shop", "x", i->event, 1, STR_LIT("{}"), STR_LIT("{\"some\":\"body\"}")};
    store_add_event(l->f->store, &ev, on_event, i);
}

/* ---- others at the same folder ---- */

struct others {
    const char *dir;
    atomic_bool stop;
    int looks, writes;
};

static void *look_at_books(void *arg)
{
    struct others *o = arg;
    struct err e = {0};
    int64_t received = 0;
    while (!atomic_load(&o->stop)) {
        struct store_books b;
        struct store_reader *r = store_reader_open(o->dir, &e);
        assert_non_null(r);
        assert_int_equal(store_read_books(r, NULL, &b, &e), 0);
        assert_int_equal(
            b.received, b.done + b.skipped + b.attention + b.held + b.in_flight + b.failed);
        assert_true(b.received >= received);
        received = b.received;
        store_reader_close(r);
        o->looks++;
    }
    return NULL;
}

static void *set_secrets(void *arg)
{
    struct others *o = arg;
    struct err e = {0};
    struct secrets *s = secrets_open(o->dir, &e);
    assert_non_null(s);
    while (!atomic_load(&o->stop)) {
        char *value;
        if (secrets_set(s, "acme", "key", STR_LIT("value"), &e))
            fail_msg("%s", e.text);
        assert_int_equal(secrets_get(s, "acme", "key", &value, &e), 1);
        secrets_wipe(value);
        o->writes++;
    }
    secrets_close(s);
    return NULL;
}

static void many_at_once(void **state)
{
    struct fixture *f = *state;
    struct load *l = mem_zalloc(1, sizeof(*l));
    struct others o = {.dir = f->dir};
    pthread_t reader, writer;
    l->f = f;
    pthread_create(&reader, NULL, look_at_books, &o);
    pthread_create(&writer, NULL, set_secrets, &o);
    for (int i = 0; i < AT_ONCE; i++)
        next_event(l);
    fixture_settle(f);
    atomic_store(&o.stop, true);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    assert_int_equal(l->stored, EVENTS);
    assert_int_equal(l->routed, EVENTS);
    assert_int_equal(l->done, EVENTS);
    assert_int_equal(l->journals, EVENTS);
    assert_true(o.looks > 0 && o.writes > 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events WHERE state = 'done'"), EVENTS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), EVENTS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM logs"), EVENTS);
    mem_free(l);
}

/* What is asked by callbacks while the store closes is done as well. */
static void closing_finishes_what_follows(void **state)
{
    struct fixture *f = *state;
    struct load *l = mem_zalloc(1, sizeof(*l));
    l->f = f;
    for (int i = 0; i < AT_ONCE; i++)
        next_event(l);
    fixture_close(f);
    assert_int_equal(l->journals, EVENTS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events WHERE state = 'done'"), EVENTS);
    mem_free(l);
}

static void opening_and_closing_many_times(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        struct told t = {0};
        char id[32];
        snprintf(id, sizeof(id), "evt_%d", i);
        add_event(f, id, "acme", id, "{}", &t);
        fixture_close(f);
        assert_told(t);
        fixture_open(f);
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(many_at_once),
        T(closing_finishes_what_follows),
        T(opening_and_closing_many_times),
    };
    return cmocka_run_group_tests_name("store threads", tests, NULL, NULL);
}
