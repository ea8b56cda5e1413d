/* `sauma run`: one event through a company's rules, now, in the foreground. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "jsondoc.h"
#include "log.h"
#include "mem.h"
#include "parts.h"
#include "show.h"

#define EVENT_BYTES_MAX ((size_t)64 << 20)

static const struct conf_option options[] = {
    {"connection", CONF_TEXT, NULL, "the connection it came from; default: the only webhook"},
    {"fire", CONF_TEXT, NULL, "no EVENT.json: the event of this schedule or poll"},
    {"at", CONF_TEXT, NULL, "with --fire: of this time of it; default: the next"},
    {"type", CONF_TEXT, NULL, "the event's type; default: read from it"},
    {"dry-run", CONF_FLAG, NULL, "read, but write nothing outside"},
    {"data", CONF_TEXT, "data", "folder whose secrets are used, if it is there"},
    OPTION_PARTS,
    OPTION_JSON,
    {"log", CONF_TEXT, "error", "least level logged: debug, info, warn, error"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

#define DRAIN_MS 20000

struct foreground {
    const struct conf *conf;
    struct parts parts;
    struct buf event;
    char *company;
    char *waits; /* the reason that was said last */
    bool json, told;
    int runs, ended;
    int status;
};

static void drained(void *arg)
{
    loop_stop(((struct foreground *)arg)->parts.loop);
}

/* A token may still be under way that is renewed ahead of its end. */
static void finish(struct foreground *f, int status)
{
    if (status > f->status)
        f->status = status;
    engine_drain(f->parts.engine, DRAIN_MS, drained, f);
}

static void on_step(void *arg, const struct engine_step_info *i)
{
    struct foreground *f = arg;
    /* Locks are between runs of the company; they say nothing about the outside. */
    if (f->json || i->replayed || !strcmp(i->kind, "lock") || !strcmp(i->kind, "unlock"))
        return;
    printf("  %3u  %-6s %-14s %s", i->seq, i->kind, i->connection, i->title);
    if (i->status)
        printf(" -> %d", i->status);
    if (strcmp(i->outcome, "done")) {
        printf(" (%s%s", i->outcome, *i->problem ? ": " : "");
        show_lines(str_of(i->problem), 6, stdout);
        putchar(')');
    }
    printf(", %lld ms\n", (long long)(i->duration_us / 1000));
}

static void put_lines(const char *level, struct str text)
{
    printf("       %-6s ", level);
    show_lines(text, 14, stdout);
    putchar('\n');
}

static void on_log(void *arg, const struct engine_run_info *i, const char *level, struct str text)
{
    struct foreground *f = arg;
    if (!f->json)
        put_lines(level, text);
}

static void print_end(const struct engine_run_info *i)
{
    printf("%s: %s", i->rule, run_state_name(i->state));
    if (*i->reason)
        printf(": ");
    show_lines(str_of(i->reason), 4, stdout);
    printf("\n");
    struct jsondoc *d = i->result.n ? jsondoc_parse(i->result, NULL) : NULL;
    show_result(d ? jsondoc_root(d) : NULL, str_of(i->reason), "", stdout);
    jsondoc_free(d);
}

static void print_end_json(const struct engine_run_info *i)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"run\":");
    json_put_cstring(&b, i->id);
    buf_adds(&b, ",\"rule\":");
    json_put_cstring(&b, i->rule);
    buf_addf(&b, ",\"state\":\"%s\",\"reason\":", run_state_name(i->state));
    json_put_cstring(&b, i->reason);
    buf_adds(&b, ",\"key\":");
    json_put_cstring(&b, i->key);
    buf_adds(&b, ",\"result\":");
    if (i->result.n)
        buf_add(&b, i->result.p, i->result.n);
    else
        buf_adds(&b, "null");
    buf_addc(&b, '}');
    printf("%.*s\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

static void on_run(void *arg, const struct engine_run_info *i)
{
    struct foreground *f = arg;
    if (i->state == RUN_WAITING && !f->json && strcmp(f->waits ? f->waits : "", i->reason) != 0) {
        mem_free(f->waits);
        f->waits = mem_dup(i->reason);
        char until[CLOCK_TEXT];
        clock_format(i->until_ms, until);
        printf("%s: waiting until %s: %s\n", i->rule, until, i->reason);
        fflush(stdout); /* whoever watches a file is to see it, too */
    }
    if (!run_state_final(i->state) && i->state != RUN_HELD)
        return;
    if (f->json)
        print_end_json(i);
    else
        print_end(i);
    if (i->state == RUN_FAILED || i->state == RUN_ATTENTION)
        f->status = STATUS_NO;
    if (++f->ended == f->runs)
        finish(f, STATUS_OK);
}

static bool is_scheduled(const char *on)
{
    return !strncmp(on, MANIFEST_SCHEDULE ".", sizeof(MANIFEST_SCHEDULE));
}

/* With what each rule is for: the event's type may be misspelled, or not found in it. */
static void say_no_run(struct foreground *f, const char *reason)
{
    const struct manifest *m = engine_manifest(f->parts.engine, f->company);
    if (f->told)
        return;
    f->told = true;
    fprintf(stderr, "sauma: no run: %s\n", reason);
    for (int i = 0; i < m->nrules; i++)
        for (int k = 0; k < m->rules[i].non; k++)
            if (!is_scheduled(m->rules[i].on[k]))
                fprintf(stderr, "rule \"%s\" is for %s\n", m->rules[i].name, m->rules[i].on[k]);
}

static void on_event(void *arg, const struct engine_event_info *i)
{
    struct foreground *f = arg;
    f->runs = i->runs;
    if (i->runs == 0) {
        say_no_run(f, i->reason);
        finish(f, STATUS_NO);
    } else if (f->ended == f->runs) {
        finish(f, STATUS_OK);
    }
}

static void on_injected(void *arg, const struct engine_reply *r)
{
    struct foreground *f = arg;
    if (r->status == 202)
        return;
    struct jsondoc *d = jsondoc_parse(r->json, NULL);
    const char *why = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "error"), "not accepted");
    finish(f, command_fail(STATUS_NO, "the event was not accepted: %s", why));
    jsondoc_free(d);
}

/* The connection the event is said to come from: --connection, or the only one with a webhook. */
static const char *connection_of(struct foreground *f)
{
    const char *name = conf_text(f->conf, "connection");
    const struct manifest *m = engine_manifest(f->parts.engine, f->company);
    const char *only = NULL;
    int hooks = 0;
    if (name)
        return name;
    for (int i = 0; i < m->nconnections; i++)
        if (m->connections[i].webhook.present) {
            only = m->connections[i].name;
            hooks++;
        }
    if (hooks == 1)
        return only;
    command_fail(STATUS_USAGE,
        "say with --connection where the event comes from: the company has "
        "%d connections with a webhook",
        hooks);
    return NULL;
}

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct foreground *f = arg;
    if (error) {
        parts_company_error(conf_positional(f->conf, 0), error->text);
        finish(f, STATUS_NO);
        return;
    }
    const char *schedule = conf_text(f->conf, "fire");
    const char *connection = schedule ? MANIFEST_SCHEDULE : connection_of(f);
    if (!connection) {
        finish(f, STATUS_USAGE);
        return;
    }
    engine_start(f->parts.engine);
    if (!f->json)
        printf("%s, version %s\n", company, version);
    if (schedule)
        engine_fire(f->parts.engine, company, schedule, conf_text(f->conf, "at"), on_injected, f);
    else
        engine_inject(f->parts.engine, company, connection, conf_text(f->conf, "type"),
            buf_str(&f->event), on_injected, f);
}

static int read_event(struct foreground *f, const char *path)
{
    FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    if (!in)
        return command_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
        buf_add(&f->event, chunk, n);
    if (in != stdin)
        fclose(in);
    if (f->event.failed)
        return command_fail(STATUS_USAGE, "%s is larger than 64 MiB", path);
    return STATUS_OK;
}

static int run_run(const struct conf *c)
{
    struct foreground f = {.conf = c, .json = conf_flag(c, "json")};
    struct parts_options o;
    struct engine_settings s;
    struct err e = {0};
    bool fire = conf_text(c, "fire") != NULL;
    if (conf_positionals(c) != (fire ? 1 : 2) || (conf_text(c, "at") && !fire))
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_run.usage);
    if (command_log_level(c) < 0)
        return STATUS_USAGE;
    if (parts_read_options(c, &o, &s, &e) < 0)
        return command_fail(STATUS_USAGE, "%s", e.text);
    buf_init(&f.event, EVENT_BYTES_MAX);
    if (!fire)
        f.status = read_event(&f, conf_positional(c, 1));
    if (f.status != STATUS_OK) {
        buf_free(&f.event);
        return f.status;
    }
    s.dry_run = conf_flag(c, "dry-run");
    s.ignore_trigger = true;
    o.secrets_data = parts_is_folder(conf_text(c, "data")) ? conf_text(c, "data") : NULL;
    if (parts_open(&f.parts, &o, &s, &e) < 0) {
        f.status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    } else {
        struct engine_observer ob = {
            .event = on_event, .run = on_run, .step = on_step, .log = on_log, .arg = &f};
        engine_observe(f.parts.engine, &ob);
        f.company = parts_company_name(conf_positional(c, 0));
        engine_load_company(f.parts.engine, f.company, conf_positional(c, 0), on_loaded, &f);
        loop_run(f.parts.loop);
    }
    parts_close(&f.parts);
    mem_free(f.company);
    mem_free(f.waits);
    buf_free(&f.event);
    return f.status;
}

const struct command command_run = {
    .name = "run",
    .usage = "run DIR EVENT.json [--connection NAME] [--dry-run] | run DIR --fire SCHEDULE",
    .summary = "one event through a company's rules, now; prints each step",
    .details =
        "EVENT.json - reads standard input. With --dry-run, what would be written outside is\n"
        "shown and not sent. A trigger policy does not hold it back: you asked for it.\n",
    .options = options,
    .run = run_run,
};
