/* A request as the handle() of a sandbox gets it. */
#ifndef SANDBOX_REQUEST_H
#define SANDBOX_REQUEST_H

#include <stdint.h>
#include "buf.h"
#include "http_in.h"

/* {"method","path","query":{name:[values]},"headers":{lower-case name: value},"now","at_ms",
 * "hide_ms"}.
 * Values of a header that came several times are joined with ", " (RFC 9110, 5.3). now is the
 * wall clock in Helsinki, "2026-11-20T09:15:00", as Procountor writes its times. hide_ms: searches
 * shall not find what this request creates for so long. */
void sandbox_request_write(struct buf *b, const struct http_in_request *q, struct str path,
    int64_t wall_ms, int64_t hide_ms);

#define SANDBOX_TIME_TEXT 32
/* "2026-11-20T09:15:00" in Finland: UTC+2, and UTC+3 from the last Sunday of March 01:00 UTC to the
 * last Sunday of October 01:00 UTC (directive 2000/84/EC). */
void sandbox_time_helsinki(int64_t wall_ms, char out[SANDBOX_TIME_TEXT]);

#endif
