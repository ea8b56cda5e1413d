/* Order of arrival: how new the data is that a rule has begun to work with, for each key. */
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include "store.h"

/* value NULL: nothing newer was begun, and the run's data is the newest now. Else: the value and
 * the event of the newer data; nothing was changed. They live during the call. */
typedef void (*store_order_fn)(
    void *arg, const char *value, const char *event, const struct err *e);
void store_claim_order(struct store *s, const char *run, store_order_fn fn, void *arg);

#endif
