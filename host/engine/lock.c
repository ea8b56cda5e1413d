/* Named locks of a company's runs: what two runs with different keys must not do at the same time
 * (look for a record and create it, say). A lock lives in memory only and belongs to a run, not to
 * its call: a run that is replayed takes its locks again on its way, in the same order. */
#include "machine.h"

#include <string.h>

#include "mem.h"

struct lock {
    char *name;
    struct run *owner;
    struct list waiting; /* runs, by lock_node, first come first served */
};

bool lock_take(struct run *r, const char *name, void (*granted)(struct run *r))
{
    struct map *locks = r->company->locks;
    struct lock *l = map_get(locks, str_of(name));
    if (!l) {
        l = mem_zalloc(1, sizeof *l);
        l->name = mem_dup(name);
        list_init(&l->waiting);
        map_set(locks, str_of(name), l);
    }
    if (!l->owner)
        l->owner = r;
    if (l->owner == r)
        return true;
    r->lock_granted = granted;
    list_append(&l->waiting, &r->lock_node);
    return false;
}

/* The lock goes to who has waited longest, or is gone. */
static void pass_on(struct company *c, struct lock *l)
{
    struct list *n = list_shift(&l->waiting);
    if (!n) {
        map_remove(c->locks, str_of(l->name));
        mem_free(l->name);
        mem_free(l);
        return;
    }
    l->owner = LIST_OF(n, struct run, lock_node);
    l->owner->lock_granted(l->owner);
}

void lock_drop(struct run *r, const char *name)
{
    struct lock *l = map_get(r->company->locks, str_of(name));
    if (l && l->owner == r)
        pass_on(r->company, l);
}

void lock_stop_waiting(struct run *r)
{
    list_remove(&r->lock_node);
}

void lock_drop_all(struct run *r)
{
    struct str name;
    void *value;
    size_t at = 0;
    lock_stop_waiting(r);
    /* From the start after each: passing a lock on lets other runs change the map. */
    while (map_next(r->company->locks, &at, &name, &value)) {
        struct lock *l = value;
        if (l->owner != r)
            continue;
        if (r->engine->dead)
            l->owner = NULL;
        else
            pass_on(r->company, l);
        at = 0;
    }
}

bool lock_held(const struct run *r)
{
    struct str name;
    void *value;
    size_t at = 0;
    while (map_next(r->company->locks, &at, &name, &value))
        if (((struct lock *)value)->owner == r)
            return true;
    return false;
}

void locks_free(struct map *locks)
{
    struct str name;
    void *value;
    size_t at = 0;
    while (map_next(locks, &at, &name, &value)) {
        mem_free(((struct lock *)value)->name);
        mem_free(value);
    }
    map_free(locks);
}
