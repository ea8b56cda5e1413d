/* How far a long reading is, on a terminal only. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    const char *what; /* what is counted: "pairs" */
    size_t n;
    bool shown;
};

/* Nothing is shown where standard error is no terminal, or the answers go to it as well. */
void progress_begin(struct progress *p, const char *what);
void progress_step(struct progress *p); /* one more */
void progress_end(struct progress *p);  /* clears the line */

#endif
