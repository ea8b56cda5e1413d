/* Drives a call from burst to burst, and tells the host what came of each. */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdint.h>
#include "buf.h"
#include "call.h"
#include "context.h"
#include "page.h"

/* A call that waits to be started; takes a reference of the context. */
struct call *drive_new(struct context *context, uint64_t id, struct str function,
    struct str arguments, struct str body, struct buf *out);
/* One burst: starts the call, or goes on with the answer that it has got. True if it suspended
 * again; else it has ended, END is in its out, and only drive_free is left. */
bool drive_burst(struct call *c, struct child_page *page);
/* Begins to fetch what that burst touches first into the processor's cache, which by then holds
 * what dozens of other states have touched: for a call whose turn comes soon. */
void drive_warm(const struct call *c);
/* Forgets the call wherever it stands: nothing more comes from it. */
void drive_free(struct call *c, struct child_page *page);

/* Loads a context, LOADED goes to out. False: it did not load. */
bool drive_load(struct context *context, uint64_t id, struct buf *out, struct child_page *page);

#endif
