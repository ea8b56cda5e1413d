/* A SQLite connection: opening it as this program wants it, its prepared statements, and its
 * failures sorted into what can be done about them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"
#include "mem.h"
#include "store_private.h"

/* Another process (`sauma secret`, a backup) holds the write lock for moments only. */
#define BUSY_MS 10000
/* The log shrinks to this when it is reset after it has grown under a long reader. */
#define WAL_KEEP "16777216"

/* Keeps the first failure: what follows from it says less. */
int sql_note(struct sql *s, int rc)
{
    if (s->rc != SQLITE_OK)
        return -1;
    int last = s->h ? sqlite3_extended_errcode(s->h) : rc;
    bool same = (last & 0xff) == (rc & 0xff);
    s->rc = same ? last : rc;
    s->system_errno = s->h && same ? sqlite3_system_errno(s->h) : 0;
    snprintf(s->problem, sizeof(s->problem), "%s",
        s->h && same ? sqlite3_errmsg(s->h) : sqlite3_errstr(rc));
    return -1;
}

/* SQLite takes a file of less than a page for an empty one and writes over it. It may be right:
 * after a power cut there can be such a beginning, with a journal beside it that knows. */
static int refuse_short(const char *path, struct err *e)
{
    struct stat st, beside;
    char *journal = mem_printf("%s-journal", path), *log = mem_printf("%s-wal", path);
    bool foreign = !stat(path, &st) && st.st_size > 0 && st.st_size < 512 &&
                   stat(journal, &beside) && stat(log, &beside);
    mem_free(journal);
    mem_free(log);
    return foreign ? err_set(e, ERR_INPUT,
                         "%s is not a sauma store (it has %lld bytes): use another data folder",
                         path, (long long)st.st_size)
                   : 0;
}

/* SQLite would make the file with the umask's mode, and -wal and -shm take theirs from it. A file
 * that is there is not opened, not even to look: closing it would drop the locks that another
 * connection of this process holds on it (POSIX locks are the process's), and whoever closes the
 * store next would take itself for the last one and remove the log under us. */
static int make_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return err_set(e, ERR_IO, "cannot open %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return refuse_short(path, e);
}

/* In the place of SQLite's own hook, which would make the checkpoints. */
static int count_log(void *arg, sqlite3 *h, const char *name, int pages)
{
    struct sql *s = arg;
    s->log_pages = pages;
    return SQLITE_OK;
}

/* WAL with FULL: a commit that was reported survives a power cut. Checkpoints are made by the
 * store thread itself, because SQLite's own would hide a failed fsync. */
static int prepare_connection(struct sql *s, enum sql_mode mode)
{
    sqlite3_busy_timeout(s->h, BUSY_MS);
    sqlite3_extended_result_codes(s->h, 1);
    if (sql_exec(s, "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;"
                    "PRAGMA cell_size_check=ON"))
        return -1;
    if (mode == SQL_READER)
        return sql_exec(s, "PRAGMA query_only=ON");
    sqlite3_wal_hook(s->h, count_log, s);
    /* Only a store that is made now can be told so: what is pruned later gives its pages back. */
    if (sql_int(s, "PRAGMA page_count") == 0 && sql_exec(s, "PRAGMA auto_vacuum=INCREMENTAL"))
        return -1;
    return sql_exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
                       "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=" WAL_KEEP);
}

struct sql *sql_open_file(const char *path, enum sql_mode mode, struct err *e)
{
    sql_memory();
    struct sql *s = mem_zalloc(1, sizeof(*s));
    int flags = mode == SQL_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(path, &s->h, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        sql_note(s, rc);
    if (rc == SQLITE_OK && !prepare_connection(s, mode))
        return s;
    sql_fail(s, e, path);
    sql_close(s);
    return NULL;
}

struct sql *sql_open(const char *dir, enum sql_mode mode, struct err *e)
{
    struct sql *s = NULL;
    char *path = folder_path(dir, STORE_FILE);
    if (mode == SQL_READER && access(path, F_OK))
        err_set(e, ERR_NOT_FOUND, "no data in %s (%s): has `sauma serve --data %s` run?", dir,
            strerror(errno), dir);
    else if (mode == SQL_READER || !make_file(path, e))
        s = sql_open_file(path, mode, e);
    mem_free(path);
    return s;
}

void sql_close(struct sql *s)
{
    if (!s)
        return;
    for (int i = 0; i < Q_SLOTS; i++)
        sqlite3_finalize(s->query[i].st);
    sqlite3_close(s->h);
    map_free(s->torn);
    mem_free(s);
}

static void prepare(struct query *q, struct sql *s, const char *text, unsigned flags)
{
    q->sql = s;
    q->at = 0;
    int rc = sqlite3_prepare_v3(s->h, text, -1, flags, &q->st, NULL);
    if (rc != SQLITE_OK)
        sql_note(s, rc);
}

struct query *sql_use(struct sql *s, enum query_slot slot, const char *text)
{
    struct query *q = &s->query[slot];
    if (!q->st)
        prepare(q, s, text, SQLITE_PREPARE_PERSISTENT);
    q->at = 0;
    return q;
}

struct query query_prepare(struct sql *s, const char *text)
{
    struct query q;
    prepare(&q, s, text, 0);
    return q;
}

void query_free(struct query *q)
{
    sqlite3_finalize(q->st);
    q->st = NULL;
}

static void bound(struct query *q, int rc)
{
    if (rc != SQLITE_OK)
        sql_note(q->sql, rc);
}

void query_text(struct query *q, const char *v)
{
    bound(q, sqlite3_bind_text(q->st, ++q->at, v ? v : "", -1, SQLITE_STATIC));
}

void query_int(struct query *q, int64_t v)
{
    bound(q, sqlite3_bind_int64(q->st, ++q->at, v));
}

void query_blob(struct query *q, struct str v)
{
    bound(q, sqlite3_bind_blob64(q->st, ++q->at, v.p ? v.p : "", v.n, SQLITE_STATIC));
}

void query_json(struct query *q, struct str v)
{
    if (v.p)
        bound(q, sqlite3_bind_text64(q->st, ++q->at, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8));
    else
        bound(q, sqlite3_bind_null(q->st, ++q->at));
}

int query_row(struct query *q)
{
    if (q->sql->rc != SQLITE_OK) {
        query_done(q);
        return -1;
    }
    int rc = sqlite3_step(q->st);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        sql_note(q->sql, rc);
    query_done(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

int query_run(struct query *q)
{
    int rc;
    while ((rc = query_row(q)) > 0)
        ;
    return rc;
}

void query_done(struct query *q)
{
    sqlite3_reset(q->st);
}

int64_t query_col_int(struct query *q, int i)
{
    return sqlite3_column_int64(q->st, i);
}

struct str query_col(struct query *q, int i)
{
    if (sqlite3_column_type(q->st, i) == SQLITE_NULL)
        return STR_NONE;
    const char *p = sqlite3_column_blob(q->st, i);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(q->st, i)};
}

const char *query_col_text(struct query *q, int i)
{
    const char *p = (const char *)sqlite3_column_text(q->st, i);
    return p ? p : "";
}

struct str query_col_dup(struct query *q, int i)
{
    struct str v = query_col(q, i);
    return (struct str){mem_dupn(v.p ? v.p : "", v.n), v.n};
}

int sql_exec(struct sql *s, const char *text)
{
    int rc = sqlite3_exec(s->h, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_note(s, rc);
}

int64_t sql_int(struct sql *s, const char *text)
{
    struct query q = query_prepare(s, text);
    int64_t v = query_row(&q) == 1 ? query_col_int(&q, 0) : -1;
    query_free(&q);
    return v;
}

void sql_forgive(struct sql *s)
{
    s->rc = SQLITE_OK;
    s->system_errno = 0;
    s->problem[0] = 0;
}

/* No space shows in two ways: as SQLITE_FULL, and when the shared index of the log cannot grow. A
 * failed fsync is never "no space", whatever its errno: what was written before it may be lost. */
static bool no_space(const struct sql *s)
{
    if ((s->rc & 0xff) == SQLITE_FULL)
        return true;
    bool grew = s->rc == SQLITE_IOERR_SHMSIZE || s->rc == SQLITE_IOERR_SHMMAP ||
                s->rc == SQLITE_IOERR_WRITE;
    return grew && (s->system_errno == ENOSPC || s->system_errno == EDQUOT);
}

enum sql_trouble sql_trouble(const struct sql *s)
{
    if (s->rc == SQLITE_OK)
        return SQL_FINE;
    if (no_space(s))
        return SQL_FULL;
    switch (s->rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SQL_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
        return SQL_BROKEN;
    default:
        return SQL_REFUSED;
    }
}

int sql_fail(const struct sql *s, struct err *e, const char *what)
{
    switch (sql_trouble(s)) {
    case SQL_FULL:
        return err_set(e, ERR_IO, "disk full: %s: make room on the disk of the data folder", what);
    case SQL_BUSY:
        return err_set(e, ERR_IO, "%s: the database has been locked by another program for %d s",
            what, BUSY_MS / 1000);
    case SQL_BROKEN:
        if ((s->rc & 0xff) == SQLITE_CORRUPT || (s->rc & 0xff) == SQLITE_NOTADB)
            return err_set(
                e, ERR_IO, "%s: the database is damaged (%s): restore a backup", what, s->problem);
        return err_set(e, ERR_IO, "%s: %s%s%s", what, s->problem, s->system_errno ? ": " : "",
            s->system_errno ? strerror(s->system_errno) : "");
    case SQL_REFUSED:
        if ((s->rc & 0xff) == SQLITE_CONSTRAINT)
            return err_set(e, ERR_CONFLICT,
                "%s: already stored, or against the rules of the "
                "store: %s",
                what, s->problem);
        if ((s->rc & 0xff) == SQLITE_TOOBIG)
            return err_set(e, ERR_LIMIT, "%s: larger than the store can hold", what);
        break;
    case SQL_FINE:
        break;
    }
    return err_set(e, ERR_IO, "%s: %s", what, s->problem);
}
