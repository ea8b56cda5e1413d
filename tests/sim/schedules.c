/* store_schedule.h over the virtual disk: of each schedule the last time that came. */
#include <stdio.h>
#include <string.h>
#include "disk.h"

struct disk_schedule {
    struct disk_schedule *next;
    const char *company, *name, *spec;
    int64_t slot, since;
    bool known; /* it has a slot; not if the company left it out since */
};

static struct disk_schedule *find(const struct disk *d, const char *company, const char *name)
{
    struct disk_schedule *v = d->schedules;
    while (v && (strcmp(v->company, company) != 0 || strcmp(v->name, name) != 0))
        v = v->next;
    return v;
}

static bool is_kept(const struct op *o, const char *name)
{
    for (int i = 0; i < o->n; i++)
        if (strcmp(o->schedules[i].name, name) == 0)
            return true;
    return false;
}

void tables_sync_schedules(struct disk *d, struct op *o)
{
    for (int i = 0; i < o->n; i++) {
        const struct store_schedule *s = &o->schedules[i];
        struct disk_schedule *v = find(d, o->name, s->name);
        if (!v) {
            v = arena_zalloc(sizeof *v);
            *v = (struct disk_schedule){d->schedules, o->name, s->name, "", 0, 0, false};
            d->schedules = v;
        }
        if (!v->known || strcmp(v->spec, s->spec) != 0)
            v->slot = v->since = s->slot;
        v->known = true;
        v->spec = s->spec;
        o->slots[i] = (struct store_slot){v->slot, v->since};
    }
    for (struct disk_schedule *v = d->schedules; v; v = v->next)
        if (strcmp(v->company, o->name) == 0 && !is_kept(o, v->name))
            v->known = false;
}

void tables_set_slot(struct disk *d, const char *company, const char *name, int64_t slot)
{
    struct disk_schedule *v = find(d, company, name);
    if (v && v->known)
        v->slot = slot;
}

struct disk_schedule *tables_copy_schedules(const struct disk_schedule *of)
{
    struct disk_schedule *first = NULL, **end = &first;
    for (; of; of = of->next) {
        *end = arena_zalloc(sizeof **end);
        **end = *of;
        end = &(*end)->next;
    }
    return first;
}

/* ---- store_schedule.h ---- */

void store_sync_schedules(struct store *s, const char *company, const struct store_schedule *v,
    int n, store_schedules_fn fn, void *arg)
{
    struct op *o = op_new(OP_SCHEDULES, arg);
    o->name = arena_text(company);
    o->n = n;
    o->schedules = arena_zalloc((size_t)n * sizeof *v + 1);
    o->slots = arena_zalloc((size_t)n * sizeof(struct store_slot) + 1);
    for (int i = 0; i < n; i++)
        o->schedules[i] =
            (struct store_schedule){arena_text(v[i].name), arena_text(v[i].spec), v[i].slot};
    o->on_schedules = fn;
    disk_ask(s, o);
}

void store_add_scheduled(struct store *s, const struct store_event *ev, const char *schedule,
    int64_t slot, store_event_fn fn, void *arg)
{
    struct op *o = op_new(OP_ADD_EVENT, arg);
    o->event = event_copy(ev);
    o->name = arena_text(schedule);
    o->after = slot;
    o->on_event = fn;
    disk_ask(s, o);
}

void store_set_slot(struct store *s, const char *company, const char *schedule, int64_t slot,
    store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_SLOT, arg);
    o->name = arena_text(company);
    o->text = arena_text(schedule);
    o->after = slot;
    o->done = fn;
    disk_ask(s, o);
}
