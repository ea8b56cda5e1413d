#include "test_host_impl.h"

#include <stdio.h>
#include <string.h>

#include "act_request.h"
#include "clock.h"
#include "json.h"
#include "mem.h"
#include "test_files.h"

#define LOST_WORDS " ended the script process: it computes without end, or uses up the process"

void test_host_answer(struct test_host *t, struct str meta, struct str body)
{
    if (t->call)
        scripts_answer(t->call, t->seq, meta, body);
}

void test_host_fail(struct test_host *t, const char *problem)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_adds(&b, "{\"failed\":true,\"problem\":");
    json_put_cstring(&b, problem);
    buf_addc(&b, '}');
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
}

void test_host_answer_or_fail(struct test_host *t, const struct err *e)
{
    if (e)
        test_host_fail(t, e->text);
    else
        test_host_answer(t, STR_LIT("{}"), STR_NONE);
}

/* ---- files ---- */

static void op_file(struct test_host *t, const char *path)
{
    struct buf b;
    buf_init(&b, TEST_FILE_MAX);
    bool found = test_file_read(t->world.dir, path, &b);
    if (b.failed)
        test_host_fail(t, "the file is larger than 16 MiB");
    else if (found)
        test_host_answer(t, STR_LIT("{\"found\":true}"), buf_str(&b));
    else
        test_host_answer(t, STR_LIT("{\"found\":false}"), STR_NONE);
    buf_free(&b);
}

static void op_files(struct test_host *t)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    test_files_list(bundle_str(&t->bundle), &b);
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
}

/* ---- the world ---- */

static void on_world(void *arg, const struct err *e)
{
    test_host_answer_or_fail(arg, e);
}

static void op_begin(struct test_host *t)
{
    struct err e = {0};
    test_world_close(&t->world);
    if (test_world_open(&t->world, &t->options, &t->settings, on_world, t, &e) < 0)
        test_host_fail(t, e.text);
}

static void op_end(struct test_host *t)
{
    char text[64];
    int64_t ms = clock_mono_ms() - t->world.began_ms;
    test_world_close(&t->world);
    snprintf(text, sizeof(text), "{\"ms\":%lld}", (long long)ms);
    test_host_answer(t, str_of(text), STR_NONE);
}

/* ---- deliveries ---- */

static void answer_event(void *arg)
{
    struct test_host *t = arg;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "{\"status\":%d,\"duplicate\":%s,\"event\":", t->status,
        t->status == 200 ? "true" : "false");
    json_put_cstring(&b, t->event);
    buf_adds(&b, ",\"answer\":");
    buf_adds(&b, t->answer && *t->answer ? t->answer : "null");
    buf_addc(&b, ',');
    test_record_write(t->world.record, &b, t->event ? t->event : "");
    buf_addc(&b, '}');
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
}

static void on_delivered(void *arg, int status, struct str body, const struct err *e)
{
    struct test_host *t = arg;
    if (e) {
        test_host_fail(t, e->text);
        return;
    }
    struct jsondoc *d = jsondoc_parse(body, NULL);
    mem_free(t->answer);
    mem_free(t->event);
    t->answer = d ? mem_dupn(body.p, body.n) : NULL;
    t->event = mem_dup(jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "event"), NULL));
    bool wait = t->status != 0;
    t->status = status;
    jsondoc_free(d);
    if (wait && t->event && (status == 202 || status == 200))
        test_record_wait(t->world.record, t->event, answer_event, t);
    else
        answer_event(t);
}

static void op_deliver(struct test_host *t, const struct jsonv *spec, struct str body)
{
    struct err e = {0};
    const struct jsonv *options = jsonv_get(spec, "options");
    /* Until the answer is there, status says whether to wait for the runs. */
    t->status = jsonv_bool(jsonv_get(options, "wait"), true);
    if (test_world_deliver(&t->world, jsonv_str(jsonv_get(spec, "connection"), ""), options, body,
            on_delivered, t, &e) < 0)
        test_host_fail(t, e.text);
}

static void on_fired(void *arg, const struct engine_reply *r)
{
    struct test_host *t = arg;
    struct jsondoc *d = jsondoc_parse(r->json, NULL);
    const char *problem = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "error"), NULL);
    t->status = 1; /* wait for its runs */
    if (problem)
        test_host_fail(t, problem);
    else
        on_delivered(t, r->status, r->json, NULL);
    jsondoc_free(d);
}

static void op_fire(struct test_host *t, const struct jsonv *spec)
{
    engine_fire(t->world.parts->engine, t->world.company,
        jsonv_str(jsonv_get(spec, "schedule"), ""), jsonv_str(jsonv_get(spec, "at"), NULL),
        on_fired, t);
}

static void answer_runs(void *arg)
{
    struct test_host *t = arg;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addc(&b, '{');
    test_record_write(t->world.record, &b, NULL);
    buf_addc(&b, '}');
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
}

static void op_event(struct test_host *t, const struct jsonv *spec)
{
    mem_free(t->event);
    t->event = mem_dup(jsonv_str(jsonv_get(spec, "event"), ""));
    t->status = 200;
    answer_event(t);
}

static void answer_run(void *arg)
{
    struct test_host *t = arg;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    test_record_write_run(t->world.record, &b, t->run);
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
}

static void on_acted(void *arg, const struct err *e)
{
    struct test_host *t = arg;
    if (e)
        test_host_fail(t, e->text);
    else
        test_record_wait_run(t->world.record, t->run, answer_run, t);
}

/* What `--set` gives, as JSON; their text is in values. */
static struct json_change *changes_of(const struct jsonv *set, struct buf *values, int *n)
{
    struct json_change *changes = NULL;
    size_t *ends = NULL;
    for (const struct jsonv *c = set ? set->child : NULL; c; c = c->next) {
        changes = mem_realloc(changes, (size_t)(*n + 1) * sizeof *changes);
        ends = mem_realloc(ends, (size_t)(*n + 1) * sizeof *ends);
        jsonv_write(values, c);
        changes[*n] = (struct json_change){JSON_CHANGE_JSON, c->key, STR_NONE};
        ends[(*n)++] = values->n;
    }
    for (int i = 0; i < *n; i++) { /* values does not move any more */
        size_t begin = i ? ends[i - 1] : 0;
        changes[i].value = (struct str){values->p + begin, ends[i] - begin};
    }
    mem_free(ends);
    return changes;
}

/* What `sauma send|retry|skip` does. */
static void op_act(struct test_host *t, const struct jsonv *spec)
{
    const char *reason = jsonv_str(jsonv_get(spec, "reason"), "");
    struct engine_act a = {.by = "test", .reason = reason, .from = -1};
    if (act_verb(str_of(jsonv_str(jsonv_get(spec, "action"), "")), &a.action) < 0 ||
        a.action == ENGINE_EDIT) {
        test_host_fail(t, "the action is send, retry or skip");
        return;
    }
    struct buf values;
    buf_init(&values, BUF_MAX_DEFAULT);
    struct json_change *changes = changes_of(jsonv_get(spec, "set"), &values, &a.nchanges);
    a.changes = changes;
    mem_free(t->run);
    a.run = t->run = mem_dup(jsonv_str(jsonv_get(spec, "run"), ""));
    test_record_acted(
        t->world.record, t->run, a.action == ENGINE_SKIP ? RUN_SKIPPED : RUN_QUEUED, reason);
    engine_act(t->world.parts->engine, &a, on_acted, t);
    mem_free(changes);
    buf_free(&values);
}

/* ---- the test process ---- */

static void answer_time(struct test_host *t)
{
    char meta[64];
    int n = snprintf(meta, sizeof meta, "{\"ms\":%lld}", (long long)clock_wall_ms());
    test_host_answer(t, (struct str){meta, (size_t)n}, STR_NONE);
}

static void in_world(struct test_host *t, const char *op, const struct jsonv *spec, struct str body)
{
    if (!strcmp(op, "test.sandbox"))
        test_host_sandbox(t, spec);
    else if (!strcmp(op, "test.deliver"))
        op_deliver(t, spec, body);
    else if (!strcmp(op, "test.fire"))
        op_fire(t, spec);
    else if (!strcmp(op, "test.event"))
        op_event(t, spec);
    else if (!strcmp(op, "test.act"))
        op_act(t, spec);
    else if (!strcmp(op, "test.runs"))
        answer_runs(t);
    else if (!strcmp(op, "test.wait"))
        test_record_wait_all(
            t->world.record, jsonv_int(jsonv_get(spec, "ms"), 60000), answer_runs, t);
    else if (!strcmp(op, "time"))
        answer_time(t);
    else if (!strcmp(op, "test.state") || !strcmp(op, "test.seed") || !strcmp(op, "test.clear") ||
             !strcmp(op, "test.fault") || !strcmp(op, "test.page"))
        test_host_on_sandbox(t, op, spec);
    else
        test_host_fail(t, "a test cannot ask this of the host");
}

static void on_step(void *arg, uint32_t seq, struct str spec_text, struct str body)
{
    struct test_host *t = arg;
    struct err e = {0};
    t->seq = seq;
    struct jsondoc *d = jsondoc_parse(spec_text, &e);
    const struct jsonv *spec = d ? jsondoc_root(d) : NULL;
    const char *op = jsonv_str(jsonv_get(spec, "op"), "");
    if (!d)
        test_host_fail(t, e.text);
    else if (!strcmp(op, "test.files"))
        op_files(t);
    else if (!strcmp(op, "test.file"))
        op_file(t, jsonv_str(jsonv_get(spec, "path"), ""));
    else if (!strcmp(op, "test.begin"))
        op_begin(t);
    else if (!strcmp(op, "test.end"))
        op_end(t);
    else if (!t->world.open)
        test_host_fail(t, "this is only there inside a test(...)");
    else
        in_world(t, op, spec, body);
    jsondoc_free(d);
}

static void on_log(void *arg, const char *level, struct str text)
{
    fprintf(stderr, "%s: %.*s\n", level, STR_ARG(text));
}

static void report(struct test_host *t, const struct jsonv *root)
{
    const struct jsonv *results = jsonv_get(root, "results");
    for (const struct jsonv *r = results ? results->child : NULL; r; r = r->next) {
        struct test_result one = {
            .name = jsonv_str(jsonv_get(r, "name"), ""),
            .where = jsonv_str(jsonv_get(r, "where"), ""),
            .message = jsonv_str(jsonv_get(r, "message"), ""),
            .ok = jsonv_bool(jsonv_get(r, "ok"), false),
            .ms = jsonv_int(jsonv_get(r, "ms"), 0),
        };
        t->handlers.result(t->handlers.arg, &one);
    }
}

static void call(struct test_host *t);
static void load(struct test_host *t);

/* A test whose call had to be ended. Its state may hold anything, so that the tests behind it get a
 * fresh one. */
static void report_ended(struct test_host *t, const char *message)
{
    struct test_result one = {.name = t->current->name,
        .where = t->current->where,
        .message = message,
        .ms = t->world.open ? clock_mono_ms() - t->world.began_ms : 0};
    test_world_close(&t->world);
    t->handlers.result(t->handlers.arg, &one);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct test_host *t = arg;
    t->call = NULL;
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *message = jsonv_str(jsonv_get(root, "message"), "the tests failed");
    const char *where = jsonv_str(jsonv_get(root, "where"), NULL);
    if (o == SCRIPT_LOST)
        message = guilty ? "the test" LOST_WORDS : "a rule or a sandbox in this test" LOST_WORDS;
    char *words = where ? mem_printf("%s: %s", where, message) : mem_dup(message);
    if (o != SCRIPT_RETURNED && !t->current) {
        t->handlers.done(t->handlers.arg, words);
    } else if (o != SCRIPT_RETURNED) {
        report_ended(t, words);
        load(t);
    } else {
        if (t->current)
            report(t, root);
        else
            test_list_fill(&t->tests, root);
        call(t);
    }
    mem_free(words);
    jsondoc_free(d);
}

/* The next test; at first, the list of them. */
static void call(struct test_host *t)
{
    struct script_handlers h = {.step = on_step, .log = on_log, .end = on_end, .arg = t};
    struct scripts *s = t->world.parts->scripts;
    struct buf b;
    test_name_free(t->current);
    t->current = test_list_next(&t->tests);
    if (!t->current) {
        t->handlers.done(t->handlers.arg, NULL);
        return;
    }
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"name\":");
    json_put_cstring(&b, t->current->name);
    buf_addc(&b, '}');
    t->call = scripts_call(s, t->context, "run", buf_str(&b), STR_NONE, &h);
    buf_free(&b);
}

static void on_loaded(void *arg, struct str manifest, const struct err *e)
{
    struct test_host *t = arg;
    struct script_handlers h = {.step = on_step, .log = on_log, .end = on_end, .arg = t};
    if (e)
        t->handlers.done(t->handlers.arg, e->text);
    else if (t->current)
        call(t);
    else
        t->call =
            scripts_call(t->world.parts->scripts, t->context, "list", STR_LIT("{}"), STR_NONE, &h);
}

/* A fresh state for the test files. */
static void load(struct test_host *t)
{
    struct parts *parts = t->world.parts;
    struct buf options;
    buf_init(&options, 4096);
    buf_adds(&options, "{\"company\":");
    json_put_cstring(&options, t->world.company);
    buf_addc(&options, '}');
    scripts_load(parts->scripts, t->context, SCRIPT_SINGLE, "testing", parts->system.hash,
        bundle_str(&t->bundle), buf_str(&options), on_loaded, t);
    buf_free(&options);
}

struct test_host *test_host_start(struct parts *parts, const char *dir,
    const struct parts_options *o, const struct engine_settings *s, const struct test_handlers *h,
    struct err *e)
{
    struct test_host *t = mem_zalloc(1, sizeof(*t));
    t->options = *o;
    t->settings = *s;
    t->settings.sandboxes_only = true;
    t->handlers = *h;
    t->world.parts = parts;
    t->world.dir = dir;
    t->world.company = parts_company_name(dir);
    list_init(&t->tests);
    if (bundle_read_company(&t->bundle, dir, true, e) < 0) {
        test_host_free(t);
        return NULL;
    }
    t->context = mem_printf("test:%s", t->world.company);
    load(t);
    return t;
}

void test_host_free(struct test_host *t)
{
    if (!t)
        return;
    test_world_close(&t->world);
    if (t->call)
        scripts_drop(t->call);
    if (t->context)
        scripts_unload(t->world.parts->scripts, t->context);
    bundle_free(&t->bundle);
    test_list_clear(&t->tests);
    test_name_free(t->current);
    mem_free(t->world.company);
    mem_free(t->context);
    mem_free(t->event);
    mem_free(t->run);
    mem_free(t->answer);
    mem_free(t->sandbox_kind);
    mem_free(t->sandbox_name);
    mem_free(t->sandbox_connection);
    mem_free(t);
}
