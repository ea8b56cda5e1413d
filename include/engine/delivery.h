/* What a webhook's body says of itself. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "err.h"
#include "http.h"
#include "str.h"

#define DELIVERY_TEXT 201

/* The text at a dotted path of a JSON object: strings as they are, numbers as written; "" if there
 * is nothing of that kind. A text over 200 bytes is replaced by its hash (long: true), or is an
 * error. body is known to be JSON. */
int delivery_text(
    struct str body, const char *path, bool hash_long, char out[DELIVERY_TEXT], struct err *e);
/* The sender's id of the delivery: from the body (it is signed), else from X-Event-Id or
 * webhook-id; "" if there is none. */
void delivery_id(struct str body, const char *path, const struct http_header *headers, int n,
    char out[DELIVERY_TEXT]);
/* The objects of a JSON array, as they stand in body, which is known to be JSON: their number, at
 * most max. -1 and e: it is no array, has more, or holds what is no object. */
int delivery_each(struct str body, struct str *out, int max, struct err *e);
/* The headers worth keeping with an event, as a JSON object; no credentials among them. */
struct buf;
void delivery_headers(struct buf *out, const struct http_header *headers, int n);

#endif
