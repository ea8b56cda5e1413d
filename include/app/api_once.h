/* `Idempotency-Key` of requests to the API: the same key and request again gets the first answer,
 * over a restart too, and does nothing. */
#ifndef API_ONCE_H
#define API_ONCE_H

#include "http_in.h"
#include "store.h"

struct api_once;

/* Answers are kept so long. */
#define API_ONCE_KEEP_MIN_MS (INT64_C(24) * 3600 * 1000)
struct api_once *api_once_new(struct store *s, int64_t keep_ms);
void api_once_free(struct api_once *o);
/* Has go(arg, x) called if the request is a new one, now or later; else answers it: 409 while the
 * first one is under way, 422 if the key was used for another request, 400 if it is none. Without a
 * key, or for a request that only reads, go is called at once. */
void api_once_handle(struct api_once *o, struct http_in_exchange *x,
    void (*go)(void *arg, struct http_in_exchange *x), void *arg);

#endif
