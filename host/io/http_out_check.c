/* Judges a request before libcurl sees it: names by the token grammar of RFC 9110 5.6.2, values
 * without what would end a line, an address of a protocol that is ours. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "http_out_impl.h"
#include "mem.h"

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
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
    snprintf(t->origin, sizeof(t->origin), "%.*s", (int)(host + n - url), url);
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

static void add_line(struct http_out_transfer *t, const char *line)
{
    struct curl_slist *more = curl_slist_append(t->headers, line);
    if (more)
        t->headers = more;
}

static void add_header(struct http_out_transfer *t, struct buf *line, const struct http_header *h)
{
    struct str value = str_trim(h->value);
    buf_clear(line);
    buf_add(line, h->name.p, h->name.n);
    if (value.n) {
        buf_adds(line, ": ");
        buf_add(line, value.p, value.n);
    } else {
        buf_addc(line, ';'); /* libcurl's word for a header with an empty value */
    }
    buf_addc(line, '\0');
    add_line(t, line->p);
}

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
    struct buf line;
    buf_init(&line, BUF_MAX_DEFAULT);
    bool typed = false;
    for (int i = 0; i < r->nheaders; i++) {
        typed = typed || str_ieq(r->headers[i].name, STR_LIT("Content-Type"));
        add_header(t, &line, &r->headers[i]);
    }
    buf_free(&line);
    /* What libcurl would add to a body by itself: a pause for 100-continue, a form's type. */
    if (!strcmp(r->method, "GET") && !t->request.n)
        return true;
    add_line(t, "Expect:");
    if (!typed)
        add_line(t, "Content-Type:");
    return true;
}
