/* The server under those who are slow, greedy, too many or too large; and its end. */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include "clock.h"
#include "io/http_peer.h"

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static char large[4 << 20];

static void say_202(void *arg, struct http_in_exchange *x)
{
    struct served *s = arg;
    atomic_fetch_add(&s->seen, 1);
    http_in_reply(x, 202, NULL, 0, STR_LIT("ok"));
}

static void say_large(void *arg, struct http_in_exchange *x)
{
    struct served *s = arg;
    atomic_fetch_add(&s->seen, 1);
    http_in_reply(x, 200, NULL, 0, (struct str){large, sizeof(large)});
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
    for (int i = 0; i < s->nheld; i++)
        http_in_reply(s->held[i], 202, NULL, 0, STR_LIT("ok"));
    s->nheld = 0;
}

static void wait_seen(struct served *s, int n)
{
    while (atomic_load(&s->seen) < n)
        usleep(500);
}

/* ---- deadlines ---- */

static bool answers_within(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

/* Sends start, then a byte of drip now and then until the server ends it; the answer's status (0:
 * none) and how long it took. */
static int drip(struct served *s, const char *start, const char *drip_text, int64_t *took)
{
    int fd = peer_connect(s);
    int64_t from = clock_mono_ms();
    peer_text(fd, start);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (size_t i = 0; poll(&p, 1, 10) == 0; i++)
        if (drip_text[0] != '\0')
            peer_send(fd, drip_text + i % strlen(drip_text), 1);
    *took = clock_mono_ms() - from;
    char text[64];
    size_t n = peer_read(fd, text, 12);
    close(fd);
    return n == 12 ? atoi(text + 9) : 0;
}

static void test_deadlines_are_absolute(void **state)
{
    static const struct {
        const char *name, *start, *drip;
        int status;
        int64_t ms;
    } slow[] = {
        {"headers", GET "X: ", "y", 408, 150},
        {"request line", "G", "E", 408, 150},
        {"length", POST "Content-Length: 900\r\n\r\n", "z", 408, 250},
        {"chunks", POST "Transfer-Encoding: chunked\r\n\r\n", "1\r\nz\r\n", 408, 250},
        {"body that stops", POST "Content-Length: 900\r\n\r\nz", "", 408, 250},
        {"no byte at all", "", "", 0, 150},
    };
    struct served s;
    struct http_in_config c = served_config();
    c.header_ms = 150;
    c.body_ms = 250;
    c.idle_ms = 350;
    served_begin(&s, &c, say_202);
    for (size_t i = 0; i < COUNT(slow); i++) {
        int64_t took;
        int status = drip(&s, slow[i].start, slow[i].drip, &took);
        if (status != slow[i].status || took < slow[i].ms - 2)
            fail_msg("%s: %d after %d ms", slow[i].name, status, (int)took);
    }
    assert_int_equal(atomic_load(&s.seen), 0);
    served_end(&s);
}

/* Who was told 408, or refused in the middle of a body, and goes on sending does not get the time
 * of a body once more: it may read its answer, and is cut. */
static void test_who_goes_on_sending_is_cut(void **state)
{
    static const char *const starts[] = {GET "X: ", POST "Content-Length: 900000\r\n\r\n"};
    struct served s;
    struct http_in_config c = served_config();
    c.header_ms = 100;
    c.linger_ms = 200;
    c.body_ms = 120000;
    served_begin(&s, &c, say_202);
    for (size_t i = 0; i < COUNT(starts); i++) {
        int64_t took;
        int fd = peer_connect(&s);
        peer_text(fd, starts[i]);
        while (!answers_within(fd, 10))
            peer_text(fd, "y");
        int64_t from = clock_mono_ms();
        while (send(fd, "y", 1, MSG_NOSIGNAL) == 1)
            usleep(5000);
        took = clock_mono_ms() - from;
        if (took < 150 || took > 60000)
            fail_msg("case %zu: cut after %d ms", i, (int)took);
        close(fd);
    }
    served_end(&s);
}

static void test_idle_connection_is_closed(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.idle_ms = 100;
    c.header_ms = 10000;
    served_begin(&s, &c, say_202);
    int fd = peer_connect(&s);
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 3; i++) {
        peer_text(fd, GET "\r\n");
        usleep(50000); /* each request gives it a new time */
    }
    char *text = peer_read_all(fd, NULL);
    char statuses[64];
    peer_statuses(text, strlen(text), statuses, sizeof(statuses));
    assert_string_equal(statuses, "202 202 202");
    assert_true(clock_mono_ms() - from >= 190);
    free(text);
    close(fd);
    served_end(&s);
}

/* Asks and asks without reading: the server must stop reading, hold little, and cut. */
static void test_peer_that_never_reads(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.write_ms = 200;
    c.max_pipelined = 1000;
    served_begin(&s, &c, say_large);
    int fd = peer_connect(&s);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int64_t from = clock_mono_ms();
    ssize_t n = 0;
    while (n >= 0 || errno == EAGAIN) {
        n = send(fd, GET "\r\n", sizeof(GET "\r\n") - 1, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            usleep(1000);
    }
    assert_true(clock_mono_ms() - from >= 198);
    assert_true(atomic_load(&s.seen) < 10); /* each answer is 4 MiB */
    close(fd);
    served_end(&s);
}

static void test_slow_reader_gets_all(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, say_large);
    int fd = peer_connect(&s);
    for (int i = 0; i < 8; i++)
        peer_text(fd, GET "\r\n");
    shutdown(fd, SHUT_WR);
    usleep(100000); /* buffers are full on both sides by now */
    size_t n;
    char *text = peer_read_all(fd, &n);
    assert_true(n > 8 * sizeof(large));
    assert_true(n < 8 * (sizeof(large) + 300));
    free(text);
    close(fd);
    served_end(&s);
}

/* ---- size ---- */

static long resident_kib(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(f, "%ld %ld", &size, &pages), 2);
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void send_100_mb(struct served *s, const char *head, const char *chunk)
{
    static char block[64 << 10];
    memset(block, 'x', sizeof(block));
    char text[16];
    int fd = peer_connect(s);
    peer_text(fd, head);
    long before = resident_kib();
    for (int i = 0; i < 1600; i++) {
        peer_text(fd, chunk);
        peer_send(fd, block, sizeof(block));
        peer_text(fd, chunk[0] != '\0' ? "\r\n" : "");
    }
    assert_true(resident_kib() - before < 8192);
    peer_read(fd, text, 12); /* it was not lost in a reset */
    assert_string_equal(text, "HTTP/1.1 413");
    close(fd);
}

static void test_100_mb_are_refused_in_flat_memory(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.max_body = 1 << 20;
    served_begin(&s, &c, say_202);
    send_100_mb(&s, POST "Content-Length: 104857600\r\n\r\n", "");
    send_100_mb(&s, POST "Transfer-Encoding: chunked\r\n\r\n", "10000\r\n");
    assert_int_equal(atomic_load(&s.seen), 0);
    assert_int_equal(atomic_load(&s.refused), 2);
    served_end(&s);
}

static void test_large_body_arrives_whole(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.max_body = sizeof(large);
    served_begin(&s, &c, hold);
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)test_random(&seed);
    int fd = peer_connect(&s);
    peer_text(fd, POST "Content-Length: 4194304\r\n\r\n");
    peer_send(fd, large, sizeof(large));
    wait_seen(&s, 1);
    struct str body = http_in_request(s.held[0])->body;
    assert_int_equal(body.n, sizeof(large));
    assert_memory_equal(body.p, large, sizeof(large));
    served_ask(&s, answer_held);
    char text[16];
    peer_read(fd, text, 12);
    assert_string_equal(text, "HTTP/1.1 202");
    close(fd);
    served_end(&s);
}

/* Bodies of all connections together: who comes over the limit is told to come back. */
static void test_bodies_are_limited_in_all(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    int fd[4];
    char text[64];
    c.max_bodies = 2900;
    served_begin(&s, &c, say_202);
    for (int i = 0; i < 4; i++) {
        fd[i] = peer_connect(&s);
        peer_text(fd[i], POST "Content-Length: 1000\r\n\r\n");
        peer_send(fd[i], large, 900);
        usleep(20000);
    }
    peer_read(fd[3], text, 12);
    assert_string_equal(text, "HTTP/1.1 503");
    peer_send(fd[0], large, 100); /* the others go on, and make room */
    peer_read(fd[0], text, 12);
    assert_string_equal(text, "HTTP/1.1 202");
    close(fd[3]);
    fd[3] = peer_connect(&s);
    peer_text(fd[3], POST "Content-Length: 1000\r\n\r\n");
    peer_send(fd[3], large, 1000);
    peer_read(fd[3], text, 12);
    assert_string_equal(text, "HTTP/1.1 202");
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    served_end(&s);
}

/* ---- number ---- */

static void test_connections_are_limited(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    c.max_connections = 2;
    served_begin(&s, &c, say_202);
    int fd[3];
    for (int i = 0; i < 3; i++)
        fd[i] = peer_connect(&s);
    for (int i = 2; i >= 0; i--)
        peer_text(fd[i], GET "\r\n");
    assert_true(answers_within(fd[0], 10000));
    assert_true(answers_within(fd[1], 10000));
    assert_false(answers_within(fd[2], 100)); /* waits in the backlog */
    close(fd[0]);
    assert_true(answers_within(fd[2], 10000));
    close(fd[1]);
    close(fd[2]);
    served_end(&s);
}

static bool connects_idle(struct served *s, int *fd, int n)
{
    for (int i = 0; i < n; i++)
        fd[i] = peer_connect(s);
    return n > 0;
}

/* At the limit those who do nothing with their connection give it to those who come; who waits for
 * an answer keeps it. */
static void test_idle_ones_make_room(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    int busy[2], idle[4], late[4];
    c.max_connections = 6;
    served_begin(&s, &c, hold);
    for (int i = 0; i < 2; i++) {
        busy[i] = peer_connect(&s);
        peer_text(busy[i], GET "\r\n");
    }
    wait_seen(&s, 2);
    assert_true(connects_idle(&s, idle, 4));
    peer_text(idle[3], GET "X: half"); /* a head that never ends */
    for (int i = 0; i < 4; i++) {
        late[i] = peer_connect(&s);
        peer_text(late[i], GET "\r\n");
    }
    wait_seen(&s, 6); /* within a second or so; nobody closes on this side */
    served_ask(&s, answer_held);
    for (int i = 0; i < 2; i++)
        assert_true(answers_within(busy[i], 10000));
    for (int i = 0; i < 4; i++) {
        char text[64];
        assert_int_equal(peer_read(idle[i], text, 12), 0); /* closed without a word */
        peer_read(late[i], text, 12);
        assert_string_equal(text, "HTTP/1.1 202");
        close(idle[i]);
        close(late[i]);
    }
    assert_true(http_in_hits(s.http, HTTP_LIMIT_CONNECTIONS) > 0);
    close(busy[0]);
    close(busy[1]);
    served_end(&s);
}

static void test_out_of_descriptors(void **state)
{
    if (getenv("SAUMA_UNDER"))
        skip(); /* valgrind counts descriptors by itself, and measuring there says nothing */
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, say_202);
    int fd = peer_connect(&s); /* has its descriptor on this side; the other one is missing */
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    struct rlimit old, none;
    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = (rlim_t)fd + 1;
    setrlimit(RLIMIT_NOFILE, &none);
    struct sockaddr_in a = {.sin_family = AF_INET};
    a.sin_port = htons((uint16_t)atoi(strrchr(http_in_address(s.http), ':') + 1));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    peer_text(fd, GET "\r\n");
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_false(answers_within(fd, 500));
    getrusage(RUSAGE_SELF, &after);
    int64_t cpu_us = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * INT64_C(1000000) +
                     after.ru_utime.tv_usec - before.ru_utime.tv_usec;
    assert_true(cpu_us < 200000); /* it does not spin on the ready listener */
    setrlimit(RLIMIT_NOFILE, &old);
    assert_true(answers_within(fd, 10000));
    close(fd);
    served_end(&s);
}

/* ---- the end ---- */

static void test_drain(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    char *text;
    served_begin(&s, &c, hold);
    int idle = peer_connect(&s), busy = peer_connect(&s), half = peer_connect(&s);
    peer_text(busy, GET "\r\n" GET "\r\n");
    peer_text(idle, GET "\r\n");
    wait_seen(&s, 3);
    served_ask(&s, answer_held);
    char one[512];
    peer_read(idle, one, 12);
    peer_text(busy, GET "\r\n");
    peer_text(half, GET);
    wait_seen(&s, 4);
    usleep(30000);
    served_ask(&s, served_drain);
    text = peer_read_all(idle, NULL); /* closed at once */
    assert_null(strstr(text, "RESET"));
    free(text);
    usleep(30000);
    assert_int_equal(atomic_load(&s.done), 0);
    peer_text(half, "\r\n"); /* a request that was under way is served */
    wait_seen(&s, 5);
    served_ask(&s, answer_held);
    text = peer_read_all(half, NULL);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    text = peer_read_all(busy, NULL);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    close(idle);
    close(busy);
    close(half);
    while (atomic_load(&s.done) == 0)
        usleep(1000);
    assert_int_equal(http_in_connections(s.http), 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    a.sin_port = htons((uint16_t)atoi(strrchr(http_in_address(s.http), ':') + 1));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&a, sizeof(a)), -1);
    close(late);
    served_end(&s);
    assert_int_equal(atomic_load(&s.done), 1);
}

/* A request that is there when the drain begins is served, not reset. */
static void test_drain_serves_who_waits(void **state)
{
    for (int round = 0; round < 20; round++) {
        struct served s;
        struct http_in_config c = served_config();
        char statuses[64];
        served_begin(&s, &c, say_202);
        int fd = peer_connect(&s);
        peer_text(fd, GET "\r\n");
        served_ask(&s, served_drain);
        char *text = peer_read_all(fd, NULL);
        peer_statuses(text, strlen(text), statuses, sizeof(statuses));
        assert_string_equal(statuses, "202");
        free(text);
        close(fd);
        while (atomic_load(&s.done) == 0)
            usleep(1000);
        served_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines_are_absolute),
        cmocka_unit_test(test_who_goes_on_sending_is_cut),
        cmocka_unit_test(test_idle_connection_is_closed),
        cmocka_unit_test(test_peer_that_never_reads),
        cmocka_unit_test(test_slow_reader_gets_all),
        cmocka_unit_test(test_100_mb_are_refused_in_flat_memory),
        cmocka_unit_test(test_large_body_arrives_whole),
        cmocka_unit_test(test_bodies_are_limited_in_all),
        cmocka_unit_test(test_connections_are_limited),
        cmocka_unit_test(test_idle_ones_make_room),
        cmocka_unit_test(test_out_of_descriptors),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_drain_serves_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
