/* What a byte may be where in a request. */
#include "http_strict.h"

#include <string.h>

#define TOKEN  1
#define VALUE  2
#define HOST   4
#define TARGET 8

/* Bits of what a character may be part of: token (RFC 9110 5.6.2), header value (5.5, where bytes
 * from 0x80 are allowed and opaque), Host, request target. A table is one load a byte; bits come
 * from this expression so that no 256 literals have to be believed. */
#define ALNUM(c)                                                                                   \
    (((c) >= '0' && (c) <= '9') || ((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z'))
#define ANY8(c, a, b, d, e, f, g, h, i)                                                            \
    ((c) == (a) || (c) == (b) || (c) == (d) || (c) == (e) || (c) == (f) || (c) == (g) ||           \
        (c) == (h) || (c) == (i))
#define IS_TOKEN(c)                                                                                \
    (ALNUM(c) || ANY8(c, '!', '#', '$', '%', '&', '\'', '*', '+') ||                               \
        ANY8(c, '-', '.', '^', '_', '`', '|', '~', '~'))
#define IS_HOST(c)                                                                                 \
    (ALNUM(c) || ANY8(c, '-', '.', '_', '~', '!', '$', '&', '\'') ||                               \
        ANY8(c, '(', ')', '*', '+', ';', '=', ':', '[') || (c) == ']' || (c) == '%')
#define IS_VALUE(c)  ((c) == '\t' || ((c) >= 0x20 && (c) != 0x7f))
#define IS_TARGET(c) ((c) > 0x20 && (c) < 0x7f && (c) != '#')
#define BITS(c)                                                                                    \
    ((IS_TOKEN(c) ? TOKEN : 0) | (IS_VALUE(c) ? VALUE : 0) | (IS_HOST(c) ? HOST : 0) |             \
        (IS_TARGET(c) ? TARGET : 0))
#define ROW4(c)  BITS(c), BITS((c) + 1), BITS((c) + 2), BITS((c) + 3)
#define ROW16(c) ROW4(c), ROW4((c) + 4), ROW4((c) + 8), ROW4((c) + 12)
#define ROW64(c) ROW16(c), ROW16((c) + 16), ROW16((c) + 32), ROW16((c) + 48)

static const unsigned char kinds[256] = {ROW64(0), ROW64(64), ROW64(128), ROW64(192)};

/* Length of the run of characters of that kind at the start of s. */
static size_t run_of(struct str s, unsigned char kind)
{
    size_t i = 0;
    while (i < s.n && (kinds[(unsigned char)s.p[i]] & kind) != 0)
        i++;
    return i;
}

bool http_is_token_char(unsigned char c)
{
    return (kinds[c] & TOKEN) != 0;
}

bool http_is_value_char(unsigned char c)
{
    return (kinds[c] & VALUE) != 0;
}

int http_hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool method_served(struct str m)
{
    switch (m.n) {
    case 3:
        return memcmp(m.p, "GET", 3) == 0 || memcmp(m.p, "PUT", 3) == 0;
    case 4:
        return memcmp(m.p, "POST", 4) == 0 || memcmp(m.p, "HEAD", 4) == 0;
    case 5:
        return memcmp(m.p, "PATCH", 5) == 0;
    case 6:
        return memcmp(m.p, "DELETE", 6) == 0;
    case 7:
        return memcmp(m.p, "OPTIONS", 7) == 0;
    default:
        return false;
    }
}

struct http_problem http_check_request_line(struct str line)
{
    struct str method = {line.p, run_of(line, TOKEN)};
    if (method.n == 0 || method.n == line.n || line.p[method.n] != ' ')
        return (struct http_problem){400, "request line does not begin with a method"};
    struct str rest = {line.p + method.n + 1, line.n - method.n - 1};
    struct str target = {rest.p, run_of(rest, TARGET)};
    if (target.n == 0)
        return (struct http_problem){400, "request line has no target"};
    if (target.n == rest.n || rest.p[target.n] != ' ')
        return (struct http_problem){
            400, "request target has a forbidden byte or no version after it"};
    struct str v = {rest.p + target.n + 1, rest.n - target.n - 1};
    bool digits = v.n == 8 && v.p[5] >= '0' && v.p[5] <= '9' && v.p[7] >= '0' && v.p[7] <= '9';
    if (!digits || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.')
        return (struct http_problem){400, "request line does not end with an HTTP version"};
    if (v.p[5] != '1' || v.p[7] > '1')
        return (struct http_problem){505, "HTTP version is not 1.0 or 1.1"};
    if (!method_served(method))
        return (struct http_problem){501, "method is not one that is served here"};
    return HTTP_FINE;
}

struct str http_line_target(struct str line)
{
    size_t method = run_of(line, TOKEN);
    if (method == 0 || method == line.n || line.p[method] != ' ')
        return STR_NONE;
    struct str rest = {line.p + method + 1, line.n - method - 1};
    size_t n = run_of(rest, TARGET);
    return n > 0 && n < rest.n && rest.p[n] == ' ' ? (struct str){rest.p, n} : STR_NONE;
}

struct http_problem http_check_header_line(struct str line)
{
    size_t name = run_of(line, TOKEN);
    if (name == 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
        return (struct http_problem){400, "header is folded over lines"};
    if (name == 0 || name == line.n || line.p[name] != ':')
        return (struct http_problem){400, "header name is malformed"};
    struct str value = {line.p + name + 1, line.n - name - 1};
    if (run_of(value, VALUE) != value.n)
        return (struct http_problem){400, "header value has a control character"};
    return HTTP_FINE;
}

bool http_host_valid(struct str host)
{
    return run_of(host, HOST) == host.n;
}

bool http_length_valid(struct str value, uint64_t *length)
{
    if (value.n == 0 || value.n > 19)
        return false;
    uint64_t v = 0; /* 19 digits fit 64 bits */
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(value.p[i] - '0');
    }
    *length = v;
    return v <= INT64_MAX;
}

/* Cuts scheme and authority off an absolute-form target; false if it is not plain http. */
static bool cut_authority(struct str *target)
{
    if (target->n < 7 || !str_ieq((struct str){target->p, 7}, STR_LIT("http://")))
        return false;
    struct str rest = {target->p + 7, target->n - 7};
    size_t host = run_of(rest, HOST);
    if (host == 0 || (host < rest.n && rest.p[host] != '/' && rest.p[host] != '?'))
        return false;
    *target = (struct str){rest.p + host, rest.n - host};
    return true;
}

struct http_problem http_split_target(
    struct str target, bool asterisk_allowed, struct str *path, struct str *query)
{
    *query = (struct str){target.p + target.n, 0};
    if (target.n == 1 && target.p[0] == '*') {
        *path = target;
        return asterisk_allowed ? HTTP_FINE
                                : (struct http_problem){400, "target * is for OPTIONS alone"};
    }
    if (target.p[0] != '/' && !cut_authority(&target))
        return (struct http_problem){400, "request target is neither a path nor an http address"};
    const char *mark = memchr(target.p, '?', target.n);
    *path = (struct str){target.p, mark != NULL ? (size_t)(mark - target.p) : target.n};
    if (mark != NULL)
        *query = (struct str){mark + 1, (size_t)(target.p + target.n - mark - 1)};
    if (path->n == 0)
        *path = STR_LIT("/");
    return HTTP_FINE;
}

struct str http_target_local(struct str target)
{
    cut_authority(&target);
    return target;
}

/* plus: as in queries. path: a slash that is escaped stays so. */
static long decode(char *out, struct str raw, bool plus, bool path)
{
    char *o = out;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] != '%') {
            *o++ = plus && raw.p[i] == '+' ? ' ' : raw.p[i];
            continue;
        }
        if (raw.n - i < 3)
            return -1;
        int high = http_hex_value((unsigned char)raw.p[i + 1]);
        int low = http_hex_value((unsigned char)raw.p[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return -1;
        char c = (char)(high << 4 | low);
        if (path && c == '/') {
            memcpy(o, raw.p + i, 3);
            o += 3;
        } else {
            *o++ = c;
        }
        i += 2;
    }
    return o - out;
}

long http_percent_decode(char *out, struct str raw, bool plus)
{
    return decode(out, raw, plus, false);
}

long http_path_decode(char *out, struct str raw)
{
    return decode(out, raw, false, true);
}
