/* The access log: one line of JSON for each request that was answered or refused. It holds no
 * secrets and no personal data: addresses are cut short unless asked for in full, of a query only
 * the names of its parameters are kept, and of a path only what this host's own paths consist of.
 */
#ifndef ACCESS_LOG_H
#define ACCESS_LOG_H

#include "buf.h"
#include "http_in.h"

struct access_log;

/* Appends to the file at path. full: addresses are written whole, else only the network of an
 * address (a /24, or a /48 of IPv6). */
struct access_log *access_log_open(struct loop *l, const char *path, bool full, struct err *e);
/* Opens the file by its name again, after it was moved away. What cannot be opened is said in the
 * log, and the file that is open stays in use. */
void access_log_reopen(struct access_log *a);
void access_log_close(struct access_log *a);
/* Handler for http_in_on_answered; arg is the struct access_log. */
void access_log_note(void *arg, const struct http_in_answered *r);

/* The target of a request as it may be logged: "/hooks/acme/shop?type=*". */
void access_target_put(struct buf *b, struct str target);
/* The address as it may be logged: "203.0.113.0". */
void access_address_put(struct buf *b, const char *address, bool full);

#endif
