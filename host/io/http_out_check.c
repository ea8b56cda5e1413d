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

/* The message never shows the URL: its path may be a secret. */
static const char *url_problem(CURLU *parts, const char *url, struct http_out_transfer *t)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    const char *problem = NULL;
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (code == CURLUE_UNSUPPORTED_SCHEME)
        problem = "its address is neither http:// nor https://";
    else if (code == CURLUE_USER_NOT_ALLOWED)
        problem = "its address holds a user name";
    else if (code != CURLUE_OK)
        problem = "its address is not a URL";
    if (problem)
        return problem;
    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        problem = "its address is not a URL";
    else if (strcmp(scheme, "http") && strcmp(scheme, "https"))
        problem = "its address is neither http:// nor https://";
    else if (strlen(host) > 255)
        problem = "its address has a host name over 255 bytes";
    else if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK && !strcmp(port, "0"))
        problem = "its address has the port 0";
    else
        snprintf(t->origin, sizeof(t->origin), "%s://%s%s%s", scheme, host, port ? ":" : "",
            port ? port : "");
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return problem;
}

static bool check_url(struct http_out_transfer *t, const char *url)
{
    /* libcurl would guess a scheme, and take "http:/x" and "http:///x" for "http://x". */
    if (!url || (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8)))
        return fail(t, "its address is neither http:// nor https://");
    if (strchr(url, ':')[3] == '/')
        return fail(t, "its address names no host");
    CURLU *parts = curl_url();
    const char *problem = parts ? url_problem(parts, url, t) : "no memory";
    curl_url_cleanup(parts);
    if (problem)
        return fail(t, problem);
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
    if (r->body.n && !strcmp(r->method, "HEAD"))
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
    /* What libcurl would add by itself: a pause for 100-continue, a form's content type. */
    add_line(t, "Expect:");
    if (!typed)
        add_line(t, "Content-Type:");
    return true;
}
