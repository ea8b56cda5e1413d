/* Tokens of a connection that a person connected: read from the store, renewed ahead of their end
 * by one request for all who wait, in all processes. A refresh token is replaced by each renewal at
 * many servers; the one before is kept until the new one has worked, because the answer that
 * brings a new one may be lost, or not be stored. */
#include <stdio.h>
#include <string.h>
#include "channel.h"
#include "clock.h"
#include "fault.h"
#include "form.h"
#include "grant.h"
#include "grant_impl.h"
#include "grant_store.h"
#include "http_url.h"
#include "health.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "retry.h"
#include "token_request.h"

#define BUSY_MS     50    /* another process renews: when it is looked again */
#define BUSY_MAX    60000 /* and for how long, until those who wait are told */
#define SAVE_MS     1000  /* what could not be stored is stored after this */
#define IDLE_MS     60000 /* a renewal that nobody waits for is tried again after this, and twice */
#define IDLE_MAX_MS 3600000 /* that each time, up to this */

static void on_timer(void *arg);
static bool take_access(struct channel *ch);
static void stored_at_last(struct channel *ch, int rc, const struct err *e);

static void arm(struct channel *ch, int64_t ms)
{
    struct token *t = &ch->token;
    if (!t->timer)
        t->timer = loop_timer_new(ch->company->engine->parts.loop, on_timer, ch);
    loop_timer_arm(t->timer, ms);
}

void grant_leave(struct channel *ch)
{
    struct token *t = &ch->token;
    grant_unlock(ch);
    grant_save_forget(ch);
    grant_drop(ch);
    resolver_wipe(t->spent);
    if (t->timer)
        loop_timer_free(t->timer);
}

bool grant_under_way(const struct channel *ch)
{
    const struct token *t = &ch->token;
    return t->grant && (t->transfer || t->saving || t->unsaved);
}

void grant_stop(struct channel *ch)
{
    struct token *t = &ch->token;
    if (t->transfer)
        http_out_cancel(t->transfer);
    t->transfer = NULL;
    grant_save_forget(ch);
    grant_unlock(ch);
    grant_drop(ch);
    t->renewing = t->unsaved = false;
}

/* What is not stored is known to this process alone: it is stored as soon as that is possible, and
 * no other process renews the grant before that. */
static void saved_or_later(struct channel *ch, int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    log_event(LOG_ERROR, "grant not stored", "company", ch->company->name, "connection", ch->name,
        "error", e->text, NULL);
    arm(ch, SAVE_MS);
}

/* True if somebody connected it anew while it was renewed, so that what was asked for is about
 * another grant: that one is the one to go on with. */
static bool connected_anew(struct channel *ch, int rc)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (rc <= 0)
        return false;
    log_event(LOG_INFO, "grant connected anew while it was renewed", "company", ch->company->name,
        "connection", ch->name, NULL);
    grant_unlock(ch);
    t->renewing = false;
    if (grant_read(ch, &e) == 1 && take_access(ch))
        token_tell(ch, TOKEN_READY, "", -1);
    else
        grant_renew(ch);
    return true;
}

static void lost_saved(struct channel *ch, int rc, const struct err *e)
{
    saved_or_later(ch, rc, e);
    if (connected_anew(ch, rc))
        return;
    if (rc >= 0)
        grant_unlock(ch);
    ch->token.renewing = false;
    grant_tell(ch, ch->token.grant->problem);
}

/* The other side says that the grant does not hold any more. */
static void lost(struct channel *ch, const char *words)
{
    struct grant *g = ch->token.grant;
    char when[CLOCK_TEXT];
    mem_free(g->problem);
    if (ch->token.lost_ms) {
        clock_format(ch->token.lost_ms, when);
        g->problem =
            mem_printf("the other side does not accept its grant any more (%s); the answer "
                       "to a renewal at %s was lost, which is probably why",
                words, when);
    } else {
        g->problem = mem_printf("the other side does not accept its grant any more (%s)", words);
    }
    grant_set(&g->access, NULL);
    resolver_wipe(ch->token.value);
    ch->token.value = NULL;
    log_event(LOG_WARN, "grant lost", "company", ch->company->name, "connection", ch->name, "words",
        words, NULL);
    grant_save(ch, lost_saved);
}

/* ---- renewal ---- */

static void not_now(
    struct channel *ch, enum token_result result, const char *problem, int64_t wait_ms)
{
    struct token *t = &ch->token;
    bool idle = list_empty(&t->waiting);
    grant_unlock(ch);
    t->renewing = false;
    char *words = mem_printf("no token for connection %s: %s", ch->name, problem);
    health_failed(ch, words);
    if (idle) {
        int64_t pause = IDLE_MS << (t->failures < 6 ? t->failures : 6);
        t->failures++;
        log_event(LOG_WARN, "grant not renewed", "company", ch->company->name, "connection",
            ch->name, "problem", problem, NULL);
        arm(ch, wait_ms > 0 ? wait_ms : pause < IDLE_MAX_MS ? pause : IDLE_MAX_MS);
    }
    token_tell(ch, result, words, wait_ms);
    mem_free(words);
}

static void later(struct channel *ch, const char *problem, int64_t wait_ms)
{
    not_now(ch, TOKEN_LATER, problem, wait_ms);
}

/* The other side did nothing for this asking. */
static void not_asked(struct channel *ch)
{
    ch->token.grant->asked_ms = ch->token.lost_ms;
    grant_save(ch, saved_or_later);
}

/* True if the grant has an access token that is good for a while; it is then the channel's. */
static bool take_access(struct channel *ch)
{
    struct token *t = &ch->token;
    const struct grant *g = t->grant;
    int64_t left = g->end_ms - clock_wall_ms();
    if (!g->access || left <= 0 || (t->spent && strcmp(t->spent, g->access) == 0))
        return false;
    if (left > g->life_ms) /* the clock was set back, or it never ends */
        left = g->life_ms;
    token_set(ch, g->access, g->life_ms, left);
    return true;
}

static void renewed_saved(struct channel *ch, int rc, const struct err *e)
{
    struct token *t = &ch->token;
    saved_or_later(ch, rc, e);
    if (connected_anew(ch, rc))
        return;
    FAULT_POINT("after_grant_saved");
    if (rc >= 0)
        grant_unlock(ch);
    t->renewing = false;
    int64_t left = t->grant->end_ms - clock_wall_ms(), life = t->grant->life_ms;
    token_set(ch, t->grant->access, life, left < life ? left : life);
    token_tell(ch, TOKEN_READY, "", -1);
}

/* What it brought is used when it is on disk: a crash before that leaves the one before. */
static void renewed(struct channel *ch, const struct token_answer *a)
{
    struct token *t = &ch->token;
    struct grant *g = t->grant;
    int64_t now = clock_wall_ms();
    FAULT_POINT("before_grant_saved");
    if (a->refresh && (!g->refresh || strcmp(a->refresh, g->refresh) != 0)) {
        /* Of two that are not known to work, the one that was just taken is kept. */
        char *used = t->old_one && g->before ? g->before : g->refresh;
        grant_set(&g->before, used);
        grant_set(&g->refresh, a->refresh);
    } else if (t->old_one && g->before) {
        grant_set(&g->refresh, g->before);
        grant_set(&g->before, NULL);
    }
    grant_set(&g->access, a->access);
    g->life_ms = a->life_ms;
    g->end_ms = now + a->life_ms;
    g->renewed_ms = now;
    g->asked_ms = 0;
    t->failures = 0;
    grant_save(ch, renewed_saved);
}

static void send_renewal(struct channel *ch);

static void refused(struct channel *ch, const struct http_out_result *r)
{
    struct token *t = &ch->token;
    char words[256];
    credentials_problem(ch, r->body, STR_NONE, words, sizeof words);
    if (!token_grant_gone(r->body)) {
        not_asked(ch);
        grant_unlock(ch);
        t->renewing = false;
        token_refuse(ch, r->status, r->body);
    } else if (t->grant->before && !t->old_one) {
        t->old_one = true; /* perhaps the answer with the newer one was never theirs to keep */
        send_renewal(ch);
    } else {
        lost(ch, words);
    }
}

static void on_renewed(void *arg, const struct http_out_result *r)
{
    struct channel *ch = arg;
    struct token_answer a;
    struct err e = {0};
    ch->token.transfer = NULL;
    if (r->outcome == HTTP_OUT_NOT_SENT || (r->outcome == HTTP_OUT_ANSWERED && r->status == 429))
        not_asked(ch);
    switch (token_reply_read(r, &a, &e)) {
    case TOKEN_REPLY_GRANTED:
        renewed(ch, &a);
        break;
    case TOKEN_REPLY_REFUSED:
        refused(ch, r);
        break;
    case TOKEN_REPLY_BUSY:
        later(ch, e.text,
            retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
                http_header_get(r->headers, r->nheaders, "Date"),
                ch->company->engine->set.retry_after_cap_ms));
        break;
    case TOKEN_REPLY_BROKEN:
    case TOKEN_REPLY_NONE:
        not_now(ch, r->permanent ? TOKEN_REFUSED : TOKEN_LATER, e.text, -1);
        break;
    }
    token_answer_free(&a);
}

/* Where it came from; the settings may name another path there, but a refresh token goes to no
 * other server. */
static const char *renewal_url(const struct channel *ch)
{
    const char *set = ch->credentials.token_url, *given = ch->token.grant->token_url;
    return set && http_url_same_origin(set, given) ? set : given;
}

/* -1 and e: the private key is none. */
static int put_renewal(struct token_request *q, const struct channel *ch, struct err *e)
{
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = v ? manifest_connection(v->manifest, ch->name) : NULL;
    const struct grant *g = ch->token.grant;
    const struct credentials *c = &ch->credentials;
    if (!conn || conn->auth.type != AUTH_OAUTH2 || !c->client_id)
        return err_set(e, ERR_NOT_FOUND, "its settings were changed");
    form_put(&q->form, "grant_type", "refresh_token");
    form_put(&q->form, "refresh_token", ch->token.old_one && g->before ? g->before : g->refresh);
    return token_request_client(q, c, &conn->auth, c->issuer ? c->issuer : renewal_url(ch), e);
}

static void send_renewal(struct channel *ch)
{
    struct engine *e = ch->company->engine;
    struct token_request q;
    struct err err = {0};
    token_request_init(&q);
    if (put_renewal(&q, ch, &err) < 0) {
        token_request_free(&q);
        later(ch, err.text, -1);
        return;
    }
    e->stats.token_fetches++;
    memcpy(ch->token.hash, ch->credentials.hash, sizeof ch->token.hash);
    ch->token.transfer = token_request_send(&q, e, renewal_url(ch), on_renewed, ch);
}

static void done_waiting(struct channel *ch)
{
    grant_unlock(ch);
    ch->token.renewing = false;
    token_tell(ch, TOKEN_READY, "", -1);
}

static void not_connected(struct channel *ch, const char *why)
{
    grant_unlock(ch);
    ch->token.renewing = false;
    grant_tell(ch, why);
}

/* Credentials as they are now, and the grant as it is in the store. -1 and e. */
static int look_again(struct channel *ch, struct err *e)
{
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = v ? manifest_connection(v->manifest, ch->name) : NULL;
    if (!conn)
        return err_set(e, ERR_NOT_FOUND, "it is not among the company's connections any more");
    return credentials_get(ch, v, conn, e) < 0 ? -1 : grant_read(ch, e);
}

static void asked_saved(struct channel *ch, int rc, const struct err *e)
{
    if (rc < 0) {
        ch->token.grant->asked_ms = ch->token.lost_ms;
        later(ch, e->text, -1);
    } else if (!connected_anew(ch, rc)) {
        send_renewal(ch);
    }
}

static void begin_renewal(struct channel *ch);

static void known_saved(struct channel *ch, int rc, const struct err *e)
{
    if (rc < 0)
        later(ch, e->text, -1);
    else
        begin_renewal(ch);
}

/* It is ours to renew. What another process did meanwhile is taken over. */
static void begin_renewal(struct channel *ch)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (t->unsaved) {
        grant_save(ch, known_saved);
        return;
    }
    int64_t known_ms = t->grant ? t->grant->renewed_ms : 0;
    int got = look_again(ch, &e);
    if (got < 0) {
        later(ch, e.text, -1);
        return;
    }
    char *why = got ? grant_misfit(ch) : mem_dup("it is not connected yet");
    bool newer = !why && t->grant->renewed_ms > known_ms;
    if (why) {
        not_connected(ch, why);
        mem_free(why);
    } else if (take_access(ch) &&
               (newer || (!list_empty(&t->waiting) && clock_mono_ms() < t->renew_ms))) {
        done_waiting(ch);
    } else if (!t->grant->refresh) {
        lost(ch, "its token is refused, and no other was given to renew it with");
    } else {
        t->lost_ms = t->grant->asked_ms;
        t->grant->asked_ms = clock_wall_ms();
        grant_save(ch, asked_saved);
    }
}

void grant_renew(struct channel *ch)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (!t->renewing)
        t->since_ms = clock_mono_ms();
    t->renewing = true;
    t->old_one = false;
    int got = t->saving ? 0 : grant_lock(ch, &e);
    if (got == 1) {
        begin_renewal(ch);
    } else if (t->saving || (got == 0 && clock_mono_ms() - t->since_ms < BUSY_MAX)) {
        arm(ch, BUSY_MS);
    } else {
        later(ch, got < 0 ? e.text : "another process is renewing it", -1);
    }
}

static void on_timer(void *arg)
{
    struct channel *ch = arg;
    struct token *t = &ch->token;
    if (t->saving)
        arm(ch, BUSY_MS);
    else if (t->unsaved && t->grant)
        grant_save(ch, stored_at_last);
    else if (!t->transfer && !ch->company->engine->draining && (t->renewing || t->failures > 0))
        grant_renew(ch);
}

static void stored_at_last(struct channel *ch, int rc, const struct err *e)
{
    saved_or_later(ch, rc, e);
    if (rc < 0 || connected_anew(ch, rc))
        return;
    grant_unlock(ch);
    on_timer(ch);
}

/* ---- who asks ---- */

void grant_ask(struct channel *ch, struct token_wait *w)
{
    struct token *t = &ch->token;
    struct err e = {0};
    int64_t now = clock_mono_ms();
    if (!t->grant && grant_read(ch, &e) < 0) {
        w->done(w->arg, TOKEN_LATER, e.text, -1);
        return;
    }
    /* What it becomes is used, and told, when it is on disk. */
    if (t->saving && t->renewing && !(t->value && now < t->end_ms)) {
        list_append(&t->waiting, &w->node);
        return;
    }
    char *why = t->grant ? grant_misfit(ch) : mem_dup("it is not connected yet");
    if (why && t->grant && !t->unsaved && !t->saving &&
        grant_read(ch, &e) == 1) { /* by another process, perhaps */
        mem_free(why);
        why = grant_misfit(ch);
    }
    if (!why && !t->renewing && token_refused(ch)) {
        w->done(w->arg, TOKEN_REFUSED, t->refusal, -1);
        return;
    }
    if (!why && ((t->value && now < t->end_ms) || take_access(ch))) {
        /* Renewed ahead of its end, while it is still good. */
        if (now >= t->renew_ms && !t->renewing && t->grant->refresh &&
            !ch->company->engine->draining)
            grant_renew(ch);
        if (t->value)
            w->done(w->arg, TOKEN_READY, "", -1);
        else
            list_append(&t->waiting, &w->node);
        return;
    }
    list_append(&t->waiting, &w->node);
    if (why)
        grant_tell(ch, why);
    else if (!t->renewing)
        grant_renew(ch);
    mem_free(why);
}

void grant_worked(struct channel *ch, const char *value)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (t->renewing || t->saving || t->unsaved || !t->value || strcmp(t->value, value) != 0 ||
        grant_lock(ch, &e) != 1)
        return;
    struct grant *there = grant_stored(ch);
    grant_set(&t->grant->before, NULL);
    /* Not over what another process made of it since. */
    if (there && there->connected_ms == t->grant->connected_ms &&
        there->renewed_ms == t->grant->renewed_ms)
        grant_save(ch, saved_or_later);
    grant_unlock(ch);
    grant_free(there);
}
