/* The engine: events to rules to runs, and the run machine that makes each outside effect of a
 * script happen once (design.md 4). It holds no socket, file or thread of its own: everything it
 * does goes through store.h, http_out.h, scripts.h, loop.h and clock.h. */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "bundle.h"
#include "err.h"
#include "http.h"
#include "http_out.h"
#include "loop.h"
#include "manifest.h"
#include "resolver.h"
#include "scripts.h"
#include "store.h"
#include "str.h"

struct engine;
struct shelf;

struct engine_settings {
    bool dry_run;        /* reads are done, writes are answered by the host */
    bool sandboxes_only; /* what is outside are sandboxes of our own: no connection to an https://
                          * address that stands in the scripts, and no connection's rate is kept */
    bool schedules;      /* they come by themselves; else by engine_fire alone */
    bool ignore_trigger; /* run what a policy would hold or leave: a person asked for it */
    int64_t settle_ms;   /* how long a lost request may still land; -1: connection's, or 120 s */
    struct looks looks;  /* when a lost write is looked for again; n -1: the connection's, or in
                          * proportion to its settling */
    int64_t search_first_ms; /* for so long after older data was put in place of newer, every write
                              * that can looks first */
    int sends;               /* how often a write is sent in all; 0: connection's, or 3 */
    int64_t retry_base_ms;   /* first wait after a transient failure is at most this */
    int64_t retry_cap_ms;    /* and no wait is longer than this */
    int retry_attempts;      /* tries of one step; 0: as many as its time allows */
    int64_t retry_after_cap_ms; /* a Retry-After beyond this is cut to it */
    int64_t step_deadline_ms;   /* a step is not tried again so long after its first try */
    int64_t run_deadline_ms;    /* nor so long after its run began, waits without failure aside */
    int64_t inline_wait_ms;     /* longer waits give the Lua state back */
    int64_t http_timeout_ms;    /* one request, if the connection does not say */
    size_t max_answer;          /* bytes of an outside answer */
    size_t kept_answers;        /* bytes of answers that count for a while, of one company */
    size_t max_file;            /* bytes of one that is kept as a file */
    int max_steps;              /* of one run */
    size_t max_sent;            /* bytes of request bodies of one run */
    int max_events;             /* in memory and at work; others wait in the store */
    int64_t max_backlog;        /* open events of one company; 0: no limit */
    int64_t max_minute;         /* new events of one company a minute; 0: no limit */
    int64_t max_stored;         /* bytes that are kept of one company; 0: no limit */
    int keep_refused;           /* refused deliveries of one company that are kept; 0: none */
    size_t keep_refused_body;   /* and bytes of each */
    int max_running;            /* runs with a live call, in all */
    int max_running_company;    /* and of one company, so that none takes all places */
    int concurrency;            /* requests at once on one connection, if it does not say */
    int breaker_failures;       /* transient failures in a row that stop a connection */
    int64_t breaker_ms;         /* for how long; doubles up to retry_cap_ms */
    int64_t alert_gather_ms; /* an alert is told when no more of it came for so long; 0: at once */
    int64_t alert_again_ms;  /* one that goes on is told again after this; 0: never */
    int alerts_per_hour;     /* of a company, told one by one; 0: all */
    int64_t log_again_ms;    /* a line that strangers cause is written again after this */
    int64_t connection_down_ms;  /* one that has not worked for so long is told, see health.h */
    int64_t signature_window_ms; /* a signed timestamp may differ by this */
    int64_t grant_renew_ms;      /* a grant is renewed at least so often; 0: when it is used */
    size_t match_memory;         /* bytes of all catalogues that are kept to find what is alike */
    int64_t match_fresh_ms;      /* a catalogue that was looked at within this is not read again */
    int64_t match_whole_ms;      /* all of it is read again after this */
    int64_t match_wait_ms;       /* a step waits so long for a catalogue that is being read */
    int64_t store_retry_ms;      /* what the store refused for want of space is asked again */
    uint64_t seed;               /* of the jitter; 0: random */
};
void engine_settings_defaults(struct engine_settings *s);

/* What the engine stands on; all of it outlives the engine. */
struct engine_parts {
    struct loop *loop;
    struct store *store;
    struct scripts *scripts;
    struct http_out *http;
    const struct resolver *resolver;
    const struct bundle *system; /* the same that scripts_new got */
    struct shelf *shelf;         /* of catalogues; NULL: none are kept */
};

struct engine *engine_new(const struct engine_parts *p, const struct engine_settings *s);
/* Drops what is under way without a word; the journal knows how to go on. */
void engine_free(struct engine *e);
/* Begins to work through what the store holds unsettled. To be called once, after the companies
 * were loaded; events that are ingested before it wait. */
void engine_start(struct engine *e);
/* Nothing is at work, in memory or on its way to the store: what is open waits for a time, for
 * another run or for a person. */
bool engine_idle(const struct engine *e);
/* True after engine_start, while the store takes events and no drain is under way. */
bool engine_ready(const struct engine *e);
/* Starts no new run or step, waits at most deadline_ms for the steps under way, then calls done
 * once. What is left goes on after the next start. */
void engine_drain(struct engine *e, int64_t deadline_ms, loop_fn done, void *arg);

/* ---- companies ---- */
/* error NULL: the version is live (also if it already was). Otherwise what was live stays. */
typedef void (*engine_loaded_fn)(
    void *arg, const char *company, const char *version, const struct err *error);
/* 1 to 63 lower-case letters, digits, - and _: the {company} of the webhook's path. */
bool engine_company_name(const char *name);
/* Reads the folder, loads it and makes it the company's current version; called again for a
 * reload. name: as engine_company_name says. */
void engine_load_company(
    struct engine *e, const char *name, const char *dir, engine_loaded_fn fn, void *arg);
/* Reads from the store which version of each company was live last, and which of these by a
 * rollback; to be called before the first load. Such a company whose folder then does not load, is
 * live with that version all the same; the load's error is told. */
void engine_load_live(struct engine *e, void (*done)(void *arg, const struct err *err), void *arg);
/* Its folder is gone: no new events. What was accepted waits until it is back, runs under way go
 * on. Nothing if it is not known. */
void engine_unload_company(struct engine *e, const char *name);
/* Makes an earlier version (12 characters, as `versions` lists them) the live one; it stays so,
 * over restarts too, until the company's folder is changed. by: who, note: why. fn gets an error if
 * the version is not known or does not load; then nothing changed. */
void engine_rollback(struct engine *e, const char *company, const char *version, const char *by,
    const char *note, engine_loaded_fn fn, void *arg);
/* All folders of dir that hold a company.lua; calls fn once for each, and done at the end. -1 and
 * err if dir cannot be read. */
int engine_load_all(struct engine *e, const char *dir, engine_loaded_fn fn,
    void (*done)(void *arg, int loaded, int failed), void *arg, struct err *err);
/* True if that is the token of the connection's button (setting `button`); takes as long for what
 * does not exist. */
bool engine_button(struct engine *e, const char *company, const char *connection, struct str token);
/* Current version ("1f3a09c2b7de") and manifest; NULL if the company is unknown or did not load. */
const char *engine_version(const struct engine *e, const char *company);
/* When that version became the live one, wall clock; it may have been before the host started. */
int64_t engine_version_since(const struct engine *e, const char *company);
const struct manifest *engine_manifest(const struct engine *e, const char *company);
/* What its folder holds loads, but the disk refused its sources: it goes live by itself as soon as
 * they are stored, or not at all if the folder changes before. */
bool engine_awaits_disk(const struct engine *e, const char *company);
/* Error of the last load that failed, or NULL; stays until a load succeeds. */
const char *engine_load_error(const struct engine *e, const char *company);
/* Names in alphabetical order; returns how many there are, fills at most max. */
int engine_companies(const struct engine *e, const char **names, int max);
/* Secrets and variables that the company names and that have no value; returns how many. */
int engine_missing(struct engine *e, const char *company,
    void (*fn)(void *arg, bool env, const char *name, const char *where), void *arg);
/* Sends all requests of connections of this kind (or of this name) to url instead; NULL ends it.
 * For tests and sandboxes. */
void engine_override_url(struct engine *e, const char *kind_or_name, const char *url);

/* ---- events ---- */
struct engine_reply {
    int status;        /* 202, 200 (duplicate), 400, 401, 404, 409, 429, 503 */
    int retry_after;   /* seconds; 0: no such header */
    struct str json;   /* body */
    const char *event; /* id of the stored event, or NULL */
};
/* Called once, perhaps before engine_ingest returns; r lives during the call. */
typedef void (*engine_reply_fn)(void *arg, const struct engine_reply *r);
/* A webhook delivery as it came. */
struct engine_delivery {
    const char *company, *connection;
    const char *method; /* "POST"; with url for signatures that are over both */
    struct str url;     /* that the sender posted to */
    const struct http_header *headers;
    int nheaders;
    struct str body;
};
/* fn is called when the event is on disk or was refused. d and what it names may go after the call.
 */
void engine_ingest(
    struct engine *e, const struct engine_delivery *d, engine_reply_fn fn, void *arg);
/* A delivery that the HTTP server refused before it was read whole (413). */
void engine_refused(
    struct engine *e, const char *company, const char *connection, int status, const char *why);
/* The same without authentication, for `sauma run` and tests. type NULL: read from the body as
 * for a webhook; a connection without a webhook is allowed then. */
void engine_inject(struct engine *e, const char *company, const char *connection, const char *type,
    struct str body, engine_reply_fn fn, void *arg);

/* The event of a schedule, now: of its next time, or of `at` ("2026-11-25T03:00" on its clocks, or
 * RFC 3339). 404 if there is no such schedule, 400 if it never comes at that time. */
void engine_fire(struct engine *e, const char *company, const char *schedule, const char *at,
    engine_reply_fn fn, void *arg);

/* ---- people: act.h ---- */
typedef void (*engine_act_fn)(void *arg, const struct err *e); /* e NULL: it is on disk */

/* ---- watching ---- */
struct engine_run_info {
    const char *id, *event, *company, *connection, *rule, *version, *key;
    enum run_state state;
    const char *reason; /* "" if none */
    struct str result;  /* JSON; n 0 if none */
    int64_t until_ms;   /* waiting: wall clock */
};
struct engine_step_info {
    const struct engine_run_info *run;
    uint32_t seq;
    const char *kind, *connection, *title;
    const char *outcome; /* "done", "unknown", "error", "dry", "retry" (will be tried again) */
    const char *problem; /* "" if none */
    bool replayed;       /* answered from the journal */
    int status;          /* of HTTP; 0 if none */
    int attempts;
    int64_t duration_us;
    struct str request, meta, body;
};
struct engine_event_info {
    const char *id, *company, *connection, *type;
    int runs;
    bool settled;       /* every run of it is final or held, or it was skipped */
    const char *reason; /* why there are no runs; "" if there are */
};
/* An alert that is told: to the company's rules, and here. */
struct engine_alert_info {
    const char *company; /* "": the host as a whole */
    const char *kind, *about, *text;
    const char *state; /* "open", "again", "over" */
    int64_t at_ms;     /* wall clock: since when; of one that is over, when it ended */
    int64_t times;
    bool heard; /* the company has a rule for it */
};
/* Any member may be NULL. Told after the change is on disk, except for replayed steps. */
struct engine_observer {
    void (*event)(
        void *arg, const struct engine_event_info *i); /* routed, and again when settled */
    void (*run)(void *arg, const struct engine_run_info *i);
    void (*step)(void *arg, const struct engine_step_info *i);
    void (*log)(void *arg, const struct engine_run_info *i, const char *level, struct str text);
    void (*alert)(void *arg, const struct engine_alert_info *i);
    void *arg;
};
void engine_observe(struct engine *e, const struct engine_observer *o);

struct engine_stats {
    int64_t received, duplicates, conflicts, refused; /* deliveries since the start */
    int64_t unauthenticated;
    int64_t limited;   /* of those refused: over the company's limits */
    int64_t scheduled; /* events of schedules; they count as received too */
    int64_t runs_started, runs_resumed, runs_done, runs_skipped, runs_failed, runs_attention;
    int64_t steps, steps_replayed, requests, retries, unknown, token_fetches, scripts_lost, alerts;
    int events_in_memory, running, queued, parked; /* now */
    bool behind;                                   /* events wait in the store for room */
};
void engine_stats(const struct engine *e, struct engine_stats *out);

#endif
