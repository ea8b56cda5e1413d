/* Reading a store from another process or a command, without disturbing the host that owns it:
 * a read-only connection with its own snapshot. */
#ifndef STORE_READ_H
#define STORE_READ_H

#include "store.h"

struct store_reader;

struct store_filter {
    const char *company, *rule, *state, *key, *connection; /* NULL: all */
    const char *event;                                     /* its id; NULL: all */
    const char *reason_like; /* a part of the reason, letters of either case; NULL: all */
    bool needs_person;       /* only attention and failed */
    bool or_held;            /* these, and held */
    int64_t since_ms;        /* wall clock; 0: all */
    int limit;               /* 0: 100 */
};

struct store_reader *store_reader_open(const char *dir, struct err *e);
/* From now on rows are given as they are, with what redact.h hides. */
void store_reader_show_all(struct store_reader *r);
void store_reader_close(struct store_reader *r);

/* Each calls fn once a row, newest first, with the row as a JSON object of stable keys on one line.
 * 0, or -1 and e.
 * events: id company connection type delivery received_at size state reason runs[{id rule state
 *   reason edited}] pruned_at (its body was pruned then; null: it is there); state: in_flight held
 *   done skipped attention failed (see store_books); a filter may also name a state of one of its
 *   runs
 *
 * runs: id event company rule version key state reason until created_at updated_at result about
 *   edited steps. about: what it is about (see lua/boot.lua); edited: a person changed its data
 *
 * Bytes (bodies, results) are JSON as they are if they are JSON, else a string, else
 * {"base64":"..."}; null if there are none. Row functions return non-zero to stop. */
typedef int (*store_row_fn)(void *arg, struct str json);
int store_read_events(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
int store_read_runs(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* Runs with what a person must know to decide: the keys of runs, `done` (what it did outside:
 * [{step connection what title id number at}]) and `unknown` (the same, where nobody knows). */
int store_read_attention(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* What people did: n run event company rule action by at reason before{state reason version key}
 * after{state version key from afresh again} changes[{path before after}] (of the data; or null).
 * The state and key of the filter are those of the run today. */
int store_read_acts(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* One run (id, or a unique beginning of it) with its event and its steps in full: the run's keys
 * and `event` {id connection type delivery received_at state reason headers body pruned_at},
 * `steps` [{seq kind connection title state("open", "answered") outcome attempts duration_ms at
 * request answer}], `log` [{at level text}], `done` and `unknown` as above, `data` (what its rule
 * gets, if a person changed it), `acts` as above, `dropped` [{act seq kind connection title outcome
 * at request answer}] (steps that left the journal by the act of that number). request and answer
 * are the step's spec and meta with `body` added. ERR_NOT_FOUND if there is none, ERR_CONFLICT if
 * more than one begins so. */
int store_read_run(
    struct store_reader *r, const char *id, store_row_fn fn, void *arg, struct err *e);
/* Switches of the live version, newest first: company version folder how by note at (see
 * store.h). Of the filter, company, since_ms and limit count. */
int store_read_switches(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* Books of a company, or of all with NULL. */
int store_read_books(
    struct store_reader *r, const char *company, struct store_books *out, struct err *e);

/* The books of each company in turn, by name, as a JSON object: company received done skipped
 * attention held failed in_flight, difference (received less all others, which is 0),
 * oldest_open_at, when the oldest event that is in flight was received (null: none is), and
 * stored_bytes, how much is kept of it. */
int store_read_each_books(struct store_reader *r, store_row_fn fn, void *arg, struct err *e);

/* Refused deliveries, the newest first: n company connection at status reason authentic size body.
 * Of the filter, company, connection, since_ms and limit count. */
int store_read_refused(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* {company schedule when slot}: schedules and polls that companies have now, slot: see
 * recurrence.h. Of the filter counts the company. */
int store_read_schedules(struct store_reader *r, const struct store_filter *f, store_row_fn fn,
    void *arg, struct err *e);
/* Alerts, the newest first: n company kind about text times first_at last_at, and cleared_at and
 * cleared_by (null and "" while it is open; by "" then: the host itself). Only open ones unless
 * all. Of the filter, company, since_ms (of the last time) and limit count. */
int store_read_alerts(struct store_reader *r, const struct store_filter *f, bool all,
    store_row_fn fn, void *arg, struct err *e);

#endif
