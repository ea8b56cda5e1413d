/* What a journal is after the disk was full. */
#include "store_fixture.h"

#ifdef SAUMA_FAULTS
static void count_steps(
    void *arg, const struct store_journal_step *steps, int n, const struct err *e)
{
    assert_null(e);
    *(int *)arg = n;
}

static void add_read(struct fixture *f, uint32_t seq, struct told *t)
{
    struct store_step step = {
        "run_1", seq, "read", "stock", "GET /", "f", STR_LIT("{}"), STR_NONE, 1};
    struct store_answer got = {"done", STR_LIT("{}"), STR_LIT(""), 2, 1, 3};
    *t = (struct told){0};
    store_step(f->store, &step, &got, told_done, t);
    fixture_settle(f);
}

/* A replay would stand before a hole. */
static void a_journal_gets_no_holes(void **state)
{
    struct fixture *f = *state;
    struct told t;
    int steps = -1;
    add_event(f, "evt_1", "acme", "", "{}", &t);
    fixture_settle(f);
    route_one(f, "evt_1", "run_1", "acme", RUN_RUNNING, &t);
    fixture_settle(f);
    setenv("SAUMA_FAIL", "store_full:1-1000000", 1);
    add_read(f, 1, &t);
    unsetenv("SAUMA_FAIL");
    assert_refused(t, ERR_IO);
    add_read(f, 2, &t);
    assert_refused(t, ERR_IO);
    assert_non_null(strstr(t.e.text, "what comes before it"));
    store_load_journal(f->store, "run_1", count_steps, &steps);
    fixture_settle(f);
    assert_int_equal(steps, 0);
    add_read(f, 1, &t);
    assert_told(t);
    add_read(f, 2, &t);
    assert_told(t);
}

static void set_state(struct fixture *f, enum run_state state, struct told *t)
{
    struct store_run_change c = {.run = "run_1", .state = state, .reason = "", .result = STR_NONE};
    *t = (struct told){0};
    store_set_run(f->store, &c, told_done, t);
    fixture_settle(f);
}

/* Of a run that is queued nobody looks, at a restart, what its journal says that it holds. */
static void a_journal_begins_when_its_run_has_begun(void **state)
{
    struct fixture *f = *state;
    struct told t;
    int steps = -1;
    add_event(f, "evt_1", "acme", "", "{}", &t);
    fixture_settle(f);
    route_one(f, "evt_1", "run_1", "acme", RUN_QUEUED, &t);
    fixture_settle(f);
    setenv("SAUMA_FAIL", "store_full:1-1000000", 1);
    set_state(f, RUN_RUNNING, &t);
    unsetenv("SAUMA_FAIL");
    assert_refused(t, ERR_IO);
    add_read(f, 1, &t);
    assert_refused(t, ERR_IO);
    store_load_journal(f->store, "run_1", count_steps, &steps);
    fixture_settle(f);
    assert_int_equal(steps, 0);
    add_read(f, 1, &t);
    assert_refused(t, ERR_IO);
    set_state(f, RUN_RUNNING, &t);
    assert_told(t);
    add_read(f, 1, &t);
    assert_told(t);
}
#endif

int main(void)
{
#ifdef SAUMA_FAULTS
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_journal_gets_no_holes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_journal_begins_when_its_run_has_begun, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
#else
    return 0;
#endif
}
