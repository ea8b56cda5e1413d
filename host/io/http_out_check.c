/* Judges a request before libcurl sees it: names by the token grammar of RFC 9110 5.6.2, values
 * without what would end a line, an address of a protocol that is ours. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "http_out_impl.h"
#include "mem.h"

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+.^_`|~", c));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_char((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static bool value_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
            return false;
    return true;
}

static bool fail(struct http_out_transfer *t, const char *what)
{
    snprintf(t->problem, sizeof(t->problem), "the request was not sent: %s", what);
    return false;
}

static bool check_method(struct http_out_transfer *t, const char *method)
{
    if (!method || !is_token(str_of(method)) || strlen(method) >= sizeof(t->method))
        return fail(t, "its method is not a word that HTTP allows");
    if (!strcmp(method, "CONNECT"))
        return fail(t, "the method CONNECT is not allowed");
    memcpy(t->method, method, strlen(method) + 1);
    return true;
}

/* libcurl itself judges the address: it knows the two protocols only, refuses user names and
 * control characters. What is looked at here is what it would guess or quietly take, and the
 * origin for messages, which never show the rest of a URL: its path may be a secret. */
static bool check_url(struct http_out_transfer *t, const char *url)
{
    if (!url || (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8)))
        return fail(t, "its address is neither http:// nor https://");
    const char *host = strchr(url, ':') + 3;
    size_t n = strcspn(host, "/?#");
    if (!n)
        return fail(t, "its address names no host");
    if (memchr(host, '@', n))
        return fail(t, "its address holds a user name");
    if (n > 255)
        return fail(t, "its address has a host name over 255 bytes");
    if (n > 2 && !memcmp(host + n - 2, ":0", 2))
        return fail(t, "its address has the port 0");
    n += (size_t)(host - url);
    memcpy(t->origin, url, n);
    t->origin[n] = '\0';
    t->url = mem_dup(url);
    return true;
}

static bool is_ours(struct str name)
{
    static const char *const ours[] = {"Host", "Connection", "Content-Length", "Transfer-Encoding",
        "Expect", "Upgrade", "TE", "Trailer", "Proxy-Connection", "Proxy-Authorization"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (str_ieq(name, str_of(ours[i])))
            return true;
    return false;
}

/* ---- header lines ---------------------------------------------------------------------------- */

/* A line of the list for libcurl. Where it is is known when all are there. */
static void add_line(struct http_out_transfer *t, const char *line)
{
    buf_add(&t->lines, line, strlen(line) + 1);
    t->nlines++;
}

static void add_header(struct http_out_transfer *t, const struct http_header *h)
{
    struct str value = str_trim(h->value);
    buf_add(&t->lines, h->name.p, h->name.n);
    if (value.n) {
        buf_add(&t->lines, ": ", 2);
        buf_add(&t->lines, value.p, value.n);
    } else {
        buf_addc(&t->lines, ';'); /* libcurl's word for a header with an empty value */
    }
    buf_addc(&t->lines, '\0');
    t->nlines++;
}

/* Lines and nodes stay with the transfer, so that a request costs no allocation for each of them.
 */
static void link_lines(struct http_out_transfer *t)
{
    if (t->nlines > t->max_headers) {
        t->headers = mem_realloc(t->headers, t->nlines * sizeof(t->headers[0]));
        t->max_headers = t->nlines;
    }
    char *line = t->lines.p;
    for (size_t i = 0; i < t->nlines; i++) {
        t->headers[i].data = line;
        t->headers[i].next = i + 1 < t->nlines ? &t->headers[i + 1] : NULL;
        line += strlen(line) + 1;
    }
}

static bool has(const struct http_out_request *r, struct str name)
{
    for (int i = 0; i < r->nheaders; i++)
        if (str_ieq(r->headers[i].name, name))
            return true;
    return false;
}

static void add_lines(struct http_out_transfer *t, const struct http_out_request *r)
{
    /* libcurl has options for these two, and formats what they say twice, byte by byte. */
    const char *agent = t->owner->config.user_agent;
    if (agent && !has(r, STR_LIT("User-Agent")))
        add_header(t, &(struct http_header){STR_LIT("User-Agent"), str_of(agent)});
    if (!has(r, STR_LIT("Accept-Encoding")))
        add_line(t, "Accept-Encoding: " HTTP_OUT_ENCODINGS);
    for (int i = 0; i < r->nheaders; i++)
        add_header(t, &r->headers[i]);
    /* What libcurl would add to a body by itself: a pause for 100-continue, a form's type. */
    if (strcmp(r->method, "GET") || t->request.n) {
        add_line(t, "Expect:");
        if (!has(r, STR_LIT("Content-Type")))
            add_line(t, "Content-Type:");
    }
    link_lines(t);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool check_header(struct http_out_transfer *t, const struct http_header *h)
{
    char what[200];
    if (!is_token(h->name))
        return fail(t, "the name of a header is not a word that HTTP allows");
    int n = h->name.n > 80 ? 80 : (int)h->name.n;
    if (!value_ok(h->value)) {
        snprintf(what, sizeof(what), "the header %.*s holds a line end or a NUL", n, h->name.p);
        return fail(t, what);
    }
    if (is_ours(h->name)) {
        snprintf(what, sizeof(what), "the header %.*s is set by the client itself", n, h->name.p);
        return fail(t, what);
    }
    return true;
}

bool http_out_check(struct http_out_transfer *t, const struct http_out_request *r)
{
    if (!check_method(t, r->method) || !check_url(t, r->url))
        return false;
    if (t->request.n && !strcmp(r->method, "HEAD"))
        return fail(t, "a HEAD request takes no body");
    for (int i = 0; i < r->nheaders; i++)
        if (!check_header(t, &r->headers[i]))
            return false;
    add_lines(t, r);
    return true;
}
