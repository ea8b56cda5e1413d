/* Acts on many runs: they are looked up by the reader, then acted on one after the other, the
 * oldest first. Each is judged by itself, so one that is refused does not stop the others. */
#include <string.h>

#include "api_people_parts.h"
#include "mem.h"
#include "reply.h"

struct bulk {
    struct api_job job;
    struct list node;          /* api_people.bulks */
    struct api_people *people; /* NULL: the API ends */
    struct http_in_exchange *x;
    struct act_request q;
    char *event;
    char **runs; /* newest first, as they are read */
    int n, room, at;
    int64_t limit;
    struct buf out;
    int acted, refused;
};

static void bulk_free(struct bulk *b)
{
    for (int i = 0; i < b->n; i++)
        mem_free(b->runs[i]);
    mem_free(b->runs);
    mem_free(b->event);
    act_request_free(&b->q);
    buf_free(&b->out);
    list_remove(&b->node);
    mem_free(b);
}

void api_bulks_stop(struct api_people *p)
{
    for (struct list *n = p->bulks.next; n != &p->bulks; n = n->next)
        LIST_OF(n, struct bulk, node)->people = NULL;
    while (list_shift(&p->bulks)) {
    }
}

/* ---- looking up ---- */

static int add_run(void *arg, struct str json)
{
    struct bulk *b = arg;
    struct jsondoc *d = jsondoc_parse(json, NULL);
    if (b->n == b->room) {
        b->room = b->room ? b->room * 2 : 64;
        b->runs = mem_realloc(b->runs, (size_t)b->room * sizeof(*b->runs));
    }
    b->runs[b->n++] = mem_dup(jsonv_str(jsonv_get(jsondoc_root(d), "id"), ""));
    jsondoc_free(d);
    return 0;
}

/* The states that an act is for, if the filter names none. */
static void choose_state(struct store_filter *f, enum engine_action a, bool event)
{
    if (f->state)
        return;
    if (a == ENGINE_SEND)
        f->state = "held";
    else if (event)
        f->or_held = true;
    else
        f->needs_person = true;
}

static int run_bulk(struct api_job *j, struct store_reader *r, struct err *e)
{
    struct bulk *b = (struct bulk *)j;
    struct store_filter f = b->q.filter;
    choose_state(&f, b->q.act.action, b->event != NULL);
    f.limit = b->q.all ? INT32_MAX : (int)b->limit + 1;
    if (store_read_runs(r, &f, add_run, b, e) < 0)
        return -1;
    if (b->n == 0 && b->event)
        return err_set(e, ERR_NOT_FOUND, "event %s has no run that waits for a person", b->event);
    if (!b->q.all && b->n > b->limit)
        return err_set(e, ERR_CONFLICT,
            "more than %lld runs match (bulk-limit): narrow the filter, or say all",
            (long long)b->limit);
    return 0;
}

/* ---- acting ---- */

static void act_next(struct bulk *b);

static void finish(struct bulk *b)
{
    struct buf out;
    buf_init(&out, BUF_MAX_DEFAULT);
    buf_addf(&out, "{\"matched\":%d,\"acted\":%d,\"refused\":%d,\"runs\":[%.*s]}", b->n, b->acted,
        b->refused, STR_ARG(buf_str(&b->out)));
    reply_json(b->x, 200, buf_str(&out));
    buf_free(&out);
    bulk_free(b);
}

static void put_result(struct bulk *b, const char *run, const struct err *e)
{
    buf_adds(&b->out, b->out.n ? ",{" : "{");
    json_put_key(&b->out, "run");
    json_put_cstring(&b->out, run);
    json_put_key(&b->out, "ok");
    buf_adds(&b->out, e ? "false" : "true");
    if (e) {
        json_put_key(&b->out, "status");
        buf_addf(&b->out, "%d", act_status(e));
        json_put_key(&b->out, "error");
        json_put_cstring(&b->out, e->text);
    }
    buf_addc(&b->out, '}');
}

static void on_acted(void *arg, const struct err *e)
{
    struct bulk *b = arg;
    b->acted += !e;
    b->refused += e != NULL;
    put_result(b, b->runs[b->at], e);
    b->at--;
    act_next(b);
}

static void act_next(struct bulk *b)
{
    if (b->at < 0 || !b->people) {
        finish(b);
        return;
    }
    b->q.act.run = b->runs[b->at];
    if (!b->q.dry_run) {
        engine_act(b->people->engine, &b->q.act, on_acted, b);
        return;
    }
    for (; b->at >= 0; b->at--)
        put_result(b, b->runs[b->at], NULL);
    finish(b);
}

static void bulk_done(struct api_job *j, const struct err *err)
{
    struct bulk *b = (struct bulk *)j;
    if (err) {
        reply_error(b->x, act_status(err), err->text);
        bulk_free(b);
        return;
    }
    b->at = b->n - 1;
    act_next(b);
}

void api_people_bulk(
    struct api_people *p, struct http_in_exchange *x, struct str event, struct str verb)
{
    struct bulk *b = mem_zalloc(1, sizeof(*b));
    struct err e = {0};
    b->job.run = run_bulk;
    b->job.done = bulk_done;
    b->people = p;
    b->x = x;
    list_append(&p->bulks, &b->node);
    buf_init(&b->out, BUF_MAX_DEFAULT);
    int rc = act_request_read(&b->q, verb, http_in_request(x)->body, &e);
    b->event = event.p ? mem_dupn(event.p, event.n) : NULL;
    if (b->event)
        b->q.filter.event = b->event;
    b->limit = b->q.limit > 0 && b->q.limit < p->bulk_limit ? b->q.limit : p->bulk_limit;
    if (rc == 0 && !event.p && !b->q.filtered)
        rc = err_set(&e, ERR_USAGE, "say which runs: {\"filter\": {\"company\": \"...\", ...}}");
    if (rc == 0 && !event.p && (b->q.act.data.p || b->q.act.nchanges))
        rc = err_set(&e, ERR_USAGE, "data is changed for one run or one event at a time");
    if (rc == 0 && (b->q.act.from >= 0 || b->q.act.nagain))
        rc = err_set(&e, ERR_USAGE, "from and again name steps of a single run");
    b->q.act.run = "";
    if (rc == 0)
        rc = engine_act_check(&b->q.act, &e);
    if (rc < 0)
        bulk_done(&b->job, &e);
    else
        api_reader_ask(p->reader, &b->job);
}
