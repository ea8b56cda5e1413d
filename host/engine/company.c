/* Companies and the versions of their scripts. A version is loaded beside the one that is live and
 * takes its place only when it is whole; runs keep theirs. */
#include "company.h"

#include <stdio.h>
#include <string.h>
#include "bundle_line.h"
#include "channel.h"
#include "kept.h"
#include "clock.h"
#include "lock.h"
#include "match_feed.h"
#include "mem.h"

/* Somebody who waits for a load to end. */
struct waiter {
    struct list node;
    engine_loaded_fn fn;
    void *arg;
};

void version_wait(struct version *v, engine_loaded_fn fn, void *arg)
{
    struct waiter *w = mem_zalloc(1, sizeof *w);
    w->fn = fn;
    w->arg = arg;
    list_append(&v->told, &w->node);
}

struct company *company_get(struct engine *e, const char *name, bool make)
{
    struct company *c = map_get(e->companies, str_of(name));
    if (c || !make)
        return c;
    c = mem_zalloc(1, sizeof *c);
    c->engine = e;
    c->name = mem_dup(name);
    c->channels = map_new();
    c->keys = map_new();
    c->locks = map_new();
    c->silences = map_new();
    c->feeds = map_new();
    list_init(&c->versions);
    list_init(&c->turn_node);
    list_init(&c->ready);
    list_init(&c->unrouted);
    list_init(&c->late);
    list_init(&c->routing);
    list_init(&c->rollbacks);
    backlog_init(&c->backlog);
    map_set(e->companies, str_of(name), c);
    return c;
}

/* ---- versions ---- */

struct version *version_hold(struct version *v)
{
    v->refs++;
    return v;
}

static struct version *version_at(struct list *n)
{
    return LIST_OF(n, struct version, node);
}

struct version *version_of_folder(struct company *c, const char *name)
{
    for (struct list *n = c->versions.next; n != &c->versions; n = n->next)
        if (version_at(n)->state != VERSION_BROKEN && !version_at(n)->recorded &&
            strcmp(version_at(n)->name, name) == 0)
            return version_at(n);
    return NULL;
}

/* One of the folder counts when it is ready: it may turn out to be broken, for today's checks. */
static struct version *find_for_runs(struct company *c, const char *name)
{
    for (struct list *n = c->versions.next; n != &c->versions; n = n->next) {
        struct version *v = version_at(n);
        if ((v->state == VERSION_READY || (v->state == VERSION_LOADING && v->recorded)) &&
            strcmp(v->name, name) == 0)
            return v;
    }
    return NULL;
}

/* One that was tried again after it was broken has the same context. */
static bool context_in_use(const struct version *gone)
{
    const struct company *c = gone->company;
    for (struct list *n = c->versions.next; n != &c->versions; n = n->next)
        if (version_at(n)->state != VERSION_BROKEN &&
            strcmp(version_at(n)->context, gone->context) == 0)
            return true;
    return false;
}

static void version_free(struct version *v)
{
    struct list *node;
    list_remove(&v->node);
    if (!context_in_use(v))
        scripts_unload(v->company->engine->parts.scripts, v->context);
    while ((node = list_shift(&v->told)) != NULL)
        mem_free(LIST_OF(node, struct waiter, node));
    manifest_free(v->manifest);
    bundle_free(&v->bundle);
    mem_free(v->context);
    mem_free(v->problem);
    mem_free(v);
}

void version_release(struct version *v)
{
    if (--v->refs == 0)
        version_free(v);
}

/* Held once by its maker. What the store has of a version is loaded beside what a folder has of it:
 * the folder's is checked as strictly as today, and may turn out to be broken. */
struct version *version_new(struct company *c, const char *name, bool recorded)
{
    struct version *v = mem_zalloc(1, sizeof *v);
    v->company = c;
    snprintf(v->name, sizeof v->name, "%.12s", name);
    v->recorded = recorded;
    v->context = mem_printf("%s@%s%s", c->name, v->name, recorded ? "+recorded" : "");
    v->refs = 1;
    list_init(&v->waiting);
    list_init(&v->told);
    list_append(&c->versions, &v->node);
    return v;
}

void version_tell(struct version *v, const struct err *error)
{
    struct list *node;
    while ((node = list_shift(&v->told)) != NULL) {
        struct waiter w = *LIST_OF(node, struct waiter, node);
        mem_free(LIST_OF(node, struct waiter, node));
        if (w.fn)
            w.fn(w.arg, v->company->name, error ? NULL : v->name, error);
    }
}

void company_set_error(struct company *c, const char *text)
{
    char *copy = mem_dup(text);
    mem_free(c->load_error);
    c->load_error = copy;
}

void version_make_current(struct version *v)
{
    struct company *c = v->company;
    struct version *old = c->current;
    company_set_error(c, NULL);
    if (old == v)
        return;
    c->current = version_hold(v);
    company_was_live(c, v->name, clock_wall_ms());
    if (old)
        version_release(old);
    timetable_renew(c);
    silence_renew(c);
    health_renew(c);
    store_set_redaction(c->engine->parts.store, c->name, c->current->manifest->redact, NULL, NULL);
    events_company_ready(c);
}

static void start_waiting(struct version *v)
{
    struct list *node;
    while ((node = list_shift(&v->waiting)) != NULL)
        run_queue(LIST_OF(node, struct run, version_node));
}

static void version_ready(struct version *v)
{
    v->state = VERSION_READY;
    /* Its folder may have got another while this one was loading. */
    if (!v->recorded && strcmp(v->company->folder, v->name) == 0) {
        version_publish(v);
    } else {
        bundle_free(&v->bundle);
        version_tell(v, NULL);
    }
    start_waiting(v);
}

static void version_broken(struct version *v, const struct err *err)
{
    struct err shown = *err;
    if (v->bundle.json)
        bundle_show_line(bundle_str(&v->bundle), &shown);
    v->state = VERSION_BROKEN;
    v->problem = mem_dup(shown.text);
    if (!v->recorded)
        company_set_error(v->company, shown.text);
    bundle_free(&v->bundle);
    version_tell(v, &shown);
    start_waiting(v);
}

static void on_loaded(void *arg, struct str manifest, const struct err *err)
{
    struct version *v = arg;
    struct err problem = {0};
    if (!err) {
        v->manifest = manifest_parse(v->company->name, manifest, &problem);
        if (!v->manifest)
            err = &problem;
    }
    if (err)
        version_broken(v, err);
    else
        version_ready(v);
    version_release(v); /* the load's own hold */
}

void version_load(struct version *v, const char *system_hash, struct str bundle)
{
    /* What was live once goes on, though today's checks may be stricter. */
    char *options = mem_printf("{\"company\":\"%s\",\"version\":\"%s\",\"recorded\":%s}",
        v->company->name, v->name, v->recorded ? "true" : "false");
    scripts_load(v->company->engine->parts.scripts, v->context, SCRIPT_COMPANY, "boot", system_hash,
        bundle, str_of(options), on_loaded, v);
    mem_free(options);
}

struct reading {
    struct engine *engine;
    struct version *version;
};

static void on_version_read(void *arg, const char *company_hash, struct str company_bundle,
    const char *system_hash, struct str system_bundle, const struct err *err)
{
    struct reading g = *(struct reading *)arg;
    mem_free(arg);
    if (!engine_held_back(g.engine))
        return;
    struct version *v = g.version;
    (void)company_hash;
    if (err) {
        version_broken(v, err);
        version_release(v);
    } else {
        scripts_add_system(g.engine->parts.scripts, system_hash, system_bundle);
        version_load(v, system_hash, company_bundle);
    }
}

struct version *version_recorded(struct company *c, const char *name)
{
    struct version *v = find_for_runs(c, name);
    if (v)
        return version_hold(v);
    v = version_new(c, name, true);
    version_hold(v); /* one for the caller, one for the load */
    engine_hold(c->engine);
    struct reading *g = mem_alloc(sizeof *g);
    *g = (struct reading){c->engine, v};
    store_load_version(c->engine->parts.store, c->name, v->name, on_version_read, g);
    return v;
}

void company_free(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(c->feeds, &at, &key, &value))
        feed_free(value);
    map_free(c->feeds);
    at = 0;
    while (map_next(c->channels, &at, &key, &value))
        channel_free(value);
    map_free(c->channels);
    kept_free(c->kept);
    timetable_free(c);
    silence_free(c);
    keys_free(c);
    locks_free(c->locks);
    for (at = 0; map_next(c->silences, &at, &key, &value);)
        mem_free(value);
    map_free(c->silences);
    while (!list_empty(&c->versions))
        version_free(LIST_OF(c->versions.next, struct version, node));
    fallback_free(c);
    rollbacks_free(c);
    mem_free(c->load_error);
    mem_free(c->name);
    mem_free(c);
}
