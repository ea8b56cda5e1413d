/* A run that begins its rule anew, because its data or its scripts were changed, with effects
 * outside from before. Its reads are asked anew, so that what is there is found. A write that is
 * the same as one that was done is answered by that one. A write that is none of them may be one of
 * them changed: if one of the same connection, method and path was done, and no read of this pass
 * has found what it made, the run stops and a person is asked, because otherwise it might be done
 * twice. A write with a basis (lua/http.lua) is an update of what was read, and stands for itself.
 */
#ifndef REVISION_H
#define REVISION_H

#include "step.h"

/* Reads what the run must know beyond its journal; the store answers before the journal that is
 * asked for next. */
void revision_load(struct run *r);
void revision_free(struct run *r);
/* Its data, if that is not the event's; p NULL else. */
struct str revision_data(const struct run *r);
/* A step of this pass that stands in the journal, or a read that was just answered. */
void revision_seen(struct run *r, bool write, const char *fingerprint, const char *connection,
    const char *title, struct str answer);

enum revision_verdict {
    REVISION_NEW,    /* do it */
    REVISION_DONE,   /* it was done: take that answer */
    REVISION_LOST,   /* it was sent, and nobody knows: look for it first */
    REVISION_STOPPED /* the run ended as attention */
};
/* What an earlier pass says of the write s, which the journal does not hold. */
enum revision_verdict revision_judge(struct step *s, uint32_t *from_seq, int64_t *sent_ms);
/* Answers s as it was answered then. */
void revision_answer(struct step *s, uint32_t from_seq);
/* The run ends well: effects of before that it neither did again nor found are named in its log. */
void revision_end(struct run *r);

#endif
