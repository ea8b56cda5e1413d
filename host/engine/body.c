/* Bodies of events: in memory while their runs go on, in the store while these wait. An outage of
 * hours parks many runs, and what they hold must not be all that came in meanwhile. */
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "revision.h"

#define STORE_RETRY_MS 5000

struct fetching {
    struct incoming *ev;
    body_fn fn;
    void *arg;
};

void body_keep(struct incoming *ev, struct str body)
{
    if (ev->body)
        return;
    ev->body = mem_dupn(body.p, body.n);
    ev->nbody = body.n;
    ev->engine->body_bytes += body.n;
    ev->company->backlog.body_bytes += body.n;
}

void body_drop(struct incoming *ev)
{
    if (!ev->body)
        return;
    mem_free(ev->body);
    ev->body = NULL;
    ev->engine->body_bytes -= ev->nbody;
    ev->company->backlog.body_bytes -= ev->nbody;
}

static void on_body(void *arg, struct str body, const struct err *err)
{
    struct fetching f = *(struct fetching *)arg;
    mem_free(arg);
    /* Gone with all that waited for it, or here. */
    if (incoming_held_back(f.ev) && !err)
        body_keep(f.ev, body);
    f.fn(f.arg, err);
}

void body_fetch(struct incoming *ev, body_fn fn, void *arg)
{
    struct fetching *f = mem_alloc(sizeof *f);
    *f = (struct fetching){ev, fn, arg};
    incoming_hold(ev);
    store_load_body(ev->engine->parts.store, ev->id, on_body, f);
}

static void on_run_body(void *arg, const struct err *err)
{
    struct run *r = arg;
    if (!run_held_back(r))
        return;
    r->fetching = false;
    if (err) {
        log_event(LOG_ERROR, "event not read", "run", r->id, "error", err->text, NULL);
        run_again(r, STORE_RETRY_MS);
    } else {
        run_begin(r);
    }
}

bool body_of_run(struct run *r)
{
    if (r->event->body || revision_data(r).p)
        return true;
    r->fetching = true;
    run_hold(r);
    body_fetch(r->event, on_run_body, r);
    return false;
}
