#include "api_button.h"

#include <string.h>

#include "act.h"
#include "act_request.h"
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "reply.h"

#define RUNS_MAX 10000 /* the newest of a connection, when it is not among those that are held */

struct button {
    struct api_job job;
    struct engine *engine;
    struct http_in_exchange *x;
    char *company, *connection, *record, *by;
    char *run, *state, *reason; /* of the one that was found; NULL: none */
};

static void button_free(struct button *p)
{
    mem_free(p->company);
    mem_free(p->connection);
    mem_free(p->record);
    mem_free(p->by);
    mem_free(p->run);
    mem_free(p->state);
    mem_free(p->reason);
    mem_free(p);
}

/* ---- on the reader's thread ---- */

static int look_at(void *arg, struct str row)
{
    struct button *p = arg;
    struct jsondoc *d = jsondoc_parse(row, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const struct jsonv *about = jsonv_get(root, "about");
    /* A rule beside another, which asks people about what is held, is not what a button sends. */
    bool asks = str_ends(str_of(jsonv_str(jsonv_get(root, "rule"), "")), ": asks");
    bool found = !asks && !strcmp(jsonv_str(jsonv_get(about, "record"), ""), p->record);
    if (found) {
        p->run = mem_dup(jsonv_str(jsonv_get(root, "id"), ""));
        p->state = mem_dup(jsonv_str(jsonv_get(root, "state"), ""));
        p->reason = mem_dup(jsonv_str(jsonv_get(root, "reason"), ""));
    }
    jsondoc_free(d);
    return found;
}

/* One that is held, else what stands still or is under way, else the newest that ended. */
static int find_run(struct api_job *j, struct store_reader *r, struct err *e)
{
    static const char *const states[] = {
        "held", "attention", "failed", "waiting", "running", "queued", "done", "skipped"};
    struct button *p = (struct button *)j;
    struct store_filter f = {.company = p->company, .connection = p->connection, .limit = RUNS_MAX};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]) && !p->run; i++) {
        f.state = states[i];
        if (store_read_runs(r, &f, look_at, p, e) < 0)
            return -1;
    }
    return 0;
}

/* ---- on the loop ---- */

static void answer(struct button *p, int status, const char *state)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"run\":");
    json_put_cstring(&b, p->run);
    buf_adds(&b, ",\"state\":");
    json_put_cstring(&b, state);
    buf_adds(&b, ",\"reason\":");
    json_put_cstring(&b, status == 202 ? "" : p->reason);
    buf_addc(&b, '}');
    reply_json(p->x, status, buf_str(&b));
    buf_free(&b);
}

static void on_sent(void *arg, const struct err *e)
{
    struct button *p = arg;
    if (e)
        reply_error(p->x, act_status(e), e->text);
    else
        answer(p, 202, "queued");
    button_free(p);
}

static void on_found(struct api_job *j, const struct err *e)
{
    struct button *p = (struct button *)j;
    if (e) {
        reply_error(p->x, act_status(e), e->text);
    } else if (!p->run) {
        char *words = mem_printf("no event about \"%s\" has come from %s yet, or none that a rule "
                                 "is for",
            p->record, p->connection);
        reply_error(p->x, 404, words);
        mem_free(words);
    } else if (!strcmp(p->state, "held")) {
        const struct engine_act act = {
            .run = p->run, .action = ENGINE_SEND, .by = p->by, .from = -1};
        engine_act(p->engine, &act, on_sent, p);
        return;
    } else {
        answer(p, 200, p->state);
    }
    button_free(p);
}

static struct button *read_request(
    const struct http_in_request *q, const char *connection, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(q->body, e);
    if (!d)
        return NULL;
    const struct jsonv *id = jsonv_get(jsondoc_root(d), "id");
    const char *by = jsonv_str(jsonv_get(jsondoc_root(d), "by"), "");
    bool whole = id && id->type == JSONV_INTEGER;
    struct button *p = NULL;
    if (whole || *jsonv_str(id, "")) {
        p = mem_zalloc(1, sizeof(*p));
        p->record = whole ? mem_printf("%lld", (long long)id->integer) : mem_dup(jsonv_str(id, ""));
        p->by = *by ? mem_printf("%.150s (button of %s)", by, connection)
                    : mem_printf("button of %s", connection);
    } else {
        err_set(e, ERR_INPUT, "the id of the deal or contract is missing: {\"id\": \"...\"}");
    }
    jsondoc_free(d);
    return p;
}

static struct str bearer(const struct http_in_request *q)
{
    struct str given = http_header_get(q->headers, q->nheaders, "Authorization");
    bool is = given.n > 7 && str_ieq((struct str){given.p, 7}, STR_LIT("Bearer "));
    return is ? str_trim((struct str){given.p + 7, given.n - 7}) : STR_NONE;
}

void api_button(struct engine *engine, struct api_reader *reader, struct http_in_exchange *x,
    struct str company, struct str connection)
{
    const struct http_in_request *q = http_in_request(x);
    struct err e = {0};
    char *c = mem_dupn(company.n ? company.p : "", company.n);
    char *n = mem_dupn(connection.n ? connection.p : "", connection.n);
    struct button *p = NULL;
    if (strcmp(q->method, "POST")) {
        reply_method(x, "POST");
    } else if (!engine_button(engine, c, n, bearer(q))) {
        reply_error(x, 401,
            "a button wants the token of its connection: Authorization: Bearer, and "
            "button = secret \"...\" in the company's connect");
    } else if (!(p = read_request(q, n, &e))) {
        reply_error(x, 400, e.text);
    } else {
        p->engine = engine;
        p->x = x;
        p->company = c;
        p->connection = n;
        p->job.run = find_run;
        p->job.done = on_found;
        api_reader_ask(reader, &p->job);
        return;
    }
    mem_free(c);
    mem_free(n);
}
