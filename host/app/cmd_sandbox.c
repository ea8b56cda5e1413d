/* `sauma sandbox`: servers that behave like the outside systems, for trying things out. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "command.h"
#include "mem.h"
#include "parts.h"
#include "sandbox_answer.h"
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
    int loading; /* that have not said their address yet */
    int status;
};

struct loading {
    struct sandboxing *sandboxing;
    char *name; /* owned */
};

static void loading_free(struct loading *l)
{
    mem_free(l->name);
    mem_free(l);
}

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
        mem_free(url);
        if (--s->loading == 0)
            printf("%-14s http://%s/\n", "pages", sandbox_server_address(s->server));
        fflush(stdout);
    }
    loading_free(l);
}

/* text: NAME, or NAME:KIND. */
static int add_one(struct sandboxing *s, const char *text, struct err *e)
{
    const struct conf *c = s->conf;
    struct loading *l = mem_alloc(sizeof(*l));
    struct str kind, name = str_cut(str_of(text), ':', &kind);
    *l = (struct loading){s, mem_dupn(name.p, name.n)};
    if (sandbox_server_add(s->server, l->name, kind.p ? kind.p : l->name,
            str_of(conf_text(c, "options")), str_of(conf_text(c, "fault")), on_loaded, l, e) == 0) {
        s->loading++;
        return 0;
    }
    loading_free(l);
    return -1;
}

/* What `all` stands for: the whole world around a company. */
static const char *const all_kinds[] = {"procountor", "click2contract", "crm", "pipedrive",
    "hubspot", "ytj", "slack", "zapier", "smtp"};

static int add_all(struct sandboxing *s, struct err *e)
{
    const struct conf *c = s->conf;
    int n = conf_positionals(c), rc = 0;
    if (n == 1 && !strcmp(conf_positional(c, 0), "all"))
        for (size_t i = 0; i < sizeof(all_kinds) / sizeof(all_kinds[0]) && rc == 0; i++)
            rc = add_one(s, all_kinds[i], e);
    else
        for (int i = 0; i < n && rc == 0; i++)
            rc = add_one(s, conf_positional(c, i), e);
    return rc;
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
    .usage = "sandbox NAME[:KIND]... [--listen ADDR] [--fault SPEC]",
    .summary = "servers that behave like procountor, CRMs, ytj, slack, zapier, smtp",
    .details =
        "There are procountor, click2contract, crm, pipedrive, hubspot, ytj, slack, zapier and smtp;\n"
        "`all` starts one of each. NAME:KIND gives one a name of its own, as in acme:procountor.\n"
        "Each answers below /NAME/ (a lone one at / as well); GET /NAME/ is a page that shows what\n"
        "it holds, and where a person does what people do there.\n"
        "smtp takes mails on the port after that of --listen (its line at the start says which), and\n"
        "its page is where they are read.\n"
        "\n"
        "--fault takes comma separated `[METHOD] [/path] [QUALIFIER...] KIND[=VALUE][*N]`, for\n"
        "example --fault 'POST /api/invoices lost*1, GET p=0.1 error=503'. Paths are the sandbox's\n"
        "own; *N: the next N requests only. One kind a request: accept, head (reset before the\n"
        "body), reset (nothing is done), lost (done, but the answer never comes), cut[=status,\n"
        "header, body or bytes], hang, error[=STATUS], answer=" SANDBOX_ANSWERS ".\n"
        "Together with any other: delay=TIME, again=TIME (done once more), hide=TIME (searches do\n"
        "not find it). Qualifiers: done, undone, late=TIME (cut now, done later), retry=FORM\n"
        "(Retry-After: 5, date+5, any word), p=0.1, after=N, fresh, reused. TIME may be a range,\n"
        "0s..30s; seed=N repeats what chance did.\n"
        "\n"
        "GET /_ledger says what was asked and done, a JSON object a line; POST /_control/faults\n"
        "takes another fault spec while the server runs, POST /_control/seed JSON for seed(), and\n"
        "GET /_control/state shows all that a sandbox holds (?sandbox=NAME names one of several).\n",
    .options = options,
    .run = sandbox_run,
};
