/* Rows of the store as people read them at a terminal. */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>
#include "jsondoc.h"

/* Takes what would steer a terminal out of the texts of a row; to be called before it is shown. */
void show_calm(const struct jsonv *row);
/* At p, where n bytes are left: how many of them make a character that would steer a terminal; 0:
 * it is another one. */
size_t show_steers(const char *p, size_t n);
/* A member that is a text, "" if there is none, to stand within a line: it is one itself from then
 * on. */
const char *show_text_of(const struct jsonv *v, const char *key);
/* A text that may have several lines. Those after its first are indented by `margin` and marked, so
 * that whoever wrote the text cannot make one look like a line of ours. What would steer a terminal
 * is taken out. */
void show_lines(struct str text, int margin, FILE *out);
/* An RFC 3339 text as the time of who reads it, "2026-11-20 11:15:00"; "-" if it is none. */
void show_time(const char *rfc3339, FILE *out);
/* One line for an event, a run; the whole story of a run. */
void show_event_row(const struct jsonv *event, FILE *out);
void show_refused_row(const struct jsonv *refused, FILE *out);
void show_alert_row(const struct jsonv *alert, FILE *out);
void show_switch_row(const struct jsonv *sw, FILE *out); /* of a live version */
void show_run_row(const struct jsonv *run, FILE *out);
void show_books_row(const struct jsonv *books, FILE *out);
void show_run(const struct jsonv *run, FILE *out);
/* The requests of a run in full as command lines of curl, without addresses and credentials; to be
 * given a row as it is, since what is sent may hold anything. */
void show_curl(const struct jsonv *run, FILE *out);
/* A run that needs a person, on several lines: why, what is done outside, what may be done next. */
void show_attention_row(const struct jsonv *run, FILE *out);
/* What a person did with a run, and what it changed. */
void show_act_row(const struct jsonv *act, FILE *out);
/* Parts of these and of show_run. */
void show_version(const struct jsonv *run, FILE *out); /* its own, and the live one if other */
void show_about(const struct jsonv *run, FILE *out);
void show_standing(const struct jsonv *run, FILE *out);
void show_history(const struct jsonv *run, FILE *out);
/* What a run returned, after `before`, without what its reason says already; nothing if nothing is
 * left. */
void show_result(const struct jsonv *result, struct str reason, const char *before, FILE *out);

#endif
