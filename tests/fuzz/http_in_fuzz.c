/* Any bytes as what a connection of the HTTP server receives. The same bytes, however they are cut,
 * must give the same requests; and whatever is accepted must be one whole request with the same
 * body to llhttp as well: no two readings of one message. */
#include <llhttp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT_HEADER 2048
#define LIMIT_BODY   1000

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

static void describe(const struct http_parse *p, struct buf *out)
{
    if (p->state == HTTP_PARSE_REFUSED) {
        buf_addf(out, "refused %d %s\n", p->problem.status, p->problem.why);
        return;
    }
    check_request(p);
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

/* Feeds all: in one piece (cut is 0; then llhttp is asked as well), or cut at places that depend on
 * cut. */
static void run(const char *bytes, size_t size, uint32_t cut, struct buf *out)
{
    struct http_parse p;
    size_t used = 0, from = 0;
    bool over = false;
    http_parse_init(&p, LIMIT_HEADER, LIMIT_BODY);
    while (used < size && !over) {
        size_t piece = size - used;
        if (cut != 0) {
            cut = cut * 1664525 + 1013904223;
            size_t want = 1 + (cut >> 20) % (24 + size / 32);
            piece = want < piece ? want : piece;
        }
        char *exact = malloc(piece); /* a read behind its end is seen */
        memcpy(exact, bytes + used, piece);
        size_t taken = http_parse_feed(&p, exact, piece);
        free(exact);
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
    for (uint32_t cut = 1; cut <= 3; cut++) {
        buf_clear(&pieces);
        run(bytes, size, cut, &pieces);
        must(whole.n == pieces.n);
        must(whole.n == 0 || memcmp(whole.p, pieces.p, whole.n) == 0);
    }
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
