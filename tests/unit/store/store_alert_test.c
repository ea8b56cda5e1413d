/* Alerts: one open row for each thing that is wrong. */
#include "store_fixture.h"

struct seen {
    int calls, changed;
    enum err_code code;
    char rows[4096];
};

static void on_alert(void *arg, bool changed, const struct err *e)
{
    struct seen *s = arg;
    s->calls++;
    s->changed += changed;
    if (e)
        s->code = e->code;
}

static int on_row(void *arg, struct str json)
{
    struct seen *s = arg;
    size_t n = strlen(s->rows);
    snprintf(s->rows + n, sizeof(s->rows) - n, "%.*s\n", STR_ARG(json));
    return 0;
}

static const char *rows(struct fixture *f, struct seen *s, const char *company, bool all)
{
    struct err e = {0};
    struct store_filter filter = {.company = company};
    struct store_reader *r = store_reader_open(f->dir, &e);
    assert_non_null(r);
    s->rows[0] = 0;
    assert_int_equal(store_read_alerts(r, &filter, all, on_row, s, &e), 0);
    store_reader_close(r);
    return s->rows;
}

static struct store_alert silent(const char *company, const char *text, int64_t at)
{
    return (struct store_alert){company, "silence", "shop", text, at};
}

static void raised_again_is_counted(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct store_alert first = silent("acme", "since Monday", 1000);
    struct store_alert second = silent("acme", "since \"Tuesday\"", 2000);
    store_raise_alert(f->store, &first, on_alert, &s);
    store_raise_alert(f->store, &second, on_alert, &s);
    fixture_settle(f);
    assert_int_equal(s.calls, 2);
    assert_int_equal(s.changed, 1);
    assert_int_equal(store_alerts_open(f->store), 1);
    rows(f, &s, NULL, false);
    assert_non_null(strstr(s.rows, "\"text\":\"since \\\"Tuesday\\\"\",\"times\":2,"
                                   "\"first_at\":\"1970-01-01T00:00:01.000Z\","
                                   "\"last_at\":\"1970-01-01T00:00:02.000Z\",\"cleared_at\":null"));
}

static void over_and_again_is_another(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct store_alert a = silent("acme", "it is silent", 1000);
    store_raise_alert(f->store, &a, NULL, NULL);
    store_clear_alert(f->store, &a, on_alert, &s);
    store_clear_alert(f->store, &a, on_alert, &s);
    store_raise_alert(f->store, &a, on_alert, &s);
    fixture_settle(f);
    assert_int_equal(s.changed, 2);
    assert_int_equal(store_alerts_open(f->store), 1);
    rows(f, &s, "acme", true);
    assert_non_null(strstr(s.rows, "{\"n\":1,"));
    assert_non_null(strstr(s.rows, "{\"n\":2,"));
    assert_null(strstr(rows(f, &s, "acme", false), "{\"n\":1,"));
}

static void a_company_sees_its_own(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct store_alert a = silent("acme", "x", 1), b = silent("other", "y", 2);
    store_raise_alert(f->store, &a, NULL, NULL);
    store_raise_alert(f->store, &b, NULL, NULL);
    fixture_settle(f);
    assert_null(strstr(rows(f, &s, "acme", true), "other"));
    assert_int_equal(store_alerts_open(f->store), 2);
}

static void a_person_closes_one_by_number(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    struct store_alert a = silent("acme", "x", 1);
    store_raise_alert(f->store, &a, NULL, NULL);
    store_close_alert(f->store, 1, "maija", 5000, on_alert, &s);
    fixture_settle(f);
    assert_int_equal(s.changed, 1);
    assert_non_null(strstr(rows(f, &s, NULL, true),
        "\"cleared_at\":\"1970-01-01T00:00:05.000Z\",\"cleared_by\":\"maija\""));
    store_close_alert(f->store, 1, "maija", 6000, on_alert, &s);
    fixture_settle(f);
    assert_int_equal(s.code, ERR_NOT_FOUND);
}

static void open_alerts_are_counted_at_start(void **state)
{
    struct fixture *f = *state;
    struct store_alert a = silent("acme", "x", 1), b = silent("other", "y", 2);
    store_raise_alert(f->store, &a, NULL, NULL);
    store_raise_alert(f->store, &b, NULL, NULL);
    store_clear_alert(f->store, &a, NULL, NULL);
    fixture_settle(f);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(store_alerts_open(f->store), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(raised_again_is_counted, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(over_and_again_is_another, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_company_sees_its_own, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_person_closes_one_by_number, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            open_alerts_are_counted_at_start, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
