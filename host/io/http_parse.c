/* Each line is checked strictly as it comes in, the whole head is then parsed by llhttp, and what
 * both found must agree. llhttp 8.1 alone lets pass a bare line feed after the request line, folded
 * headers, two Host headers and HTTP/0.9, and as it builds by default also a space before the colon
 * and bytes over 127 in a target; our line checks alone would be one opinion. The body is counted
 * or de-chunked here, so that its bytes are copied once. */
#include "http_parse.h"

#include <llhttp.h>
#include <string.h>

/* Buffers larger than this are given back between two requests of a connection. */
#define KEEP_BYTES ((size_t)16 << 10)
/* Room taken at once for an announced body: what really comes decides about more. */
#define FIRST_BODY_BYTES ((size_t)64 << 10)

void http_parse_init(struct http_parse *p, size_t max_header, size_t max_body)
{
    memset(p, 0, offsetof(struct http_parse, headers));
    p->max_header = max_header;
    p->max_body = max_body;
    buf_init(&p->head, max_header);
    buf_init(&p->path_decoded, max_header + 1);
    buf_init(&p->body, max_body + 1);
}

static void reuse(struct buf *b)
{
    if (b->cap > KEEP_BYTES)
        buf_free(b);
    buf_clear(b);
}

void http_parse_reset(struct http_parse *p)
{
    reuse(&p->head);
    reuse(&p->path_decoded);
    reuse(&p->body);
    p->state = HTTP_PARSE_HEAD;
    p->problem = HTTP_FINE;
    p->line = 0;
    p->nlines = p->nheaders = 0;
    p->blank_skipped = p->keep_alive = p->old = p->expects_continue = false;
    p->method = NULL;
    p->target = p->path = p->query = STR_NONE;
    p->left = 0;
    http_chunk_init(&p->chunk);
}

void http_parse_free(struct http_parse *p)
{
    buf_free(&p->head);
    buf_free(&p->path_decoded);
    buf_free(&p->body);
}

static void refuse(struct http_parse *p, struct http_problem problem)
{
    p->state = HTTP_PARSE_REFUSED;
    p->problem = problem;
}

static void refuse_for(struct http_parse *p, int status, const char *why)
{
    refuse(p, (struct http_problem){status, why});
}

/* ---- llhttp's reading of the head ---- */

struct reading {
    struct http_parse *p;
    struct str url;
    bool value_seen; /* the last header has its value: a name that comes begins the next one */
    bool ended;
};

/* llhttp may hand out one text in several spans; in one buffer they touch. */
static void extend(struct str *s, const char *at, size_t n)
{
    if (s->p == NULL)
        s->p = at;
    s->n = (size_t)(at + n - s->p);
}

static int on_url(llhttp_t *ll, const char *at, size_t n)
{
    struct reading *r = ll->data;
    extend(&r->url, at, n);
    return 0;
}

static int on_field(llhttp_t *ll, const char *at, size_t n)
{
    struct reading *r = ll->data;
    struct http_parse *p = r->p;
    if (p->nheaders == 0 || r->value_seen) {
        if (p->nheaders == HTTP_PARSE_HEADERS_MAX)
            return HPE_USER;
        p->headers[p->nheaders++] = (struct http_header){STR_NONE, STR_NONE};
        r->value_seen = false;
    }
    extend(&p->headers[p->nheaders - 1].name, at, n);
    return 0;
}

static int on_value(llhttp_t *ll, const char *at, size_t n)
{
    struct reading *r = ll->data;
    if (r->p->nheaders == 0)
        return HPE_USER;
    extend(&r->p->headers[r->p->nheaders - 1].value, at, n);
    return 0;
}

/* Called also for an empty value, which has no span. */
static int on_value_complete(llhttp_t *ll)
{
    struct reading *r = ll->data;
    r->value_seen = true;
    return 0;
}

static int on_head(llhttp_t *ll)
{
    struct reading *r = ll->data;
    r->ended = true;
    return HPE_PAUSED; /* the body is not llhttp's */
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_head,
};

static struct str trim_blanks(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool read_head(struct http_parse *p, llhttp_t *ll)
{
    struct reading r = {.p = p};
    llhttp_init(ll, HTTP_REQUEST, &settings);
    ll->data = &r;
    if (llhttp_execute(ll, p->head.p, p->head.n) != HPE_PAUSED || !r.ended) {
        if (p->nheaders == HTTP_PARSE_HEADERS_MAX)
            refuse_for(p, 431, "too many headers");
        else
            refuse_for(p, 400, "request is malformed");
        return false;
    }
    /* Each line was checked: two parsers that count or cut differently are one too many. */
    if (p->nheaders != p->nlines - 1) {
        refuse_for(p, 400, "headers are ambiguous");
        return false;
    }
    for (int i = 0; i < p->nheaders; i++) {
        p->headers[i].value = trim_blanks(p->headers[i].value);
        if (p->headers[i].value.p == NULL)
            p->headers[i].value = STR_LIT("");
    }
    p->target = r.url;
    p->method = llhttp_method_name((llhttp_method_t)ll->method);
    p->old = ll->http_minor == 0;
    return true;
}

/* ---- what the headers mean for the message ---- */

struct framing {
    int hosts, lengths, codings;
    bool close, keep; /* Connection says so */
    uint64_t length;
};

/* A list of options; llhttp takes no blank behind one, and Proxy-Connection for the same. */
static void note_connection(struct framing *f, struct str options)
{
    while (options.n > 0) {
        struct str one = trim_blanks(str_cut(options, ',', &options));
        f->close |= str_ieq(one, STR_LIT("close"));
        f->keep |= str_ieq(one, STR_LIT("keep-alive"));
    }
}

static struct http_problem note_header(
    struct http_parse *p, struct framing *f, const struct http_header *h)
{
    switch (h->name.n) {
    case 4:
        if (!str_ieq(h->name, STR_LIT("host")))
            return HTTP_FINE;
        if (++f->hosts > 1)
            return (struct http_problem){400, "more than one Host"};
        return http_host_valid(h->value) ? HTTP_FINE
                                         : (struct http_problem){400, "Host is malformed"};
    case 6:
        if (!str_ieq(h->name, STR_LIT("expect")) || p->old)
            return HTTP_FINE;
        p->expects_continue = str_ieq(h->value, STR_LIT("100-continue"));
        return p->expects_continue ? HTTP_FINE : (struct http_problem){417, "unknown expectation"};
    case 10:
        if (str_ieq(h->name, STR_LIT("connection")))
            note_connection(f, h->value);
        return HTTP_FINE;
    case 14:
        if (!str_ieq(h->name, STR_LIT("content-length")))
            return HTTP_FINE;
        if (++f->lengths > 1)
            return (struct http_problem){400, "more than one Content-Length"};
        return http_length_valid(h->value, &f->length)
                   ? HTTP_FINE
                   : (struct http_problem){400, "Content-Length is not a number"};
    case 17:
        if (!str_ieq(h->name, STR_LIT("transfer-encoding")))
            return HTTP_FINE;
        if (++f->codings > 1 || p->old || !str_ieq(h->value, STR_LIT("chunked")))
            return (struct http_problem){400, "Transfer-Encoding is not exactly chunked"};
        return HTTP_FINE;
    default:
        return HTTP_FINE;
    }
}

static struct http_problem judge_framing(
    struct http_parse *p, const llhttp_t *ll, struct framing *f)
{
    for (int i = 0; i < p->nheaders; i++) {
        struct http_problem problem = note_header(p, f, &p->headers[i]);
        if (problem.status != 0)
            return problem;
    }
    p->keep_alive = !f->close && (f->keep || !p->old);
    if (f->hosts == 0 && !p->old)
        return (struct http_problem){400, "no Host"};
    if (f->lengths > 0 && f->codings > 0)
        return (struct http_problem){400, "both Content-Length and Transfer-Encoding"};
    if (ll->content_length != f->length || ((ll->flags & F_CHUNKED) != 0) != (f->codings > 0))
        return (struct http_problem){400, "length of the body is ambiguous"};
    if (f->length > p->max_body)
        return (struct http_problem){413, "body is too large"};
    return HTTP_FINE;
}

static struct http_problem set_path(struct http_parse *p)
{
    struct str raw;
    struct http_problem problem =
        http_split_target(p->target, strcmp(p->method, "OPTIONS") == 0, &raw, &p->query);
    if (problem.status != 0)
        return problem;
    p->path = raw;
    if (memchr(raw.p, '%', raw.n) == NULL)
        return HTTP_FINE;
    char *out = buf_room(&p->path_decoded, raw.n);
    long n = http_path_decode(out, raw);
    if (n < 0)
        return (struct http_problem){400, "path has a broken or forbidden percent escape"};
    p->path = (struct str){out, (size_t)n};
    return HTTP_FINE;
}

static void finish(struct http_parse *p)
{
    buf_addc(&p->body, '\0');
    p->body.n--;
    p->state = HTTP_PARSE_DONE;
}

static void end_head(struct http_parse *p)
{
    llhttp_t ll;
    if (!read_head(p, &ll))
        return;
    struct framing f = {0};
    struct http_problem problem = judge_framing(p, &ll, &f);
    if (problem.status == 0)
        problem = set_path(p);
    if (problem.status != 0) {
        refuse(p, problem);
    } else if (f.codings > 0) {
        p->state = HTTP_PARSE_CHUNKS;
    } else if (f.length > 0) {
        p->left = f.length;
        buf_room(&p->body, f.length < FIRST_BODY_BYTES ? (size_t)f.length + 1 : FIRST_BODY_BYTES);
        p->state = HTTP_PARSE_BODY;
    } else {
        finish(p);
    }
}

/* ---- bytes ---- */

static void end_line(struct http_parse *p)
{
    struct str line = {p->head.p + p->line, p->head.n - p->line};
    if (line.n < 2 || line.p[line.n - 2] != '\r') {
        refuse_for(p, 400, "line ends without CR LF");
        return;
    }
    line.n -= 2;
    if (line.n > 0) {
        struct http_problem problem =
            p->nlines == 0 ? http_check_request_line(line) : http_check_header_line(line);
        if (problem.status != 0)
            refuse(p, problem);
        p->line = p->head.n;
        p->nlines++;
    } else if (p->nlines > 0) {
        end_head(p);
    } else if (p->blank_skipped) {
        refuse_for(p, 400, "empty lines before the request");
    } else {
        /* RFC 9112 2.2: one CRLF too many after a body is an old habit of clients. */
        p->blank_skipped = true;
        buf_clear(&p->head);
    }
}

static size_t feed_head(struct http_parse *p, const char *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && p->state == HTTP_PARSE_HEAD) {
        const char *from = bytes + used;
        unsigned char first = (unsigned char)*from;
        /* TLS or garbage on this port: no need to wait for the end of a line. */
        if (p->head.n == 0 && !http_is_token_char(first) && first != '\r') {
            refuse_for(p, 400, "not an HTTP request");
            return used;
        }
        const char *lf = memchr(from, '\n', n - used);
        size_t take = lf != NULL ? (size_t)(lf - from) + 1 : n - used;
        if (take > p->max_header - p->head.n) {
            refuse_for(p, 431, "request line and headers are too long");
            return used;
        }
        buf_add(&p->head, from, take);
        used += take;
        if (lf != NULL)
            end_line(p);
    }
    return used;
}

static size_t feed_body(struct http_parse *p, const char *bytes, size_t n)
{
    size_t take = n < p->left ? n : (size_t)p->left;
    buf_add(&p->body, bytes, take);
    p->left -= take;
    if (p->left == 0)
        finish(p);
    return take;
}

static size_t feed_chunks(struct http_parse *p, const char *bytes, size_t n)
{
    bool done = false;
    struct http_problem problem = HTTP_FINE;
    size_t used =
        http_chunk_feed(&p->chunk, bytes, n, p->max_body, p->max_header, &p->body, &done, &problem);
    if (problem.status != 0)
        refuse(p, problem);
    else if (done)
        finish(p);
    return used;
}

size_t http_parse_feed(struct http_parse *p, const char *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && p->state < HTTP_PARSE_DONE) {
        if (p->state == HTTP_PARSE_HEAD)
            used += feed_head(p, bytes + used, n - used);
        else if (p->state == HTTP_PARSE_BODY)
            used += feed_body(p, bytes + used, n - used);
        else
            used += feed_chunks(p, bytes + used, n - used);
    }
    return used;
}
