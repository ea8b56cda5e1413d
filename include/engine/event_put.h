/* An event as a script gets it beside its body: the same for routing, runs, keys and rehearsals. */
#ifndef EVENT_PUT_H
#define EVENT_PUT_H

#include "buf.h"
#include "store.h"

/* Appends "event":{...}. */
void event_put(struct buf *b, const struct store_event *ev);

#endif
