/* The server over real sockets: what it makes of raw bytes, the order of answers, and what a
 * handler may answer with. */
#include "test.h"

#include "io/http_cases.h"
#include "io/http_peer.h"
#include "mem.h"

static void say_202(void *arg, struct http_in_exchange *x)
{
    struct served *s = arg;
    atomic_fetch_add(&s->seen, 1);
    http_in_reply(x, 202, NULL, 0, STR_LIT("ok"));
}

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p += strlen(word))
        n++;
    return n;
}

/* Sends all, half-closes, and gives the statuses of what came back. */
static void peer_exchange(
    const struct served *s, const char *bytes, size_t n, size_t piece, char *out, size_t room)
{
    int fd = peer_connect(s);
    for (size_t at = 0; at < n; at += piece)
        peer_send(fd, bytes + at, n - at < piece ? n - at : piece);
    shutdown(fd, SHUT_WR);
    size_t got;
    char *text = peer_read_all(fd, &got);
    peer_statuses(text, got, out, room);
    free(text);
    close(fd);
}

static void run_case(struct served *s, const struct http_case *c, size_t piece)
{
    char got[256];
    atomic_store(&s->seen, 0);
    atomic_store(&s->refused, 0);
    peer_exchange(s, c->bytes, c->n, piece, got, sizeof(got));
    /* The interim answer is a courtesy that depends on when the body comes. */
    const char *result = strncmp(got, "100 ", 4) == 0 ? got + 4 : got;
    int good = count_of(c->expect, "202");
    if (strcmp(result, c->expect) != 0 || atomic_load(&s->seen) != good)
        fail_msg("%s, pieces of %zu: \"%s\" and %d handled, expected \"%s\"", c->name, piece, got,
            atomic_load(&s->seen), c->expect);
    int refused = c->expect[0] != '\0' && count_of(c->expect, " ") + 1 > good;
    assert_int_equal(atomic_load(&s->refused), refused);
}

static void test_cases(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, say_202);
    for (size_t i = 0; i < COUNT(http_cases); i++) {
        run_case(&s, &http_cases[i], 100000);
        run_case(&s, &http_cases[i], 1);
        run_case(&s, &http_cases[i], 7);
    }
    served_end(&s);
}

/* ---- order ---- */

struct later {
    struct served *s;
    struct http_in_exchange *x;
    struct loop_timer *timer;
};

static void answer_path(struct http_in_exchange *x)
{
    struct str path = http_in_request(x)->path;
    http_in_reply(x, 200, NULL, 0, path);
}

static void answer_later(void *arg)
{
    struct later *l = arg;
    answer_path(l->x);
    loop_timer_free(l->timer);
    free(l);
}

/* "/9" is answered 9 ms later, "/0" at once. */
static void by_digit(void *arg, struct http_in_exchange *x)
{
    struct served *s = arg;
    atomic_fetch_add(&s->seen, 1);
    int ms = http_in_request(x)->path.p[1] - '0';
    if (ms == 0) {
        answer_path(x);
        return;
    }
    struct later *l = malloc(sizeof(*l));
    *l = (struct later){s, x, NULL};
    l->timer = loop_timer_new(s->loop, answer_later, l);
    loop_timer_arm(l->timer, ms);
}

static void test_pipelined_answers_in_order(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.max_pipelined = 4; /* fewer than are sent at once */
    served_begin(&s, &c, by_digit);
    uint64_t seed = 42;
    char sent[20000] = "", expected[2000] = "", paths[2000] = "";
    for (int i = 0; i < 200; i++) {
        char one[64];
        int digit = (int)(test_random(&seed) % 10);
        snprintf(one, sizeof(one), "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", digit);
        strcat(sent, one);
        snprintf(one, sizeof(one), "/%d", digit);
        strcat(expected, one);
    }
    int fd = peer_connect(&s);
    peer_text(fd, sent);
    shutdown(fd, SHUT_WR);
    char *text = peer_read_all(fd, NULL);
    for (char *p = text; (p = strstr(p, "\r\n\r\n")) != NULL; p += 4)
        strncat(paths, p + 4, 2);
    assert_string_equal(paths, expected);
    assert_int_equal(atomic_load(&s.seen), 200);
    free(text);
    close(fd);
    served_end(&s);
}

static void hold(void *arg, struct http_in_exchange *x)
{
    struct served *s = arg;
    s->held[s->nheld++] = x;
    atomic_fetch_add(&s->seen, 1);
}

static void answer_held(void *arg)
{
    struct served *s = arg;
    int n = s->nheld;
    s->nheld = 0;
    while (n-- > 0) /* the newest first */
        answer_path(s->held[n]);
}

static void test_pipelining_is_limited(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.max_pipelined = 3;
    served_begin(&s, &c, hold);
    int fd = peer_connect(&s);
    for (int i = 0; i < 10; i++)
        peer_text(fd, NEXT);
    while (atomic_load(&s.seen) < 3)
        usleep(1000);
    usleep(50000);
    assert_int_equal(atomic_load(&s.seen), 3);
    for (int want = 6; want <= 12; want += 3) {
        served_ask(&s, answer_held);
        while (atomic_load(&s.seen) < (want < 10 ? want : 10))
            usleep(1000);
    }
    served_ask(&s, answer_held);
    shutdown(fd, SHUT_WR);
    char *text = peer_read_all(fd, NULL);
    assert_int_equal(count_of(text, "HTTP/1.1 200 OK\r\n"), 10);
    free(text);
    close(fd);
    served_end(&s);
}

/* ---- what a handler sees and says ---- */

static void answer_kinds(void *arg, struct http_in_exchange *x)
{
    const struct http_in_request *r = http_in_request(x);
    struct http_header h[] = {
        {STR_LIT("X-Evil"), STR_LIT("a\r\nX-Injected: b")},
        {STR_LIT("Bad Name"), STR_LIT("c")},
        {STR_LIT("Content-Length"), STR_LIT("9")},
        {STR_LIT("Transfer-Encoding"), STR_LIT("chunked")},
        {STR_LIT("X-Good"), STR_LIT("d")},
    };
    assert_string_equal(r->peer, "127.0.0.1");
    if (str_is(r->path, "/reset"))
        http_in_abort(x);
    else if (str_is(r->path, "/cut"))
        http_in_reply_cut(x, 200, NULL, 0, STR_LIT("0123456789"), 20);
    else if (str_is(r->path, "/close"))
        http_in_reply(x, 200, (struct http_header[]){{STR_LIT("connection"), STR_LIT("Close")}}, 1,
            STR_LIT("bye"));
    else
        http_in_reply(x, str_is(r->path, "/204") ? 204 : 200, h, COUNT(h), STR_LIT("body"));
}

static char *ask(struct served *s, const char *request)
{
    int fd = peer_connect(s);
    peer_text(fd, request);
    shutdown(fd, SHUT_WR);
    char *text = peer_read_all(fd, NULL);
    close(fd);
    return text;
}

static void test_headers_of_answers(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, answer_kinds);
    char *text = ask(&s, GET "\r\n");
    assert_non_null(strstr(text, "\r\nContent-Length: 4\r\n"));
    assert_non_null(strstr(text, "\r\nX-Evil: a  X-Injected: b\r\nX-Good: d\r\n\r\nbody"));
    assert_non_null(strstr(text, "\r\nDate: "));
    assert_null(strstr(text, "Bad"));
    assert_null(strstr(text, "chunked"));
    assert_null(strstr(text, "Length: 9"));
    assert_null(strstr(text, "Connection"));
    free(text);
    text = ask(&s, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(strstr(text, "\r\nContent-Length: 4\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    free(text);
    text = ask(&s, "GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_null(strstr(text, "Content-Length"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    free(text);
    text = ask(&s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_non_null(strstr(text, "\r\nConnection: keep-alive\r\n"));
    free(text);
    text = ask(&s, GET "Connection: close\r\n\r\n");
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    served_end(&s);
}

/* The body of a HEAD belongs to it and is not the next request. */
static void test_body_of_head(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    char body[300];
    served_begin(&s, &c, say_202);
    int n = snprintf(body, sizeof(body),
        "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", strlen(NEXT), NEXT);
    assert_true(n > 0);
    free(ask(&s, body));
    assert_int_equal(atomic_load(&s.seen), 1);
    served_end(&s);
}

static void test_cut_reset_and_close(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, answer_kinds);
    char *text = ask(&s, GET "\r\nGET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(count_of(text, "\r\n\r\nbody"), 1); /* the answer before it is whole */
    assert_string_equal(strstr(text, "body"), "bodyHTTP/1.1 200 OK\r\nDat");
    free(text);
    int fd = peer_connect(&s);
    peer_text(fd, "GET /reset HTTP/1.1\r\nHost: a\r\n\r\n");
    text = peer_read_all(fd, NULL);
    assert_string_equal(text, "RESET");
    free(text);
    close(fd);
    fd = peer_connect(&s);
    peer_text(fd, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
    text = peer_read_all(fd, NULL); /* ends, though this side stays open */
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    close(fd);
    served_end(&s);
}

static void test_expectation(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    char text[1000];
    served_begin(&s, &c, say_202);
    int fd = peer_connect(&s);
    peer_text(fd, POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    peer_read(fd, text, 25);
    assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(atomic_load(&s.seen), 0);
    peer_text(fd, "abc");
    peer_read(fd, text, 20);
    assert_string_equal(text, "HTTP/1.1 202 Accepte");
    close(fd);
    /* One that is refused is not asked for its body. */
    fd = peer_connect(&s);
    peer_text(fd, POST "Expect: 100-continue\r\nContent-Length: 3000\r\n\r\n");
    peer_read(fd, text, 12);
    assert_string_equal(text, "HTTP/1.1 413");
    close(fd);
    served_end(&s);
}

/* ---- what is told of each request ---- */

static char told[2000];

static void note_answered(void *arg, const struct http_in_answered *a)
{
    const struct http_in_request *r = a->request;
    size_t used = strlen(told);
    snprintf(told + used, sizeof(told) - used, "%s %.*s %d %zu %s%s\n", r->method ? r->method : "-",
        (int)r->target.n, r->target.p ? r->target.p : "", a->status, a->bytes, r->client,
        a->why ? " refused" : "");
    assert_true(a->us >= 0);
}

static void follow(void *arg)
{
    http_in_on_answered(((struct served *)arg)->http, note_answered, NULL);
}

static void test_each_answer_is_told(void **state)
{
    struct served s;
    struct err e = {0};
    struct http_in_config c = served_config();
    struct http_proxies *proxies = http_proxies_new(false);
    assert_int_equal(http_proxies_add(proxies, "127.0.0.0/8", &e), 0);
    c.proxies = proxies;
    served_begin(&s, &c, answer_kinds);
    served_ask(&s, follow);
    told[0] = '\0';
    free(ask(&s, GET "X-Forwarded-For: 203.0.113.7\r\n\r\n" GET "\r\n"));
    free(ask(&s, "HEAD /h?a=b HTTP/1.1\r\nHost: a\r\n\r\n"));
    free(ask(&s, "GET /bad HTTP/1.1\r\nX : y\r\n\r\n"));
    free(ask(&s, "nonsense\r\n"));
    free(ask(&s, GET));
    served_end(&s);
    http_proxies_free(proxies);
    assert_string_equal(told, "GET / 200 4 203.0.113.7\n"
                              "GET / 200 4 127.0.0.1\n"
                              "HEAD /h?a=b 200 4 127.0.0.1\n"
                              "- /bad 400 37 127.0.0.1 refused\n"
                              "-  400 54 127.0.0.1 refused\n");
}

static void test_query(void **state)
{
    static const struct {
        const char *query, *name, *value;
    } q[] = {
        {"a=1&b=2", "b", "2"},
        {"a=1&a=2", "a", "1"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"b=%20x+y", "b", " x y"},
        {"%61=z", "a", "z"},
        {"ab=1", "a", NULL},
        {"", "a", NULL},
        {"a=%00", "a", NULL},
        {"a=%z", "a", NULL},
        {"&&a=1", "a", "1"},
        {"a=b=c", "a", "b=c"},
    };
    for (size_t i = 0; i < COUNT(q); i++) {
        struct http_in_request r = {.query = str_of(q[i].query)};
        char *value = http_in_query(&r, q[i].name);
        if (q[i].value == NULL)
            assert_null(value);
        else
            assert_string_equal(value, q[i].value);
        mem_free(value);
    }
}

/* Who leaves before the answer does no harm, neither to the server nor to the handler. */
static void test_peer_leaves_first(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, hold);
    struct linger hard = {1, 0};
    for (int i = 0; i < 20; i++) {
        int fd = peer_connect(&s);
        peer_text(fd, NEXT);
        while (atomic_load(&s.seen) <= i)
            usleep(500);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(fd);
    }
    usleep(20000);
    served_ask(&s, answer_held);
    char *text = ask(&s, "FOO / HTTP/1.1\r\n\r\n");
    assert_memory_equal(text, "HTTP/1.1 501 ", 13);
    free(text);
    served_end(&s);
}

/* A server that is freed leaves what the handler holds valid. */
static void test_answer_after_free(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, hold);
    int fd = peer_connect(&s);
    peer_text(fd, NEXT NEXT);
    while (atomic_load(&s.seen) < 2)
        usleep(500);
    served_end(&s);
    answer_path(s.held[1]);
    answer_path(s.held[0]);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_pipelined_answers_in_order),
        cmocka_unit_test(test_pipelining_is_limited),
        cmocka_unit_test(test_headers_of_answers),
        cmocka_unit_test(test_body_of_head),
        cmocka_unit_test(test_cut_reset_and_close),
        cmocka_unit_test(test_expectation),
        cmocka_unit_test(test_each_answer_is_told),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_peer_leaves_first),
        cmocka_unit_test(test_answer_after_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
