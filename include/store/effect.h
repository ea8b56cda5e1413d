/* What a write did outside, in words and ids for people; shared by the files of host/store. */
#ifndef EFFECT_H
#define EFFECT_H

#include <stdint.h>
#include "buf.h"

/* SQL: the row of `steps` or `old_steps` is a write that had an effect outside, or of which nobody
 * knows. What was refused (status 400 and more) did nothing. */
#define EFFECT_SQL                                                                                 \
    "(kind = 'write' AND (outcome IS NULL OR outcome = 'unknown' OR"                               \
    " (outcome = 'done' AND coalesce(json_extract(meta, '$.status'), 0) < 400)))"

struct effect {
    int64_t seq;
    const char *connection, *title, *outcome; /* outcome "": asked, and nobody knows */
    struct str spec, answer;
    int64_t at_ms;
};
/* `customer "Acme Oy" in procountor (id 5)`; by its request if the connector has no words. */
void effect_words(struct buf *b, const struct effect *e);
/* {"step","connection","what","title","id","number","at"}; id and number null if not known. */
void effect_put(struct buf *b, const struct effect *e);

#endif
