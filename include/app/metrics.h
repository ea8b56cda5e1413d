/* Figures of a running host as Prometheus text (exposition format 0.0.4). */
#ifndef METRICS_H
#define METRICS_H

#include "buf.h"
#include "http_in.h"
#include "parts.h"
#include "store.h"

/* http_refused: requests that the HTTP server refused before they were deliveries. */
void metrics_write(struct buf *b, const struct parts *p, int64_t http_refused);
/* One figure without labels; type: counter or gauge. */
void metrics_write_one(
    struct buf *b, const char *name, const char *type, const char *help, int64_t value);
/* Connections of the server, and how often each of its limits was hit. */
void metrics_write_server(struct buf *b, const struct http_in *http);
/* Bytes that a page of metrics may have: some 100 for each line of a company. */
#define METRICS_MAX ((size_t)16 << 20)
/* `sauma_NAME{company="..."} value`, and the head of such lines with them. */
void metrics_write_company(struct buf *b, const char *name, const char *company, int64_t value);
void metrics_write_gauge(struct buf *b, const char *name, const char *help, struct str lines);
/* What store_load_differences gave. */
void metrics_write_differences(struct buf *b, const struct store_difference *d, int n);

#endif
