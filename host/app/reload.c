#include "reload.h"

#include <string.h>

#include "alert.h"
#include "log.h"
#include "mem.h"
#include "parts.h"
#include "watch.h"

/* A folder that is written without end is looked at in between. */
#define LATE_MS 1000

struct reload {
    struct engine *engine;
    struct loop *loop;
    char *dir;
    struct watch *watch;
};

struct reload *reload_new(struct engine *e, struct loop *l, const char *dir)
{
    struct reload *r = mem_zalloc(1, sizeof(*r));
    *r = (struct reload){.engine = e, .loop = l, .dir = mem_dup(dir)};
    return r;
}

void reload_free(struct reload *r)
{
    if (!r)
        return;
    watch_free(r->watch);
    mem_free(r->dir);
    mem_free(r);
}

/* ---- what became of a load ---- */

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct reload *r = arg;
    if (!error) {
        log_event(LOG_INFO, "company loaded", "company", company, "version", version, NULL);
        alert_clear(r->engine, company, "company-broken", company);
        return;
    }
    const char *live = engine_version(r->engine, company);
    log_event(LOG_ERROR, "company not loaded", "company", company, "error", error->text, NULL);
    alert_raise(r->engine, company, "company-broken", company,
        "%s\nWhat was saved is not live: %s%s. Correct it and save again; `sauma check` says the "
        "same.",
        error->text, live ? "version " : "the company has no version that works", live ? live : "");
}

/* ---- one, and all ---- */

struct loading {
    struct reload *reload;
    engine_loaded_fn fn;
    void *arg;
};

static void on_one(void *arg, const char *company, const char *version, const struct err *error)
{
    struct loading l = *(struct loading *)arg;
    mem_free(arg);
    on_loaded(l.reload, company, version, error);
    if (l.fn)
        l.fn(l.arg, company, version, error);
}

static bool has_folder(const struct reload *r, const char *name)
{
    char *path = mem_printf("%s/%s/company.lua", r->dir, name);
    bool yes = parts_is_file(path);
    mem_free(path);
    return yes;
}

void reload_company(struct reload *r, const char *name, engine_loaded_fn fn, void *arg)
{
    struct err err = {0};
    if (!name[0] || strchr(name, '/') || name[0] == '.' || !has_folder(r, name)) {
        err_set(&err, ERR_NOT_FOUND, "there is no company %s: %s/%s/company.lua is not there", name,
            r->dir, name);
        fn(arg, name, NULL, &err);
        return;
    }
    struct loading *l = mem_alloc(sizeof(*l));
    *l = (struct loading){r, fn, arg};
    char *path = mem_printf("%s/%s", r->dir, name);
    engine_load_company(r->engine, name, path, on_one, l);
    mem_free(path);
}

struct all {
    struct reload *reload;
    void (*done)(void *arg, int loaded, int failed);
    void *arg;
};

static void on_all(void *arg, int loaded, int failed)
{
    struct all a = *(struct all *)arg;
    mem_free(arg);
    a.done(a.arg, loaded, failed);
}

static void on_each(void *arg, const char *company, const char *version, const struct err *error)
{
    on_loaded(((struct all *)arg)->reload, company, version, error);
}

/* Companies without a folder any more. */
static void unload_gone(struct reload *r)
{
    int n = engine_companies(r->engine, NULL, 0);
    const char **names = mem_zalloc((size_t)n + 1, sizeof(*names));
    engine_companies(r->engine, names, n);
    for (int i = 0; i < n; i++)
        if (!has_folder(r, names[i]))
            engine_unload_company(r->engine, names[i]);
    mem_free(names);
}

int reload_all(
    struct reload *r, void (*done)(void *arg, int loaded, int failed), void *arg, struct err *err)
{
    struct all *a = mem_alloc(sizeof(*a));
    *a = (struct all){r, done, arg};
    unload_gone(r);
    if (engine_load_all(r->engine, r->dir, on_each, on_all, a, err) == 0)
        return 0;
    mem_free(a);
    return -1;
}

/* ---- by themselves ---- */

static void all_seen(void *arg, int loaded, int failed)
{
}

static void on_change(void *arg, const char *name)
{
    struct reload *r = arg;
    struct err err = {0};
    if (!name) {
        log_event(LOG_WARN, "changes of companies were missed", "next", "all are read again", NULL);
        if (reload_all(r, all_seen, NULL, &err) < 0)
            log_event(LOG_ERROR, "companies not read", "error", err.text, NULL);
    } else if (has_folder(r, name)) {
        reload_company(r, name, NULL, NULL);
    } else if (engine_version(r->engine, name)) {
        engine_unload_company(r->engine, name);
        alert_clear(r->engine, name, "company-broken", name);
        log_event(LOG_WARN, "company gone", "company", name, "next",
            "what it has accepted waits until its folder is back", NULL);
    }
}

void reload_watch(struct reload *r, int64_t quiet_ms)
{
    struct err err = {0};
    struct watch_config c = {.quiet_ms = quiet_ms, .late_ms = LATE_MS};
    r->watch = watch_new(r->loop, r->dir, &c, on_change, r, &err);
    const char *problem = r->watch ? watch_problem(r->watch) : err.text;
    if (problem)
        alert_raise(r->engine, "", "watch", r->dir,
            "%s. Changes there are not seen by themselves: use `sauma reload COMPANY`, or send "
            "SIGHUP.",
            problem);
    else
        alert_clear(r->engine, "", "watch", r->dir);
}
