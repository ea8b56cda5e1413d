/* The books: what came in is what is done, skipped, needs attention, held, in flight or failed. */
#include <stddef.h>

#include "mem.h"
#include "store_private.h"

/* Adds one line of the table to the books. */
static void add_line(struct store_books *b, struct str state, int64_t n)
{
    static const struct {
        const char *state;
        size_t at;
    } lines[] = {
        {"received", offsetof(struct store_books, received)},
        {"done", offsetof(struct store_books, done)},
        {"skipped", offsetof(struct store_books, skipped)},
        {"attention", offsetof(struct store_books, attention)},
        {"held", offsetof(struct store_books, held)},
        {"in_flight", offsetof(struct store_books, in_flight)},
        {"failed", offsetof(struct store_books, failed)},
        {"stored", offsetof(struct store_books, stored)},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (str_is(state, lines[i].state))
            *(int64_t *)((char *)b + lines[i].at) += n;
}

int books_read(struct sql *s, const char *company, struct store_books *out)
{
    struct query *q = company ? sql_use(s, Q_BOOKS_ONE,
                                    "SELECT state, n FROM books WHERE company = ?1 UNION ALL"
                                    " SELECT 'stored', bytes FROM stored WHERE company = ?1")
                              : sql_use(s, Q_BOOKS,
                                    "SELECT state, sum(n) FROM books GROUP BY state UNION ALL"
                                    " SELECT 'stored', sum(bytes) FROM stored");
    if (company)
        query_text(q, company);
    *out = (struct store_books){0};
    int rc;
    while ((rc = query_row(q)) == 1)
        add_line(out, query_col(q, 0), query_col_int(q, 1));
    return rc;
}

struct load_books {
    struct op op;
    const char *company;
    bool all;
    store_books_fn fn;
    void *arg;
    struct store_books books;
};

static int load_books_run(struct sql *s, struct op *o)
{
    struct load_books *l = (struct load_books *)o;
    return books_read(s, l->all ? NULL : l->company, &l->books);
}

static void load_books_done(struct op *o, const struct err *e)
{
    struct load_books *l = (struct load_books *)o;
    l->fn(l->arg, e ? NULL : &l->books, e);
}

void store_load_books(struct store *s, const char *company, store_books_fn fn, void *arg)
{
    struct load_books *l = op_new(sizeof(*l), op_room(company));
    l->op.run = load_books_run;
    l->op.done = load_books_done;
    l->op.what = "books";
    l->all = !company;
    l->company = op_text(&l->op, company);
    l->fn = fn;
    l->arg = arg;
    store_ask(s, &l->op);
}

struct load_differences {
    struct op op;
    store_differences_fn fn;
    void *arg;
    struct store_difference *list;
    int n, cap;
};

static void forget(struct load_differences *l)
{
    for (int i = 0; i < l->n; i++)
        mem_free(l->list[i].company);
    l->n = 0;
}

static int load_differences_run(struct sql *s, struct op *o)
{
    struct load_differences *l = (struct load_differences *)o;
    forget(l); /* a batch that failed is run again */
    struct query *q = sql_use(s, Q_BOOKS_DIFFERENCES,
        "SELECT company, sum(CASE state WHEN 'received' THEN n ELSE -n END) FROM books"
        " GROUP BY company ORDER BY company");
    int rc;
    while ((rc = query_row(q)) == 1) {
        if (l->n == l->cap) {
            l->cap = l->cap ? l->cap * 2 : 16;
            l->list = mem_realloc(l->list, (size_t)l->cap * sizeof(*l->list));
        }
        l->list[l->n++] =
            (struct store_difference){mem_dup(query_col_text(q, 0)), query_col_int(q, 1)};
    }
    return rc;
}

static void load_differences_done(struct op *o, const struct err *e)
{
    struct load_differences *l = (struct load_differences *)o;
    l->fn(l->arg, e ? NULL : l->list, e ? -1 : l->n, e);
    forget(l);
    mem_free(l->list);
}

void store_load_differences(struct store *s, store_differences_fn fn, void *arg)
{
    struct load_differences *l = op_new(sizeof(*l), 0);
    l->op.run = load_differences_run;
    l->op.done = load_differences_done;
    l->op.what = "books";
    l->fn = fn;
    l->arg = arg;
    store_ask(s, &l->op);
}
