/* Alerts: what is wrong and is no single run's to say. Stored, logged when it begins, counted while
 * it goes on, shown by `sauma alerts` and in /metrics until it is well again or a person closes it.
 */
#ifndef ALERT_H
#define ALERT_H

#include "engine.h"

/* company: "" for the host as a whole. kind: a word with hyphens ("delivery-conflict", "twins",
 * "silence"). about: which one of its kind (a connection, a rule, a delivery id). The text says
 * what happened, what is already done, and what to do. At most one of a company, kind and about is
 * open: raised again it is counted, with the newer text. On the loop. */
void alert_raise(struct engine *e, const char *company, const char *kind, const char *about,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* It is well again; nothing if it was not open. Cheap to call only where something changed: each
 * call asks the store. */
void alert_clear(struct engine *e, const char *company, const char *kind, const char *about);

/* A person closes the open alert of this number; by: who. fn is told when it is on disk, or with
 * ERR_NOT_FOUND. */
void alert_close(struct engine *e, int64_t n, const char *by, engine_act_fn fn, void *arg);

#endif
