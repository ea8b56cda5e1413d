/* Backups of the virtual disk: a copy that what is written later does not change, and that takes
 * the disk's place one day. What cannot change any more is shared. */
#include <string.h>
#include "clock.h"
#include "disk.h"

static void *copy(const void *of, size_t n)
{
    return of ? memcpy(arena_zalloc(n + 1), of, n) : NULL;
}

static struct disk_run *copy_run(const struct disk_run *of, struct disk_event *event)
{
    struct disk_run *r = copy(of, sizeof *of);
    r->next = NULL;
    r->event = event;
    r->steps = copy(of->steps, (size_t)of->room * sizeof *of->steps);
    r->old = copy(of->old, (size_t)of->old_room * sizeof *of->old);
    return r;
}

static void copy_events(struct disk *d)
{
    d->events = copy(d->events, (size_t)d->events_room * sizeof *d->events);
    d->runs = copy(d->runs, (size_t)d->runs_room * sizeof *d->runs);
    for (int i = 0; i < d->nevents; i++) {
        struct disk_event *ev = d->events[i] = copy(d->events[i], sizeof **d->events);
        struct disk_run *of = ev->runs, **end = &ev->runs;
        for (; of; of = of->next) {
            *end = d->runs[of->n - 1] = copy_run(of, ev);
            end = &(*end)->next;
        }
    }
}

/* Values are of the copy; which one has the place that of tells. */
static void copy_index(
    struct index *x, void *(*of)(const struct disk *d, void *value), const struct disk *d)
{
    x->at = copy(x->at, (size_t)x->room * sizeof *x->at);
    for (int i = 0; i < x->room; i++)
        if (x->at[i].key && of)
            x->at[i].value = of(d, x->at[i].value);
}

static void *event_of(const struct disk *d, void *value)
{
    return d->events[((struct disk_event *)value)->seq - 1];
}

static void *run_of(const struct disk *d, void *value)
{
    return d->runs[((struct disk_run *)value)->n - 1];
}

static void *alert_of(const struct disk *d, void *value)
{
    return d->alert_list[((struct disk_alert *)value)->n - 1];
}

static void *newest_of(const struct disk *d, void *value)
{
    return copy(value, sizeof(struct disk_newest));
}

static void copy_alerts(struct disk *d)
{
    d->alert_list = copy(d->alert_list, (size_t)d->alerts_room * sizeof *d->alert_list);
    for (int i = 0; i < d->nalerts; i++)
        d->alert_list[i] = copy(d->alert_list[i], sizeof **d->alert_list);
}

static void copy_switches(struct disk *d)
{
    for (struct disk_switch **at = &d->switches; *at; at = &(*at)->next)
        *at = copy(*at, sizeof **at);
}

struct disk *disk_backup(const struct disk *of)
{
    struct disk *d = copy(of, sizeof *of);
    copy_events(d);
    copy_alerts(d);
    copy_switches(d);
    d->schedules = tables_copy_schedules(d->schedules);
    copy_index(&d->event_ids, event_of, d);
    copy_index(&d->deliveries, event_of, d);
    copy_index(&d->run_ids, run_of, d);
    copy_index(&d->alerts, alert_of, d);
    copy_index(&d->newest, newest_of, d);
    copy_index(&d->bundles, NULL, d);
    copy_index(&d->versions, NULL, d);
    return d;
}

struct disk *disk_restore(struct disk *backup, const struct disk *instead_of)
{
    struct disk *d = disk_backup(backup);
    d->restored_ms = clock_wall_ms();
    d->restored_us = sim->mono_us;
    d->restored_for_ms = 0;
    for (int i = 0; i < d->nruns; i++)
        d->runs[i]->progress.reopened_seq = 0;
    d->commits = instead_of->commits;
    d->full = instead_of->full;
    d->told_full = false;
    return d;
}

int64_t store_restored_ms(const struct store *s)
{
    return sim->disk->restored_ms;
}

void store_set_restored_for(struct store *s, int64_t ms)
{
    struct op *o = op_new(OP_RESTORED_FOR, NULL);
    o->after = ms;
    disk_ask(s, o);
}
