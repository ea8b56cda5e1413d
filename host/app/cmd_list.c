/* `sauma events`, `sauma runs`, `sauma show`: what came in and what happened to it. They read the
 * data folder by themselves, whether a host is running on it or not. */
#include <stdio.h>

#include "command.h"
#include "next.h"
#include "show.h"
#include "since.h"
#include "store_read.h"
#include "upcoming.h"

#define ROW_MAX ((size_t)512 << 20)

#define OPTION_FILTERS                                                                             \
    {"company", CONF_TEXT, NULL, "only of this company"},                                          \
        {"since", CONF_TEXT, NULL, "only newer than this: 30d, 12h, 2026-11-20"},                  \
        {"state", CONF_TEXT, NULL, "only in this state"},                                          \
    {                                                                                              \
        "limit", CONF_INT, "100", "at most so many, newest first"                                  \
    }

static const struct conf_option event_options[] = {
    OPTION_DATA,
    OPTION_FILTERS,
    {"connection", CONF_TEXT, NULL, "only from this connection"},
    {"rule", CONF_TEXT, NULL, "only with a run of this rule"},
    {"key", CONF_TEXT, NULL, "only with a run of this key"},
    {"refused", CONF_FLAG, NULL, "deliveries that were refused (400, 409, 413, 429) instead"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option run_options[] = {
    OPTION_DATA,
    OPTION_FILTERS,
    {"rule", CONF_TEXT, NULL, "only of this rule"},
    {"key", CONF_TEXT, NULL, "only with this key"},
    {"reason-like", CONF_TEXT, NULL, "only whose reason holds this"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* The same, but for the state, which is what the command is about. */
static const struct conf_option attention_options[] = {
    OPTION_DATA,
    {"company", CONF_TEXT, NULL, "only of this company"},
    {"since", CONF_TEXT, NULL, "only newer than this: 30d, 12h, 2026-11-20"},
    {"state", CONF_TEXT, NULL, "attention, failed or held; default: attention and failed"},
    {"limit", CONF_INT, "100", "at most so many, newest first"},
    {"rule", CONF_TEXT, NULL, "only of this rule"},
    {"key", CONF_TEXT, NULL, "only with this key"},
    {"reason-like", CONF_TEXT, NULL, "only whose reason holds this"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option acts_options[] = {
    OPTION_DATA,
    OPTION_FILTERS,
    {"rule", CONF_TEXT, NULL, "only of this rule"},
    {"key", CONF_TEXT, NULL, "only of runs with this key"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option stats_options[] = {
    OPTION_DATA,
    {"schedules", CONF_FLAG, NULL, "when each schedule and poll came last and comes next instead"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option show_options[] = {
    OPTION_DATA,
    {"all-fields", CONF_FLAG, NULL, "also what the company's redact hides, and personal codes"},
    {"curl", CONF_FLAG, NULL, "its requests as command lines of curl, secrets left out"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct printing {
    bool json;
    bool next; /* with what may be done next */
    bool when; /* with the times of a schedule */
    void (*row)(const struct jsonv *v, FILE *out);
    int rows;
};

static int print_row(void *arg, struct str json)
{
    struct printing *p = arg;
    struct buf more;
    p->rows++;
    buf_init(&more, ROW_MAX);
    if (p->next) {
        next_put(&more, json);
        json = buf_str(&more);
    } else if (p->when) {
        upcoming_put(&more, json);
        json = buf_str(&more);
    }
    struct jsondoc *d = p->json ? NULL : jsondoc_parse(json, NULL);
    if (p->json)
        printf("%.*s\n", STR_ARG(json));
    else if (d) {
        if (p->row != show_curl)
            show_calm(jsondoc_root(d));
        p->row(jsondoc_root(d), stdout);
    }
    jsondoc_free(d);
    buf_free(&more);
    return 0;
}

typedef int (*read_fn)(
    struct store_reader *, const struct store_filter *, store_row_fn, void *, struct err *);

static int list_rows(
    const struct conf *c, const struct store_filter *f, read_fn read, struct printing *p)
{
    struct err e = {0};
    if (conf_positionals(c))
        return command_fail(STATUS_USAGE,
            "'%s' is not understood here: filters are options, --company NAME",
            conf_positional(c, 0));
    p->json = conf_flag(c, "json");
    struct store_reader *r = store_reader_open(conf_text(c, "data"), &e);
    if (!r)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    int rc = read(r, f, print_row, p, &e);
    store_reader_close(r);
    if (rc < 0)
        return command_fail(e.code == ERR_USAGE ? STATUS_USAGE : STATUS_OUTSIDE, "%s", e.text);
    command_listed(p->rows, f->limit, p->json);
    return STATUS_OK;
}

/* The same with the filters that OPTION_FILTERS names. */
static int list(
    const struct conf *c, const struct store_filter *given, read_fn read, struct printing *p)
{
    struct store_filter f = *given;
    f.company = conf_text(c, "company");
    f.state = conf_text(c, "state");
    f.limit = (int)conf_int(c, "limit");
    if (since_option(c, &f.since_ms) < 0)
        return STATUS_USAGE;
    return list_rows(c, &f, read, p);
}

static int events_run(const struct conf *c)
{
    struct store_filter f = {.connection = conf_text(c, "connection"),
        .rule = conf_text(c, "rule"),
        .key = conf_text(c, "key")};
    struct printing p = {.row = show_event_row};
    if (!conf_flag(c, "refused"))
        return list(c, &f, store_read_events, &p);
    p.row = show_refused_row;
    return list(c, &f, store_read_refused, &p);
}

static struct store_filter of_runs(const struct conf *c)
{
    return (struct store_filter){.rule = conf_text(c, "rule"),
        .key = conf_text(c, "key"),
        .reason_like = conf_text(c, "reason-like")};
}

static int runs_run(const struct conf *c)
{
    struct store_filter f = of_runs(c);
    struct printing p = {.row = show_run_row};
    return list(c, &f, store_read_runs, &p);
}

static int count_row(void *arg, struct str json)
{
    (void)json;
    ++*(int *)arg;
    return 0;
}

/* Runs that are held wait for a person too, as the company has it: they are not listed with what
 * went wrong, and are no surprise either. */
static void tell_held(const struct conf *c)
{
    struct store_filter f = of_runs(c);
    int held = 0;
    f.company = conf_text(c, "company");
    f.state = "held";
    f.limit = (int)conf_int(c, "limit");
    struct store_reader *r = store_reader_open(conf_text(c, "data"), NULL);
    if (!r || since_option(c, &f.since_ms) < 0 ||
        store_read_runs(r, &f, count_row, &held, NULL) < 0)
        held = 0;
    if (r)
        store_reader_close(r);
    if (held)
        fprintf(stderr, "%s%d held, to be sent or skipped: --state held lists %s\n",
            held == f.limit ? "at least " : "", held, held == 1 && f.limit > 1 ? "it" : "them");
}

static int attention_run(const struct conf *c)
{
    struct store_filter f = of_runs(c);
    struct printing p = {.row = show_attention_row, .next = true};
    f.needs_person = !conf_text(c, "state");
    int status = list(c, &f, store_read_attention, &p);
    if (status == STATUS_OK && f.needs_person && !p.json)
        tell_held(c);
    return status;
}

static int acts_run(const struct conf *c)
{
    struct store_filter f = {.rule = conf_text(c, "rule"), .key = conf_text(c, "key")};
    struct printing p = {.row = show_act_row};
    return list(c, &f, store_read_acts, &p);
}

static int read_books(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    return store_read_each_books(r, fn, arg, e);
}

static void show_schedule_row(const struct jsonv *v, FILE *out)
{
    fprintf(out, "%-24s  %-24s  %-28s  last %s  next %s\n", jsonv_str(jsonv_get(v, "company"), ""),
        jsonv_str(jsonv_get(v, "schedule"), ""), jsonv_str(jsonv_get(v, "when"), ""),
        jsonv_str(jsonv_get(v, "last"), ""), jsonv_str(jsonv_get(v, "next"), ""));
}

static int stats_run(const struct conf *c)
{
    struct store_filter f = {0};
    struct printing times = {.row = show_schedule_row, .when = true};
    if (conf_flag(c, "schedules"))
        return list_rows(c, &f, store_read_schedules, &times);
    struct printing p = {.row = show_books_row};
    return list_rows(c, &f, read_books, &p);
}

static int show_run_command(const struct conf *c)
{
    struct err e = {0};
    if (conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_show.usage);
    struct store_reader *r = store_reader_open(conf_text(c, "data"), &e);
    if (!r)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    if (conf_flag(c, "all-fields"))
        store_reader_show_all(r);
    struct printing p = {.row = conf_flag(c, "curl") ? show_curl : show_run,
        .json = conf_flag(c, "json"),
        .next = true};
    int rc = store_read_run(r, conf_positional(c, 0), print_row, &p, &e);
    store_reader_close(r);
    if (rc < 0)
        return command_fail(
            e.code == ERR_NOT_FOUND || e.code == ERR_CONFLICT ? STATUS_NO : STATUS_OUTSIDE, "%s",
            e.text);
    return STATUS_OK;
}

const struct command command_events = {
    .name = "events",
    .usage =
        "events [--company NAME] [--rule NAME] [--state STATE] [--key KEY] [--since 30d] [--json]",
    .summary = "what came in",
    .details =
        "--refused lists deliveries that were refused although their sender is known, and\n"
        "those that were too large to be read (413). The newest of each company are kept\n"
        "with their beginning (serve --keep-refused, --keep-refused-body); --json shows it.\n",
    .options = event_options,
    .run = events_run,
};

const struct command command_runs = {
    .name = "runs",
    .usage =
        "runs [--company NAME] [--rule NAME] [--state STATE] [--key KEY] [--since 30d] [--json]",
    .summary = "what happened to it",
    .options = run_options,
    .run = runs_run,
};

const struct command command_show = {
    .name = "show",
    .usage = "show RUN [--curl] [--json]",
    .summary = "one run with its steps, log and result",
    .details = "RUN is a run's id or a beginning of it that only one run has.\n",
    .options = show_options,
    .run = show_run_command,
};

const struct command command_attention = {
    .name = "attention",
    .usage = "attention [--company NAME] [--rule NAME] [--state STATE] [--key KEY] [--since 30d]"
             " [--json]",
    .summary = "what needs a person: the reason, what is done outside, what may be done next",
    .details =
        "Runs that need attention or failed; --state held lists those that wait to be sent.\n"
        "`sauma show RUN` shows one in full.\n",
    .options = attention_options,
    .run = attention_run,
};

const struct command command_acts = {
    .name = "acts",
    .usage = "acts [--company NAME] [--rule NAME] [--state STATE] [--key KEY] [--since 30d]"
             " [--json]",
    .summary = "what people did with runs: who, when, why",
    .details = "--state is the state that a run is in today.\n",
    .options = acts_options,
    .run = acts_run,
};

const struct command command_stats = {
    .name = "stats",
    .usage = "stats [--schedules] [--json]",
    .summary = "the books of each company: what came in, and where all of it is",
    .details =
        "received = done + skipped + attention + held + failed + in flight; the difference is 0.\n"
        "stored is what is kept of the company: bodies, journals and logs (see --max-stored).\n"
        "--schedules lists when each schedule and poll came last and comes next, by the clocks of\n"
        "its zone; the same is at GET /api/v1/schedules.\n",
    .options = stats_options,
    .run = stats_run,
};
