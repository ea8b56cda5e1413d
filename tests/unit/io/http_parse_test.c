/* The parser without sockets: each case in one piece, byte by byte, and cut in two at each place
 * must come out the same; and what a request is made of. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "http_parse.h"
#include "io/http_cases.h"

#define LIMIT_HEADER ((size_t)16 << 10)
#define LIMIT_BODY   ((size_t)1000)

struct run {
    struct http_parse p;
    char result[64];
    bool over;
};

static void add_status(struct run *r, int status)
{
    size_t n = strlen(r->result);
    snprintf(r->result + n, sizeof(r->result) - n, n > 0 ? " %d" : "%d", status);
}

/* Feeds as a connection does: what is left of a piece belongs to the next request. The piece is a
 * copy of its exact size, so that a sanitizer sees each byte read too far. */
static void feed(struct run *r, const char *bytes, size_t n)
{
    char *copy = test_malloc(n + 1);
    memcpy(copy, bytes, n);
    for (size_t used = 0; used < n && !r->over;) {
        used += http_parse_feed(&r->p, copy + used, n - used);
        if (r->p.state == HTTP_PARSE_REFUSED) {
            add_status(r, r->p.problem.status);
            r->over = true;
        } else if (r->p.state == HTTP_PARSE_DONE) {
            add_status(r, 202);
            r->over = !r->p.keep_alive;
            if (!r->over)
                http_parse_reset(&r->p);
        } else {
            assert_int_equal(used, n);
        }
    }
    test_free(copy);
}

static void begin(struct run *r)
{
    http_parse_init(&r->p, LIMIT_HEADER, LIMIT_BODY);
    r->result[0] = '\0';
    r->over = false;
}

static void check(struct run *r, const struct http_case *c, const char *how)
{
    if (strcmp(r->result, c->expect) != 0)
        fail_msg("%s, %s: \"%s\", expected \"%s\"", c->name, how, r->result, c->expect);
    http_parse_free(&r->p);
}

static void test_cases_whole(void **state)
{
    struct run r;
    for (size_t i = 0; i < COUNT(http_cases); i++) {
        begin(&r);
        feed(&r, http_cases[i].bytes, http_cases[i].n);
        check(&r, &http_cases[i], "whole");
    }
}

static void test_cases_by_bytes(void **state)
{
    struct run r;
    for (size_t i = 0; i < COUNT(http_cases); i++) {
        begin(&r);
        for (size_t at = 0; at < http_cases[i].n; at++)
            feed(&r, http_cases[i].bytes + at, 1);
        check(&r, &http_cases[i], "byte by byte");
    }
}

static void test_cases_cut_in_two(void **state)
{
    struct run r;
    for (size_t i = 0; i < COUNT(http_cases); i++) {
        for (size_t at = 1; at < http_cases[i].n; at++) {
            begin(&r);
            feed(&r, http_cases[i].bytes, at);
            feed(&r, http_cases[i].bytes + at, http_cases[i].n - at);
            check(&r, &http_cases[i], "in two");
        }
    }
}

static void assert_text(struct str got, const char *expected)
{
    assert_int_equal(got.n, strlen(expected));
    assert_memory_equal(got.p, expected, got.n);
}

static void test_parts_of_a_request(void **state)
{
    static const char text[] =
        "POST //a%2Fb/%c3%A4?x=%20&y HTTP/1.1\r\nHost: a:1\r\n"
        "X-Empty:\r\nx-name:  some value \t\r\nTransfer-Encoding: chunked\r\n"
        "\r\n3\r\nabc\r\n4;e=f\r\n\0def\r\n0\r\nX-Name: trailer\r\n\r\n";
    struct run r;
    for (int step = 1; step < 40; step++) {
        begin(&r);
        for (size_t at = 0; at < sizeof(text) - 1; at += (size_t)step) {
            size_t n = sizeof(text) - 1 - at;
            http_parse_feed(&r.p, text + at, n < (size_t)step ? n : (size_t)step);
        }
        struct http_parse *p = &r.p;
        assert_int_equal(p->state, HTTP_PARSE_DONE);
        assert_string_equal(p->method, "POST");
        assert_text(p->target, "//a%2Fb/%c3%A4?x=%20&y");
        assert_text(p->path, "//a%2Fb/\xc3\xa4"); /* a slash within a part is no end of it */
        assert_text(p->query, "x=%20&y");
        assert_int_equal(p->nheaders, 4);
        assert_text(http_header_get(p->headers, p->nheaders, "x-empty"), "");
        assert_text(http_header_get(p->headers, p->nheaders, "X-NAME"), "some value");
        assert_null(http_header_get(p->headers, p->nheaders, "x-nam").p);
        assert_int_equal(p->body.n, 7);
        assert_memory_equal(p->body.p, "abc\0def", 8);
        assert_true(p->keep_alive);
        http_parse_free(p);
    }
}

static void test_absolute_form(void **state)
{
    static const struct {
        const char *target, *path, *query;
    } forms[] = {
        {"http://evil/a/b?c=d", "/a/b", "c=d"},
        {"http://evil", "/", ""},
        {"HTTP://evil:80?x", "/", "x"},
        {"//evil/x", "//evil/x", ""},
        {"/?", "/", ""},
        {"/http://b/", "/http://b/", ""},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct run r;
        char text[200];
        int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", forms[i].target);
        begin(&r);
        http_parse_feed(&r.p, text, (size_t)n);
        assert_int_equal(r.p.state, HTTP_PARSE_DONE);
        assert_text(r.p.path, forms[i].path);
        assert_text(r.p.query, forms[i].query);
        http_parse_free(&r.p);
    }
}

/* Status for a request with n bytes of header value. */
static int status_of_padding(size_t n, size_t piece)
{
    static char text[40000];
    int head = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    memset(text + head, 'x', n);
    memcpy(text + head + n, "\r\n\r\n", 4);
    size_t length = (size_t)head + n + 4;
    struct run r;
    begin(&r);
    for (size_t at = 0; at < length && !r.over; at += piece)
        feed(&r, text + at, length - at < piece ? length - at : piece);
    int status = r.p.problem.status;
    http_parse_free(&r.p);
    return status;
}

static void test_limit_of_headers(void **state)
{
    size_t fits = LIMIT_HEADER - strlen("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n");
    for (size_t piece = 1; piece < 40000; piece = piece * 7 + 1) {
        assert_int_equal(status_of_padding(fits, piece), 0);
        assert_int_equal(status_of_padding(fits + 1, piece), 431);
        assert_int_equal(status_of_padding(fits + 20000, piece), 431);
    }
}

static void test_number_of_headers(void **state)
{
    for (int n = HTTP_PARSE_HEADERS_MAX - 1; n <= HTTP_PARSE_HEADERS_MAX + 1; n++) {
        struct run r;
        begin(&r);
        feed(&r, "GET / HTTP/1.1\r\nHost: a\r\n", 25);
        for (int i = 1; i < n; i++)
            feed(&r, "A:\r\n", 4);
        feed(&r, "\r\n", 2);
        assert_string_equal(r.result, n <= HTTP_PARSE_HEADERS_MAX ? "202" : "431");
        http_parse_free(&r.p);
    }
}

static void test_limit_of_body(void **state)
{
    for (size_t n = LIMIT_BODY - 1; n <= LIMIT_BODY + 1; n++) {
        static char text[2000];
        int head = snprintf(
            text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);
        memset(text + head, 'x', n);
        struct run r;
        begin(&r);
        feed(&r, text, (size_t)head + n);
        assert_string_equal(r.result, n <= LIMIT_BODY ? "202" : "413");
        http_parse_free(&r.p);
    }
}

/* Extensions and trailers that never end must not be read for ever. */
static void test_limit_of_chunk_overhead(void **state)
{
    static const char *const endless[] = {
        "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "0\r\nx: y\r\nz: "};
    for (size_t i = 0; i < COUNT(endless); i++) {
        struct run r;
        begin(&r);
        feed(&r, CHUNKED, sizeof(CHUNKED) - 1);
        feed(&r, endless[i], strlen(endless[i]));
        for (size_t n = 0; n < 2 * LIMIT_HEADER && !r.over; n++)
            feed(&r, "x", 1);
        assert_string_equal(r.result, "431");
        http_parse_free(&r.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_whole),
        cmocka_unit_test(test_cases_by_bytes),
        cmocka_unit_test(test_cases_cut_in_two),
        cmocka_unit_test(test_parts_of_a_request),
        cmocka_unit_test(test_absolute_form),
        cmocka_unit_test(test_limit_of_headers),
        cmocka_unit_test(test_number_of_headers),
        cmocka_unit_test(test_limit_of_body),
        cmocka_unit_test(test_limit_of_chunk_overhead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
