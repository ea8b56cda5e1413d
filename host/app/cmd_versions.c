/* `sauma reload`, `sauma versions`, `sauma rollback`: which version of a company's scripts is live.
 */
#include <stdio.h>
#include <string.h>

#include "actor.h"
#include "api_client.h"
#include "command.h"
#include "mem.h"
#include "show.h"
#include "since.h"
#include "store_read.h"

/* ---- versions ---- */

static const struct conf_option versions_options[] = {
    OPTION_DATA,
    {"since", CONF_TEXT, NULL, "only newer than this: 30d, 12h, 2026-11-20"},
    {"limit", CONF_INT, "100", "at most so many, newest first"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct listing {
    bool json;
    int rows;
};

static int print_switch(void *arg, struct str json)
{
    struct listing *l = arg;
    l->rows++;
    if (l->json) {
        printf("%.*s\n", STR_ARG(json));
        return 0;
    }
    struct jsondoc *d = jsondoc_parse(json, NULL);
    if (d) {
        show_calm(jsondoc_root(d));
        show_switch_row(jsondoc_root(d), stdout);
    }
    jsondoc_free(d);
    return 0;
}

static int each_switch(
    const struct conf *c, const struct store_filter *f, store_row_fn fn, void *arg)
{
    struct err e = {0};
    struct store_reader *r = store_reader_open(conf_text(c, "data"), &e);
    if (!r)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    int rc = store_read_switches(r, f, fn, arg, &e);
    store_reader_close(r);
    return rc < 0 ? command_fail(STATUS_OUTSIDE, "%s", e.text) : STATUS_OK;
}

static int versions_run(const struct conf *c)
{
    struct store_filter f = {.company = conf_positional(c, 0), .limit = (int)conf_int(c, "limit")};
    struct listing l = {.json = conf_flag(c, "json")};
    if (conf_positionals(c) > 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_versions.usage);
    if (since_option(c, &f.since_ms) < 0)
        return STATUS_USAGE;
    int status = each_switch(c, &f, print_switch, &l);
    if (status == STATUS_OK)
        command_listed(l.rows, f.limit, l.json);
    return status;
}

/* ---- reload and rollback ---- */

/* Asks the host; prints what became of it. */
static int ask(const struct conf *c, const char *verb, const char *company, struct str body)
{
    struct err e = {0};
    struct jsondoc *answer;
    int http = 0, status = STATUS_OK;
    char *path = mem_printf("companies/%s/%s", company, verb);
    if (api_call(conf_text(c, "data"), "POST", path, body, &http, &answer, &e) < 0)
        status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    else if (http != 200)
        status = command_fail(http < 500 ? STATUS_NO : STATUS_OUTSIDE, "%s", api_problem(answer));
    else
        printf("%s: version %s is live\n", company,
            jsonv_str(jsonv_get(jsondoc_root(answer), "version"), "?"));
    jsondoc_free(answer);
    mem_free(path);
    return status;
}

static const struct conf_option reload_options[] = {
    OPTION_DATA,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static int reload_run(const struct conf *c)
{
    if (conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_reload.usage);
    return ask(c, "reload", conf_positional(c, 0), STR_LIT("{}"));
}

static const struct conf_option rollback_options[] = {
    {"note", CONF_TEXT, NULL, "why; shown by `versions`"},
    OPTION_BY,
    OPTION_DATA,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* The version before the live one, or the one whose name begins as a person wrote. */
struct search {
    const char *begins; /* NULL: the one before */
    char live[16], found[16];
    int matches;
};

static int look_at(void *arg, struct str json)
{
    struct search *s = arg;
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const char *version = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "version"), "");
    bool first = !s->live[0];
    if (first)
        snprintf(s->live, sizeof(s->live), "%s", version);
    bool fits = s->begins ? strncmp(version, s->begins, strlen(s->begins)) == 0
                          : strcmp(version, s->live) != 0 && !s->matches;
    if (fits && strcmp(version, s->found) != 0) {
        snprintf(s->found, sizeof(s->found), "%s", version);
        s->matches++;
    }
    jsondoc_free(d);
    return 0;
}

static int rollback_run(const struct conf *c)
{
    struct search s = {.begins = conf_positional(c, 1)};
    struct store_filter f = {.company = conf_positional(c, 0), .limit = 10000};
    struct buf body;
    const char *note = conf_text(c, "note");
    if (conf_positionals(c) < 1 || conf_positionals(c) > 2)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_rollback.usage);
    if (!note || !*note)
        return command_fail(STATUS_USAGE, "say why with --note");
    int status = each_switch(c, &f, look_at, &s);
    if (status != STATUS_OK)
        return status;
    if (s.matches != 1)
        return command_fail(STATUS_NO, "%s of %s %s: see `sauma versions %s`",
            s.begins ? s.begins : "an earlier version", f.company,
            s.matches ? "begins more than one version" : "was never live here", f.company);
    buf_init(&body, 1 << 16);
    buf_addf(&body, "{\"version\":\"%s\",\"note\":", s.found);
    json_put_cstring(&body, note);
    buf_adds(&body, ",\"by\":");
    json_put_cstring(&body, actor_name(c));
    buf_addc(&body, '}');
    status = ask(c, "rollback", f.company, buf_str(&body));
    buf_free(&body);
    return status;
}

const struct command command_versions = {
    .name = "versions",
    .usage = "versions [COMPANY] [--since 30d] [--json]",
    .summary = "which versions of a company's scripts were live, since when and by whom",
    .options = versions_options,
    .run = versions_run,
};

const struct command command_reload = {
    .name = "reload",
    .usage = "reload COMPANY",
    .summary = "read a company's folder now; a broken one changes nothing",
    .details = "A running host sees saves by itself; this says at once what became of one.\n",
    .options = reload_options,
    .run = reload_run,
};

const struct command command_rollback = {
    .name = "rollback",
    .usage = "rollback COMPANY [VERSION] --note TEXT",
    .summary = "make an earlier version live, by default the one before",
    .details =
        "It stays live, over restarts too, until the company's folder is changed. Runs under\n"
        "way keep the version they began with.\n",
    .options = rollback_options,
    .run = rollback_run,
};
