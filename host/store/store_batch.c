/* Group commit: what was asked in one turn is one transaction with one fsync. */
#include <unistd.h>

#include "fault.h"
#include "log.h"
#include "mem.h"
#include "store_private.h"

#define EXIT_DISK 74
/* 2 MB: small and frequent, so that no commit waits long behind one. */
#define CHECKPOINT_PAGES 500
/* More than the log's last page may happen to have left. */
#define PROBE_BYTES "262144"

/* After a failed write or fsync nobody knows what is on the disk and what only seems to be, and
 * trying again may report success for what is lost. The log holds what was promised: the next
 * start goes on from there. */
static void end_if_broken(const struct sql *s, const char *doing)
{
    if (sql_trouble(s) != SQL_BROKEN)
        return;
    struct err e;
    sql_fail(s, &e, doing);
    log_event(LOG_ERROR, "store broken", "error", e.text, "next",
        "sauma ends here; what was accepted is on disk, start it again when the disk is well",
        NULL);
    if ((s->rc & 0xff) == SQLITE_NOMEM)
        mem_exhausted();
    _exit(EXIT_DISK);
}

static void roll_back(struct sql *s)
{
    run_numbers_forget(s);
    if (!sqlite3_get_autocommit(s->h))
        sqlite3_exec(s->h, "ROLLBACK", NULL, NULL, NULL);
}

static int begin(struct sql *s)
{
    sql_forgive(s);
    return query_run(sql_use(s, Q_BEGIN, "BEGIN IMMEDIATE"));
}

static int commit(struct sql *s)
{
    FAULT_POINT("store_before_commit");
    if (FAULT_FAIL("store_commit_io")) {
        sql_note(s, SQLITE_IOERR_FSYNC);
        return -1;
    }
    if (query_run(sql_use(s, Q_COMMIT, "COMMIT")))
        return -1;
    FAULT_POINT("store_after_commit");
    return 0;
}

static void op_again(struct op *o)
{
    if (o->clear)
        o->clear(o);
    mem_free(o->failed);
    o->failed = NULL;
}

/* 0: it ended well or was refused before it wrote anything; -1: s->rc. */
static int run_one(struct sql *s, struct op *o)
{
    if (o->run(s, o) && !o->failed && s->rc == SQLITE_OK)
        op_fail(o, ERR_INPUT, "%s: refused", o->what);
    if (FAULT_FAIL("store_full"))
        sql_note(s, SQLITE_FULL);
    return s->rc == SQLITE_OK ? 0 : -1;
}

/* One transaction for all up to (not with) end. */
static int run_all(struct sql *s, struct op *first, const struct op *end)
{
    if (begin(s))
        return -1;
    for (struct op *o = first; o != end; o = o->next) {
        if (run_one(s, o))
            return -1;
        FAULT_POINT("store_in_batch");
    }
    return commit(s);
}

/* On its own, so that it fails on its own. */
static void run_alone(struct sql *s, struct op *o, atomic_bool *full)
{
    op_again(o);
    if (!run_all(s, o, o->next))
        return;
    roll_back(s);
    end_if_broken(s, o->what);
    if (sql_trouble(s) == SQL_FULL) {
        atomic_store(full, true);
        if (o->journal)
            journal_tear(s, o->journal, o->tears);
    }
    op_again(o);
    struct err e;
    sql_fail(s, &e, o->what);
    op_fail(o, e.code, "%s", e.text);
    sql_forgive(s);
}

void batch_run(struct sql *s, struct ops *q, atomic_bool *full)
{
    if (!q->first || !run_all(s, q->first, NULL))
        return;
    roll_back(s);
    end_if_broken(s, "cannot write to " STORE_FILE);
    if (sql_trouble(s) == SQL_FULL)
        atomic_store(full, true);
    for (struct op *o = q->first; o; o = o->next)
        run_alone(s, o, full);
}

bool batch_checkpoint_due(const struct sql *s, bool idle)
{
    return s->log_pages >= (idle ? 1 : s->checkpoint_at);
}

void batch_checkpoint(struct sql *s, atomic_bool *full)
{
    int in_log = 0, moved = 0;
    sql_forgive(s);
    FAULT_POINT("store_before_checkpoint");
    int rc = sqlite3_wal_checkpoint_v2(s->h, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    FAULT_POINT("store_after_checkpoint");
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
        sql_note(s, rc);
        end_if_broken(s, "cannot move the log into " STORE_FILE);
        if (sql_trouble(s) == SQL_FULL)
            atomic_store(full, true);
        sql_forgive(s);
    }
    /* What a reader still looks at stays in the log: no use in trying again at each commit. */
    s->log_pages = 0;
    s->checkpoint_at = (moved < in_log ? in_log : 0) + CHECKPOINT_PAGES;
}

void batch_probe(struct sql *s, atomic_bool *full)
{
    atomic_bool still = false;
    batch_checkpoint(s, &still); /* makes room in the log */
    sql_forgive(s);
    /* The log has to go where it belongs before it may grow: what the probe adds to it would take
     * the room that this needs. */
    if (atomic_load(&still))
        return;
    int rc = query_run(sql_use(s, Q_PROBE,
        "INSERT OR REPLACE INTO probe VALUES"
        " (1, zeroblob(" PROBE_BYTES "))"));
    end_if_broken(s, "cannot write to " STORE_FILE);
    if (!rc)
        rc = query_run(sql_use(s, Q_PROBE_CLEAR, "DELETE FROM probe"));
    end_if_broken(s, "cannot write to " STORE_FILE);
    if (!rc) {
        atomic_store(full, false);
        log_event(LOG_INFO, "store has space again", NULL);
    }
    sql_forgive(s);
}
