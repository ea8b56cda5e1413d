/* `sauma serve`: the host. Companies are loaded first, then the door opens; SIGTERM closes the
 * door, lets what is under way finish, and leaves the rest to the journal. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert.h"
#include "api_once.h"
#include "command.h"
#include "front.h"
#include "log.h"
#include "mem.h"
#include "operator.h"
#include "parts.h"
#include "reload.h"
#include "routes.h"
#include "service.h"
#include "store_prune.h"

static const struct conf_option options[] = {
    {"companies", CONF_TEXT, NULL, "folder whose folders are the companies"},
    OPTION_DATA,
    {"public-url", CONF_TEXT, NULL, "where browsers and senders reach this host; default: LISTEN"},
    {"store", CONF_TEXT, "sqlite", "where events, runs and journals are kept"},
    OPTION_PARTS,
    OPTIONS_FRONT,
    OPTIONS_OPERATOR,
    {"alert-gather", CONF_MS, "10s",
        "an alert is told when no more of the same came for so long, or after six times that"},
    {"alert-again", CONF_MS, "4h", "one that goes on is told again after this; 0: never"},
    {"alerts-per-hour", CONF_INT, "30",
        "of a company, told one by one; those beyond by their number; 0: no limit"},
    {"log-again", CONF_MS, "60s",
        "a line that strangers cause is logged again after this, with how many there were"},
    {"signature-window", CONF_MS, "5m", "how far a signed timestamp may be off"},
    {"max-events", CONF_INT, "1000", "events in memory; more wait in the store"},
    {"max-backlog", CONF_INT, "1000000", "open events of one company; over it: 429; 0: no limit"},
    {"max-per-minute", CONF_INT, "0", "new events of one company; over it: 429; 0: no limit"},
    {"max-stored", CONF_SIZE, "20g", "bytes kept of one company; over it: 429; 0: no limit"},
    {"keep-refused", CONF_INT, "200", "refused deliveries of one company that are kept"},
    {"keep-refused-body", CONF_SIZE, "64k", "bytes of each"},
    {"max-running", CONF_INT, "256", "runs with a live script, in all"},
    {"max-running-company", CONF_INT, "0", "and of one company; 0: half of max-running"},
    {"watch", CONF_MS, "20ms",
        "how long a company's folder rests after a change before it is read; 0: not watched"},
    {"gone-after", CONF_MS, "5s",
        "a company is gone, and its deliveries answered 404, when its folder is missing for so long"},
    {"test-saves", CONF_FLAG, NULL, "a saved company is live only if its tests pass"},
    {"test-timeout", CONF_MS, "2m", "how long these may take"},
    {"keep-bodies", CONF_MS, "90d", "age at which bodies and large answers go; 0: never"},
    {"keep-events", CONF_MS, "400d", "age at which settled events go, 7d or more; 0: never"},
    {"keep-large", CONF_SIZE, "1k", "requests and answers over this go with the bodies"},
    {"keep-versions", CONF_INT, "10", "newest versions of a company's scripts, kept at any age"},
    {"prune-every", CONF_MS, "10m", "how often what is too old is looked for"},
    {"keep-answers", CONF_MS, "48h",
        "how long answers to an Idempotency-Key are kept, 24h or more"},
    {"bulk-limit", CONF_INT, "100", "runs that people act on at once, unless they say --all"},
    {"drain", CONF_MS, "20s", "how long SIGTERM waits for steps under way"},
    OPTION_LOG,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct serving {
    const struct conf *conf;
    struct parts parts;
    struct routes *routes;
    struct api *api;
    struct reload *reload;
    struct front *front;
    struct operator_watch *operator;
    struct service *service;
    struct loop_signal *term, *interrupt, *hangup, *reopen;
    bool draining;
    int drains; /* what drain still waits for */
    int status;
    struct store_retention keep;
};

static bool is_open(const struct serving *s)
{
    return s->front && front_address(s->front);
}

static void stop(struct serving *s, int status)
{
    s->status = status;
    loop_stop(s->parts.loop);
}

static void drained(void *arg)
{
    struct serving *s = arg;
    if (--s->drains == 0)
        stop(s, STATUS_OK);
}

static void on_term(void *arg)
{
    struct serving *s = arg;
    if (s->draining || !is_open(s)) {
        stop(s, STATUS_OK);
        return;
    }
    s->draining = true;
    s->drains = 2;
    service_stopping(s->service);
    log_event(LOG_INFO, "draining", NULL);
    front_drain(s->front, drained, s);
    engine_drain(s->parts.engine, conf_int(s->conf, "drain"), drained, s);
}

/* Tells the commands where the host is, and connections where browsers come back to. */
static int announce(struct serving *s, struct err *e)
{
    const char *given = conf_text(s->conf, "public-url");
    char *url = given ? mem_dup(given)
                      : mem_printf("http%s://%s", front_secure(s->front) ? "s" : "",
                            front_address(s->front));
    int rc = api_announce(s->api, front_local_address(s->front), url, e);
    mem_free(url);
    return rc;
}

/* All companies were read: open the door. */
static void on_all_loaded(void *arg, int loaded, int failed)
{
    struct serving *s = arg;
    const struct conf *c = s->conf;
    struct err e = {0};
    char count[16];
    snprintf(count, sizeof(count), "%d", loaded);
    if (is_open(s)) {
        log_event(LOG_INFO, "reloaded", "companies", count, NULL);
        return;
    }
    if (front_listen(s->front, s->routes, &e) < 0 || announce(s, &e) < 0) {
        stop(s, command_fail(STATUS_OUTSIDE, "%s", e.text));
        return;
    }
    engine_start(s->parts.engine);
    alert_tell_open(s->parts.engine);
    if (conf_flag(c, "test-saves"))
        reload_test_first(s->reload, conf_int(c, "test-timeout"));
    if (conf_int(c, "watch") > 0)
        reload_watch(s->reload, conf_int(c, "watch"), conf_int(c, "gone-after"));
    printf("sauma: listening on http%s://%s, %d compan%s%s\n", front_secure(s->front) ? "s" : "",
        front_address(s->front), loaded, loaded == 1 ? "y" : "ies",
        failed ? ", some did not load: see the log" : "");
    fflush(stdout);
    service_ready(s->service, s->parts.loop);
}

static void on_hangup(void *arg)
{
    struct serving *s = arg;
    struct err e = {0};
    front_reload(s->front);
    if (is_open(s) && !s->draining && reload_all(s->reload, on_all_loaded, s, &e) < 0)
        log_event(LOG_ERROR, "reload failed", "error", e.text, NULL);
}

static void on_reopen(void *arg)
{
    struct serving *s = arg;
    front_reopen(s->front);
}

static void on_run(void *arg, const struct engine_run_info *i)
{
    if (run_state_final(i->state) || i->state == RUN_WAITING || i->state == RUN_HELD)
        log_event(i->state == RUN_FAILED || i->state == RUN_ATTENTION ? LOG_WARN : LOG_INFO, "run",
            "company", i->company, "rule", i->rule, "run", i->id, "event", i->event, "state",
            run_state_name(i->state), "reason", i->reason, NULL);
}

static void on_log(void *arg, const struct engine_run_info *i, const char *level, struct str text)
{
    char line[2048];
    snprintf(line, sizeof(line), "%.*s", (int)(text.n < 2000 ? text.n : 2000), text.p);
    log_event(LOG_INFO, "script", "company", i->company, "run", i->id, "level", level, "text", line,
        NULL);
}

/* Each script process takes some 7 MB before it has any company. */
#define WORKERS_MAX 4

static int cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (int)n;
}

/* Which versions were live is known: the companies can be loaded. */
static void on_live(void *arg, const struct err *err)
{
    struct serving *s = arg;
    struct err e = {0};
    if (err)
        stop(s, command_fail(STATUS_OUTSIDE, "%s", err->text));
    else if (reload_all(s->reload, on_all_loaded, s, &e) < 0)
        stop(s, command_fail(STATUS_OUTSIDE, "%s", e.text));
}

static void read_retention(const struct conf *c, struct store_retention *r)
{
    store_retention_defaults(r);
    r->bodies_ms = conf_int(c, "keep-bodies");
    r->events_ms = conf_int(c, "keep-events");
    r->answers_ms = conf_int(c, "keep-answers");
    r->large = conf_size(c, "keep-large");
    r->versions = (int)conf_int(c, "keep-versions");
    r->every_ms = conf_int(c, "prune-every");
}

/* The host serves all the same: what comes in is kept, and runs wait where a secret is missing. */
static void tell_unopened(struct secrets *secrets)
{
    int64_t n = secrets_unopened(secrets);
    char count[24];
    if (n <= 0)
        return;
    snprintf(count, sizeof(count), "%lld", (long long)n);
    log_event(LOG_ERROR, "secrets were sealed with another key", "secrets", count, "next",
        "bring the key file of that time back, or set them again with `sauma secret set`", NULL);
}

static int begin(struct serving *s, struct err *e)
{
    const struct conf *c = s->conf;
    struct parts_options o;
    struct engine_settings es;
    if (!(s->service = service_new(e)) || parts_read_options(c, &o, &es, e) < 0)
        return -1;
    if (o.workers <= 0)
        o.workers = cores();
    o.data = o.secrets_data = conf_text(c, "data");
    es.schedules = true;
    es.max_events = (int)conf_int(c, "max-events");
    es.max_backlog = conf_int(c, "max-backlog");
    es.max_minute = conf_int(c, "max-per-minute");
    es.max_stored = (int64_t)conf_size(c, "max-stored");
    es.keep_refused = (int)conf_int(c, "keep-refused");
    es.keep_refused_body = conf_size(c, "keep-refused-body");
    es.max_running = (int)conf_int(c, "max-running");
    es.max_running_company = (int)conf_int(c, "max-running-company");
    if (es.max_running_company <= 0)
        es.max_running_company = (es.max_running + 1) / 2;
    es.alert_gather_ms = conf_int(c, "alert-gather");
    es.alert_again_ms = conf_int(c, "alert-again");
    es.alerts_per_hour = (int)conf_int(c, "alerts-per-hour");
    es.log_again_ms = conf_int(c, "log-again");
    es.signature_window_ms = conf_int(c, "signature-window");
    if (parts_open(&s->parts, &o, &es, e) < 0)
        return -1;
    tell_unopened(s->parts.secrets);
    store_keep(s->parts.store, &s->keep);
    struct engine_observer ob = {.run = on_run, .log = on_log, .arg = s};
    engine_observe(s->parts.engine, &ob);
    if (operator_new(&s->operator, & s->parts, c, e) < 0)
        return -1;
    s->reload = reload_new(s->parts.engine, s->parts.loop, conf_text(c, "companies"));
    s->api =
        api_new(s->parts.engine, s->reload, s->parts.loop, o.data, conf_int(c, "bulk-limit"), e);
    if (!s->api)
        return -1;
    api_keep_answers(s->api, s->parts.store, conf_int(c, "keep-answers"));
    s->routes = routes_new(&s->parts, s->api);
    if (routes_set_public_url(s->routes, conf_text(c, "public-url"), e) < 0 ||
        !(s->front = front_new(s->parts.loop, c, service_listener(s->service), e)))
        return -1;
    s->term = loop_signal_new(s->parts.loop, SIGTERM, on_term, s);
    s->interrupt = loop_signal_new(s->parts.loop, SIGINT, on_term, s);
    s->hangup = loop_signal_new(s->parts.loop, SIGHUP, on_hangup, s);
    s->reopen = loop_signal_new(s->parts.loop, SIGUSR1, on_reopen, s);
    engine_load_live(s->parts.engine, on_live, s);
    return 0;
}

static int serve_run(const struct conf *c)
{
    struct serving s = {.conf = c};
    struct err e = {0};
    if (conf_positionals(c))
        return command_fail(STATUS_USAGE, "'%s' is not understood here: usage: sauma %s",
            conf_positional(c, 0), command_serve.usage);
    if (!conf_text(c, "companies"))
        return command_fail(STATUS_USAGE, "--companies DIR says where the companies are (see "
                                          "`sauma help serve`)");
    if (strcmp(conf_text(c, "store"), "sqlite"))
        return command_fail(
            STATUS_USAGE, "--store %s: this build keeps its data in sqlite", conf_text(c, "store"));
    read_retention(c, &s.keep);
    if (store_retention_check(&s.keep, &e) < 0)
        return command_fail(STATUS_USAGE, "%s", e.text);
    if (conf_int(c, "keep-answers") < API_ONCE_KEEP_MIN_MS)
        return command_fail(STATUS_USAGE, "--keep-answers: 24h at least");
    if (command_log_level(c) < 0)
        return STATUS_USAGE;
    if (begin(&s, &e) < 0)
        s.status =
            command_fail(e.code == ERR_USAGE || e.code == ERR_INPUT ? STATUS_USAGE : STATUS_OUTSIDE,
                "%s", e.text);
    else
        loop_run(s.parts.loop);
    front_free(s.front);
    service_free(s.service);
    operator_free(s.operator);
    if (s.term)
        loop_signal_free(s.term);
    if (s.interrupt)
        loop_signal_free(s.interrupt);
    if (s.hangup)
        loop_signal_free(s.hangup);
    if (s.reopen)
        loop_signal_free(s.reopen);
    reload_free(s.reload);
    if (s.routes)
        routes_free(s.routes);
    api_free(s.api);
    parts_close(&s.parts);
    return s.status;
}

const struct command command_serve = {
    .name = "serve",
    .usage = "serve --companies DIR --data DIR [--listen 127.0.0.1:8700]",
    .summary = "run all companies found as folders of DIR",
    .details =
        "Webhooks come to POST /hooks/{company}/{connection}; /healthz, /readyz and /metrics\n"
        "say how it is. A saved company is live as soon as it loads; SIGHUP reads all again, the\n"
        "certificate too. SIGTERM drains and ends.\n",
    .options = options,
    .run = serve_run,
};
