#include "sandbox_request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "mem.h"

#define PAIRS_MAX 128

struct pair {
    char *name, *value; /* owned */
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* application/x-www-form-urlencoded text as an owned string; a bad escape stays as it is. */
static char *decode(struct str s)
{
    char *out = mem_alloc(s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int hi = -1, lo = -1;
        if (s.p[i] == '%' && i + 2 < s.n) {
            hi = hex_digit(s.p[i + 1]);
            lo = hex_digit(s.p[i + 2]);
        }
        if (hi >= 0 && lo >= 0) {
            out[n++] = (char)(hi * 16 + lo);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    out[n] = 0;
    return out;
}

static int query_pairs(struct str query, struct pair *pairs)
{
    int n = 0;
    while (query.n && n < PAIRS_MAX) {
        struct str after, value;
        struct str one = str_cut(query, '&', &after);
        query = after;
        if (!one.n)
            continue;
        struct str name = str_cut(one, '=', &value);
        pairs[n++] = (struct pair){decode(name), decode(value)};
    }
    return n;
}

static int header_pairs(const struct http_in_request *q, struct pair *pairs)
{
    int n = 0;
    for (int i = 0; i < q->nheaders && n < PAIRS_MAX; i++) {
        char *name = mem_dupn(q->headers[i].name.p, q->headers[i].name.n);
        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        pairs[n++] = (struct pair){name, mem_dupn(q->headers[i].value.p, q->headers[i].value.n)};
    }
    return n;
}

static bool seen_before(const struct pair *pairs, int i)
{
    for (int k = 0; k < i; k++)
        if (!strcmp(pairs[k].name, pairs[i].name))
            return true;
    return false;
}

/* Writes {name: [values]} or, joined, {name: "a, b"}; then frees the pairs. */
static void put_pairs(struct buf *b, struct pair *pairs, int n, bool joined)
{
    bool first = true;
    buf_addc(b, '{');
    for (int i = 0; i < n; i++) {
        if (seen_before(pairs, i))
            continue;
        if (!first)
            buf_addc(b, ',');
        first = false;
        json_put_cstring(b, pairs[i].name);
        buf_addc(b, ':');
        struct buf all;
        buf_init(&all, BUF_MAX_DEFAULT);
        for (int k = i; k < n; k++) {
            if (strcmp(pairs[k].name, pairs[i].name))
                continue;
            if (k > i)
                buf_adds(&all, joined ? ", " : ",");
            if (joined)
                buf_adds(&all, pairs[k].value);
            else
                json_put_cstring(&all, pairs[k].value);
        }
        if (joined)
            json_put_string(b, buf_str(&all));
        else
            buf_addf(b, "[%.*s]", STR_ARG(buf_str(&all)));
        buf_free(&all);
    }
    buf_addc(b, '}');
    for (int i = 0; i < n; i++) {
        mem_free(pairs[i].name);
        mem_free(pairs[i].value);
    }
}

void sandbox_request_write(struct buf *b, const struct http_in_request *q, struct str path,
    int64_t wall_ms, int64_t hide_ms)
{
    struct pair pairs[PAIRS_MAX];
    char now[SANDBOX_TIME_TEXT];
    sandbox_time_helsinki(wall_ms, now);
    buf_adds(b, "{\"method\":");
    json_put_cstring(b, q->method);
    buf_adds(b, ",\"path\":");
    json_put_string(b, path);
    buf_addf(b, ",\"now\":\"%s\",\"at_ms\":%lld,\"hide_ms\":%lld,\"query\":", now,
        (long long)wall_ms, (long long)hide_ms);
    put_pairs(b, pairs, query_pairs(q->query, pairs), false);
    buf_adds(b, ",\"headers\":");
    put_pairs(b, pairs, header_pairs(q, pairs), true);
    buf_addc(b, '}');
}

/* 01:00 UTC of the last Sunday of a month that has 31 days. */
static time_t last_sunday(int year, int month)
{
    struct tm t = {.tm_year = year, .tm_mon = month, .tm_mday = 31, .tm_hour = 1};
    time_t at = timegm(&t);
    struct tm day;
    gmtime_r(&at, &day);
    return at - (time_t)day.tm_wday * 86400;
}

void sandbox_time_helsinki(int64_t wall_ms, char out[SANDBOX_TIME_TEXT])
{
    time_t at = (time_t)(wall_ms / 1000);
    struct tm t;
    gmtime_r(&at, &t);
    bool summer = at >= last_sunday(t.tm_year, 2) && at < last_sunday(t.tm_year, 9);
    at += summer ? 3 * 3600 : 2 * 3600;
    gmtime_r(&at, &t);
    strftime(out, SANDBOX_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &t);
}
