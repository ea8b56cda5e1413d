/* Who runs next: companies in turn, one run each, so that a company with a long queue does not
 * keep the others waiting; and no company takes all places. Two kinds get a place beyond their
 * number: a run that holds a lock, because those that have places may wait for it; and one of a
 * company that has none, because the others may be slow for long. */
#include "lock.h"
#include "machine.h"

bool schedule_has_place(const struct company *c)
{
    int most = c->engine->set.max_running_company;
    int own = c->current ? c->current->manifest->max_running : 0;
    return (most <= 0 || c->running < most) && (own <= 0 || c->running < own);
}

static bool may_start(const struct company *c)
{
    return !list_empty(&c->ready) && schedule_has_place(c);
}

static void into_turn(struct company *c)
{
    if (may_start(c) && list_empty(&c->turn_node))
        list_append(&c->engine->turn, &c->turn_node);
}

/* Places kept for companies that have none, as a part of all. */
#define RESERVE 4

void schedule_add(struct run *r)
{
    if (lock_held(r))
        list_append(&r->engine->urgent, &r->ready_node);
    else
        list_append(&r->company->ready, &r->ready_node);
    r->engine->stats.queued++;
    into_turn(r->company);
    schedule_pump(r->engine);
}

void schedule_release(struct run *r)
{
    if (!list_empty(&r->ready_node)) {
        list_remove(&r->ready_node);
        r->engine->stats.queued--;
    }
    if (!r->slot)
        return;
    r->slot = false;
    r->company->running--;
    r->engine->stats.running--;
    into_turn(r->company);
}

static bool starts_runs(const struct engine *e)
{
    return e->started && !e->draining;
}

static void start(struct run *r)
{
    struct engine *e = r->engine;
    list_remove(&r->ready_node);
    e->stats.queued--;
    r->slot = true;
    r->company->running++;
    e->stats.running++;
    into_turn(r->company);
    run_start(r);
}

/* The next company whose turn it is and for which there is a place, or NULL. */
static struct company *next_in_turn(struct engine *e)
{
    int most = e->set.max_running, running = e->stats.running;
    bool only_first = running >= most;
    struct list *next;
    if (running >= most + most / RESERVE + 1)
        return NULL;
    for (struct list *n = e->turn.next; n != &e->turn; n = next) {
        struct company *c = LIST_OF(n, struct company, turn_node);
        next = n->next;
        if (!may_start(c))
            list_remove(n); /* back when it has something to start */
        else if (!only_first || c->running == 0)
            return c;
    }
    return NULL;
}

void schedule_pump(struct engine *e)
{
    struct company *c;
    while (starts_runs(e) && !list_empty(&e->urgent))
        start(LIST_OF(e->urgent.next, struct run, ready_node));
    while (starts_runs(e) && (c = next_in_turn(e)) != NULL) {
        list_remove(&c->turn_node);
        start(LIST_OF(c->ready.next, struct run, ready_node));
    }
}
