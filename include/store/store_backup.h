/* A data folder's store as one file, taken while a host runs, and put back.
 *
 * The file is a SQLite database of its own, complete and without free pages. It holds the
 * companies' secrets sealed, and not the key that opens them (DIR/key, or the file of
 * SAUMA_KEY_FILE): whoever has the file has no secret, and whoever restores it needs the key from
 * elsewhere. */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

struct store_backup {
    int64_t bytes;     /* of the file */
    int64_t schema;    /* its version */
    int64_t events;    /* in it */
    int64_t newest;    /* the newest event's place in the order of all */
    int64_t newest_ms; /* when that was received, wall clock; 0: there is none */
    int64_t taken_ms;  /* wall clock; 0: it is a plain copy of a store's file */
    int64_t secrets;   /* sealed ones in it */
    bool key_fits;     /* store_restore: the folder's key opens all of them */
};

/* Writes the store of DIR into file, which then is complete and on disk under that name; an older
 * file stays until then, and is refused without overwrite (ERR_CONFLICT). Runs beside a host and
 * holds none of its commits up. */
int store_backup(
    const char *dir, const char *file, bool overwrite, struct store_backup *out, struct err *e);

/* Reads the whole file and refuses one that is damaged, foreign or of a newer sauma. */
int store_backup_verify(const char *file, struct store_backup *out, struct err *e);

/* Makes file the store of DIR, which no host may be using (ERR_CONFLICT), and marks it as restored
 * (store_restored_ms). If DIR has a store: refused without overwrite, with words on what is newer
 * in it; otherwise its files are moved to a folder of their own in DIR, whose name is put into
 * *replaced (owned; NULL if there was none). */
int store_restore(const char *file, const char *dir, bool overwrite, struct store_backup *out,
    char **replaced, struct err *e);

/* Marks the store of DIR as restored: for who has put the files back by other means. */
int store_restore_mark(const char *dir, struct err *e);

#endif
