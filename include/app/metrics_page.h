#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include "front.h"
#include "http_in.h"
#include "parts.h"

/* Answers a request for /metrics. front: may be NULL. http_refused: see
 * metrics.h. */
void metrics_page(const struct parts *parts, const struct front *front, int64_t http_refused,
    struct http_in_exchange *x);

#endif
