/* A program run to its end beside the loop, with the last of what it printed. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "err.h"
#include "loop.h"
#include "str.h"

#define PROGRAM_OUTPUT_MAX 16384 /* bytes kept of what it printed, the last ones */

struct program;

struct program_result {
    int status;        /* exit status; -1: it was killed, or did not end in time */
    bool late;         /* killed since it took longer than it may */
    struct str output; /* of standard output and error together; lives during the call */
};
typedef void (*program_fn)(void *arg, const struct program_result *r);

/* Runs argv[0] (a path) with this process's environment and no standard input. fn is called once,
 * from the loop, when it has ended; the program is gone then. NULL and e if it cannot be started.
 */
struct program *program_start(struct loop *l, char *const argv[], int64_t timeout_ms, program_fn fn,
    void *arg, struct err *e);
/* Ends it without a word. */
void program_free(struct program *p);

#endif
