/* Links: "this record there is that record here", for each company and name (of what is linked):
 * the ids of both sides, and what was last seen of both. Kept until it is dropped. */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "store.h"

struct store_link {
    int64_t id;        /* 0: there is none, or it is not kept yet */
    int64_t version;   /* another after each save */
    const char *a, *b; /* ids of the two sides; "": it has no record there */
    struct str base;   /* JSON */
    const char
        *asked; /* loaded only: the state of the run that base.asked.run names; "": no such run */
};

enum store_link_side { STORE_LINK_A, STORE_LINK_B };

/* link->id 0: there is none. It lives during the call. */
typedef void (*store_link_fn)(void *arg, const struct store_link *link, const struct err *e);
void store_load_link(struct store *s, const char *company, const char *name,
    enum store_link_side side, const char *id, store_link_fn fn, void *arg);

/* saved false: somebody else was first; nothing was changed. That is so if the link has another
 * version by now or is gone, and if one of its ids stands in another link of the name. */
typedef void (*store_link_saved_fn)(void *arg, bool saved, const struct err *e);
/* Keeps the link as it is given: a new one (id 0), or in the place of that id and version. base
 * STR_NONE: it is dropped. Arguments are copied. */
void store_save_link(struct store *s, const char *company, const char *name,
    const struct store_link *link, store_link_saved_fn fn, void *arg);

#endif
