/* Tokens of a connection that a person connected: read from the store, renewed ahead of their end
 * by one request for all who wait, in all processes. A refresh token is replaced by each renewal at
 * many servers; the one before is kept until the new one has worked, because the answer that
 * brings a new one may be lost, or not be stored. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "channel.h"
#include "clock.h"
#include "fault.h"
#include "form.h"
#include "grant.h"
#include "grant_store.h"
#include "grant_wake.h"
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

static void renew(struct channel *ch);
static void on_timer(void *arg);

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
    grant_drop(ch);
    resolver_wipe(t->spent);
    if (t->timer)
        loop_timer_free(t->timer);
}

/* What is not stored is known to this process alone: it is stored as soon as that is possible. */
static void save_surely(struct channel *ch)
{
    struct err e = {0};
    if (grant_save(ch, &e) == 0)
        return;
    log_event(LOG_ERROR, "grant not stored", "company", ch->company->name, "connection", ch->name,
        "error", e.text, NULL);
    arm(ch, SAVE_MS);
}

/* ---- what a person must do ---- */

char *grant_words(const char *connection)
{
    return mem_printf("waits until connection %s is connected", connection);
}

static char *command_words(const struct channel *ch, const char *why)
{
    return mem_printf("%s; connect it with `sauma connect %s %s`, then all that waits goes on", why,
        ch->company->name, ch->name);
}

static void tell_reconnect(struct channel *ch, const char *why)
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
    log_event(LOG_WARN, "grant lost", "company", ch->company->name, "connection", ch->name, "words",
        words, NULL);
    save_surely(ch);
    grant_unlock(ch);
    ch->token.renewing = false;
    tell_reconnect(ch, g->problem);
}

/* NULL, or why the grant is of no use with the connection as it is now set. Owned by the caller. */
static char *misfit(const struct channel *ch)
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
    mem_free(origin);
    return why;
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
    save_surely(ch);
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
    save_surely(ch);
    FAULT_POINT("after_grant_saved");
    grant_unlock(ch);
    t->renewing = false;
    token_set(ch, a->access, a->life_ms, a->life_ms);
    token_tell(ch, TOKEN_READY, "", -1);
}

static void send_renewal(struct channel *ch);

static void refused(struct channel *ch, const struct http_out_result *r)
{
    struct token *t = &ch->token;
    char error[64], words[256];
    token_error(r->body, error, sizeof error);
    credentials_problem(ch, r->body, STR_NONE, words, sizeof words);
    if (strcmp(error, "invalid_grant") != 0) {
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
    return token_request_client(q, c, &conn->auth, c->issuer ? c->issuer : g->token_url, e);
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
    ch->token.transfer = token_request_send(&q, e, ch->token.grant->token_url, on_renewed, ch);
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
    tell_reconnect(ch, why);
}

/* Credentials as they are now, and the grant as it is in the store. -1 and e. */
static int look_again(struct channel *ch, struct err *e)
{
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = v ? manifest_connection(v->manifest, ch->name) : NULL;
    if (!conn)
        return err_set(e, ERR_NOT_FOUND, "it is not among the company's connections any more");
    if (credentials_get(ch, v, conn, e) < 0 || (ch->token.unsaved && grant_save(ch, e) < 0))
        return -1;
    return grant_read(ch, e);
}

/* It is ours to renew. What another process did meanwhile is taken over. */
static void begin_renewal(struct channel *ch)
{
    struct token *t = &ch->token;
    struct err e = {0};
    int64_t known_ms = t->grant ? t->grant->renewed_ms : 0;
    int got = look_again(ch, &e);
    if (got < 0) {
        later(ch, e.text, -1);
        return;
    }
    char *why = got ? misfit(ch) : mem_dup("it is not connected yet");
    bool newer = !why && t->grant->renewed_ms > known_ms;
    if (why) {
        not_connected(ch, why);
        mem_free(why);
    } else if (take_access(ch) &&
               (newer || (!list_empty(&t->waiting) && clock_mono_ms() < t->renew_ms))) {
        done_waiting(ch);
    } else if (!t->grant->refresh) {
        lost(ch, "it has ended, and cannot be renewed");
    } else {
        t->lost_ms = t->grant->asked_ms;
        t->grant->asked_ms = clock_wall_ms();
        if (grant_save(ch, &e) < 0)
            later(ch, e.text, -1);
        else
            send_renewal(ch);
    }
}

static void renew(struct channel *ch)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (!t->renewing)
        t->since_ms = clock_mono_ms();
    t->renewing = true;
    t->old_one = false;
    int got = grant_lock(ch, &e);
    if (got == 1) {
        begin_renewal(ch);
    } else if (got == 0 && clock_mono_ms() - t->since_ms < BUSY_MAX) {
        arm(ch, BUSY_MS);
    } else {
        later(ch, got < 0 ? e.text : "another process is renewing it", -1);
    }
}

static void on_timer(void *arg)
{
    struct channel *ch = arg;
    struct token *t = &ch->token;
    if (t->unsaved && t->grant)
        save_surely(ch);
    if (t->unsaved || t->transfer || ch->company->engine->draining)
        return;
    if (t->renewing || t->failures > 0)
        renew(ch);
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
    char *why = t->grant ? misfit(ch) : mem_dup("it is not connected yet");
    if (!why && !t->renewing && token_refused(ch)) {
        w->done(w->arg, TOKEN_REFUSED, t->refusal, -1);
        return;
    }
    if (!why && ((t->value && now < t->end_ms) || take_access(ch))) {
        /* Renewed ahead of its end, while it is still good. */
        if (now >= t->renew_ms && !t->renewing && t->grant->refresh)
            renew(ch);
        if (t->value)
            w->done(w->arg, TOKEN_READY, "", -1);
        else
            list_append(&t->waiting, &w->node);
        return;
    }
    list_append(&t->waiting, &w->node);
    if (why)
        tell_reconnect(ch, why);
    else if (!t->renewing)
        renew(ch);
    mem_free(why);
}

const char *grant_state(struct channel *ch, char **why)
{
    struct err e = {0};
    *why = NULL;
    if (!ch->token.grant && grant_read(ch, &e) < 0) {
        *why = mem_dup(e.text);
        return "reconnect";
    }
    char *problem = ch->token.grant ? misfit(ch) : mem_dup("it is not connected yet");
    if (problem)
        *why = command_words(ch, problem);
    mem_free(problem);
    return !*why ? "ok" : ch->token.grant ? "reconnect" : "connect";
}

void grant_worked(struct channel *ch, const char *value)
{
    struct token *t = &ch->token;
    if (t->renewing || !t->value || strcmp(t->value, value) != 0)
        return;
    grant_set(&t->grant->before, NULL);
    save_surely(ch);
}

void grant_look(struct channel *ch, int64_t now_ms)
{
    struct token *t = &ch->token;
    struct err e = {0};
    if (t->renewing || t->failures || (!t->grant && grant_read(ch, &e) < 1))
        return;
    const struct grant *g = t->grant;
    int64_t every = ch->company->engine->set.grant_renew_ms;
    bool due = every > 0 && now_ms - g->renewed_ms >= every;
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = manifest_connection(v->manifest, ch->name);
    if (!due || g->problem || !g->refresh || credentials_get(ch, v, conn, &e) < 0)
        return;
    renew(ch);
}

int grant_connected(
    struct channel *ch, const char *token_url, const struct token_answer *a, struct err *e)
{
    struct token *t = &ch->token;
    struct grant *g = grant_new();
    int64_t now = clock_wall_ms();
    if (t->transfer)
        http_out_cancel(t->transfer);
    t->transfer = NULL;
    t->renewing = false;
    *g = (struct grant){.access = mem_dup(a->access),
        .refresh = mem_dup(a->refresh),
        .token_url = mem_dup(token_url),
        .origin = grant_origin(ch->credentials.url),
        .client = mem_dup(ch->credentials.client_id),
        .life_ms = a->life_ms,
        .end_ms = now + a->life_ms,
        .connected_ms = now,
        .renewed_ms = now};
    grant_drop(ch);
    t->grant = g;
    int rc = grant_save(ch, e);
    grant_unlock(ch);
    if (rc < 0) {
        grant_drop(ch);
        t->unsaved = false;
        return -1;
    }
    t->told = false;
    t->failures = 0;
    grant_set(&t->spent, NULL);
    token_set(ch, a->access, a->life_ms, a->life_ms);
    alert_clear(ch->company->engine, ch->company->name, "reconnect", ch->name);
    token_tell(ch, TOKEN_READY, "", -1);
    grant_wake(ch->company, ch->name);
    return 0;
}
