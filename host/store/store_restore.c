/* Putting a backup back, see store_backup.h. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_file.h"
#include "clock.h"
#include "keyring.h"
#include "mem.h"

/* ---- what is there already ---- */

/* Says what would be lost; always -1. */
static int refuse_replacing(const char *dir, const struct store_backup *theirs,
    const struct store_backup *ours, struct err *e)
{
    char when[CLOCK_TEXT];
    clock_format(ours->newest_ms, when);
    if (ours->newest > theirs->newest)
        return err_set(e, ERR_CONFLICT,
            "%s holds a store that is newer: %lld events (the last of %s) came after this backup. "
            "With --overwrite it is moved aside and the backup takes its place",
            dir, (long long)(ours->newest - theirs->newest), when);
    return err_set(e, ERR_CONFLICT,
        "%s holds a store (%lld events). With --overwrite it is moved aside and the backup takes "
        "its place",
        dir, (long long)ours->events);
}

/* Moves the log into the file, so that the file alone is all of it, and sees how far it has come.
 * A file that cannot be opened is moved as it is. */
static void look_at_old(const char *path, struct store_backup *ours)
{
    struct sql *s = sql_open_file(path, SQL_WRITER, NULL);
    *ours = (struct store_backup){0};
    if (!s)
        return;
    struct err e;
    if (!schema_known(s, path, &e))
        backup_facts(s, ours);
    sqlite3_wal_checkpoint_v2(s->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sql_close(s);
}

static int move(const char *from_dir, const char *to_dir, const char *name, struct err *e)
{
    int rc = 0;
    char *from = folder_path(from_dir, name), *to = folder_path(to_dir, name);
    if (rename(from, to) && errno != ENOENT)
        rc = err_set(e, ERR_IO, "cannot move %s to %s: %s", from, to, strerror(errno));
    mem_free(from);
    mem_free(to);
    return rc;
}

/* The log goes, because that of another file would be taken for its own; the file itself stays in
 * its place until the backup takes it, so that at no time there is no store. */
static int move_aside(const char *dir, const char *folder, struct err *e)
{
    char *from = folder_path(dir, STORE_FILE), *to = folder_path(folder, STORE_FILE);
    int rc = 0;
    if (mkdir(folder, 0700))
        rc = err_set(e, ERR_IO, "cannot make %s: %s", folder, strerror(errno));
    else if (move(dir, folder, STORE_FILE "-wal", e) || move(dir, folder, STORE_FILE "-shm", e))
        rc = -1;
    else if (link(from, to))
        rc = err_set(e, ERR_IO, "cannot link %s to %s: %s", from, to, strerror(errno));
    else if (folder_sync(folder) || folder_sync(dir))
        rc = err_set(e, ERR_IO, "%s is not on disk: %s", folder, strerror(errno));
    mem_free(from);
    mem_free(to);
    return rc;
}

/* ---- the key ---- */

/* Were the secrets sealed with the key that is here? A missing key is not made for this. */
static bool key_fits(struct sql *s, const char *dir)
{
    struct keyring k;
    if (!keyring_there(dir) || keyring_load(dir, &k, NULL))
        return false;
    bool fits = secrets_foreign(s, &k) == 0;
    keyring_free(&k);
    return fits;
}

/* ---- restoring ---- */

/* The folder is ours (locked); the backup was verified. */
static int put_back(const char *file, const char *dir, bool overwrite, struct store_backup *out,
    char **replaced, struct err *e)
{
    struct store_backup ours;
    char *path = folder_path(dir, STORE_FILE), *draft = NULL;
    struct sql *s = NULL;
    bool there = !access(path, F_OK);
    int rc = -1;
    if (there) {
        look_at_old(path, &ours);
        if (!overwrite) {
            refuse_replacing(dir, out, &ours, e);
            goto out;
        }
    }
    if (!(s = sql_open_file(file, SQL_READER, e)) ||
        backup_draft(s, path, meta_mark_restored, &draft, e))
        goto out;
    out->key_fits = out->secrets == 0 || key_fits(s, dir);
    if (there) {
        *replaced = mem_printf("%s/replaced-%lld", dir, (long long)clock_wall_ms());
        if (move_aside(dir, *replaced, e) || backup_name(draft, path, true, e) ||
            move(dir, *replaced, "seen", e))
            goto out;
        rc = 0;
    } else {
        rc = backup_name(draft, path, false, e);
    }
out:
    sql_close(s);
    backup_drop(draft);
    mem_free(path);
    return rc;
}

int store_restore(const char *file, const char *dir, bool overwrite, struct store_backup *out,
    char **replaced, struct err *e)
{
    *replaced = NULL;
    if (store_backup_verify(file, out, e) || folder_make(dir, e))
        return -1;
    int lock = folder_lock(dir, e);
    if (lock < 0)
        return -1;
    int rc = put_back(file, dir, overwrite, out, replaced, e);
    close(lock);
    return rc;
}

int store_restore_mark(const char *dir, struct err *e)
{
    int lock = -1, rc = -1;
    struct sql *s = sql_open(dir, SQL_READER, e);
    bool there = s && !schema_check(s, dir, e);
    sql_close(s);
    if (!there || (lock = folder_lock(dir, e)) < 0)
        return -1;
    s = sql_open(dir, SQL_WRITER, e);
    if (s) {
        rc = meta_mark_restored(s);
        if (rc)
            sql_fail(s, e, "cannot mark the store");
        sql_close(s);
    }
    close(lock);
    return rc;
}
