/* Differences of an event as people read them, or as one JSON object: {"event", "received_at",
 * "type", "problem" {before now}, "runs" [{"rule", "key", "before" {policy end reason}, "now",
 * "effects" [{"change": "added" | "missing" | "changed", "connection", "method", "path",
 * "fields" [{"path", "before", "now"}]}]}]}. A task, link or alert has the connection null. A run
 * is begun on trial: what does not differ leaves no trace. */
#ifndef SHOW_DIFF_H
#define SHOW_DIFF_H

#include "diff.h"

struct show_diff {
    struct buf *b;
    const struct diff_view *view;
    bool json;
    size_t event_at, run_at; /* where they begin in b */
    int runs, effects;       /* shown so far, of the event and of the run */
};

void show_diff_begin(struct show_diff *s, struct buf *b, const struct diff_view *view,
    const struct history_event *ev);
void show_diff_problem(struct show_diff *s, const char *before, const char *now);
/* Either may be NULL: the rule is not there on that side. */
void show_diff_run(struct show_diff *s, const char *rule, const struct rehearsal_run *before,
    const struct rehearsal_run *now);
void show_diff_effect(
    struct show_diff *s, const struct rehearsal_effect *before, const struct rehearsal_effect *now);
void show_diff_end(
    struct show_diff *s, const struct rehearsal_run *before, const struct rehearsal_run *now);
void show_diff_run_end(struct show_diff *s, bool differs);
/* The end of the event, of which people see no more than they are to. */
void show_diff_finish(struct show_diff *s, bool differs);

#endif
