/* /api/v1: what the commands ask of a running host. JSON, with the bearer token of the data folder,
 * which only who may read that folder has. */
#ifndef API_H
#define API_H

#include "engine.h"
#include "http_in.h"
#include "reload.h"

struct api;

/* Reads DIR/api-token (made at first use, mode 0600). bulk_limit: runs that are acted on at once
 * unless the caller says all. */
struct api *api_new(struct engine *engine, struct reload *reload, struct loop *l, const char *dir,
    int64_t bulk_limit, struct err *e);
/* Before the engine is freed. */
void api_free(struct api *a);
/* Writes DIR/host with the address for the commands; api_free removes it. */
int api_announce(struct api *a, const char *address, const char *public_url, struct err *e);
#define API_PATH "/api/v1/"
/* Answers x, whose path begins with API_PATH. */
void api_handle(struct api *a, struct http_in_exchange *x);
/* From now on what is asked with an Idempotency-Key is answered once, and so for keep_ms. */
void api_keep_answers(struct api *a, struct store *s, int64_t keep_ms);
/* GET /oauth/callback: a person's browser comes back. */
void api_callback(struct api *a, struct http_in_exchange *x);

/* For commands: address and token of the host that runs on dir; the caller frees both. */
int api_find(const char *dir, char **address, char **token, struct err *e);

#endif
