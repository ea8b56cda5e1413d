/* Addresses, read by the parser that connects to them: what two parsers read differently is how
 * requests are led astray. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include "buf.h"
#include "err.h"

/* Adds the address that a redirect from `base` leads to; `location` may be relative. -1 and e
 * (never with the address, whose path may be a secret): it is none that http_out takes. */
int http_url_join(struct buf *out, const char *base, const char *location, struct err *e);
/* True if both are of one scheme, host and port. */
bool http_url_same_origin(const char *a, const char *b);
/* True if `to` is the same host as `from`, by TLS where the other was not, both at the usual ports.
 */
bool http_url_upgrades(const char *from, const char *to);
/* True for what a proxy's address may be: http, https, socks5 or socks5h, maybe who we are, a host,
 * maybe a port, and nothing behind it. Of another one libcurl's messages quote all, the password
 * too. */
bool http_url_is_proxy(const char *url);
/* True if the scheme is https and the host is one of the comma separated names or, for
 * "*.example.com", below one; case does not matter. */
bool http_url_host_listed(const char *url, const char *names);

#endif
