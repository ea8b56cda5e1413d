/* A login that gives a key for good, as Procountor's does: it becomes the secret that the
 * connection names. */
#include <string.h>
#include "connect_impl.h"
#include "form.h"
#include "jsondoc.h"
#include "mem.h"

static void on_kept(void *arg, int rc, const struct err *why)
{
    struct connect *c = arg;
    const struct manifest_connection *conn;
    struct err e = {0};
    c->write = NULL;
    struct channel *ch = connect_channel(c, &conn, &e);
    if (rc < 0) {
        connect_over(c, false, "the API key cannot be kept: %s", why->text);
        return;
    }
    if (ch) {
        credentials_forget(ch);
        token_forget(ch);
    }
    connect_try(c);
}

static void on_key(void *arg, const struct http_out_result *r)
{
    struct connect *c = arg;
    const struct manifest_connection *conn;
    const struct resolver *own = c->engine->parts.resolver;
    struct err e = {0};
    c->transfer = NULL;
    if (r->outcome != HTTP_OUT_ANSWERED || r->status < 200 || r->status > 299) {
        connect_refused(c, "the API key", r);
        return;
    }
    struct jsondoc *d = jsondoc_parse(r->body, NULL);
    const char *key = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "api_key"), "");
    bool usable = key[0] && endpoints_plain(key);
    connect_channel(c, &conn, &e); /* the key that is to come may be what is missing */
    if (usable)
        c->write = own->set_secret(
            own->arg, c->company, conn ? conn->auth.key_secret : "", key, on_kept, c, &e);
    jsondoc_free(d);
    if (!usable)
        connect_over(c, false, "the answer holds no api_key that can be used");
    else if (!c->write)
        connect_over(c, false, "the API key cannot be kept: %s", e.text);
}

void connect_key_ask(struct connect *c, struct token_request *q)
{
    const struct manifest_connection *conn;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    /* The key that is to come is what is missing. */
    if (!ch && conn)
        ch = credentials_without(
            company_get(c->engine, c->company, false), conn, conn->auth.key_secret, &e);
    if (!ch) {
        token_request_free(q);
        connect_over(c, false, "%s", e.text);
        return;
    }
    q->who = &ch->credentials;
    buf_adds(&q->form, c->client);
    c->transfer = token_request_send(q, c->engine, c->token_url, on_key, c);
}

/* The login page of Procountor stands beside /api, whatever version is before that
 * (https://dev.procountor.com, m2m authentication: GET https://api.procountor.com/keylogin). */
static char *login_address(const char *url, const char *path)
{
    size_t n = strlen(url), k;
    if (n >= 4 && strcmp(url + n - 4, "/api") == 0)
        n -= 4;
    for (k = n; k > 0 && url[k - 1] != '/'; k--)
        ;
    struct str last = {url + k, n - k};
    bool version = str_is(last, "latest") || str_is(last, "supported") ||
                   (last.n == 5 && last.p[0] == 'v' && strspn(last.p + 1, "0123456789") >= 4);
    if (version)
        n = k - 1;
    return mem_printf("%.*s%s", (int)n, url, path);
}

void connect_key_begin(
    struct connect *c, const struct channel *ch, const struct manifest_connection *conn)
{
    struct buf b;
    char *page = login_address(ch->credentials.url, conn->auth.key_login);
    char *client = form_get(str_of(ch->credentials.form), "client_id", NULL);
    char *given = form_get(str_of(ch->credentials.form), "redirect_uri", NULL);
    if (given) { /* the one that is registered there */
        mem_free(c->redirect);
        c->redirect = given;
    }
    c->token_url = mem_printf("%s%s", ch->credentials.url, conn->auth.key_path);
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "%s?", page);
    form_put(&b, "response_type", "code");
    form_put(&b, "client_id", client ? client : "");
    form_put(&b, "redirect_uri", c->redirect);
    form_put(&b, "state", c->secret);
    c->url = buf_take(&b, NULL);
    buf_init(&b, BUF_MAX_DEFAULT);
    for (int i = 0; i < conn->auth.nparams; i++) {
        const char *name = conn->auth.params[i].name;
        char *value = strncmp(name, "client_", 7) == 0
                          ? form_get(str_of(ch->credentials.form), name, NULL)
                          : NULL;
        if (value) {
            buf_addc(&b, '&');
            form_put_value(&b, str_of(name));
            buf_addc(&b, '=');
            form_put_value(&b, str_of(value));
        }
        resolver_wipe(value);
    }
    c->client = buf_take(&b, NULL);
    resolver_wipe(client);
    mem_free(page);
    connect_open(c);
}

bool connect_by_key(const struct manifest_auth *a)
{
    return a->type == AUTH_OAUTH2_M2M && a->key_login[0] && a->key_secret[0];
}
