/* Events in memory: how they come in from the wire and from the store, and when they are done. */
#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "event_put.h"
#include "json.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "machine.h"

/* A run that goes on sooner than this need not leave memory. */
#define LEAVE_MS 2000

static void set_active(struct incoming *ev, bool active)
{
    if (ev->active == active)
        return;
    ev->active = active;
    ev->engine->active += active ? 1 : -1;
    ev->company->backlog.active += active ? 1 : -1;
}

void incoming_update(struct incoming *ev)
{
    if (ev->gone)
        return;
    set_active(ev, !ev->routed ? list_empty(&ev->wait_node) : ev->open > ev->idle);
    if (!ev->active)
        backlog_pump(ev->company);
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
    silence_heard(c, "connection", ev->connection, ev);
    body_keep(ev, se->body);
    list_init(&ev->runs);
    list_init(&ev->wait_node);
    list_init(&ev->late_node);
    list_init(&ev->route_node);
    list_append(&e->events, &ev->node);
    map_set(e->by_id, str_of(ev->id), ev);
    e->stats.events_in_memory++;
    c->backlog.in_memory++;
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
    incoming_filed(ev);
    list_remove(&ev->node);
    body_drop(ev);
    map_remove(ev->engine->by_id, str_of(ev->id));
    ev->engine->stats.events_in_memory--;
    ev->company->backlog.in_memory--;
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
    struct store_event se = {.id = ev->id,
        .connection = ev->connection,
        .type = ev->type,
        .delivery = ev->delivery,
        .received_ms = ev->received_ms};
    event_put(b, &se);
}

/* Later ones of its company are not routed before it. */
void incoming_put_back(struct incoming *ev)
{
    struct list *all = &ev->company->unrouted, *at = all->prev;
    while (at != all && LIST_OF(at, struct incoming, wait_node)->seq > ev->seq)
        at = at->prev;
    list_append(at->next, &ev->wait_node);
    body_drop(ev);
    incoming_update(ev);
}

void incoming_late(struct incoming *ev)
{
    if (list_empty(&ev->late_node))
        list_append(&ev->company->late, &ev->late_node);
}

void incoming_filed(struct incoming *ev)
{
    if (list_empty(&ev->late_node))
        return;
    list_remove(&ev->late_node);
    if (!ev->engine->dead)
        keys_look_again(ev->company);
}

bool incoming_late_before(const struct company *c, int64_t seq)
{
    if (c->backlog.late_until && c->backlog.late_from < seq)
        return true;
    for (struct list *n = c->late.next; n != &c->late; n = n->next)
        if (LIST_OF(n, struct incoming, late_node)->seq < seq)
            return true;
    return false;
}

void incoming_accept(struct incoming *ev)
{
    if (!ev->company->current || !list_empty(&ev->company->unrouted)) {
        /* Nothing is lost: it waits for scripts that can be loaded, and behind earlier events that
         * wait for the store, since keys are served in order. */
        incoming_put_back(ev);
        return;
    }
    incoming_route(ev);
}

void incoming_settled(struct incoming *ev)
{
    struct company *c = ev->company;
    if (!ev->routed || !list_empty(&ev->runs))
        return;
    if (c->backlog.open > 0)
        c->backlog.open--;
    admission_settled(c);
    observe_event(ev, true);
    incoming_discard(ev);
    backlog_pump(c);
}

/* It is on disk as it is, and it is known when it will be needed. */
static bool may_leave(const struct run *r, int64_t now)
{
    if (r->refs || r->ending || r->kills || r->call || !key_may_let_go(r) || lock_held(r))
        return false;
    if (r->blocked)
        return true;
    return r->parked && r->state == RUN_WAITING && r->until_ms > now + LEAVE_MS &&
           r->until_ms > r->company->backlog.due.ms;
}

void incoming_let_go(struct incoming *ev)
{
    struct company *c = ev->company;
    int64_t now = clock_wall_ms();
    if (ev->active || !ev->routed || ev->refs || !backlog_crowded(c))
        return;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = n->next)
        if (!may_leave(LIST_OF(n, struct run, event_node), now))
            return;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = n->next) {
        struct run *r = LIST_OF(n, struct run, event_node);
        if (r->parked)
            backlog_sleeps(c, r->until_ms);
        key_let_go(r);
    }
    incoming_discard(ev);
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
    backlog_pump(c);
}

/* ---- memory and store ---- */

void events_stored(struct engine *e, const struct store_event *se, int64_t seq)
{
    struct company *c = company_get(e, se->company, true);
    c->backlog.open++;
    if (backlog_take_new(c, seq))
        incoming_accept(incoming_new(e, c, se, seq));
}

void events_skipped(struct engine *e, const struct store_event *se, const char *why, int64_t seq)
{
    struct incoming *ev = incoming_new(e, company_get(e, se->company, true), se, seq);
    ev->routed = true;
    ev->reason = mem_dup(why);
    observe_event(ev, false);
    observe_event(ev, true);
    incoming_discard(ev);
}

static void admit_recorded(struct incoming *ev, const struct store_open_event *oe)
{
    ev->routed = true;
    ev->nruns = oe->nruns;
    for (int i = 0; i < oe->nruns; i++) {
        const struct store_run *sr = &oe->runs[i];
        struct run *r = run_new(ev, sr->id, sr->rule, sr->key, sr->version, sr->state);
        r->until_ms = oe->until_ms[i];
        run_recorded(r, &oe->progress[i]);
    }
    struct list *next;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        next = n->next;
        run_admit(LIST_OF(n, struct run, event_node));
    }
    incoming_update(ev);
}

bool events_take(struct company *c, const struct store_open_event *oe)
{
    struct engine *e = c->engine;
    if (map_get(e->by_id, str_of(oe->event.id)))
        return false;
    struct incoming *ev = incoming_new(e, c, &oe->event, oe->seq);
    if (oe->routed)
        admit_recorded(ev, oe);
    else
        incoming_accept(ev);
    return true;
}
