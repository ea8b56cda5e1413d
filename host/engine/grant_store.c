#include "grant_store.h"

#include "grant.h"
#include "log.h"
#include "machine.h"
#include "mem.h"

static const struct resolver *resolver(const struct channel *ch)
{
    return ch->company->engine->parts.resolver;
}

void grant_drop(struct channel *ch)
{
    grant_free(ch->token.grant);
    ch->token.grant = NULL;
}

static int stored(const struct channel *ch, struct grant **g, struct err *e)
{
    char *json;
    int rc = resolver(ch)->grant(resolver(ch)->arg, ch->company->name, ch->name, &json, e);
    *g = rc == 1 ? grant_parse(str_of(json), e) : NULL;
    resolver_wipe(json);
    return rc == 1 && !*g ? -1 : rc;
}

struct grant *grant_stored(const struct channel *ch)
{
    struct grant *g;
    return stored(ch, &g, NULL) == 1 ? g : NULL;
}

int grant_read(struct channel *ch, struct err *e)
{
    struct grant *g;
    int rc = stored(ch, &g, e);
    if (rc < 0)
        return -1;
    grant_drop(ch);
    ch->token.grant = g;
    return rc;
}

/* ---- writing ---- */

struct grant_save {
    struct channel *channel; /* NULL: it has gone */
    const struct resolver *resolver;
    struct loop *loop;
    char *company, *name;
    struct secrets_write *write; /* NULL: it cannot be kept, and that is to be said */
    struct err why;
    grant_saved_fn then;
    bool unlock; /* when it is written */
};

static void save_free(struct grant_save *s)
{
    mem_free(s->company);
    mem_free(s->name);
    mem_free(s);
}

static void saved(void *arg, int rc, const struct err *e)
{
    struct grant_save *s = arg;
    struct channel *ch = s->channel;
    grant_saved_fn then = s->then;
    if (s->unlock)
        s->resolver->grant_unlock(s->resolver->arg, s->company, s->name);
    if (!ch && rc < 0)
        log_event(LOG_ERROR, "grant not stored", "company", s->company, "connection", s->name,
            "error", e->text, NULL);
    save_free(s);
    if (!ch)
        return;
    ch->token.saving = NULL;
    ch->token.unsaved = rc < 0;
    if (then)
        then(ch, rc, e);
}

static void cannot_be_kept(void *arg)
{
    struct grant_save *s = arg;
    struct err why = s->why;
    saved(s, -1, &why);
}

void grant_save(struct channel *ch, grant_saved_fn then)
{
    struct grant_save *s = mem_zalloc(1, sizeof *s);
    s->channel = ch;
    s->resolver = resolver(ch);
    s->loop = ch->company->engine->parts.loop;
    s->company = mem_dup(ch->company->name);
    s->name = mem_dup(ch->name);
    s->then = then;
    ch->token.saving = s;
    s->write = grant_keep(ch, ch->token.grant, saved, s, &s->why);
    if (!s->write)
        loop_post(s->loop, cannot_be_kept, s);
}

void grant_save_forget(struct channel *ch)
{
    struct grant_save *s = ch->token.saving;
    ch->token.saving = NULL;
    if (!s)
        return;
    s->channel = NULL;
    if (!s->write) {
        loop_unpost(s->loop, cannot_be_kept, s);
        save_free(s);
    }
}

struct secrets_write *grant_keep(const struct channel *ch, const struct grant *g,
    secrets_written_fn done, void *arg, struct err *e)
{
    const struct resolver *r = resolver(ch);
    char *json = grant_text(g);
    struct secrets_write *w = r->set_grant(r->arg, ch->company->name, ch->name, json, done, arg, e);
    resolver_wipe(json);
    return w;
}

/* ---- one process at a time ---- */

int grant_lock(struct channel *ch, struct err *e)
{
    int rc = resolver(ch)->grant_lock(resolver(ch)->arg, ch->company->name, ch->name, e);
    if (rc == 1)
        ch->token.locked = true;
    return rc;
}

void grant_unlock(struct channel *ch)
{
    struct token *t = &ch->token;
    if (t->locked && t->saving)
        t->saving->unlock = true;
    else if (t->locked)
        resolver(ch)->grant_unlock(resolver(ch)->arg, ch->company->name, ch->name);
    t->locked = false;
}
