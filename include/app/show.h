/* Rows of the store as people read them at a terminal. */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>
#include "jsondoc.h"

/* One line for an event, a run; the whole story of a run. */
void show_event_row(const struct jsonv *event, FILE *out);
void show_alert_row(const struct jsonv *alert, FILE *out);
void show_switch_row(const struct jsonv *sw, FILE *out); /* of a live version */
void show_run_row(const struct jsonv *run, FILE *out);
void show_books_row(const struct jsonv *books, FILE *out);
void show_run(const struct jsonv *run, FILE *out);
/* JSON value on several lines, indented, each line after `margin` spaces. */
void show_json(const struct jsonv *v, int margin, FILE *out);

#endif
