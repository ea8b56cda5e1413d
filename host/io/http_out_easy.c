/* One request on one easy handle: its options, and what libcurl asks and tells while it runs. */
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "http_out_impl.h"

/* ---- sending --------------------------------------------------------------------------------- */

/* Connected, TLS included; the next thing libcurl does is to send. It comes here before each time
 * that it sends, and it sends again by itself when a reused connection dies before the answer, or a
 * server of HTTP/2 goes away: then a write ends here, since nobody knows what the first did. */
static int about_to_send(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct http_out_transfer *t = arg;
    /* A connection that is used again may have been made by somebody who is let to more. */
    if (t->public_only)
        t->peer = http_out_peer_judge_text(t->owner, peer_ip, peer_port, own_ip, false);
    if (t->peer.denied) {
        return CURL_PREREQFUNC_ABORT;
    }
    if (t->begun && t->write) {
        t->again_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->resent = t->begun;
    t->begun = true;
    if (t->write && strncasecmp(t->url, "https:", 6) == 0)
        curl_easy_setopt(t->easy, CURLOPT_VERBOSE, 1L); /* for take_word; HTTP/2 is by TLS alone */
    return CURL_PREREQFUNC_OK;
}

/* A stream of HTTP/2 that is refused (RST_STREAM with REFUSED_STREAM, or a GOAWAY that names an
 * earlier one as the last) was certainly not carried out: RFC 9113, 8.7. libcurl tells that by
 * these words alone, before it comes to sending again. */
static int take_word(CURL *easy, curl_infotype type, char *p, size_t n, void *arg)
{
    struct http_out_transfer *t = arg;
    if (type == CURLINFO_TEXT && str_starts((struct str){p, n}, "REFUSED_STREAM"))
        t->undone = true;
    return 0;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http_out_transfer *t = arg;
    curl_socket_t number =
        http_out_open_socket(t->owner, false, t->public_only ? &t->peer : NULL, a);
    if (number != CURL_SOCKET_BAD)
        http_out_sockets_opened(t->owner, number);
    return number;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct http_out_transfer *t = arg;
    n *= size;
    if (t->packing != PACKED_NOT)
        return http_out_inflate_add(t, p, n) ? n : 0;
    if (n > t->max_body - t->body.n || buf_add(&t->body, p, n)) {
        t->over_body = true;
        return 0;
    }
    return n;
}

/* A status line: what came before it (1xx) is forgotten. */
static void begin_head(struct http_out_transfer *t, struct str line)
{
    struct str rest;
    str_cut(line, ' ', &rest);
    int64_t status = 0;
    struct str digits = {rest.p, rest.n < 3 ? rest.n : 3};
    t->status = str_to_i64(digits, &status) ? (int)status : 0;
    t->nspans = 0;
    buf_clear(&t->head);
}

/* An old-style continuation line belongs to the value before it. */
static bool add_continuation(struct http_out_transfer *t, struct str line)
{
    if (!t->nspans)
        return true;
    struct str value = str_trim(line);
    if (buf_addc(&t->head, ' ') || buf_add(&t->head, value.p, value.n))
        return false;
    t->spans[t->nspans - 1].nvalue += value.n + 1;
    return true;
}

/* libcurl reads "0x8" as 0 and takes the last of several, so it would end the body there. RFC 9110,
 * 8.6: digits, and where it is repeated always the same. */
static bool length_fits(struct http_out_transfer *t, struct str value)
{
    int64_t length;
    bool digits = value.n && value.p[0] >= '0' && value.p[0] <= '9';
    if (!digits || !str_to_i64(value, &length))
        t->odd = "the Content-Length of the answer is no number";
    for (int i = 0; i < t->nspans && !t->odd; i++) {
        const struct header_span *s = &t->spans[i];
        if (str_ieq((struct str){t->head.p + s->name, s->nname}, STR_LIT("Content-Length")) &&
            (s->nvalue != value.n || memcmp(t->head.p + s->value, value.p, value.n) != 0))
            t->odd = "the answer has two different Content-Lengths";
    }
    return !t->odd;
}

static bool add_line(struct http_out_transfer *t, struct str line)
{
    struct str value, name = str_cut(line, ':', &value);
    if (!value.p)
        return true;
    if (t->nspans == HTTP_OUT_HEADERS_MAX)
        return false;
    name = str_trim(name);
    value = str_trim(value);
    if (str_ieq(name, STR_LIT("Content-Length")) && !length_fits(t, value))
        return false;
    struct header_span s = {t->head.n, name.n, t->head.n + name.n, value.n};
    if (buf_add(&t->head, name.p, name.n) || buf_add(&t->head, value.p, value.n))
        return false;
    t->spans[t->nspans++] = s;
    return true;
}

/* One whole line of the answer's head; after the body, of its trailer, which is ignored. libcurl
 * keeps them all, of heads before the final one (1xx) too, so all are counted. */
static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
    struct http_out_transfer *t = arg;
    n *= size;
    t->head_bytes += n;
    if (t->head_bytes > HTTP_OUT_HEAD_MAX) {
        t->over_head = true;
        return 0;
    }
    if (t->head_done)
        return n;
    struct str line = {p, n};
    bool ok = true;
    if (str_starts(line, "HTTP/"))
        begin_head(t, line);
    else if (!str_trim(line).n)
        ok = !(t->head_done = t->status >= 200) || http_out_inflate_head(t);
    else if (p[0] == ' ' || p[0] == '\t')
        ok = add_continuation(t, line);
    else
        ok = add_line(t, line);
    t->over_head = !ok && !t->odd;
    return ok ? n : 0;
}

/* ---- options --------------------------------------------------------------------------------- */

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode c_ = curl_easy_setopt(easy, option, value);                                       \
        if (c_ != CURLE_OK)                                                                        \
            return c_;                                                                             \
    } while (0)

/* What all requests have. */
static CURLcode set_lasting(struct http_out_transfer *t, CURL *easy)
{
    const struct http_out_config *c = &t->owner->config;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* else a slow name server stops the loop when a transfer ends */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* never what the environment says */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's words are not the answer's */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->ca_file) {
        SET(CURLOPT_CAINFO, c->ca_file);
        SET(CURLOPT_PROXY_CAINFO, c->ca_file);
    }
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_CLOSESOCKETFUNCTION, http_out_sockets_close);
    SET(CURLOPT_CLOSESOCKETDATA, t->owner);
    SET(CURLOPT_PREREQFUNCTION, about_to_send);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_DEBUGFUNCTION, take_word);
    SET(CURLOPT_DEBUGDATA, t);
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, t);
    return CURLE_OK;
}

static CURLcode set_proxy(struct http_out_transfer *t, CURL *easy)
{
    if (!t->proxy)
        return CURLE_OK;
    SET(CURLOPT_PROXY, t->proxy);
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_USERAGENT, t->owner->config.user_agent); /* of CONNECT */
    return CURLE_OK;
}

/* libcurl uses a connection again only for the same certificate and the same proxy. */
static CURLcode set_certificate(struct http_out_transfer *t, CURL *easy)
{
    if (!t->certificate)
        return CURLE_OK;
    char *key = t->key ? t->key : t->certificate;
    struct curl_blob cert = {t->certificate, strlen(t->certificate), CURL_BLOB_COPY};
    struct curl_blob secret = {key, strlen(key), CURL_BLOB_COPY};
    SET(CURLOPT_SSLCERTTYPE, "PEM");
    SET(CURLOPT_SSLKEYTYPE, "PEM");
    SET(CURLOPT_SSLCERT_BLOB, &cert);
    SET(CURLOPT_SSLKEY_BLOB, &secret);
    return CURLE_OK;
}

/* How old a connection may be is what keeps a write from one that the other side is closing. */
static CURLcode set_connection(struct http_out_transfer *t, CURL *easy)
{
    const struct http_out_config *c = &t->owner->config;
    if (!t->write) {
        SET(CURLOPT_MAXAGE_CONN, (long)(c->max_idle_ms / 1000));
        return CURLE_OK;
    }
    SET(CURLOPT_MAXAGE_CONN, (long)(c->max_idle_write_ms / 1000));
    /* Else libcurl sends again, and says nothing of a refused stream, when a connection that was
     * used before breaks. Of all requests it leaves that out for one kind of RTSP's; the option has
     * no other meaning for HTTP. Should a libcurl not know that, a refused stream counts as
     * unknown. */
    SET(CURLOPT_RTSP_REQUEST, (long)CURL_RTSPREQ_RECEIVE);
    /* One without a body, which is rare, can be had without the doubt of a broken connection. */
    if (!t->request.n || c->max_idle_write_ms <= 0)
        SET(CURLOPT_FRESH_CONNECT, 1L);
    return CURLE_OK;
}

/* ---- the address ----------------------------------------------------------------------------- */

/* Path and query of bytes that libcurl leaves as they are, whether it gets them as a part or parses
 * them out of a whole address: no escapes, no "/./" nor "/../". */
static bool is_plain(const char *rest)
{
    bool query = false;
    for (const char *p = rest; *p; p++) {
        char c = *p;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || strchr("/-_~=&,:;", c) || (c == '.' && p != rest && p[-1] != '/'))
            continue;
        if (c != '?' || query)
            return false;
        query = true;
    }
    return *rest == '/';
}

/* The parts of an address that differs from the last one in path and query alone. */
static bool change_parts(struct http_out_transfer *t, char *path)
{
    char *query = strchr(path, '?');
    if (query)
        *query = '\0';
    bool ok = !curl_url_set(t->parts, CURLUPART_PATH, path, 0) &&
              !curl_url_set(t->parts, CURLUPART_QUERY, query ? query + 1 : NULL, 0);
    if (query)
        *query = '?';
    return ok;
}

static bool set_parts(struct http_out_transfer *t)
{
    size_t n = strlen(t->origin);
    if (!t->parts && !(t->parts = curl_url()))
        return false;
    if (strcmp(t->parts_origin, t->origin) == 0)
        return change_parts(t, t->url + n);
    t->parts_origin[0] = '\0';
    if (curl_url_set(t->parts, CURLUPART_URL, t->url, 0))
        return false;
    memcpy(t->parts_origin, t->origin, n + 1);
    return true;
}

/* libcurl parses an address that is given as text, writes it out again from its parts, and that for
 * each request; most of them go where the last one went. */
static CURLcode set_address(struct http_out_transfer *t, CURL *easy)
{
    bool in_parts = !t->proxy && is_plain(t->url + strlen(t->origin)) && set_parts(t);
    SET(CURLOPT_URL, in_parts ? NULL : t->url); /* which libcurl writes out of the parts itself */
    SET(CURLOPT_CURLU, in_parts ? t->parts : NULL);
    return CURLE_OK;
}

static void clear_address(struct http_out_transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_URL, NULL);
    curl_easy_setopt(t->easy, CURLOPT_CURLU, NULL);
    if (t->parts && t->parts_origin[0]) {
        curl_url_set(t->parts, CURLUPART_PATH, NULL, 0);
        curl_url_set(t->parts, CURLUPART_QUERY, NULL, 0);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool sends_length(const char *method)
{
    return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

static CURLcode set_request(struct http_out_transfer *t, CURL *easy)
{
    CURLcode code = set_address(t, easy);
    if (code != CURLE_OK)
        return code;
    SET(CURLOPT_TIMEOUT_MS, t->timeout_ms > 0 ? (long)t->timeout_ms : 1L); /* 0 is for ever */
    SET(CURLOPT_HTTPHEADER, t->headers);
    if (!strcmp(t->method, "HEAD")) {
        SET(CURLOPT_NOBODY, 1L);
        return CURLE_OK;
    }
    if (t->request.n || sends_length(t->method)) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request.n);
        SET(CURLOPT_POSTFIELDS, t->request.n ? t->request.p : ""); /* in one piece with its head */
    }
    if (strcmp(t->method, "GET") || t->request.n)
        SET(CURLOPT_CUSTOMREQUEST, t->method);
    return CURLE_OK;
}

/* A GET with nothing but an address and headers sets no option that the next one does not set
 * anew. */
static bool is_ordinary(const struct http_out_transfer *t)
{
    return !t->write && !t->proxy && !t->certificate && !t->request.n && !strcmp(t->method, "GET");
}

CURLcode http_out_easy_set(struct http_out_transfer *t)
{
    CURLcode code = t->lasting ? CURLE_OK : set_lasting(t, t->easy);
    t->lasting = true;
    if (code == CURLE_OK)
        code = set_proxy(t, t->easy);
    if (code == CURLE_OK)
        code = set_certificate(t, t->easy);
    if (code == CURLE_OK)
        code = set_connection(t, t->easy);
    if (code == CURLE_OK)
        code = set_request(t, t->easy);
    return code;
}

/* Options that all requests have stay where that is as good as setting them again, which costs more
 * than all else here; libcurl counts in its handle how often it had to send again. */
void http_out_easy_clear(struct http_out_transfer *t)
{
    if (!t->lasting)
        return;
    clear_address(t);
    if (is_ordinary(t) && t->state == TRANSFER_DELIVERING && t->code == CURLE_OK && !t->resent) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
        return;
    }
    curl_easy_reset(t->easy);
    t->lasting = false;
}
