/* `sauma sandbox`: servers that behave like the outside systems, for trying things out. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "command.h"
#include "mem.h"
#include "parts.h"
#include "sandbox_server.h"

static const struct conf_option options[] = {
    {"listen", CONF_TEXT, "127.0.0.1:8701", "address and port; port 0 takes a free one"},
    {"fault", CONF_TEXT, "", "faults to show, see below"},
    {"options", CONF_TEXT, "{}", "JSON object of the sandbox's own switches"},
    {"burst", CONF_MS, "5s", "longest time a sandbox may compute for one answer"},
    OPTION_LOG,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct sandboxing {
    const struct conf *conf;
    struct loop *loop;
    struct sandbox_server *server;
    int status;
};

struct loading {
    struct sandboxing *sandboxing;
    const char *name;
};

static void on_signal(void *arg)
{
    struct sandboxing *s = arg;
    loop_stop(s->loop);
}

/* One sandbox is loaded: its address as a company's connection names it. */
static void on_loaded(void *arg, struct str manifest, const struct err *e)
{
    struct loading *l = arg;
    struct sandboxing *s = l->sandboxing;
    if (e) {
        s->status = command_fail(STATUS_USAGE, "%s", e->text);
        loop_stop(s->loop);
    } else {
        char *url = sandbox_server_url(s->server, l->name, manifest);
        printf("%-14s %s\n", l->name, url);
        fflush(stdout);
        mem_free(url);
    }
    mem_free(l);
}

static int add_all(struct sandboxing *s, struct err *e)
{
    const struct conf *c = s->conf;
    int n = conf_positionals(c);
    for (int i = 0; i < n; i++) {
        struct loading *l = mem_alloc(sizeof(*l));
        *l = (struct loading){s, conf_positional(c, i)};
        if (sandbox_server_add(s->server, l->name, l->name, str_of(conf_text(c, "options")),
                str_of(conf_text(c, "fault")), on_loaded, l, e) < 0) {
            mem_free(l);
            return -1;
        }
    }
    return 0;
}

static int sandbox_run(const struct conf *c)
{
    struct sandboxing s = {.conf = c};
    struct parts parts;
    struct parts_options o = {.workers = 1, .memory = (size_t)512 << 20};
    struct engine_settings es;
    struct err e = {0};
    if (conf_positionals(c) == 0)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_sandbox.usage);
    if (command_log_level(c) < 0)
        return STATUS_USAGE;
    o.burst_ms = conf_int(c, "burst");
    engine_settings_defaults(&es);
    struct loop_signal *term = NULL, *interrupt = NULL;
    if (parts_open(&parts, &o, &es, &e) < 0) {
        s.status = command_fail(STATUS_OUTSIDE, "%s", e.text);
        goto out;
    }
    s.loop = parts.loop;
    s.server = sandbox_server_new(
        parts.loop, parts.scripts, parts.system.hash, conf_text(c, "listen"), &e);
    if (!s.server) {
        s.status = command_fail(e.code == ERR_INPUT ? STATUS_USAGE : STATUS_OUTSIDE, "%s", e.text);
        goto out;
    }
    term = loop_signal_new(parts.loop, SIGTERM, on_signal, &s);
    interrupt = loop_signal_new(parts.loop, SIGINT, on_signal, &s);
    if (add_all(&s, &e) < 0)
        s.status = command_fail(STATUS_USAGE, "%s", e.text);
    else
        loop_run(parts.loop);
out:
    sandbox_server_free(s.server);
    if (term)
        loop_signal_free(term);
    if (interrupt)
        loop_signal_free(interrupt);
    parts_close(&parts);
    return s.status;
}

const struct command command_sandbox = {
    .name = "sandbox",
    .usage = "sandbox NAME... [--listen ADDR] [--fault SPEC]",
    .summary = "servers that behave like procountor, slack, zapier",
    .details =
        "Each answers below /NAME/ (a lone one at / as well); GET /NAME/ is a page that shows what\n"
        "it holds. --fault takes comma separated `[METHOD ][/path ]KIND[=VALUE][*N]`: delay=200ms,\n"
        "error=503, reset (nothing is done), lost (done, but the answer never comes), cut=40 (half\n"
        "an answer), hang; *N: the next N requests only. Paths are the sandbox's own, for example\n"
        "--fault 'POST /api/invoices lost*1'.\n",
    .options = options,
    .run = sandbox_run,
};
