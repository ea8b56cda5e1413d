/* A catalogue's file: what was done to the catalogue, one change after the other. It only grows
 * while it is open, so a crash costs its last changes at most, and each change is checked by a sum
 * over all before it. The words are found again while reading: that costs as little as reading
 * them would, and cannot be inconsistent. */
#ifndef CATALOG_LOG_H
#define CATALOG_LOG_H

#include "catalog.h"

struct catalog_log;

/* Opens the file, or makes it. print names what the catalogue is of, at most 64 bytes: a file of
 * anything else, of another version or byte order is begun again. NULL with ERR_IO. */
struct catalog_log *catalog_log_open(const char *path, const char *print, struct err *e);
void catalog_log_close(struct catalog_log *l);

/* Does at most so many changes of the file to c. 1: there are more; 0: that was all, and what
 * cannot be read any more was cut off; from now on changes may be added. -1 with ERR_IO. */
int catalog_log_read(struct catalog_log *l, struct catalog *c, int changes, struct err *e);
/* True if the file held something that could not be used. */
bool catalog_log_was_cut(const struct catalog_log *l);
/* The last mark, "" if there is none. */
const char *catalog_log_mark(const struct catalog_log *l);

/* Each of these does it to c and notes it; l may be NULL, then it is done to c alone.
 * catalog_log_put: -1 as catalog_put; 0: the record was there just so; 1: changed. */
int catalog_log_put(
    struct catalog_log *l, struct catalog *c, const struct catalog_record *r, struct err *e);
bool catalog_log_remove(struct catalog_log *l, struct catalog *c, struct str id);
/* A text of the caller, at most 255 bytes, that holds for all that was noted before it. */
void catalog_log_set_mark(struct catalog_log *l, const char *text);

/* Writes what was noted; -1 with ERR_IO: nothing more is written to the file from then on. */
int catalog_log_flush(struct catalog_log *l, struct err *e);
/* Writes the file anew if more than half of it is of records that are gone. -1 with ERR_IO. */
int catalog_log_tidy(struct catalog_log *l, const struct catalog *c, struct err *e);

#endif
