/* The event loop of a thread: timers, descriptors, signals, deferred calls, and a way for other
 * threads to wake it. The only module that knows libevent's event_base. Callbacks run on the
 * loop's thread, one at a time, and never from inside the function that registered them. */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

struct loop;
struct loop_timer;
struct loop_fd;
struct loop_signal;
struct loop_wake;
typedef void (*loop_fn)(void *arg);
typedef void (*loop_fd_fn)(void *arg, bool readable, bool writable);

/* One to a thread. NULL and e: the system gives none. Freed when nothing of it is left. */
struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);
void loop_run(struct loop *l); /* until loop_stop */
void loop_stop(struct loop *l);
/* The event_base, for io's own modules only. */
struct event_base;
struct event_base *loop_base(struct loop *l);

/* Calls fn(arg) at the end of this turn of the loop, in order of posting. */
void loop_post(struct loop *l, loop_fn fn, void *arg);
/* Takes back all that was posted with this fn and arg and was not called yet. */
void loop_unpost(struct loop *l, loop_fn fn, void *arg);
/* A hook called once a turn, after all events of the turn and all posted calls were handled and
 * before the loop sleeps: the place to flush what was gathered (group commit, socket batches).
 * Hooks run in the order they were added and may post; the loop then goes round again. */
void loop_on_idle(struct loop *l, loop_fn fn, void *arg);
/* Takes that hook away again; also from inside a hook. */
void loop_off_idle(struct loop *l, loop_fn fn, void *arg);

/* One-shot timer; created unarmed. Arming again moves it. */
struct loop_timer *loop_timer_new(struct loop *l, loop_fn fn, void *arg);
/* fn is called once, ms from now, unless it is disarmed or freed before. */
void loop_timer_arm(struct loop_timer *t, int64_t ms);
void loop_timer_disarm(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Watches a descriptor, which stays the caller's, for nothing until loop_fd_watch says what for. fn
 * is called in each turn in which that holds. */
struct loop_fd *loop_fd_new(struct loop *l, int fd, loop_fd_fn fn, void *arg);
void loop_fd_watch(struct loop_fd *w, bool readable, bool writable);
void loop_fd_free(struct loop_fd *w); /* does not close fd */

/* Calls fn on the loop when the signal came, instead of what the signal does by itself. */
struct loop_signal *loop_signal_new(struct loop *l, int signal_number, loop_fn fn, void *arg);
void loop_signal_free(struct loop_signal *s);

/* loop_wake may be called from any thread; fn runs on the loop soon after, once or more. */
struct loop_wake *loop_wake_new(struct loop *l, loop_fn fn, void *arg, struct err *e);
void loop_wake(struct loop_wake *w);
void loop_wake_free(struct loop_wake *w);

#endif
