/* What was live when the host ended goes on when it starts again, also where the folder does not
 * load: a broken save changes nothing, whether the host has seen it or not. */
#include <stdio.h>
#include <string.h>
#include "company.h"
#include "log.h"
#include "mem.h"

void company_was_live(struct company *c, const char *version, int64_t since_ms)
{
    if (strcmp(c->last, version) == 0)
        return;
    snprintf(c->last, sizeof c->last, "%s", version);
    c->last_ms = since_ms;
}

/* ---- the first load of a company, which may fail ---- */

struct fallback {
    struct err err; /* of the folder */
    engine_loaded_fn fn;
    void *arg;
};

void fallback_free(struct company *c)
{
    mem_free(c->fallback);
    c->fallback = NULL;
}

static void first_over(struct company *c, const char *version, const struct err *err)
{
    struct fallback f = *c->fallback;
    struct err copy = err ? *err : (struct err){0};
    fallback_free(c);
    if (f.fn)
        f.fn(f.arg, c->name, version, err ? &copy : NULL);
}

static void on_resumed(void *arg, const char *company, const char *version, const struct err *err)
{
    struct company *c = arg;
    if (err)
        log_event(LOG_ERROR, "the version that was live does not load", "company", company,
            "version", c->last, "error", err->text, NULL);
    /* That of the folder stays what is wrong, unless one that loads was saved meanwhile. */
    if (!c->current || c->current->recorded)
        company_set_error(c, c->fallback->err.text);
    first_over(c, NULL, &c->fallback->err);
}

static void on_first_load(
    void *arg, const char *company, const char *version, const struct err *err)
{
    struct company *c = arg;
    if (!err || c->current || !c->last[0]) {
        first_over(c, version, err);
        return;
    }
    c->fallback->err = *err;
    company_resume(c, on_resumed, c);
}

void fallback_prepare(struct company *c, engine_loaded_fn *fn, void **arg)
{
    if (c->current || c->fallback || !c->last[0])
        return;
    c->fallback = mem_zalloc(1, sizeof *c->fallback);
    *c->fallback = (struct fallback){.fn = *fn, .arg = *arg};
    *fn = on_first_load;
    *arg = c;
}

/* ---- which was live ---- */

struct load_live {
    struct engine *engine;
    void (*done)(void *arg, const struct err *err);
    void *arg;
};

static void on_live(void *arg, const struct store_switch *sw)
{
    struct load_live *l = arg;
    if (l->engine->dead)
        return;
    struct company *c = company_get(l->engine, sw->company, true);
    company_was_live(c, sw->version, sw->at_ms);
    if (strcmp(sw->how, "rollback") != 0)
        return;
    snprintf(c->pinned, sizeof c->pinned, "%s", sw->version);
    snprintf(c->pinned_at, sizeof c->pinned_at, "%s", sw->folder);
}

static void on_all_live(void *arg, const struct err *err)
{
    struct load_live l = *(struct load_live *)arg;
    mem_free(arg);
    if (engine_held_back(l.engine))
        l.done(l.arg, err);
}

void engine_load_live(struct engine *e, void (*done)(void *arg, const struct err *err), void *arg)
{
    struct load_live *l = mem_alloc(sizeof *l);
    *l = (struct load_live){e, done, arg};
    engine_hold(e);
    store_load_live(e->parts.store, on_live, on_all_live, l);
}
