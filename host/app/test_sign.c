#include "test_sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

static void add(struct test_signed *s, const char *name, const char *value)
{
    s->headers[s->n++] = (struct http_header){str_of(name), str_of(value)};
}

/* Unix time in units of so many milliseconds. */
static const char *now(struct test_signed *s, int64_t unit_ms)
{
    snprintf(s->timestamp, sizeof(s->timestamp), "%lld", (long long)(clock_wall_ms() / unit_ms));
    return s->timestamp;
}

/* Basic takes "user:password" or a password alone. */
static void sign_basic(struct test_signed *s, const char *secret)
{
    char user[256];
    int n = snprintf(user, sizeof(user), "%s%s", strchr(secret, ':') ? "" : "sauma:", secret);
    memcpy(s->plain, "Basic ", 6);
    sodium_bin2base64(s->plain + 6, sizeof(s->plain) - 6, (const unsigned char *)user,
        n < (int)sizeof(user) ? (size_t)n : sizeof(user) - 1, sodium_base64_VARIANT_ORIGINAL);
    add(s, "Authorization", s->plain);
}

static void sign_hmac(
    struct test_signed *s, const struct manifest_hmac *f, const char *secret, struct str body)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    bool usual = !f->header, timed = usual || f->timestamp[0];
    const char *prefix = usual ? "sha256=" : f->prefix;
    size_t n = strlen(prefix);
    signature_mac(mac, str_of(secret), timed ? now(s, 1000) : NULL, body);
    snprintf(s->text, sizeof(s->text), "%s", prefix);
    if (!usual && f->base64)
        sodium_bin2base64(
            s->text + n, sizeof(s->text) - n, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
    else
        str_hex(s->text + n, mac, sizeof(mac));
    add(s, usual ? "X-Signature-256" : f->header, s->text);
    if (timed)
        add(s, usual ? "X-Timestamp" : f->timestamp, s->timestamp);
}

static int sign_standard(
    struct test_signed *s, const char *secret, const char *id, struct str body, struct err *e)
{
    if (id)
        snprintf(s->id, sizeof(s->id), "%s", id);
    else
        snprintf(s->id, sizeof(s->id), "msg_%08x%08x", randombytes_random(), randombytes_random());
    if (signature_make_standard(s->text, str_of(secret), s->id, now(s, 1000), body, e) < 0)
        return -1;
    add(s, "webhook-id", s->id);
    add(s, "webhook-timestamp", s->timestamp);
    add(s, "webhook-signature", s->text);
    return 0;
}

int test_sign(struct test_signed *s, const struct manifest_webhook *w, const char *secret,
    const char *url, const char *id, struct str body, struct err *e)
{
    if (!secret)
        secret = w->scheme == SCHEME_STANDARD ? "whsec_YW5vdGhlciBzZWNyZXQgYW5vdGhlcg=="
                                              : "another secret";
    switch (w->scheme) {
    case SCHEME_SECRET:
        snprintf(s->plain, sizeof(s->plain), "%s", secret);
        add(s, "X-Webhook-Secret", s->plain);
        return 0;
    case SCHEME_BASIC:
        sign_basic(s, secret);
        return 0;
    case SCHEME_STANDARD:
        return sign_standard(s, secret, id, body, e);
    case SCHEME_HUBSPOT:
        signature_make_hubspot(
            s->text, str_of(secret), str_of(w->address[0] ? w->address : url), now(s, 1), body);
        add(s, "X-HubSpot-Signature-v3", s->text);
        add(s, "X-HubSpot-Request-Timestamp", s->timestamp);
        return 0;
    default:
        sign_hmac(s, &w->hmac, secret, body);
        return 0;
    }
}
