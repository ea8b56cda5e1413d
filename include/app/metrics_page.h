#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include "front.h"
#include "http_in.h"
#include "parts.h"

/* One page is made at a time, for all who ask at once: anybody may ask for it, and the store is
 * read for each. */
struct metrics_page;

/* parts outlives it. */
struct metrics_page *metrics_page_new(const struct parts *parts);
/* Who still waits is answered when the page is whole. */
void metrics_page_free(struct metrics_page *m);
/* Answers a request for /metrics, by a page that is begun after it; 503 if too many wait already.
 * front: may be NULL. http_refused: see metrics.h. */
void metrics_page_ask(struct metrics_page *m, const struct front *front, int64_t http_refused,
    struct http_in_exchange *x);

#endif
