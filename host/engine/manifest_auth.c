/* How a connection says who it is, from its JSON in the manifest. */
#include <string.h>
#include "jsondoc.h"
#include "manifest.h"
#include "mem.h"

/* {"literal":..}, {"secret":..}, {"env":..}, or a plain string; absent and null are none. */
int manifest_parse_value(
    const struct jsonv *v, const char *what, struct manifest_value *out, struct err *e)
{
    static const struct {
        const char *key;
        enum manifest_value_kind kind;
    } kinds[] = {{"literal", VALUE_LITERAL}, {"secret", VALUE_SECRET}, {"env", VALUE_ENV}};
    if (!v || v->type == JSONV_NULL)
        return 0;
    if (v->type == JSONV_STRING) {
        out->kind = VALUE_LITERAL;
        out->text = mem_dup(v->text.p);
        return 0;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *text = jsonv_str(jsonv_get(v, kinds[i].key), NULL);
        if (!text)
            continue;
        out->kind = kinds[i].kind;
        out->text = mem_dup(text);
        return 0;
    }
    return err_set(e, ERR_SCRIPT, "%s: must be a text, secret \"name\" or env \"NAME\"", what);
}

static int parse_params(
    const struct jsonv *v, const char *what, struct manifest_auth *a, struct err *e)
{
    size_t n = 0;
    for (const struct jsonv *c = v ? v->child : NULL; c; c = c->next)
        n++;
    if (n > MANIFEST_PARAMS_MAX)
        return err_set(
            e, ERR_SCRIPT, "%s: auth.params has more than %d fields", what, MANIFEST_PARAMS_MAX);
    a->params = mem_zalloc(n, sizeof *a->params);
    for (const struct jsonv *c = v ? v->child : NULL; c; c = c->next) {
        struct manifest_param *p = &a->params[a->nparams++];
        p->name = mem_dupn(c->key.p, c->key.n);
        if (manifest_parse_value(c, what, &p->value, e) < 0)
            return err_prefix(e, "auth.params.%s", p->name);
    }
    return 0;
}

/* The number of text among n names; n if it is none of them. */
static int word_of(const char *text, const char *const *names, int n)
{
    int i = 0;
    while (i < n && strcmp(text, names[i]) != 0)
        i++;
    return i;
}

static char *text_of(const struct jsonv *v, const char *key)
{
    return mem_dup(jsonv_str(jsonv_get(v, key), ""));
}

static int check_oauth2(const struct manifest_auth *a, const char *what, struct err *e)
{
    bool found = a->issuer.kind != VALUE_NONE;
    if (a->client_id.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth oauth2 needs a client_id", what);
    if (!found && a->token_url.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth oauth2 needs an issuer, or a token_url", what);
    if (!found && a->grant == GRANT_CODE && a->authorize_url.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT,
            "%s: auth oauth2 with authorization_code needs an issuer, or an authorize_url", what);
    if (!found && a->grant == GRANT_DEVICE && a->device_url.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT,
            "%s: auth oauth2 with device_code needs an issuer, or a device_url", what);
    if (a->client_auth == CLIENT_KEY && a->private_key.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth oauth2 needs a private_key", what);
    if (a->client_auth == CLIENT_BASIC && a->client_secret.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth oauth2 needs a client_secret", what);
    if (a->grant == GRANT_CLIENT && a->client_auth == CLIENT_POST &&
        a->client_secret.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT,
            "%s: auth oauth2 with client_credentials needs a client_secret or a private_key", what);
    return 0;
}

static int parse_oauth2(
    const struct jsonv *v, const char *what, struct manifest_auth *a, struct err *e)
{
    static const char *const grants[] = {"client_credentials", "authorization_code", "device_code"};
    static const char *const ways[] = {"post", "basic", "private_key_jwt"};
    const char *grant = jsonv_str(jsonv_get(v, "grant"), "");
    const char *way = jsonv_str(jsonv_get(v, "client_auth"), "post");
    int g = word_of(grant, grants, 3), w = word_of(way, ways, 3);
    if (g == 3)
        return err_set(e, ERR_SCRIPT, "%s: unknown oauth2 grant \"%.40s\"", what, grant);
    if (w == 3)
        return err_set(e, ERR_SCRIPT, "%s: unknown client_auth \"%.40s\"", what, way);
    a->grant = (enum manifest_grant)g;
    a->client_auth = (enum manifest_client_auth)w;
    if (manifest_parse_value(jsonv_get(v, "issuer"), what, &a->issuer, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "authorize_url"), what, &a->authorize_url, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "token_url"), what, &a->token_url, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "device_url"), what, &a->device_url, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "client_id"), what, &a->client_id, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "client_secret"), what, &a->client_secret, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "private_key"), what, &a->private_key, e) < 0)
        return -1;
    return check_oauth2(a, what, e);
}

int manifest_parse_auth(
    const struct jsonv *v, const char *what, struct manifest_auth *a, struct err *e)
{
    static const char *const names[] = {
        "none", "bearer", "basic", "oauth2_m2m", "url", "standard", "oauth2"};
    const char *type = jsonv_str(jsonv_get(v, "type"), "none");
    const int nnames = sizeof names / sizeof *names;
    int i = word_of(type, names, nnames);
    if (i == nnames)
        return err_set(e, ERR_SCRIPT, "%s: unknown auth type \"%.40s\"", what, type);
    a->type = (enum manifest_auth_type)i;
    a->token_path = text_of(v, "token_path");
    a->try_path = text_of(v, "try_path");
    a->key_id = text_of(v, "key_id");
    a->scope = text_of(v, "scope");
    a->key_login = text_of(v, "key_login");
    a->key_path = text_of(v, "key_path");
    a->key_secret = text_of(v, "key_secret");
    a->header = text_of(v, "header");
    a->renew_before_ms = jsonv_int(jsonv_get(v, "renew_before_ms"), 0);
    if (manifest_parse_value(jsonv_get(v, "token"), what, &a->token, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "user"), what, &a->user, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "password"), what, &a->password, e) < 0 ||
        parse_params(jsonv_get(v, "params"), what, a, e) < 0)
        return -1;
    if (a->type == AUTH_BEARER && a->token.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth bearer needs a token", what);
    if (a->type == AUTH_STANDARD && a->token.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT, "%s: auth standard needs a token", what);
    if (a->type == AUTH_BASIC && a->user.kind == VALUE_NONE)
        return err_set(e, ERR_SCRIPT,
            "%s: auth says nothing: it is { bearer = ... }, { user = ..., password = ... }, { header = "
            "..., value = ... } or { oauth = ... }",
            what);
    if (a->type == AUTH_OAUTH2_M2M && a->token_path[0] != '/')
        return err_set(e, ERR_SCRIPT, "%s: auth oauth2_m2m needs a token_path", what);
    return a->type == AUTH_OAUTH2 ? parse_oauth2(v, what, a, e) : 0;
}

bool manifest_auth_has_token(const struct manifest_auth *a)
{
    return a->type == AUTH_OAUTH2_M2M || a->type == AUTH_OAUTH2;
}

struct str manifest_auth_header(const struct manifest_auth *a)
{
    return a->header && a->header[0] ? str_of(a->header) : STR_LIT("Authorization");
}

bool manifest_auth_by_person(const struct manifest_auth *a)
{
    return a->type == AUTH_OAUTH2 && a->grant != GRANT_CLIENT;
}

const struct manifest_value *manifest_auth_value(const struct manifest_auth *a, int i)
{
    const struct manifest_value *fixed[] = {&a->token, &a->user, &a->password, &a->issuer,
        &a->authorize_url, &a->token_url, &a->device_url, &a->client_id, &a->client_secret,
        &a->private_key};
    int nfixed = (int)(sizeof fixed / sizeof fixed[0]);
    if (i < nfixed)
        return fixed[i];
    return i - nfixed < a->nparams ? &a->params[i - nfixed].value : NULL;
}

void manifest_auth_free(struct manifest_auth *a)
{
    const struct manifest_value *v;
    for (int i = 0; (v = manifest_auth_value(a, i)) != NULL; i++)
        mem_free(v->text);
    for (int i = 0; i < a->nparams; i++)
        mem_free(a->params[i].name);
    mem_free(a->params);
    mem_free(a->token_path);
    mem_free(a->try_path);
    mem_free(a->key_id);
    mem_free(a->scope);
    mem_free(a->key_login);
    mem_free(a->key_path);
    mem_free(a->key_secret);
    mem_free(a->header);
}
