/* Where an answer's body ends: packed ones, and what its head says of it. None that was cut is
 * taken for whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "buf.h"
#include "io/cut_server.h"
#include "io/http_out_run.h"
#include "mem.h"

#define ANSWERS_MAX 500

#define GZIP 31 /* zlib's window bits of the two formats */
#define ZLIB 15

struct fixture {
    struct cut_server server;
    struct run run;
    char url[256];
    struct cut_text answers[ANSWERS_MAX];
    int nanswers;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    cut_start(&f->server);
    run_open(&f->run, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    run_close(&f->run);
    cut_stop(&f->server);
    for (int i = 0; i < f->nanswers; i++)
        mem_free(f->answers[i].p);
    free(f);
    return 0;
}

/* The text packed, behind what out holds. */
static void pack(struct buf *out, const char *text, size_t n, int bits, int level)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, n) + 64;
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    z.next_out = (unsigned char *)buf_room(out, room);
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += z.total_out;
    deflateEnd(&z);
}

/* The outcome of an answer, which is taken from raw. */
static enum http_out_outcome answer_raw(
    struct fixture *f, const char *method, struct buf *raw, size_t max_body)
{
    assert_true(f->nanswers < ANSWERS_MAX);
    struct cut_text *kept = &f->answers[f->nanswers++];
    kept->p = buf_take(raw, &kept->n);
    atomic_store(&cut_raw, kept);
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d/raw", f->server.port);
    struct http_out_request r = {
        .method = method, .url = f->url, .timeout_ms = 60000, .max_body = max_body};
    run_request(&f->run, &r);
    return f->run.outcome;
}

/* That of one with these lines of its head and this body. */
static enum http_out_outcome answer(
    struct fixture *f, const char *method, const char *lines, struct str body, size_t max_body)
{
    struct buf raw;
    buf_init(&raw, BUF_MAX_DEFAULT);
    buf_addf(&raw, "HTTP/1.1 200 OK\r\n%s\r\n", lines);
    buf_add(&raw, body.p, body.n);
    return answer_raw(f, method, &raw, max_body);
}

static enum http_out_outcome packed(struct fixture *f, const char *encoding, struct str body)
{
    char lines[200];
    snprintf(
        lines, sizeof(lines), "Content-Encoding: %s\r\nContent-Length: %zu\r\n", encoding, body.n);
    return answer(f, "GET", lines, body, 1000000);
}

static void whole_ones_are_unpacked(void **state)
{
    static const struct {
        const char *encoding;
        int bits;
    } kinds[] = {{"gzip", GZIP}, {"x-gzip", GZIP}, {"GZIP", GZIP}, {"deflate", ZLIB}};
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        buf_clear(&b);
        pack(&b, "a text", 6, kinds[i].bits, 9);
        assert_int_equal(packed(f, kinds[i].encoding, buf_str(&b)), HTTP_OUT_ANSWERED);
        assert_string_equal(f->run.body, "a text");
        /* The end of the connection is an end too, if what is packed has one. */
        char lines[100];
        snprintf(lines, sizeof(lines), "Content-Encoding: %s\r\n", kinds[i].encoding);
        assert_int_equal(answer(f, "GET", lines, buf_str(&b), 6), HTTP_OUT_ANSWERED);
        assert_string_equal(f->run.body, "a text");
        assert_int_equal(answer(f, "GET", lines, buf_str(&b), 5), HTTP_OUT_UNKNOWN);
        assert_non_null(strstr(f->run.problem, "longer than the limit of 5 bytes"));
    }
    buf_clear(&b);
    pack(&b, "one, ", 5, GZIP, 9);
    pack(&b, "", 0, GZIP, 9);
    pack(&b, "two", 3, GZIP, 0);
    assert_int_equal(packed(f, "gzip", buf_str(&b)), HTTP_OUT_ANSWERED);
    assert_string_equal(f->run.body, "one, two");
    /* Nothing at all is nothing, as to a HEAD. */
    assert_int_equal(packed(f, "gzip", STR_NONE), HTTP_OUT_ANSWERED);
    assert_string_equal(f->run.body, "");
    assert_int_equal(
        answer(f, "HEAD", "Content-Encoding: gzip\r\nContent-Length: 77\r\n", STR_NONE, 10),
        HTTP_OUT_ANSWERED);
    assert_int_equal(packed(f, "identity", STR_LIT("plain")), HTTP_OUT_ANSWERED);
    assert_string_equal(f->run.body, "plain");
    buf_free(&b);
}

/* Larger than the pieces that libcurl gives, at every level. */
static void large_ones_are_unpacked(void **state)
{
    struct fixture *f = *state;
    enum { N = 300000 };
    char *text = malloc(N);
    uint32_t x = 1;
    for (int i = 0; i < N; i++)
        text[i] = (char)('a' + (i < N / 2 ? 0 : (x = x * 1103515245 + 12345) >> 28));
    for (int level = 0; level <= 9; level += 3) {
        struct buf b;
        buf_init(&b, BUF_MAX_DEFAULT);
        pack(&b, text, N, GZIP, level);
        assert_int_equal(packed(f, "gzip", buf_str(&b)), HTTP_OUT_ANSWERED);
        assert_int_equal(f->run.nbody, N);
        assert_memory_equal(f->run.body, text, sizeof(f->run.body) - 1);
        assert_int_equal(
            answer(f, "GET", "Content-Encoding: gzip\r\n", buf_str(&b), N), HTTP_OUT_ANSWERED);
        assert_int_equal(
            answer(f, "GET", "Content-Encoding: gzip\r\n", buf_str(&b), N - 1), HTTP_OUT_UNKNOWN);
        buf_free(&b);
    }
    free(text);
}

/* At each byte, with a Content-Length that is right for what comes and one that is too short. */
static void cut_ones_are_unknown(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    pack(&b, "[{\"id\":1},{\"id\":2}]", 19, GZIP, 9);
    for (size_t n = 1; n < b.n; n++) {
        char lines[100];
        assert_int_equal(packed(f, "gzip", (struct str){b.p, n}), HTTP_OUT_UNKNOWN);
        assert_non_null(strstr(f->run.problem, "the answer was cut off in what is packed in it"));
        snprintf(lines, sizeof(lines), "Content-Encoding: gzip\r\nContent-Length: %zu\r\n", n);
        assert_int_equal(answer(f, "PUT", lines, buf_str(&b), 1000), HTTP_OUT_UNKNOWN);
    }
    for (size_t i = 0; i < b.n; i++) { /* a bit that is another; of some nothing depends */
        b.p[i] ^= 4;
        if (packed(f, "gzip", buf_str(&b)) == HTTP_OUT_ANSWERED)
            assert_string_equal(f->run.body, "[{\"id\":1},{\"id\":2}]");
        b.p[i] ^= 4;
    }
    buf_free(&b);
}

static void what_is_something_else_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    pack(&b, "a text", 6, GZIP, 9);
    assert_int_equal(packed(f, "br", buf_str(&b)), HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(f->run.problem, "a Content-Encoding that was not asked for"));
    assert_int_equal(packed(f, "gzip, gzip", buf_str(&b)), HTTP_OUT_UNKNOWN);
    assert_int_equal(packed(f, "gzip\r\nContent-Encoding: gzip", buf_str(&b)), HTTP_OUT_UNKNOWN);
    assert_int_equal(packed(f, "gzip", STR_LIT("{\"plain\":1}")), HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(f->run.problem, "could not be inflated"));
    buf_adds(&b, "{\"more\":1}");
    assert_int_equal(packed(f, "gzip", buf_str(&b)), HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(f->run.problem, "goes on behind what is packed in it"));
    /* Packed texts without an end and without anything in them. */
    buf_clear(&b);
    while (b.n < 5000)
        pack(&b, "", 0, GZIP, 9);
    assert_int_equal(
        answer(f, "GET", "Content-Encoding: gzip\r\n", buf_str(&b), 100), HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(f->run.problem, "longer than the limit of 100 bytes"));
    buf_free(&b);
}

static void lengths_are_digits_and_one(void **state)
{
    static const struct {
        const char *lines, *problem;
    } cases[] = {
        {"Content-Length: 0x8\r\n", "is no number"},
        {"Content-Length: +8\r\n", "is no number"},
        {"Content-Length: -8\r\n", ""},
        {"Content-Length: 8 8\r\n", "is no number"},
        {"Content-Length: 8, 8\r\n", "is no number"},
        {"Content-Length: 99999999999999999999\r\n", ""},
        {"Content-Length: 3\r\nContent-Length: 8\r\n", "two different Content-Lengths"},
        {"content-length: 8\r\nCONTENT-LENGTH: 08\r\n", "two different Content-Lengths"},
        {"Content-Length: 8\r\nX-Y: z\r\nContent-Length: 8\r\n", NULL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum http_out_outcome o = answer(f, "PUT", cases[i].lines, STR_LIT("{\"id\":1}"), 1000);
        if (o != (cases[i].problem ? HTTP_OUT_UNKNOWN : HTTP_OUT_ANSWERED) ||
            (cases[i].problem && !strstr(f->run.problem, cases[i].problem)))
            fail_msg("%s: outcome %d, %s", cases[i].lines, o, f->run.problem);
    }
    assert_string_equal(f->run.body, "{\"id\":1}");
}

/* libcurl has a limit for a line that is below ours for the head. */
static void a_line_without_end_is_over_the_limit(void **state)
{
    struct fixture *f = *state;
    struct buf lines;
    buf_init(&lines, BUF_MAX_DEFAULT);
    buf_adds(&lines, "X-Long: ");
    for (int i = 0; i < 400000; i++)
        buf_addc(&lines, 'x');
    buf_add(&lines, "\r\n", 3);
    assert_int_equal(answer(f, "GET", lines.p, STR_LIT("x"), 1000), HTTP_OUT_UNKNOWN);
    assert_non_null(strstr(f->run.problem, "headers of the answer are over the limit"));
    buf_free(&lines);
}

/* Neither before the final head nor behind the body; libcurl would keep them all. */
static void heads_and_trailers_have_a_bound(void **state)
{
    static const char *const begins[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n"};
    static const char *const mores[] = {"X-A: b\r\n", "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"};
    static const char *const ends[] = {"\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"};
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        for (int many = 0; many < 2; many++) {
            struct buf raw;
            buf_init(&raw, BUF_MAX_DEFAULT);
            buf_adds(&raw, begins[i]);
            for (int k = 0; k < (many ? 100000 : 100); k++)
                buf_adds(&raw, mores[i]);
            buf_adds(&raw, ends[i]);
            assert_int_equal(
                answer_raw(f, "GET", &raw, 1000), many ? HTTP_OUT_UNKNOWN : HTTP_OUT_ANSWERED);
            if (many)
                assert_non_null(strstr(f->run.problem, "headers of the answer are over the limit"));
            else
                assert_string_equal(f->run.body, "{}");
        }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(whole_ones_are_unpacked),
        TEST(large_ones_are_unpacked),
        TEST(cut_ones_are_unknown),
        TEST(what_is_something_else_is_unknown),
        TEST(lengths_are_digits_and_one),
        TEST(a_line_without_end_is_over_the_limit),
        TEST(heads_and_trailers_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
