/* The durable store: events, runs, journals, versions, secrets. One thread owns the SQLite
 * database (WAL, synchronous=FULL) and commits all that was asked in one turn in one transaction;
 * a callback runs on the loop when its operation is on disk, in the order of asking.
 * After an I/O error in a commit the process ends with status 74: what was promised is in the log,
 * and retrying a failed fsync could report success for lost data. Disk full is different: the
 * operations of that batch fail with ERR_IO ("disk full") and nothing of them is stored. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "loop.h"
#include "str.h"

struct store;

/* Opens or creates DIR/sauma.db, takes DIR/lock (one host a data folder), migrates the schema.
 * Refuses a newer schema in plain words. */
struct store *store_open(struct loop *l, const char *dir, struct err *e);
/* Waits for what was asked, also by the callbacks that are called meanwhile, then closes. Not to
 * be called from a callback of the store. */
void store_close(struct store *s);
/* True while operations fail for lack of space; new events should get 503. */
bool store_full(const struct store *s);
/* Routing, answers, steps, logs and states of runs may wait a moment (1 ms) for others to share
 * their commit, in order: nothing overtakes anything. This ends the wait: somebody needs them on
 * disk. */
void store_hurry(struct store *s);
/* Operations asked and not yet on disk. */
int store_pending(const struct store *s);
/* When this data was put in place of newer data, or may have been (a backup restored, a file copied
 * into the folder): wall clock, 0 if never. Events and effects of the time between may have been
 * forgotten, so that for some time nothing may be made outside without looking for it first. Found
 * out by store_open; it does not change while the store is open. */
int64_t store_restored_ms(const struct store *s);
/* For so long hosts have run on this data since, as far as they wrote it down
 * (store_set_restored_for); as it was when the store was opened. */
int64_t store_restored_for_ms(const struct store *s);
/* A host has run on it for ms since, in all. What a full disk refuses may be written later. */
void store_set_restored_for(struct store *s, int64_t ms);

/* ---- events ---- */
struct store_event {
    const char *id; /* evt_... */
    const char *company;
    const char *connection;
    const char *type;     /* "proposal.accepted", may be "" */
    const char *delivery; /* the sender's id of the delivery; "" if it has none */
    int64_t received_ms;  /* wall clock */
    struct str headers;   /* JSON object of the headers worth keeping */
    struct str body;      /* raw bytes */
};
enum store_event_result {
    STORE_EVENT_NEW,
    STORE_EVENT_DUPLICATE, /* same delivery id and bytes: first_id is the one stored */
    STORE_EVENT_CONFLICT,  /* same delivery id, other bytes */
    STORE_EVENT_FAILED     /* not stored: e */
};
typedef void (*store_event_fn)(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e);
/* All arguments are copied. seq orders the events of the store. */
void store_add_event(struct store *s, const struct store_event *ev, store_event_fn fn, void *arg);
/* One that a sender may send again with another count of its tries in it, at the path `attempt`:
 * bodies that differ there alone are the same. skipped: why no run comes of it; NULL: it is routed.
 */
void store_add_delivery(struct store *s, const struct store_event *ev, const char *attempt,
    const char *skipped, store_event_fn fn, void *arg);

/* ---- runs ---- */
enum run_state {
    RUN_QUEUED,
    RUN_RUNNING,
    RUN_WAITING,
    RUN_HELD,
    RUN_DONE,
    RUN_SKIPPED,
    RUN_FAILED,
    RUN_ATTENTION
};
const char *run_state_name(enum run_state s);
bool run_state_final(enum run_state s); /* done, skipped, failed, attention */

struct store_run {
    const char *id; /* run_... */
    const char *event;
    const char *company;
    const char *rule;    /* the rule's name */
    const char *version; /* of the company's scripts */
    const char *key;     /* "" if none */
    enum run_state state;
    const char *reason; /* business words; "" if none */
    const char *newest; /* how new its data is (newness.h); "" or NULL: not said */
    const char *about;  /* what it is about, JSON (lua/boot.lua); "" or NULL: not known */
};
typedef void (*store_done_fn)(void *arg, const struct err *e); /* e NULL: on disk */
/* Records the routing of an event in one transaction: its runs (may be none, then the event is
 * skipped with `reason`). fn may be NULL. */
void store_route(struct store *s, const char *event, const struct store_run *runs, int n,
    const char *reason, store_done_fn fn, void *arg);

struct store_run_change {
    const char *run;
    enum run_state state;
    const char *reason;  /* NULL: "" */
    struct str result;   /* JSON: what the rule returned, or the error's details */
    int64_t until_ms;    /* waiting: wall clock */
    const char *version; /* NULL: unchanged */
    int64_t began_ms;    /* 0: unchanged */
};
void store_set_run(struct store *s, const struct store_run_change *c, store_done_fn fn, void *arg);

/* How the tries of the run's step under way went (JSON). fn NULL: it may wait for others to share
 * its commit. */
void store_set_tries(
    struct store *s, const char *run, struct str tries, store_done_fn fn, void *arg);

/* ---- journal ---- */
struct store_step {
    const char *run;
    uint32_t seq;
    const char *kind;        /* "read", "write", "time", "sleep" ... */
    const char *connection;  /* "" if none */
    const char *title;       /* "POST /businesspartners" */
    const char *fingerprint; /* id_hash of spec and body */
    struct str spec, body;   /* what was asked; no secrets in it */
    int64_t at_ms;
};
struct store_answer {
    const char *outcome;   /* "done", "unknown", "error" */
    struct str meta, body; /* bytes that the script got */
    int64_t at_ms;
    int attempts;
    int64_t duration_us;
};
/* Intent of a write: fn is called when it is on disk; only then may a byte leave. */
void store_intent(struct store *s, const struct store_step *st, store_done_fn fn, void *arg);
/* Answer to a step whose intent is stored. */
void store_answer(struct store *s, const char *run, uint32_t seq, const struct store_answer *a,
    store_done_fn fn, void *arg);
/* A whole step (reads). */
void store_step(struct store *s, const struct store_step *st, const struct store_answer *a,
    store_done_fn fn, void *arg);
/* A line that a script logged. */
void store_log(struct store *s, const char *run, int64_t at_ms, const char *level, struct str text);

struct store_journal_step {
    uint32_t seq;
    struct store_step step;
    bool answered;
    struct store_answer answer;
};
/* Reads a run's journal, on the store thread; steps live during the call. */
/* An answer that is a file (the host's own meta begins so): its body may be large and is nobody's
 * but who sends it on. It is read by store_load_file alone; elsewhere it counts as empty. */
#define STORE_FILE_META "{\"file\":{\"id\":\""
static inline bool store_keeps_file(struct str meta)
{
    return str_starts(meta, STORE_FILE_META);
}
typedef void (*store_journal_fn)(
    void *arg, const struct store_journal_step *steps, int n, const struct err *e);
void store_load_journal(struct store *s, const char *run, store_journal_fn fn, void *arg);

/* ---- what is open ---- */
/* An event is open while it is in flight: not routed, or with a run that is queued, running or
 * waiting. There may be a million of them, so they are read a few at a time, a company at a time.
 */
/* What the store keeps of a run at work; times by the wall clock. */
struct store_progress {
    /* How long it is at work, by the last that was stored of it and the wait it is in; -1: it has
     * not begun. What the host was down, or the clock was set meanwhile, is none of its time. */
    int64_t spent_ms;
    /* A person let it go on: the first step that it does since. 0: never, or only before older data
     * was put in place of newer. */
    uint32_t reopened_seq;
    const char *tries; /* what store_set_tries said last; NULL: nothing */
};
struct store_open_event {
    int64_t seq;
    struct store_event event;
    bool routed;
    const struct store_run *runs; /* of a routed event: queued, running, waiting */
    const int64_t *until_ms;      /* same length */
    const struct store_progress *progress;
    int nruns;
};
enum store_open_kind {
    STORE_OPEN_NEW,   /* not routed, in order of seq */
    STORE_OPEN_READY, /* routed and with a run that is queued or running, in order of seq */
    STORE_OPEN_BEGUN, /* with a run of the key `name` that is running or waiting, in order of seq */
    STORE_OPEN_KEY,   /* with an open run of the key `name`, in order of seq */
    STORE_OPEN_DUE,   /* with a run that waits, in order of the times these wait until */
    STORE_OPEN_RUN    /* the one with the open run `name` */
};
/* A place in one of these orders; zeroes are before the first. */
struct store_place {
    int64_t seq; /* of an event; for STORE_OPEN_DUE the number of a run */
    int64_t ms;  /* STORE_OPEN_DUE alone: the time it waits until */
};
struct store_open_query {
    const char *company; /* may be NULL for STORE_OPEN_RUN */
    enum store_open_kind kind;
    const char *name;         /* key or run, see above */
    struct store_place after; /* events after this place only */
    int64_t until;            /* and none of a greater seq (or time); 0: no end */
    int limit;                /* at least 1 */
};
struct store_open_end {
    int n;                   /* events given */
    bool more;               /* there may be others: ask again after `last` */
    struct store_place last; /* of the last one, or `after` if there was none */
    int64_t next_ms;         /* STORE_OPEN_DUE: the earliest wait beyond `until`; 0: none */
};
typedef void (*store_open_fn)(void *arg, const struct store_open_event *ev);
typedef void (*store_open_end_fn)(
    void *arg, const struct store_open_end *end, const struct err *e); /* end NULL with e */
/* Bodies included, and fewer events if these are large. With several waiting runs an event may be
 * given again. done is called last. Both on the loop. */
void store_load_open(struct store *s, const struct store_open_query *q, store_open_fn fn,
    store_open_end_fn done, void *arg);

/* Runs that had begun (running, waiting), as far as others must know it before any goes on: with
 * the key, if an older run of it is queued, the locks that they hold, and their tries. They live
 * during the call; done is called last. On the loop. */
struct store_begun {
    const char *run, *company, *key, *tries; /* "" if there is none */
    const char *const *locks;
    int nlocks;
};
typedef void (*store_begun_fn)(void *arg, const struct store_begun *b);
void store_load_begun(struct store *s, store_begun_fn fn, store_done_fn done, void *arg);

/* The body of an event; it lives during the call. */
typedef void (*store_body_fn)(void *arg, struct str body, const struct err *e);
void store_load_body(struct store *s, const char *event, store_body_fn fn, void *arg);
/* The bytes of a file that the run fetched, by the id that the answer's meta gives it
 * ({"file":{"id":"..."); they live during the call. ERR_NOT_FOUND if it fetched none such; empty if
 * it was pruned or erased. */
void store_load_file(struct store *s, const char *run, const char *id, store_body_fn fn, void *arg);

/* ---- versions of scripts ---- */
/* bundle: JSON object of file names to sources; hash names it. Stored once. What is asked of these
 * three in this order is there altogether, or the last says why not: a version is not put where one
 * of its bundles is not, nor a switch to a version that is not. */
void store_put_bundle(struct store *s, const char *hash, struct str bundle);
void store_put_version(struct store *s, const char *company, const char *version,
    const char *company_hash, const char *system_hash, int64_t at_ms);
typedef void (*store_version_fn)(void *arg, const char *company_hash, struct str company_bundle,
    const char *system_hash, struct str system_bundle, const struct err *e);
void store_load_version(
    struct store *s, const char *company, const char *version, store_version_fn fn, void *arg);

/* Which version of a company's scripts became the live one, how and by whom. */
struct store_switch {
    const char *company, *version;
    const char *folder; /* the version that stood in the folder then */
    const char *how;    /* "save": the folder's own; "rollback": a person chose it */
    const char *by, *note;
    int64_t at_ms;
};
/* Nothing if the company's last switch was to the same version in the same way. fn may be NULL. */
void store_add_switch(struct store *s, const struct store_switch *sw, store_done_fn fn, void *arg);
/* The last switch of each company in turn, then done: which version was live when the host ended.
 * Both on the loop. by and note are not read: NULL. */
typedef void (*store_live_fn)(void *arg, const struct store_switch *sw);
void store_load_live(struct store *s, store_live_fn fn, store_done_fn done, void *arg);

/* Fields of the company's data that people are not shown (redact.h): a JSON list; "" or NULL: none
 * but the personal identity codes. fn may be NULL. */
void store_set_redaction(
    struct store *s, const char *company, const char *rules, store_done_fn fn, void *arg);

/* ---- figures ---- */
/* Events, each in exactly one place; with several runs an event counts as the first of in flight
 * (also: not routed yet), attention, failed, held, done, skipped that one of its runs is in.
 * received = done + skipped + attention + held + in_flight + failed, at every commit. */
struct store_books {
    int64_t received, done, skipped, attention, held, in_flight, failed;
    int64_t stored; /* bytes that are kept of it: bodies, journals, logs */
};
/* b lives during the call; NULL with e. */
typedef void (*store_books_fn)(void *arg, const struct store_books *b, const struct err *e);
/* Books of a company, or of all with NULL, after what was asked before. */
void store_load_books(struct store *s, const char *company, store_books_fn fn, void *arg);
/* received minus all the others, of each company; never anything but 0. n is -1 with e. */
struct store_difference {
    char *company;
    int64_t difference;
};
typedef void (*store_differences_fn)(
    void *arg, const struct store_difference *d, int n, const struct err *e);
void store_load_differences(struct store *s, store_differences_fn fn, void *arg);

/* When the newest backup of this store was taken, wall clock; 0: none was. */
typedef void (*store_backup_fn)(void *arg, int64_t last_ms, const struct err *e);
void store_load_last_backup(struct store *s, store_backup_fn fn, void *arg);

/* A company's books, and what of it is open. */
struct store_backlog {
    const char *company;
    struct store_books books; /* in_flight: open events */
    int64_t oldest_ms;        /* when the oldest open event was received; 0: none is open */
    int64_t due_ms;           /* the earliest time that a run waits until; 0: none waits */
    /* Events from this one on are not routed, though some up to that one, and that one, are and can
     * go on: a full disk refused the routing of one and took that of a later one. 0, 0: none. */
    int64_t late_from, late_until;
};
typedef void (*store_backlog_fn)(void *arg, const struct store_backlog *b);
/* Companies by name, after this one ("": from the first), at most limit; done gets how many.
 * b lives during the call. */
void store_load_backlog(struct store *s, const char *after, int limit, store_backlog_fn fn,
    void (*done)(void *arg, int n, const struct err *e), void *arg);

/* ---- alerts ---- */
/* What is wrong and is no single run's: a connection that is silent, a delivery id used twice. */
struct store_alert {
    const char *company; /* "": the host as a whole */
    const char *kind;    /* "delivery-conflict" */
    const char *about;   /* which one of its kind: a connection, a rule, a delivery id */
    const char *text;    /* what happened, what is already done, what to do */
    int64_t at_ms;       /* wall clock */
};
/* changed: an alert became open, or was closed, by this. */
typedef void (*store_alert_fn)(void *arg, bool changed, const struct err *e);
/* At most one of a company, kind and about is open: raised again, it is counted up and gets the
 * newer words. fn may be NULL. */
void store_raise_alert(struct store *s, const struct store_alert *a, store_alert_fn fn, void *arg);
/* Closes it, if it is open: what was wrong is well again. The text is not used. */
void store_clear_alert(struct store *s, const struct store_alert *a, store_alert_fn fn, void *arg);
/* The same, unless a run of the company and of the rule that the alert is about is in that state.
 */
void store_clear_stale_alert(struct store *s, const struct store_alert *a, enum run_state unless,
    store_alert_fn fn, void *arg);
/* Those that are open, the oldest first, with at_ms since when, and how often each was raised; a
 * lives during the call. Then done.
 * Both on the loop. */
typedef void (*store_each_alert_fn)(void *arg, const struct store_alert *a, int64_t times);
void store_load_alerts(struct store *s, store_each_alert_fn fn, store_done_fn done, void *arg);
/* A person closes the alert of this number. ERR_NOT_FOUND if it is not open. */
void store_close_alert(
    struct store *s, int64_t n, const char *by, int64_t at_ms, store_alert_fn fn, void *arg);
/* Alerts that are open on disk now. */
int store_alerts_open(const struct store *s);

/* ---- requests of the API that have a key of their own ---- */
enum store_once {
    STORE_ONCE_NEW,     /* carry it out, then store_once_end */
    STORE_ONCE_DONE,    /* it was answered so: status and body */
    STORE_ONCE_RUNNING, /* it is being carried out */
    STORE_ONCE_LOST,    /* it was begun by a host that ended before it was answered */
    STORE_ONCE_OTHER    /* the key was used for another request */
};
struct store_once_key {
    const char *key;
    const char *hash; /* of all of the request */
    const char *host; /* names this process */
    int64_t at_ms;    /* wall clock */
};
/* body lives during the call. */
typedef void (*store_once_fn)(
    void *arg, enum store_once what, int status, struct str body, const struct err *e);
/* Keys that are older than keep_ms are forgotten. */
void store_once_begin(
    struct store *s, const struct store_once_key *k, int64_t keep_ms, store_once_fn fn, void *arg);
/* Keeps the answer; status 0: forgets the key, nothing was done. */
void store_once_end(
    struct store *s, const char *key, int status, struct str body, store_done_fn fn, void *arg);

/* ---- refused deliveries ---- */
struct store_refused {
    const char *company, *connection;
    int64_t at_ms; /* wall clock */
    int status;    /* what it was answered with: 400, 409, 413, 429 */
    const char *reason;
    bool authentic;  /* its sender is known */
    size_t size;     /* bytes that it had; 0: not known */
    struct str body; /* or its beginning; none if it was not read */
};
/* Keeps it, and of the company (and of those that are authentic, or are not) the newest `keep`. */
void store_add_refused(struct store *s, const struct store_refused *r, int keep);

#endif
