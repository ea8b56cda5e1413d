/* The HTTP client against a real server that breaks at each phase: what is said of the outcome,
 * and that no write is carried out twice. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "io/http_out_served.h"

static struct http_out_request request(
    struct served *f, const char *method, const char *path, const char *body, bool write)
{
    return (struct http_out_request){.method = method,
        .url = served_url(f, path),
        .body = str_of(body),
        .write = write,
        .timeout_ms = 60000,
        .max_body = 100000};
}

static struct run *exchange(
    struct served *f, const char *method, const char *path, const char *body, bool write)
{
    struct http_out_request r = request(f, method, path, body, write);
    run_request(&f->run, &r);
    return &f->run;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answers_come_whole(void **state)
{
    struct served *f = *state;
    struct run *r = exchange(f, "POST", "/echo", "hello", true);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "hello");
    assert_string_equal(r->problem, "");
    r = exchange(f, "GET", "/headers", NULL, false);
    assert_string_equal(r->headers, "Content-Length: 0\nX-One: 1\nx-two: two words\nX-Empty: \n");
    r = exchange(f, "GET", "/early", NULL, false);
    assert_int_equal(r->status, 201);
    assert_string_equal(r->body, "ok");
    assert_string_equal(r->headers, "Content-Length: 2\n");
    r = exchange(f, "GET", "/error", NULL, false);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_int_equal(r->status, 503);
    r = exchange(f, "GET", "/trailer", NULL, false);
    assert_string_equal(r->body, "hello");
    assert_string_equal(r->headers, "Transfer-Encoding: chunked\n");
    r = exchange(f, "HEAD", "/echo", NULL, false);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_int_equal(r->nbody, 0);
    /* All of that over one connection. */
    assert_int_equal(atomic_load(&f->server.connections), 1);
}

static void every_method_is_sent_as_named(void **state)
{
    static const char *const methods[] = {
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X-Y"};
    struct served *f = *state;
    for (int write = 0; write < 2; write++) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            char start[64];
            snprintf(start, sizeof(start), "%s /head HTTP/1.1\r\n", methods[i]);
            struct run *r = exchange(f, methods[i], "/head", NULL, write);
            assert_int_equal(strncmp(r->body, start, strlen(start)), 0);
            bool has_length = strstr(r->body, "\r\nContent-Length: 0\r\n") != NULL;
            assert_int_equal(has_length, methods[i][0] == 'P');
            r = exchange(f, methods[i], "/head", "12345", write);
            assert_int_equal(strncmp(r->body, start, strlen(start)), 0);
            assert_non_null(strstr(r->body, "\r\nContent-Length: 5\r\n"));
        }
    }
}

static void nothing_is_added_to_a_request(void **state)
{
    struct served *f = *state;
    struct http_header headers[] = {
        {STR_LIT("X-Key"), STR_LIT("  abc  ")}, {STR_LIT("X-None"), STR_LIT("")}};
    size_t big = (size_t)2 << 20; /* libcurl would announce so much with Expect */
    char *body = calloc(1, big);
    struct http_out_request r = request(f, "POST", "/head", NULL, true);
    r.headers = headers;
    r.nheaders = 2;
    r.body = (struct str){body, big};
    run_request(&f->run, &r);
    free(body);
    char expected[400];
    snprintf(expected, sizeof(expected),
        "POST /head HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nUser-Agent: sauma\r\n"
        "Accept-Encoding: gzip\r\nX-Key: abc\r\nX-None:\r\nContent-Length: 2097152\r\n\r\n",
        f->server.port);
    assert_string_equal(f->run.body, expected);
}

/* One handle of libcurl serves all of these, and keeps options between them. */
static void nothing_of_a_request_is_left_for_the_next(void **state)
{
    struct served *f = *state;
    char plain[300], keyed[300];
    int port = f->server.port;
    snprintf(plain, sizeof(plain),
        "GET /head HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nUser-Agent: sauma\r\n"
        "Accept-Encoding: gzip\r\n\r\n",
        port);
    snprintf(keyed, sizeof(keyed),
        "GET /head HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept-Encoding: gzip\r\n"
        "accept: a/b\r\nuser-agent: own\r\n\r\n",
        port);
    struct http_header headers[] = {
        {STR_LIT("accept"), STR_LIT("a/b")}, {STR_LIT("user-agent"), STR_LIT("own")}};
    static const struct {
        const char *method, *body;
        bool write;
    } between[] = {{"GET", NULL, false}, {"POST", "12345", true}, {"POST", "12345", false},
        {"PUT", NULL, true}, {"HEAD", NULL, false}, {"X-Y", "1", true}, {"GET", "1", false},
        {"DELETE", NULL, true}, {"GET", NULL, true}};
    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
        struct http_out_request r = request(f, "GET", "/head", NULL, false);
        r.headers = headers;
        r.nheaders = 2;
        run_request(&f->run, &r);
        assert_string_equal(f->run.body, keyed);
        exchange(f, "GET", "/head", NULL, false);
        assert_string_equal(f->run.body, plain);
        exchange(f, between[i].method, "/echo", between[i].body, between[i].write);
        assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
        exchange(f, "GET", "/head", NULL, false);
        assert_string_equal(f->run.body, plain);
    }
    /* Nor how long it may take. */
    struct http_out_request r = request(f, "GET", "/silent", NULL, false);
    r.timeout_ms = 100;
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
    exchange(f, "GET", "/head", NULL, false);
    assert_string_equal(f->run.body, plain);
}

/* A client that has been elsewhere at the same server sends what a new one sends. */
static void an_address_is_sent_the_same_each_time(void **state)
{
    static const char *const paths[] = {"", "/", "/a", "/a?b=c", "/a", "?q=1", "/a/b.c?d=e&f=g,h",
        "/a/../b", "/a/./b?c=/../d", "/.a", "/a?", "/a?b?c", "/a%2Fb%c3%a4?d=%2f%2F", "/a#part",
        "/a?b#part", "/(a)+b!*'$@", "/\xc3\xa4?\xc3\xa4", "/a//b", "//a", "/a/b/..", "/a;b:c~d",
        "/a"};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct run fresh;
        char text[200];
        run_open(&fresh, NULL);
        struct http_out_request r = request(f, "GET", "", NULL, false);
        snprintf(text, sizeof(text), "http://127.0.0.1:%d%s", f->server.port, paths[i]);
        r.url = text;
        r.headers = &(struct http_header){STR_LIT("X-Echo-Head"), STR_LIT("1")};
        r.nheaders = 1;
        run_request(&fresh, &r);
        run_request(&f->run, &r);
        assert_int_equal(fresh.outcome, HTTP_OUT_ANSWERED);
        assert_string_equal(f->run.body, fresh.body);
        if (strcmp(paths[i], "/a?b=c") == 0)
            assert_int_equal(strncmp(fresh.body, "GET /a?b=c HTTP/1.1\r\n", 21), 0);
        run_close(&fresh);
    }
    assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
}

static void redirects_are_answers(void **state)
{
    struct served *f = *state;
    struct run *r = exchange(f, "POST", "/redirect", "x", true);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_int_equal(r->status, 307);
    assert_int_equal(atomic_load(&f->server.executed), 1);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void answers_are_inflated_within_the_limit(void **state)
{
    struct served *f = *state;
    struct run *r = exchange(f, "GET", "/gzip", NULL, false);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_string_equal(r->body, "inflated");
    static const char *const big[] = {"/bomb", "/endless"};
    for (int write = 0; write < 2; write++) {
        for (size_t i = 0; i < 2; i++) {
            r = exchange(f, "POST", big[i], "x", write);
            assert_int_equal(r->outcome, HTTP_OUT_UNKNOWN);
            assert_int_equal(r->status, 200);
            assert_non_null(strstr(r->problem, "longer than the limit of 100000 bytes"));
        }
    }
    r = exchange(f, "GET", "/many-headers", NULL, false);
    assert_int_equal(r->outcome, HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(r->problem, "headers of the answer are over the limit"));
}

static void the_limit_is_exact(void **state)
{
    struct served *f = *state;
    struct http_out_request r = request(f, "POST", "/echo", "12345", true);
    r.max_body = 5;
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
    r.max_body = 4;
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
    r = request(f, "HEAD", "/echo", NULL, false);
    r.max_body = 0;
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
}

static void silence_ends_at_the_timeout(void **state)
{
    struct served *f = *state;
    for (int write = 0; write < 2; write++) {
        struct http_out_request r = request(f, "POST", "/silent", "x", write);
        r.timeout_ms = 100;
        run_request(&f->run, &r);
        assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
        assert_non_null(strstr(f->run.problem, "no whole answer in time"));
    }
    assert_int_equal(atomic_load(&f->server.executed), 2);
}

/* ---- half answers ---------------------------------------------------------------------------- */

static void half_answers_are_unknown(void **state)
{
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        for (int write = 0; write < 2; write++) {
            for (int body = 0; body < 2; body++) {
                int before = atomic_load(&f->server.executed);
                struct run *r = exchange(f, "POST", cuts[i].path, body ? "x" : NULL, write);
                if (r->outcome != HTTP_OUT_UNKNOWN)
                    fail_msg("%s: outcome %d", cuts[i].path, r->outcome);
                assert_false(r->permanent);
                assert_true(strlen(r->problem) > 20);
                assert_int_equal(atomic_load(&f->server.executed), before + 1);
            }
        }
    }
    struct run *r = exchange(f, "PUT", "/reset", "x", true);
    assert_int_equal(r->outcome, HTTP_OUT_UNKNOWN);
}

/* ---- writes are sent once -------------------------------------------------------------------- */

/* A connection that was used and that the server closes as soon as the next request is in, having
 * carried that out: libcurl would send it again on a new connection. */
static void a_write_is_not_sent_again(void **state)
{
    static const struct {
        const char *method, *body;
        bool reuses;
    } writes[] = {{"POST", "{\"invoice\":1}", true}, {"PUT", "x", true}, {"POST", NULL, false},
        {"DELETE", NULL, false}, {"DELETE", "x", true}, {"PATCH", "x", true}, {"GET", NULL, false}};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        exchange(f, "GET", "/echo", NULL, false); /* leaves a connection to be used again */
        int executed = atomic_load(&f->server.executed);
        struct run *r = exchange(f, writes[i].method, "/dies-when-reused", writes[i].body, true);
        assert_int_equal(atomic_load(&f->server.executed), executed + 1);
        if (writes[i].reuses) {
            assert_int_equal(r->outcome, HTTP_OUT_UNKNOWN);
            assert_non_null(strstr(r->problem, "a write is not sent a second time"));
        } else { /* had a connection of its own, else the server would not have answered */
            assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
        }
    }
}

/* The same case for reads shows that the test above would find a second sending. */
static void a_read_is_sent_again(void **state)
{
    struct served *f = *state;
    exchange(f, "GET", "/echo", NULL, false);
    struct run *r = exchange(f, "POST", "/dies-when-reused", "query", false);
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    assert_string_equal(r->body, "query");
    assert_int_equal(atomic_load(&f->server.executed), 3);
    assert_int_equal(atomic_load(&f->server.connections), 2);
}

/* libcurl counts in its handle how often it sent again, and gives up at the sixth time. */
static void reads_are_sent_again_however_often_that_was(void **state)
{
    struct served *f = *state;
    for (int i = 0; i < 8; i++) {
        exchange(f, "GET", "/echo", NULL, false);
        struct run *r = exchange(f, "GET", "/dies-when-reused", NULL, false);
        assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    }
}

/* A body larger than the socket takes, on a connection that the server then resets. */
static void a_large_write_is_not_sent_again(void **state)
{
    struct served *f = *state;
    size_t big = (size_t)8 << 20;
    char *body = calloc(1, big);
    exchange(f, "GET", "/echo", NULL, false);
    struct http_out_request r = request(f, "POST", "/dies-when-reused", NULL, true);
    r.body = (struct str){body, big};
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
    assert_int_equal(atomic_load(&f->server.executed), 2);
    free(body);
}

static void writes_may_ask_for_new_connections(void **state)
{
    struct served *f = *state;
    struct http_out_config c;
    struct run run;
    http_out_config_defaults(&c);
    c.max_idle_write_ms = 0;
    run_open(&run, &c);
    struct http_out_request r = request(f, "POST", "/echo", "x", true);
    for (int i = 0; i < 3; i++)
        run_request(&run, &r);
    assert_int_equal(atomic_load(&f->server.connections), 3);
    run_close(&run);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, served_setup, served_teardown)
    const struct CMUnitTest tests[] = {
        TEST(answers_come_whole),
        TEST(every_method_is_sent_as_named),
        TEST(nothing_is_added_to_a_request),
        TEST(nothing_of_a_request_is_left_for_the_next),
        TEST(an_address_is_sent_the_same_each_time),
        TEST(redirects_are_answers),
        TEST(answers_are_inflated_within_the_limit),
        TEST(the_limit_is_exact),
        TEST(silence_ends_at_the_timeout),
        TEST(half_answers_are_unknown),
        TEST(a_write_is_not_sent_again),
        TEST(a_read_is_sent_again),
        TEST(reads_are_sent_again_however_often_that_was),
        TEST(a_large_write_is_not_sent_again),
        TEST(writes_may_ask_for_new_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
