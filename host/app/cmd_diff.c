/* `sauma diff`: a company's recorded events through its live scripts and through others, offline,
 * and what they would do differently. No connection is opened: there is nothing here that could. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "diff.h"
#include "mem.h"
#include "parts.h"
#include "since.h"

/* Events at work at once in each lane: more make more Lua states, and gain nothing. */
#define WINDOW 4
/* A lane is a script process for each side: each takes some 7 MB and loads the scripts. */
#define LANES_MAX 8
#define LANE_TEXT 24

static const struct conf_option options[] = {
    {"with", CONF_TEXT, NULL, "folder with the company's other scripts"},
    {"since", CONF_TEXT, "30d", "events received since then: 30d, 12h, 2026-11-20"},
    {"max-changes", CONF_INT, NULL, "exit status 1 if more events than this change"},
    {"all-fields", CONF_FLAG, NULL, "also what the company's redact hides, and personal codes"},
    {"replay-all", CONF_FLAG, NULL, "play what the live version did again, too"},
    OPTION_DATA,
    OPTION_PARTS,
    OPTION_JSON,
    {"log", CONF_TEXT, "error", "least level logged: debug, info, warn, error"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct comparison;

/* An event under way on both sides; the answers are shown in the order of the events. */
struct pair {
    struct comparison *of;
    struct pair *next;
    struct history_event *ev;
    struct rehearsal *before, *now;
};

struct comparison {
    const struct conf *conf;
    const char *company;
    struct parts parts;
    struct store_reader *reader;
    struct history_version live;
    struct bundle bundle; /* of the other scripts */
    struct memory *memory;
    struct diff_totals totals;
    struct diff_view view;
    char *redact;               /* owned; of view */
    struct pair *first, **last; /* in the order of the events */
    int lanes, next_lane;
    int under_way, contexts;
    int64_t since_ms, after;
    bool ended, told; /* ended: all events were read; told: the summary was shown */
    int status;
};

static void finish(struct comparison *d, int status)
{
    d->status = status;
    loop_stop(d->parts.loop);
}

/* ---- events ---- */

static void go_on(struct comparison *d);

static void show_pair(struct comparison *d, struct pair *p)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    diff_event(&d->totals, p->ev, p->before, p->now, &d->view, &b);
    if (b.failed)
        fprintf(
            stderr, "sauma: event %s: the differences are more than 64 MiB of text\n", p->ev->id);
    else if (b.n)
        fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
}

static void show_ready(struct comparison *d)
{
    struct pair *p;
    while ((p = d->first) != NULL && p->before && p->now) {
        d->first = p->next;
        if (!d->first)
            d->last = &d->first;
        show_pair(d, p);
        rehearsal_free(p->before);
        rehearsal_free(p->now);
        history_event_free(p->ev);
        mem_free(p);
        d->under_way--;
    }
}

/* The next turn of the loop, so that one ready event does not begin the next from within. */
static void turn(void *arg)
{
    struct comparison *d = arg;
    show_ready(d);
    go_on(d);
}

static void half_done(struct pair *p)
{
    if (p->before && p->now)
        loop_post(p->of->parts.loop, turn, p->of);
}

static void on_before(void *arg, struct rehearsal *r)
{
    struct pair *p = arg;
    p->before = r;
    half_done(p);
}

static void on_now(void *arg, struct rehearsal *r)
{
    struct pair *p = arg;
    p->now = r;
    half_done(p);
}

static void begin(struct comparison *d, struct history_event *ev)
{
    struct pair *p = mem_zalloc(1, sizeof(*p));
    *p = (struct pair){.of = d, .ev = ev};
    *d->last = p;
    d->last = &p->next;
    d->under_way++;
    char before[LANE_TEXT], now[LANE_TEXT];
    snprintf(before, sizeof(before), "before %d", d->next_lane);
    snprintf(now, sizeof(now), "now %d", d->next_lane);
    d->next_lane = (d->next_lane + 1) % d->lanes;
    if (!conf_flag(d->conf, "replay-all"))
        p->before = rehearsal_recorded(ev, d->live.name);
    if (!p->before)
        rehearse(d->parts.scripts, before, d->live.name, ev, d->memory, on_before, p);
    rehearse(d->parts.scripts, now, d->bundle.hash, ev, d->memory, on_now, p);
}

static void summarise(struct comparison *d)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    diff_summary(&d->totals, d->view.json, &b);
    fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
    int64_t most = conf_text(d->conf, "max-changes") ? conf_int(d->conf, "max-changes") : INT64_MAX;
    finish(d, d->totals.events - d->totals.same > most ? STATUS_NO : STATUS_OK);
}

static void go_on(struct comparison *d)
{
    struct err e = {0};
    while (!d->ended && d->under_way < WINDOW * d->lanes) {
        struct history_event *ev = history_next(d->reader, d->company, d->since_ms, d->after, &e);
        if (!ev && e.code) {
            finish(d, command_fail(STATUS_OUTSIDE, "%s", e.text));
            return;
        }
        d->ended = !ev;
        if (!ev)
            break;
        d->after = ev->seq;
        if (ev->body.p) {
            begin(d, ev);
        } else {
            d->totals.not_kept++;
            history_event_free(ev);
        }
    }
    if (d->ended && d->under_way == 0 && !d->told) {
        d->told = true; /* other turns may be on their way */
        summarise(d);
    }
}

/* ---- scripts ---- */

static void loaded(struct comparison *d, const char *dir, const struct err *err)
{
    if (err && dir) {
        parts_company_error(dir, err->text);
        finish(d, STATUS_NO);
    } else if (err) {
        finish(d, command_fail(
                      STATUS_NO, "the live version %s does not load: %s", d->live.name, err->text));
    } else if (++d->contexts == 2 * d->lanes) {
        go_on(d);
    }
}

static void on_live_loaded(void *arg, struct str manifest, const struct err *err)
{
    loaded(arg, NULL, err);
}

static void on_other_loaded(void *arg, struct str manifest, const struct err *err)
{
    struct comparison *d = arg;
    loaded(d, conf_text(d->conf, "with"), err);
}

static void load_scripts(struct comparison *d)
{
    struct scripts *s = d->parts.scripts;
    char *settings =
        mem_printf("{\"company\":\"%s\",\"version\":\"%s\"}", d->company, d->live.name);
    scripts_add_system(s, d->live.system_hash, str_of(d->live.system));
    for (int i = 0; i < d->lanes; i++) {
        char before[LANE_TEXT], now[LANE_TEXT];
        snprintf(before, sizeof(before), "before %d", i);
        snprintf(now, sizeof(now), "now %d", i);
        scripts_load(s, before, SCRIPT_COMPANY, "boot", d->live.system_hash, str_of(d->live.bundle),
            str_of(settings), on_live_loaded, d);
        scripts_load(s, now, SCRIPT_COMPANY, "boot", d->parts.system.hash, bundle_str(&d->bundle),
            str_of(settings), on_other_loaded, d);
    }
    mem_free(settings);
}

/* ---- the command ---- */

static void remember(void *arg, int64_t key, struct str spec, struct str body)
{
    memory_add(arg, key, spec, body);
}

static int open_all(struct comparison *d, struct err *e)
{
    struct parts_options o;
    struct engine_settings s;
    if (parts_read_options(d->conf, &o, &s, e) < 0)
        return -1;
    /* A process for each side of each lane, so that none of them waits for another. */
    long lanes = o.workers > 0 ? o.workers : sysconf(_SC_NPROCESSORS_ONLN);
    d->lanes = lanes < 1 ? 1 : lanes > LANES_MAX ? LANES_MAX : (int)lanes;
    o.isolated = true;
    o.share_ms = 0;
    d->reader = store_reader_open(conf_text(d->conf, "data"), e);
    if (!d->reader || history_live(d->reader, d->company, &d->live, e) < 0)
        return -1;
    d->view.redact = d->redact = history_redaction(d->reader, d->company);
    d->memory = memory_new(d->reader);
    if (history_each_read(d->reader, d->company, d->since_ms, remember, d->memory, e) < 0)
        return -1;
    return parts_open_scripts(&d->parts, &o, e);
}

static void close_all(struct comparison *d)
{
    struct pair *p;
    parts_close(&d->parts);
    while ((p = d->first) != NULL) {
        d->first = p->next;
        rehearsal_free(p->before);
        rehearsal_free(p->now);
        history_event_free(p->ev);
        mem_free(p);
    }
    memory_free(d->memory);
    mem_free(d->redact);
    history_version_free(&d->live);
    store_reader_close(d->reader);
    bundle_free(&d->bundle);
    diff_totals_free(&d->totals);
}

static int diff_run(const struct conf *c)
{
    struct comparison d = {.conf = c,
        .company = conf_positional(c, 0),
        .view = {.json = conf_flag(c, "json"), .whole = conf_flag(c, "all-fields")}};
    struct err e = {0};
    const char *with = conf_text(c, "with");
    if (conf_positionals(c) != 1 || !with)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_diff.usage);
    if (conf_text(c, "max-changes") && conf_int(c, "max-changes") < 0)
        return command_fail(STATUS_USAGE, "--max-changes is a number of events, 0 or more");
    if (since_option(c, &d.since_ms) < 0 || command_log_level(c) < 0)
        return STATUS_USAGE;
    if (bundle_read_company(&d.bundle, with, false, &e) < 0)
        return command_fail(STATUS_NO, "%s", e.text);
    d.last = &d.first;
    diff_totals_init(&d.totals);
    if (open_all(&d, &e) < 0) {
        d.status = command_fail(e.code == ERR_NOT_FOUND ? STATUS_NO : STATUS_OUTSIDE, "%s", e.text);
    } else {
        load_scripts(&d);
        loop_run(d.parts.loop);
    }
    close_all(&d);
    return d.status;
}

const struct command command_diff = {
    .name = "diff",
    .usage = "diff COMPANY --with DIR [--since 30d] [--max-changes N] [--json]",
    .summary = "what other scripts would have done to a company's recorded events",
    .details =
        "Both the live scripts and those of DIR go through the events offline: reads are answered\n"
        "from the journals, writes are noted. What is added, missing or changed is shown field by\n"
        "field: requests, and what is left to other runs and people (task, link, alert). The sums\n"
        "are of what the rules return (total, currency), customers are the keys of their runs. An\n"
        "event that asks what no journal answers is not covered: it counts as changed, and is in no\n"
        "sum. What the live version itself did and ended is read from the journal (--replay-all\n"
        "plays it again). Events go through as they came in: data that people corrected for a run is\n"
        "not part of it. Personal codes are masked, and what the company's redact names.\n",
    .options = options,
    .run = diff_run,
};
