/* Words to who operates the host, by a webhook that takes {"text": ...}, as Slack's do. It needs no
 * store: what is wrong may be the disk. Lines are gathered and sent together; what could not be
 * sent is sent again, so it may come twice. All on the loop. */
#ifndef PAGER_H
#define PAGER_H

#include <stdint.h>
#include "http_out.h"
#include "loop.h"

struct pager;

/* url and secret are copied, and never shown. With a secret (whsec_..., or NULL) messages are
 * signed by Standard Webhooks; one that is sent again unchanged has the same webhook-id. gather_ms:
 * how long a line waits for others; a message follows another after six times that at the earliest.
 */
struct pager *pager_new(
    struct loop *l, struct http_out *h, const char *url, const char *secret, int64_t gather_ms);
void pager_free(struct pager *p);
/* key: what it is about; a newer line of the same replaces one that was not sent yet. */
void pager_say(struct pager *p, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
