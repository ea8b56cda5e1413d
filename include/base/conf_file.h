/* Config files: `name = value` lines. A # at the begin of a line or behind a space starts a
 * comment; a value in double quotes holds anything but a double quote. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "err.h"
#include "str.h"

/* One line of the file; where is "file:line" for messages. */
typedef int conf_file_set(
    void *arg, struct str name, struct str value, const char *where, struct err *e);

/* Reads the file and calls set for each of its lines in order; stops at the first -1. A name that
 * stands twice is an error. 0, or -1 and e (ERR_IO: cannot be read; ERR_USAGE: malformed). */
int conf_file_read(const char *path, conf_file_set *set, void *arg, struct err *e);

#endif
