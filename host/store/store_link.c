/* Links between the records of two systems. A save says which version it goes out from, so that two
 * who save at once do not undo each other. */
#include "store_link.h"

#include "clock.h"
#include "mem.h"
#include "store_private.h"

#define IDS " company = ?1 AND name = ?2"
/* A base that says asked.run was asked about by that run. */
#define ASKED                                                                                      \
    ", (SELECT state FROM runs r WHERE r.company = links.company AND"                              \
    " r.id = CASE WHEN json_valid(base) THEN json_extract(base, '$.asked.run') END)"

struct link_op {
    struct op op;
    const char *company, *name;
    struct store_link link;
    enum store_link_side side;
    char *a, *b, *asked; /* of a load: owned, like link.base then */
    bool saved;
    store_link_fn fn;
    store_link_saved_fn saved_fn;
    void *arg;
};

/* ---- load ---- */

static int load_run(struct sql *s, struct op *o)
{
    struct link_op *l = (struct link_op *)o;
    struct query *q =
        l->side == STORE_LINK_A
            ? sql_use(s, Q_LINK_BY_A,
                  "SELECT id, version, a, b, base" ASKED " FROM links WHERE" IDS " AND a = ?3")
            : sql_use(s, Q_LINK_BY_B,
                  "SELECT id, version, a, b, base" ASKED " FROM links WHERE" IDS " AND b = ?3");
    query_text(q, l->company);
    query_text(q, l->name);
    query_text(q, l->side == STORE_LINK_A ? l->link.a : l->link.b);
    int rc = query_row(q);
    if (rc != 1)
        return rc;
    l->link.id = query_col_int(q, 0);
    l->link.version = query_col_int(q, 1);
    l->a = mem_dup(query_col_text(q, 2));
    l->b = mem_dup(query_col_text(q, 3));
    l->link.base = query_col_dup(q, 4);
    l->asked = mem_dup(query_col_text(q, 5));
    query_done(q);
    return 0;
}

/* It may be run again: what it found is given up, what it looks for stays. */
static void load_clear(struct op *o)
{
    struct link_op *l = (struct link_op *)o;
    mem_free(l->a);
    mem_free(l->b);
    mem_free((void *)(uintptr_t)l->link.base.p);
    mem_free(l->asked);
    l->a = l->b = l->asked = NULL;
    l->link.base = STR_NONE;
    l->link.id = l->link.version = 0;
}

static void load_done(struct op *o, const struct err *e)
{
    struct link_op *l = (struct link_op *)o;
    struct store_link found = l->link;
    found.a = l->a ? l->a : "";
    found.b = l->b ? l->b : "";
    found.asked = l->asked ? l->asked : "";
    l->fn(l->arg, &found, e);
}

void store_load_link(struct store *s, const char *company, const char *name,
    enum store_link_side side, const char *id, store_link_fn fn, void *arg)
{
    struct link_op *l = op_new(sizeof *l, op_room(company) + op_room(name) + op_room(id));
    struct op *o = &l->op;
    o->run = load_run;
    o->done = load_done;
    o->clear = load_clear;
    o->what = "link";
    l->company = op_text(o, company);
    l->name = op_text(o, name);
    l->side = side;
    *(side == STORE_LINK_A ? &l->link.a : &l->link.b) = op_text(o, id);
    l->fn = fn;
    l->arg = arg;
    store_ask(s, o);
}

/* ---- save ---- */

static void query_id(struct query *q, const char *id)
{
    query_json(q, id[0] ? str_of(id) : STR_NONE);
}

/* 1 if an id of the link stands in another one. */
static int is_taken(struct sql *s, const struct link_op *l)
{
    struct query *q = sql_use(s, Q_LINK_TAKEN,
        "SELECT 1 FROM links WHERE" IDS " AND (a = ?3 OR b = ?4) AND id <> ?5 LIMIT 1");
    query_text(q, l->company);
    query_text(q, l->name);
    query_id(q, l->link.a);
    query_id(q, l->link.b);
    query_int(q, l->link.id);
    int rc = query_row(q);
    if (rc == 1)
        query_done(q);
    return rc;
}

/* A new one's version is the time, so that an id that is used again has another. */
static int write_link(struct sql *s, const struct link_op *l)
{
    struct query *q;
    if (l->link.id && !l->link.base.p)
        q = sql_use(s, Q_LINK_DROP, "DELETE FROM links WHERE" IDS " AND id = ?3 AND version = ?4");
    else if (l->link.id)
        q = sql_use(s, Q_LINK_SET,
            "UPDATE links SET version = version + 1, a = ?5, b = ?6, base = ?7, at_ms = ?8"
            " WHERE" IDS " AND id = ?3 AND version = ?4");
    else
        q = sql_use(s, Q_LINK_ADD,
            "INSERT INTO links (company, name, version, a, b, base, at_ms)"
            " VALUES (?1, ?2, ?8, ?5, ?6, ?7, ?8)");
    query_text(q, l->company);
    query_text(q, l->name);
    query_int(q, l->link.id);
    query_int(q, l->link.version);
    if (l->link.base.p) {
        query_id(q, l->link.a);
        query_id(q, l->link.b);
        query_json(q, l->link.base);
        query_int(q, clock_wall_ms());
    }
    return query_run(q);
}

static int save_run(struct sql *s, struct op *o)
{
    struct link_op *l = (struct link_op *)o;
    int taken = is_taken(s, l);
    l->saved = false;
    if (taken || (!l->link.id && !l->link.base.p))
        return taken < 0 ? -1 : 0;
    if (write_link(s, l) < 0)
        return -1;
    l->saved = sqlite3_changes(s->h) == 1;
    return 0;
}

static void save_done(struct op *o, const struct err *e)
{
    struct link_op *l = (struct link_op *)o;
    l->saved_fn(l->arg, l->saved && !e, e);
}

void store_save_link(struct store *s, const char *company, const char *name,
    const struct store_link *link, store_link_saved_fn fn, void *arg)
{
    struct link_op *l = op_new(sizeof *l, op_room(company) + op_room(name) + op_room(link->a) +
                                              op_room(link->b) + op_room_bytes(link->base));
    struct op *o = &l->op;
    o->run = save_run;
    o->done = save_done;
    o->what = "link";
    l->company = op_text(o, company);
    l->name = op_text(o, name);
    l->link = *link;
    l->link.a = op_text(o, link->a);
    l->link.b = op_text(o, link->b);
    l->link.base = link->base.p ? op_bytes(o, link->base) : STR_NONE;
    l->saved_fn = fn;
    l->arg = arg;
    store_ask(s, o);
}
