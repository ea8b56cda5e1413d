/* A version that a folder holds goes live when it is on disk: its sources, and then the switch to
 * it. So whatever names a version (a run, a rollback, the next start) finds its sources. What a
 * full disk refuses is asked again until the disk has room, or the folder holds something else;
 * what was live goes on meanwhile. */
#include <string.h>
#include "alert.h"
#include "clock.h"
#include "company.h"
#include "log.h"
#include "mem.h"

struct publishing {
    struct engine *engine;
    struct version *version; /* held */
    bool again;              /* whoever saved it was told that it is not live */
};

/* Its sources are needed no longer, if nothing is under way. */
static void forget_sources(struct version *v)
{
    if (!v->publishing)
        bundle_free(&v->bundle);
}

void publish_give_up(struct company *c)
{
    struct version *v = c->refused;
    c->refused = NULL;
    if (!v)
        return;
    forget_sources(v);
    version_release(v);
}

static void go_live(struct version *v, bool again)
{
    struct company *c = v->company;
    forget_sources(v);
    if (c->has_folder) {
        c->pinned[0] = '\0'; /* a rollback counts until something new is saved */
        version_make_current(v);
    }
    if (again && c->current == v) {
        log_event(LOG_INFO, "company loaded", "company", c->name, "version", v->name, NULL);
        alert_clear(c->engine, c->name, "company-broken", c->name);
    }
    version_tell(v, NULL);
}

/* The version that the folder holds is kept for another try: one at most of a company. */
static void keep(struct version *v, const struct err *why)
{
    struct company *c = v->company;
    struct err err = {0};
    err_set(&err, why->code,
        "version %s loads, but is not live yet: its sources could not be stored (%s). It goes live "
        "by itself when they can",
        v->name, why->text);
    if (c->has_folder && strcmp(c->folder, v->name) == 0) {
        c->refused = version_hold(v);
        company_set_error(c, err.text);
        engine_retry_soon(c->engine);
    } else {
        forget_sources(v);
    }
    version_tell(v, &err);
}

static void on_published(void *arg, const struct err *err)
{
    struct publishing p = *(struct publishing *)arg;
    mem_free(arg);
    if (!engine_held_back(p.engine))
        return;
    struct version *v = p.version;
    v->publishing--;
    if (err)
        p.engine->system_stored = false;
    /* What was live last is there, whether this start could say so again or not. */
    if (!err || strcmp(v->company->last, v->name) == 0)
        go_live(v, p.again);
    else if (!v->publishing)
        keep(v, err);
    version_release(v);
}

static void publish(struct version *v, bool again)
{
    struct company *c = v->company;
    struct engine *e = c->engine;
    struct store *s = e->parts.store;
    struct store_switch sw = {c->name, v->name, v->name, "save", "", "", clock_wall_ms()};
    struct publishing *p = mem_alloc(sizeof *p);
    *p = (struct publishing){e, version_hold(v), again};
    v->publishing++;
    engine_hold(e);
    publish_give_up(c); /* of that one, or one before it */
    if (!e->system_stored)
        store_put_bundle(s, e->parts.system->hash, bundle_str(e->parts.system));
    e->system_stored = true;
    /* Each of them fails where the one before it did. */
    store_put_bundle(s, v->bundle.hash, bundle_str(&v->bundle));
    store_put_version(s, c->name, v->name, v->bundle.hash, e->parts.system->hash, clock_wall_ms());
    store_add_switch(s, &sw, on_published, p);
}

void version_publish(struct version *v)
{
    publish(v, false);
}

void publish_again(struct company *c)
{
    if (c->refused && strcmp(c->folder, c->refused->name) == 0)
        publish(c->refused, true);
    else
        publish_give_up(c);
}
