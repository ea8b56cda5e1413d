/* The tables of alerts: at most one of a company, kind and about is open. */
#include <stdio.h>
#include "disk.h"

static struct disk_alert *open_alert(struct disk *d, const struct store_alert *a, char key[700])
{
    snprintf(key, 700, "%s\n%s\n%s", a->company, a->kind, a->about);
    struct disk_alert *there = index_get(&d->alerts, key);
    return there && there->open ? there : NULL;
}

void tables_raise_alert(struct disk *d, struct op *o)
{
    char key[700];
    struct disk_alert *a = open_alert(d, &o->alert, key);
    o->flag = !a;
    if (!a) {
        a = arena_zalloc(sizeof *a);
        d->alert_list =
            arena_grow(d->alert_list, d->nalerts, &d->alerts_room, sizeof *d->alert_list);
        d->alert_list[d->nalerts++] = a;
        a->n = d->nalerts;
        a->open = true;
        index_set(&d->alerts, key, a);
        d->alerts_open++;
    }
    a->alert = o->alert;
    a->times++;
}

static void close_alert(struct disk *d, struct op *o, struct disk_alert *a)
{
    o->flag = a != NULL;
    if (!a)
        return;
    a->open = false;
    d->alerts_open--;
}

void tables_close_by_number(struct disk *d, struct op *o)
{
    bool there = o->seq >= 1 && o->seq <= d->nalerts && d->alert_list[o->seq - 1]->open;
    close_alert(d, o, there ? d->alert_list[o->seq - 1] : NULL);
    if (!there)
        op_refuse(o, ERR_NOT_FOUND, "there is no such open alert");
}

void tables_clear_alert(struct disk *d, struct op *o)
{
    char key[700];
    close_alert(d, o, open_alert(d, &o->alert, key));
}
