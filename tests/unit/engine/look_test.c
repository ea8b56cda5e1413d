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

/* As http.write does where nothing was found: only a person's word lets it be sent again. */
static void write_again_if_granted(struct script_call *c)
{
    static const char settle[] = "{\"of\":%u,\"op\":\"settle\"}";
    static const char again[] = "{\"attempt\":2,\"connection\":\"books\",\"method\":\"POST\","
                                "\"op\":\"http\",\"path\":\"/items\",\"write\":true}";
    char spec[60];
    bool granted = c->seq > 0 && strstr(c->meta, "\"granted\":true") != NULL;
    snprintf(spec, sizeof spec, settle, c->seq);
    if (c->seq == 0)
        fake_step(c, WRITE, "{}");
    else if (c->seq % 2 == 1)
        fake_step(c, spec, "");
    else if (granted)
        fake_step(c, again, "{}");
    else
        fake_end(c, SCRIPT_ATTENTION, "{\"reason\":\"not found\"}", false);
}

static void a_persons_word_is_for_what_was_lost_before_it(void **state)
{
    struct world *w = *state;
    char run[64];
    fake.run = write_again_if_granted;
    net.serve = lose_writes;
    world_start(w);
    world_inject(w, "1");
    for (int posts = 1; posts <= 3; posts++) {
        while (w->seen.runs_over < posts)
            world_wait(w, 2);
        assert_string_equal(w->seen.state, "attention");
        assert_int_equal(net_count("POST"), posts);
        snprintf(run, sizeof run, "%s", w->seen.run);
        if (posts < 3)
            let_go_on(w, run);
    }
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(what_could_not_be_sent_is_looked_for_again),
        RUN_TEST(looking_again_does_not_count_the_tries_anew),
        RUN_TEST(a_persons_word_is_for_what_was_lost_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
