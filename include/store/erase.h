/* One event that may hold what is to be erased (store_erase_event.c), for store_erase.c. */
#ifndef ERASE_H
#define ERASE_H

#include "needle.h"
#include "store_erase.h"
#include "store_private.h"
#include "store_prune.h"

struct erasing {
    struct sql *sql;
    const struct store_erase *q;
    struct needles needles;
    int64_t now_ms;
    struct buf mark;   /* {"erased":...} */
    struct buf row;    /* of the event at hand */
    struct buf fields; /* its names, comma separated JSON strings */
    int nfields;
};

/* Does the event hold a text (or is it named)? 1, 0, or -1 and sql->rc. */
int erase_holds(struct erasing *z, int64_t event);
/* Replaces what the event holds, or with change false only names it in z->fields. *refused (static
 * words, in z->row's place) is set if it may not be. Within a transaction. */
int erase_event(struct erasing *z, int64_t event, bool change);
/* Why the event may not be erased, as an owned string; NULL if it may. */
char *erase_refusal(struct erasing *z, int64_t event);

/* What is no event's: closed alerts, refused deliveries, orders of arrival, cursors of polls,
 * links. Each is told to fn. 0 or -1. */
int erase_asides(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out);

#endif
