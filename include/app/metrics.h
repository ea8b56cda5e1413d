/* Figures of a running host as Prometheus text (exposition format 0.0.4). */
#ifndef METRICS_H
#define METRICS_H

#include "buf.h"
#include "parts.h"
#include "store.h"

/* http_refused: requests that the HTTP server refused before they were deliveries. */
void metrics_write(struct buf *b, const struct parts *p, int64_t http_refused);
/* What store_load_differences gave. */
void metrics_write_differences(struct buf *b, const struct store_difference *d, int n);

#endif
