/* A write of which nobody knows whether it was carried out: what is remembered of it, and the waits
 * before it is looked for. See design.md 4.2: here is when, lua/http.lua is what. */
#ifndef DOUBT_H
#define DOUBT_H

#include "step.h"

/* How long a lost request of this step may still be under way: what the settings say for all, else
 * its own, else its connection's, else 120 s. */
int64_t doubt_settle_ms(
    const struct engine *e, const struct manifest_connection *conn, const struct jsonv *spec);
enum doubt_first {
    DOUBT_SEND, /* it may be sent */
    DOUBT_LOOK, /* what it is to make must be looked for first, by its find */
    DOUBT_ASK   /* nobody can look: a person is to say whether it was done already */
};
/* Before the intent of a write is recorded. A look that it says it made counts while it is fresh:
 * made by this call and not answered from the journal. For a time after older data was put in place
 * of newer, every write looks. why: in words, for DOUBT_LOOK and DOUBT_ASK; 300 bytes. */
enum doubt_first doubt_before(const struct step *s, char *why, size_t n);
/* If that is why it looks: ms until what was sent and is forgotten can no longer arrive, and is
 * found if it did; <= 0: now. */
int64_t doubt_unsettled_ms(const struct step *s);
/* A write whose intent is recorded, and of which nothing was sent that had an effect, is to be
 * sent, again or late: true if what it makes must be looked for once more before, since the look is
 * old. why: then in words, static. */
bool doubt_is_old(const struct step *s, const char **why);
/* A write was answered, or given up as unknown: its script may come to doubt it. */
void doubt_remember(const struct step *s);
/* The same of a write that is answered from the journal. */
void doubt_replay(struct run *r, const struct journal_step *js, const struct jsonv *spec);
/* The step {op = "settle", of = step, after_ms = more}: answered when the request cannot land any
 * more, and that much later. Its answer: {at_ms, attempts, granted, looks_ms, sent_ms};
 * granted: a person let the run go on after this write was sent, knowing what is known of it;
 * looks_ms: those still to come. */
void doubt_settle(struct step *s);

#endif
