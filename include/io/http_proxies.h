/* The proxies that stand in front of this host, and who the client is when one of them is the peer:
 * what a request says of that (X-Forwarded-For, or Forwarded of RFC 7239) is believed only as far
 * as a listed proxy wrote it. */
#ifndef HTTP_PROXIES_H
#define HTTP_PROXIES_H

#include <stdbool.h>
#include "err.h"
#include "http.h"

#define HTTP_ADDRESS_TEXT 48 /* bytes of an IP address as text, with its NUL */

struct http_proxies;

/* forwarded: the proxies write Forwarded; else X-Forwarded-For and X-Forwarded-Proto. The other
 * header is never looked at: a proxy passes on what a client wrote there. */
struct http_proxies *http_proxies_new(bool forwarded);
void http_proxies_free(struct http_proxies *p);
/* Adds addresses and networks: "10.0.0.7, 192.168.0.0/16, ::1". */
int http_proxies_add(struct http_proxies *p, const char *list, struct err *e);

struct http_client {
    char address[HTTP_ADDRESS_TEXT];
    bool secure; /* it came to the outermost listed proxy by https */
};
/* The client of a request that came from peer: the last address from the right that is no listed
 * proxy's. What is malformed ends the search. False (and out unset) if the peer is not listed. */
bool http_proxies_client(const struct http_proxies *p, const char *peer,
    const struct http_header *headers, int nheaders, struct http_client *out);

#endif
