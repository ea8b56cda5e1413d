#include "grant_wake.h"

#include <string.h>
#include "channel.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "store_clock.h"

struct waking {
    struct engine *engine;
    char *company;
};

/* Those that are in the store alone are due now. */
static void on_woken(void *arg, const struct err *err)
{
    struct waking *w = arg;
    struct company *c = w->engine->dead ? NULL : company_get(w->engine, w->company, false);
    if (err)
        log_event(LOG_ERROR, "runs that waited for a connection not woken; they look by themselves",
            "company", w->company, "error", err->text, NULL);
    if (engine_held_back(w->engine) && c && !err)
        backlog_clock_set(c);
    mem_free(w->company);
    mem_free(w);
}

void grant_wake(struct company *c, const char *connection)
{
    struct engine *e = c->engine;
    struct waking *w = mem_alloc(sizeof *w);
    char *words = grant_words(connection), *wanted = mem_printf("%s:", words);
    *w = (struct waking){e, mem_dup(c->name)};
    for (struct list *n = e->events.next; n != &e->events; n = n->next) {
        struct incoming *ev = LIST_OF(n, struct incoming, node);
        for (struct list *m = ev->runs.next; m != &ev->runs; m = m->next) {
            struct run *r = LIST_OF(m, struct run, event_node);
            if (ev->company == c && r->parked && r->reason && str_starts(str_of(r->reason), wanted))
                run_wake(r);
        }
    }
    engine_hold(e);
    store_wake_waits(e->parts.store, c->name, wanted, clock_wall_ms(), on_woken, w);
    mem_free(words);
    mem_free(wanted);
}
