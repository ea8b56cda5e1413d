/* What the disk keeps of runs at work beside their journals: see host/store/store_begun.c */
#include <string.h>
#include "disk.h"

void tables_set_tries(struct disk *d, struct op *o)
{
    struct disk_run *r = disk_find_run(d, o->name);
    if (r)
        r->progress.tries = o->bytes.n ? o->bytes.p : NULL;
    else
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
}

/* Of {"name":"...","op":"lock"}. */
static const char *lock_name(struct str spec)
{
    static const char word[] = "\"name\":\"";
    const char *p = spec.n ? memmem(spec.p, spec.n, word, sizeof word - 1) : NULL;
    if (!p)
        return "";
    p += sizeof word - 1;
    return arena_bytes((struct str){p, strcspn(p, "\"")}).p;
}

static void begun_locks(const struct disk_run *r, struct store_begun *b)
{
    const char **locks = arena_zalloc((size_t)r->nsteps * sizeof *locks + 1);
    for (int i = 0; i < r->nsteps; i++) {
        const struct store_step *st = &r->steps[i].step;
        const char *name = lock_name(st->spec);
        if (strcmp(st->kind, "lock") == 0 && r->steps[i].answered)
            locks[b->nlocks++] = name;
        for (int k = 0; strcmp(st->kind, "unlock") == 0 && k < b->nlocks; k++)
            if (strcmp(locks[k], name) == 0)
                locks[k--] = locks[--b->nlocks];
    }
    b->locks = locks;
}

bool disk_holds_lock(const struct disk_run *r, const char *name)
{
    struct store_begun b = {0};
    begun_locks(r, &b);
    for (int i = 0; i < b.nlocks; i++)
        if (strcmp(b.locks[i], name) == 0)
            return true;
    return false;
}

const char *disk_lock_name(const struct disk_step *s)
{
    return strcmp(s->step.kind, "lock") == 0 && s->answered ? lock_name(s->step.spec) : NULL;
}

void tables_load_begun(struct disk *d, struct op *o)
{
    int room = 0;
    for (int i = 0; i < d->nruns; i++) {
        const struct disk_run *r = d->runs[i];
        if (r->run.state != RUN_RUNNING && r->run.state != RUN_WAITING)
            continue;
        o->begun = arena_grow(o->begun, o->n, &room, sizeof *o->begun);
        struct store_begun *b = &o->begun[o->n++];
        *b = (struct store_begun){r->run.id, r->run.company, r->run.key,
            r->progress.tries ? r->progress.tries : "", NULL, 0};
        begun_locks(r, b);
    }
}
