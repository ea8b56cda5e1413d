#include "connect_impl.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "form.h"
#include "grant.h"
#include "log.h"
#include "mem.h"

#define OPEN_MS  600000 /* a person has so long */
#define KEEP_MS  600000 /* and so long can be read what became of it */
#define OPEN_MAX 200    /* at once, on the whole host */

static const char *const state_names[] = {"starting", "open", "working", "done", "failed"};

static void random_text(char *out, size_t room)
{
    unsigned char raw[32];
    randombytes_buf(raw, sizeof raw);
    sodium_bin2base64(out, room, raw, sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void connect_free(struct connect *c)
{
    list_remove(&c->node);
    if (c->fn)
        c->fn(c->arg, false, "the host is being stopped; begin again with `sauma connect`");
    endpoints_cancel(c->finding);
    if (c->transfer)
        http_out_cancel(c->transfer);
    if (c->write)
        secrets_write_tell(c->write, NULL, NULL);
    token_cancel(&c->token);
    loop_timer_free(c->timer);
    mem_free(c->company);
    mem_free(c->name);
    mem_free(c->redirect);
    mem_free(c->url);
    mem_free(c->code);
    mem_free(c->words);
    mem_free(c->issuer);
    mem_free(c->token_url);
    resolver_wipe(c->spent);
    resolver_wipe(c->device);
    resolver_wipe(c->client);
    sodium_memzero(c, sizeof *c);
    mem_free(c);
}

void connect_free_all(struct engine *e)
{
    while (!list_empty(&e->connects))
        connect_free(LIST_OF(e->connects.next, struct connect, node));
}

static void forget(void *arg)
{
    connect_free(arg);
}

void connect_over(struct connect *c, bool ok, const char *fmt, ...)
{
    char text[1500], words[sizeof text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    str_line(words, sizeof words, str_of(text)); /* parts of it are the other side's */
    c->state = ok ? CONNECT_DONE : CONNECT_FAILED;
    mem_free(c->words);
    c->words = mem_dup(words);
    c->secret[0] = '\0';
    log_event(ok ? LOG_INFO : LOG_WARN, ok ? "connected" : "not connected", "company", c->company,
        "connection", c->name, "words", words, NULL);
    connect_fn fn = c->fn;
    c->fn = NULL;
    loop_timer_free(c->timer);
    c->timer = loop_timer_new(c->engine->parts.loop, forget, c);
    loop_timer_arm(c->timer, KEEP_MS);
    if (fn)
        fn(c->arg, ok, words);
}

static void too_late(void *arg)
{
    connect_over(arg, false, "nobody allowed it in time; begin again with `sauma connect`");
}

struct channel *connect_channel(
    struct connect *c, const struct manifest_connection **conn, struct err *e)
{
    struct company *company = company_get(c->engine, c->company, false);
    struct version *v = company ? company->current : NULL;
    *conn = v ? manifest_connection(v->manifest, c->name) : NULL;
    if (!v) {
        err_set(e, ERR_NOT_FOUND, "there is no company %s", c->company);
        return NULL;
    }
    if (!*conn) {
        err_set(e, ERR_NOT_FOUND,
            "company %s has no connection %s (`sauma connections` lists those that it has)",
            c->company, c->name);
        return NULL;
    }
    struct channel *ch = channel_get(company, *conn);
    return credentials_get(ch, v, *conn, e) < 0 ? NULL : ch;
}

/* ---- the code comes back ---- */

void connect_refused(struct connect *c, const char *what, const struct http_out_result *r)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct buf sent;
    char words[256];
    buf_init(&sent, BUF_MAX_DEFAULT);
    form_put(&sent, "code", c->spent ? c->spent : "");
    form_put(&sent, "code_verifier", c->verifier);
    form_put(&sent, "device_code", c->device ? c->device : "");
    buf_adds(&sent, c->client ? c->client : "");
    credentials_problem(
        connect_channel(c, &conn, &e), r->body, buf_str(&sent), words, sizeof words);
    sodium_memzero(sent.p, sent.cap);
    buf_free(&sent);
    if (r->outcome != HTTP_OUT_ANSWERED)
        connect_over(c, false, "%s could not be asked: %s", what, r->problem);
    else
        connect_over(c, false, "%s was refused: %s (status %d)", what,
            words[0] ? words : http_reason(r->status), r->status);
}

static void on_kept(void *arg, int rc, const struct err *why)
{
    struct connect *c = arg;
    const struct manifest_connection *conn;
    struct err e = {0};
    c->write = NULL;
    struct channel *ch = connect_channel(c, &conn, &e);
    if (rc != 0)
        connect_over(c, false, "it was allowed, and cannot be kept: %s",
            rc < 0 ? why->text : "it was connected once more meanwhile");
    else if (!ch || grant_connected(ch, &e) < 0)
        connect_over(c, false, "it was allowed, but something else is missing: %s", e.text);
    else
        connect_try(c);
}

void connect_granted(struct connect *c, const struct token_answer *a)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    if (ch)
        c->write = grant_allowed(ch, c->token_url, a, on_kept, c, &e);
    if (!c->write)
        connect_over(c, false, "it was allowed, and cannot be kept: %s", e.text);
}

static void on_token(void *arg, const struct http_out_result *r)
{
    struct connect *c = arg;
    struct token_answer a;
    struct err e = {0};
    c->transfer = NULL;
    enum token_reply reply = token_reply_read(r, &a, &e);
    if (reply == TOKEN_REPLY_GRANTED)
        connect_granted(c, &a);
    else if (reply == TOKEN_REPLY_BROKEN)
        connect_over(c, false, "%s", e.text);
    else
        connect_refused(c, "the token", r);
    token_answer_free(&a);
}

void connect_ask_token(struct connect *c, struct token_request *q, http_out_done fn)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    if (!ch || token_request_client(q, &ch->credentials, &conn->auth,
                   c->issuer ? c->issuer : c->token_url, &e) < 0) {
        token_request_free(q);
        connect_over(c, false, "%s", e.text);
        return;
    }
    c->transfer = token_request_send(q, c->engine, c->token_url, fn, c);
}

static void exchange(struct connect *c, const char *code)
{
    struct token_request q;
    c->state = CONNECT_WORKING;
    c->spent = mem_dup(code);
    token_request_init(&q);
    form_put(&q.form, "grant_type", "authorization_code");
    form_put(&q.form, "code", code);
    form_put(&q.form, "redirect_uri", c->redirect);
    if (c->client) {
        connect_key_ask(c, &q);
        return;
    }
    form_put(&q.form, "code_verifier", c->verifier);
    connect_ask_token(c, &q, on_token);
}

static struct connect *find_secret(struct engine *e, const char *secret)
{
    for (struct list *n = e->connects.next; n != &e->connects; n = n->next) {
        struct connect *c = LIST_OF(n, struct connect, node);
        if (c->state == CONNECT_OPEN && c->secret[0] &&
            str_same_secret(str_of(c->secret), str_of(secret)))
            return c;
    }
    return NULL;
}

/* RFC 9207: the answer of another server than the one that was asked is a trick. */
static bool right_issuer(struct connect *c, const char *iss)
{
    if (!c->issuer || (!iss && !c->iss) || (iss && strcmp(iss, c->issuer) == 0))
        return true;
    if (iss)
        connect_over(c, false,
            "the answer comes from \"%.200s\" and not from %.200s; nothing was done", iss,
            c->issuer);
    else
        connect_over(c, false,
            "the answer does not say that it comes from %.200s, which always says so; nothing was done",
            c->issuer);
    return false;
}

void connect_callback(struct engine *e, struct str query, connect_fn fn, void *arg)
{
    bool many_states, many_codes;
    char *secret = form_get(query, "state", &many_states);
    char *code = form_get(query, "code", &many_codes), *iss = form_get(query, "iss", NULL);
    char *error = form_get(query, "error", NULL), *why = form_get(query, "error_description", NULL);
    struct connect *c = secret && !many_states ? find_secret(e, secret) : NULL;
    if (!c) {
        fn(arg, false,
            "this answer belongs to no connection that is being connected now: it was used already, "
            "or came too late. Begin again with `sauma connect`");
    } else {
        c->secret[0] = '\0'; /* it is good for once */
        c->fn = fn;
        c->arg = arg;
        if (right_issuer(c, iss)) {
            if (error)
                connect_over(c, false, "it was not allowed: %.300s",
                    why && why[0] ? why
                    : error[0]    ? error
                                  : "no reason is given");
            else if (!code || !code[0] || many_codes)
                connect_over(c, false, "the answer holds no code");
            else
                exchange(c, code);
        }
    }
    resolver_wipe(secret);
    resolver_wipe(code);
    mem_free(iss);
    mem_free(error);
    mem_free(why);
}

/* ---- the beginning ---- */

void connect_open(struct connect *c)
{
    c->state = CONNECT_OPEN;
    c->end_ms = clock_wall_ms() + OPEN_MS;
    loop_timer_arm(c->timer, OPEN_MS);
}

static void put_authorize(struct connect *c, const char *address, const struct channel *ch,
    const struct manifest_connection *conn)
{
    struct buf b;
    char challenge[65];
    unsigned char hash[crypto_hash_sha256_BYTES];
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "%s%s", address, strchr(address, '?') ? "" : "?");
    form_put(&b, "response_type", "code");
    form_put(&b, "client_id", ch->credentials.client_id);
    form_put(&b, "redirect_uri", c->redirect);
    form_put(&b, "state", c->secret);
    if (conn->auth.scope[0])
        form_put(&b, "scope", conn->auth.scope);
    crypto_hash_sha256(hash, (const unsigned char *)c->verifier, strlen(c->verifier));
    sodium_bin2base64(
        challenge, sizeof challenge, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    form_put(&b, "code_challenge", challenge);
    form_put(&b, "code_challenge_method", "S256");
    if (ch->credentials.form && ch->credentials.form[0])
        buf_addf(&b, "&%s", ch->credentials.form);
    c->url = buf_take(&b, NULL);
}

/* Addresses are known: settings go before what the issuer says. */
static void begin_at(struct connect *c, const struct endpoints *ep)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    if (!ch) {
        connect_over(c, false, "%s", e.text);
        return;
    }
    const struct credentials *k = &ch->credentials;
    const char *token = k->token_url ? k->token_url : ep ? ep->token : NULL;
    const char *open = k->authorize_url ? k->authorize_url : ep ? ep->authorize : NULL;
    const char *device = k->device_url ? k->device_url : ep ? ep->device : NULL;
    bool by_device = conn->auth.grant == GRANT_DEVICE;
    c->issuer = mem_dup(k->issuer);
    c->iss = ep && ep->iss;
    if (!token || !(by_device ? device : open)) {
        connect_over(c, false, "the issuer %s has no %s", k->issuer,
            by_device ? "device_authorization_endpoint" : "authorization_endpoint");
        return;
    }
    c->token_url = mem_dup(token);
    if (by_device) {
        connect_device_begin(c, device);
        return;
    }
    put_authorize(c, open, ch, conn);
    connect_open(c);
}

static void on_found(void *arg, const struct endpoints *ep, const char *problem, bool for_good)
{
    struct connect *c = arg;
    c->finding = NULL;
    if (ep)
        begin_at(c, ep);
    else
        connect_over(c, false, "%s", problem);
}

static struct connect *connect_new(
    struct engine *e, const char *company, const char *connection, const char *redirect)
{
    struct connect *c = mem_zalloc(1, sizeof *c);
    unsigned char raw[16];
    c->engine = e;
    c->company = mem_dup(company);
    c->name = mem_dup(connection);
    c->redirect = mem_dup(redirect);
    randombytes_buf(raw, sizeof raw);
    str_hex(c->id, raw, sizeof raw);
    random_text(c->secret, sizeof c->secret);
    random_text(c->verifier, sizeof c->verifier);
    c->timer = loop_timer_new(e->parts.loop, too_late, c);
    list_init(&c->node);
    list_init(&c->token.node);
    return c;
}

static int count_open(const struct engine *e)
{
    int n = 0;
    for (const struct list *l = e->connects.next; l != &e->connects; l = l->next)
        n += LIST_OF(l, struct connect, node)->state < CONNECT_DONE;
    return n;
}

const char *connect_begin(struct engine *e, const char *company, const char *connection,
    const char *redirect, struct err *err)
{
    const struct manifest_connection *conn;
    if (count_open(e) >= OPEN_MAX) {
        err_set(err, ERR_LIMIT, "%d connections are being connected already; try again later",
            OPEN_MAX);
        return NULL;
    }
    struct connect *c = connect_new(e, company, connection, redirect);
    struct channel *ch = connect_channel(c, &conn, err);
    /* The key that is to come is what is missing. */
    if (conn && connect_by_key(&conn->auth) && !ch)
        ch = credentials_without(company_get(e, company, false), conn, conn->auth.key_secret, err);
    bool person = ch && manifest_auth_by_person(&conn->auth);
    if (ch && !person && !connect_by_key(&conn->auth))
        err_set(err, ERR_INPUT,
            "connection %s is not connected by a person: what it needs are its secrets "
            "(`sauma secret set %s NAME`)",
            connection, company);
    if (!ch || (!person && !connect_by_key(&conn->auth))) {
        connect_free(c);
        return NULL;
    }
    list_append(&e->connects, &c->node);
    if (!person)
        connect_key_begin(c, ch, conn);
    else if (!ch->credentials.issuer)
        begin_at(c, NULL);
    else
        c->finding = endpoints_ask(e, ch->credentials.issuer,
            credentials_way_to(&ch->credentials, ch->credentials.issuer), on_found, c);
    return c->id;
}

bool connect_get(struct engine *e, const char *id, struct connect_info *out)
{
    for (struct list *n = e->connects.next; n != &e->connects; n = n->next) {
        struct connect *c = LIST_OF(n, struct connect, node);
        if (strcmp(c->id, id) != 0)
            continue;
        *out = (struct connect_info){.id = c->id,
            .company = c->company,
            .connection = c->name,
            .state = state_names[c->state],
            .url = c->url ? c->url : "",
            .code = c->code ? c->code : "",
            .words = c->words ? c->words : "",
            .end_ms = c->end_ms};
        return true;
    }
    return false;
}
