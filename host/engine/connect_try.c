/* Whether a connection that was just connected works, and how all of them stand. */
#include <string.h>
#include "clock.h"
#include "connect_impl.h"
#include "grant.h"
#include "mem.h"

static void connected(struct connect *c, const char *how)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    const struct channel *ch = connect_channel(c, &conn, &e);
    char *ending = ch ? grant_ending(ch) : NULL;
    connect_over(c, true, "%s%s%s", how, ending ? "; " : "", ending ? ending : "");
    mem_free(ending);
}

static void on_tried(void *arg, const struct http_out_result *r)
{
    struct connect *c = arg;
    c->transfer = NULL;
    if (r->outcome != HTTP_OUT_ANSWERED)
        connect_over(
            c, false, "it is connected, but a first request did not get through: %s", r->problem);
    else if (r->status < 200 || r->status > 299)
        connect_over(c, false, "it is connected, but a first request was answered with %d %s",
            r->status, http_reason(r->status));
    else
        connected(c, "it is connected, and a first request was answered");
}

static void send_try(struct connect *c, const struct channel *ch, const char *path)
{
    char *url = mem_printf("%s%s", ch->credentials.url, path);
    char *bearer = mem_printf("Bearer %s", ch->token.value);
    struct http_header headers[] = {{STR_LIT("Authorization"), str_of(bearer)},
        {STR_LIT("Accept"), STR_LIT("application/json")}};
    struct http_out_request q = {.method = "GET",
        .url = url,
        .headers = headers,
        .nheaders = 2,
        .way = ch->credentials.way,
        .timeout_ms = c->engine->set.http_timeout_ms,
        .max_body = c->engine->set.max_answer};
    c->transfer = http_out_start(c->engine->parts.http, &q, on_tried, c);
    resolver_wipe(bearer);
    mem_free(url);
}

static void on_token(void *arg, enum token_result r, const char *problem, int64_t retry_ms)
{
    struct connect *c = arg;
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    if (r != TOKEN_READY)
        connect_over(c, false, "it was allowed, but there is no token: %s", problem);
    else if (!ch || !token_usable(ch))
        connect_over(c, false, "its settings were changed meanwhile: %s", e.text);
    else if (conn->auth.try_path[0])
        send_try(c, ch, conn->auth.try_path);
    else
        connected(c, "it is connected");
}

void connect_try(struct connect *c)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    c->state = CONNECT_WORKING;
    c->token = (struct token_wait){.done = on_token, .arg = c};
    if (ch)
        token_ask(ch, conn, &c->token);
    else
        connect_over(c, false, "it was allowed, but something else is missing: %s", e.text);
}

static const char *auth_name(const struct manifest_auth *a)
{
    static const char *const grants[] = {"client_credentials", "authorization_code", "device_code"};
    switch (a->type) {
    case AUTH_BEARER:
        return "bearer";
    case AUTH_BASIC:
        return "basic";
    case AUTH_OAUTH2_M2M:
        return "client_credentials";
    case AUTH_OAUTH2:
        return grants[a->grant];
    case AUTH_URL:
        return "url";
    case AUTH_STANDARD:
        return "standard";
    case AUTH_NONE:
        break;
    }
    return "none";
}

static void tell_one(struct company *c, const struct manifest_connection *conn,
    void (*fn)(void *arg, const struct connection_info *i), void *arg)
{
    struct channel *ch = channel_get(c, conn);
    struct err e = {0};
    struct connection_info i = {.company = c->name,
        .connection = conn->name,
        .kind = conn->kind,
        .auth = auth_name(&conn->auth),
        .state = "ok",
        .words = ""};
    char *why = NULL;
    if (conn->url.kind != VALUE_NONE && credentials_get(ch, c->current, conn, &e) < 0) {
        i.state = "secret";
        i.words = e.text;
    } else if (conn->auth.type == AUTH_OAUTH2 && conn->auth.client_auth == CLIENT_KEY &&
               client_assertion_check(
                   ch->credentials.private_key ? ch->credentials.private_key : "", &e) < 0) {
        i.state = "secret";
        i.words = e.text;
    } else if (manifest_auth_by_person(&conn->auth)) {
        i.state = grant_state(ch, &why);
        i.words = why ? why : "";
        i.connected_ms = ch->token.grant ? ch->token.grant->connected_ms : 0;
        i.renewed_ms = ch->token.grant ? ch->token.grant->renewed_ms : 0;
    }
    if (strcmp(i.state, "ok") == 0 && ch->token.refusal && !ch->token.value) {
        i.state = "refused";
        i.words = ch->token.refusal;
    }
    if (strcmp(i.state, "ok") == 0 && channel_blocked(ch) > 0) {
        i.state = "paused";
        i.words = "it does not answer at the moment; it is asked again by itself";
    }
    fn(arg, &i);
    mem_free(why);
}

void connections_each(struct engine *e, const char *company,
    void (*fn)(void *arg, const struct connection_info *i), void *arg)
{
    struct company *c = company_get(e, company, false);
    const struct manifest *m = c && c->current ? c->current->manifest : NULL;
    for (int i = 0; m && i < m->nconnections; i++)
        tell_one(c, &m->connections[i], fn, arg);
}
