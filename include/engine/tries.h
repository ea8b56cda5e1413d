/* Tries of a step that came to nothing for certain, and how they survive: in the run when its state
 * is given back, and in the store when the host ends. */
#ifndef TRIES_H
#define TRIES_H

#include "step.h"

/* s is a new step: takes up the tries that the run knows of, if they are its own. */
void tries_resume(struct step *s);
/* s ends without an answer: the run remembers its tries. */
void tries_keep(const struct step *s);
/* Puts them into the store: whatever was sent did nothing. wait_ms: until the next one.
 * silence_ms: for how long the other side asked for silence; 0: it did not. */
void tries_store(struct step *s, int64_t wait_ms, int64_t silence_ms);
/* s, a write of which all tries did nothing, is answered because what it makes is to be looked for
 * again: the tries are added to the answer's meta (which has a member already), and count for the
 * same write of this run when it comes again; so they do when the answer is replayed. */
void tries_put_off(const struct step *s, struct buf *meta);
void tries_replay(struct run *r, const struct journal_step *js);
/* s is a new write with its title: takes up what was put off before it. */
void tries_follow(struct step *s);
/* True if the store says of this write that nothing was sent that may have an effect: before it is
 * sent this must be taken back (step_store_doubt). */
bool tries_said_clean(const struct step *s);
/* What the store said of a run; now: by both clocks. */
void tries_load(struct run *r, const char *json);
/* The silence that it was asked for by a connection still holds. */
void tries_silence(struct company *c, const char *json);

#endif
