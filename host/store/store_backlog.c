/* How much of each company is open, in the store. */
#include "mem.h"
#include "store_private.h"

struct backlog {
    char *company;
    struct store_backlog b;
};

struct load_backlog {
    struct op op;
    const char *after;
    int limit;
    store_backlog_fn fn;
    void (*done)(void *arg, int n, const struct err *e);
    void *arg;
    struct backlog *list;
    int n;
};

static int number_of(struct query *q, const char *company, int64_t *out)
{
    query_text(q, company);
    int rc = query_row(q);
    if (rc == 1)
        *out = query_col_int(q, 0);
    query_done(q);
    return rc < 0 ? -1 : 0;
}

/* Each is one look into its index. */
#define SEQ(which, asleep, routed)                                                                 \
    "(SELECT " which "(seq) FROM events INDEXED BY events_open WHERE state = 'in_flight' AND"      \
    " company = ?1 AND asleep = " #asleep " AND routed = " #routed ")"

int backlog_oldest(struct sql *s, const char *company, int64_t *received_ms)
{
    return number_of(sql_use(s, Q_BACKLOG_OLDEST,
                         "SELECT min(received_ms) FROM events WHERE seq IN (" SEQ(
                             "min", 0, 0) "," SEQ("min", 0, 1) "," SEQ("min", 1, 1) ")"),
        company, received_ms);
}

static int read_late(struct sql *s, struct backlog *l)
{
    struct query *q = sql_use(s, Q_BACKLOG_LATE, "SELECT " SEQ("min", 0, 0) ", " SEQ("max", 0, 1));
    query_text(q, l->company);
    int rc = query_row(q);
    int64_t from = rc == 1 ? query_col_int(q, 0) : 0, until = rc == 1 ? query_col_int(q, 1) : 0;
    query_done(q);
    if (from && from < until) {
        l->b.late_from = from;
        l->b.late_until = until;
    }
    return rc < 0 ? -1 : 0;
}

static int load_one(struct sql *s, struct backlog *l)
{
    if (books_read(s, l->company, &l->b.books))
        return -1;
    if (l->b.books.in_flight == 0)
        return 0;
    if (backlog_oldest(s, l->company, &l->b.oldest_ms))
        return -1;
    if (read_late(s, l))
        return -1;
    return number_of(
        sql_use(s, Q_BACKLOG_DUE,
            "SELECT min(until_ms) FROM runs INDEXED BY runs_waiting WHERE state = 'waiting'"
            " AND company = ?1"),
        l->company, &l->b.due_ms);
}

static int load_backlog_run(struct sql *s, struct op *o)
{
    struct load_backlog *l = (struct load_backlog *)o;
    struct query *q = sql_use(
        s, Q_BACKLOG, "SELECT DISTINCT company FROM books WHERE company > ? ORDER BY 1 LIMIT ?");
    int rc;
    query_text(q, l->after);
    query_int(q, l->limit);
    l->list = mem_zalloc((size_t)l->limit, sizeof(*l->list));
    while ((rc = query_row(q)) == 1)
        l->list[l->n++].company = mem_dup(query_col_text(q, 0));
    for (int i = 0; i < l->n && rc == 0; i++) {
        l->list[i].b.company = l->list[i].company;
        rc = load_one(s, &l->list[i]);
    }
    return rc;
}

static void load_backlog_clear(struct op *o)
{
    struct load_backlog *l = (struct load_backlog *)o;
    for (int i = 0; i < l->n; i++)
        mem_free(l->list[i].company);
    mem_free(l->list);
    l->list = NULL;
    l->n = 0;
}

static void load_backlog_done(struct op *o, const struct err *e)
{
    struct load_backlog *l = (struct load_backlog *)o;
    for (int i = 0; i < l->n && !e; i++)
        l->fn(l->arg, &l->list[i].b);
    l->done(l->arg, e ? 0 : l->n, e);
}

void store_load_backlog(struct store *s, const char *after, int limit, store_backlog_fn fn,
    void (*done)(void *arg, int n, const struct err *e), void *arg)
{
    struct load_backlog *l = op_new(sizeof(*l), op_room(after));
    l->op.run = load_backlog_run;
    l->op.done = load_backlog_done;
    l->op.clear = load_backlog_clear;
    l->op.what = "backlog";
    l->after = op_text(&l->op, after);
    l->limit = limit;
    l->fn = fn;
    l->done = done;
    l->arg = arg;
    store_ask(s, &l->op);
}
