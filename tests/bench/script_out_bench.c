/* Requests of a rule with nothing stored: Lua asks, this fetches, Lua goes on. What is left out of
 * a host is the store, the journal and the engine around each step, so that their share is seen.
 * The Lua states are made by a first round of one request each, which is not measured: a host keeps
 * them for the next runs.
 * Usage: script_out_bench HOME COMPANY-FOLDER URL at-once requests [CA file] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bundle.h"
#include "clock.h"
#include "cpu.h"
#include "http_out.h"
#include "jsondoc.h"
#include "mem.h"
#include "script.h"
#include "scripts.h"
#include "step.h"

struct bench {
    struct loop *loop;
    struct http_out *client;
    struct scripts *scripts;
    const char *url;
    struct run_of *runs;
    long at_once, requests; /* of the measured round */
    bool measured;
    pid_t script; /* the script process */
    double cpu, script_cpu;
    int64_t from;
    long round, ended, failed, done; /* round: requests of each run of this one */
};

struct run_of {
    struct bench *b;
    struct script_call *call;
    uint32_t seq;
};

static void on_answer(void *arg, const struct http_out_result *r)
{
    struct run_of *run = arg;
    struct buf meta;
    run->b->done++;
    run->b->failed += r->outcome != HTTP_OUT_ANSWERED || r->status != 200;
    buf_init(&meta, BUF_MAX_DEFAULT);
    buf_addc(&meta, '{');
    step_request_meta(&meta, r);
    buf_addc(&meta, '}');
    scripts_answer(run->call, run->seq, buf_str(&meta), r->body.p ? r->body : STR_LIT(""));
    buf_free(&meta);
}

static void on_step(void *arg, uint32_t seq, struct str text, struct str body)
{
    struct run_of *run = arg;
    struct jsondoc *d = jsondoc_parse(text, NULL);
    const struct jsonv *spec = jsondoc_root(d), *list = jsonv_get(spec, "headers");
    struct http_header headers[16];
    int n = 0;
    for (const struct jsonv *c = list ? list->child : NULL; c && n < 16; c = c->next)
        headers[n++] = (struct http_header){c->key, c->text};
    char *url = mem_printf("%s%s", run->b->url, jsonv_str(jsonv_get(spec, "path"), ""));
    struct http_out_request r = {.method = jsonv_str(jsonv_get(spec, "method"), "GET"),
        .url = url,
        .headers = headers,
        .nheaders = n,
        .timeout_ms = 30000,
        .max_body = 1 << 20};
    run->seq = seq;
    http_out_start(run->b->client, &r, on_answer, run);
    mem_free(url);
    jsondoc_free(d);
}

static void on_log(void *arg, const char *level, struct str text)
{
    fprintf(stderr, "%s: %.*s\n", level, STR_ARG(text));
}

static void measure(void *arg);

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct run_of *run = arg;
    struct bench *b = run->b;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "{\"read\":%ld}", b->round);
    if (o != SCRIPT_RETURNED || !str_is(json, wanted)) {
        fprintf(stderr, "a run ended with %.*s\n", STR_ARG(json));
        b->failed++;
    }
    if (++b->ended < b->at_once)
        return;
    if (b->measured)
        loop_stop(b->loop);
    else
        loop_post(b->loop, measure, b);
}

static void begin_round(struct bench *b, long requests)
{
    struct script_handlers h = {on_step, on_log, on_end, NULL};
    char body[128];
    int n = snprintf(
        body, sizeof body, "{\"id\":\"event\",\"event\":\"requests\",\"requests\":%ld}", requests);
    b->round = requests;
    b->ended = b->done = 0;
    for (long i = 0; i < b->at_once; i++) {
        b->runs[i].b = b;
        h.arg = &b->runs[i];
        b->runs[i].call = scripts_call(b->scripts, "requests@1", "run",
            STR_LIT("{\"event\":{\"id\":\"evt\",\"connection\":\"bench\",\"type\":\"requests\","
                    "\"received_at\":\"2026-01-01T00:00:00Z\"},\"rule\":\"Requests out\","
                    "\"run\":\"run\",\"seed\":\"00000000000000000000000000000000\","
                    "\"version\":\"1\"}"),
            (struct str){body, (size_t)n}, &h);
    }
}

/* This process has started one other. */
static pid_t only_child(void)
{
    char path[64];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%d", &pid) != 1)
        exit(70);
    fclose(f);
    return pid;
}

static void measure(void *arg)
{
    struct bench *b = arg;
    b->measured = true;
    b->script = only_child();
    b->script_cpu = cpu_of_process(b->script);
    b->cpu = cpu_of(RUSAGE_SELF);
    b->from = clock_mono_us();
    begin_round(b, b->requests);
}

static void on_loaded(void *arg, struct str manifest, const struct err *e)
{
    if (e) {
        fprintf(stderr, "%s\n", e->text);
        exit(70);
    }
    begin_round(arg, 1);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct http_out_config c;
    struct bundle system, company;
    struct err e = {0};
    if (argc == 2 && strcmp(argv[1], "script-process") == 0)
        _exit(script_main());
    if (argc < 6) {
        fprintf(stderr, "usage: %s HOME COMPANY URL at-once requests [CA file]\n", argv[0]);
        return 64;
    }
    b.url = argv[3];
    b.at_once = strtol(argv[4], NULL, 10);
    b.requests = strtol(argv[5], NULL, 10);
    b.runs = mem_zalloc((size_t)b.at_once, sizeof *b.runs);
    http_out_config_defaults(&c);
    c.ca_file = argc > 6 ? argv[6] : NULL;
    if (bundle_read_system(&system, argv[1], &e) < 0 ||
        bundle_read_company(&company, argv[2], false, &e) < 0 || !(b.loop = loop_new(&e)) ||
        !(b.client = http_out_new(b.loop, &c, &e))) {
        fprintf(stderr, "%s\n", e.text);
        return 70;
    }
    struct scripts_config sc = {.workers = 1,
        .burst_ms = 5000,
        .memory = (size_t)64 << 20,
        .cpu_ms = 60000,
        .max_log = 65536,
        .system_hash = system.hash,
        .system_bundle = bundle_str(&system)};
    b.scripts = scripts_new(b.loop, &sc, &e);
    if (!b.scripts) {
        fprintf(stderr, "%s\n", e.text);
        return 70;
    }
    scripts_load(b.scripts, "requests@1", SCRIPT_COMPANY, "boot", system.hash, bundle_str(&company),
        STR_LIT("{\"company\":\"requests\",\"version\":\"1\"}"), on_loaded, &b);
    loop_run(b.loop);
    double wall = (double)(clock_mono_us() - b.from) / 1e6;
    double script = cpu_of_process(b.script) - b.script_cpu;
    cpu_print(b.done, b.failed, wall, cpu_of(RUSAGE_SELF) - b.cpu + script, script);
    scripts_free(b.scripts);
    http_out_free(b.client);
    loop_free(b.loop);
    bundle_free(&system);
    bundle_free(&company);
    mem_free(b.runs);
    return b.failed > 0 || b.done != b.at_once * b.requests;
}
