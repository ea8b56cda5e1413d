/* What belongs to a run beyond its row, as JSON members; shared by the files of host/store. Each
 * appends to an object that was begun. */
#ifndef STORE_STORY_H
#define STORE_STORY_H

#include "store_row.h"

/* `"done":[...],"unknown":[...]`: what the run did outside, and of what nobody knows. */
void story_effects(struct sql *s, struct buf *b, int64_t run);
/* `"acts":[...]`: what people did with it, oldest first. */
void story_acts(struct sql *s, struct buf *b, int64_t run);
/* `"dropped":[...]`: steps that left its journal. */
void story_dropped(struct sql *s, struct buf *b, int64_t run);
/* `"data":...`: what its rule gets, if that was changed; null else. */
void story_data(struct sql *s, struct buf *b, int64_t run);

/* An act's columns as ACT_COLUMNS names them; leaves the object open. */
#define ACT_COLUMNS                                                                                    \
    "a.n, a.run, a.event, a.company, a.rule, a.action, a.actor, a.at_ms, a.reason, a.before, a.after," \
    " a.changes"
void story_act(struct buf *b, struct query *q);

#endif
