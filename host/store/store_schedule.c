/* Schedules: the last time of each that came. */
#include "store_schedule.h"

#include <stddef.h>
#include "mem.h"
#include "store_private.h"

/* ---- store_sync_schedules ---- */

struct sync {
    struct op op;
    const char *company;
    struct store_schedule *v;
    struct store_slot *slots;
    int n;
    store_schedules_fn fn;
    void *arg;
};

static int sync_one(struct sql *s, struct sync *y, int i)
{
    const struct store_schedule *v = &y->v[i];
    struct query *q = sql_use(s, Q_SCHEDULE_SYNC,
        "INSERT INTO schedules (company, name, spec, slot, since) VALUES (?1, ?2, ?3, ?4, ?4)"
        " ON CONFLICT (company, name) DO UPDATE SET slot ="
        "  CASE WHEN spec = ?3 AND slot IS NOT NULL THEN slot ELSE ?4 END, since ="
        "  CASE WHEN spec = ?3 AND slot IS NOT NULL THEN since ELSE ?4 END,"
        " spec = ?3 RETURNING slot, since");
    query_text(q, y->company);
    query_text(q, v->name);
    query_text(q, v->spec);
    query_int(q, v->slot);
    if (query_row(q) != 1)
        return -1;
    y->slots[i] = (struct store_slot){query_col_int(q, 0), query_col_int(q, 1)};
    return query_run(q);
}

static bool is_kept(const struct sync *y, struct str name)
{
    for (int i = 0; i < y->n; i++)
        if (str_is(name, y->v[i].name))
            return true;
    return false;
}

static int forget_slot(struct sql *s, const char *company, const char *name)
{
    struct query *q = sql_use(
        s, Q_SCHEDULE_LEFT, "UPDATE schedules SET slot = NULL WHERE company = ? AND name = ?");
    query_text(q, company);
    query_text(q, name);
    return query_run(q);
}

/* Those that the company has no more. */
static int leave_others(struct sql *s, const struct sync *y)
{
    char **names = NULL;
    int n = 0, rc;
    struct query *q = sql_use(
        s, Q_SCHEDULE_NAMES, "SELECT name FROM schedules WHERE company = ? AND slot IS NOT NULL");
    query_text(q, y->company);
    while ((rc = query_row(q)) == 1) {
        if (is_kept(y, query_col(q, 0)))
            continue;
        names = mem_realloc(names, (size_t)(n + 1) * sizeof *names);
        names[n++] = mem_dup(query_col_text(q, 0));
    }
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = forget_slot(s, y->company, names[i]);
        mem_free(names[i]);
    }
    mem_free(names);
    return rc;
}

static int sync_run(struct sql *s, struct op *o)
{
    struct sync *y = (struct sync *)o;
    for (int i = 0; i < y->n; i++)
        if (sync_one(s, y, i))
            return -1;
    return leave_others(s, y);
}

static void sync_done(struct op *o, const struct err *e)
{
    struct sync *y = (struct sync *)o;
    y->fn(y->arg, e ? NULL : y->slots, e);
}

void store_sync_schedules(struct store *s, const char *company, const struct store_schedule *v,
    int n, store_schedules_fn fn, void *arg)
{
    size_t room = op_room(company) + (size_t)n * (sizeof *v + sizeof(struct store_slot)) +
                  2 * _Alignof(max_align_t);
    for (int i = 0; i < n; i++)
        room += op_room(v[i].name) + op_room(v[i].spec);
    struct sync *y = op_new(sizeof *y, room);
    struct op *o = &y->op;
    o->run = sync_run;
    o->done = sync_done;
    o->what = "schedules of a company";
    y->v = op_array(o, (size_t)n * sizeof *v);
    y->slots = op_array(o, (size_t)n * sizeof(struct store_slot));
    y->n = n;
    y->company = op_text(o, company);
    for (int i = 0; i < n; i++)
        y->v[i] = (struct store_schedule){op_text(o, v[i].name), op_text(o, v[i].spec), v[i].slot};
    y->fn = fn;
    y->arg = arg;
    store_ask(s, o);
}

/* ---- store_set_slot ---- */

int schedule_slot(struct sql *s, const char *company, const char *schedule, int64_t slot)
{
    struct query *q = sql_use(s, Q_SCHEDULE_SLOT,
        "UPDATE schedules SET slot = ? WHERE company = ? AND name = ? AND slot IS NOT NULL");
    query_int(q, slot);
    query_text(q, company);
    query_text(q, schedule);
    return query_run(q);
}

struct set_slot {
    struct op op;
    struct op_done cb;
    const char *company, *schedule;
    int64_t slot;
};

static int set_slot_run(struct sql *s, struct op *o)
{
    struct set_slot *t = (struct set_slot *)o;
    return schedule_slot(s, t->company, t->schedule, t->slot);
}

static void set_slot_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct set_slot *)o)->cb, e);
}

void store_set_slot(struct store *s, const char *company, const char *schedule, int64_t slot,
    store_done_fn fn, void *arg)
{
    struct set_slot *t = op_new(sizeof *t, op_room(company) + op_room(schedule));
    struct op *o = &t->op;
    o->run = set_slot_run;
    o->done = set_slot_done;
    o->what = "time of a schedule";
    t->cb = (struct op_done){fn, arg};
    t->company = op_text(o, company);
    t->schedule = op_text(o, schedule);
    t->slot = slot;
    store_ask(s, o);
}
