/* Tokens of the machine-to-machine grant: fetched once for all who wait, kept in memory only,
 * renewed before they end. A token never reaches a log, a journal or a script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "channel.h"
#include "clock.h"
#include "json.h"
#include "jsondoc.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "retry.h"

#define RENEW_MS       60000      /* this long before its end, or 5 % of its life if shorter */
#define LIFETIME_GUESS 300000     /* if the answer does not say */
#define LIFETIME_MAX   86400000LL /* numbers beyond are not believed */
#define REFUSED_MS     5000       /* a refusal is not asked for again at once */
#define TOKEN_MAX      65536

int token_parse(struct str body, char **value, int64_t *lifetime_ms, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(body, e);
    if (!d)
        return err_prefix(e, "the token answer");
    const struct jsonv *root = jsondoc_root(d), *expires = jsonv_get(root, "expires_in");
    const char *token = jsonv_str(jsonv_get(root, "access_token"), "");
    double seconds = LIFETIME_GUESS / 1000.0;
    if (expires && expires->text.p &&
        (expires->type == JSONV_INTEGER || expires->type == JSONV_NUMBER ||
            expires->type == JSONV_STRING)) {
        char *end;
        double given = strtod(expires->text.p, &end);
        if (end != expires->text.p && given > 0)
            seconds = given < LIFETIME_MAX / 1000.0 ? given : LIFETIME_MAX / 1000.0;
    }
    int rc = 0;
    size_t n = strlen(token);
    if (n == 0 || n > TOKEN_MAX || strcspn(token, "\r\n") != n)
        rc = err_set(e, ERR_INPUT, "the token answer holds no usable access_token");
    *value = rc == 0 ? mem_dup(token) : NULL;
    *lifetime_ms = (int64_t)(seconds * 1000);
    jsondoc_free(d);
    return rc;
}

void token_problem(struct str body, char *out, size_t n)
{
    struct jsondoc *d = jsondoc_parse(body, NULL);
    out[0] = '\0';
    if (!d)
        return;
    const struct jsonv *root = jsondoc_root(d), *errors = jsonv_get(root, "errors");
    const char *words[] = {jsonv_str(jsonv_get(root, "error_description"), NULL),
        jsonv_str(jsonv_get(root, "error"), NULL),
        jsonv_str(jsonv_get(errors ? errors->child : NULL, "message"), NULL),
        jsonv_str(jsonv_get(root, "message"), NULL)};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !out[0]; i++)
        if (words[i])
            snprintf(out, n, "%.200s", words[i]);
    jsondoc_free(d);
}

static void forget(struct token *t)
{
    resolver_wipe(t->value);
    t->value = NULL;
}

void token_forget(struct channel *ch)
{
    ch->token.renew_ms = 0;
}

void token_free(struct channel *ch)
{
    if (ch->token.transfer)
        http_out_cancel(ch->token.transfer);
    forget(&ch->token);
    mem_free(ch->token.refusal);
}

static void tell(struct token *t, enum token_result r, const char *problem, int64_t retry_ms)
{
    struct list told, *node;
    list_init(&told);
    while ((node = list_shift(&t->waiting)) != NULL)
        list_append(&told, node);
    while ((node = list_shift(&told)) != NULL) {
        struct token_wait *w = LIST_OF(node, struct token_wait, node);
        w->done(w->arg, r, problem, retry_ms);
    }
}

static void accept_token(struct channel *ch, char *value, int64_t lifetime)
{
    struct token *t = &ch->token;
    int64_t now = clock_mono_ms(), ahead = lifetime / 20;
    forget(t);
    t->value = value;
    t->renew_ms = now + lifetime - (ahead < RENEW_MS ? ahead : RENEW_MS);
    t->end_ms = now + lifetime;
    t->refused_until_ms = 0;
    tell(t, TOKEN_READY, "", -1);
}

/* What a person can do about it is to give other credentials. */
static void refuse(struct channel *ch, int status, struct str body)
{
    struct token *t = &ch->token;
    char words[256];
    token_problem(body, words, sizeof words);
    mem_free(t->refusal);
    t->refusal =
        mem_printf("the credentials of connection %s were refused: %s (status %d of the "
                   "token request); correct them with `sauma secret set %s NAME` and retry the run",
            ch->name, words[0] ? words : http_reason(status), status, ch->company->name);
    t->refused_until_ms = clock_mono_ms() + REFUSED_MS;
    forget(t);
    /* The secrets may be corrected any moment: the next time they are looked up. */
    credentials_forget(ch);
    log_event(LOG_WARN, "credentials refused", "company", ch->company->name, "connection", ch->name,
        "words", words, NULL);
    char *said = mem_printf(
        "%s (status %d of the token request)", words[0] ? words : http_reason(status), status);
    health_refused(ch, said);
    mem_free(said);
    tell(t, TOKEN_REFUSED, t->refusal, -1);
}

static void fetched(void *arg, const struct http_out_result *r)
{
    struct channel *ch = arg;
    const struct engine_settings *set = &ch->company->engine->set;
    char problem[400], *value;
    int64_t lifetime, wait = -1;
    struct err e = {0};
    ch->token.transfer = NULL;
    if (r->outcome != HTTP_OUT_ANSWERED) {
        snprintf(
            problem, sizeof problem, "no token for connection %s: %.300s", ch->name, r->problem);
        health_failed(ch, problem);
        tell(&ch->token, TOKEN_LATER, problem, -1);
    } else if (r->status >= 200 && r->status < 300) {
        if (token_parse(r->body, &value, &lifetime, &e) == 0) {
            accept_token(ch, value, lifetime);
            return;
        }
        snprintf(problem, sizeof problem, "no token for connection %s: %.300s", ch->name, e.text);
        health_failed(ch, problem);
        tell(&ch->token, TOKEN_LATER, problem, -1);
    } else if (r->status == 408 || r->status == 429 || r->status >= 500) {
        wait = retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
            http_header_get(r->headers, r->nheaders, "Date"), set->retry_after_cap_ms);
        snprintf(problem, sizeof problem, "no token for connection %s: %d %s", ch->name, r->status,
            http_reason(r->status));
        health_failed(ch, problem);
        tell(&ch->token, TOKEN_LATER, problem, wait);
    } else {
        refuse(ch, r->status, r->body);
    }
}

static void fetch(struct channel *ch)
{
    static const struct http_header headers[] = {
        {{"Content-Type", 12}, {"application/x-www-form-urlencoded", 33}},
        {{"Accept", 6}, {"application/json", 16}}};
    struct engine *e = ch->company->engine;
    struct http_out_request q = {.method = "POST",
        .url = ch->credentials.token_url,
        .headers = headers,
        .nheaders = 2,
        .body = str_of(ch->credentials.form),
        .timeout_ms = e->set.http_timeout_ms,
        .max_body = 1 << 20};
    e->stats.token_fetches++;
    memcpy(ch->token.hash, ch->credentials.hash, sizeof ch->token.hash);
    ch->token.transfer = http_out_start(e->parts.http, &q, fetched, ch);
}

void token_ask(struct channel *ch, const struct manifest_connection *conn, struct token_wait *w)
{
    struct token *t = &ch->token;
    int64_t now = clock_mono_ms(), ahead = conn->auth.renew_before_ms;
    bool same = strcmp(t->hash, ch->credentials.hash) == 0;
    list_init(&w->node);
    if (same && t->value && now < t->renew_ms && (ahead <= 0 || now + ahead < t->end_ms)) {
        w->done(w->arg, TOKEN_READY, "", -1);
        return;
    }
    if (same && !t->transfer && now < t->refused_until_ms) {
        w->done(w->arg, TOKEN_REFUSED, t->refusal, -1);
        return;
    }
    list_append(&t->waiting, &w->node);
    if (!t->transfer)
        fetch(ch);
}

void token_cancel(struct token_wait *w)
{
    if (w->node.next)
        list_remove(&w->node);
}

void token_spent(struct channel *ch, const char *value)
{
    /* Another step may have renewed it meanwhile. */
    if (ch->token.value && strcmp(ch->token.value, value) == 0)
        forget(&ch->token);
}
