/* How the sender of a connection's webhooks proves itself, as the manifest says it. */
#include <string.h>
#include "jsondoc.h"
#include "manifest.h"
#include "mem.h"

#define HEADER_MAX 100

static int parse_scheme(
    const struct jsonv *v, const char *what, struct manifest_webhook *w, struct err *e)
{
    static const char *const names[] = {
        "any", "hmac", "secret", "basic", "standard", "hubspot", "none"};
    const char *scheme = jsonv_str(jsonv_get(v, "signature"), "any");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(scheme, names[i]) == 0) {
            w->scheme = (enum manifest_scheme)i;
            return 0;
        }
    return err_set(e, ERR_SCRIPT, "%s: unknown webhook signature \"%.40s\"", what, scheme);
}

static bool is_token(const char *s)
{
    size_t n = strlen(s);
    return n <= HEADER_MAX &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

/* The form of an HMAC that is not the usual one. */
static int parse_form(
    const struct jsonv *v, const char *what, struct manifest_hmac *h, struct err *e)
{
    const char *header = jsonv_str(jsonv_get(v, "header"), "");
    const char *prefix = jsonv_str(jsonv_get(v, "prefix"), "");
    const char *timestamp = jsonv_str(jsonv_get(v, "timestamp"), "");
    const char *encoding = jsonv_str(jsonv_get(v, "encoding"), "hex");
    if (!v || v->type != JSONV_OBJECT)
        return 0;
    if (!header[0] || !is_token(header) || !is_token(timestamp))
        return err_set(e, ERR_SCRIPT,
            "%s: a signature's header and timestamp are names of headers, not \"%.40s\" and "
            "\"%.40s\"",
            what, header, timestamp);
    if (strlen(prefix) > HEADER_MAX)
        return err_set(e, ERR_SCRIPT, "%s: a signature's prefix is a short text", what);
    h->base64 = strcmp(encoding, "base64") == 0;
    if (!h->base64 && strcmp(encoding, "hex") != 0)
        return err_set(e, ERR_SCRIPT, "%s: a signature's encoding is \"hex\" or \"base64\"", what);
    h->header = mem_dup(header);
    h->prefix = mem_dup(prefix);
    h->timestamp = mem_dup(timestamp);
    return 0;
}

static int add_secret(
    const struct jsonv *v, const char *what, struct manifest_webhook *w, struct err *e)
{
    if (w->nsecrets == MANIFEST_SECRETS_MAX)
        return err_set(
            e, ERR_SCRIPT, "%s: more than %d secrets at once", what, MANIFEST_SECRETS_MAX);
    struct manifest_value *secret = &w->secrets[w->nsecrets];
    if (manifest_parse_value(v, what, secret, e) < 0)
        return -1;
    w->nsecrets += secret->kind != VALUE_NONE;
    return 0;
}

int manifest_parse_signature(
    const struct jsonv *conn, const char *what, struct manifest_webhook *w, struct err *e)
{
    const struct jsonv *v = jsonv_get(conn, "webhook");
    if (parse_scheme(v, what, w, e) < 0 || parse_form(jsonv_get(v, "hmac"), what, &w->hmac, e) < 0)
        return -1;
    const struct jsonv *secret = jsonv_get(v, "secret");
    if (!secret)
        secret = jsonv_path(conn, "secrets.secret");
    if (secret && secret->type == JSONV_BOOL && !secret->integer)
        w->scheme = SCHEME_NONE;
    if (w->scheme == SCHEME_NONE)
        return 0;
    if (!secret || secret->type != JSONV_ARRAY) {
        if (add_secret(secret, what, w, e) < 0)
            return -1;
    } else {
        for (const struct jsonv *one = secret->child; one; one = one->next)
            if (add_secret(one, what, w, e) < 0)
                return -1;
    }
    if (w->nsecrets == 0)
        return err_set(e, ERR_SCRIPT,
            "%s: takes webhooks and has no secret; say "
            "secret = secret \"name\", or secret = false for unsigned deliveries",
            what);
    return 0;
}

void manifest_signature_free(struct manifest_webhook *w)
{
    mem_free((char *)w->hmac.header);
    mem_free((char *)w->hmac.prefix);
    mem_free((char *)w->hmac.timestamp);
    for (int i = 0; i < MANIFEST_SECRETS_MAX; i++)
        mem_free(w->secrets[i].text);
}
