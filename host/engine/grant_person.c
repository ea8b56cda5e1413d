/* What a person has to do with a grant: connect it, and connect it anew when it does not fit, does
 * not hold any more or cannot be renewed. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "clock.h"
#include "grant.h"
#include "grant_impl.h"
#include "grant_store.h"
#include "grant_wake.h"
#include "http_url.h"
#include "machine.h"
#include "mem.h"
#include "token_request.h"

#define TELL_AHEAD_MS INT64_C(259200000) /* three days, of what cannot be renewed */

char *grant_words(const char *connection)
{
    return mem_printf("waits until connection %s is connected", connection);
}

static char *command_words(const struct channel *ch, const char *why)
{
    return mem_printf("%s; connect it with `sauma connect %s %s`, then all that waits goes on", why,
        ch->company->name, ch->name);
}

void grant_tell(struct channel *ch, const char *why)
{
    struct token *t = &ch->token;
    char *words = command_words(ch, why);
    if (!t->told)
        alert_raise(ch->company->engine, ch->company->name, "reconnect", ch->name,
            "connection %s: %s. Nothing is lost: runs that need it wait.", ch->name, words);
    t->told = true;
    resolver_wipe(t->value);
    t->value = NULL;
    token_tell(ch, TOKEN_RECONNECT, words, -1);
    mem_free(words);
}

/* A grant that has ended, as nothing renews it. Owned by the caller. */
static char *over_words(const struct grant *g)
{
    char when[CLOCK_TEXT];
    clock_format(g->end_ms, when);
    return mem_printf("it ended at %s, and no refresh token was given to renew it with", when);
}

char *grant_ending(const struct channel *ch)
{
    const struct grant *g = ch->token.grant;
    char when[CLOCK_TEXT];
    if (!g || g->refresh || g->problem || g->connected_ms == 0)
        return NULL;
    if (g->life_ms >= GRANT_LASTS)
        return mem_dup("no refresh token was given: it holds until the other side ends it");
    clock_format(g->end_ms, when);
    return mem_printf("no refresh token was given (is a scope such as offline_access missing?): "
                      "it ends at %s",
        when);
}

char *grant_misfit(const struct channel *ch)
{
    const struct grant *g = ch->token.grant;
    const struct credentials *c = &ch->credentials;
    char *why = NULL, *origin = grant_origin(c->url);
    if (g->problem)
        why = mem_dup(g->problem);
    else if (g->origin[0] && strcmp(g->origin, origin) != 0)
        why = mem_printf("it was connected to %s and its address is now %s", g->origin, origin);
    else if (g->client[0] && strcmp(g->client, c->client_id ? c->client_id : "") != 0)
        why = mem_dup("its client_id is another one than when it was connected");
    else if (c->issuer && g->issuer && g->issuer[0] && strcmp(g->issuer, c->issuer) != 0)
        why = mem_printf("it was connected by %s and its issuer is now %s", g->issuer, c->issuer);
    else if (c->token_url && g->token_url[0] && !http_url_same_origin(c->token_url, g->token_url))
        why = mem_printf(
            "its tokens came from %s and its token_url is now %s", g->token_url, c->token_url);
    else if (!g->refresh && g->end_ms <= clock_wall_ms())
        why = over_words(g);
    mem_free(origin);
    return why;
}

const char *grant_state(struct channel *ch, char **why)
{
    struct err e = {0};
    *why = NULL;
    if (!ch->token.grant && grant_read(ch, &e) < 0) {
        *why = mem_dup(e.text);
        return "reconnect";
    }
    char *problem = ch->token.grant ? grant_misfit(ch) : mem_dup("it is not connected yet");
    if (problem)
        *why = command_words(ch, problem);
    bool ok = !problem;
    mem_free(problem);
    if (ok)
        *why = grant_ending(ch);
    return ok ? "ok" : ch->token.grant ? "reconnect" : "connect";
}

/* What cannot be renewed is told before it ends, and that it did, though nobody uses it. */
static void look_at_end(struct channel *ch, int64_t now_ms)
{
    struct token *t = &ch->token;
    const struct grant *g = t->grant;
    int64_t left = g->end_ms - now_ms, ahead = g->life_ms / 5;
    if (t->told || g->problem || left > (ahead < TELL_AHEAD_MS ? ahead : TELL_AHEAD_MS))
        return;
    char *why = left > 0 ? grant_ending(ch) : over_words(g);
    if (left > 0) {
        alert_raise(ch->company->engine, ch->company->name, "reconnect", ch->name,
            "connection %s: %s; connect it anew before with `sauma connect %s %s`", ch->name, why,
            ch->company->name, ch->name);
        t->told = true;
    } else {
        grant_tell(ch, why);
    }
    mem_free(why);
}

void grant_look(struct channel *ch, int64_t now_ms)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (t->renewing || t->failures || (!t->grant && grant_read(ch, &e) < 1))
        return;
    const struct grant *g = t->grant;
    if (!g->refresh) {
        look_at_end(ch, now_ms);
        return;
    }
    int64_t every = ch->company->engine->set.grant_renew_ms;
    bool due = every > 0 && now_ms - g->renewed_ms >= every;
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = manifest_connection(v->manifest, ch->name);
    if (!due || g->problem || credentials_get(ch, v, conn, &e) < 0)
        return;
    grant_renew(ch);
}

struct secrets_write *grant_allowed(const struct channel *ch, const char *token_url,
    const struct token_answer *a, secrets_written_fn fn, void *arg, struct err *e)
{
    struct grant *there = grant_stored(ch), *g = grant_new();
    int64_t now = clock_wall_ms(), before = there ? there->connected_ms : 0;
    int64_t lasts = a->refresh ? a->life_ms : a->lasts_ms;
    *g = (struct grant){.access = mem_dup(a->access),
        .refresh = mem_dup(a->refresh),
        .token_url = mem_dup(token_url),
        .origin = grant_origin(ch->credentials.url),
        .issuer = mem_dup(ch->credentials.issuer),
        .client = mem_dup(ch->credentials.client_id),
        .life_ms = lasts,
        .end_ms = now + lasts,
        .connected_ms = now > before ? now : before + 1, /* the later one stays, in all processes */
        .renewed_ms = now};
    struct secrets_write *w = grant_keep(ch, g, fn, arg, e);
    grant_free(g);
    grant_free(there);
    return w;
}

int grant_connected(struct channel *ch, struct err *e)
{
    struct token *t = &ch->token;
    grant_stop(ch); /* what it was before does not replace it in the store */
    int got = grant_read(ch, e);
    if (got <= 0 || !t->grant->access)
        return got < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "it was changed meanwhile");
    t->told = false;
    t->failures = 0;
    grant_set(&t->spent, NULL);
    token_set(ch, t->grant->access, t->grant->life_ms, t->grant->life_ms);
    alert_clear(ch->company->engine, ch->company->name, "reconnect", ch->name);
    token_tell(ch, TOKEN_READY, "", -1);
    grant_wake(ch->company, ch->name);
    return 0;
}
