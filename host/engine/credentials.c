#include <sodium.h>
#include <string.h>
#include "buf.h"
#include "channel.h"
#include "clock.h"
#include "form.h"
#include "grant.h"
#include "http_strict.h"
#include "http_url.h"
#include "machine.h"
#include "mask.h"
#include "log.h"
#include "mem.h"

/* A secret that was changed in the store is used after this. */
#define FRESH_MS   5000
#define REFUSED_MS 1000 /* so old may secrets be that a delivery is refused by */
#define VALUES_MAX (2 * MANIFEST_PARAMS_MAX)

static int resolve(const struct version *v, const struct manifest_connection *conn,
    const struct manifest_value *value, const char *what, char **out, struct err *e)
{
    const struct resolver *r = v->company->engine->parts.resolver;
    const char *company = v->company->name;
    int got = 1;
    *out = NULL;
    if (value->kind == VALUE_NONE)
        return 0;
    if (value->kind == VALUE_LITERAL)
        *out = mem_dup(value->text);
    else if (value->kind == VALUE_SECRET)
        got = r->secret(r->arg, company, value->text, out, e);
    else
        got = r->env(r->arg, company, value->text, out, e);
    if (got > 0)
        return 0;
    if (got < 0)
        return err_prefix(e, "%s of connection %s", what, conn->name);
    if (value->kind == VALUE_SECRET)
        return err_set(e, ERR_NOT_FOUND,
            "%s of connection %s: the secret \"%s\" is not set; set it with `sauma secret set %s %s`",
            what, conn->name, value->text, company, value->text);
    return err_set(e, ERR_NOT_FOUND,
        "%s of connection %s: the variable %s is not set; start sauma with %s=... in its environment",
        what, conn->name, value->text, value->text);
}

static int resolve_form(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    struct buf form;
    int rc = 0;
    buf_init(&form, 65536);
    for (int i = 0; i < conn->auth.nparams && rc == 0; i++) {
        char *value;
        rc = resolve(v, conn, &conn->auth.params[i].value, conn->auth.params[i].name, &value, e);
        if (rc == 0 && value)
            form_put(&form, conn->auth.params[i].name, value);
        resolver_wipe(value);
    }
    out->form = buf_take(&form, NULL);
    return rc;
}

struct http_out_way credentials_way_to(const struct credentials *c, const char *url)
{
    const char *said[] = {c->url, c->issuer, c->token_url, c->device_url};
    struct http_out_way way = c->token_way;
    bool known = c->proxy != NULL; /* else it is about the proxy */
    for (size_t i = 0; i < sizeof said / sizeof said[0] && !known; i++)
        known = said[i] && http_url_same_origin(said[i], url);
    if (!known)
        way.public_only = true;
    return way;
}

static char *base64_of(const char *text)
{
    size_t n = strlen(text), room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = mem_alloc(room);
    return sodium_bin2base64(
        encoded, room, (const unsigned char *)text, n, sodium_base64_VARIANT_ORIGINAL);
}

static int resolve_basic(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    char *user = NULL, *password = NULL;
    int rc = resolve(v, conn, &conn->auth.user, "user", &user, e);
    if (rc == 0)
        rc = resolve(v, conn, &conn->auth.password, "password", &password, e);
    if (rc == 0) {
        char *pair = mem_printf("%s:%s", user ? user : "", password ? password : "");
        char *encoded = base64_of(pair);
        out->authorization = mem_printf("Basic %s", encoded);
        resolver_wipe(pair);
        resolver_wipe(encoded);
    }
    out->user = user;
    out->password = password;
    return rc;
}

static int resolve_oauth2(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    const struct manifest_auth *a = &conn->auth;
    if (resolve(v, conn, &a->issuer, "issuer", &out->issuer, e) < 0 ||
        resolve(v, conn, &a->authorize_url, "authorize_url", &out->authorize_url, e) < 0 ||
        resolve(v, conn, &a->token_url, "token_url", &out->token_url, e) < 0 ||
        resolve(v, conn, &a->device_url, "device_url", &out->device_url, e) < 0 ||
        resolve(v, conn, &a->client_id, "client_id", &out->client_id, e) < 0 ||
        resolve(v, conn, &a->client_secret, "client_secret", &out->client_secret, e) < 0 ||
        resolve(v, conn, &a->private_key, "private_key", &out->private_key, e) < 0)
        return -1;
    return resolve_form(out, v, conn, e);
}

static int resolve_auth(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    if (conn->auth.type == AUTH_BASIC)
        return resolve_basic(out, v, conn, e);
    if (conn->auth.type == AUTH_OAUTH2_M2M) {
        out->token_url = mem_printf("%s%s", out->url, conn->auth.token_path);
        return resolve_form(out, v, conn, e);
    }
    if (conn->auth.type == AUTH_OAUTH2)
        return resolve_oauth2(out, v, conn, e);
    if (conn->auth.type == AUTH_STANDARD)
        return resolve(v, conn, &conn->auth.token, "secret", &out->password, e);
    if (conn->auth.type != AUTH_BEARER)
        return 0;
    char *token;
    int rc = resolve(v, conn, &conn->auth.token, "token", &token, e);
    if (rc == 0)
        out->authorization =
            mem_printf("%s%s", conn->auth.header && conn->auth.header[0] ? "" : "Bearer ", token);
    resolver_wipe(token);
    return rc;
}

/* A test's address goes before the company's own. */
static int resolve_url(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    struct map *overrides = v->company->engine->overrides;
    const char *other = map_get(overrides, str_of(conn->name));
    if (!other)
        other = map_get(overrides, str_of(conn->kind));
    if (other)
        out->url = mem_dup(other);
    else if (resolve(v, conn, &conn->url, "url", &out->url, e) < 0)
        return -1;
    else if (v->company->engine->set.sandboxes_only && out->url && !strncmp(out->url, "https:", 6))
        return err_set(e, ERR_NOT_FOUND,
            "connection %s goes to %s, and a test asks nobody outside: give it a sandbox \"%s\"",
            conn->name, out->url, conn->kind);
    if (!out->url || !out->url[0])
        return err_set(e, ERR_NOT_FOUND, "connection %s has no url", conn->name);
    for (size_t n = strlen(out->url); n > 0 && out->url[n - 1] == '/'; n--)
        out->url[n - 1] = '\0';
    return 0;
}

/* True if the company wrote the address itself; an operator gives those of the environment and of
 * secrets. */
static bool is_own(const struct manifest_value *v)
{
    return v->kind == VALUE_LITERAL;
}

/* Who the proxy is told we are stands in its address, with escapes. */
static void take_proxy_login(struct credentials *c)
{
    const char *from = c->proxy ? strstr(c->proxy, "://") : NULL;
    from = from ? from + 3 : "";
    size_t n = strcspn(from, "/?#");
    while (n > 0 && from[n - 1] != '@')
        n--;
    if (n == 0)
        return;
    char *pair = mem_alloc(n + 1);
    long used = http_percent_decode(pair, (struct str){from, n - 1}, false);
    pair[used > 0 ? used : 0] = '\0';
    const char *password = strchr(pair, ':');
    c->proxy_password = mem_dup(password ? password + 1 : NULL);
    c->proxy_login = base64_of(pair);
    resolver_wipe(pair);
}

static int resolve_proxy(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    if (resolve(v, conn, &conn->proxy, "proxy", &out->proxy, e) < 0)
        return -1;
    bool made_up = v->company->engine->parts.resolver->made_up;
    if (!out->proxy || made_up || http_url_is_proxy(out->proxy))
        return 0;
    return err_set(e, ERR_INPUT,
        "proxy of connection %s is no address of a proxy: http://, https:// or socks5h://, then its "
        "host and port; signs such as / # @ in a user or password are written %%2F %%23 %%40",
        conn->name);
}

static int resolve_way(struct credentials *out, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    const struct manifest_auth *a = &conn->auth;
    const struct map *overrides = v->company->engine->overrides;
    bool given = map_get(overrides, str_of(conn->name)) || map_get(overrides, str_of(conn->kind));
    if (given) /* a test's sandbox has no proxy before it */
        return 0;
    if (resolve_proxy(out, v, conn, e) < 0 ||
        resolve(v, conn, &conn->certificate, "certificate", &out->certificate, e) < 0 ||
        resolve(v, conn, &conn->certificate_key, "certificate_key", &out->certificate_key, e) < 0)
        return -1;
    take_proxy_login(out);
    out->way = (struct http_out_way){.public_only = is_own(out->proxy ? &conn->proxy : &conn->url),
        .proxy = out->proxy,
        .certificate = out->certificate,
        .key = out->certificate_key};
    out->token_way = out->way;
    if (!out->proxy && (a->issuer.kind != VALUE_NONE || a->token_url.kind != VALUE_NONE))
        out->token_way.public_only =
            is_own(&a->issuer) || is_own(&a->token_url) || is_own(&a->device_url);
    return 0;
}

/* What only some connections have is added where it is, so that the others keep their hash. */
static void hash_all(struct credentials *c, const struct manifest_auth *a)
{
    const char *all[] = {c->url, c->authorization, c->form, c->issuer, c->authorize_url,
        c->token_url, c->device_url, c->client_id, c->client_secret, c->private_key, c->user,
        c->password};
    const char *some[] = {c->proxy, c->certificate, c->certificate_key, a->scope, a->key_id};
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        buf_adds(&b, all[i] ? all[i] : "");
        buf_addc(&b, '\n');
    }
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        if (some[i] && some[i][0])
            buf_addf(&b, "%zu %s\n", i, some[i]);
    id_hash(c->hash, b.p, b.n);
    sodium_memzero(b.p, b.cap);
    buf_free(&b);
}

static void wipe(struct credentials *c)
{
    char *all[] = {c->url, c->authorization, c->form, c->issuer, c->authorize_url, c->token_url,
        c->device_url, c->client_id, c->client_secret, c->private_key, c->user, c->password,
        c->proxy, c->certificate, c->certificate_key, c->proxy_password, c->proxy_login};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        resolver_wipe(all[i]);
    memset(c, 0, sizeof *c);
}

/* ---- words of others ---- */

/* Fields of a token request that tell nothing; all others are taken for secrets. */
static bool is_open_field(struct str name)
{
    static const char *const names[] = {
        "grant_type", "scope", "audience", "resource", "client_id", "redirect_uri", "redirectUri"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

/* The decoded values are owned by the caller; n is how many there are. */
static int secret_fields(struct str form, struct masks *m, char *values[], int n)
{
    while (form.n && n < VALUES_MAX) {
        struct str value, field = str_cut(form, '&', &form), name = str_cut(field, '=', &value);
        char *key = mem_dupn(name.p, name.n), *decoded = form_get(field, key, NULL);
        mem_free(key);
        if (!decoded || is_open_field(name)) {
            resolver_wipe(decoded);
            continue;
        }
        masks_add_encoded(m, str_of(decoded), MASK_NO_WORD);
        values[n++] = decoded;
    }
    return n;
}

/* Before the words are cut, for half a secret is not known again. */
void credentials_problem(
    const struct channel *ch, struct str body, struct str form, char *words, size_t n)
{
    const struct credentials none = {0}, *c = ch ? &ch->credentials : &none;
    const struct grant *g = ch ? ch->token.grant : NULL;
    const char *all[] = {c->client_secret, c->password, ch ? ch->token.value : NULL,
        g ? g->refresh : NULL, g ? g->before : NULL};
    char *values[VALUES_MAX];
    struct masks m;
    struct buf sent, room; /* sent: as it stands in Authorization (RFC 6749 2.3.1) */
    masks_init(&m);
    buf_init(&sent, BUF_MAX_DEFAULT);
    buf_init(&room, SIZE_MAX / 4);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        masks_add_encoded(&m, str_of(all[i]), MASK_NO_WORD);
    if (c->client_secret)
        form_put_value(&sent, str_of(c->client_secret));
    masks_add_encoded(&m, buf_str(&sent), MASK_NO_WORD);
    int nvalues = secret_fields(str_of(c->form), &m, values, 0);
    nvalues = secret_fields(form, &m, values, nvalues);
    mask_text(&m, &body, false, &room);
    token_problem(body, words, n);
    masks_free(&m);
    for (int i = 0; i < nvalues; i++)
        resolver_wipe(values[i]);
    sodium_memzero(sent.p, sent.cap);
    buf_free(&sent);
    buf_free(&room);
}

static void forget_webhook(struct channel *ch)
{
    for (int i = 0; i < MANIFEST_SECRETS_MAX; i++) {
        resolver_wipe(ch->webhook_secrets[i]);
        ch->webhook_secrets[i] = NULL;
    }
    ch->webhook_ms = 0;
}

void credentials_forget(struct channel *ch)
{
    wipe(&ch->credentials);
    ch->credentials_ms = 0;
    forget_webhook(ch);
}

int credentials_get(struct channel *ch, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    int64_t now = clock_mono_ms();
    /* While a refusal is remembered, what was corrected counts at once. */
    if (ch->credentials_ms && now - ch->credentials_ms < FRESH_MS &&
        now >= ch->token.refused_until_ms && strcmp(ch->credentials_version, v->name) == 0)
        return 0;
    wipe(&ch->credentials);
    ch->credentials_ms = 0;
    if (resolve_url(&ch->credentials, v, conn, e) < 0 ||
        resolve_auth(&ch->credentials, v, conn, e) < 0 ||
        resolve_way(&ch->credentials, v, conn, e) < 0)
        return -1;
    hash_all(&ch->credentials, &conn->auth);
    memcpy(ch->credentials_version, v->name, sizeof ch->credentials_version);
    ch->credentials_ms = now ? now : 1;
    return 0;
}

struct channel *credentials_without(
    struct company *c, const struct manifest_connection *conn, const char *secret, struct err *e)
{
    struct channel *ch = channel_get(c, conn);
    struct manifest_connection copy = *conn;
    struct manifest_param params[MANIFEST_PARAMS_MAX];
    copy.auth.params = params;
    for (int i = 0; i < conn->auth.nparams; i++) {
        params[i] = conn->auth.params[i];
        if (params[i].value.kind == VALUE_SECRET && strcmp(params[i].value.text, secret) == 0)
            params[i].value.kind = VALUE_NONE;
    }
    credentials_forget(ch);
    int rc = credentials_get(ch, c->current, &copy, e);
    ch->credentials_ms = 0; /* they are not whole */
    return rc < 0 ? NULL : ch;
}

bool credentials_button(
    const struct version *v, const struct manifest_connection *conn, struct str token)
{
    char *secret = NULL;
    struct err e = {0};
    if (conn && resolve(v, conn, &conn->button, "button", &secret, &e) < 0)
        log_event(LOG_ERROR, "button's token missing", "company", v->company->name, "connection",
            conn->name, "problem", e.text, NULL);
    bool same = str_same_secret(token, str_of(secret ? secret : "\x01"));
    bool is = same && secret && *secret;
    resolver_wipe(secret);
    return is;
}

/* One that is missing takes nothing from the others: the new secret may not be set yet, or the old
 * one be gone already. */
static int resolve_webhook(struct channel *ch, const struct version *v,
    const struct manifest_connection *conn, struct err *e)
{
    int have = 0;
    forget_webhook(ch);
    for (int i = 0; i < conn->webhook.nsecrets; i++)
        if (resolve(v, conn, &conn->webhook.secrets[i], "secret", &ch->webhook_secrets[i], e) == 0)
            have++;
    return have > 0 ? 0 : -1;
}

int credentials_webhook(struct channel *ch, const struct version *v,
    const struct manifest_connection *conn, struct str out[MANIFEST_SECRETS_MAX], struct err *e)
{
    int64_t now = clock_mono_ms();
    int n = 0;
    if (!ch->webhook_ms || now - ch->webhook_ms >= FRESH_MS ||
        strcmp(ch->webhook_version, v->name) != 0) {
        if (resolve_webhook(ch, v, conn, e) < 0)
            return -1;
        memcpy(ch->webhook_version, v->name, sizeof ch->webhook_version);
        ch->webhook_ms = now ? now : 1;
    }
    for (int i = 0; i < MANIFEST_SECRETS_MAX; i++)
        if (ch->webhook_secrets[i])
            out[n++] = str_of(ch->webhook_secrets[i]);
    return n;
}

bool credentials_webhook_again(struct channel *ch)
{
    if (clock_mono_ms() - ch->webhook_ms < REFUSED_MS)
        return false;
    forget_webhook(ch);
    return true;
}
