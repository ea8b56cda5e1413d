/* When what is expected to come now and then was last heard of. */
#ifndef STORE_EXPECTED_H
#define STORE_EXPECTED_H

#include "store.h"

struct store_expected {
    const char *kind; /* "connection", "rule" */
    const char *name;
    int64_t last_ms;   /* wall clock of the last event; without one: when it was first expected */
    const char *event; /* "" if none came yet */
};
/* v: of each, in order, what is known; it lives during the call. NULL with e. */
typedef void (*store_expected_fn)(void *arg, const struct store_expected *v, const struct err *e);
/* These the company expects from now on; last_ms is for those that are new. */
void store_sync_expected(struct store *s, const char *company, const struct store_expected *v,
    int n, store_expected_fn fn, void *arg);
/* It was heard of. */
void store_heard(struct store *s, const char *company, const struct store_expected *x);

#endif
