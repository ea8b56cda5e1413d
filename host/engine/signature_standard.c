/* Standard Webhooks 1.0.0: the parts id "." time "." body are signed; webhook-signature is a list,
 * so that a sender can go from one secret to another. */
#include <string.h>

#include "signature_impl.h"

#define SIGNATURES_MAX 16
#define ID_BYTES       128
#define KEY_MIN        16 /* the specification says 24 to 64 */
#define KEY_MAX        128

/* Not a dot, which would shift what is signed; what else can be seen is the sender's to choose. */
static bool good_id(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '.')
            return false;
    return id.n > 0 && id.n <= ID_BYTES;
}

static bool good_time(struct str t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
    return t.n > 0 && t.n <= 12;
}

static struct str behind(struct str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return str_starts(text, prefix) ? (struct str){text.p + n, text.n - n} : text;
}

/* The bytes of "whsec_<base64>"; without that mark base64 as well, or else the text as it is: what
 * a sender says its secret is, is not for us to refuse. The caller wipes them. */
static bool read_key(struct str secret, unsigned char key[KEY_MAX], size_t *n)
{
    struct str text = behind(secret, "whsec_");
    if (sodium_base642bin(
            key, KEY_MAX, text.p, text.n, NULL, n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
        *n >= KEY_MIN)
        return true;
    if (text.n != secret.n || secret.n == 0 || secret.n > KEY_MAX)
        return false;
    memcpy(key, secret.p, secret.n);
    *n = secret.n;
    return true;
}

/* Does one signature of the list fit this secret? All are looked at. */
static bool fits(struct str list, struct str secret, const struct str parts[5], struct str whole)
{
    unsigned char key[KEY_MAX], want[SIGNATURE_DIGEST], got[crypto_sign_BYTES];
    size_t nkey = 0;
    bool public_key = str_starts(secret, "whpk_"), good = false;
    bool usable = public_key
                      ? signature_base64(behind(secret, "whpk_"), key, crypto_sign_PUBLICKEYBYTES)
                      : signature_usable(secret) && read_key(secret, key, &nkey);
    if (usable && !public_key)
        signature_digest(want, (struct str){(char *)key, nkey}, parts, 5);
    for (int i = 0; usable && list.p != NULL && i < SIGNATURES_MAX; i++) {
        struct str value, version = str_cut(str_cut(list, ' ', &list), ',', &value);
        if (!public_key && str_is(version, "v1"))
            good |= signature_base64(value, got, sizeof want) &&
                    sodium_memcmp(got, want, sizeof want) == 0;
        else if (public_key && str_is(version, "v1a"))
            good |=
                signature_base64(value, got, sizeof got) &&
                crypto_sign_verify_detached(got, (const unsigned char *)whole.p, whole.n, key) == 0;
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(want, sizeof want);
    return good;
}

static bool needs_whole(const struct signature_check *c)
{
    for (int i = 0; i < c->nsecrets; i++)
        if (str_starts(c->secrets[i], "whpk_"))
            return true;
    return false;
}

int signature_verify_standard(const struct signature_check *c, struct err *e)
{
    struct str id = str_trim(http_header_get(c->headers, c->nheaders, "webhook-id"));
    struct str time = str_trim(http_header_get(c->headers, c->nheaders, "webhook-timestamp"));
    struct str list = str_trim(http_header_get(c->headers, c->nheaders, "webhook-signature"));
    const struct str parts[] = {id, STR_LIT("."), time, STR_LIT("."), c->body};
    struct buf whole;
    bool good = false;
    if (list.n == 0)
        return err_set(e, ERR_DENIED, "the header webhook-signature is missing");
    if (!good_id(id))
        return err_set(e, ERR_DENIED,
            "webhook-id is missing, or not 1 to %d letters, digits and signs but the dot",
            ID_BYTES);
    if (!good_time(time))
        return err_set(
            e, ERR_DENIED, "webhook-timestamp is missing, or not a time in Unix seconds");
    /* Ed25519 signs one text; it is only put together for who has a public key. */
    buf_init(&whole, SIZE_MAX / 4);
    for (int i = 0; needs_whole(c) && i < 5; i++)
        buf_add(&whole, parts[i].p, parts[i].n);
    for (int i = 0; i < c->nsecrets; i++)
        good |= fits(list, c->secrets[i], parts, buf_str(&whole));
    buf_free(&whole);
    if (!good)
        return err_set(e, ERR_DENIED,
            "webhook-signature does not fit the body and the secret (which is of the form "
            "whsec_<base64>, or whpk_<base64> for v1a)");
    return signature_time(c, "webhook-timestamp", 1000, e);
}

int signature_check_standard(struct str secret, struct err *e)
{
    unsigned char key[KEY_MAX];
    size_t n = 0;
    bool good =
        str_starts(secret, "whsec_") && signature_usable(secret) && read_key(secret, key, &n);
    sodium_memzero(key, sizeof key);
    return good ? 0
                : err_set(e, ERR_INPUT,
                      "the secret is not \"whsec_\" and base64 of %d to %d bytes; "
                      "`echo whsec_$(openssl rand -base64 32)` makes one",
                      KEY_MIN, KEY_MAX);
}

int signature_make_standard(char out[SIGNATURE_TEXT], struct str secret, const char *id,
    const char *timestamp, struct str body, struct err *e)
{
    unsigned char key[KEY_MAX], mac[SIGNATURE_DIGEST];
    size_t n = 0;
    const struct str parts[] = {str_of(id), STR_LIT("."), str_of(timestamp), STR_LIT("."), body};
    if (!signature_usable(secret) || !read_key(secret, key, &n))
        return err_set(e, ERR_INPUT, "nothing can be signed with this secret");
    signature_digest(mac, (struct str){(char *)key, n}, parts, 5);
    sodium_memzero(key, sizeof key);
    memcpy(out, "v1,", 3);
    sodium_bin2base64(out + 3, SIGNATURE_TEXT - 3, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    return 0;
}
