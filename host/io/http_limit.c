/* The server's limits by name: each that was hit is counted and said. */
#include <inttypes.h>
#include <stdio.h>

#include "http_conn.h"
#include "log.h"

#define AGAIN_MS 60000

static const char *const names[HTTP_LIMITS] = {
    [HTTP_LIMIT_CONNECTIONS] = "max-connections",
    [HTTP_LIMIT_DESCRIPTORS] = "open files (ulimit -n)",
    [HTTP_LIMIT_HEADER] = "max-header",
    [HTTP_LIMIT_BODY] = "max-body",
    [HTTP_LIMIT_BODIES] = "max-bodies",
    [HTTP_LIMIT_UNSENT] = "max-unsent",
    [HTTP_LIMIT_HEADER_MS] = "header-timeout",
    [HTTP_LIMIT_BODY_MS] = "body-timeout",
    [HTTP_LIMIT_WRITE_MS] = "write-timeout",
    [HTTP_LIMIT_PIPELINED] = "max-pipelined",
};

const char *http_limit_name(enum http_limit limit)
{
    return names[limit];
}

int64_t http_in_hits(const struct http_in *s, enum http_limit limit)
{
    return s->hits[limit];
}

void http_limit_hit(struct http_in *s, enum http_limit limit)
{
    int64_t now = http_server_now(s);
    char times[24];
    s->hits[limit]++;
    if (s->told_ms[limit] != 0 && now - s->told_ms[limit] < AGAIN_MS)
        return;
    s->told_ms[limit] = now;
    snprintf(times, sizeof(times), "%" PRId64, s->hits[limit]);
    log_event(LOG_WARN, "a limit of the server was reached", "limit", names[limit], "times", times,
        "address", s->address, NULL);
}

enum http_limit http_limit_of(int status, enum http_parse_state state)
{
    switch (status) {
    case 408:
        return state == HTTP_PARSE_HEAD ? HTTP_LIMIT_HEADER_MS : HTTP_LIMIT_BODY_MS;
    case 413:
        return HTTP_LIMIT_BODY;
    case 431:
        return HTTP_LIMIT_HEADER;
    case 503:
        return HTTP_LIMIT_BODIES;
    default:
        return HTTP_LIMITS;
    }
}
