/* What was asked of the API with a key of its own, and what it was answered: asked again, it gets
 * the first answer. The row is there before the request is carried out. */
#include <string.h>

#include "mem.h"
#include "store_private.h"

struct once_op {
    struct op op;
    const char *key, *hash, *host;
    int64_t now_ms, keep_ms;
    enum store_once what;
    int status;
    struct str body; /* begin: owned, what was answered; end: what is to be kept */
    store_once_fn fn;
    struct op_done cb;
    void *arg;
};

static int begin_run(struct sql *s, struct op *o)
{
    struct once_op *a = (struct once_op *)o;
    struct query *q = sql_use(s, Q_ONCE_OLD, "DELETE FROM once WHERE at_ms < ?");
    query_int(q, a->now_ms - a->keep_ms);
    if (query_run(q))
        return -1;
    q = sql_use(s, Q_ONCE_GET, "SELECT hash, host, status, body FROM once WHERE key = ?");
    query_text(q, a->key);
    int rc = query_row(q);
    if (rc < 0)
        return -1;
    if (rc > 0) {
        a->status = (int)query_col_int(q, 2);
        if (strcmp(query_col_text(q, 0), a->hash) != 0)
            a->what = STORE_ONCE_OTHER;
        else if (a->status == 0)
            a->what = strcmp(query_col_text(q, 1), a->host) ? STORE_ONCE_LOST : STORE_ONCE_RUNNING;
        else
            a->what = STORE_ONCE_DONE;
        if (a->what == STORE_ONCE_DONE)
            a->body = query_col_dup(q, 3);
        query_done(q);
        return 0;
    }
    a->what = STORE_ONCE_NEW;
    q = sql_use(s, Q_ONCE_ADD, "INSERT INTO once (key, hash, host, at_ms) VALUES (?, ?, ?, ?)");
    query_text(q, a->key);
    query_text(q, a->hash);
    query_text(q, a->host);
    query_int(q, a->now_ms);
    return query_run(q);
}

static void begin_done(struct op *o, const struct err *e)
{
    struct once_op *a = (struct once_op *)o;
    a->fn(a->arg, a->what, a->status, a->body, e);
}

static void begin_clear(struct op *o)
{
    struct once_op *a = (struct once_op *)o;
    mem_free((char *)(uintptr_t)a->body.p);
    a->body = STR_NONE;
}

void store_once_begin(
    struct store *s, const struct store_once_key *k, int64_t keep_ms, store_once_fn fn, void *arg)
{
    struct once_op *a = op_new(sizeof(*a), op_room(k->key) + op_room(k->hash) + op_room(k->host));
    a->op.run = begin_run;
    a->op.done = begin_done;
    a->op.clear = begin_clear;
    a->op.what = "request with a key";
    a->key = op_text(&a->op, k->key);
    a->hash = op_text(&a->op, k->hash);
    a->host = op_text(&a->op, k->host);
    a->now_ms = k->at_ms;
    a->keep_ms = keep_ms;
    a->body = STR_NONE;
    a->fn = fn;
    a->arg = arg;
    store_ask(s, &a->op);
}

static int end_run(struct sql *s, struct op *o)
{
    struct once_op *a = (struct once_op *)o;
    struct query *q = a->status > 0 ? sql_use(s, Q_ONCE_END,
                                          "UPDATE once SET status = ?2, body = ?3"
                                          " WHERE key = ?1")
                                    : sql_use(s, Q_ONCE_DROP, "DELETE FROM once WHERE key = ?1");
    query_text(q, a->key);
    if (a->status > 0) {
        query_int(q, a->status);
        query_blob(q, a->body);
    }
    return query_run(q);
}

static void end_done(struct op *o, const struct err *e)
{
    struct once_op *a = (struct once_op *)o;
    op_done_call(&a->cb, e);
}

void store_once_end(
    struct store *s, const char *key, int status, struct str body, store_done_fn fn, void *arg)
{
    struct once_op *a = op_new(sizeof(*a), op_room(key) + op_room_bytes(body));
    a->op.run = end_run;
    a->op.done = end_done;
    a->op.what = "answer of a request with a key";
    a->key = op_text(&a->op, key);
    a->body = op_bytes(&a->op, body);
    a->status = status;
    a->cb.fn = fn;
    a->cb.arg = arg;
    store_ask(s, &a->op);
}
