/* Who runs next: companies in turn, one run each, so that a company with a long queue does not
 * keep the others waiting; and no company takes all places. */
#include "machine.h"

static bool may_start(const struct company *c)
{
    const struct engine_settings *s = &c->engine->set;
    int own = c->current ? c->current->manifest->max_running : 0;
    return !list_empty(&c->ready) &&
           (s->max_running_company <= 0 || c->running < s->max_running_company) &&
           (own <= 0 || c->running < own);
}

static void into_turn(struct company *c)
{
    if (may_start(c) && list_empty(&c->turn_node))
        list_append(&c->engine->turn, &c->turn_node);
}

void schedule_add(struct run *r)
{
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

void schedule_pump(struct engine *e)
{
    while (e->started && !e->draining && !list_empty(&e->turn) &&
           e->stats.running < e->set.max_running) {
        struct company *c = LIST_OF(list_shift(&e->turn), struct company, turn_node);
        if (!may_start(c))
            continue;
        struct run *r = LIST_OF(list_shift(&c->ready), struct run, ready_node);
        e->stats.queued--;
        r->slot = true;
        c->running++;
        e->stats.running++;
        into_turn(c);
        run_start(r);
    }
}
