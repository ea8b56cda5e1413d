#include "rehearsal.h"

#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "event_put.h"
#include "id.h"
#include "jsondoc.h"
#include "map.h"
#include "mem.h"
#include "rehearsal_impl.h"
#include "step_file.h"
#include "verdict.h"

#define ARGUMENTS_MAX ((size_t)1 << 20)
#define LOST_MAX      2 /* script processes that one call may take along */

/* One at work: its routing, then its runs one after the other. */
struct work {
    struct scripts *scripts;
    char *context, *version;
    const struct history_event *event;
    struct memory *memory;
    struct rehearsal *out;
    struct recall recall; /* of the run under way */
    struct script_call *call;
    int run;  /* under way; -1: the routing */
    int lost; /* processes, by the call under way */
    rehearsal_fn fn;
    void *arg;
};

static void next_run(struct work *w);
static void call_script(struct work *w);

/* ---- the end ---- */

static void over(struct work *w)
{
    struct rehearsal *out = w->out;
    rehearsal_fn fn = w->fn;
    void *arg = w->arg;
    mem_free(w->context);
    mem_free(w->version);
    mem_free(w);
    fn(arg, out);
}

static void forget_effects(struct rehearsal_run *run)
{
    for (int k = 0; k < run->neffects; k++) {
        mem_free(run->effects[k].connection);
        mem_free(run->effects[k].method);
        mem_free(run->effects[k].path);
        mem_free(run->effects[k].body);
    }
    run->neffects = 0;
}

void rehearsal_free(struct rehearsal *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->nruns; i++) {
        struct rehearsal_run *run = &r->runs[i];
        forget_effects(run);
        mem_free(run->effects);
        mem_free(run->rule);
        mem_free(run->key);
        mem_free(run->policy);
        mem_free(run->end);
        mem_free(run->reason);
        mem_free(run->result);
    }
    mem_free(r->runs);
    mem_free(r->problem);
    mem_free(r);
}

static void end_run(struct work *w, const char *end, const char *reason, struct str result)
{
    struct rehearsal_run *run = &w->out->runs[w->run];
    run->end = mem_dup(end);
    run->reason = mem_dup(reason);
    run->result = result.n ? mem_dupn(result.p, result.n) : NULL;
    recall_free(&w->recall);
    next_run(w);
}

/* ---- steps ---- */

/* What a link says, without what it remembers: that is shown to nobody. */
static void put_link(struct buf *b, const struct jsonv *link)
{
    buf_addf(b, "{\"a\":");
    json_put_cstring(b, jsonv_str(jsonv_get(link, "a"), NULL));
    buf_addf(b, ",\"b\":");
    json_put_cstring(b, jsonv_str(jsonv_get(link, "b"), NULL));
    buf_addf(b, ",\"dropped\":%s}", jsonv_get(link, "base") ? "null" : "true");
}

static void add_effect(struct rehearsal_run *run, const char *connection, const char *method,
    const char *path, struct str body)
{
    run->effects = mem_realloc(run->effects, (size_t)(run->neffects + 1) * sizeof *run->effects);
    run->effects[run->neffects++] = (struct rehearsal_effect){
        .connection = mem_dup(connection),
        .method = mem_dup(method),
        .path = mem_dup(path),
        .body = mem_dupn(body.p ? body.p : "", body.n),
        .nbody = body.n,
    };
}

bool rehearsal_add_effect(struct rehearsal_run *run, const struct jsonv *spec, struct str body)
{
    struct buf words;
    const char *op = jsonv_str(jsonv_get(spec, "op"), "");
    buf_init(&words, BUF_MAX_DEFAULT);
    bool effect = true;
    if (strcmp(op, "task") == 0) {
        jsonv_write(&words, jsonv_get(spec, "data"));
        add_effect(run, "", op, jsonv_str(jsonv_get(spec, "type"), ""), buf_str(&words));
    } else if (strcmp(op, "link") == 0 && jsonv_get(spec, "link")) {
        put_link(&words, jsonv_get(spec, "link"));
        add_effect(run, "", op, jsonv_str(jsonv_get(spec, "name"), ""), buf_str(&words));
    } else if (strcmp(op, "alert") == 0) {
        jsonv_write(&words, spec);
        add_effect(run, "", op, jsonv_str(jsonv_get(spec, "kind"), ""), buf_str(&words));
    } else if (strcmp(op, "http") == 0 && jsonv_bool(jsonv_get(spec, "write"), false)) {
        if (step_content_wanted(spec)) {
            step_content_words(&words, spec);
            body = buf_str(&words);
        }
        add_effect(run, jsonv_str(jsonv_get(spec, "connection"), ""),
            jsonv_str(jsonv_get(spec, "method"), ""), jsonv_str(jsonv_get(spec, "path"), ""), body);
    } else {
        effect = false;
    }
    buf_free(&words);
    return effect;
}
/* A name or number that the other system gives to a record: "id", "invoiceNumber". What it worked
 * out from what was sent then, a sum, is none. */
static bool names_record(const struct jsonv *v)
{
    return (v->type == JSONV_STRING || v->type == JSONV_INTEGER) &&
           (str_is(v->key, "id") || str_is(v->key, "number") || str_ends(v->key, "Id") ||
               str_ends(v->key, "_id") || str_ends(v->key, "Number") ||
               str_ends(v->key, "_number"));
}

static void put_member(struct buf *b, bool *first, const struct jsonv *v)
{
    if (!*first)
        buf_addc(b, ',');
    *first = false;
    json_put_string(b, v->key);
    buf_addc(b, ':');
    jsonv_write(b, v);
}

/* As a dry run is answered: with what was sent, and the names that the other system gave to what
 * was sent then, so that what follows speaks of the same record. */
static void put_dry(struct buf *b, struct str body, const struct history_step *then)
{
    struct jsondoc *sent = jsondoc_parse(body, NULL);
    struct jsondoc *given = then ? jsondoc_parse(then->answer, NULL) : NULL;
    const struct jsonv *root = sent ? jsondoc_root(sent) : NULL;
    const struct jsonv *old = given ? jsondoc_root(given) : NULL;
    bool first = true;
    if (root && root->type == JSONV_OBJECT) {
        buf_addc(b, '{');
        if (!jsonv_get(root, "id") && !jsonv_get(old, "id")) {
            buf_adds(b, "\"id\":0");
            first = false;
        }
        for (const struct jsonv *v = old && old->type == JSONV_OBJECT ? old->child : NULL; v;
             v = v->next)
            if (names_record(v) && !jsonv_get(root, v->key.p))
                put_member(b, &first, v);
        for (const struct jsonv *v = root->child; v; v = v->next)
            put_member(b, &first, v);
        buf_addc(b, '}');
    } else {
        buf_add(b, body.p, body.n);
    }
    jsondoc_free(sent);
    jsondoc_free(given);
}

static void answer_write(
    struct work *w, uint32_t seq, const struct jsonv *spec, struct str text, struct str body)
{
    const struct history_step *then = recall_step(&w->recall, text, body);
    struct buf b;
    if (then && str_eq(then->body, body)) {
        scripts_answer(w->call, seq, then->meta, then->answer);
        return;
    }
    if (step_content_wanted(spec))
        body = STR_LIT("{}");
    buf_init(&b, body.n + 256);
    put_dry(&b, body, then);
    scripts_answer(w->call, seq, STR_LIT("{\"dry\":true,\"headers\":{},\"status\":200}"),
        b.p ? buf_str(&b) : STR_LIT(""));
    buf_free(&b);
}

static void not_covered(struct work *w, const struct jsonv *spec)
{
    char *asked = mem_printf("%s%s%s %s", jsonv_str(jsonv_get(spec, "connection"), ""),
        jsonv_get(spec, "connection") ? ": " : "",
        jsonv_str(jsonv_get(spec, "method"), jsonv_str(jsonv_get(spec, "op"), "?")),
        jsonv_str(jsonv_get(spec, "path"), ""));
    scripts_drop(w->call);
    w->call = NULL;
    end_run(w, "not covered", asked, STR_NONE);
    mem_free(asked);
}

static void answer_read(
    struct work *w, uint32_t seq, const struct jsonv *spec, struct str text, struct str body)
{
    const struct history_step *then = recall_step(&w->recall, text, body);
    struct str meta, answer;
    if (then) {
        scripts_answer(w->call, seq, then->meta, then->answer);
    } else if (recall_elsewhere(&w->recall, text, body, &meta, &answer) == 0) {
        scripts_answer(w->call, seq, meta, answer);
        mem_free((char *)(uintptr_t)meta.p);
        mem_free((char *)(uintptr_t)answer.p);
    } else {
        not_covered(w, spec);
    }
}

static void answer_time(struct work *w, uint32_t seq, struct str text)
{
    const struct history_step *then = recall_step(&w->recall, text, STR_NONE);
    char meta[64];
    snprintf(meta, sizeof meta, "{\"ms\":%lld}", (long long)w->event->received_ms);
    scripts_answer(w->call, seq, then ? then->meta : str_of(meta), STR_LIT(""));
}

static void on_run_step(struct work *w, uint32_t seq, struct str text, struct str body)
{
    static const char *const waits[] = {"sleep", "settle", "lock", "unlock", "alert", "task"};
    struct jsondoc *d = jsondoc_parse(text, NULL);
    const struct jsonv *spec = d ? jsondoc_root(d) : NULL;
    const char *op = jsonv_str(jsonv_get(spec, "op"), "");
    bool effect = rehearsal_add_effect(&w->out->runs[w->run], spec, body);
    /* What the host is only told asks nothing: a record for a register it keeps. */
    bool wait = strcmp(op, "match") == 0 && jsonv_get(spec, "put");
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        wait |= strcmp(op, waits[i]) == 0;
    if (wait)
        scripts_answer(w->call, seq, STR_LIT("{}"), STR_LIT(""));
    else if (effect && strcmp(op, "link") == 0)
        scripts_answer(w->call, seq, STR_LIT("{\"saved\":true}"), STR_LIT(""));
    else if (strcmp(op, "time") == 0)
        answer_time(w, seq, text);
    else if (effect && strcmp(op, "http") == 0)
        answer_write(w, seq, spec, text, body);
    else
        answer_read(w, seq, spec, text, body);
    jsondoc_free(d);
}

/* Triggers and keys may know the time and nothing else, as in a host. */
static void on_route_step(struct work *w, uint32_t seq, struct str text)
{
    struct jsondoc *d = jsondoc_parse(text, NULL);
    const char *op = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "op"), "");
    char meta[160];
    if (strcmp(op, "time") == 0)
        snprintf(meta, sizeof meta, "{\"ms\":%lld}", (long long)w->event->received_ms);
    else
        snprintf(meta, sizeof meta,
            "{\"failed\":true,\"class\":\"permanent\",\"problem\":"
            "\"trigger and key functions cannot reach outside\"}");
    scripts_answer(w->call, seq, str_of(meta), STR_LIT(""));
    jsondoc_free(d);
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct work *w = arg;
    if (w->run < 0)
        on_route_step(w, seq, spec);
    else
        on_run_step(w, seq, spec, body);
}

/* ---- calls ---- */

static void add_run(struct rehearsal *r, const struct jsonv *v)
{
    const struct jsonv *key = jsonv_get(v, "key");
    r->runs = mem_realloc(r->runs, (size_t)(r->nruns + 1) * sizeof *r->runs);
    r->runs[r->nruns++] = (struct rehearsal_run){
        .rule = mem_dup(jsonv_str(jsonv_get(v, "rule"), "")),
        .policy = mem_dup(jsonv_str(jsonv_get(v, "policy"), "?")),
        .key = mem_dup(key && key->text.p ? key->text.p : ""),
        .reason = mem_dup(jsonv_str(jsonv_get(v, "reason"), NULL)),
    };
}

static void routed(struct work *w, enum script_outcome o, struct str json)
{
    if (o == SCRIPT_RETURNED) {
        struct jsondoc *d = jsondoc_parse(json, NULL);
        const struct jsonv *root = d ? jsondoc_root(d) : NULL;
        for (const struct jsonv *c = root ? root->child : NULL; c; c = c->next)
            add_run(w->out, c);
        jsondoc_free(d);
    } else {
        w->out->problem = verdict_words(json);
    }
    next_run(w);
}

static void ended(struct work *w, enum script_outcome o, struct str json)
{
    if (o == SCRIPT_RETURNED) {
        end_run(w, "done", NULL, json);
        return;
    }
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const char *class = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "class"), "");
    bool outside =
        o == SCRIPT_ERROR && (strcmp(class, "permanent") == 0 || strcmp(class, "transient") == 0 ||
                                 strcmp(class, "denied") == 0);
    char *words = verdict_words(json);
    end_run(w,
        o == SCRIPT_SKIP                   ? "skipped"
        : o == SCRIPT_ATTENTION || outside ? "attention"
                                           : "failed",
        words, STR_NONE);
    mem_free(words);
    jsondoc_free(d);
}

/* Its process died: once more, from the beginning; whose fault it was shows then. */
static void lost(struct work *w)
{
    const struct str twice = STR_LIT("{\"message\":\"it killed its script process twice\"}");
    if (++w->lost >= LOST_MAX) {
        if (w->run < 0)
            routed(w, SCRIPT_ERROR, twice);
        else
            ended(w, SCRIPT_ERROR, twice);
        return;
    }
    if (w->run >= 0) {
        forget_effects(&w->out->runs[w->run]);
        recall_free(&w->recall);
        recall_init(&w->recall, w->event, w->memory);
    }
    call_script(w);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct work *w = arg;
    w->call = NULL;
    if (o == SCRIPT_LOST)
        lost(w);
    else if (w->run < 0)
        routed(w, o, json);
    else
        ended(w, o, json);
    (void)body;
    (void)guilty;
}

static void on_log(void *arg, const char *level, struct str text)
{
}

/* The id of the run that this rule had for the event: what it draws at random follows from it. */
static const char *run_id(const struct work *w, const char *rule)
{
    for (int i = 0; i < w->event->nruns; i++)
        if (strcmp(w->event->runs[i].rule, rule) == 0)
            return w->event->runs[i].id;
    return w->event->id;
}

static void put_arguments(struct buf *b, const struct work *w)
{
    const struct history_event *ev = w->event;
    char seed[33];
    struct store_event se = {.id = ev->id,
        .connection = ev->connection,
        .type = ev->type,
        .delivery = ev->delivery,
        .received_ms = ev->received_ms};
    buf_addc(b, '{');
    event_put(b, &se);
    if (w->run >= 0) {
        const char *rule = w->out->runs[w->run].rule, *id = run_id(w, rule);
        id_hash(seed, id, strlen(id));
        buf_adds(b, ",\"rule\":");
        json_put_cstring(b, rule);
        buf_adds(b, ",\"run\":");
        json_put_cstring(b, id);
        buf_addf(b, ",\"seed\":\"%s\",\"version\":\"%s\"", seed, w->version);
    }
    buf_addc(b, '}');
}

static void call_script(struct work *w)
{
    struct script_handlers h = {on_step, on_log, on_end, w};
    struct buf args;
    buf_init(&args, ARGUMENTS_MAX);
    put_arguments(&args, w);
    w->call = scripts_call(
        w->scripts, w->context, w->run < 0 ? "route" : "run", buf_str(&args), w->event->body, &h);
    buf_free(&args);
}

static void next_run(struct work *w)
{
    while (++w->run < w->out->nruns) {
        const struct rehearsal_run *run = &w->out->runs[w->run];
        if (strcmp(run->policy, "automatic") && strcmp(run->policy, "manual"))
            continue;
        w->lost = 0;
        recall_init(&w->recall, w->event, w->memory);
        call_script(w);
        return;
    }
    over(w);
}

void rehearse(struct scripts *s, const char *context, const char *version,
    const struct history_event *ev, struct memory *m, rehearsal_fn fn, void *arg)
{
    struct work *w = mem_zalloc(1, sizeof *w);
    *w = (struct work){.scripts = s,
        .context = mem_dup(context),
        .version = mem_dup(version),
        .event = ev,
        .memory = m,
        .out = mem_zalloc(1, sizeof(struct rehearsal)),
        .run = -1,
        .fn = fn,
        .arg = arg};
    call_script(w);
}
