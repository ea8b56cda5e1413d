/* Where an authorization server takes what, as it says itself (RFC 8414; OpenID Connect discovery
 * if it only has that). */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include <stdbool.h>
#include "err.h"
#include "http_out.h"
#include "str.h"

struct engine;

struct endpoints {
    char *issuer;
    char *authorize, *token, *device; /* NULL: it has none */
    bool iss;                         /* it says who it is in the answer it redirects with */
};
/* From the metadata of that issuer. -1 and e: it is not JSON, says another issuer (which would be
 * another server's, RFC 8414 3.3), or leads away from https though the issuer does not. */
int endpoints_parse(struct str body, const char *issuer, struct endpoints *out, struct err *e);
void endpoints_free(struct endpoints *ep);
/* Visible ASCII alone, as in an address that may be shown and opened. */
bool endpoints_plain(const char *url);

struct endpoints_ask;
/* ep NULL: problem says why, in words; for good: asking again changes nothing, see http_out.h. */
typedef void (*endpoints_fn)(
    void *arg, const struct endpoints *ep, const char *problem, bool for_good);
/* fn is called once, later, from the loop. way, which is copied: how the request gets out. */
struct endpoints_ask *endpoints_ask(
    struct engine *e, const char *issuer, struct http_out_way way, endpoints_fn fn, void *arg);
void endpoints_cancel(struct endpoints_ask *a); /* without calling fn; NULL is allowed */

#endif
