#include "http_url.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 16384

static CURLU *parse(const char *url)
{
    CURLU *u = curl_url();
    /* User names are refused as the client does it. */
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK)
        return u;
    curl_url_cleanup(u);
    return NULL;
}

/* A part as text; NULL if there is none. Freed with curl_free. */
static char *part(CURLU *u, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(u, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart what, unsigned flags)
{
    char *x = part(a, what, flags), *y = part(b, what, flags);
    bool same = x && y && !strcasecmp(x, y);
    curl_free(x);
    curl_free(y);
    return same;
}

static bool is_part(CURLU *u, CURLUPart what, unsigned flags, const char *value)
{
    char *text = part(u, what, flags);
    bool is = text && !strcasecmp(text, value);
    curl_free(text);
    return is;
}

/* Is u, written as url, read as the same host again? Escapes in a host name may stand for a byte
 * that nobody takes in one, or spell a number that is an address only then. */
static bool reads_the_same(CURLU *u, const char *url)
{
    CURLU *again = parse(url);
    bool same = again && same_part(u, again, CURLUPART_HOST, 0);
    curl_url_cleanup(again);
    return same;
}

int http_url_join(struct buf *out, const char *base, const char *location, struct err *e)
{
    CURLU *u = parse(base);
    char *whole = NULL;
    int rc = 0;
    if (!u || !location[0] || strlen(location) > URL_MAX ||
        curl_url_set(u, CURLUPART_URL, location, CURLU_DISALLOW_USER | CURLU_URLENCODE) !=
            CURLUE_OK ||
        (!is_part(u, CURLUPART_SCHEME, 0, "http") && !is_part(u, CURLUPART_SCHEME, 0, "https")))
        rc = err_set(e, ERR_INPUT, "it redirects to what is no address of the web");
    if (rc == 0) {
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
        whole = part(u, CURLUPART_URL, 0);
        if (!whole || strlen(whole) > URL_MAX || strpbrk(whole, " \r\n\t") ||
            !reads_the_same(u, whole))
            rc = err_set(e, ERR_INPUT, "it redirects to what is no address of the web");
        else
            buf_adds(out, whole);
    }
    curl_free(whole);
    curl_url_cleanup(u);
    return rc;
}

bool http_url_same_origin(const char *a, const char *b)
{
    CURLU *x = parse(a), *y = parse(b);
    bool same = x && y && same_part(x, y, CURLUPART_SCHEME, 0) &&
                same_part(x, y, CURLUPART_HOST, 0) &&
                same_part(x, y, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return same;
}

bool http_url_upgrades(const char *from, const char *to)
{
    CURLU *x = parse(from), *y = parse(to);
    bool up = x && y && is_part(x, CURLUPART_SCHEME, 0, "http") &&
              is_part(y, CURLUPART_SCHEME, 0, "https") && same_part(x, y, CURLUPART_HOST, 0) &&
              is_part(x, CURLUPART_PORT, CURLU_DEFAULT_PORT, "80") &&
              is_part(y, CURLUPART_PORT, CURLU_DEFAULT_PORT, "443");
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return up;
}

static bool is_scheme_of_proxy(CURLU *u)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (is_part(u, CURLUPART_SCHEME, 0, schemes[i]))
            return true;
    return false;
}

bool http_url_is_proxy(const char *url)
{
    CURLU *u = curl_url();
    bool is = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              is_scheme_of_proxy(u) && !is_part(u, CURLUPART_PORT, 0, "0");
    char *host = is ? part(u, CURLUPART_HOST, 0) : NULL, *path = part(u, CURLUPART_PATH, 0);
    char *query = part(u, CURLUPART_QUERY, 0), *fragment = part(u, CURLUPART_FRAGMENT, 0);
    is = host && host[0] && !query && !fragment && (!path || !path[0] || !strcmp(path, "/"));
    curl_free(host);
    curl_free(path);
    curl_free(query);
    curl_free(fragment);
    curl_url_cleanup(u);
    return is;
}

bool http_url_host_listed(const char *url, const char *names)
{
    CURLU *u = parse(url);
    char *host = u && is_part(u, CURLUPART_SCHEME, 0, "https") ? part(u, CURLUPART_HOST, 0) : NULL;
    struct str rest = str_of(names), own = str_of(host);
    bool listed = false;
    while (host && rest.n && !listed) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        if (str_starts(one, "*.") && own.n > one.n - 1) {
            struct str end = {own.p + own.n - (one.n - 1), one.n - 1};
            listed = str_ieq(end, (struct str){one.p + 1, one.n - 1});
        } else {
            listed = one.n > 0 && str_ieq(one, own);
        }
    }
    curl_free(host);
    curl_url_cleanup(u);
    return listed;
}
