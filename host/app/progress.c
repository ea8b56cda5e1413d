/* Counts on a terminal. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#define EACH 1000

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){what, 0, isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)};
}

void progress_step(struct progress *p)
{
    if (++p->n % EACH == 0 && p->shown)
        fprintf(stderr, "\r%s: %zu", p->what, p->n);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
