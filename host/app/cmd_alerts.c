/* `sauma alerts`: what is wrong and is no single run's to say. */
#include <stdio.h>

#include "actor.h"
#include "api_client.h"
#include "command.h"
#include "mem.h"
#include "show.h"
#include "since.h"
#include "store_read.h"

static const struct conf_option options[] = {
    OPTION_DATA,
    {"company", CONF_TEXT, NULL, "only of this company"},
    {"since", CONF_TEXT, NULL, "only newer than this: 30d, 12h, 2026-11-20"},
    {"all", CONF_FLAG, NULL, "also those that are closed"},
    {"limit", CONF_INT, "100", "at most so many, newest first"},
    {"close", CONF_INT, "0", "close the open alert of this number (a host must run)"},
    OPTION_BY,
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct printing {
    bool json;
    int rows;
};

static int print_alert(void *arg, struct str json)
{
    struct printing *p = arg;
    p->rows++;
    if (p->json) {
        printf("%.*s\n", STR_ARG(json));
        return 0;
    }
    struct jsondoc *d = jsondoc_parse(json, NULL);
    if (d) {
        show_calm(jsondoc_root(d));
        show_alert_row(jsondoc_root(d), stdout);
    }
    jsondoc_free(d);
    return 0;
}

static int list(const struct conf *c)
{
    struct err e = {0};
    struct store_filter f = {
        .company = conf_text(c, "company"), .limit = (int)conf_int(c, "limit")};
    struct printing p = {.json = conf_flag(c, "json")};
    if (since_option(c, &f.since_ms) < 0)
        return STATUS_USAGE;
    struct store_reader *r = store_reader_open(conf_text(c, "data"), &e);
    if (!r)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    int rc = store_read_alerts(r, &f, conf_flag(c, "all"), print_alert, &p, &e);
    store_reader_close(r);
    if (rc < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    if (p.rows == 0 && !p.json)
        fprintf(stderr, "none\n");
    return STATUS_OK;
}

static int close_one(const struct conf *c, int64_t n)
{
    struct err e = {0};
    struct buf body;
    struct jsondoc *answer;
    int http = 0, status = STATUS_OK;
    char *path = mem_printf("alerts/%lld/close", (long long)n);
    buf_init(&body, 1 << 16);
    buf_adds(&body, "{\"by\":");
    json_put_cstring(&body, actor_name(c));
    buf_addc(&body, '}');
    if (api_call(conf_text(c, "data"), "POST", path, buf_str(&body), &http, &answer, &e) < 0)
        status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    else if (http != 200)
        status = command_fail(http < 500 ? STATUS_NO : STATUS_OUTSIDE, "%s", api_problem(answer));
    else
        printf("alert %lld: closed\n", (long long)n);
    jsondoc_free(answer);
    buf_free(&body);
    mem_free(path);
    return status;
}

static int alerts_run(const struct conf *c)
{
    if (conf_positionals(c))
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_alerts.usage);
    int64_t n = conf_int(c, "close");
    return n > 0 ? close_one(c, n) : list(c);
}

const struct command command_alerts = {
    .name = "alerts",
    .usage = "alerts [--company NAME] [--since 30d] [--all] [--close N] [--json]",
    .summary = "what is wrong and is no single run's to say",
    .details =
        "An alert stays open, and is counted, until it is well again or a person closes it.\n"
        "What needs a person in a single run is listed by `sauma attention`.\n",
    .options = options,
    .run = alerts_run,
};
