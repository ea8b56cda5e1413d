/* Any bytes as what a connection of the HTTP server receives. The same bytes, however they are cut,
 * must give the same requests; and whatever is accepted must be one whole request with the same
 * body to llhttp and to a reader that only cuts lines as well: no two readings of one message. What
 * is read and written again reads as the same. */
#include <llhttp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT_HEADER 600
#define LIMIT_BODY   200

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

/* ---- llhttp's opinion ---- */

struct opinion {
    struct buf body;
    int whole;
};

static int on_body(llhttp_t *ll, const char *at, size_t n)
{
    buf_add(&((struct opinion *)ll->data)->body, at, n);
    return 0;
}

static int on_whole(llhttp_t *ll)
{
    ((struct opinion *)ll->data)->whole++;
    return 0;
}

static void compare(const struct http_parse *p, const char *bytes, size_t n)
{
    static const llhttp_settings_t settings = {.on_body = on_body, .on_message_complete = on_whole};
    struct opinion o = {.whole = 0};
    llhttp_t ll;
    buf_init(&o.body, LIMIT_BODY);
    llhttp_init(&ll, HTTP_REQUEST, &settings);
    ll.data = &o;
    llhttp_errno_t rc = llhttp_execute(&ll, bytes, n);
    must(rc == HPE_OK || rc == HPE_PAUSED_UPGRADE);
    must(o.whole == 1);
    must(o.body.n == p->body.n && (o.body.n == 0 || memcmp(o.body.p, p->body.p, o.body.n) == 0));
    must(strcmp(llhttp_method_name((llhttp_method_t)ll.method), p->method) == 0);
    buf_free(&o.body);
}

/* ---- the opinion of who only cuts lines ---- */

static struct str naive_line(struct str *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    must(end != NULL);
    struct str line = {rest->p, (size_t)(end - rest->p)};
    must(memchr(line.p, '\n', line.n) == NULL && memchr(line.p, '\0', line.n) == NULL);
    *rest = (struct str){end + 2, rest->n - line.n - 2};
    return line;
}

static struct str naive_trim(struct str s)
{
    while (s.n > 0 && strchr(" \t", s.p[0]) != NULL)
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n > 0 && strchr(" \t", s.p[s.n - 1]) != NULL)
        s.n--;
    return s;
}

static void naive_chunks(const struct http_parse *p, struct str rest)
{
    size_t at = 0;
    for (;;) {
        struct str line = naive_line(&rest);
        char *end = NULL;
        unsigned long long n = strtoull(line.p, &end, 16); /* a line end is behind it */
        must(end > line.p && end <= line.p + line.n && (*end == '\r' || *end == ';'));
        must(line.p[0] != '+' && line.p[0] != '-' && line.p[0] != ' ' && line.p[1] != 'x');
        if (n == 0)
            break;
        must(n <= p->body.n - at && n + 2 <= rest.n);
        must(memcmp(p->body.p + at, rest.p, n) == 0 && memcmp(rest.p + n, "\r\n", 2) == 0);
        at += n;
        rest = (struct str){rest.p + n + 2, rest.n - n - 2};
    }
    must(at == p->body.n);
    while (naive_line(&rest).n > 0) {
    }
    must(rest.n == 0);
}

/* Is the option one of the list? */
static bool naive_option(struct str list, const char *option)
{
    bool is = false;
    while (list.p != NULL)
        is |= str_ieq(naive_trim(str_cut(list, ',', &list)), str_of(option));
    return is;
}

static void naive_agrees(const struct http_parse *p, struct str rest)
{
    int lengths = 0, codings = 0, hosts = 0;
    bool close = false, keep = !p->old;
    if (str_starts(rest, "\r\n"))
        rest = (struct str){rest.p + 2, rest.n - 2};
    struct str line = naive_line(&rest), left;
    must(str_eq(
        http_line_target(line), p->target)); /* as the access log has it of what is refused */
    must(str_is(str_cut(line, ' ', &left), p->method));
    must(str_eq(str_cut(left, ' ', &left), p->target));
    must(str_is(left, p->old ? "HTTP/1.0" : "HTTP/1.1"));
    for (int i = 0; (line = naive_line(&rest)).n > 0; i++) {
        must(i < p->nheaders);
        struct str value, name = str_cut(line, ':', &value);
        must(str_eq(name, p->headers[i].name) && str_eq(naive_trim(value), p->headers[i].value));
        lengths += str_ieq(name, STR_LIT("content-length"));
        codings += str_ieq(name, STR_LIT("transfer-encoding"));
        hosts += str_ieq(name, STR_LIT("host"));
        if (str_ieq(name, STR_LIT("connection"))) {
            close |= naive_option(value, "close");
            keep |= naive_option(value, "keep-alive");
        }
        must(i + 1 < p->nheaders || str_starts(rest, "\r\n"));
    }
    must(p->keep_alive == (keep && !close));
    must(lengths + codings <= 1 && hosts + p->old >= 1 && hosts <= 1);
    if (codings > 0) {
        naive_chunks(p, rest);
    } else {
        must(lengths == 1 || rest.n == 0);
        must(str_eq(rest, (struct str){p->body.p, p->body.n}));
    }
}

/* ---- ours ---- */

static void add(struct buf *b, struct str s)
{
    buf_addf(b, "%zu:", s.n);
    buf_add(b, s.p, s.n);
}

static void check_request(const struct http_parse *p)
{
    must(memchr(p->path.p, '\0', p->path.n) == NULL);
    must(p->path.n > 0 && p->body.n <= LIMIT_BODY && p->body.p[p->body.n] == '\0');
    for (int i = 0; i < p->nheaders; i++) {
        must(p->headers[i].name.n > 0);
        must(memchr(p->headers[i].value.p, '\0', p->headers[i].value.n) == NULL);
        must(memchr(p->headers[i].value.p, '\n', p->headers[i].value.n) == NULL);
    }
}

/* Each byte of a query is itself or three that stand for it. */
static void check_query(struct str raw)
{
    char *out = malloc(raw.n + 1);
    long n = http_percent_decode(out, raw, true);
    size_t at = 0;
    for (long i = 0; i < n; i++) {
        must(at < raw.n && out[i] != '\0');
        at += raw.p[at] == '%' ? 3 : 1;
    }
    must(n < 0 ? memchr(raw.p, '%', raw.n) != NULL : at == raw.n);
    free(out);
}

static void describe(const struct http_parse *p, struct buf *out)
{
    if (p->state == HTTP_PARSE_REFUSED) {
        must(p->problem.why[0] != '\0' && p->problem.status >= 400 && p->problem.status <= 505);
        buf_addf(out, "refused %d %s\n", p->problem.status, p->problem.why);
        return;
    }
    check_request(p);
    check_query(p->query);
    buf_addf(out, "%s %d %d %d ", p->method, p->keep_alive, p->old, p->expects_continue);
    add(out, p->target);
    add(out, p->path);
    add(out, p->query);
    for (int i = 0; i < p->nheaders; i++) {
        add(out, p->headers[i].name);
        add(out, p->headers[i].value);
    }
    add(out, (struct str){p->body.p, p->body.n});
}

/* Written once more, the body in one chunk, it is the same request. */
static void round_trip(const struct http_parse *p)
{
    struct buf bytes, before, after;
    struct http_parse again;
    bool chunked = http_header_get(p->headers, p->nheaders, "transfer-encoding").p != NULL;
    buf_init(&bytes, (size_t)1 << 20);
    buf_init(&before, (size_t)1 << 20);
    buf_init(&after, (size_t)1 << 20);
    buf_addf(&bytes, "%s %.*s HTTP/1.%d\r\n", p->method, STR_ARG(p->target), !p->old);
    for (int i = 0; i < p->nheaders; i++) {
        buf_add(&bytes, p->headers[i].name.p, p->headers[i].name.n);
        buf_addc(&bytes, ':');
        buf_add(&bytes, p->headers[i].value.p, p->headers[i].value.n);
        buf_adds(&bytes, "\r\n");
    }
    buf_adds(&bytes, "\r\n");
    if (chunked && p->body.n > 0)
        buf_addf(&bytes, "%zx\r\n", p->body.n);
    buf_add(&bytes, p->body.p, p->body.n);
    if (chunked)
        buf_adds(&bytes, p->body.n > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
    http_parse_init(&again, LIMIT_HEADER, LIMIT_BODY);
    must(http_parse_feed(&again, bytes.p, bytes.n) == bytes.n && again.state == HTTP_PARSE_DONE);
    describe(p, &before);
    describe(&again, &after);
    must(str_eq(buf_str(&before), buf_str(&after)));
    http_parse_free(&again);
    buf_free(&bytes);
    buf_free(&before);
    buf_free(&after);
}

static size_t piece_of(size_t left, size_t size, uint32_t *cut)
{
    if (*cut == 0)
        return left;
    if (*cut == 1 && size <= 256) /* byte by byte */
        return 1;
    *cut = *cut * 1664525 + 1013904223;
    size_t want = 1 + (*cut >> 20) % (24 + size / 32);
    return want < left ? want : left;
}

static size_t feed(struct http_parse *p, const char *bytes, size_t n)
{
    if (n == 1)
        return http_parse_feed(p, bytes, n);
    char *exact = malloc(n); /* a read behind its end is seen */
    memcpy(exact, bytes, n);
    size_t taken = http_parse_feed(p, exact, n);
    free(exact);
    return taken;
}

/* Feeds all: in one piece (cut is 0; then the others are asked as well), or cut at places that
 * depend on cut. */
static void run(const char *bytes, size_t size, uint32_t cut, struct buf *out)
{
    struct http_parse p;
    size_t used = 0, from = 0;
    bool over = false;
    http_parse_init(&p, LIMIT_HEADER, LIMIT_BODY);
    while (used < size && !over) {
        size_t piece = piece_of(size - used, size, &cut);
        size_t taken = feed(&p, bytes + used, piece);
        must(taken <= piece);
        used += taken;
        if (p.state < HTTP_PARSE_DONE) {
            must(taken == piece);
            continue;
        }
        describe(&p, out);
        /* llhttp lets Transfer-Encoding in a trailer change the end of the message. */
        if (p.state == HTTP_PARSE_DONE && cut == 0 && !p.chunk.trailers)
            compare(&p, bytes + from, used - from);
        if (p.state == HTTP_PARSE_DONE && cut == 0) {
            naive_agrees(&p, (struct str){bytes + from, used - from});
            round_trip(&p);
        }
        over = p.state == HTTP_PARSE_REFUSED || !p.keep_alive;
        from = used;
        http_parse_reset(&p);
    }
    http_parse_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct buf whole, pieces;
    buf_init(&whole, (size_t)64 << 20);
    buf_init(&pieces, (size_t)64 << 20);
    run(bytes, size, 0, &whole);
    for (uint32_t cut = 1; cut <= 2; cut++) {
        buf_clear(&pieces);
        run(bytes, size, cut, &pieces);
        must(whole.n == pieces.n);
        must(whole.n == 0 || memcmp(whole.p, pieces.p, whole.n) == 0);
    }
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
