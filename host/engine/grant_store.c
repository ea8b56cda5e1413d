#include "grant_store.h"

#include "grant.h"
#include "machine.h"

static const struct resolver *resolver(const struct channel *ch)
{
    return ch->company->engine->parts.resolver;
}

void grant_drop(struct channel *ch)
{
    grant_free(ch->token.grant);
    ch->token.grant = NULL;
}

int grant_read(struct channel *ch, struct err *e)
{
    char *json;
    int rc = resolver(ch)->grant(resolver(ch)->arg, ch->company->name, ch->name, &json, e);
    if (rc >= 0)
        grant_drop(ch);
    if (rc == 1) {
        ch->token.grant = grant_parse(str_of(json), e);
        rc = ch->token.grant ? 1 : -1;
    }
    resolver_wipe(json);
    return rc;
}

int grant_save(struct channel *ch, struct err *e)
{
    char *json = grant_text(ch->token.grant);
    int rc = resolver(ch)->set_grant(resolver(ch)->arg, ch->company->name, ch->name, json, e);
    resolver_wipe(json);
    ch->token.unsaved = rc < 0;
    return rc;
}

int grant_lock(struct channel *ch, struct err *e)
{
    int rc = resolver(ch)->grant_lock(resolver(ch)->arg, ch->company->name, ch->name, e);
    if (rc == 1)
        ch->token.locked = true;
    return rc;
}

void grant_unlock(struct channel *ch)
{
    if (ch->token.locked)
        resolver(ch)->grant_unlock(resolver(ch)->arg, ch->company->name, ch->name);
    ch->token.locked = false;
}
