/* What a version did to an event, read from the journals instead of being played again: where it
 * ran to its end by itself, that is what a rehearsal of it would find. */
#include <string.h>

#include "jsondoc.h"
#include "mem.h"
#include "rehearsal_impl.h"

static bool as_it_would_be_again(const struct history_event *ev, const char *version)
{
    for (int i = 0; i < ev->nruns; i++) {
        const struct history_run *u = &ev->runs[i];
        if (u->touched || strcmp(u->state, "done") || strcmp(u->version, version))
            return false;
    }
    for (int i = 0; i < ev->nsteps; i++)
        if (strcmp(ev->steps[i].outcome, "done"))
            return false;
    return ev->nruns > 0;
}

static void add_effects(struct rehearsal_run *run, const struct history_step *steps, int n)
{
    for (int i = 0; i < n; i++) {
        struct jsondoc *d = jsondoc_parse(steps[i].spec, NULL);
        rehearsal_add_effect(run, d ? jsondoc_root(d) : NULL, steps[i].body);
        jsondoc_free(d);
    }
}

struct rehearsal *rehearsal_recorded(const struct history_event *ev, const char *version)
{
    if (!as_it_would_be_again(ev, version))
        return NULL;
    struct rehearsal *r = mem_zalloc(1, sizeof *r);
    r->runs = mem_zalloc((size_t)ev->nruns, sizeof *r->runs);
    r->nruns = ev->nruns;
    for (int i = 0; i < ev->nruns; i++) {
        const struct history_run *u = &ev->runs[i];
        r->runs[i] = (struct rehearsal_run){.rule = mem_dup(u->rule),
            .key = mem_dup(u->key),
            .policy = mem_dup("automatic"), /* what was held, a person sent */
            .end = mem_dup(u->state),
            .result = u->result.p ? mem_dupn(u->result.p, u->result.n) : NULL};
        add_effects(&r->runs[i], ev->steps + u->first_step, u->nsteps);
    }
    return r;
}
