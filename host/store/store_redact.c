/* Which fields of a company's data people are not shown, see redact.h: kept beside the data, so
 * that they hold for who reads it without a host. */
#include "mem.h"
#include "store_private.h"

#define PREFIX "redact."

char *redaction_get(struct sql *s, const char *company)
{
    char *name = mem_printf(PREFIX "%s", company), *rules = NULL;
    struct query *q = sql_use(s, Q_REDACT_GET, "SELECT value FROM meta WHERE name = ?");
    query_text(q, name);
    if (query_row(q) == 1)
        rules = mem_dup(query_col_text(q, 0));
    query_done(q);
    mem_free(name);
    return rules;
}

bool redaction_any(struct sql *s)
{
    struct query *q = sql_use(s, Q_REDACT_ANY,
        "SELECT 1 FROM meta WHERE name BETWEEN '" PREFIX "' AND '" PREFIX "~' LIMIT 1");
    bool any = query_row(q) == 1;
    query_done(q);
    return any;
}

struct set_redaction {
    struct op op;
    struct op_done cb;
    const char *name, *rules;
};

static int set_run(struct sql *s, struct op *o)
{
    struct set_redaction *r = (struct set_redaction *)o;
    struct query *q =
        r->rules[0] ? sql_use(s, Q_REDACT_SET,
                          "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name)"
                          " DO UPDATE SET value = excluded.value WHERE value <> excluded.value")
                    : sql_use(s, Q_REDACT_GONE, "DELETE FROM meta WHERE name = ?");
    query_text(q, r->name);
    if (r->rules[0])
        query_text(q, r->rules);
    return query_run(q);
}

static void set_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct set_redaction *)o)->cb, e);
}

void store_set_redaction(
    struct store *s, const char *company, const char *rules, store_done_fn fn, void *arg)
{
    char *name = mem_printf(PREFIX "%s", company);
    struct set_redaction *r = op_new(sizeof *r, op_room(name) + op_room(rules));
    r->op.run = set_run;
    r->op.done = fn ? set_done : NULL;
    r->op.what = "fields that are not shown";
    r->cb = (struct op_done){fn, arg};
    r->name = op_text(&r->op, name);
    r->rules = op_text(&r->op, rules);
    store_ask(s, &r->op);
    mem_free(name);
}
