/* Shared by the files of host/store only: a SQLite connection with its prepared statements, and
 * the operations that travel from the loop to the store thread and back. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "id.h"
#include "secrets.h"
#include <stdio.h>
#include "store.h"

#define STORE_FILE "sauma.db"
/* Steps and log lines are keyed by (run << STORE_SEQ_BITS) + seq, so that the journal of a run is
 * one range of the table and needs no index. */
#define STORE_SEQ_BITS 20
#define STORE_SEQ_MAX  ((1 << STORE_SEQ_BITS) - 1)

/* ---- a connection (sql.c); each belongs to one thread at a time ---- */

/* Slots of the prepared statements; the text stands where it is used. */
enum query_slot {
    Q_BEGIN,
    Q_COMMIT,
    Q_ROLLBACK,
    Q_PROBE,
    Q_PROBE_CLEAR,
    Q_RUN_NUMBER,
    Q_EVENT_ADD,
    Q_EVENT_BODY,
    Q_EVENT_SAME,
    Q_EVENT_FIRST_BODY,
    Q_EVENT_FIND,
    Q_EVENT_ROUTED,
    Q_EVENT_STARTED,
    Q_EVENT_SETTLE,
    Q_RUN_ADD,
    Q_RUN_FIND,
    Q_RUN_SET,
    Q_RUN_STATES,
    Q_STEP_ADD,
    Q_STEP_ANSWER,
    Q_STEP_STATE,
    Q_STEP_LIST,
    Q_STEP_REWIND,
    Q_LOG_ADD,
    Q_OPEN_LIST,
    Q_OPEN_KEY,
    Q_OPEN_BEGUN,
    Q_OPEN_DUE,
    Q_OPEN_NEXT,
    Q_OPEN_RUN,
    Q_OPEN_RUNS,
    Q_BODY_GET,
    Q_BUNDLE_ADD,
    Q_VERSION_ADD,
    Q_VERSION_SOURCES,
    Q_VERSION_GET,
    Q_BOOKS,
    Q_BOOKS_ONE,
    Q_BOOKS_DIFFERENCES,
    Q_BACKLOG,
    Q_BACKLOG_OLDEST,
    Q_BACKLOG_DUE,
    Q_BACKLOG_LATE,
    Q_ALERT_ADD,
    Q_ALERT_AGAIN,
    Q_ALERT_CLEAR,
    Q_ALERT_WHILE,
    Q_ALERT_OPEN,
    Q_REFUSED_ADD,
    Q_REFUSED_TRIM,
    Q_PRUNE_BODIES,
    Q_PRUNE_BODY,
    Q_PRUNE_LARGE,
    Q_PRUNE_STEPS,
    Q_PRUNE_MARK,
    Q_PRUNE_EVENTS,
    Q_PRUNE_LOGS,
    Q_PRUNE_JOURNAL,
    Q_PRUNE_NEWEST,
    Q_PRUNE_RUNS,
    Q_PRUNE_EVENT,
    Q_META_GET,
    Q_META_SET,
    Q_NEWEST,
    Q_SWITCH_ADD,
    Q_SWITCH_TO,
    Q_SWITCH_LIVE,
    Q_RUN_TRIES,
    Q_BEGUN_LIST,
    Q_BEGUN_LOCKS,
    Q_SECRET_SET,
    Q_SECRET_GET,
    Q_SECRET_REMOVE,
    Q_SECRET_LIST,
    Q_SECRET_LIST_ONE,
    Q_SECRET_ALL,
    Q_REDACT_SET,
    Q_REDACT_GET,
    Q_REDACT_ANY,
    Q_REDACT_GONE,
    Q_SECRET_AGAIN,
    Q_SCHEDULE_SYNC,
    Q_SCHEDULE_LEFT,
    Q_SCHEDULE_NAMES,
    Q_SCHEDULE_SLOT,
    Q_CURSOR_GET,
    Q_CURSOR_BEGUN,
    Q_CURSOR_LATER,
    Q_CURSOR_MOVE,
    Q_ORDER_GET,
    Q_ORDER_SET,
    Q_STANDING,
    Q_EDIT_GET,
    Q_EDIT_ADD,
    Q_EDIT_USE,
    Q_GUARDS,
    Q_GUARD_DROP,
    Q_GUARD_TAKEN,
    Q_GUARD_NEW,
    Q_ACT_RUN,
    Q_ACT_LAST,
    Q_ACT_BEFORE,
    Q_ACT_ADD,
    Q_ACT_SET,
    Q_STEP_EFFECT,
    Q_STEP_EFFECTS,
    Q_STEP_HAS_EFFECT,
    Q_STEP_KEEP,
    Q_EVENT_UNROUTE,
    Q_EXPECTED_SYNC,
    Q_EXPECTED_HEARD,
    Q_WAITS_MOVED,
    Q_WAITS_START,
    Q_FILE_GET,
    Q_WAITS_WAKE,
    Q_HISTORY_EVENT,
    Q_HISTORY_RUNS,
    Q_HISTORY_STEPS,
    Q_HISTORY_ANSWER,
    Q_ONCE_OLD,
    Q_ONCE_GET,
    Q_ONCE_ADD,
    Q_ONCE_END,
    Q_ONCE_DROP,
    Q_LINK_BY_A,
    Q_LINK_BY_B,
    Q_LINK_TAKEN,
    Q_LINK_ADD,
    Q_LINK_SET,
    Q_LINK_DROP,
    Q_SLOTS
};

struct sql;
struct query {
    struct sql *sql;
    sqlite3_stmt *st;
    int at; /* parameters bound so far */
};
/* Numbers of runs that were written lately, by their ids: each step of a run asks for one. */
#define KNOWN_RUNS 1024 /* a power of two */
struct known_run {
    char id[ID_TEXT];
    int64_t n;
};
struct sql {
    sqlite3 *h;
    int rc;           /* first failure since sql_forgive, as an extended result code */
    int system_errno; /* and what the operating system said to it */
    char problem[256];
    int log_pages;     /* in the write-ahead log at the last commit */
    int checkpoint_at; /* pages of it that make a checkpoint due */
    struct known_run known[KNOWN_RUNS];
    struct map *torn; /* journals with a hole, see journal_tear; NULL: none yet */
    struct query query[Q_SLOTS];
};

enum sql_mode { SQL_WRITER, SQL_READER };
/* sql_memory.c: before anything else is asked of SQLite; once is enough. */
void sql_memory(void);
/* Opens DIR/sauma.db; a writer makes it (mode 0600) if it is missing. Sets what every connection
 * needs (WAL, FULL, time to wait for another writer). NULL and e. */
struct sql *sql_open(const char *dir, enum sql_mode mode, struct err *e);
/* The same for a file of any name, which must exist. */
struct sql *sql_open_file(const char *path, enum sql_mode mode, struct err *e);
void sql_close(struct sql *s);
/* The statement of this slot, prepared at first use; its parameters are bound in order. What is
 * bound must live until the statement is done. */
struct query *sql_use(struct sql *s, enum query_slot slot, const char *text);
/* A statement of its own, for text that is put together; freed by query_free. */
struct query query_prepare(struct sql *s, const char *text);
void query_free(struct query *q);
void query_text(struct query *q, const char *v); /* NULL: "" */
void query_int(struct query *q, int64_t v);
void query_blob(struct query *q, struct str v); /* p NULL: no bytes */
void query_json(struct query *q, struct str v); /* as text; p NULL: NULL */
/* 1: a row; 0: the end (the statement is reset); -1: failed, sql->rc says why. */
int query_row(struct query *q);
/* Runs to the end, ignoring rows. 0 or -1. */
int query_run(struct query *q);
void query_done(struct query *q); /* resets; no error */
int64_t query_col_int(struct query *q, int i);
struct str query_col(struct query *q, int i);       /* valid until the next row; NULL is STR_NONE */
const char *query_col_text(struct query *q, int i); /* the same NUL terminated; NULL is "" */
/* Owned copy of a column, NUL terminated behind its bytes. */
struct str query_col_dup(struct query *q, int i);
int sql_exec(struct sql *s, const char *text);    /* 0 or -1 */
int64_t sql_int(struct sql *s, const char *text); /* one number; -1 on failure */
int sql_note(struct sql *s, int rc);              /* remembers a failure; returns -1 */
void sql_forgive(struct sql *s);                  /* forgets it */
/* Fills e from the failure: what, then the words of SQLite. Returns -1. */
int sql_fail(const struct sql *s, struct err *e, const char *what);

enum sql_trouble {
    SQL_FINE,
    SQL_REFUSED, /* this operation cannot be stored: constraint, too big, wrong use */
    SQL_BUSY,    /* somebody else held the database for too long */
    SQL_FULL,    /* no space; everything on disk is sound */
    SQL_BROKEN   /* the disk or the file cannot be trusted any more */
};
enum sql_trouble sql_trouble(const struct sql *s);

/* Tables and triggers that count what is kept of each company (store_stored.c). */
extern const char stored_schema[];
/* Brings the schema up to date, or refuses one that is newer or not ours (store_schema.c). */
int schema_migrate(struct sql *s, struct err *e);
/* A reader's view: the schema must be the one this program knows. */
int schema_check(struct sql *s, const char *dir, struct err *e);
/* Is it a store that this program can bring up to date? file names it in the words of e. */
int schema_known(struct sql *s, const char *file, struct err *e);
/* Refuses a file with damage, in plain words. Large files are not read through at every start. */
int schema_sound(struct sql *s, const char *dir, struct err *e);

/* Makes the folder (0700) and its file name in an owned string (store_folder.c). */
int folder_make(const char *dir, struct err *e);
char *folder_path(const char *dir, const char *name);
/* Takes DIR/lock; the descriptor to close at the end, or -1 and e. */
int folder_lock(const char *dir, struct err *e);
/* fsync of a folder: its entries are on disk. 0 or -1 and errno. */
int folder_sync(const char *dir);

/* What the store knows of itself (store_meta.c): a number by its name, 0 if it has none. -1 and
 * sql->rc on failure. */
int64_t meta_get(struct sql *s, const char *name);
int meta_set(struct sql *s, const char *name, int64_t value);
/* Older data was put in place of newer now, or may have been; this is a backup, taken now. */
int meta_mark_restored(struct sql *s);
int meta_mark_backup(struct sql *s);
/* Times of the wall clock. */
#define META_RESTORED     "restored_ms"     /* put in place of newer data, or it may have been */
#define META_RESTORED_FOR "restored_for_ms" /* a host ran on it since, at least */
#define META_BACKUP       "backup_ms"       /* this copy was taken */
#define META_LAST_BACKUP  "last_backup_ms"  /* of this store */

/* Rules of redact.h that a company has (store_redact.c): owned by the caller, NULL if none; and
 * whether any has some. */
char *redaction_get(struct sql *s, const char *company);
bool redaction_any(struct sql *s);

/* Whether this is the newest state of the folder (store_place.c). A backup that was restored, and
 * a file that was copied here, sets META_RESTORED. -1 and e. */
struct place;
struct place *place_check(struct sql *s, const char *dir, struct err *e);
void place_free(struct place *p);
/* Remembers beside the store how far it has come; on the store thread, when the log was moved. */
void place_note(struct place *p, struct sql *s);
/* The next place_check shall find nothing to wonder about: the mark is set already. */
int place_forget(struct sql *s);

/* Secrets that none of the keys of the folder opens; -1 and sql->rc. */
struct keyring;
int64_t secrets_foreign(struct sql *s, const struct keyring *k);
/* How many of those whose key is there do not open with it. */
int64_t secrets_harmed(struct sql *s, const struct keyring *k);

/* ---- operations ---- */

/* One thing asked of the store. It is made on the loop, run on the store thread, ended on the
 * loop; it has one owner at a time and everything it needs is copied into it. */
struct op {
    struct op *next;
    /* On the store thread, within a transaction. 0, or -1 with op_fail called before anything was
     * written, or -1 with sql->rc set. May be run again after a rollback. */
    int (*run)(struct sql *s, struct op *o);
    /* On the loop, after the commit; e NULL: it worked. NULL: nobody waits. */
    void (*done)(struct op *o, const struct err *e);
    /* Frees what run has made, before it is run again and at the end. May be NULL. */
    void (*clear)(struct op *o);
    const char *what;    /* for the log, if it fails and nobody waits */
    bool lazy;           /* may wait a moment for others to share its commit */
    bool read;           /* and longer: it is the answer to a read */
    const char *journal; /* the run whose journal is torn if it fails, and somebody waits; NULL */
    int tears;           /* enum journal_tear */
    struct err *failed;  /* owned; NULL: it worked */
    char *at, *end;      /* room for copied texts */
};

/* Something that a run's journal stands on could not be written: what comes after it is refused
 * until that is put right, or the run is over. */
enum journal_tear {
    TORN_STEP = 1, /* a step: those after it would leave a hole, which no replay gets over. Put
                      right when the run reads its journal again */
    TORN_START = 2 /* that it has begun: after a restart nobody would know that it holds what its
                      journal says. Put right when its state is written */
};
void journal_tear(struct sql *s, const char *run, enum journal_tear what);
void journal_mend(struct sql *s, const char *run, int what);

/* A zeroed operation of this size with room for the copies of so many bytes of text. */
void *op_new(size_t size, size_t room);
size_t op_room(const char *text); /* what op_text of it takes */
size_t op_room_bytes(struct str bytes);
const char *op_text(struct op *o, const char *text); /* NULL gives "" */
struct str op_bytes(struct op *o, struct str bytes);
void *op_array(struct op *o, size_t bytes); /* aligned for any struct; count _Alignof in */
int op_fail(struct op *o, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void op_free(struct op *o);

/* Whom to tell. */
struct op_done {
    store_done_fn fn;
    void *arg;
};
void op_done_call(const struct op_done *d, const struct err *e); /* fn may be NULL */
/* Appends it to what the store thread gets at the end of this turn of the loop. */
void store_ask(struct store *s, struct op *o);

/* Operations in order. */
struct ops {
    struct op *first, **last;
};
void ops_init(struct ops *q);
void ops_add(struct ops *q, struct op *o);
void ops_join(struct ops *q, struct ops *more); /* more is empty afterwards */
/* Moves the first n (at most) of q to out, which need not be initialised. */
void ops_take(struct ops *q, struct ops *out, int n);

/* Runs all of them in one transaction, and one by one if that fails. *full is set when there was
 * no space for one. Ends the process if the disk cannot be trusted. */
void batch_run(struct sql *s, struct ops *q, atomic_bool *full);
/* True if the log is long enough, or (idle) if it holds anything at all. */
bool batch_checkpoint_due(const struct sql *s, bool idle);
/* Moves what is in the log to the database file. */
void batch_checkpoint(struct sql *s, atomic_bool *full);
/* Unsets *full if there is space again. */
void batch_probe(struct sql *s, atomic_bool *full);

/* On the loop: so many more alerts are open (store.c). */
void store_count_alerts(struct store *s, int more);

/* Damage to what is kept, which SQLite does not see (store_sum.c). The checks set s->rc to
 * SQLITE_CORRUPT and return -1. */
#define BODY_HASH_BYTES 16
void body_hash(struct str body, unsigned char hash[BODY_HASH_BYTES]);
int body_check(struct sql *s, const char *event, struct str body, struct str hash);
int64_t answer_sum(const struct store_answer *a);
int answer_check(struct sql *s, const char *run, const struct store_answer *a, int64_t sum);

/* The number of a run in the tables, or -1 (op_fail or sql->rc says why). */
int64_t run_number(struct sql *s, struct op *o, const char *run);
void run_number_set(struct sql *s, const char *run, int64_t n);
void run_numbers_forget(struct sql *s); /* after a rollback */
enum run_state run_state_parse(struct str name);
/* That time of a schedule is over. 0, or -1 and sql->rc. */
int schedule_slot(struct sql *s, const char *company, const char *schedule, int64_t slot);
/* Sets the state of the event with this number from the states of its runs. 0 or -1. */
int event_settle(struct sql *s, int64_t event);
/* Books of one company, or of all with NULL. 0, or -1 and sql->rc. */
int books_read(struct sql *s, const char *company, struct store_books *out);
/* When the oldest open event of a company was received; unchanged if none is open. The same. */
int backlog_oldest(struct sql *s, const char *company, int64_t *received_ms);

#endif
