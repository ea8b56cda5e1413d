/* A store in a folder of its own, and waiting for its callbacks. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "store.h"
#include "store_private.h"
#include "store_read.h"

struct fixture {
    char dir[64];
    struct loop *loop;
    struct store *store;
};

static inline void fixture_open(struct fixture *f)
{
    struct err e = {0};
    f->store = store_open(f->loop, f->dir, &e);
    if (!f->store)
        fail_msg("store_open: %s", e.text);
}

static inline void fixture_close(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_zalloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/sauma-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    log_set_level(LOG_ERROR + 1);
    f->loop = loop_new(NULL);
    fixture_open(f);
    *state = f;
    return 0;
}

/* Whatever a test did, what is counted as kept of a company is what is kept. 0 if so, or if there
 * is no sound store to be asked. */
static inline int fixture_stored_wrong(struct fixture *f)
{
    sqlite3 *h;
    sqlite3_stmt *st = NULL;
    char path[128];
    int wrong = 0;
    snprintf(path, sizeof(path), "%s/%s", f->dir, STORE_FILE);
    if (sqlite3_open_v2(path, &h, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(h,
            "SELECT company, s.bytes, coalesce(a.bytes, 0) FROM stored s LEFT JOIN stored_added_up a"
            " USING (company) WHERE s.bytes <> coalesce(a.bytes, 0)",
            -1, &st, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW) {
            fprintf(stderr, "%s: counted as %lld bytes, and there are %lld\n",
                sqlite3_column_text(st, 0), sqlite3_column_int64(st, 1),
                sqlite3_column_int64(st, 2));
            wrong++;
        }
    sqlite3_finalize(st);
    sqlite3_close(h);
    return wrong;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    store_close(f->store);
    int wrong = fixture_stored_wrong(f);
    loop_free(f->loop);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
    int rc = system(command);
    mem_free(f);
    return rc || wrong;
}

static inline void fixture_tick(void *arg)
{
    struct fixture *f = arg;
    if (store_pending(f->store) == 0)
        loop_stop(f->loop);
}

/* Runs the loop until all that was asked is answered. */
static inline void fixture_settle(struct fixture *f)
{
    loop_on_idle(f->loop, fixture_tick, f);
    if (store_pending(f->store) > 0)
        loop_run(f->loop);
    loop_off_idle(f->loop, fixture_tick, f);
}

/* A connection beside the store, to look at it or to damage it. */
static inline sqlite3 *fixture_sqlite(struct fixture *f)
{
    sqlite3 *h;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", f->dir, STORE_FILE);
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    sqlite3_busy_timeout(h, 10000);
    return h;
}

static inline int64_t fixture_number(struct fixture *f, const char *sql)
{
    sqlite3 *h = fixture_sqlite(f);
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL) || sqlite3_step(st) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(h);
    return n;
}

static inline void fixture_exec(struct fixture *f, const char *sql)
{
    sqlite3 *h = fixture_sqlite(f);
    if (sqlite3_exec(h, sql, NULL, NULL, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    sqlite3_close(h);
}

/* What a callback was told. */
struct told {
    int calls;
    enum store_event_result result;
    int64_t seq;
    char first_id[64];
    struct err e; /* code ERR_NONE: it worked */
};

static inline void told_err(struct told *t, const struct err *e)
{
    t->calls++;
    t->e = e ? *e : (struct err){0};
}

static inline void told_done(void *arg, const struct err *e)
{
    told_err(arg, e);
}

static inline void told_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct told *t = arg;
    told_err(t, e);
    t->result = r;
    t->seq = seq;
    snprintf(t->first_id, sizeof(t->first_id), "%s", first_id);
}

static inline void add_event(struct fixture *f, const char *id, const char *company,
    const char *delivery, const char *body, struct told *t)
{
    struct store_event ev = {id, company, "shop", "order.created", delivery, 1700000000000,
        STR_LIT("{\"content-type\":\"application/json\"}"), str_of(body)};
    store_add_event(f->store, &ev, told_event, t);
}

static inline void route_one(struct fixture *f, const char *event, const char *run,
    const char *company, enum run_state state, struct told *t)
{
    struct store_run r = {run, event, company, "Reserve stock", "1f3a", "key", state, "", "", NULL};
    store_route(f->store, event, &r, 1, "", told_done, t);
}

static inline void set_run(
    struct fixture *f, const char *run, enum run_state state, const char *reason, struct told *t)
{
    struct store_run_change c = {.run = run, .state = state, .reason = reason};
    store_set_run(f->store, &c, told_done, t);
}

#define assert_told(t)                                                                             \
    do {                                                                                           \
        assert_int_equal((t).calls, 1);                                                            \
        if ((t).e.code != ERR_NONE)                                                                \
            fail_msg("%s", (t).e.text);                                                            \
    } while (0)
#define assert_refused(t, want)                                                                    \
    do {                                                                                           \
        assert_int_equal((t).calls, 1);                                                            \
        assert_int_equal((t).e.code, (want));                                                      \
    } while (0)

#endif
