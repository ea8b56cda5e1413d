/* The HTTP client where nothing is sent: refused requests, no connection, bad TLS, cancelled
 * transfers; and starts and cancels from inside callbacks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <unistd.h>
#include "http_out_impl.h"
#include "http_out_mail.h"
#include "io/http_out_served.h"
#include "io/tls_server.h"

static struct http_out_request request(const char *url, bool write)
{
    return (struct http_out_request){.method = "POST",
        .url = url,
        .body = STR_LIT("x"),
        .write = write,
        .timeout_ms = 60000,
        .max_body = 1000};
}

static void expect_not_sent(struct run *run, bool permanent, const char *words)
{
    assert_int_equal(run->outcome, HTTP_OUT_NOT_SENT);
    assert_int_equal(run->permanent, permanent);
    if (!strstr(run->problem, words))
        fail_msg("\"%s\" does not say \"%s\"", run->problem, words);
}

/* ---- refused before a connection is made ----------------------------------------------------- */

static void bad_addresses_are_refused(void **state)
{
    static const char *const urls[] = {"", "example.com", "ftp://example.com/",
        "file:///etc/passwd", "http:/127.0.0.1/", "http://", "http:///x", "http://a b/",
        "http://a\r\nb/", "http://user:secret@127.0.0.1/", "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://[::1/", "gopher://127.0.0.1/",
        "HTTP//x", "http://h/\x01"};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct http_out_request r = request(urls[i], true);
        run_request(&f->run, &r);
        if (f->run.outcome != HTTP_OUT_NOT_SENT || !f->run.permanent)
            fail_msg("<%s> was not refused: %s", urls[i], f->run.problem);
        assert_null(strstr(f->run.problem, "secret"));
    }
}

static void bad_names_and_values_are_refused(void **state)
{
    struct served *f = *state;
    static const char *const methods[] = {
        "", "GE T", "GET\r\nX: 1", "CONNECT", "P\xc3\x96ST", "AVERYLONGMETHODNAMEOFTHIRTYTWOBYTES"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct http_out_request r = request(served_url(f, "/echo"), true);
        r.method = methods[i];
        run_request(&f->run, &r);
        expect_not_sent(&f->run, true, "method");
    }
    static const struct http_header headers[] = {{STR_LIT(""), STR_LIT("x")},
        {STR_LIT("X Y"), STR_LIT("x")}, {STR_LIT("X:"), STR_LIT("x")},
        {STR_LIT("X\r\nY"), STR_LIT("x")}, {STR_LIT("X"), STR_LIT("a\r\nb: c")},
        {STR_LIT("X"), STR_LIT("a\nb")}, {STR_LIT("X"), STR_LIT("a\rb")},
        {STR_LIT("X"), STR_LIT("a\0b")}, {STR_LIT("content-length"), STR_LIT("5")},
        {STR_LIT("Transfer-Encoding"), STR_LIT("chunked")}, {STR_LIT("HOST"), STR_LIT("a")},
        {STR_LIT("Expect"), STR_LIT("100-continue")}};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct http_out_request r = request(served_url(f, "/echo"), true);
        r.headers = &headers[i];
        r.nheaders = 1;
        run_request(&f->run, &r);
        expect_not_sent(&f->run, true, "header");
    }
    assert_int_equal(atomic_load(&f->server.connections), 0);
}

/* A password goes out in the clear to this machine alone, whatever a name begins with. */
static void mail_passwords_are_not_sent_in_the_clear(void **state)
{
    static const char *const urls[] = {"smtp+plain://mail.example",
        "smtp+plain://127.0.0.1.evil.example", "smtp+plain://127.0.0.1.:25",
        "smtp+plain://127.evil.example:25", "smtp+plain://localhost.evil", "smtp+plain://126.0.0.1",
        "smtp+plain://127.1", "smtp+plain://[::2]"};
    const char *to[] = {"a@b.example"};
    struct http_out_mail mail = {
        .from = "c@d.example", .to = to, .nto = 1, .user = "me", .password = "secret"};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct http_out_request r = request(urls[i], true);
        r.mail = &mail;
        run_request(&f->run, &r);
        expect_not_sent(&f->run, true, "a password is not sent without TLS");
    }
}

static void only_public_addresses_when_told(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.1", "0", "2130706433", "0x7f.1",
        "017700000001", "localhost", "loc%61lhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1",
        "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "100.64.0.1", "224.0.0.1", "a.localhost"};
    struct served *f = *state;
    struct http_out_config c;
    struct run run;
    http_out_config_defaults(&c);
    c.public_only = true;
    run_open(&run, &c);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char at[100];
        snprintf(at, sizeof(at), "http://%s:%d/", hosts[i], f->server.port);
        struct http_out_request r = request(at, true);
        run_request(&run, &r);
        expect_not_sent(&run, true, "not a public one");
    }
    run_close(&run);
    assert_int_equal(atomic_load(&f->server.connections), 0);
}

/* What is judged when a socket is opened, of addresses that a test cannot connect to. */
static void ports_and_networks_that_are_allowed(void **state)
{
    static const struct {
        const char *net, *port, *ip;
        int at;
        bool mail;
        int denied;
    } peers[] = {
        {NULL, NULL, "8.8.8.8", 8443, false, PEER_FINE},
        {NULL, "443", "8.8.8.8", 443, false, PEER_FINE},
        {NULL, "443", "8.8.8.8", 8443, false, PEER_PORT},
        {NULL, "443", "8.8.8.8", 80, false, PEER_PORT},
        {NULL, "443", "2a00:1450::1", 443, false, PEER_FINE},
        {NULL, "443", "2a00:1450::1", 22, false, PEER_PORT},
        {NULL, "443", "::ffff:8.8.8.8", 22, false, PEER_PORT},
        {NULL, " 80 ,8000-8100", "8.8.8.8", 8100, false, PEER_FINE},
        {NULL, " 80 ,8000-8100", "8.8.8.8", 8101, false, PEER_PORT},
        {NULL, " 80 ,8000-8100", "8.8.8.8", 443, false, PEER_PORT},
        {NULL, "443", "8.8.8.8", 587, false, PEER_PORT},
        {NULL, "443", "8.8.8.8", 587, true, PEER_FINE},
        {NULL, "443", "8.8.8.8", 6379, true, PEER_PORT},
        {NULL, "443", "10.1.2.3", 443, false, PEER_NOT_PUBLIC},
        {"10.1.0.0/16", "443", "10.1.2.3", 22, false, PEER_FINE},
        {"10.1.0.0/16", "443", "10.2.2.3", 443, false, PEER_NOT_PUBLIC},
        {"10.1.0.0/16", "443", "::ffff:10.1.2.3", 22, false, PEER_FINE},
        {NULL, "", "8.8.8.8", 443, false, PEER_PORT},
    };
    static const char *const special[] = {"::", "::1", "fe80::1", "fec0::1", "fd00::1", "ff02::1",
        "100::1", "64:ff9b:1::1", "64:ff9b::a00:1", "2001:db8::1", "3fff:fff::1", "2001:2::1",
        "2001:10::1", "2001::1", "2002:a00:1::1", "::10.0.0.1", "::ffff:0:10.0.0.1", "4000::1",
        "5f00::1", "0.0.0.1", "192.0.0.1", "198.19.0.1", "240.0.0.1", "255.255.255.255", "junk",
        ""};
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        struct http_out_config c;
        struct run run;
        http_out_config_defaults(&c);
        c.allow_net = peers[i].net;
        c.allow_port = peers[i].port;
        run_open(&run, &c);
        int denied =
            (int)http_out_peer_judge_text(run.client, peers[i].ip, peers[i].at, NULL, peers[i].mail)
                .denied;
        if (denied != peers[i].denied)
            fail_msg("%s port %d: %d", peers[i].ip, peers[i].at, denied);
        for (size_t k = 0; k < sizeof(special) / sizeof(special[0]); k++)
            if (http_out_peer_judge_text(run.client, special[k], 443, NULL, false).denied !=
                PEER_NOT_PUBLIC)
                fail_msg("%s is taken for public", special[k]);
        run_close(&run);
    }
}

/* ---- no connection --------------------------------------------------------------------------- */

static void no_connection_is_not_sent(void **state)
{
    struct served *f = *state;
    int port, fd = cut_listen(&port, 1);
    close(fd); /* now nobody listens there */
    char at[100];
    snprintf(at, sizeof(at), "http://127.0.0.1:%d/secret-path", port);
    for (int write = 0; write < 2; write++) {
        struct http_out_request r = request(at, write);
        run_request(&f->run, &r);
        expect_not_sent(&f->run, false, "no connection");
        assert_null(strstr(f->run.problem, "secret-path"));
        r.url = "http://no-such-name.invalid/";
        run_request(&f->run, &r);
        expect_not_sent(&f->run, false, "could not be resolved");
    }
}

/* A listener whose queue is full answers no further connection. */
static void a_connect_that_hangs_is_not_sent(void **state)
{
    struct served *f = *state;
    int port, fillers[8], listener = cut_listen(&port, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port)};
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(
            connect(fillers[i], (struct sockaddr *)&a, sizeof(a)) == 0 || errno == EINPROGRESS);
    }
    char at[100];
    snprintf(at, sizeof(at), "http://127.0.0.1:%d/", port);
    struct http_out_request r = request(at, true);
    r.timeout_ms = 200;
    run_request(&f->run, &r);
    expect_not_sent(&f->run, false, "no connection in time");
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    close(listener);
}

/* Answers whoever sends something. */
static void *serve_all(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const int *listener = arg;
    char bytes[1000];
    for (int fd; (fd = accept(*listener, NULL, NULL)) >= 0; close(fd))
        if (recv(fd, bytes, sizeof(bytes), 0) > 0)
            send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    return NULL;
}

/* Connecting takes its time, as it does where the other side is far away: the first one is not
 * waited for, and what gets the number of its descriptor is told when it is connected. */
static void a_connection_that_is_not_made_leaves_nothing_to_the_next(void **state)
{
    struct served *f = *state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int port, fillers[8], listener = cut_listen(&port, 0);
    char at[100];
    pthread_t server;
    a.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(
            connect(fillers[i], (struct sockaddr *)&a, sizeof(a)) == 0 || errno == EINPROGRESS);
    }
    snprintf(at, sizeof(at), "http://127.0.0.1:%d/", port);
    struct http_out_request r = request(at, true);
    r.timeout_ms = 200;
    run_request(&f->run, &r);
    expect_not_sent(&f->run, false, "no connection in time");
    r.timeout_ms = 8000;
    f->run.done = 0;
    http_out_start(f->run.client, &r, run_done, &f->run);
    for (int i = 0; i < 5; i++)
        run_turn(&f->run);
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    assert_int_equal(pthread_create(&server, NULL, serve_all, &listener), 0);
    loop_run(f->run.loop);
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    if (f->run.outcome != HTTP_OUT_ANSWERED)
        fail_msg("%s", f->run.problem);
}

/* Connected by the kernel, sent, and never accepted: nobody knows. */
static void a_reset_before_accept_is_unknown(void **state)
{
    struct served *f = *state;
    int port, listener = cut_listen(&port, 4);
    char at[100];
    snprintf(at, sizeof(at), "http://127.0.0.1:%d/", port);
    struct http_out_request r = request(at, true);
    r.timeout_ms = 200;
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
    close(listener);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static void tls_is_checked(void **state)
{
    struct served *f = *state;
    struct tls_server good, old, stranger;
    tls_start(&good, "127.0.0.1", 0);
    tls_start(&old, "127.0.0.1", TLS1_1_VERSION);
    tls_start(&stranger, "127.0.0.2", 0);
    struct {
        struct tls_server *server;
        bool trusted;
        const char *words;
    } cases[] = {{&good, false, "self-signed certificate; "}, {&old, true, "TLS failed"},
        {&stranger, true, "certificate is not trusted"}, {&good, true, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_out_config c;
        struct run run;
        char at[100];
        http_out_config_defaults(&c);
        c.ca_file = cases[i].trusted ? cases[i].server->cert_file : NULL;
        run_open(&run, &c);
        snprintf(at, sizeof(at), "https://127.0.0.1:%d/", cases[i].server->port);
        struct http_out_request r = request(at, true);
        run_request(&run, &r);
        if (cases[i].words) {
            expect_not_sent(&run, false, cases[i].words);
        } else {
            assert_string_equal(run.problem, "");
            assert_string_equal(run.body, "secure");
        }
        run_close(&run);
    }
    tls_stop(&good);
    tls_stop(&old);
    tls_stop(&stranger);
    /* Only the last of them came through. */
    assert_int_equal(atomic_load(&good.requests), 1);
    assert_int_equal(atomic_load(&old.requests) + atomic_load(&stranger.requests), 0);
    char at[100];
    snprintf(at, sizeof(at), "https://127.0.0.1:%d/", f->server.port);
    shutdown(f->server.listener, SHUT_RDWR);
    struct http_out_request r = request(at, true);
    run_request(&f->run, &r);
    assert_int_equal(f->run.outcome, HTTP_OUT_NOT_SENT);
}

/* ---- starts and cancels ---------------------------------------------------------------------- */

struct chain {
    struct served *f;
    struct http_out_transfer *other;
    int done, wanted;
};

static void chain_done(void *arg, const struct http_out_result *r)
{
    struct chain *c = arg;
    assert_int_equal(r->outcome, HTTP_OUT_ANSWERED);
    if (c->other) {
        http_out_cancel(c->other);
        c->other = NULL;
    }
    if (++c->done == c->wanted) {
        loop_stop(c->f->run.loop);
        return;
    }
    struct http_out_request next = request(served_url(c->f, "/echo"), c->done % 2);
    http_out_start(c->f->run.client, &next, chain_done, c);
    /* One that is cancelled before it begins, and one that is cancelled later. */
    http_out_cancel(http_out_start(c->f->run.client, &next, chain_done, c));
    next.url = served_url(c->f, "/silent");
    c->other = http_out_start(c->f->run.client, &next, run_done, &c->f->run);
}

static void callbacks_may_start_and_cancel(void **state)
{
    struct served *f = *state;
    struct chain c = {.f = f, .wanted = 200};
    struct http_out_request first = request(served_url(f, "/echo"), false);
    http_out_start(f->run.client, &first, chain_done, &c);
    assert_int_equal(c.done, 0); /* never from inside start */
    loop_run(f->run.loop);
    assert_int_equal(c.done, 200);
    assert_int_equal(f->run.done, 0); /* no cancelled one was told */
}

/* done of one cancels all others, some of which have ended in the same turn. */
struct crowd {
    struct run *run;
    struct http_out_transfer *all[64];
    int done;
};

static void crowd_done(void *arg, const struct http_out_result *r)
{
    struct crowd *c = arg;
    c->done++;
    for (int i = 0; i < 64; i++)
        http_out_cancel(c->all[i]);
    loop_stop(c->run->loop);
}

static void the_finished_may_be_cancelled(void **state)
{
    struct served *f = *state;
    struct crowd c = {.run = &f->run};
    struct http_out_request r = request("ftp://nowhere/", false); /* all end in one turn */
    for (int i = 0; i < 64; i++)
        c.all[i] = http_out_start(f->run.client, &r, crowd_done, &c);
    loop_run(f->run.loop);
    run_turn(&f->run);
    assert_int_equal(c.done, 1);
}

static void many_done(void *arg, const struct http_out_result *r)
{
    if (r->outcome != HTTP_OUT_ANSWERED)
        print_error("%s\n", r->problem);
    run_done(arg, r);
}

static void many_at_once_all_end(void **state)
{
    struct served *f = *state;
    struct http_out_request r = request(served_url(f, "/echo"), true);
    f->run.done = 0;
    f->run.wanted = 1000;
    for (int i = 0; i < 1000; i++) {
        r.write = i % 2;
        http_out_start(f->run.client, &r, many_done, &f->run);
    }
    loop_run(f->run.loop);
    assert_int_equal(f->run.done, 1000);
    assert_int_equal(atomic_load(&f->server.executed), 1000);
    /* Under valgrind they come so slowly that a connection is too old for the next write. */
    if (!getenv("SAUMA_UNDER"))
        assert_true(atomic_load(&f->server.connections) <= 512);
}

static void freeing_ends_what_is_under_way(void **state)
{
    struct served *f = *state;
    struct run run;
    run_open(&run, NULL);
    struct http_out_request r = request(served_url(f, "/silent"), true);
    for (int i = 0; i < 10; i++)
        http_out_start(run.client, &r, run_done, &run);
    run_turn(&run);
    http_out_start(run.client, &r, run_done, &run);
    run_close(&run);
    assert_int_equal(run.done, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, served_setup, served_teardown)
    const struct CMUnitTest tests[] = {
        TEST(bad_addresses_are_refused),
        TEST(bad_names_and_values_are_refused),
        TEST(mail_passwords_are_not_sent_in_the_clear),
        TEST(only_public_addresses_when_told),
        TEST(ports_and_networks_that_are_allowed),
        TEST(no_connection_is_not_sent),
        TEST(a_connect_that_hangs_is_not_sent),
        TEST(a_connection_that_is_not_made_leaves_nothing_to_the_next),
        TEST(a_reset_before_accept_is_unknown),
        TEST(tls_is_checked),
        TEST(callbacks_may_start_and_cancel),
        TEST(the_finished_may_be_cancelled),
        TEST(many_at_once_all_end),
        TEST(freeing_ends_what_is_under_way),
    };
    /* Both ends of up to 512 connections are here; the usual soft limit is 1024. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
