/* What the store knows of itself: numbers by name. */
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
