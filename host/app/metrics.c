#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct metric {
    const char *name;
    const char *type; /* "counter" or "gauge" */
    const char *help;
    int64_t value;
};

static void put(struct buf *b, const struct metric *m)
{
    buf_addf(b, "# HELP sauma_%s %s\n# TYPE sauma_%s %s\nsauma_%s %" PRId64 "\n", m->name, m->help,
        m->name, m->type, m->name, m->value);
}

/* Resident memory of this process, from /proc (see proc(5), statm). */
static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%*s %ld", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

void metrics_write(struct buf *b, const struct parts *p, int64_t http_refused)
{
    const struct store *s = p->store;
    struct engine_stats st;
    struct scripts_stats ss;
    engine_stats(p->engine, &st);
    scripts_stats(p->scripts, &ss);
    const struct metric all[] = {
        {"events_received_total", "counter", "Deliveries stored as new events.", st.received},
        {"events_scheduled_total", "counter", "Of them those of schedules and polls.",
            st.scheduled},
        {"events_duplicate_total", "counter", "Deliveries that were there before.", st.duplicates},
        {"events_conflict_total", "counter", "Delivery ids seen again with other bytes.",
            st.conflicts},
        {"deliveries_refused_total", "counter", "Authentic deliveries that were not usable.",
            st.refused},
        {"deliveries_limited_total", "counter", "Deliveries over a limit of their company (429).",
            st.limited},
        {"deliveries_unauthenticated_total", "counter", "Deliveries with a wrong signature.",
            st.unauthenticated},
        {"http_refused_total", "counter", "Requests refused before they were deliveries.",
            http_refused},
        {"runs_started_total", "counter", "Runs begun.", st.runs_started},
        {"runs_resumed_total", "counter", "Runs that went on from their journal.", st.runs_resumed},
        {"runs_done_total", "counter", "Runs that ended done.", st.runs_done},
        {"runs_skipped_total", "counter", "Runs that ended skipped.", st.runs_skipped},
        {"runs_failed_total", "counter", "Runs that ended failed.", st.runs_failed},
        {"runs_attention_total", "counter", "Runs that were parked for a person.",
            st.runs_attention},
        {"steps_total", "counter", "Steps carried out.", st.steps},
        {"steps_replayed_total", "counter", "Steps answered from a journal.", st.steps_replayed},
        {"requests_total", "counter", "Requests sent to outside systems.", st.requests},
        {"retries_total", "counter", "Requests tried again.", st.retries},
        {"unknown_outcomes_total", "counter", "Writes whose answer never came.", st.unknown},
        {"token_fetches_total", "counter", "Access tokens fetched.", st.token_fetches},
        {"runs_interrupted_total", "counter", "Runs whose script process died.", st.scripts_lost},
        {"events_in_memory", "gauge", "Events at work.", st.events_in_memory},
        {"runs_running", "gauge", "Runs with a live script.", st.running},
        {"runs_queued", "gauge", "Runs that wait for their turn.", st.queued},
        {"runs_parked", "gauge", "Runs that wait for a time.", st.parked},
        {"script_processes", "gauge", "Script processes that run.", ss.processes},
        {"script_process_deaths_total", "counter", "Script processes that died.", ss.deaths},
        {"scripts_apart", "gauge", "Versions that computed for long, in processes of their own.",
            ss.apart},
        {"store_pending", "gauge", "Store operations not yet on disk.", store_pending(s)},
        {"alerts_raised_total", "counter", "Alerts that became open.", st.alerts},
        {"alerts_open", "gauge", "Alerts that nobody closed.", store_alerts_open(s)},
        {"store_full", "gauge", "1 while the disk is full.", store_full(s)},
        {"resident_bytes", "gauge", "Memory of the host process.", resident_bytes()},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        put(b, &all[i]);
}

/* A label's value: backslash, quote and newline are escaped. Names of folders hold little else. */
static void put_label(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buf_addc(b, '\\');
        if (*text == '\n')
            buf_adds(b, "\\n");
        else
            buf_addc(b, *text);
    }
}

void metrics_write_company(struct buf *b, const char *name, const char *company, int64_t value)
{
    buf_addf(b, "sauma_%s{company=\"", name);
    put_label(b, company);
    buf_addf(b, "\"} %" PRId64 "\n", value);
}

void metrics_write_gauge(struct buf *b, const char *name, const char *help, struct str lines)
{
    buf_addf(b, "# HELP sauma_%s %s\n# TYPE sauma_%s gauge\n", name, help, name);
    buf_add(b, lines.p, lines.n);
}

void metrics_write_one(
    struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
    const struct metric m = {name, type, help, value};
    put(b, &m);
}

void metrics_write_server(struct buf *b, const struct http_in *http)
{
    metrics_write_one(
        b, "http_connections", "gauge", "Connections that are open.", http_in_connections(http));
    buf_adds(b, "# HELP sauma_http_limit_hits_total How often a limit of the server was reached.\n"
                "# TYPE sauma_http_limit_hits_total counter\n");
    for (int i = 0; i < HTTP_LIMITS; i++) {
        buf_adds(b, "sauma_http_limit_hits_total{limit=\"");
        put_label(b, http_limit_name((enum http_limit)i));
        buf_addf(b, "\"} %" PRId64 "\n", http_in_hits(http, (enum http_limit)i));
    }
}

void metrics_write_differences(struct buf *b, const struct store_difference *d, int n)
{
    buf_adds(b, "# HELP sauma_books_difference Events received minus those in any state; always 0."
                "\n# TYPE sauma_books_difference gauge\n");
    for (int i = 0; i < n; i++)
        metrics_write_company(b, "books_difference", d[i].company, d[i].difference);
}
