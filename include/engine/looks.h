/* When a write that was not found is looked for again: times counted from the end of the settling,
 * in rising order. */
#ifndef LOOKS_H
#define LOOKS_H

#include <stdint.h>
#include "err.h"
#include "jsondoc.h"
#include "str.h"

#define LOOKS_MAX 8

struct looks {
    int n; /* -1: not said; 0: one look, at the end of the settling, is enough */
    int64_t ms[LOOKS_MAX];
};
#define LOOKS_NOT_SAID ((struct looks){.n = -1})

/* "5m,15m,1h", or "none". -1 and e. */
int looks_parse(struct str text, struct looks *out, struct err *e);
/* A list of milliseconds; NULL and null say nothing. -1 and e. */
int looks_read(const struct jsonv *v, struct looks *out, struct err *e);
/* Those that go with this settling when nobody said any: 2.5, 7.5 and 30 times as long after it, so
 * 5, 15 and 60 minutes with the default of 120 s. What settles sooner is looked at sooner. */
struct looks looks_default(int64_t settle_ms);

#endif
