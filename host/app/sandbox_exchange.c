/* A request on its way through a sandbox: its faults, what the sandbox answers, what is written
 * into the ledger, and what is carried out after the line was cut. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "jsondoc.h"
#include "log.h"
#include "mem.h"
#include "sandbox_answer.h"
#include "sandbox_inside.h"
#include "sandbox_request.h"

struct request {
    struct list node;
    struct sandbox_server *server;
    struct sandbox *sandbox;
    struct http_in_exchange *x;
    struct str path;
    struct fault_plan plan;
    struct loop_timer *timer;
    struct script_call *call;
    int64_t entry; /* of the ledger */
};

/* A request that is carried out when its answer has long been given, or cut. */
struct late {
    struct list node;
    struct sandbox_server *server;
    struct sandbox *sandbox;
    struct loop_timer *timer;
    struct script_call *call;
    struct str json, body; /* owned */
    int64_t entry;
};

static void request_free(struct request *r)
{
    list_remove(&r->node);
    if (r->timer)
        loop_timer_free(r->timer);
    mem_free(r);
}

static void late_free(struct late *l)
{
    list_remove(&l->node);
    loop_timer_free(l->timer);
    mem_free((char *)l->json.p);
    mem_free((char *)l->body.p);
    mem_free(l);
}

static void reply_plain(struct request *r, int status, const char *text)
{
    const struct http_header h = {STR_LIT("Content-Type"), STR_LIT("text/plain; charset=utf-8")};
    sandbox_ledger_line(r->server->ledger, r->entry, status, "whole");
    http_in_reply(r->x, status, &h, 1, str_of(text));
    request_free(r);
}

/* ---- what a sandbox answers ---- */

#define HEADERS_MAX 32

/* Headers of the answer: those the sandbox named, and the type of what it answered with. */
static int collect_headers(const struct jsonv *answer, const char *type, struct http_header *h)
{
    int n = 0;
    bool typed = false;
    const struct jsonv *headers = jsonv_get(answer, "headers");
    for (const struct jsonv *v = headers ? headers->child : NULL; v && n < HEADERS_MAX - 1;
         v = v->next) {
        h[n++] = (struct http_header){v->key, v->text};
        typed = typed || str_ieq(v->key, STR_LIT("content-type"));
    }
    if (!typed)
        h[n++] = (struct http_header){STR_LIT("Content-Type"), str_of(type)};
    return n;
}

/* "date+5": as HTTP writes the moment five seconds from now (RFC 9110, 5.6.7). */
static void retry_after(const char *form, char out[48])
{
    int64_t seconds;
    time_t at = (time_t)(clock_wall_ms() / 1000);
    struct tm t;
    snprintf(out, 48, "%s", form);
    if (strncmp(form, "date", 4) || !str_to_i64(str_of(form + (form[4] == '+' ? 5 : 4)), &seconds))
        return;
    at += (time_t)seconds;
    gmtime_r(&at, &t);
    strftime(out, 48, "%a, %d %b %Y %H:%M:%S GMT", &t);
}

static void reply_error(struct request *r)
{
    static const char text[] = "this error was asked for by --fault\n";
    char retry[48];
    retry_after(r->plan.retry, retry);
    const struct http_header h[] = {
        {STR_LIT("Content-Type"), STR_LIT("text/plain; charset=utf-8")},
        {STR_LIT("Retry-After"), str_of(retry)},
    };
    sandbox_ledger_line(r->server->ledger, r->entry, (int)r->plan.value, "whole");
    http_in_reply(r->x, (int)r->plan.value, h, r->plan.retry[0] ? 2 : 1, STR_LIT(text));
    request_free(r);
}

/* Gives the peer what the plan says it gets. */
static void finish(struct request *r, const struct sandbox_answer *a)
{
    struct sandbox_ledger *ledger = r->server->ledger;
    switch (r->plan.kind) {
    case FAULT_ERROR:
        reply_error(r);
        return;
    case FAULT_HANG:
        return;
    case FAULT_RESET:
        sandbox_ledger_line(ledger, r->entry, 0, "cut");
        http_in_abort(r->x);
        break;
    case FAULT_CUT:
        sandbox_ledger_line(ledger, r->entry, a->status, "cut");
        sandbox_answer_cut(r->x, a, r->plan.value);
        break;
    case FAULT_ANSWER:
        sandbox_ledger_line(ledger, r->entry, a->status, "broken");
        sandbox_answer_break(r->server->loop, &r->server->drips, r->x, a, r->plan.answer);
        break;
    default:
        sandbox_ledger_line(ledger, r->entry, a->status, "whole");
        http_in_reply(r->x, a->status, a->headers, a->nheaders, a->body);
    }
    request_free(r);
}

/* An answer of a request that was not carried out, for faults that need one to break. */
static void finish_made_up(struct request *r)
{
    const struct http_header h = {
        STR_LIT("Content-Type"), STR_LIT("application/json;charset=UTF-8")};
    const struct sandbox_answer a = {.status = 200,
        .headers = &h,
        .nheaders = 1,
        .body = STR_LIT("{\"id\":999999999,\"status\":\"UNFINISHED\","
                        "\"notes\":\"an answer to what was not carried out\"}")};
    finish(r, &a);
}

static void write_done(struct sandbox_ledger *l, int64_t entry, const struct jsonv *answer)
{
    struct buf effects;
    buf_init(&effects, BUF_MAX_DEFAULT);
    if (jsonv_get(answer, "effects"))
        jsonv_write(&effects, jsonv_get(answer, "effects"));
    sandbox_ledger_done(
        l, entry, (int)jsonv_int(jsonv_get(answer, "status"), 200), buf_str(&effects));
    buf_free(&effects);
}

static void reply_answer(struct request *r, const struct jsonv *answer, struct str raw)
{
    struct http_header h[HEADERS_MAX];
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    const char *type = "application/octet-stream";
    const struct jsonv *json = jsonv_get(answer, "json");
    if (json) {
        type = "application/json; charset=utf-8";
        jsonv_write(&b, json);
        raw = buf_str(&b);
    } else if (jsonv_get(answer, "html")) {
        type = "text/html; charset=utf-8";
        raw = jsonv_get(answer, "html")->text;
    } else if (jsonv_get(answer, "text")) {
        type = "text/plain; charset=utf-8";
        raw = jsonv_get(answer, "text")->text;
    }
    struct sandbox_answer a = {.headers = h, .body = raw};
    a.nheaders = collect_headers(answer, type, h);
    a.status = (int)jsonv_int(jsonv_get(answer, "status"), 200);
    finish(r, &a);
    buf_free(&b);
}

static void log_failure(const struct sandbox *b, struct str json)
{
    char text[1024];
    snprintf(
        text, sizeof(text), "%.*s", (int)(json.n < 1000 ? json.n : 1000), json.p ? json.p : "");
    log_event(LOG_ERROR, "sandbox failed", "sandbox", b->name, "error", text, NULL);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct request *r = arg;
    r->call = NULL;
    struct jsondoc *d = o == SCRIPT_RETURNED ? jsondoc_parse(json, NULL) : NULL;
    if (d) {
        write_done(r->server->ledger, r->entry, jsondoc_root(d));
        sandbox_deliver_all(r->server->deliver, r->sandbox, jsonv_get(jsondoc_root(d), "deliver"));
        reply_answer(r, jsondoc_root(d), body);
    } else {
        log_failure(r->sandbox, json);
        reply_plain(r, 500, "the sandbox itself failed: see its log\n");
    }
    jsondoc_free(d);
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct request *r = arg;
    /* A sandbox answers from what it holds; the host does nothing for it. */
    scripts_answer(r->call, seq,
        STR_LIT("{\"failed\":true,\"problem\":\"a sandbox takes no steps\"}"), STR_NONE);
}

static void on_log(void *arg, const char *level, struct str text)
{
    struct request *r = arg;
    char line[1024];
    snprintf(line, sizeof(line), "%.*s", (int)(text.n < 1000 ? text.n : 1000), text.p);
    log_event(LOG_INFO, "sandbox", "sandbox", r->sandbox->name, "text", line, NULL);
}

/* ---- carried out later ---- */

static void late_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct late *l = arg;
    scripts_answer(l->call, seq,
        STR_LIT("{\"failed\":true,\"problem\":\"a sandbox takes no steps\"}"), STR_NONE);
}

static void late_log(void *arg, const char *level, struct str text)
{
}

static void late_end(
    void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct late *l = arg;
    struct jsondoc *d = o == SCRIPT_RETURNED ? jsondoc_parse(json, NULL) : NULL;
    if (d) {
        write_done(l->server->ledger, l->entry, jsondoc_root(d));
        sandbox_deliver_all(l->server->deliver, l->sandbox, jsonv_get(jsondoc_root(d), "deliver"));
    } else {
        log_failure(l->sandbox, json);
    }
    jsondoc_free(d);
    late_free(l);
}

static void late_begin(void *arg)
{
    struct late *l = arg;
    struct script_handlers h = {.step = late_step, .log = late_log, .end = late_end, .arg = l};
    l->call = scripts_call(l->server->scripts, l->sandbox->context, "handle", l->json, l->body, &h);
}

static void write_request(struct buf *b, const struct request *r, int64_t later_ms)
{
    buf_init(b, BUF_MAX_DEFAULT);
    sandbox_request_write(
        b, http_in_request(r->x), r->path, clock_wall_ms() + later_ms, r->plan.hide_ms);
}

static void carry_out_later(struct request *r, int64_t ms)
{
    struct str body = http_in_request(r->x)->body;
    struct late *l = mem_zalloc(1, sizeof(*l));
    struct buf b;
    write_request(&b, r, ms);
    l->server = r->server;
    l->sandbox = r->sandbox;
    l->entry = r->entry;
    l->json.p = buf_take(&b, &l->json.n);
    l->body = (struct str){mem_dupn(body.n ? body.p : "", body.n), body.n};
    l->timer = loop_timer_new(r->server->loop, late_begin, l);
    list_append(&r->server->lates, &l->node);
    loop_timer_arm(l->timer, ms);
}

/* ---- the way of a request ---- */

/* After the delay: the sandbox's own answer, or the fault alone. */
static void act(void *arg)
{
    struct request *r = arg;
    if (r->plan.late_ms >= 0)
        carry_out_later(r, r->plan.late_ms);
    if (r->plan.again_ms >= 0)
        carry_out_later(r, r->plan.again_ms);
    if (!r->plan.carried_out) {
        finish_made_up(r);
        return;
    }
    struct buf b;
    write_request(&b, r, 0);
    struct script_handlers h = {.step = on_step, .log = on_log, .end = on_end, .arg = r};
    r->call = scripts_call(r->server->scripts, r->sandbox->context, "handle", buf_str(&b),
        http_in_request(r->x)->body, &h);
    buf_free(&b);
}

void sandbox_exchange_begin(struct sandbox_server *s, struct http_in_exchange *x)
{
    const struct http_in_request *q = http_in_request(x);
    struct request *r = mem_zalloc(1, sizeof(*r));
    r->server = s;
    r->x = x;
    list_append(&s->requests, &r->node);
    r->sandbox = sandbox_find(s, q->path, &r->path);
    r->plan = fault_take(r->sandbox->faults, q->method, r->path, q->nth > 0);
    r->entry = sandbox_ledger_add(s->ledger, r->sandbox->name, q, r->path, r->plan.words);
    if (!r->plan.delay_ms) {
        act(r);
        return;
    }
    r->timer = loop_timer_new(s->loop, act, r);
    loop_timer_arm(r->timer, r->plan.delay_ms);
}

void sandbox_exchange_stop(struct sandbox_server *s)
{
    while (!list_empty(&s->requests)) {
        struct request *r = LIST_OF(s->requests.next, struct request, node);
        if (r->call)
            scripts_drop(r->call);
        http_in_abort(r->x);
        request_free(r);
    }
    while (!list_empty(&s->lates)) {
        struct late *l = LIST_OF(s->lates.next, struct late, node);
        if (l->call)
            scripts_drop(l->call);
        late_free(l);
    }
    sandbox_answer_stop(&s->drips);
}
