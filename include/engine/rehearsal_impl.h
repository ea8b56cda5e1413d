/* Shared by the files of a rehearsal. */
#ifndef REHEARSAL_IMPL_H
#define REHEARSAL_IMPL_H

#include "jsondoc.h"
#include "rehearsal.h"

/* Adds what a step of that spec and body does to others, if it is such a one. */
bool rehearsal_add_effect(struct rehearsal_run *run, const struct jsonv *spec, struct str body);

/* What one rehearsal may remember. */
struct recall {
    const struct history_event *event;
    struct memory *memory;
    char **questions;  /* of the event's steps */
    struct map *asked; /* question -> how often, owned */
};
void recall_init(struct recall *c, const struct history_event *ev, struct memory *m);
void recall_free(struct recall *c);
/* The event's own step that asked the same, the first time the first and so on; NULL: none. */
const struct history_step *recall_step(struct recall *c, struct str spec, struct str body);
/* The last answer to the same for any event, owned by the caller; -1: none. */
int recall_elsewhere(
    struct recall *c, struct str spec, struct str body, struct str *meta, struct str *answer);
/* What makes two questions alike, owned. */
char *memory_question(struct str spec, struct str body);

#endif
