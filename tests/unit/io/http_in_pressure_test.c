/* The server at its limits, held there on purpose by who sends or reads as slowly as it may: the
 * slowest gives way, and who comes is served within a second or so. */
#include "test.h"

#include <poll.h>

#include "clock.h"
#include "io/http_peer.h"

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define SLOW 4

static char large[4 << 20];

static void say_202(void *arg, struct http_in_exchange *x)
{
    http_in_reply(x, 202, NULL, 0, STR_LIT("ok"));
}

/* A large answer for a GET. */
static void say_large(void *arg, struct http_in_exchange *x)
{
    bool get = http_in_reads(http_in_request(x));
    http_in_reply(x, 202, NULL, 0, get ? (struct str){large, sizeof(large)} : STR_LIT("ok"));
}

static bool answers_within(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

static void expect_status(int fd, const char *line)
{
    char text[64];
    assert_true(answers_within(fd, 10000));
    peer_read(fd, text, 12);
    assert_string_equal(text, line);
}

static void connect_slow(struct served *s, int *fd, const char *text)
{
    for (int i = 0; i < SLOW; i++) {
        fd[i] = peer_connect(s);
        peer_text(fd[i], text);
    }
    usleep(200000); /* it stands where it will stay */
}

static void close_all(const int *fd)
{
    for (int i = 0; i < SLOW; i++)
        close(fd[i]);
}

/* The deadlines are far: only who gives way lets the next one in. */
static void give_way(http_in_handler handler, const char *slow)
{
    struct served s;
    struct http_in_config c = served_config();
    int fd[SLOW];
    c.max_connections = SLOW;
    served_begin(&s, &c, handler);
    connect_slow(&s, fd, slow);
    for (int i = 0; i < SLOW; i++) {
        int late = peer_connect(&s);
        peer_text(late, POST "Connection: close\r\n\r\n");
        expect_status(late, "HTTP/1.1 202");
        close(late);
    }
    assert_true(http_in_hits(s.http, HTTP_LIMIT_CONNECTIONS) > 0);
    close_all(fd);
    served_end(&s);
}

static void test_slow_bodies_make_room(void **state)
{
    give_way(say_202, POST "Content-Length: 900\r\n\r\nx");
}

static void test_who_does_not_read_makes_room(void **state)
{
    give_way(say_large, GET "\r\n" GET "\r\n");
}

/* What may be held of bodies in all is held by slow ones: they are told to come back, the slowest
 * first, and only as many as need be. */
static void test_slow_bodies_are_not_held_against_others(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    int fd[SLOW], late;
    c.max_bodies = SLOW * 900 + 100;
    served_begin(&s, &c, say_202);
    connect_slow(&s, fd, POST "Content-Length: 1000\r\n\r\n");
    for (int i = 0; i < SLOW; i++)
        peer_send(fd[i], large, 900);
    usleep(1200000);
    late = peer_connect(&s);
    peer_text(late, POST "Content-Length: 500\r\n\r\n");
    peer_send(late, large, 400);
    expect_status(fd[0], "HTTP/1.1 503");
    peer_send(late, large, 100);
    expect_status(late, "HTTP/1.1 202");
    for (int i = 1; i < SLOW; i++) {
        assert_false(answers_within(fd[i], 0));
        peer_send(fd[i], large, 100);
        expect_status(fd[i], "HTTP/1.1 202");
    }
    close(late);
    close_all(fd);
    served_end(&s);
}

/* Answers that nobody takes: over the limit in all, the slowest readers go, and the limit is told.
 * The kernel takes some MiB of them, so there are many. */
static void test_unsent_answers_are_limited_in_all(void **state)
{
    static const char many[] = GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n" GET "\r\n";
    struct served s;
    struct http_in_config c = served_config();
    int fd[SLOW], late;
    c.max_unsent = 64 << 10;
    served_begin(&s, &c, say_large);
    connect_slow(&s, fd, many);
    usleep(1200000);
    late = peer_connect(&s);
    peer_text(late, many); /* more than is taken at once: now it is looked at */
    while (http_in_connections(s.http) != 1)
        usleep(1000);
    assert_int_equal(http_in_hits(s.http, HTTP_LIMIT_UNSENT), SLOW);
    expect_status(late, "HTTP/1.1 202"); /* who is new is not slow */
    close(late);
    close_all(fd);
    late = peer_connect(&s); /* and what was held is counted as gone */
    peer_text(late, GET "\r\n" GET "Connection: close\r\n\r\n");
    size_t n;
    char *text = peer_read_all(late, &n), statuses[64];
    peer_statuses(text, n, statuses, sizeof(statuses));
    assert_string_equal(statuses, "202 202");
    free(text);
    close(late);
    served_end(&s);
}

/* ---- taking turns ---- */

static int most, last_seen; /* requests of one turn; seen when the last one ended. The loop's. */

static void count_202(void *arg, struct http_in_exchange *x)
{
    atomic_fetch_add(&((struct served *)arg)->seen, 1);
    say_202(arg, x);
}

static void end_of_turn(void *arg)
{
    int seen = atomic_load(&((struct served *)arg)->seen);
    if (seen - last_seen > most)
        most = seen - last_seen;
    last_seen = seen;
}

static void watch_turns(void *arg)
{
    struct served *s = arg;
    loop_on_idle(s->loop, end_of_turn, s);
}

static void unwatch_turns(void *arg)
{
    struct served *s = arg;
    loop_off_idle(s->loop, end_of_turn, s);
}

/* Who sends a thousand requests at once gets no more in a turn than the pipeline holds. */
static void test_a_pipeline_takes_turns(void **state)
{
    enum { REQUESTS = 1000 };
    struct served s;
    struct http_in_config c = served_config();
    static char flood[REQUESTS * (sizeof(GET) + 1)], statuses[REQUESTS * 4 + 1];
    most = last_seen = 0;
    c.max_pipelined = 32;
    served_begin(&s, &c, count_202);
    served_ask(&s, watch_turns);
    for (int i = 0; i < REQUESTS; i++)
        memcpy(flood + (size_t)i * (sizeof(GET) + 1), GET "\r\n", sizeof(GET) + 1);
    int fd = peer_connect(&s);
    peer_send(fd, flood, (size_t)REQUESTS * (sizeof(GET) + 1));
    shutdown(fd, SHUT_WR);
    size_t n;
    char *text = peer_read_all(fd, &n);
    peer_statuses(text, n, statuses, sizeof(statuses));
    assert_int_equal(strlen(statuses), REQUESTS * 4 - 1);
    served_ask(&s, unwatch_turns);
    assert_true(most > 0 && most <= 32);
    free(text);
    close(fd);
    served_end(&s);
}

/* ---- the end ---- */

/* Who is slow at sending or reading does not hold up the end, though its own deadline is far. */
static void test_a_drain_waits_for_nobody_slow(void **state)
{
    static const char *const slow[] = {
        GET "X: half", POST "Content-Length: 900\r\n\r\nx", GET "\r\n" GET "\r\n" GET "\r\n"};
    struct served s;
    struct http_in_config c = served_config();
    int fd[3];
    c.drain_ms = 300;
    served_begin(&s, &c, say_large);
    for (int i = 0; i < 3; i++) {
        fd[i] = peer_connect(&s);
        peer_text(fd[i], slow[i]);
    }
    usleep(200000);
    int64_t from = clock_mono_ms();
    served_ask(&s, served_drain);
    expect_status(fd[0], "HTTP/1.1 408");
    expect_status(fd[1], "HTTP/1.1 408");
    while (atomic_load(&s.done) == 0)
        usleep(1000);
    assert_true(clock_mono_ms() - from < 8000);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    served_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_bodies_make_room),
        cmocka_unit_test(test_who_does_not_read_makes_room),
        cmocka_unit_test(test_slow_bodies_are_not_held_against_others),
        cmocka_unit_test(test_unsent_answers_are_limited_in_all),
        cmocka_unit_test(test_a_pipeline_takes_turns),
        cmocka_unit_test(test_a_drain_waits_for_nobody_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
