#include "signature.h"

#include <sodium.h>
#include <string.h>

#define DIGEST crypto_auth_hmacsha256_BYTES

static void digest(
    unsigned char out[DIGEST], struct str secret, struct str timestamp, struct str body)
{
    crypto_auth_hmacsha256_state st;
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret.p, secret.n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)timestamp.p, timestamp.n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)body.p, body.n);
    crypto_auth_hmacsha256_final(&st, out);
    sodium_memzero(&st, sizeof st);
}

void signature_make(char out[65], struct str secret, const char *timestamp, struct str body)
{
    unsigned char mac[DIGEST];
    digest(mac, secret, str_of(timestamp), body);
    str_hex(out, mac, sizeof mac);
}

static int verify_near(
    const struct signature_check *c, const char *header, int64_t at_ms, struct err *e)
{
    int64_t off = at_ms - c->now_ms;
    if (off < -c->window_ms || off > c->window_ms)
        return err_set(e, ERR_DENIED,
            "%s is more than %lld s from this host's clock; check the clocks", header,
            (long long)(c->window_ms / 1000));
    return 0;
}

static int verify_time(const struct signature_check *c, struct str timestamp, struct err *e)
{
    int64_t s;
    if (timestamp.n == 0)
        return err_set(e, ERR_DENIED, "the header X-Timestamp is missing");
    if (timestamp.n > 12 || timestamp.p[0] == '-' || !str_to_i64(timestamp, &s))
        return err_set(e, ERR_DENIED, "X-Timestamp is not a time in Unix seconds");
    return verify_near(c, "X-Timestamp", s * 1000, e);
}

static int verify_hmac(const struct signature_check *c, struct str given, struct err *e)
{
    struct str timestamp = str_trim(http_header_get(c->headers, c->nheaders, "X-Timestamp"));
    unsigned char want[DIGEST], got[DIGEST];
    size_t n = 0;
    given = str_trim(given);
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header X-Signature-256 is missing");
    bool form = str_starts(given, "sha256=") && given.n == 7 + 2 * DIGEST &&
                sodium_hex2bin(got, sizeof got, given.p + 7, given.n - 7, NULL, &n, NULL) == 0 &&
                n == DIGEST;
    if (!form)
        return err_set(e, ERR_DENIED, "X-Signature-256 is not of the form sha256=<64 hex digits>");
    digest(want, c->secret, timestamp, c->body);
    bool same = sodium_memcmp(want, got, DIGEST) == 0;
    sodium_memzero(want, sizeof want);
    if (!same)
        return err_set(e, ERR_DENIED, "X-Signature-256 does not fit the body and the secret");
    /* Only after the signature: the time of a forged delivery tells nothing. */
    return verify_time(c, timestamp, e);
}

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
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header Authorization: Basic is missing");
    if (sodium_base642bin((unsigned char *)plain, sizeof plain, given.p, given.n, NULL, &n, NULL,
            sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(e, ERR_DENIED, "Authorization: Basic is not base64");
    struct str all = {plain, n}, password;
    str_cut(all, ':', &password);
    bool pair = memchr(c->secret.p, ':', c->secret.n) != NULL;
    bool same = str_same_secret(pair ? all : password, c->secret);
    sodium_memzero(plain, sizeof plain);
    return same ? 0 : err_set(e, ERR_DENIED, "the user or password of Authorization is wrong");
}

/* Of method, address, body and time (outside-systems 3.3). */
static void digest_hubspot(unsigned char out[DIGEST], struct str secret, struct str address,
    struct str timestamp, struct str body)
{
    crypto_auth_hmacsha256_state st;
    const struct str parts[] = {STR_LIT("POST"), address, body, timestamp};
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret.p, secret.n);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        crypto_auth_hmacsha256_update(&st, (const unsigned char *)parts[i].p, parts[i].n);
    crypto_auth_hmacsha256_final(&st, out);
    sodium_memzero(&st, sizeof st);
}

void signature_make_hubspot(
    char out[45], struct str secret, struct str address, const char *timestamp, struct str body)
{
    unsigned char mac[DIGEST];
    digest_hubspot(mac, secret, address, str_of(timestamp), body);
    sodium_bin2base64(out, 45, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

static int verify_hubspot(const struct signature_check *c, struct err *e)
{
    struct str given = str_trim(http_header_get(c->headers, c->nheaders, "X-HubSpot-Signature-v3"));
    struct str at =
        str_trim(http_header_get(c->headers, c->nheaders, "X-HubSpot-Request-Timestamp"));
    unsigned char want[DIGEST], got[DIGEST];
    size_t n = 0;
    int64_t ms;
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header X-HubSpot-Signature-v3 is missing");
    if (sodium_base642bin(got, sizeof got, given.p, given.n, NULL, &n, NULL,
            sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n != DIGEST)
        return err_set(e, ERR_DENIED, "X-HubSpot-Signature-v3 is not the base64 of 32 bytes");
    if (at.n == 0 || at.n > 15 || at.p[0] == '-' || !str_to_i64(at, &ms))
        return err_set(
            e, ERR_DENIED, "X-HubSpot-Request-Timestamp is not a time in Unix milliseconds");
    digest_hubspot(want, c->secret, c->address, at, c->body);
    bool same = sodium_memcmp(want, got, DIGEST) == 0;
    sodium_memzero(want, sizeof want);
    if (!same)
        return err_set(e, ERR_DENIED,
            "X-HubSpot-Signature-v3 does not fit the body, the secret and the address "
            "(the connection's public_url has to be the webhook's address as HubSpot has it)");
    return verify_near(c, "X-HubSpot-Request-Timestamp", ms, e);
}

static int verify_secret(const struct signature_check *c, struct err *e)
{
    struct str given = str_trim(http_header_get(c->headers, c->nheaders, "X-Webhook-Secret"));
    if (given.n == 0)
        given = authorization(c, "Bearer");
    if (given.n == 0)
        return err_set(
            e, ERR_DENIED, "no signature: neither X-Webhook-Secret nor Authorization is there");
    return str_same_secret(given, c->secret)
               ? 0
               : err_set(e, ERR_DENIED, "the shared secret of the delivery is wrong");
}

int signature_verify(const struct signature_check *c, struct err *e)
{
    if (c->scheme == SCHEME_NONE)
        return 0;
    if (c->secret.n == 0)
        return err_set(e, ERR_DENIED, "the connection's secret is empty");
    if (c->scheme == SCHEME_HUBSPOT)
        return verify_hubspot(c, e);
    struct str mac = http_header_get(c->headers, c->nheaders, "X-Signature-256");
    struct str basic = authorization(c, "Basic");
    if (c->scheme == SCHEME_HMAC || (c->scheme == SCHEME_ANY && mac.p))
        return verify_hmac(c, mac, e);
    if (c->scheme == SCHEME_BASIC || (c->scheme == SCHEME_ANY && basic.p))
        return verify_basic(c, basic, e);
    return verify_secret(c, e);
}
