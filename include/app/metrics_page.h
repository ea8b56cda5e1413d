#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include "http_in.h"
#include "parts.h"

/* Answers a request for /metrics. http: whose limits are told, or NULL. http_refused: see
 * metrics.h. */
void metrics_page(const struct parts *parts, const struct http_in *http, int64_t http_refused,
    struct http_in_exchange *x);

#endif
