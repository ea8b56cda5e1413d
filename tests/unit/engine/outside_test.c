/* What the outside says: tokens, Retry-After, statuses; and what a connection is allowed. */
#include "test.h"

#include <string.h>
#include "channel.h"
#include "clock.h"
#include "delivery.h"
#include "limit.h"
#include "mem.h"
#include "grant.h"
#include "resolver.h"
#include "retry.h"

static void reads_retry_after(void **state)
{
    int64_t cap = 3600000;
    struct str date = STR_LIT("Fri, 20 Nov 2026 09:15:00 GMT");
    assert_int_equal(retry_after_ms(STR_LIT("7"), date, cap), 7000);
    assert_int_equal(retry_after_ms(STR_LIT(" 0 "), date, cap), 0);
    assert_int_equal(retry_after_ms(STR_LIT("1000000000"), date, cap), cap);
    assert_int_equal(retry_after_ms(STR_LIT("99999999999999999999999"), date, cap), cap);
    assert_int_equal(retry_after_ms(STR_LIT("Fri, 20 Nov 2026 09:15:30 GMT"), date, cap), 30000);
    assert_int_equal(retry_after_ms(STR_LIT("Fri, 20 Nov 2026 09:00:00 GMT"), date, cap), 0);
    assert_int_equal(retry_after_ms(STR_LIT("Fri, 20 Nov 2027 09:00:00 GMT"), date, cap), cap);
    assert_int_equal(retry_after_ms(STR_LIT("soon"), date, cap), -1);
    assert_int_equal(retry_after_ms(STR_LIT("-5"), date, cap), -1);
    assert_int_equal(retry_after_ms(STR_NONE, date, cap), -1);
    /* Without a Date our own clock counts. */
    assert_int_equal(retry_after_ms(STR_LIT("Fri, 20 Nov 1998 09:00:00 GMT"), STR_NONE, cap), 0);
    assert_int_equal(retry_after_ms(STR_LIT("Fri, 20 Nov 2099 09:00:00 GMT"), STR_NONE, cap), cap);
    assert_int_equal(
        retry_after_ms(STR_LIT("Fri, 20 Nov 1998 09:00:00 GMT"), STR_LIT("yesterday"), cap), 0);
}

static void judges_statuses(void **state)
{
    assert_int_equal(retry_judge(200, true), RETRY_DONE);
    assert_int_equal(retry_judge(404, false), RETRY_DONE);
    assert_int_equal(retry_judge(401, true), RETRY_TOKEN);
    assert_int_equal(retry_judge(429, true), RETRY_LATER);
    assert_int_equal(retry_judge(503, false), RETRY_LATER);
    assert_int_equal(retry_judge(500, true), RETRY_UNKNOWN);
    assert_int_equal(retry_judge(503, true), RETRY_UNKNOWN);
    assert_int_equal(retry_judge(501, false), RETRY_DONE);
}

static int64_t lifetime(const char *json)
{
    struct token_answer a;
    struct err e = {0};
    if (token_answer_parse(str_of(json), &a, &e) < 0)
        return -1;
    int64_t ms = a.life_ms;
    assert_string_equal(a.access, "abc");
    token_answer_free(&a);
    return ms;
}

static void reads_token_answers(void **state)
{
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"expires_in\":3600}"), 3600000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"expires_in\":\"3600\"}"), 3600000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\"}"), 300000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"expires_in\":0}"), 300000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"expires_in\":-1}"), 300000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"expires_in\":1e18}"), 86400000);
    assert_int_equal(lifetime("{\"access_token\":\"\"}"), -1);
    assert_int_equal(lifetime("{\"access_token\":5}"), -1);
    assert_int_equal(lifetime("{\"access_token\":\"a\\r\\nX: y\"}"), -1);
    assert_int_equal(lifetime("{\"error\":\"invalid_client\"}"), -1);
    assert_int_equal(lifetime("<html>"), -1);
    assert_int_equal(
        lifetime("{\"access_token\":\"abc\",\"token_type\":\"bearer\",\"expires_in\":1}"), 1000);
    assert_int_equal(lifetime("{\"access_token\":\"abc\",\"token_type\":\"DPoP\"}"), -1);
    struct token_answer a;
    struct err e = {0};
    assert_int_equal(token_answer_parse(STR_LIT(" \n<html>"), &a, &e), -1);
    assert_non_null(strstr(e.text, "is a web page: is the connection's url right?"));
    const char *both = "{\"access_token\":\"abc\",\"refresh_token\":\"r 1\"}";
    assert_int_equal(token_answer_parse(str_of(both), &a, NULL), 0);
    assert_null(a.refresh); /* a refresh token that no form can hold is none */
    token_answer_free(&a);
    static const struct {
        const char *json;
        int64_t ms;
    } lasting[] = {{"{\"access_token\":\"abc\"}", GRANT_LASTS},
        {"{\"access_token\":\"abc\",\"expires_in\":5184000}", 5184000000},
        {"{\"access_token\":\"abc\",\"expires_in\":0}", GRANT_LASTS},
        {"{\"access_token\":\"abc\",\"expires_in\":1e18}", GRANT_LASTS}};
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        assert_int_equal(token_answer_parse(str_of(lasting[i].json), &a, NULL), 0);
        assert_int_equal(a.lasts_ms, lasting[i].ms);
        token_answer_free(&a);
    }
}

static void knows_who_is_meant_by_a_refusal(void **state)
{
    assert_true(token_grant_gone(STR_LIT("{\"error\":\"invalid_grant\"}")));
    assert_true(token_grant_gone(STR_LIT("{\"error\":\"Bad_Refresh_Token\"}")));
    assert_true(token_grant_gone(STR_LIT("{\"status\":\"BAD_REFRESH_TOKEN\"}")));
    assert_true(token_grant_gone(STR_LIT("{\"message\":\"Refresh Token is unknown\"}")));
    assert_false(token_grant_gone(
        STR_LIT("{\"error\":\"invalid_client\",\"error_description\":\"no refresh token\"}")));
    assert_false(token_grant_gone(STR_LIT("{\"status\":400}")));
    assert_false(token_grant_gone(STR_LIT("<html>refresh token")));
    assert_false(token_grant_gone(STR_NONE));
}

static void finds_the_words_of_a_refusal(void **state)
{
    char words[100];
    token_problem(STR_LIT("{\"error\":\"invalid_client\"}"), words, sizeof words);
    assert_string_equal(words, "invalid_client");
    token_problem(STR_LIT("{\"error\":\"x\",\"error_description\":\"why\"}"), words, sizeof words);
    assert_string_equal(words, "why");
    token_problem(
        STR_LIT("{\"errors\":[{\"status\":401,\"message\":\"no\"}]}"), words, sizeof words);
    assert_string_equal(words, "no");
    token_problem(STR_LIT("<html>"), words, sizeof words);
    assert_string_equal(words, "");
}

/* What a server sees that counts in windows: how many are the most within one. */
static int most_within(const int64_t *at, int n, int64_t window_us)
{
    int most = 0;
    for (int first = 0, last = 0; last < n; last++) {
        while (at[last] - at[first] >= window_us)
            first++;
        if (last - first + 1 > most)
            most = last - first + 1;
    }
    return most;
}

/* Rests, and floods of whoever takes what is to be had as soon as it is. */
static void a_window_never_has_more_than_the_rate(void **state)
{
    static const struct {
        double rate;
        int64_t window_us;
        int most;
    } cases[] = {{20, 1000000, 20}, {19, 10000000, 190}, {10, 2000000, 20}, {5, 60000000, 300},
        {1, 1000000, 1}, {0.5, 2000000, 1}, {1000, 1000000, 1000}, {2.5, 2000000, 5}};
    enum { N = 4000 };
    static int64_t at[N];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct limiter l;
        int64_t now = 123456789, busy_us = 0;
        limiter_init(&l, cases[i].rate);
        for (int n = 0; n < N; n++) {
            if (n % 977 == 500)
                now += (int64_t)(n % 13) * 700000;
            for (int64_t wait; (wait = limiter_take(&l, now)) > 0; now += wait)
                busy_us += wait;
            at[n] = now;
        }
        int most = most_within(at, N, cases[i].window_us);
        assert_true(most <= cases[i].most && most >= cases[i].most * .97);
        /* Who floods has nearly all of it. */
        assert_true((double)busy_us / 1e6 * cases[i].rate < N * 1.03);
    }
}

static void another_rate_counts_what_was_taken(void **state)
{
    struct limiter l;
    int64_t now = 5000000;
    limiter_init(&l, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(limiter_take(&l, now), 0);
    assert_true(limiter_take(&l, now) > 0);
    limiter_set_rate(&l, 12, now);
    assert_int_equal(limiter_take(&l, now), 0);
    assert_int_equal(limiter_take(&l, now), 0);
    int64_t wait = limiter_take(&l, now);
    assert_true(wait >= 1000000 && wait <= 1020000);
    limiter_set_rate(&l, 0, now);
    assert_int_equal(limiter_take(&l, now), 0);
    limiter_set_rate(&l, 0.001, now);
    assert_int_equal(limiter_take(&l, now), 0);
    assert_true(limiter_take(&l, now) >= 1000000000);
}

static void breaks_and_probes(void **state)
{
    struct breaker b;
    int64_t now = 1000;
    breaker_init(&b, 3, 5000, 12000);
    assert_false(breaker_failed(&b, now));
    assert_false(breaker_failed(&b, now));
    assert_int_equal(breaker_ask(&b, now), 0);
    assert_true(breaker_failed(&b, now));
    assert_int_equal(breaker_ask(&b, now), 5000);
    now += 5000;
    assert_int_equal(breaker_ask(&b, now), 0); /* one probe */
    assert_true(breaker_ask(&b, now) > 0);     /* the others wait for it */
    assert_true(breaker_failed(&b, now));
    assert_int_equal(breaker_ask(&b, now), 10000);
    now += 10000;
    assert_int_equal(breaker_ask(&b, now), 0);
    assert_true(breaker_failed(&b, now));
    assert_int_equal(breaker_ask(&b, now), 12000); /* capped */
    now += 12000;
    assert_int_equal(breaker_ask(&b, now), 0);
    breaker_succeeded(&b);
    assert_int_equal(breaker_ask(&b, now), 0);
    assert_int_equal(breaker_ask(&b, now), 0);
    assert_false(breaker_failed(&b, now));
}

static void reads_looks(void **state)
{
    static const struct {
        const char *text;
        int n;
        int64_t last;
    } cases[] = {{"none", 0, 0}, {"5m", 1, 300000}, {"5m, 15m,1h", 3, 3600000}, {"0,0", 2, 0},
        {"", 0, 0}, {"5m,1m", -1, 0}, {"5", 1, 5000}, {"soon", -1, 0}, {"1m,", 1, 60000},
        {"9d", -1, 0}, {"1,1,1,1,1,1,1,1,1", -1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct looks l;
        struct err e = {0};
        int rc = looks_parse(str_of(cases[i].text), &l, &e);
        assert_int_equal(rc, cases[i].n < 0 ? -1 : 0);
        if (rc < 0) {
            assert_true(e.text[0] != '\0');
            continue;
        }
        assert_int_equal(l.n, cases[i].n);
        assert_int_equal(l.n ? l.ms[l.n - 1] : 0, cases[i].last);
    }
    struct looks l = looks_default(120000);
    assert_int_equal(l.ms[0], 300000);
    assert_int_equal(l.ms[1], 900000);
    assert_int_equal(l.ms[2], 3600000);
}

static void finds_texts_of_deliveries(void **state)
{
    static const char json[] = "{\"a\":{\"x\":[1,{\"id\":9}],\"id\":\"e\\u00e4\"},\"n\":12,"
                               "\"f\":1.50,\"b\":true,\"o\":{}}";
    static const struct {
        const char *path, *text;
    } cases[] = {{"a.id", "e\xc3\xa4"}, {"n", "12"}, {"f", "1.50"}, {"b", ""}, {"o", ""}, {"a", ""},
        {"a.x", ""}, {"n.x", ""}, {"missing", ""}, {"", ""}};
    char type[DELIVERY_TEXT], id[DELIVERY_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            delivery_read(STR_LIT(json), cases[i].path, type, cases[0].path, id, NULL), 0);
        assert_string_equal(type, cases[i].text);
        assert_string_equal(id, cases[0].text);
    }
    static const char *const elsewhere[] = {"[1]", "[{\"a\":1}]",
        "{\"b\":{\"a\":1},\"c\":[{\"a\":1}]}", "{\"a\":[\"b\",{\"b\":1}]}", "\"a\"",
        "{\"c\":{},\"d\":{\"a\":{\"b\":1}}}"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        assert_int_equal(delivery_read(str_of(elsewhere[i]), "a", type, "a.b", id, NULL), 0);
        assert_string_equal(type, "");
        assert_string_equal(id, "");
    }
    assert_int_equal(delivery_read(STR_LIT("{\"a\":1,\"a\":2}"), "a", type, "", id, NULL), -1);
    assert_int_equal(delivery_read(STR_LIT("{\"a\":1} x"), "a", type, "", id, NULL), -1);
}

static void finds_delivery_ids(void **state)
{
    struct http_header h[] = {
        {STR_LIT("webhook-id"), STR_LIT("w1")}, {STR_LIT("x-event-id"), STR_LIT(" x1 ")}};
    char out[DELIVERY_TEXT] = "evt", type[DELIVERY_TEXT], longer[500];
    struct err e = {0};
    delivery_id(h, 2, "X-Own", out);
    assert_string_equal(out, "evt");
    out[0] = '\0';
    delivery_id(h, 2, "", out);
    assert_string_equal(out, "x1");
    out[0] = '\0';
    delivery_id(h, 1, "", out);
    assert_string_equal(out, "w1");
    out[0] = '\0';
    delivery_id(NULL, 0, "", out);
    assert_string_equal(out, "");
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "{\"id\":\"", 7);
    memcpy(longer + 497, "\"}", 3);
    assert_int_equal(delivery_read(str_of(longer), "", type, "id", out, &e), 0);
    assert_int_equal(strlen(out), 32); /* its hash */
    assert_int_equal(delivery_read(str_of(longer), "id", type, "", out, &e), -1);
}

static void allows_variables_by_pattern(void **state)
{
    assert_true(resolver_env_allowed(NULL, "PROCOUNTOR_URL"));
    assert_false(resolver_env_allowed(NULL, "HOME"));
    assert_false(resolver_env_allowed(NULL, "MY_URL_2"));
    assert_true(resolver_env_allowed("SHOP_*, *_URL", "SHOP_KEY"));
    assert_true(resolver_env_allowed("A*B*C", "AxxBC"));
    assert_false(resolver_env_allowed("A*B*C", "AxxCB"));
    assert_false(resolver_env_allowed("", "X_URL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_retry_after),
        cmocka_unit_test(judges_statuses),
        cmocka_unit_test(reads_token_answers),
        cmocka_unit_test(finds_the_words_of_a_refusal),
        cmocka_unit_test(knows_who_is_meant_by_a_refusal),
        cmocka_unit_test(a_window_never_has_more_than_the_rate),
        cmocka_unit_test(another_rate_counts_what_was_taken),
        cmocka_unit_test(breaks_and_probes),
        cmocka_unit_test(reads_looks),
        cmocka_unit_test(finds_texts_of_deliveries),
        cmocka_unit_test(finds_delivery_ids),
        cmocka_unit_test(allows_variables_by_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
