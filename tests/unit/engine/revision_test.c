/* A run whose rule begins anew after its data was changed: what it did outside is not done twice.
 */
#include "act.h"
#include "run_parts.h"

static const char *written; /* what the rule writes in this pass */

static const char *spec = WRITE, *spec_then = WRITE; /* how it writes in the first pass, and then */

/* Writes, then fails in its first pass. */
static void write_then_fail(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, fake.runs == 1 ? spec : spec_then, written);
    else if (fake.runs == 1)
        fake_end(c, SCRIPT_ERROR, "{\"message\":\"a bug\",\"where\":\"rules/r.lua:3\"}", false);
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

/* Reads what is there before it writes, in its second pass. */
static void look_in_the_second(struct script_call *c)
{
    if (fake.runs > 1 && c->seq == 0)
        fake_step(c, READ, "");
    else if (fake.runs > 1 && c->seq == 1)
        fake_step(c, WRITE, written);
    else
        write_then_fail(c);
}

static void find_seven(const struct fake_sent *q, int n, struct http_out_result *r)
{
    r->body = strncmp(q->line, "POST", 4) == 0 ? STR_LIT("{\"id\":7}") : STR_LIT("[{\"id\":7}]");
}

static void acted(void *arg, const struct err *e)
{
    if (e)
        fail_msg("%s", e->text);
}

/* The first pass writes {"a":1} and fails; the second, with other data, writes `then`. */
static void begin_anew(struct world *w, const char *then, const uint32_t *again)
{
    char run[64];
    written = "{\"a\":1}";
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "failed");
    assert_int_equal(net_count("POST"), 1);
    written = then;
    snprintf(run, sizeof run, "%s", w->seen.run);
    struct engine_act a = {.run = run,
        .action = ENGINE_RETRY,
        .by = "anna",
        .reason = "corrected",
        .from = -1,
        .again = again,
        .nagain = again != NULL,
        .data = STR_LIT("2")};
    engine_act(w->engine, &a, acted, w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.run, run);
}

static void the_same_write_counts_as_done(void **state)
{
    struct world *w = *state;
    fake.run = write_then_fail;
    net.serve = serve_well;
    begin_anew(w, "{\"a\":1}", NULL);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 1);
}

static void another_one_in_its_place_is_a_persons_to_allow(void **state)
{
    struct world *w = *state;
    fake.run = write_then_fail;
    net.serve = serve_well;
    begin_anew(w, "{\"a\":2}", NULL);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason, "--again 1"));
    assert_int_equal(net_count("POST"), 1);
}

static void allowed_it_is_written(void **state)
{
    struct world *w = *state;
    uint32_t first = 1;
    fake.run = write_then_fail;
    net.serve = serve_well;
    begin_anew(w, "{\"a\":2}", &first);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("POST"), 2);
}

/* What the rule made stands in what it read: it knows of it, and what it writes now is something
 * else. */
static void what_was_found_is_not_in_doubt(void **state)
{
    struct world *w = *state;
    fake.run = look_in_the_second;
    net.serve = find_seven;
    begin_anew(w, "{\"a\":2}", NULL);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("POST"), 2);
}

#define UPDATE(basis)                                                                              \
    "{\"basis\":\"" basis "\",\"connection\":\"books\",\"method\":\"POST\",\"op\":\"http\","       \
    "\"path\":\"/items\",\"write\":true}"

static void update_again(struct world *w, const char *then, int sent)
{
    spec = UPDATE("read at one");
    spec_then = then;
    fake.run = write_then_fail;
    net.serve = serve_well;
    begin_anew(w, "{\"a\":1}", NULL);
    spec = spec_then = WRITE;
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("POST"), sent);
}

/* What it goes out from changed: it was undone meanwhile, or the record is another one by now. */
static void an_update_from_another_basis_is_another(void **state)
{
    update_again(*state, UPDATE("read at two"), 2);
}

static void an_update_from_the_same_basis_counts_as_done(void **state)
{
    update_again(*state, UPDATE("read at one"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same_write_counts_as_done),
        TEST(another_one_in_its_place_is_a_persons_to_allow),
        TEST(allowed_it_is_written),
        TEST(what_was_found_is_not_in_doubt),
        TEST(an_update_from_another_basis_is_another),
        TEST(an_update_from_the_same_basis_counts_as_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
