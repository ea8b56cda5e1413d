/* GET of the API: lists and single runs. */
#include <string.h>

#include "api_people_parts.h"
#include "mem.h"
#include "next.h"
#include "reply.h"
#include "since.h"
#include "upcoming.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define ROWS_MAX   10000

enum listing { LIST_EVENTS, LIST_RUNS, LIST_ATTENTION, LIST_ACTS, LIST_SCHEDULES, LIST_NONE };
static const char *const names[] = {"events", "runs", "attention", "acts", "schedules"};

struct get {
    struct api_job job;
    struct http_in_exchange *x;
    enum listing list;
    char *run; /* of a single one */
    char *texts[7];
    struct store_filter filter;
    struct buf out;
    int rows;
};

static void get_free(struct get *g)
{
    for (size_t i = 0; i < sizeof(g->texts) / sizeof(g->texts[0]); i++)
        mem_free(g->texts[i]);
    mem_free(g->run);
    buf_free(&g->out);
    mem_free(g);
}

static int add_row(void *arg, struct str json)
{
    struct get *g = arg;
    if (!g->run && g->rows++)
        buf_addc(&g->out, ',');
    if (g->run || g->list == LIST_ATTENTION)
        next_put(&g->out, json);
    else if (g->list == LIST_SCHEDULES)
        upcoming_put(&g->out, json);
    else
        buf_add(&g->out, json.p, json.n);
    return g->out.failed;
}

static int run_get(struct api_job *j, struct store_reader *r, struct err *e)
{
    struct get *g = (struct get *)j;
    static int (*const read[])(struct store_reader *, const struct store_filter *, store_row_fn,
        void *, struct err *) = {store_read_events, store_read_runs, store_read_attention,
        store_read_acts, store_read_schedules};
    int rc;
    if (g->run) {
        rc = store_read_run(r, g->run, add_row, g, e);
    } else {
        buf_addf(&g->out, "{\"%s\":[", names[g->list]);
        rc = read[g->list](r, &g->filter, add_row, g, e);
        buf_adds(&g->out, "]}");
    }
    if (rc == 0 && g->out.failed)
        rc = err_set(e, ERR_LIMIT, "the answer is larger than %zu MB: narrow it", ANSWER_MAX >> 20);
    return rc;
}

static void get_done(struct api_job *j, const struct err *err)
{
    struct get *g = (struct get *)j;
    if (err)
        reply_error(g->x, act_status(err), err->text);
    else
        reply_json(g->x, 200, buf_str(&g->out));
    get_free(g);
}

static int read_query(struct get *g, const struct http_in_request *q, struct err *e)
{
    static const char *const params[] = {
        "company", "rule", "state", "key", "connection", "event", "reason_like"};
    struct store_filter *f = &g->filter;
    const char **to[] = {
        &f->company, &f->rule, &f->state, &f->key, &f->connection, &f->event, &f->reason_like};
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
        *to[i] = g->texts[i] = http_in_query(q, params[i]);
    f->needs_person = g->list == LIST_ATTENTION && !f->state;
    char *since = http_in_query(q, "since"), *limit = http_in_query(q, "limit");
    int64_t n = 100;
    int rc = 0;
    if (since && !since_parse(since, &f->since_ms))
        rc = err_set(e, ERR_USAGE, "since is 30d, 12h, 2026-11-20 or a full time");
    else if (limit && (!str_to_i64(str_of(limit), &n) || n < 1 || n > ROWS_MAX))
        rc = err_set(e, ERR_USAGE, "limit is a number from 1 to %d", ROWS_MAX);
    f->limit = (int)n;
    mem_free(since);
    mem_free(limit);
    return rc;
}

bool api_people_get(
    struct api_people *p, struct http_in_exchange *x, struct str kind, struct str id)
{
    struct err e = {0};
    int list = 0;
    while (list < LIST_NONE && !str_is(kind, names[list]))
        list++;
    if (list == LIST_NONE || (id.p && (list != LIST_RUNS || !id.n)))
        return false;
    struct get *g = mem_zalloc(1, sizeof(*g));
    g->job.run = run_get;
    g->job.done = get_done;
    g->x = x;
    g->list = (enum listing)list;
    g->run = id.p ? mem_dupn(id.p, id.n) : NULL;
    buf_init(&g->out, ANSWER_MAX);
    if (read_query(g, http_in_request(x), &e) < 0) {
        get_done(&g->job, &e);
        return true;
    }
    api_reader_ask(p->reader, &g->job);
    return true;
}
