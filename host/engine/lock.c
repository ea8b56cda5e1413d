/* Named locks of a company's runs: what two runs with different keys must not do at the same time
 * (look for a record and create it, say). A lock belongs to a run, not to its call: it is held
 * while the run waits, however long, and over a restart of the host, since the run's journal says
 * that it was taken. A run that is replayed takes its locks again on its way, in the same order.
 * It passes to the next only when the store has said that it is free (the run's end or its unlock
 * is on disk), or after a restart two would have it. */
#include "lock.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"

struct lock {
    char *name;
    struct run *owner;
    uint32_t left_by;    /* the owner's step that drops it, on its way to the disk; 0: none */
    char kept_for[64];   /* the run that held it at the last end and is not here yet; "": none */
    struct list waiting; /* runs, by lock_node, first come first served */
};

static struct lock *lock_of(struct company *c, const char *name)
{
    struct lock *l = map_get(c->locks, str_of(name));
    if (!l) {
        l = mem_zalloc(1, sizeof *l);
        l->name = mem_dup(name);
        list_init(&l->waiting);
        map_set(c->locks, str_of(name), l);
    }
    return l;
}

void lock_reserve(struct company *c, const char *name, const char *run)
{
    struct lock *l = lock_of(c, name);
    if (!l->owner && !l->kept_for[0])
        snprintf(l->kept_for, sizeof l->kept_for, "%s", run);
}

const char *lock_holder(const struct company *c, const char *name)
{
    const struct lock *l = map_get(c->locks, str_of(name));
    return !l ? "" : l->owner ? l->owner->id : l->kept_for;
}

/* Does the owner wait, or he for whom it waits, and so on, for something that r has? What is on its
 * way to be free is waited for by nobody for ever. */
static bool leads_back(const struct lock *l, const struct run *r)
{
    while (l && l->owner && !l->left_by) {
        if (l->owner == r)
            return true;
        l = l->owner->lock_wanted;
    }
    return false;
}

enum lock_result lock_take(struct run *r, const char *name, void (*granted)(struct run *r))
{
    struct lock *l = lock_of(r->company, name);
    if (!l->owner && (!l->kept_for[0] || strcmp(l->kept_for, r->id) == 0)) {
        l->owner = r;
        l->kept_for[0] = '\0';
    }
    if (l->owner == r) {
        l->left_by = 0; /* it was not free for anybody between */
        return LOCK_TAKEN;
    }
    if (leads_back(l, r))
        return LOCK_DEADLOCK;
    r->lock_granted = granted;
    r->lock_wanted = l;
    r->lock_name = l->name;
    list_append(&l->waiting, &r->lock_node);
    run_await_lock(r);
    return LOCK_WAITS;
}

/* The lock goes to who has waited longest, or is gone. */
static void pass_on(struct company *c, struct lock *l)
{
    struct list *n = list_shift(&l->waiting);
    l->kept_for[0] = '\0';
    l->left_by = 0;
    if (!n) {
        map_remove(c->locks, str_of(l->name));
        mem_free(l->name);
        mem_free(l);
        return;
    }
    struct run *r = l->owner = LIST_OF(n, struct run, lock_node);
    r->lock_wanted = NULL;
    r->lock_name = NULL;
    if (run_lock_came(r))
        r->lock_granted(r);
}

void lock_drop(struct run *r, const char *name)
{
    struct lock *l = map_get(r->company->locks, str_of(name));
    if (l && l->owner == r)
        pass_on(r->company, l);
}

void lock_leave(struct run *r, const char *name, uint32_t seq)
{
    struct lock *l = map_get(r->company->locks, str_of(name));
    if (!l || l->owner != r)
        return;
    l->left_by = seq;
    if (!list_empty(&l->waiting))
        store_hurry(r->engine->parts.store);
}

void lock_left(struct run *r, uint32_t seq)
{
    struct str name;
    void *value;
    size_t at = 0;
    while (map_next(r->company->locks, &at, &name, &value)) {
        struct lock *l = value;
        if (l->owner == r && l->left_by == seq) {
            pass_on(r->company, l);
            return;
        }
    }
}

void lock_stop_waiting(struct run *r)
{
    list_remove(&r->lock_node);
    r->lock_wanted = NULL;
    r->lock_name = NULL;
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
        if (l->owner != r && (l->owner || strcmp(l->kept_for, r->id) != 0))
            continue;
        if (r->engine->dead) {
            l->owner = NULL;
            l->kept_for[0] = '\0';
        } else {
            pass_on(r->company, l);
        }
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
