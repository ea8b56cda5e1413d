/* What a webhook's body says of itself. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "err.h"
#include "http.h"
#include "str.h"

#define DELIVERY_TEXT 201

/* Is it JSON, and what stands at these dotted paths of its objects: strings as they are, numbers as
 * written; "" if there is nothing of that kind. An id over 200 bytes is replaced by its hash; a
 * type of that length is an error. 0, or -1 and e. */
int delivery_read(struct str body, const char *type_path, char type[DELIVERY_TEXT],
    const char *id_path, char id[DELIVERY_TEXT], struct err *e);
/* The type that the header `name` holds; "" if there is none. -1 and e: it is no text, or over 200
 * bytes. */
int delivery_type(const struct http_header *headers, int n, const char *name,
    char out[DELIVERY_TEXT], struct err *e);
/* Where the body, which is signed, holds no id of the delivery (out: ""): that of the header `own`
 * ("": none), of X-Event-Id or of webhook-id, if there is one. */
void delivery_id(
    const struct http_header *headers, int n, const char *own, char out[DELIVERY_TEXT]);
/* The objects of a JSON array, as they stand in body, which is known to be JSON: their number, at
 * most max. -1 and e: it is no array, has more, or holds what is no object. */
int delivery_each(struct str body, struct str *out, int max, struct err *e);
/* The headers worth keeping with an event, as a JSON object; no credentials among them. */
struct buf;
void delivery_headers(struct buf *out, const struct http_header *headers, int n);

#endif
