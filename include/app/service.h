/* Who started the host, if that was a service manager as systemd is: it may hold the listening
 * socket, so that deliveries wait while the host is started anew, and hears when the door is open
 * and that the loop still turns (sd_listen_fds(3) and sd_notify(3), whose protocols are a few lines
 * each). */
#ifndef SERVICE_H
#define SERVICE_H

#include "err.h"
#include "loop.h"

struct service;

/* Reads LISTEN_FDS, NOTIFY_SOCKET and WATCHDOG_USEC and takes them out of the environment, so that
 * no program started from here believes them: to be called before there are threads. NULL and e:
 * what was given is not one listening TCP socket. Without a manager it is there all the same, and
 * does nothing. The caller frees it. */
struct service *service_new(struct err *e);
/* The socket that was given, owned by who asks; -1: none. */
int service_listener(struct service *s);
/* Says that the door is open, and from now on, in each half of WATCHDOG_USEC, that the loop turns.
 */
void service_ready(struct service *s, struct loop *l);
/* Says that the host is about to end. */
void service_stopping(struct service *s);
void service_free(struct service *s);

#endif
