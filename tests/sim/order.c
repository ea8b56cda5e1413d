/* store_order.h over the virtual disk: what is newest of each rule and key. */
#include <stdio.h>
#include <string.h>
#include "disk.h"
#include "newness.h"

void tables_claim_order(struct disk *d, struct op *o)
{
    const struct disk_run *r = disk_find_run(d, o->name);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    char key[700];
    snprintf(key, sizeof key, "%s\n%s\n%s", r->run.company, r->run.rule, r->run.key);
    struct disk_newest *v = index_get(&d->newest, key);
    if (v && newness_compare(str_of(r->run.newest), str_of(v->value)) < 0) {
        struct disk_newest *newer = arena_zalloc(sizeof *newer);
        *newer = (struct disk_newest){v->value + 1, v->event}; /* without its kind */
        o->newer = newer;
        return;
    }
    if (!r->run.newest[0])
        return;
    if (!v) {
        v = arena_zalloc(sizeof *v);
        index_set(&d->newest, key, v);
    }
    *v = (struct disk_newest){r->run.newest, r->event->event.id};
}

void store_claim_order(struct store *s, const char *run, store_order_fn fn, void *arg)
{
    struct op *o = op_new(OP_CLAIM, arg);
    o->name = arena_text(run);
    o->on_order = fn;
    disk_ask(s, o);
}
