/* Companies as their folders change: a save is live when it has settled and loads; a broken one
 * changes nothing and raises an alert; a folder that comes or goes is a company that does. */
#ifndef RELOAD_H
#define RELOAD_H

#include "engine.h"

struct reload;

/* Watches dir, the folder of the companies' folders, once reload_start was called. */
struct reload *reload_new(struct engine *e, struct loop *l, const char *dir);
/* From now on a company that has tests is only loaded anew when they pass; each run of them may
 * take so long. What stands in the folders at the first load is taken as it is. */
void reload_test_first(struct reload *r, int64_t timeout_ms);
void reload_free(struct reload *r);
/* Loads all companies, calling done when each has loaded or failed; -1 and err if dir cannot be
 * read. */
int reload_all(
    struct reload *r, void (*done)(void *arg, int loaded, int failed), void *arg, struct err *err);
/* From now on changes are seen by themselves. quiet_ms: how long a folder must rest after a change.
 * Where the system cannot watch it, an alert says so, and `sauma reload` or SIGHUP is the way.
 * gone_ms: how long its folder must be missing before a company is gone. */
void reload_watch(struct reload *r, int64_t quiet_ms, int64_t gone_ms);
/* One company, now (its tests first, if that was asked for). fn as of engine_load_company;
 * ERR_NOT_FOUND if it has no folder. */
void reload_company(struct reload *r, const char *name, engine_loaded_fn fn, void *arg);

#endif
