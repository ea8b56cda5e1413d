/* Order of arrival: an older update never overwrites newer data. The rule's `newest` said at the
 * routing how new the event's data is; whether something newer was begun is asked at the run's
 * turn, since runs of one key have theirs one after the other. */
#include <string.h>
#include "log.h"
#include "mem.h"
#include "step.h"
#include "store_order.h"

#define STORE_RETRY_MS 5000

static bool has_newest(const struct run *r)
{
    const struct manifest *m = r->version->manifest;
    for (int i = 0; m && i < m->nrules; i++)
        if (strcmp(m->rules[i].name, r->rule) == 0)
            return m->rules[i].newest;
    return false;
}

static void older(struct run *r, const char *value, const char *event)
{
    char *words = mem_printf("older than %.200s (event %s), which was begun before it%s", value,
        event, r->journal.n ? "; what this run did until then stays as it is" : "");
    run_finish(r, RUN_SKIPPED, words, STR_NONE);
    mem_free(words);
}

static void on_claimed(void *arg, const char *value, const char *event, const struct err *err)
{
    struct run *r = arg;
    if (!run_held_back(r))
        return;
    r->order = ORDER_OPEN;
    if (err && err->code == ERR_IO) {
        log_event(LOG_ERROR, "order of a run not stored", "run", r->id, "error", err->text, NULL);
        run_again(r, STORE_RETRY_MS);
    } else if (err) {
        run_attention(r, "whether newer data was worked with could not be asked: %s", err->text);
    } else if (value) {
        if (!r->ending)
            older(r, value, event);
    } else {
        r->order = ORDER_KEPT;
        run_begin(r);
    }
}

bool order_of_run(struct run *r)
{
    if (r->order == ORDER_KEPT || !has_newest(r))
        return true;
    if (r->order == ORDER_OPEN) {
        r->order = ORDER_ASKED;
        run_hold(r);
        store_claim_order(r->engine->parts.store, r->id, on_claimed, r);
    }
    return false;
}
