#include "signature_impl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

/* ---- what the schemes share ---- */

static bool digest(
    unsigned char out[SIGNATURE_DIGEST], struct str secret, const struct str *parts, int nparts)
{
    char name[] = "SHA256";
    const OSSL_PARAM how[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end()};
    size_t n = 0;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *c = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool ok = c && EVP_MAC_init(c, (const unsigned char *)secret.p, secret.n, how);
    for (int i = 0; i < nparts && ok; i++)
        ok = parts[i].n == 0 || EVP_MAC_update(c, (const unsigned char *)parts[i].p, parts[i].n);
    ok = ok && EVP_MAC_final(c, out, &n, SIGNATURE_DIGEST) && n == SIGNATURE_DIGEST;
    EVP_MAC_CTX_free(c);
    EVP_MAC_free(mac);
    return ok;
}

/* By libcrypto, which has the processor's own instructions for it: anybody may send a body of
 * megabytes that has to be judged, and the loop stands still meanwhile. */
void signature_digest(
    unsigned char out[SIGNATURE_DIGEST], struct str secret, const struct str *parts, int nparts)
{
    if (!digest(out, secret, parts, nparts))
        randombytes_buf(out, SIGNATURE_DIGEST); /* which fits nothing */
}

bool signature_usable(struct str secret)
{
    return secret.n > 0 && !str_starts(secret, "whpk_");
}

bool signature_fits(const struct signature_check *c, const struct str *parts, int nparts,
    const unsigned char given[SIGNATURE_DIGEST])
{
    unsigned char want[SIGNATURE_DIGEST];
    bool fits = false;
    for (int i = 0; i < c->nsecrets; i++) {
        if (!signature_usable(c->secrets[i]))
            continue;
        signature_digest(want, c->secrets[i], parts, nparts);
        fits |= sodium_memcmp(want, given, sizeof want) == 0;
    }
    sodium_memzero(want, sizeof want);
    return fits;
}

bool signature_base64(struct str text, unsigned char *out, size_t n)
{
    size_t got = 0;
    return sodium_base642bin(
               out, n, text.p, text.n, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == n;
}

int signature_time(
    const struct signature_check *c, const char *header, int64_t unit_ms, struct err *e)
{
    struct str text = str_trim(http_header_get(c->headers, c->nheaders, header));
    int64_t t;
    if (text.n == 0)
        return err_set(e, ERR_DENIED, "the header %s is missing", header);
    if (text.n > 15 || text.p[0] == '-' || !str_to_i64(text, &t))
        return err_set(e, ERR_DENIED, "%s is not a time in Unix %s", header,
            unit_ms == 1 ? "milliseconds" : "seconds");
    int64_t off = t * unit_ms - c->now_ms;
    if (off < -c->window_ms || off > c->window_ms)
        return err_set(e, ERR_DENIED,
            "%s is more than %lld s from this host's clock; check the clocks", header,
            (long long)(c->window_ms / 1000));
    return 0;
}

/* ---- the secret itself ---- */

/* What follows the scheme's name in Authorization, or STR_NONE. */
static struct str authorization(const struct signature_check *c, const char *scheme)
{
    struct str v = str_trim(http_header_get(c->headers, c->nheaders, "Authorization")), rest;
    struct str name = str_cut(v, ' ', &rest);
    return str_ieq(name, str_of(scheme)) ? str_trim(rest) : STR_NONE;
}

static int verify_basic(const struct signature_check *c, struct str given, struct err *e)
{
    char plain[512];
    size_t n = 0;
    bool same = false;
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header Authorization: Basic is missing");
    if (sodium_base642bin((unsigned char *)plain, sizeof plain, given.p, given.n, NULL, &n, NULL,
            sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(e, ERR_DENIED, "Authorization: Basic is not base64");
    struct str all = {plain, n}, password;
    str_cut(all, ':', &password);
    for (int i = 0; i < c->nsecrets; i++) /* a password may have a colon, too */
        same |= signature_usable(c->secrets[i]) &&
                (str_same_secret(password, c->secrets[i]) || str_same_secret(all, c->secrets[i]));
    sodium_memzero(plain, sizeof plain);
    return same ? 0 : err_set(e, ERR_DENIED, "the user or password of Authorization is wrong");
}

static int verify_secret(const struct signature_check *c, struct err *e)
{
    struct str given = str_trim(http_header_get(c->headers, c->nheaders, "X-Webhook-Secret"));
    bool same = false;
    if (given.n == 0)
        given = authorization(c, "Bearer");
    if (given.n == 0)
        return err_set(
            e, ERR_DENIED, "no signature: neither X-Webhook-Secret nor Authorization is there");
    for (int i = 0; i < c->nsecrets; i++)
        same |= signature_usable(c->secrets[i]) && str_same_secret(given, c->secrets[i]);
    return same ? 0 : err_set(e, ERR_DENIED, "the shared secret of the delivery is wrong");
}

/* ---- which one ---- */

static enum manifest_scheme scheme_of(const struct signature_check *c)
{
    static const struct {
        const char *header;
        enum manifest_scheme scheme;
    } signs[] = {{"webhook-signature", SCHEME_STANDARD}, {"X-HubSpot-Signature-v3", SCHEME_HUBSPOT},
        {"X-Signature-256", SCHEME_HMAC}};
    if (c->scheme != SCHEME_ANY)
        return c->scheme;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (http_header_get(c->headers, c->nheaders, signs[i].header).p)
            return signs[i].scheme;
    return authorization(c, "Basic").p ? SCHEME_BASIC : SCHEME_SECRET;
}

int signature_verify(const struct signature_check *c, struct err *e)
{
    bool some = false;
    if (c->scheme == SCHEME_NONE)
        return 0;
    for (int i = 0; i < c->nsecrets; i++)
        some |= c->secrets[i].n > 0;
    if (!some)
        return err_set(e, ERR_DENIED, "the connection's secret is empty");
    switch (scheme_of(c)) {
    case SCHEME_STANDARD:
        return signature_verify_standard(c, e);
    case SCHEME_HUBSPOT:
        return signature_verify_hubspot(c, e);
    case SCHEME_HMAC:
        return signature_verify_hmac(c, e);
    case SCHEME_BASIC:
        return verify_basic(c, authorization(c, "Basic"), e);
    default:
        return verify_secret(c, e);
    }
}
