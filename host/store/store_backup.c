/* Backups, see store_backup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_file.h"
#include "clock.h"
#include "mem.h"

/* All of the source as it is in one snapshot, rebuilt into the empty file. The source is not
 * written, but SQLite lets no VACUUM pass under query_only. */
static int copy_into(struct sql *from, const char *draft, struct err *e)
{
    struct query q;
    if (sql_exec(from, "PRAGMA query_only=OFF"))
        return sql_fail(from, e, "cannot read the store");
    q = query_prepare(from, "VACUUM INTO ?");
    query_text(&q, draft);
    int rc = query_run(&q);
    query_free(&q);
    return rc ? sql_fail(from, e, "cannot write the copy") : 0;
}

/* What the copy shall know of itself; a plain file without a log beside it. */
static int write_mark(const char *draft, int (*mark)(struct sql *), struct err *e)
{
    struct sql *s = sql_open_file(draft, SQL_WRITER, e);
    if (!s)
        return -1;
    int rc = schema_migrate(s, e) || sql_exec(s, "PRAGMA journal_mode=DELETE") ||
             sql_exec(s, "BEGIN IMMEDIATE");
    /* The backup of a restored store is not itself one that was put back. */
    if (!rc)
        rc = place_forget(s) || mark(s) || sql_exec(s, "COMMIT");
    if (rc)
        sql_fail(s, e, draft);
    sql_close(s);
    return rc ? -1 : 0;
}

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    return close(fd) || rc ? -1 : 0;
}

int backup_draft(
    struct sql *from, const char *path, int (*mark)(struct sql *), char **draft, struct err *e)
{
    *draft = mem_printf("%s.draft-%ld", path, (long)getpid());
    unlink(*draft); /* of a process that had this number and died here */
    int fd = open(*draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        err_set(e, ERR_IO, "cannot make %s: %s", *draft, strerror(errno));
        mem_free(*draft);
        *draft = NULL;
        return -1;
    }
    close(fd);
    if (!copy_into(from, *draft, e) && !write_mark(*draft, mark, e)) {
        if (!sync_file(*draft))
            return 0;
        err_set(e, ERR_IO, "%s is not on disk: %s", *draft, strerror(errno));
    }
    backup_drop(*draft);
    *draft = NULL;
    return -1;
}

void backup_drop(char *draft)
{
    static const char *const beside[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; draft && i < sizeof(beside) / sizeof(beside[0]); i++) {
        char *path = mem_printf("%s%s", draft, beside[i]);
        unlink(path);
        mem_free(path);
    }
    mem_free(draft);
}

int backup_name(const char *draft, const char *path, bool overwrite, struct err *e)
{
    int rc = renameat2(AT_FDCWD, draft, AT_FDCWD, path, overwrite ? 0 : RENAME_NOREPLACE);
    if (rc && (errno == EINVAL || errno == ENOSYS)) { /* not every file system can refuse */
        rc = !overwrite && !access(path, F_OK);
        errno = EEXIST;
        if (!rc)
            rc = rename(draft, path);
    }
    if (rc && errno == EEXIST)
        return err_set(
            e, ERR_CONFLICT, "%s is there already: name another file or --overwrite", path);
    if (rc)
        return err_set(e, ERR_IO, "cannot make %s: %s", path, strerror(errno));
    char *dir = mem_dup(path), *slash = strrchr(dir, '/');
    if (slash)
        *(slash == dir ? slash + 1 : slash) = 0;
    rc = folder_sync(slash ? dir : ".");
    if (rc)
        err_set(e, ERR_IO, "%s is not on disk: %s", path, strerror(errno));
    mem_free(dir);
    return rc;
}

/* For `sauma doctor`; that it could not be noted makes the backup no worse. */
static void note_backup(const char *dir)
{
    struct sql *s = sql_open(dir, SQL_WRITER, NULL);
    if (s)
        meta_set(s, META_LAST_BACKUP, clock_wall_ms());
    sql_close(s);
}

int store_backup(
    const char *dir, const char *file, bool overwrite, struct store_backup *out, struct err *e)
{
    char *draft = NULL;
    int rc = -1;
    if (!overwrite && !access(file, F_OK))
        return err_set(
            e, ERR_CONFLICT, "%s is there already: name another file or --overwrite", file);
    struct sql *s = sql_open(dir, SQL_READER, e);
    if (s && !schema_check(s, dir, e) && !backup_draft(s, file, meta_mark_backup, &draft, e) &&
        !store_backup_verify(draft, out, e) && !backup_name(draft, file, overwrite, e))
        rc = 0;
    sql_close(s);
    backup_drop(draft);
    if (!rc)
        note_backup(dir);
    return rc;
}

/* ---- is it whole? ---- */

static int refuse_damage(struct sql *s, const char *file, struct err *e)
{
    struct query q = query_prepare(s, "PRAGMA integrity_check(1)");
    int rc = query_row(&q);
    if (rc == 1 && !str_is(query_col(&q, 0), "ok"))
        rc = err_set(
            e, ERR_IO, "%s is damaged (%s): take another backup", file, query_col_text(&q, 0));
    else if (rc < 0)
        rc = sql_fail(s, e, file);
    query_free(&q);
    if (rc < 0)
        return -1;
    int64_t orphans = sql_int(s, "SELECT count(*) FROM pragma_foreign_key_check");
    if (s->rc)
        return sql_fail(s, e, file);
    return orphans ? err_set(e, ERR_IO,
                         "%s is damaged (%lld rows belong to nothing): take another backup", file,
                         (long long)orphans)
                   : 0;
}

void backup_facts(struct sql *s, struct store_backup *out)
{
    out->schema = sql_int(s, "PRAGMA user_version");
    out->events = sql_int(s, "SELECT count(*) FROM events");
    out->newest = sql_int(s, "SELECT coalesce(max(seq), 0) FROM events");
    out->newest_ms = sql_int(
        s, "SELECT coalesce((SELECT received_ms FROM events ORDER BY seq DESC LIMIT 1), 0)");
    out->secrets = sql_int(s, "SELECT count(*) FROM secrets");
    out->taken_ms = 0;
    if (sql_int(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") == 1)
        out->taken_ms = meta_get(s, META_BACKUP);
}

int store_backup_verify(const char *file, struct store_backup *out, struct err *e)
{
    struct stat st;
    *out = (struct store_backup){0};
    if (stat(file, &st))
        return err_set(e, ERR_NOT_FOUND, "cannot read %s: %s", file, strerror(errno));
    out->bytes = st.st_size;
    struct sql *s = sql_open_file(file, SQL_READER, e);
    if (!s)
        return -1;
    int rc = schema_known(s, file, e) || refuse_damage(s, file, e) ? -1 : 0;
    if (!rc) {
        backup_facts(s, out);
        rc = s->rc ? sql_fail(s, e, file) : 0;
    }
    sql_close(s);
    return rc;
}
