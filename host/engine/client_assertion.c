/* private_key_jwt: the client says who it is with a signature (RFC 7523, RFC 7518, RFC 8037). */
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <string.h>
#include "json.h"
#include "mem.h"
#include "token_request.h"

#define VALID_S       120
#define SIGNATURE_MAX 2048
#define P256_PART     32

static void put_base64(struct buf *b, const void *bytes, size_t n)
{
    size_t room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = mem_alloc(room);
    sodium_bin2base64(text, room, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_adds(b, text);
    mem_free(text);
}

/* NULL: no key that is of use here. */
static const char *algorithm(EVP_PKEY *key)
{
    char curve[40];
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= 2048 ? "RS256" : NULL;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
                       strcmp(curve, "prime256v1") == 0
                   ? "ES256"
                   : NULL;
    case EVP_PKEY_ED25519:
        return "EdDSA";
    default:
        return NULL;
    }
}

/* ECDSA signs with two numbers in DER; a JWT has them side by side. False if it is not that. */
static bool from_der(unsigned char *signature, size_t *n)
{
    const unsigned char *p = signature;
    unsigned char out[2 * P256_PART];
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &p, (long)*n);
    bool ok = parts && BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, P256_PART) == P256_PART &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + P256_PART, P256_PART) == P256_PART;
    ECDSA_SIG_free(parts);
    if (ok) {
        memcpy(signature, out, sizeof out);
        *n = sizeof out;
    }
    return ok;
}

/* Appends .signature; -1 if it cannot be made. */
static int put_signature(struct buf *b, EVP_PKEY *key, const char *alg)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t n = sizeof signature;
    const EVP_MD *md = strcmp(alg, "EdDSA") == 0 ? NULL : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
              EVP_DigestSign(ctx, signature, &n, (const unsigned char *)b->p, b->n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok || (strcmp(alg, "ES256") == 0 && !from_der(signature, &n)))
        return -1;
    buf_addc(b, '.');
    put_base64(b, signature, n);
    return 0;
}

static void put_part(struct buf *jwt, struct buf *json)
{
    if (jwt->n)
        buf_addc(jwt, '.');
    put_base64(jwt, json->p, json->n);
    buf_free(json);
}

static void put_head(struct buf *jwt, const char *alg, const char *key_id)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "{\"alg\":\"%s\",\"typ\":\"JWT\"", alg);
    if (key_id && *key_id) {
        json_put_key(&b, "kid");
        json_put_cstring(&b, key_id);
    }
    buf_addc(&b, '}');
    put_part(jwt, &b);
}

static void put_claims(struct buf *jwt, const char *client_id, const char *audience, int64_t now_s)
{
    unsigned char random[16];
    char id[2 * sizeof random + 1];
    struct buf b;
    randombytes_buf(random, sizeof random);
    str_hex(id, random, sizeof random);
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"iss\":");
    json_put_cstring(&b, client_id);
    buf_adds(&b, ",\"sub\":");
    json_put_cstring(&b, client_id);
    buf_adds(&b, ",\"aud\":");
    json_put_cstring(&b, audience);
    buf_addf(&b, ",\"jti\":\"%s\",\"iat\":%lld,\"exp\":%lld}", id, (long long)now_s,
        (long long)(now_s + VALID_S));
    put_part(jwt, &b);
}

/* A key that wants a password is none: nobody is here to say it. */
static int no_password(char *out, int room, int writing, void *arg)
{
    return 0;
}

/* NULL and e: it is no key that is of use here. */
static EVP_PKEY *read_key(const char *pem, const char **alg, struct err *e)
{
    BIO *in = BIO_new_mem_buf(pem, (int)strlen(pem));
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
    BIO_free(in);
    *alg = key ? algorithm(key) : NULL;
    if (*alg)
        return key;
    EVP_PKEY_free(key);
    err_set(e, ERR_INPUT,
        "the private_key is no PEM key without a password that is RSA (2048 bits or more), "
        "EC P-256 or Ed25519");
    return NULL;
}

int client_assertion_check(const char *pem, struct err *e)
{
    const char *alg;
    EVP_PKEY *key = read_key(pem, &alg, e);
    EVP_PKEY_free(key);
    return key ? 0 : -1;
}

char *client_assertion(const char *pem, const char *key_id, const char *client_id,
    const char *audience, int64_t now_s, struct err *e)
{
    struct buf jwt;
    const char *alg;
    EVP_PKEY *key = read_key(pem, &alg, e);
    int rc = key ? 0 : -1;
    buf_init(&jwt, BUF_MAX_DEFAULT);
    if (key) {
        put_head(&jwt, alg, key_id);
        put_claims(&jwt, client_id, audience, now_s);
        if (put_signature(&jwt, key, alg) < 0)
            rc = err_set(e, ERR_INPUT, "the private_key does not sign");
    }
    EVP_PKEY_free(key);
    if (rc == 0)
        return buf_take(&jwt, NULL);
    buf_free(&jwt);
    return NULL;
}
