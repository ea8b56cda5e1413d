/* Going back to an earlier version of a company's scripts. It holds until the folder is changed:
 * whoever saves something new means it. */
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "company.h"
#include "log.h"
#include "mem.h"

bool company_in_folder(struct company *c, const char *version)
{
    snprintf(c->folder, sizeof c->folder, "%s", version);
    if (c->pinned[0] && strcmp(c->pinned_at, version) == 0)
        return true;
    c->pinned[0] = '\0';
    return false;
}

/* ---- a rollback ---- */

struct rollback {
    struct list node; /* in company.rollbacks, while its version is being loaded */
    struct engine *engine;
    struct version *version; /* held */
    char *by, *note;
    bool record;     /* it is news, and not the one that was live before a restart */
    char folder[13]; /* what stood in the folder when it was recorded */
    struct err err;
    engine_loaded_fn fn;
    void *arg;
};

static void rollback_free(struct rollback *b)
{
    list_remove(&b->node);
    mem_free(b->by);
    mem_free(b->note);
    mem_free(b);
}

void rollbacks_free(struct company *c)
{
    while (!list_empty(&c->rollbacks))
        rollback_free(LIST_OF(c->rollbacks.next, struct rollback, node));
}

static void rollback_over(struct rollback *b, const struct err *err)
{
    struct version *v = b->version;
    if (b->fn)
        b->fn(b->arg, v->company->name, err ? NULL : v->name, err);
    version_release(v);
    rollback_free(b);
}

static void on_recorded(void *arg, const struct err *err)
{
    struct rollback *b = arg;
    if (!engine_held_back(b->engine)) { /* nobody waits, and the versions are gone */
        rollback_free(b);
        return;
    }
    struct company *c = b->version->company;
    if (!err) {
        snprintf(c->pinned, sizeof c->pinned, "%s", b->version->name);
        snprintf(c->pinned_at, sizeof c->pinned_at, "%s", b->folder);
        publish_give_up(c); /* it would be what the folder holds, which this is to stand above */
        version_make_current(b->version);
    }
    rollback_over(b, err);
}

static void record(struct company *c, struct rollback *b)
{
    snprintf(b->folder, sizeof b->folder, "%s", c->folder);
    struct store_switch sw = {
        c->name, b->version->name, b->folder, "rollback", b->by, b->note, clock_wall_ms()};
    engine_hold(b->engine);
    store_add_switch(c->engine->parts.store, &sw, on_recorded, b);
}

static void on_ready(void *arg, const char *company, const char *version, const struct err *err)
{
    struct rollback *b = arg;
    struct company *c = b->version->company;
    list_remove(&b->node);
    if (err) {
        rollback_over(b, err);
    } else if (b->record) {
        record(c, b);
    } else {
        if (strcmp(c->last, b->version->name) == 0) /* still: none was saved, its folder is there */
            version_make_current(b->version);
        rollback_over(b, NULL);
    }
}

static void ready_now(void *arg)
{
    struct rollback *b = arg;
    if (engine_held_back(b->engine)) {
        on_ready(b, NULL, NULL, b->version->state == VERSION_BROKEN ? &b->err : NULL);
    } else {
        rollback_free(b);
    }
}

static void begin(struct company *c, const char *version, struct rollback *b)
{
    struct version *v = version_recorded(c, version);
    list_init(&b->node);
    b->engine = c->engine;
    b->version = v;
    if (v->state == VERSION_LOADING) {
        list_append(&c->rollbacks, &b->node);
        version_wait(v, on_ready, b);
        return;
    }
    if (v->state == VERSION_BROKEN)
        err_set(&b->err, ERR_INPUT, "version %s does not load: %s", v->name, v->problem);
    engine_hold(c->engine);
    loop_post(c->engine->parts.loop, ready_now, b);
}

void company_resume(struct company *c, engine_loaded_fn fn, void *arg)
{
    struct rollback *b = mem_zalloc(1, sizeof *b);
    b->fn = fn;
    b->arg = arg;
    begin(c, c->last, b);
}

void company_hold_pin(struct company *c, engine_loaded_fn fn, void *arg)
{
    log_event(LOG_INFO, "a rollback is in force", "company", c->name, "version", c->pinned,
        "folder", c->folder, NULL);
    if (strcmp(c->last, c->pinned) != 0) /* its folder was gone for a while */
        company_was_live(c, c->pinned, clock_wall_ms());
    company_resume(c, fn, arg);
}

void engine_rollback(struct engine *e, const char *company, const char *version, const char *by,
    const char *note, engine_loaded_fn fn, void *arg)
{
    struct company *c = company_get(e, company, false);
    struct err err = {0};
    if (!c || !c->current) {
        err_set(&err, ERR_NOT_FOUND, "there is no company %s", company);
        fn(arg, company, NULL, &err);
        return;
    }
    struct rollback *b = mem_zalloc(1, sizeof *b);
    b->by = mem_dup(by);
    b->note = mem_dup(note);
    b->record = true;
    b->fn = fn;
    b->arg = arg;
    begin(c, version, b);
}
