/* How a backup's file is made, for the two ways it travels (store_backup.c, store_restore.c). */
#ifndef BACKUP_FILE_H
#define BACKUP_FILE_H

#include "store_backup.h"
#include "store_private.h"

/* Copies all that `from` holds into a file beside path, named in *draft (owned, see backup_drop),
 * has mark write down in it what it is, and puts it on disk. */
int backup_draft(
    struct sql *from, const char *path, int (*mark)(struct sql *), char **draft, struct err *e);
/* Gives the draft its name, on disk as well. */
int backup_name(const char *draft, const char *path, bool overwrite, struct err *e);
/* Removes what is left of a draft and frees its name. NULL: nothing. */
void backup_drop(char *draft);
/* Fills what can be asked of the tables. s->rc on failure. */
void backup_facts(struct sql *s, struct store_backup *out);

#endif
