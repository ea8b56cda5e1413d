/* Child processes with a message channel: this program started again over a socket pair. */
#ifndef CHILD_H
#define CHILD_H

#include <stdint.h>
#include <sys/types.h>
#include "err.h"
#include "loop.h"
#include "page.h"
#include "wire.h"

struct child;

#define CHILD_SOCKET    3
#define CHILD_PAGE      4
#define CHILD_QUEUE_MAX ((size_t)256 << 20)

/* From inside these any function here may be called, child_free too. */
struct child_handlers {
    /* One message came in; its parts are valid during the call. */
    void (*message)(void *arg, const struct wire_msg *m);
    /* The child is gone (exit, signal, or closed socket); called once, last. how says what
     * happened in words. `current` is the id the child last published as being worked on, or 0. */
    void (*gone)(void *arg, const char *how, uint64_t current);
    void *arg;
};

/* Runs argv[0] (the path of this executable, see child_self) with argv. In the child descriptor
 * 3 is the socket and 4 a shared memory page of child_page; 0 and 1 are /dev/null, 2 is the
 * host's standard error, everything else is closed; the environment holds nothing but what env
 * lists. The child dies with the thread that started it. -1 by exec is an error here already.
 * own_group: it is in a session of its own, and so in a scheduling group of its own where the
 * kernel makes these, which is what child_step_back wants. */
struct child *child_start(struct loop *l, char *const argv[], char *const env[], bool own_group,
    const struct child_handlers *h, struct err *e);
/* Queues a message; all that was queued in one turn of the loop goes out in one write. What a
 * child does not read waits in memory; over CHILD_QUEUE_MAX bytes of it the child is killed. */
void child_send(struct child *c, const struct wire_msg *m);
void child_kill(struct child *c); /* SIGKILL; `gone` follows */
/* From now on it gets little of the processors while others want them, and whoever wakes up takes
 * its processor at once. For good. */
void child_step_back(struct child *c);
/* Of one that has stepped back and has a group of its own: whether it gets the least there is (a
 * seventieth of what another gets, on a machine that is never idle), or a tenth. */
void child_yield(struct child *c, bool most);
/* It takes no more than so many percent of a processor (1 to 100; 100 is no bound): after each tick
 * of computing it rests by itself, see page.h. */
void child_hold(struct child *c, int percent);
/* In `gone`: somebody else ended its process (SIGKILL that was not sent here): an operator, or the
 * system in need of memory. */
bool child_was_struck(const struct child *c);
/* Its process id, for people. */
pid_t child_pid(const struct child *c);
/* What its process has had of the processors so far, in milliseconds; -1 if it is gone. */
int64_t child_cpu_ms(const struct child *c);
/* The kernel ends it when it has had so much of the processors in all (milliseconds; rounded up to
 * whole seconds), whatever the host does meanwhile. */
void child_limit_cpu(struct child *c, int64_t ms);
/* Ends and frees without calling `gone`: closes the socket, waits shortly, then SIGKILL. */
void child_free(struct child *c);

/* The page of page.h, as the child last wrote it. */
const struct child_page *child_shared(const struct child *c);

/* For argv[0]: the path by which the running program starts itself again, the very same file even
 * if another was installed in its place meanwhile. */
const char *child_self(void);

#endif
