#include "reload.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "alert.h"
#include "bundle.h"
#include "child.h"
#include "clock.h"
#include "list.h"
#include "log.h"
#include "mem.h"
#include "parts.h"
#include "program.h"
#include "watch.h"

/* A folder that is written without end is looked at in between. */
#define LATE_MS 1000

struct reload {
    struct engine *engine;
    int64_t test_ms;    /* 0: tests are not run first */
    struct list trials; /* whose tests are being run */
    struct list loads;  /* under way; an engine that ends does not tell of them */
    struct list missing;
    int64_t gone_ms;
    struct loop *loop;
    char *dir;
    struct watch *watch;
};

/* Tests of a company under way, after which it is loaded. */
struct trial {
    struct list node;
    struct reload *reload;
    struct program *program;
    char *company;
    char hash[33]; /* of what is tested */
    engine_loaded_fn fn;
    void *arg;
};

struct loading {
    struct list node;
    struct reload *reload;
    engine_loaded_fn fn;
    void *arg;
};

/* A company whose folder is not there at the moment. */
struct missing {
    struct list node;
    struct reload *reload;
    char *company;
    struct loop_timer *timer;
};

#define TRIAL_WORDS 800 /* bytes of what the tests said in an alert */

static void trial_free(struct trial *t)
{
    program_free(t->program);
    list_remove(&t->node);
    mem_free(t->company);
    mem_free(t);
}

static void missing_free(struct missing *m)
{
    loop_timer_free(m->timer);
    list_remove(&m->node);
    mem_free(m->company);
    mem_free(m);
}

struct reload *reload_new(struct engine *e, struct loop *l, const char *dir)
{
    struct reload *r = mem_zalloc(1, sizeof(*r));
    *r = (struct reload){.engine = e, .loop = l, .dir = mem_dup(dir)};
    list_init(&r->trials);
    list_init(&r->loads);
    list_init(&r->missing);
    return r;
}

void reload_free(struct reload *r)
{
    if (!r)
        return;
    while (!list_empty(&r->trials))
        trial_free(LIST_OF(r->trials.next, struct trial, node));
    for (struct list *n; (n = list_shift(&r->loads)) != NULL;)
        mem_free(LIST_OF(n, struct loading, node));
    while (!list_empty(&r->missing))
        missing_free(LIST_OF(r->missing.next, struct missing, node));
    watch_free(r->watch);
    mem_free(r->dir);
    mem_free(r);
}

void reload_test_first(struct reload *r, int64_t timeout_ms)
{
    r->test_ms = timeout_ms;
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
    char since[CLOCK_TEXT], goes_on[80] = "the company has no version that works";
    if (live) {
        clock_format(engine_version_since(r->engine, company), since);
        snprintf(goes_on, sizeof goes_on, "version %s of %.10s goes on", live, since);
    }
    log_event(LOG_ERROR, "company not loaded", "company", company, "error", error->text, "live",
        goes_on, NULL);
    if (engine_awaits_disk(r->engine, company))
        return; /* nobody needs to save it again */
    alert_raise(r->engine, company, "company-broken", company,
        "%s\nWhat was saved is not live: %s. Correct it and save again; `sauma check` says the "
        "same.",
        error->text, goes_on);
}

/* ---- one, and all ---- */

static void on_one(void *arg, const char *company, const char *version, const struct err *error)
{
    struct loading l = *(struct loading *)arg;
    list_remove(&((struct loading *)arg)->node);
    mem_free(arg);
    on_loaded(l.reload, company, version, error);
    if (l.fn)
        l.fn(l.arg, company, version, error);
}

static bool has_file(const struct reload *r, const char *name, const char *file)
{
    char *path = mem_printf("%s/%s/%s", r->dir, name, file);
    bool yes = parts_is_file(path);
    mem_free(path);
    return yes;
}

static bool has_folder(const struct reload *r, const char *name)
{
    return has_file(r, name, "company.lua");
}

static void load(struct reload *r, const char *name, engine_loaded_fn fn, void *arg)
{
    struct loading *l = mem_alloc(sizeof(*l));
    *l = (struct loading){.reload = r, .fn = fn, .arg = arg};
    list_append(&r->loads, &l->node);
    char *path = mem_printf("%s/%s", r->dir, name);
    engine_load_company(r->engine, name, path, on_one, l);
    mem_free(path);
}

/* ---- its tests first ---- */

static bool has_tests(const struct reload *r, const char *name)
{
    char *path = mem_printf("%s/%s/tests", r->dir, name);
    DIR *d = opendir(path);
    struct dirent *entry;
    bool yes = false;
    mem_free(path);
    while (d && !yes && (entry = readdir(d)) != NULL) {
        size_t n = strlen(entry->d_name);
        yes = n > 9 && strcmp(entry->d_name + n - 9, "_test.lua") == 0;
    }
    if (d)
        closedir(d);
    return yes;
}

/* What stands in the folder, tests and fixtures included; false if it cannot be read. */
static bool contents(const struct reload *r, const char *name, char hash[33])
{
    struct bundle b;
    char *path = mem_printf("%s/%s", r->dir, name);
    bool ok = bundle_read_company(&b, path, true, NULL) == 0;
    mem_free(path);
    if (ok) {
        memcpy(hash, b.hash, 33);
        bundle_free(&b);
    }
    return ok;
}

static void try_it(struct reload *r, const char *name, engine_loaded_fn fn, void *arg);

static void trial_failed(struct trial *t, const struct program_result *p)
{
    struct err err = {0};
    const char *live = engine_version(t->reload->engine, t->company);
    /* The last lines say which failed, and how many. */
    size_t n = p->output.n < TRIAL_WORDS ? p->output.n : TRIAL_WORDS;
    err_set(&err, ERR_CONFLICT, "the company's tests %s, so version %s stays live:\n%.*s",
        p->late ? "did not end in time" : "fail", live ? live : "(none)", (int)n,
        p->output.p + p->output.n - n);
    on_loaded(t->reload, t->company, NULL, &err);
    if (t->fn)
        t->fn(t->arg, t->company, NULL, &err);
}

static void on_tested(void *arg, const struct program_result *p)
{
    struct trial *t = arg;
    char now[33] = "";
    t->program = NULL;
    list_remove(&t->node);
    bool same = contents(t->reload, t->company, now) && strcmp(now, t->hash) == 0;
    if (!same && t->fn)
        try_it(t->reload, t->company, t->fn, t->arg); /* saved meanwhile: that is to be tested */
    else if (!same)
        log_event(LOG_DEBUG, "saved while its tests ran", "company", t->company, NULL);
    else if (p->status == 0)
        load(t->reload, t->company, t->fn, t->arg);
    else
        trial_failed(t, p);
    trial_free(t);
}

/* Another save while the tests run: those of the older one need not end, unless somebody waits for
 * what becomes of them. */
static void drop_older(struct reload *r, const char *name)
{
    struct list *next;
    for (struct list *n = r->trials.next; n != &r->trials; n = next) {
        struct trial *t = LIST_OF(n, struct trial, node);
        next = n->next;
        if (!t->fn && strcmp(t->company, name) == 0)
            trial_free(t);
    }
}

static void try_it(struct reload *r, const char *name, engine_loaded_fn fn, void *arg)
{
    drop_older(r, name);
    struct err err = {0};
    struct trial *t = mem_zalloc(1, sizeof(*t));
    char *path = mem_printf("%s/%s", r->dir, name), command[] = "test";
    char *self = mem_dup(child_self()), *argv[] = {self, command, path, NULL};
    *t = (struct trial){.reload = r, .company = mem_dup(name), .fn = fn, .arg = arg};
    list_append(&r->trials, &t->node);
    if (contents(r, name, t->hash))
        t->program = program_start(r->loop, argv, r->test_ms, on_tested, t, &err);
    mem_free(path);
    mem_free(self);
    if (t->program)
        return;
    if (err.code)
        log_event(LOG_ERROR, "tests not run", "company", name, "error", err.text, NULL);
    load(r, name, fn, arg); /* it cannot be read: loading it says why */
    trial_free(t);
}

void reload_company(struct reload *r, const char *name, engine_loaded_fn fn, void *arg)
{
    struct err err = {0};
    if (!name[0] || strchr(name, '/') || name[0] == '.' || !has_folder(r, name)) {
        err_set(&err, ERR_NOT_FOUND, "there is no company %s: %s/%s/company.lua is not there", name,
            r->dir, name);
        fn(arg, name, NULL, &err);
    } else if (r->test_ms > 0 && has_tests(r, name)) {
        try_it(r, name, fn, arg);
    } else {
        load(r, name, fn, arg);
    }
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

static void unload(struct reload *r, const char *company)
{
    if (!engine_version(r->engine, company) && !engine_load_error(r->engine, company))
        return;
    engine_unload_company(r->engine, company);
    alert_clear(r->engine, company, "company-broken", company);
    log_event(LOG_WARN, "company gone", "company", company, "next",
        "what it has accepted waits until its folder is back", NULL);
}

static struct missing *find_missing(struct reload *r, const char *company)
{
    for (struct list *n = r->missing.next; n != &r->missing; n = n->next)
        if (strcmp(LIST_OF(n, struct missing, node)->company, company) == 0)
            return LIST_OF(n, struct missing, node);
    return NULL;
}

static void missed_for_long(void *arg)
{
    struct missing *m = arg;
    if (!has_folder(m->reload, m->company))
        unload(m->reload, m->company);
    missing_free(m);
}

/* Its folder may be back in a moment: editors move a file away before they write another, and a
 * deployment puts a folder in a folder's place. Until then nothing is refused. */
static void miss(struct reload *r, const char *company)
{
    if (find_missing(r, company))
        return;
    struct missing *m = mem_zalloc(1, sizeof(*m));
    *m = (struct missing){.reload = r, .company = mem_dup(company)};
    m->timer = loop_timer_new(r->loop, missed_for_long, m);
    list_append(&r->missing, &m->node);
    loop_timer_arm(m->timer, r->gone_ms);
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
        struct missing *back = find_missing(r, name);
        if (back)
            missing_free(back);
        reload_company(r, name, NULL, NULL);
    } else {
        miss(r, name);
    }
}

void reload_watch(struct reload *r, int64_t quiet_ms, int64_t gone_ms)
{
    struct err err = {0};
    r->gone_ms = gone_ms;
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
