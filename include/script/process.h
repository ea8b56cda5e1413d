/* The script process as a whole: what it has been sent, and the calls that are under way. */
#ifndef PROCESS_H
#define PROCESS_H

#include "context.h"
#include "err.h"
#include "page.h"

struct process;

/* How long a Lua state that nobody needs stays. */
#define PROCESS_QUIET_MS 20000

/* fd is a stream socket that blocks; if reads of it give up after a while (EAGAIN), idle states are
 * looked after also when nothing comes. Both stay the caller's. */
struct process *process_new(int fd, struct child_page *page, const struct limits *limits);
void process_free(struct process *p);
/* Serves until the host closes the socket: 0; or -1 and e if it does not keep to the protocol. */
int process_run(struct process *p, struct err *e);
/* Reads once, handles all whole messages, drives all calls that can go on, writes once.
 * 1: go on, 0: the socket is closed, -1 and e. */
int process_turn(struct process *p, struct err *e);

#endif
