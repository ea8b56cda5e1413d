/* Connections of companies: how they stand, and a person connecting one. */
#ifndef API_CONNECT_H
#define API_CONNECT_H

#include "engine.h"
#include "http_in.h"

struct api_connect;

/* public_url: where browsers reach this host, without a slash at the end; copied. */
struct api_connect *api_connect_new(struct engine *e, const char *public_url);
void api_connect_free(struct api_connect *a);
/* GET connections, GET connects/{id}, POST connects, POST connects/callback; false: none of them.
 */
bool api_connect_handle(
    struct api_connect *a, struct http_in_exchange *x, struct str kind, struct str id);
/* GET /oauth/callback, for browsers. */
void api_connect_callback(struct api_connect *a, struct http_in_exchange *x);
/* The page that a browser sees at the end. */
void api_connect_page(struct http_in_exchange *x, bool ok, const char *words);

#endif
