/* Answers of reads that count for a while (a register that changes once a day): a step that asks
 * the same again is answered from here, and the run's journal records it like any other answer. In
 * memory, for each company its own, until the host ends; the ones not used for longest go first. */
#ifndef KEPT_H
#define KEPT_H

#include "machine.h"
#include "str.h"

struct step;

/* Answers the step if its spec has keep_ms and an answer is there that is younger; true: s is gone.
 * With anew it does not, and what is there is dropped: it is doubted. */
bool kept_answers(struct step *s);
/* Keeps the answer of such a step: 200, JSON, and not too large. meta: as step_answer takes it. */
void kept_put(struct step *s, int status, struct str meta, struct str body);
void kept_free(struct kept *k);

#endif
