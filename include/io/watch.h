/* Watching a folder of folders: which of them was changed, said once the change has settled. Built
 * on inotify, so it needs a local file system of Linux. */
#ifndef WATCH_H
#define WATCH_H

#include "err.h"
#include "loop.h"

struct watch;

struct watch_config {
    int64_t quiet_ms; /* a folder is told when nothing in it changed for so long */
    int64_t late_ms;  /* and at latest so long after its first change */
};
/* name: the entry of the watched folder in which something was made, written, renamed or removed,
 * or which itself came or went. NULL: events were lost, anything may have changed. */
typedef void (*watch_fn)(void *arg, const char *name);
/* Watches dir and all folders below its entries (also those that come later, and an entry that is a
 * symbolic link to a folder). What begins with a dot or ends with ~ does not count: editors write
 * such files beside what they save. NULL and e, also if the system has no watches left. */
struct watch *watch_new(struct loop *l, const char *dir, const struct watch_config *c, watch_fn fn,
    void *arg, struct err *e);
void watch_free(struct watch *w);
/* The first folder that could not be watched, in words: changes in it are not seen. NULL: none. */
const char *watch_problem(struct watch *w);

#endif
