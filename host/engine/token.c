/* Access tokens: fetched once for all who wait, renewed before they end. Those of client
 * credentials are kept in memory only; those that a person allowed are token_grant.c's. A token
 * never reaches a log, a journal or a script. */
#include <stdio.h>
#include <string.h>
#include "channel.h"
#include "clock.h"
#include "endpoints.h"
#include "form.h"
#include "grant.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "retry.h"
#include "token_request.h"

#define RENEW_MS   60000 /* this long before its end, or 5 % of its life if shorter */
#define REFUSED_MS 5000  /* a refusal is not asked for again at once */

static void forget(struct token *t)
{
    resolver_wipe(t->value);
    t->value = NULL;
}

void token_forget(struct channel *ch)
{
    ch->token.renew_ms = 0;
}

bool token_usable(const struct channel *ch)
{
    const struct token *t = &ch->token;
    if (!t->value || !t->grant)
        return t->value && strcmp(t->hash, ch->credentials.hash) == 0;
    char *origin = grant_origin(ch->credentials.url);
    bool same = !t->grant->origin[0] || strcmp(t->grant->origin, origin) == 0;
    mem_free(origin);
    return same;
}

bool token_refused(const struct channel *ch)
{
    const struct token *t = &ch->token;
    return clock_mono_ms() < t->refused_until_ms && strcmp(t->hash, ch->credentials.hash) == 0;
}

void token_free(struct channel *ch)
{
    if (ch->token.transfer)
        http_out_cancel(ch->token.transfer);
    endpoints_cancel(ch->token.finding);
    grant_leave(ch);
    forget(&ch->token);
    mem_free(ch->token.refusal);
}

void token_tell(struct channel *ch, enum token_result r, const char *problem, int64_t retry_ms)
{
    struct list told, *node;
    list_init(&told);
    while ((node = list_shift(&ch->token.waiting)) != NULL)
        list_append(&told, node);
    while ((node = list_shift(&told)) != NULL) {
        struct token_wait *w = LIST_OF(node, struct token_wait, node);
        w->done(w->arg, r, problem, retry_ms);
    }
}

void token_set(struct channel *ch, const char *value, int64_t life_ms, int64_t left_ms)
{
    struct token *t = &ch->token;
    int64_t now = clock_mono_ms(), ahead = life_ms / 20;
    char *copy = mem_dup(value);
    forget(t);
    t->value = copy;
    t->renew_ms = now + left_ms - (ahead < RENEW_MS ? ahead : RENEW_MS);
    t->end_ms = now + left_ms;
    t->refused_until_ms = 0;
}

/* What a person can do about it is to give other credentials; where nothing is at the address, or
 * where it sends elsewhere, which no credentials follow, another address. */
void token_refuse(struct channel *ch, int status, struct str body)
{
    struct token *t = &ch->token;
    char words[256];
    bool wrong_address =
        status == 404 || status == 405 || status == 410 || (status >= 300 && status < 400);
    credentials_problem(ch, body, STR_NONE, words, sizeof words);
    char *said =
        mem_printf("%s (status %d of the token request%s)", words[0] ? words : http_reason(status),
            status, wrong_address ? ": is the connection's url right?" : "");
    mem_free(t->refusal);
    t->refusal =
        wrong_address
            ? mem_printf("connection %s gets no token: %s Correct its url, or the credentials "
                         "(`sauma secret set %s NAME`), and retry the run",
                  ch->name, said, ch->company->name)
            : mem_printf("the credentials of connection %s were refused: %s; correct them with "
                         "`sauma secret set %s NAME` and retry the run",
                  ch->name, said, ch->company->name);
    t->refused_until_ms = clock_mono_ms() + REFUSED_MS;
    forget(t);
    /* The secrets may be corrected any moment: the next time they are looked up. */
    credentials_forget(ch);
    log_event(LOG_WARN,
        wrong_address ? "nothing gives tokens at this address" : "credentials refused", "company",
        ch->company->name, "connection", ch->name, "words", said, NULL);
    if (wrong_address)
        health_misplaced(ch, said);
    else
        health_refused(ch, said);
    mem_free(said);
    token_tell(ch, TOKEN_REFUSED, t->refusal, -1);
}

static void fetched(void *arg, const struct http_out_result *r)
{
    struct channel *ch = arg;
    const struct engine_settings *set = &ch->company->engine->set;
    struct token_answer a;
    char problem[400];
    int64_t wait = -1;
    struct err e = {0};
    ch->token.transfer = NULL;
    enum token_reply reply = token_reply_read(r, &a, &e);
    if (reply == TOKEN_REPLY_GRANTED) {
        token_set(ch, a.access, a.life_ms, a.life_ms);
        token_answer_free(&a);
        token_tell(ch, TOKEN_READY, "", -1);
        return;
    }
    if (reply == TOKEN_REPLY_REFUSED) {
        token_refuse(ch, r->status, r->body);
        return;
    }
    if (reply == TOKEN_REPLY_BUSY)
        wait = retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
            http_header_get(r->headers, r->nheaders, "Date"), set->retry_after_cap_ms);
    snprintf(problem, sizeof problem, "no token for connection %s: %.300s", ch->name, e.text);
    health_failed(ch, problem);
    token_tell(ch, r->permanent ? TOKEN_REFUSED : TOKEN_LATER, problem, wait);
}

/* The standard's own client credentials. -1 and e: there is no private key, say. */
static int put_client_grant(struct token_request *q, const struct channel *ch,
    const struct manifest_auth *a, const char *audience, struct err *e)
{
    form_put(&q->form, "grant_type", "client_credentials");
    if (a->scope[0])
        form_put(&q->form, "scope", a->scope);
    if (ch->credentials.form && ch->credentials.form[0])
        buf_addf(&q->form, "&%s", ch->credentials.form);
    return token_request_client(q, &ch->credentials, a, audience, e);
}

static void send_fetch(struct channel *ch, const struct manifest_connection *conn, const char *url)
{
    struct engine *e = ch->company->engine;
    struct credentials *c = &ch->credentials;
    struct token_request q;
    struct err err = {0};
    token_request_init(&q);
    q.who = c;
    if (conn->auth.type == AUTH_OAUTH2_M2M)
        buf_adds(&q.form, c->form ? c->form : "");
    else if (put_client_grant(&q, ch, &conn->auth, c->issuer ? c->issuer : url, &err) < 0) {
        char *problem = mem_printf("no token for connection %s: %s", ch->name, err.text);
        token_request_free(&q);
        token_tell(ch, TOKEN_REFUSED, problem, -1);
        mem_free(problem);
        return;
    }
    e->stats.token_fetches++;
    if (strcmp(ch->token.hash, c->hash) != 0)
        forget(&ch->token); /* that of other credentials, perhaps for another address */
    memcpy(ch->token.hash, c->hash, sizeof ch->token.hash);
    ch->token.transfer = token_request_send(&q, e, url, fetched, ch);
}

static void found(void *arg, const struct endpoints *ep, const char *problem, bool for_good)
{
    struct channel *ch = arg;
    const struct version *v = ch->company->current;
    const struct manifest_connection *conn = v ? manifest_connection(v->manifest, ch->name) : NULL;
    ch->token.finding = NULL;
    if (ep && conn && conn->auth.type == AUTH_OAUTH2 && ch->credentials.client_id)
        send_fetch(ch, conn, ep->token);
    else
        token_tell(ch, for_good ? TOKEN_REFUSED : TOKEN_LATER,
            problem ? problem : "its settings were changed", -1);
}

static void fetch(struct channel *ch, const struct manifest_connection *conn)
{
    const struct credentials *c = &ch->credentials;
    grant_stop(ch); /* a person connected it, when it was set otherwise */
    if (c->token_url)
        send_fetch(ch, conn, c->token_url);
    else
        ch->token.finding = endpoints_ask(ch->company->engine, c->issuer ? c->issuer : "",
            credentials_way_to(c, c->issuer ? c->issuer : ""), found, ch);
}

void token_ask(struct channel *ch, const struct manifest_connection *conn, struct token_wait *w)
{
    struct token *t = &ch->token;
    int64_t now = clock_mono_ms(), ahead = conn->auth.renew_before_ms;
    list_init(&w->node);
    if (manifest_auth_by_person(&conn->auth)) {
        grant_ask(ch, w);
        return;
    }
    bool same = strcmp(t->hash, ch->credentials.hash) == 0;
    if (same && t->value && now < t->renew_ms && (ahead <= 0 || now + ahead < t->end_ms)) {
        w->done(w->arg, TOKEN_READY, "", -1);
        return;
    }
    if (!t->transfer && token_refused(ch)) {
        w->done(w->arg, TOKEN_REFUSED, t->refusal, -1);
        return;
    }
    list_append(&t->waiting, &w->node);
    if (!t->transfer && !t->finding)
        fetch(ch, conn);
}

void token_cancel(struct token_wait *w)
{
    if (w->node.next)
        list_remove(&w->node);
}

void token_spent(struct channel *ch, const char *value)
{
    struct token *t = &ch->token;
    /* Another step may have renewed it meanwhile. */
    if (!t->value || strcmp(t->value, value) != 0)
        return;
    if (t->grant)
        grant_set(&t->spent, value);
    forget(t);
}

void token_worked(struct channel *ch, const char *value)
{
    if (ch->token.grant && ch->token.grant->before)
        grant_worked(ch, value);
}
