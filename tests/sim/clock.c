/* store_clock.h over the virtual disk. */
#include "disk.h"

void tables_shift_waits(struct disk *d, const struct op *o)
{
    int64_t since = o->since_ms, now = o->at_ms, delta = o->after;
    for (int i = 0; i < d->nruns; i++) {
        struct disk_run *r = d->runs[i];
        if (r->run.state != RUN_WAITING)
            continue;
        bool moves =
            delta ? r->updated_ms < since || r->updated_ms > now : r->updated_ms > now + 2000;
        if (!moves)
            continue;
        int64_t by = delta ? delta : now - r->updated_ms;
        r->until_ms += by;
        r->updated_ms += by;
        r->began_ms += r->began_ms ? by : 0;
    }
}

void store_shift_waits(struct store *s, int64_t since_ms, int64_t now_ms, int64_t delta_ms,
    store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_SHIFT, arg);
    o->done = fn;
    o->since_ms = since_ms;
    o->at_ms = now_ms;
    o->after = delta_ms;
    disk_ask(s, o);
}

/* What people are shown changes nothing of what runs do. */
void store_set_redaction(
    struct store *s, const char *company, const char *rules, store_done_fn fn, void *arg)
{
}
