/* Deliveries at the door: who is let in, what is answered, and what a token is for. */
#include "world.h"

static void return_meta(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, "{\"connection\":\"grant\",\"op\":\"http\",\"path\":\"/me\"}", "");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

static void write_blind(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c,
            "{\"connection\":\"books\",\"method\":\"POST\",\"op\":\"http\",\"path\":\"/x\","
            "\"write\":true}",
            " {\"a\":1.50}");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

static void return_one(struct script_call *c)
{
    fake_end(c, SCRIPT_RETURNED, "1", false);
}

static int post(struct world *w, const char *company, const char *connection, const char *secret,
    const char *body)
{
    struct http_header h[] = {{STR_LIT("X-Webhook-Secret"), str_of(secret)},
        {STR_LIT("Content-Type"), STR_LIT("application/json")}};
    w->replied = false;
    struct engine_delivery d = {.company = company,
        .connection = connection,
        .headers = h,
        .nheaders = 2,
        .body = str_of(body)};
    engine_ingest(w->engine, &d, world_replied, w);
    for (int i = 0; !w->replied && i < 1000; i++)
        world_wait(w, 1);
    assert_true(w->replied);
    return w->reply.status;
}

static void note_books(void *arg, const struct store_books *b, const struct err *e)
{
    assert_null(e);
    *(struct store_books *)arg = *b;
}

static void the_door(void **state)
{
    struct world *w = *state;
    char first[64];
    fake.run = return_one;
    world_start(w);
    w->want = 1000;
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{\"type\":\"a\",\"id\":1}"), 202);
    snprintf(first, sizeof first, "%s", w->reply_event);
    assert_true(strncmp(w->reply_json, "{\"event\":\"evt_", 14) == 0);
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{\"type\":\"a\",\"id\":1}"), 200);
    assert_string_equal(w->reply_event, first);
    assert_non_null(strstr(w->reply_json, ",\"duplicate\":true}"));
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{\"type\":\"b\",\"id\":1}"), 409);
    assert_int_equal(post(w, "acme", "shop", "wrong", "{\"type\":\"a\",\"id\":2}"), 401);
    assert_int_equal(post(w, "acme", "shop", "wrong", "not json"), 401);
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{\"type\":\"a\""), 400);
    assert_non_null(strstr(w->reply_json, "line 1"));
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{\"a\":1,\"a\":2}"), 400);
    assert_int_equal(post(w, "acme", "shop", "test-shop", ""), 400);
    assert_int_equal(post(w, "acme", "books", "test-shop", "{}"), 404);
    assert_int_equal(post(w, "acme", "none", "test-shop", "{}"), 404);
    assert_int_equal(post(w, "other", "shop", "test-shop", "{}"), 404);
    assert_int_equal(post(w, "acme", "open", "whatever", "{}"), 202);
    struct engine_stats s;
    engine_stats(w->engine, &s);
    assert_int_equal(s.received, 2);
    /* The last one, which no rule is for, was skipped without asking a script. */
    struct store_books b = {0};
    store_load_books(w->store, "acme", note_books, &b);
    for (int i = 0; !b.received && i < 1000; i++)
        world_wait(w, 1);
    assert_int_equal(b.received, 2);
    assert_int_equal(b.skipped, 1);
    assert_int_equal(s.duplicates, 1);
    assert_int_equal(s.unauthenticated, 2);
}

static void draining_shuts_the_door(void **state)
{
    struct world *w = *state;
    world_start(w);
    assert_true(engine_ready(w->engine));
    engine_drain(w->engine, 100, NULL, NULL);
    assert_false(engine_ready(w->engine));
    assert_int_equal(post(w, "acme", "shop", "test-shop", "{}"), 503);
    assert_int_equal(w->reply.retry_after, 5);
}

/* ---- tokens ---- */

static int tokens, good_token, token_status;
static void serve_grant(const struct fake_sent *q, int n, struct http_out_result *r)
{
    static char token[80];
    char want[80];
    if (strstr(q->line, "/oauth/token")) {
        r->status = token_status;
        snprintf(token, sizeof token, "{\"access_token\":\"t%d\",\"expires_in\":3600}", ++tokens);
        r->body = str_of(token_status == 200 ? token : "{\"error\":\"invalid_client\"}");
        return;
    }
    snprintf(want, sizeof want, "Bearer t%d", good_token);
    if (strcmp(q->authorization, want) != 0)
        r->status = 401;
    else
        r->body = STR_LIT("{\"me\":1}");
}

static void one_token_serves_all(void **state)
{
    struct world *w = *state;
    fake.run = return_meta;
    net.serve = serve_grant;
    tokens = 0;
    good_token = 1;
    token_status = 200;
    world_start(w);
    for (int i = 0; i < 5; i++)
        world_inject(w, "1");
    world_until_over(w, 5);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(tokens, 1);
    assert_string_equal(net.sent[0].line, "POST http://grant/oauth/token");
    assert_string_equal(net.sent[0].body, "client_id=a%20b&client_secret=test-s");
    assert_int_equal(net_count("GET http://grant/me"), 5);
    /* Refused: one new token, and the request again. */
    good_token = 2;
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"me\":1}");
    assert_int_equal(tokens, 2);
    assert_int_equal(net_count("GET http://grant/me"), 7);
    /* Refused again with the new one: that is an answer. */
    good_token = 99;
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_int_equal(tokens, 3);
    assert_int_equal(net_count("GET http://grant/me"), 9);
}

static void refused_credentials_ask_a_person(void **state)
{
    struct world *w = *state;
    fake.run = return_meta;
    net.serve = serve_grant;
    token_status = 401;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(
        strstr(w->seen.reason, "the credentials of connection grant were refused: invalid_client"));
    assert_int_equal(net.n, 1);
    /* A token endpoint that is down heals by itself. */
    token_status = 503;
    world_inject(w, "1");
    world_inject(w, "1");
    world_until_over(w, 2);
    assert_string_equal(w->seen.state, "attention");
}

static void a_dry_run_writes_nothing(void **state)
{
    struct world *w = *state;
    w->settings.dry_run = true;
    fake.run = write_blind;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"id\":0,\"a\":1.50}");
    assert_string_equal(w->seen.steps, "1 dry, ");
    assert_int_equal(net.n, 0);
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(the_door),
        RUN_TEST(draining_shuts_the_door),
        RUN_TEST(one_token_serves_all),
        RUN_TEST(refused_credentials_ask_a_person),
        RUN_TEST(a_dry_run_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
