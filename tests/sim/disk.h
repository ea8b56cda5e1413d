/* The virtual disk: what the real store keeps in its tables, as plain memory that outlives the
 * host. The judge reads it as it is; the host only through store.h. */
#ifndef DISK_H
#define DISK_H

#include "sim.h"
#include "store.h"
#include "store_act.h"
#include "store_clock.h"
#include "store_order.h"
#include "store_schedule.h"

struct disk_step {
    struct store_step step;
    bool answered;
    struct store_answer answer;
    int64_t sent_us; /* for the judge: monotonic, of the last request that carried it */
    int64_t us;      /* when it came, by the clock that nobody sets */
};

/* A step that left a journal. */
struct disk_old {
    struct disk_step was;
    bool guard; /* its effect is kept in mind */
};

struct disk_run {
    struct disk_run *next; /* of its event, in order */
    struct disk_event *event;
    struct store_run run; /* state and reason as they are now */
    int64_t n;
    struct str result;
    struct store_progress progress;
    int64_t until_ms, updated_ms, began_ms;
    struct disk_step *steps; /* by seq */
    int nsteps, room, logs;
    bool unbegun; /* that it runs could not be written: nothing goes into its journal until it is */
    bool torn;    /* its journal could not be written: nothing more goes in until it is read */
    struct disk_old *old;
    int nold, old_room;
    struct str data; /* that a person changed; p NULL: the event's */
    int64_t edit;
    bool edited;      /* since it last went on */
    bool acted;       /* for the judge: a person sent, retried or skipped it */
    bool wrote;       /* a write of it has left */
    bool sent;        /* for the judge: in whatever life of the host */
    int64_t ended_us; /* monotonic, of its last end; 0: it has none */
};

enum event_state {
    EVENT_SKIPPED,
    EVENT_DONE,
    EVENT_HELD,
    EVENT_FAILED,
    EVENT_ATTENTION,
    EVENT_IN_FLIGHT,
    EVENT_STATES
};

struct disk_event {
    struct store_event event;
    int64_t seq;
    bool routed;
    enum event_state state;
    const char *reason;
    struct disk_run *runs;
};

struct disk_version {
    const char *company, *version, *company_hash, *system_hash;
    int64_t at_ms;
};

/* Where a company's last switch of versions led. */
struct disk_switch {
    struct disk_switch *next;
    const char *company, *version, *folder, *how;
    int64_t at_ms;
};

/* How new the data is that a rule has begun to work with, for a key. */
struct disk_newest {
    const char *value, *event;
};

struct disk_alert {
    struct store_alert alert;
    int64_t n, times;
    bool open;
};

/* Text to anything; open addressing. */
struct index {
    struct index_entry {
        const char *key;
        void *value;
    } * at;
    int n, room;
};
void *index_get(const struct index *x, const char *key);
void index_set(struct index *x, const char *key, void *value);
/* old, or a larger copy of its n members if there is no room for one more. */
void *arena_grow(void *old, int n, int *room, size_t size);

struct disk {
    struct disk_event **events;
    struct disk_run **runs;
    int nevents, events_room, nruns, runs_room;
    struct index event_ids, run_ids, deliveries, bundles, versions, alerts, newest;
    struct disk_schedule *schedules;
    struct disk_switch *switches; /* of each company its last */
    struct disk_alert **alert_list;
    int nalerts, alerts_room, alerts_open;
    int64_t commits;
    bool full, told_full; /* there is no space; the store has noticed */
    struct dice dice;
    int64_t restored_ms, restored_us; /* wall clock, monotonic; 0: never */
    int64_t restored_for_ms;          /* what the engine had written of it */
    int slow;                         /* per mille of commits that take long */
};

struct disk *disk_new(uint64_t seed, int slow);
void disk_set_full(struct disk *d, bool full);
/* The host is gone: a commit under way reached the disk or did not, what was asked after it did
 * not. */
void disk_host_died(void);
/* Then, when the engine was freed: its callbacks get to know, so that it gives its memory back. */
void disk_orphans(void);
/* The version, and its sources. */
bool disk_has_version(const struct disk *d, const char *company, const char *version);
/* The company had a live version. */
bool disk_was_live(const struct disk *d, const char *company);
/* A copy of it as it is. */
struct disk *disk_backup(const struct disk *d);
/* The backup, to be the disk from now on; it can be put back again. */
struct disk *disk_restore(struct disk *backup, const struct disk *instead_of);
struct disk_run *disk_find_run(const struct disk *d, const char *id);
struct disk_event *disk_find_event(const struct disk *d, const char *id);
struct disk_step *disk_find_step(struct disk_run *r, uint32_t seq);
/* Its journal says that it took the lock and did not drop it. */
bool disk_holds_lock(const struct disk_run *r, const char *name);
/* The lock that the step took; NULL: none. */
const char *disk_lock_name(const struct disk_step *s);
void disk_books(const struct disk *d, const char *company, struct store_books *b);
const char *disk_event_state(enum event_state s);

/* ---- asks.c, disk.c, tables.c, alerts.c, backup.c, open.c, order.c, schedules.c, versions.c ----
 */

enum op_kind {
    OP_ADD_EVENT,
    OP_ROUTE,
    OP_SET_RUN,
    OP_ACT,
    OP_TRIES,
    OP_STEP,
    OP_ANSWER,
    OP_LOG,
    OP_BUNDLE,
    OP_VERSION,
    OP_RAISE,
    OP_CLEAR,
    OP_CLOSE,
    OP_SWITCH,
    OP_SCHEDULES,
    OP_SLOT,
    OP_SHIFT,
    OP_RESTORED_FOR,
    OP_CLAIM,
    OP_WRITES, /* those above write */
    OP_JOURNAL,
    OP_STANDING,
    OP_REVISION,
    OP_OPEN,
    OP_BODY,
    OP_FILE,
    OP_LOAD_VERSION,
    OP_BOOKS,
    OP_BACKLOG,
    OP_LIVE,
    OP_BEGUN
};

struct op {
    struct op *next;
    enum op_kind kind;
    bool lazy;
    struct err *err; /* NULL: it worked */
    void *arg;       /* of the callback */
    store_done_fn done;
    store_alert_fn told;
    int64_t at_ms, since_ms;
    const char *name, *text; /* the run or event; a reason, level, version, hash ... */
    bool flag;               /* changed */
    int limit, n;
    int64_t after, seq;
    struct store_event event;
    store_event_fn on_event;
    enum store_event_result result;
    const char *first_id;
    struct store_run *runs;
    struct store_run_change change;
    struct store_step step;
    struct store_answer answer;
    struct str bytes;
    struct disk_version version;
    struct str bundles[2];
    store_version_fn on_version;
    struct store_alert alert;
    struct store_journal_step *journal;
    store_journal_fn on_journal;
    const struct store_act *act;
    struct store_standing *standing;
    store_standing_fn on_standing;
    struct store_effect *effects;
    store_revision_fn on_revision;
    struct store_open_event *open;
    store_open_fn on_open;
    struct store_open_query query;
    struct store_open_end end;
    store_open_end_fn on_opened;
    struct store_backlog *backlog;
    store_backlog_fn on_backlog;
    void (*on_backlog_end)(void *arg, int n, const struct err *e);
    store_body_fn on_body;
    struct disk_switch to, *live;
    store_live_fn on_live;
    struct store_begun *begun;
    store_begun_fn on_begun;
    struct store_schedule *schedules;
    struct store_slot *slots;
    store_schedules_fn on_schedules;
    struct store_books books;
    store_books_fn on_books;
    const struct disk_newest *newer;
    store_order_fn on_order;
};

/* Carries it out, or sets err and changes nothing. */
void tables_apply(struct disk *d, struct op *o);
struct op *op_new(enum op_kind kind, void *arg);
struct store_event event_copy(const struct store_event *ev);
void tables_sync_schedules(struct disk *d, struct op *o);
struct disk_schedule *tables_copy_schedules(const struct disk_schedule *of);
void tables_set_slot(struct disk *d, const char *company, const char *name, int64_t slot);
bool tables_had_effect(const struct disk_step *s);
/* The event's state follows from those of its runs. */
void tables_settle(struct disk_event *ev);
void tables_act(struct disk *d, struct op *o);
void tables_load_standing(const struct disk *d, struct op *o);
void tables_load_revision(const struct disk *d, struct op *o);
void tables_set_tries(struct disk *d, struct op *o);
void tables_load_begun(struct disk *d, struct op *o);
/* What the store keeps in mind of an operation that the disk refused. */
void tables_refused(struct disk *d, const struct op *o);
void tables_put_bundle(struct disk *d, struct op *o);
void tables_put_version(struct disk *d, struct op *o);
void tables_load_version(struct disk *d, struct op *o);
void tables_add_switch(struct disk *d, struct op *o);
void tables_load_live(const struct disk *d, struct op *o);
void tables_claim_order(struct disk *d, struct op *o);
void tables_shift_waits(struct disk *d, const struct op *o);
void tables_raise_alert(struct disk *d, struct op *o);
void tables_clear_alert(struct disk *d, struct op *o);
void tables_close_by_number(struct disk *d, struct op *o);
void tables_load_open(const struct disk *d, struct op *o);
void tables_load_backlog(const struct disk *d, struct op *o);
void op_refuse(struct op *o, enum err_code code, const char *words);

/* Gathers it with what else this turn of the loop asks. */
void disk_ask(struct store *s, struct op *o);

#endif
