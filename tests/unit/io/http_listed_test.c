/* Each line of http_listed.h over a real socket: the answers, and what the handler was given of it,
 * in whatever pieces the bytes come. */
#include "test.h"

#include "io/http_listed.h"
#include "io/http_peer.h"

/* What the handler, on the loop's thread, was given since the last case. */
static char seen[1000];
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

static void take_seen(char *out, size_t room)
{
    pthread_mutex_lock(&seen_lock);
    snprintf(out, room, "%s", seen);
    seen[0] = '\0';
    pthread_mutex_unlock(&seen_lock);
}

static void note_seen(void *arg, struct http_in_exchange *x)
{
    static const char *const never[] = {
        "Authorization", "webhook-id", "X-Webhook-Secret", "X-Injected"};
    const struct http_in_request *r = http_in_request(x);
    pthread_mutex_lock(&seen_lock);
    size_t used = strlen(seen);
    snprintf(seen + used, sizeof(seen) - used, "%s%s %.*s [%.*s]", used > 0 ? "|" : "", r->method,
        (int)r->path.n, r->path.p, (int)r->body.n, r->body.p);
    for (size_t i = 0; i < COUNT(never); i++)
        if (http_header_get(r->headers, r->nheaders, never[i]).p != NULL) {
            used = strlen(seen);
            snprintf(seen + used, sizeof(seen) - used, " !%s", never[i]);
        }
    pthread_mutex_unlock(&seen_lock);
    http_in_reply(x, 202, NULL, 0, STR_LIT("ok"));
}

/* As peer_statuses, but the first answer has no body if a HEAD asked for it. */
static void statuses_of(const struct http_listed *c, char *text, size_t n, char *out, size_t room)
{
    if (strncmp(c->bytes, "HEAD ", 5) == 0) {
        char *length = strstr(text, "Content-Length: 2\r\n");
        if (length != NULL)
            length[16] = '0';
    }
    peer_statuses(text, n, out, room);
}

static void run_case(struct served *s, const struct http_listed *c, size_t piece)
{
    char got[256], given[sizeof(seen)];
    size_t n;
    int fd = peer_connect(s);
    for (size_t at = 0; at < c->n; at += piece)
        peer_send(fd, c->bytes + at, c->n - at < piece ? c->n - at : piece);
    shutdown(fd, SHUT_WR);
    char *text = peer_read_all(fd, &n);
    close(fd);
    statuses_of(c, text, n, got, sizeof(got));
    free(text);
    take_seen(given, sizeof(given));
    if (strcmp(got, c->expect) != 0 || strcmp(given, c->seen) != 0)
        fail_msg("%s %s, pieces of %zu: answered \"%s\", expected \"%s\"; given \"%s\", expected "
                 "\"%s\"",
            c->number, c->name, piece, got, c->expect, given, c->seen);
}

static void test_each_listed_request(void **state)
{
    struct served s;
    struct http_in_config c = served_config();
    served_begin(&s, &c, note_seen);
    for (size_t i = 0; i < COUNT(http_listed); i++)
        for (size_t piece = 1; piece < 1000; piece = piece * 9 + 1)
            run_case(&s, &http_listed[i], piece);
    served_end(&s);
}

/* 84: what a handler says in a header must not become a header, or a header's second line. */
static void say_folded(void *arg, struct http_in_exchange *x)
{
    struct http_header h[] = {
        {STR_LIT("X-A"), STR_LIT("a\r\n X-Injected: b")},
        {STR_LIT("X-B"), STR_LIT("a\r\n\tX-Injected: b")},
        {STR_LIT("X-C"), STR_LIT("a\nX-Injected: b")},
        {STR_LIT("X-D"), STR_LIT("a\rX-Injected: b")},
        {STR_LIT("X-E"), STR_LIT("a\0X-Injected: b")},
        {STR_LIT("X-F\r\nX-Injected"), STR_LIT("b")},
        {STR_LIT("X-G: c\r\nX-Injected"), STR_LIT("b")},
    };
    http_in_reply(x, 202, h, COUNT(h), STR_LIT("ok"));
}

static void test_line_breaks_in_an_answer(void **state)
{
    struct served s;
    size_t n;
    struct http_in_config c = served_config();
    served_begin(&s, &c, say_folded);
    int fd = peer_connect(&s);
    peer_text(fd, L_GET "\r\n");
    shutdown(fd, SHUT_WR);
    char *text = peer_read_all(fd, &n);
    close(fd);
    served_end(&s);
    assert_int_equal(strlen(text), n);
    char *body = strstr(text, "\r\n\r\n");
    assert_string_equal(body, "\r\n\r\nok");
    *body = '\0';
    for (char *line = strstr(text, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        assert_false(line[2] == ' ' || line[2] == '\t');
        assert_true(strncmp(line + 2, "X-Injected", 10) != 0);
        assert_null(memchr(line + 2, '\n', strcspn(line + 2, "\r")));
    }
    assert_null(strstr(text, "X-F"));
    assert_null(strstr(text, "X-G"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_listed_request),
        cmocka_unit_test(test_line_breaks_in_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
