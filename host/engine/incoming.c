/* Events in memory: how they come in from the wire and from the store, and when they are done. A
 * bounded number is at work; the others stay in the store until there is room. */
#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "machine.h"

#define PUMP_BATCH 200

static void set_active(struct incoming *ev, bool active)
{
    if (ev->active == active)
        return;
    ev->active = active;
    ev->engine->active += active ? 1 : -1;
}

void incoming_update(struct incoming *ev)
{
    if (ev->gone)
        return;
    set_active(ev, !ev->routed ? list_empty(&ev->wait_node) : ev->open > ev->parked);
    if (!ev->active)
        events_pump(ev->engine);
}

struct incoming *incoming_new(
    struct engine *e, struct company *c, const struct store_event *se, int64_t seq)
{
    struct incoming *ev = mem_zalloc(1, sizeof *ev);
    ev->engine = e;
    ev->company = c;
    snprintf(ev->id, sizeof ev->id, "%s", se->id);
    ev->connection = mem_dup(se->connection);
    ev->type = mem_dup(se->type ? se->type : "");
    ev->delivery = mem_dup(se->delivery ? se->delivery : "");
    ev->seq = seq;
    ev->received_ms = se->received_ms;
    body_keep(ev, se->body);
    list_init(&ev->runs);
    list_init(&ev->wait_node);
    list_init(&ev->route_node);
    list_append(&e->events, &ev->node);
    e->stats.events_in_memory++;
    set_active(ev, true);
    return ev;
}

static void incoming_free(struct incoming *ev)
{
    mem_free(ev->connection);
    mem_free(ev->type);
    mem_free(ev->delivery);
    mem_free(ev->reason);
    mem_free(ev->answer);
    mem_free(ev);
}

void incoming_discard(struct incoming *ev)
{
    struct list *next;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        next = n->next;
        run_discard(LIST_OF(n, struct run, event_node));
    }
    if (ev->route)
        scripts_drop(ev->route);
    ev->route = NULL;
    if (ev->version)
        version_release(ev->version);
    ev->version = NULL;
    list_remove(&ev->wait_node);
    list_remove(&ev->route_node);
    list_remove(&ev->node);
    body_drop(ev);
    ev->engine->stats.events_in_memory--;
    set_active(ev, false);
    ev->gone = true;
    if (ev->refs == 0)
        incoming_free(ev);
}

void incoming_hold(struct incoming *ev)
{
    ev->refs++;
    engine_hold(ev->engine);
}

bool incoming_held_back(struct incoming *ev)
{
    struct engine *e = ev->engine;
    bool gone = ev->gone;
    if (--ev->refs == 0 && gone)
        incoming_free(ev);
    return engine_held_back(e) && !gone;
}

void incoming_put(struct buf *b, const struct incoming *ev)
{
    char received[CLOCK_TEXT];
    clock_format(ev->received_ms, received);
    buf_adds(b, "\"event\":{\"connection\":");
    json_put_cstring(b, ev->connection);
    buf_adds(b, ",\"delivery\":");
    json_put_cstring(b, ev->delivery);
    buf_adds(b, ",\"id\":");
    json_put_cstring(b, ev->id);
    buf_addf(b, ",\"received_at\":\"%s\",\"type\":", received);
    json_put_cstring(b, ev->type);
    buf_addc(b, '}');
}

void incoming_accept(struct incoming *ev)
{
    if (!ev->company->current) {
        /* Its scripts are broken or its folder is gone: nothing is lost, it waits for them. */
        list_append(&ev->company->unrouted, &ev->wait_node);
        body_drop(ev);
        incoming_update(ev);
        return;
    }
    incoming_route(ev);
}

void incoming_settled(struct incoming *ev)
{
    struct engine *e = ev->engine;
    if (!ev->routed || !list_empty(&ev->runs))
        return;
    observe_event(ev, true);
    incoming_discard(ev);
    events_pump(e);
}

void events_company_ready(struct company *c)
{
    struct list waiting, *node;
    list_init(&waiting);
    while ((node = list_shift(&c->unrouted)) != NULL)
        list_append(&waiting, node);
    while ((node = list_shift(&waiting)) != NULL) {
        struct incoming *ev = LIST_OF(node, struct incoming, wait_node);
        incoming_update(ev);
        incoming_accept(ev);
    }
}

/* ---- memory and store ---- */

void events_stored(struct engine *e, const struct store_event *se, int64_t seq)
{
    if (seq <= e->last_seq)
        return; /* the pump saw it first */
    if (!e->started || e->draining || e->behind || !body_room(e)) {
        e->behind = true;
        events_pump(e);
        return;
    }
    e->last_seq = seq;
    incoming_accept(incoming_new(e, company_get(e, se->company, true), se, seq));
}

void events_skipped(struct engine *e, const struct store_event *se, const char *why, int64_t seq)
{
    struct incoming *ev = incoming_new(e, company_get(e, se->company, true), se, seq);
    ev->routed = true;
    ev->reason = mem_dup(why);
    observe_event(ev, false);
    incoming_settled(ev);
}

static void admit_recorded(struct incoming *ev, const struct store_open_event *oe)
{
    ev->routed = true;
    ev->nruns = oe->nruns;
    for (int i = 0; i < oe->nruns; i++) {
        const struct store_run *sr = &oe->runs[i];
        struct run *r = run_new(ev, sr->id, sr->rule, sr->key, sr->version, sr->state);
        r->until_ms = oe->until_ms[i];
        r->resumed = true;
    }
    struct list *next;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        next = n->next;
        run_admit(LIST_OF(n, struct run, event_node));
    }
    incoming_update(ev);
}

static void on_open_event(void *arg, const struct store_open_event *oe)
{
    struct engine *e = arg;
    if (e->dead || oe->seq <= e->last_seq)
        return;
    e->last_seq = oe->seq;
    struct company *c = company_get(e, oe->event.company, true);
    struct incoming *ev = incoming_new(e, c, &oe->event, oe->seq);
    if (oe->routed)
        admit_recorded(ev, oe);
    else
        incoming_accept(ev);
}

static void on_opened(void *arg, int n, const struct err *err)
{
    struct engine *e = arg;
    if (!engine_held_back(e))
        return;
    e->loading = false;
    if (err) {
        log_event(LOG_ERROR, "events not read", "error", err->text, NULL);
        engine_retry_soon(e);
        return;
    }
    /* All that was stored before it was asked has been seen; what was stored since is told after
     * this call, in the order of the store. */
    if (n < PUMP_BATCH)
        e->behind = false;
    events_pump(e);
}

void events_pump(struct engine *e)
{
    if (!e->behind || e->loading || !e->started || e->draining || e->dead || !body_room(e))
        return;
    e->loading = true;
    engine_hold(e);
    store_load_open(e->parts.store, e->last_seq, PUMP_BATCH, on_open_event, on_opened, e);
}
