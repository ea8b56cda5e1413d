/* The host's log: one JSON object a line on standard error; control characters are escaped, so a
 * value can never forge a line. At a terminal the same fields as readable text. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include "str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Level below which nothing is written; default LOG_INFO. */
void log_set_level(enum log_level level);
/* 0: JSON lines, 1: text. Default: text if standard error is a terminal. */
void log_set_text(int text);
/* What find finds in a line (its place and length) is written as stars: what no log may show. To be
 * called once, before there are threads. */
void log_hide(bool (*find)(struct str line, size_t *at, size_t *n));
/* fn is told what each line of level LOG_ERROR is about, on the thread that logs it; NULL ends
 * that. It must not log. */
void log_on_error(void (*fn)(void *arg, const char *what), void *arg);
/* What happened in one word or two ("run finished"), then pairs of key and value, both C
 * strings, ended by NULL: log_event(LOG_INFO, "run finished", "run", id, "state", s, NULL). */
void log_event(enum log_level level, const char *what, ...) __attribute__((sentinel));

#endif
