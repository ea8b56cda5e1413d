/* Routing: the company's scripts say which rules an event is for, and with what policy and key.
 * The answer is stored as a whole before any effect of its runs, because the store keeps order. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "buf.h"
#include "clock.h"
#include "fault.h"
#include "log.h"
#include "mem.h"
#include "machine.h"
#include "verdict.h"

#define RUNS_MAX 100
#define KEY_MAX  200
/* Bytes of what a run is about. */
#define ABOUT_MAX 1000

struct routed {
    struct incoming *ev;
    struct store_run runs[RUNS_MAX];
    char ids[RUNS_MAX][ID_TEXT];
    int n;
};

/* Everybody hears of the runs; those that the routing ended are over. */
static void told(struct incoming *ev)
{
    struct list *next;
    observe_event(ev, false);
    incoming_hold(ev);
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        struct run *r = LIST_OF(n, struct run, event_node);
        next = n->next;
        if (r->stored_as == RUN_QUEUED)
            continue;
        observe_run(r, r->stored_as, r->reason ? r->reason : "");
        if ((r->stored_as == RUN_FAILED || r->stored_as == RUN_ATTENTION) &&
            strcmp(ev->connection, ALERT_CONNECTION) != 0)
            alert_parked(ev->engine, ev->company->name, r->rule, r->id, "", r->stored_as,
                r->reason ? r->reason : "");
        if (r->stored_as != RUN_RUNNING)
            run_over(r);
    }
    if (!incoming_held_back(ev))
        return;
    if (list_empty(&ev->runs))
        incoming_settled(ev);
    else
        incoming_let_go(ev);
}

static void on_stored(void *arg, const struct err *err)
{
    struct incoming *ev = arg;
    if (!incoming_held_back(ev))
        return;
    if (!err) {
        FAULT_POINT("after_route");
        told(ev);
        return;
    }
    log_event(LOG_ERROR, "routing not stored", "event", ev->id, "error", err->text, NULL);
    if (err->code != ERR_IO) { /* routed before, say: the next start reads what is true */
        incoming_discard(ev);
        return;
    }
    /* The disk is full. None of its runs has done anything: their intents were asked later and
     * are refused as well. Later events may have been stored nevertheless. */
    incoming_late(ev);
    struct list *next;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        next = n->next;
        run_discard(LIST_OF(n, struct run, event_node));
    }
    ev->nruns = 0;
    ev->routed = false;
    incoming_put_back(ev);
    engine_retry_soon(ev->engine);
}

char *route_key(const struct jsonv *v)
{
    if (!v || (v->type != JSONV_STRING && v->type != JSONV_INTEGER && v->type != JSONV_NUMBER))
        return mem_dup("");
    if (v->text.n <= KEY_MAX)
        return mem_dup(v->text.p);
    char hash[33];
    id_hash(hash, v->text.p, v->text.n);
    return mem_dup(hash);
}

/* Stored as running at once, if it is: that saves a write. After a crash both mean the same. */
static bool at_once(const struct incoming *ev, const char *key)
{
    const struct engine *e = ev->engine;
    const struct company *c = ev->company;
    return e->started && !e->draining && list_empty(&c->ready) && list_empty(&e->turn) &&
           e->stats.running < e->set.max_running && schedule_has_place(c) &&
           (!key[0] || (key_is_free(c, key) && !incoming_late_before(c, ev->seq)));
}

static void store_and_admit(struct incoming *ev, struct routed *t, const char *reason)
{
    struct engine *e = ev->engine;
    ev->routed = true;
    ev->nruns = t->n;
    mem_free(ev->reason);
    ev->reason = t->n ? NULL : mem_dup(reason);
    for (int i = 0; i < t->n; i++) {
        struct store_run *sr = &t->runs[i];
        bool starts = sr->state == RUN_QUEUED;
        if (starts && at_once(ev, sr->key))
            sr->state = RUN_RUNNING;
        silence_heard(ev->company, "rule", sr->rule, ev);
        struct run *r =
            run_new(ev, sr->id, sr->rule, starts ? sr->key : NULL, sr->version, sr->state);
        r->stored_as = sr->state;
        r->version = version_hold(ev->version);
        r->ending = !starts;
        run_set_reason(r, sr->reason);
    }
    incoming_hold(ev);
    store_route(e->parts.store, ev->id, t->runs, t->n, t->n ? NULL : reason, on_stored, ev);
    incoming_filed(ev);
    struct list *next;
    for (struct list *n = ev->runs.next; n != &ev->runs; n = next) {
        struct run *r = LIST_OF(n, struct run, event_node);
        next = n->next;
        if (!r->ending)
            run_admit(r);
    }
    incoming_update(ev);
}

/* JSON as text, owned; NULL for none, or more than a list has room for. */
static char *text_of(const struct jsonv *v)
{
    struct buf b;
    buf_init(&b, ABOUT_MAX);
    if (v && v->type == JSONV_OBJECT)
        jsonv_write(&b, v);
    char *text = b.n && !b.failed ? mem_dupn(b.p, b.n) : NULL;
    buf_free(&b);
    return text;
}

static void add_run(struct routed *t, const char *rule, char *key, enum run_state state,
    const char *reason, const struct jsonv *v)
{
    struct incoming *ev = t->ev;
    if (t->n == RUNS_MAX) {
        mem_free(key);
        return;
    }
    id_new(t->ids[t->n], "run_", clock_wall_ms());
    t->runs[t->n] = (struct store_run){.id = t->ids[t->n],
        .event = ev->id,
        .company = ev->company->name,
        .rule = mem_dup(rule),
        .version = ev->version->name,
        .key = key,
        .state = state,
        .reason = mem_dup(reason),
        .newest = mem_dup(jsonv_str(jsonv_get(v, "newest"), NULL)),
        .about = text_of(jsonv_get(v, "about"))};
    t->n++;
}

static void add_routed(struct routed *t, const struct jsonv *v)
{
    static const struct {
        const char *word, *reason;
        enum run_state state;
    } policies[] = {{"automatic", "", RUN_QUEUED},
        {"manual", "held: the rule's trigger is manual; `sauma send` starts it", RUN_HELD},
        {"off", "the rule is off", RUN_SKIPPED},
        {"skip", "the rule's trigger skipped it", RUN_SKIPPED}};
    const char *rule = jsonv_str(jsonv_get(v, "rule"), "");
    const char *policy = jsonv_str(jsonv_get(v, "policy"), "");
    const char *reason = jsonv_str(jsonv_get(v, "reason"), NULL);
    char *key = route_key(jsonv_get(v, "key"));
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (strcmp(policy, policies[i].word) == 0) {
            bool runs = policies[i].state == RUN_QUEUED || t->ev->engine->set.ignore_trigger;
            const char *words = reason ? reason : policies[i].reason;
            add_run(t, rule, key, runs ? RUN_QUEUED : policies[i].state, runs ? "" : words, v);
            return;
        }
    char *words = reason ? mem_dup(reason)
                         : mem_printf("the rule's trigger said \"%.40s\"; it is automatic, manual, "
                                      "off or skip",
                               policy);
    add_run(t, rule, key, RUN_ATTENTION, words, v);
    mem_free(words);
}

static void finish(struct routed *t, const char *reason)
{
    store_and_admit(t->ev, t, reason);
    for (int i = 0; i < t->n; i++) {
        mem_free((char *)t->runs[i].rule);
        mem_free((char *)t->runs[i].key);
        mem_free((char *)t->runs[i].reason);
        mem_free((char *)t->runs[i].newest);
        mem_free((char *)t->runs[i].about);
    }
    mem_free(t);
}

static struct routed *routed_new(struct incoming *ev)
{
    struct routed *t = mem_zalloc(1, sizeof *t);
    t->ev = ev;
    return t;
}

/* Routing itself went wrong: one run that says so, so that the event is not silently gone. */
static void failed(struct incoming *ev, enum run_state state, const char *words)
{
    struct routed *t = routed_new(ev);
    add_run(t, "routing", mem_dup(""), state, words, NULL);
    finish(t, "");
}

char *route_no_rule(const char *connection, const char *type)
{
    return mem_printf("no rule is for %s%s%s", connection, type[0] ? "." : "", type);
}

static void returned(struct incoming *ev, struct str json)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    struct routed *t = routed_new(ev);
    for (const struct jsonv *c = root && root->type == JSONV_ARRAY ? root->child : NULL; c;
         c = c->next)
        add_routed(t, c);
    char *reason = route_no_rule(ev->connection, ev->type);
    finish(t, reason);
    mem_free(reason);
    jsondoc_free(d);
}

static void routed_as(struct incoming *ev, enum script_outcome o, struct str json)
{
    list_remove(&ev->route_node);
    if (o == SCRIPT_RETURNED) {
        returned(ev, json);
        return;
    }
    char *words = verdict_words(json);
    failed(ev,
        o == SCRIPT_ATTENTION ? RUN_ATTENTION
        : o == SCRIPT_SKIP    ? RUN_SKIPPED
                              : RUN_FAILED,
        words);
    mem_free(words);
}

/* Keys are served in the order of events, so an answer waits for those of earlier events. */
static void flush(struct company *c)
{
    while (!list_empty(&c->routing)) {
        struct incoming *ev = LIST_OF(c->routing.next, struct incoming, route_node);
        char *answer = ev->answer;
        if (!answer)
            return;
        ev->answer = NULL;
        routed_as(ev, ev->outcome, (struct str){answer, ev->nanswer});
        mem_free(answer);
    }
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct incoming *ev = arg;
    struct company *c = ev->company;
    ev->route = NULL;
    (void)body;
    if (o == SCRIPT_LOST) {
        ev->kills += guilty;
        if (ev->kills < 2) {
            incoming_route(ev);
            return;
        }
        o = SCRIPT_ERROR;
        json =
            STR_LIT("{\"message\":\"a trigger or key function killed its script process twice\"}");
    }
    if (c->routing.next == &ev->route_node) {
        routed_as(ev, o, json);
        flush(c);
        return;
    }
    ev->outcome = o;
    ev->answer = mem_dupn(json.p, json.n);
    ev->nanswer = json.n;
}

/* Triggers and keys are functions of the event alone: they may know the time, no more. */
void route_step(struct script_call *call, int64_t received_ms, uint32_t seq, struct str spec)
{
    struct jsondoc *d = jsondoc_parse(spec, NULL);
    const char *op = d ? jsonv_str(jsonv_get(jsondoc_root(d), "op"), "") : "";
    char meta[160];
    if (strcmp(op, "time") == 0)
        snprintf(meta, sizeof meta, "{\"ms\":%lld}", (long long)received_ms);
    else
        snprintf(meta, sizeof meta,
            "{\"failed\":true,\"class\":\"permanent\",\"problem\":"
            "\"trigger and key functions cannot reach outside\"}");
    jsondoc_free(d);
    scripts_answer(call, seq, str_of(meta), STR_LIT(""));
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct incoming *ev = arg;
    (void)body;
    route_step(ev->route, ev->received_ms, seq, spec);
}

static void on_log(void *arg, const char *level, struct str text)
{
    struct incoming *ev = arg;
    char *line = mem_dupn(text.p, text.n);
    log_event(LOG_INFO, "script", "company", ev->company->name, "event", ev->id, "level", level,
        "text", line, NULL);
    mem_free(line);
}

static void ask_script(struct incoming *ev)
{
    struct script_handlers h = {on_step, on_log, on_end, ev};
    struct buf args;
    struct version *v = version_hold(ev->company->current);
    if (ev->version)
        version_release(ev->version);
    ev->version = v;
    buf_init(&args, 1 << 20);
    buf_addc(&args, '{');
    incoming_put(&args, ev);
    buf_addc(&args, '}');
    ev->route = scripts_call(ev->engine->parts.scripts, v->context, "route", buf_str(&args),
        (struct str){ev->body, ev->nbody}, &h);
    buf_free(&args);
}

static void on_body(void *arg, const struct err *err)
{
    struct incoming *ev = arg;
    if (!incoming_held_back(ev))
        return;
    if (!err) {
        ask_script(ev);
        return;
    }
    struct company *c = ev->company;
    log_event(LOG_ERROR, "event not read", "event", ev->id, "error", err->text, NULL);
    list_remove(&ev->route_node);
    incoming_late(ev);
    incoming_put_back(ev);
    engine_retry_soon(c->engine);
    flush(c);
}

void incoming_route(struct incoming *ev)
{
    if (list_empty(&ev->route_node))
        list_append(&ev->company->routing, &ev->route_node);
    if (ev->body) {
        ask_script(ev);
        return;
    }
    incoming_hold(ev);
    body_fetch(ev, on_body, ev);
}
