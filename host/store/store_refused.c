/* Deliveries that were refused although their sender is known: kept as far as the limits allow, so
 * that nothing that was meant for a company is just gone. */
#include "store_private.h"

struct add_refused {
    struct op op;
    struct store_refused r;
    int keep;
};

static int add_refused_run(struct sql *s, struct op *o)
{
    const struct add_refused *a = (struct add_refused *)o;
    struct query *q = sql_use(s, Q_REFUSED_ADD,
        "INSERT INTO refused (company, connection, at_ms, status, reason, authentic, size, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    query_text(q, a->r.company);
    query_text(q, a->r.connection);
    query_int(q, a->r.at_ms);
    query_int(q, a->r.status);
    query_text(q, a->r.reason);
    query_int(q, a->r.authentic);
    query_int(q, a->r.size);
    query_blob(q, a->r.body);
    if (query_run(q))
        return -1;
    /* Those of unknown senders push out their own kind alone. */
    q = sql_use(s, Q_REFUSED_TRIM,
        "DELETE FROM refused WHERE company = ?1 AND authentic = ?2 AND n <= (SELECT n FROM refused"
        " WHERE company = ?1 AND authentic = ?2 ORDER BY n DESC LIMIT 1 OFFSET ?3)");
    query_text(q, a->r.company);
    query_int(q, a->r.authentic);
    query_int(q, a->keep);
    return query_run(q);
}

void store_add_refused(struct store *s, const struct store_refused *r, int keep)
{
    struct add_refused *a = op_new(sizeof(*a),
        op_room(r->company) + op_room(r->connection) + op_room(r->reason) + op_room_bytes(r->body));
    struct op *o = &a->op;
    o->run = add_refused_run;
    o->what = "refused delivery";
    o->lazy = true;
    a->r = *r;
    a->r.company = op_text(o, r->company);
    a->r.connection = op_text(o, r->connection);
    a->r.reason = op_text(o, r->reason);
    a->r.body = op_bytes(o, r->body);
    a->keep = keep;
    store_ask(s, o);
}
