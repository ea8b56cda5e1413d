/* Faults that a sandbox server shows on purpose.
 * Spec: comma separated `[METHOD ][/path-prefix ]KIND[=VALUE][*N]`, for example
 *   "POST /api/invoices lost*1, GET error=503*2, delay=200ms".
 * Kinds: delay=TIME waits before the answer; error[=STATUS] answers so and does nothing;
 * reset closes the connection before anything is done; lost does it and closes without an answer;
 * cut[=BYTES] does it and closes after so many bytes of the answer; hang never answers.
 * *N: only the next N requests that match. Path prefixes are those the sandbox itself sees. */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdint.h>
#include "err.h"
#include "str.h"

enum fault_kind { FAULT_NONE, FAULT_ERROR, FAULT_RESET, FAULT_LOST, FAULT_CUT, FAULT_HANG };

/* What shall happen to one request: a delay and, apart from it, one other kind. */
struct fault_plan {
    int64_t delay_ms;
    enum fault_kind kind;
    int64_t value; /* status of an error, bytes of a cut */
};

struct fault_list;

/* NULL and e if the spec is not understood; an empty spec is a list without faults. */
struct fault_list *fault_parse(struct str spec, struct err *e);
void fault_free(struct fault_list *f);
/* Counts the request against the faults that match it. */
struct fault_plan fault_take(struct fault_list *f, const char *method, struct str path);

#endif
