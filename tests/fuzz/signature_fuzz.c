/* Signatures of deliveries. The input is a scheme, what is to be signed how, then lines of
 * "name: value", an empty line and the body. Nobody who does not know the secret is believed,
 * whatever he sends. Who knows it is, whatever stands beside his signature; and not with one bit of
 * the body turned, at another time or with another secret. */
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "signature.h"

#define HEADERS_MAX 16
#define WHSEC       "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define WINDOW      300000
#define NOW         INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth)
        abort();
}

static int headers_of(struct str *text, struct http_header *h)
{
    int n = 0;
    while (text->p != NULL && n < HEADERS_MAX) {
        struct str line = str_cut(*text, '\n', text);
        if (line.n == 0)
            break;
        h[n].name = str_cut(line, ':', &h[n].value);
        if (h[n].value.p != NULL)
            n++;
    }
    if (text->p == NULL)
        *text = STR_LIT("");
    return n;
}

/* ---- who knows the secret ---- */

struct signed_delivery {
    struct http_header h[3];
    int nh;
    struct str secret;
    enum manifest_scheme scheme;
    const struct manifest_hmac *form;
    bool timed, covers; /* its time is checked; its body is signed */
    char text[8192], ed_secret[64];
};

static void put_header(struct signed_delivery *d, const char *name, struct str value)
{
    d->h[d->nh++] = (struct http_header){str_of(name), value};
}

static void hmac_of(unsigned char out[32], struct str key, struct str text)
{
    crypto_auth_hmacsha256_state st;
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)key.p, key.n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)text.p, text.n);
    crypto_auth_hmacsha256_final(&st, out);
}

static void base64_of(char *out, size_t n, const unsigned char *bytes, size_t nbytes)
{
    sodium_bin2base64(out, n, bytes, nbytes, sodium_base64_VARIANT_ORIGINAL);
}

/* The list of signatures, ours behind those of the input. */
static void put_list(struct signed_delivery *d, const struct signature_check *c, const char *ours)
{
    struct str others = http_header_get(c->headers, c->nheaders, "webhook-signature");
    size_t n = others.n < 4000 ? others.n : 0, blanks = 0;
    for (size_t i = 0; i < n; i++)
        blanks += others.p[i] == ' ';
    if (blanks > 14)
        n = 0;
    int all = snprintf(d->text, sizeof d->text, "%.*s", (int)n, n > 0 ? others.p : "");
    snprintf(d->text + all, sizeof d->text - (size_t)all, "%s%s", all > 0 ? " " : "", ours);
    put_header(d, "webhook-id", STR_LIT("msg_1-A"));
    put_header(d, "webhook-timestamp", STR_LIT("1700000000"));
    put_header(d, "webhook-signature", str_of(d->text));
    d->scheme = SCHEME_STANDARD;
}

static void sign_standard(
    struct signed_delivery *d, const struct signature_check *c, struct str text, bool public_key)
{
    char ours[SIGNATURE_TEXT];
    d->secret = STR_LIT(WHSEC);
    if (public_key) {
        unsigned char pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];
        unsigned char mark[crypto_sign_BYTES], seed[crypto_sign_SEEDBYTES] = {1};
        crypto_sign_seed_keypair(pk, sk, seed);
        crypto_sign_detached(mark, NULL, (const unsigned char *)text.p, text.n, sk);
        memcpy(ours, "v1a,", 4);
        base64_of(ours + 4, sizeof ours - 4, mark, sizeof mark);
        memcpy(d->ed_secret, "whpk_", 5);
        base64_of(d->ed_secret + 5, sizeof d->ed_secret - 5, pk, sizeof pk);
        d->secret = str_of(d->ed_secret);
    } else {
        must(signature_make_standard(ours, d->secret, "msg_1-A", "1700000000", c->body, NULL) == 0);
    }
    put_list(d, c, ours);
}

/* Some escapes are decoded in what HubSpot signs. */
static void put_hubspot_url(struct buf *b, struct str url)
{
    static const char *escapes = "%3A:%2F/%3F?%40@%21!%24$%27'%28(%29)%2A*%2C,%3B;";
    for (size_t i = 0; i < url.n; i++) {
        const char *e = escapes;
        while (*e != '\0' && (url.n - i < 3 || strncasecmp(e, url.p + i, 3) != 0))
            e += 4;
        buf_addc(b, *e != '\0' ? e[3] : url.p[i]);
        i += *e != '\0' ? 2 : 0;
    }
}

static void sign_hubspot(struct signed_delivery *d, const struct signature_check *c, bool raw)
{
    struct buf url;
    buf_init(&url, 65536);
    put_hubspot_url(&url, c->url);
    d->secret = STR_LIT("hub");
    signature_make_hubspot(
        d->text, d->secret, raw ? c->url : buf_str(&url), "1700000000000", c->body);
    put_header(d, "x-hubspot-signature-V3", str_of(d->text));
    put_header(d, "X-HubSpot-Request-Timestamp", STR_LIT("1700000000000"));
    d->scheme = SCHEME_HUBSPOT;
    buf_free(&url);
}

static void sign_form(struct signed_delivery *d, struct str text, int variant)
{
    static const struct manifest_hmac forms[] = {{"X-Shop", "v0=", "X-Time", true},
        {"X-Shop", "", "X-Time", false}, {"X-Shop", "", "", true}, {"X-Shop", "s=", NULL, false}};
    const struct manifest_hmac *f = d->form = &forms[variant];
    unsigned char mac[32];
    d->timed = f->timestamp != NULL && f->timestamp[0] != '\0';
    /* text: time, dot and body */
    d->secret = STR_LIT("shop");
    hmac_of(mac, d->secret, d->timed ? text : (struct str){text.p + 11, text.n - 11});
    int n = snprintf(d->text, sizeof d->text, "%s", f->prefix);
    if (f->base64)
        base64_of(d->text + n, 100, mac, sizeof mac);
    else
        str_hex(d->text + n, mac, sizeof mac);
    put_header(d, "X-Shop", str_of(d->text));
    put_header(d, "X-Time", STR_LIT(" 1700000000"));
    d->scheme = SCHEME_HMAC;
}

/* What is signed with a time that is none is not authentic. */
static void check_bad_time(const struct signature_check *given, unsigned how)
{
    static const char *const times[] = {
        "", "-1700000000", "1700000000000000", "17e8", "+1700000000"};
    static const struct manifest_hmac form = {"X-Shop", "v0=", "X-Time", false};
    const char *time = times[how % (sizeof times / sizeof times[0])];
    struct signature_check c = *given;
    struct str secret = STR_LIT("shop");
    unsigned char mac[32];
    char text[68] = "v0=";
    signature_mac(mac, secret, time, c.body);
    str_hex(text + 3, mac, sizeof mac);
    struct http_header h[] = {{STR_LIT("X-Shop"), str_of(text)}, {STR_LIT("X-Time"), str_of(time)}};
    c.scheme = SCHEME_HMAC;
    c.form = &form;
    c.secrets = &secret;
    c.nsecrets = 1;
    c.headers = h;
    c.nheaders = time[0] == '\0' ? 1 : 2;
    must(signature_verify(&c, NULL) == -1);
}

static void sign_plain(struct signed_delivery *d, bool basic)
{
    d->secret = basic ? STR_LIT("user:word") : STR_LIT("word");
    put_header(d, "authorization", basic ? STR_LIT("basic dXNlcjp3b3Jk") : STR_LIT("Bearer word"));
    d->scheme = basic ? SCHEME_BASIC : SCHEME_SECRET;
    d->timed = d->covers = false;
}

static void sign(struct signed_delivery *d, const struct signature_check *c, int kind)
{
    struct buf text;
    buf_init(&text, (size_t)1 << 20);
    *d = (struct signed_delivery){.nh = 0, .timed = true, .covers = true};
    buf_adds(&text, kind < 2 ? "msg_1-A.1700000000." : "1700000000.");
    buf_add(&text, c->body.p, c->body.n);
    if (kind < 2)
        sign_standard(d, c, buf_str(&text), kind == 1);
    else if (kind < 4)
        sign_hubspot(d, c, kind == 3);
    else if (kind < 8)
        sign_form(d, buf_str(&text), kind - 4);
    else
        sign_plain(d, kind == 8);
    buf_free(&text);
}

/* What is signed is authentic, in any company of secrets, and is not once something is changed. */
static void believed(const struct signature_check *given, unsigned how)
{
    static struct signed_delivery d;
    struct signature_check c = *given;
    struct str secrets[2] = {STR_LIT(""), STR_LIT("whsec_c2VjcmV0")};
    int own = how / 16 % 2;
    /* An Ed25519 signature takes the time of a hundred others. */
    sign(&d, &c, how == 1 ? 1 : how % 16 % 10 == 1 ? 0 : (int)(how % 16 % 10));
    secrets[own] = d.secret;
    c.secrets = secrets;
    c.nsecrets = 2;
    c.scheme = (how & 128) != 0 && d.form == NULL ? SCHEME_ANY : d.scheme;
    c.form = d.form;
    c.headers = d.h;
    c.nheaders = d.nh;
    c.now_ms = NOW + (how & 64 ? WINDOW : -WINDOW);
    must(signature_verify(&c, NULL) == 0);
    c.now_ms += how & 64 ? 1 : -1;
    must(signature_verify(&c, NULL) == (d.timed ? -1 : 0));
    c.now_ms = NOW;
    secrets[own] = STR_LIT("wrong");
    must(signature_verify(&c, NULL) == -1);
    secrets[own] = d.secret;
    size_t n = c.body.n > 0 ? c.body.n : 1;
    char *other = malloc(n);
    other[0] = 'x';
    if (c.body.n > 0) {
        memcpy(other, c.body.p, n);
        other[how * 31 % n] = (char)(other[how * 31 % n] ^ 1 << how % 8);
    }
    c.body = (struct str){other, n};
    must(signature_verify(&c, NULL) == (d.covers ? -1 : 0));
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct manifest_hmac form = {"X-Shop", "v0=", "X-Time", true};
    const struct str secrets[] = {STR_LIT("not to be guessed: 5f1d7a3c9b"), STR_LIT(WHSEC),
        STR_LIT("whpk_iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="), STR_LIT("")};
    struct http_header h[HEADERS_MAX];
    if (size < 2)
        return 0;
    char *bytes = malloc(size);
    memcpy(bytes, data, size);
    struct str text = {bytes + 2, size - 2};
    struct signature_check c = {
        .scheme = (enum manifest_scheme)((unsigned char)bytes[0] % SCHEME_NONE),
        .form = (bytes[0] & 0x40) != 0 ? &form : NULL,
        .secrets = secrets,
        .nsecrets = 4,
        .method = "POST",
        .url = STR_LIT("https://hooks.example/hooks/a/b"),
        .now_ms = NOW,
        .window_ms = WINDOW};
    struct err e = {0};
    c.headers = h;
    c.nheaders = headers_of(&text, h);
    for (int i = 0; i < c.nheaders; i++)
        if (str_ieq(h[i].name, STR_LIT("x-url")))
            c.url = h[i].value;
    c.body = text;
    must(signature_verify(&c, &e) == -1);
    /* The words hold no secret, unless the input did, whose address they show. */
    must(e.text[0] != '\0');
    must(strstr(e.text, "guessed") == NULL || memmem(data, size, "guessed", 7) != NULL);
    must(strstr(e.text, "MfKQ") == NULL || memmem(data, size, "MfKQ", 4) != NULL);
    believed(&c, (unsigned char)bytes[1]);
    if (bytes[1] % 16 == 15)
        check_bad_time(&c, (unsigned char)bytes[1] / 16);
    free(bytes);
    return 0;
}
