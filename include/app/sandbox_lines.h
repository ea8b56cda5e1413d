/* A sandbox that is spoken to in lines on a port of its own, beside its page: the one for mails. */
#ifndef SANDBOX_LINES_H
#define SANDBOX_LINES_H

#include "err.h"
#include "loop.h"
#include "scripts.h"

struct sandbox_lines;

/* context: where the name of the sandbox's context stands; it is read for each line. */
struct sandbox_lines *sandbox_lines_new(struct loop *loop, struct scripts *s,
    const char *const *context, const char *listen, struct err *e);
void sandbox_lines_free(struct sandbox_lines *l);
const char *sandbox_lines_address(const struct sandbox_lines *l);

#endif
