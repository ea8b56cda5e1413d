/* What the store knows of itself: numbers by name. */
#include "clock.h"
#include "store_private.h"

int64_t meta_get(struct sql *s, const char *name)
{
    struct query *q = sql_use(s, Q_META_GET, "SELECT value FROM meta WHERE name = ?");
    int64_t v = 0;
    query_text(q, name);
    int rc = query_row(q);
    if (rc == 1 && !str_to_i64(query_col(q, 0), &v))
        v = 0;
    query_done(q);
    return rc < 0 ? -1 : v;
}

int meta_set(struct sql *s, const char *name, int64_t value)
{
    struct query *q = sql_use(s, Q_META_SET,
        "INSERT INTO meta (name, value) VALUES (?, CAST(? AS TEXT))"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value");
    query_text(q, name);
    query_int(q, value);
    return query_run(q);
}

int meta_mark_restored(struct sql *s)
{
    /* What a person said before knew nothing of what is forgotten now. */
    return meta_set(s, META_RESTORED, clock_wall_ms()) || meta_set(s, META_RESTORED_FOR, 0) ||
                   sql_exec(s, "UPDATE runs SET reopened_seq = 0 WHERE reopened_seq <> 0")
               ? -1
               : 0;
}

int meta_mark_backup(struct sql *s)
{
    return meta_set(s, META_BACKUP, clock_wall_ms());
}

struct set_meta {
    struct op op;
    int64_t value;
};

static int set_restored_for_run(struct sql *s, struct op *o)
{
    return meta_set(s, META_RESTORED_FOR, ((struct set_meta *)o)->value);
}

void store_set_restored_for(struct store *s, int64_t ms)
{
    struct set_meta *m = op_new(sizeof *m, 0);
    m->op.run = set_restored_for_run;
    m->op.what = "how long ago older data was put back";
    m->value = ms;
    store_ask(s, &m->op);
}

struct load_meta {
    struct op op;
    int64_t value;
    store_backup_fn fn;
    void *arg;
};

static int load_meta_run(struct sql *s, struct op *o)
{
    struct load_meta *l = (struct load_meta *)o;
    l->value = meta_get(s, META_LAST_BACKUP);
    return l->value < 0 ? -1 : 0;
}

static void load_meta_done(struct op *o, const struct err *e)
{
    struct load_meta *l = (struct load_meta *)o;
    l->fn(l->arg, l->value, e);
}

void store_load_last_backup(struct store *s, store_backup_fn fn, void *arg)
{
    struct load_meta *l = op_new(sizeof(*l), 0);
    l->op.run = load_meta_run;
    l->op.done = load_meta_done;
    l->op.what = "last backup";
    l->fn = fn;
    l->arg = arg;
    store_ask(s, &l->op);
}
