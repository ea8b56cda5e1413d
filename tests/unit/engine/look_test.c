/* A look before a write counts while it is fresh: what waited, or was not sent for another reason,
 * is looked for again. */
#include "run_parts.h"

/* Looks for what it writes right before, as http.write does with look_first. */
static void look_and_write(struct script_call *c)
{
    static const char write[] = "{\"connection\":\"books\",\"find\":true,\"looked\":%u,"
                                "\"method\":\"POST\",\"op\":\"http\",\"path\":\"/products\","
                                "\"write\":true}";
    char spec[200];
    bool wrote = c->seq > 0 && c->seq % 2 == 0;
    snprintf(spec, sizeof spec, write, c->seq);
    if (c->seq == 0 || (wrote && strstr(c->meta, "\"look\":true")))
        fake_step(c, READ, "");
    else if (wrote)
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
    else
        fake_step(c, spec, "{}");
}

static void fail_writes(const struct fake_sent *q, int n, struct http_out_result *r)
{
    if (strncmp(q->line, "POST", 4) == 0)
        fail_some(q, n, r);
}

static void what_could_not_be_sent_is_looked_for_again(void **state)
{
    struct world *w = *state;
    fake.run = look_and_write;
    fail_always(w);
    net.serve = fail_writes;
    failures = 2;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 10;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 3);
    assert_int_equal(net_count("GET"), 3);
    assert_int_equal(strncmp(net.sent[net.n - 2].line, "GET", 3), 0);
}

static void looking_again_does_not_count_the_tries_anew(void **state)
{
    struct world *w = *state;
    fake.run = look_and_write;
    fail_always(w);
    net.serve = fail_writes;
    w->settings.retry_attempts = 4;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 300;
    world_start(w);
    world_inject(w, "1");
    until_parked(w, 1);
    restart(w);
    until_parked(w, 2);
    restart(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_int_equal(net_count("POST"), 4);
    assert_non_null(strstr(w->seen.reason, "4 tries since 20"));
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(what_could_not_be_sent_is_looked_for_again),
        RUN_TEST(looking_again_does_not_count_the_tries_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
