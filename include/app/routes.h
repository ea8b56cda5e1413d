/* The paths of a running host: webhooks and health. */
#ifndef ROUTES_H
#define ROUTES_H

#include "api.h"
#include "engine.h"
#include "http_in.h"
#include "parts.h"

struct routes;

/* p outlives it. api NULL: /api is not served. */
struct routes *routes_new(const struct parts *p, struct api *api);
void routes_free(struct routes *r);
/* The address at which senders reach the host, which some signatures are over. NULL: as each
 * request says. */
int routes_set_public_url(struct routes *r, const char *url, struct err *e);
struct front;
/* /metrics tells of it from now on. */
void routes_serve(struct routes *r, const struct front *f);
/* Handlers for http_in_start and http_in_on_refused; arg is the struct routes. */
void routes_handle(void *arg, struct http_in_exchange *x);
void routes_refused(void *arg, const char *client, struct str target, int status, const char *why);

#endif
