/* Signatures of deliveries. The input is a scheme, then lines of "name: value", an empty line and
 * the body. Nobody who does not know the secret is believed, whatever he sends; who knows it is,
 * and not with one bit of the body turned. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"

#define HEADERS_MAX 16
#define WHSEC       "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

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

/* What is signed by the makers is authentic, and is not with another body. */
static void both_ways(struct signature_check *c, struct str body)
{
    char signature[SIGNATURE_TEXT], *other = malloc(body.n + 1);
    must(signature_make_standard(signature, STR_LIT(WHSEC), "id", "1700000000", body, NULL) == 0);
    struct http_header standard[] = {{STR_LIT("webhook-id"), STR_LIT("id")},
        {STR_LIT("webhook-timestamp"), STR_LIT("1700000000")},
        {STR_LIT("webhook-signature"), str_of(signature)}};
    struct str secret = STR_LIT(WHSEC);
    c->scheme = SCHEME_ANY;
    c->secrets = &secret;
    c->nsecrets = 1;
    c->headers = standard;
    c->nheaders = 3;
    c->body = body;
    must(signature_verify(c, NULL) == 0);
    if (body.n > 0)
        memcpy(other, body.p, body.n);
    other[body.n / 2] = (char)(other[body.n / 2] ^ 1);
    c->body = (struct str){other, body.n > 0 ? body.n : 1};
    other[0] = body.n > 0 ? other[0] : 'x';
    must(signature_verify(c, NULL) == -1);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct manifest_hmac form = {"X-Shop", "v0=", "X-Time", true};
    const struct str secrets[] = {STR_LIT("not to be guessed: 5f1d7a3c9b"), STR_LIT(WHSEC),
        STR_LIT("whpk_iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="), STR_LIT("")};
    struct http_header h[HEADERS_MAX];
    if (size == 0)
        return 0;
    char *bytes = malloc(size);
    memcpy(bytes, data, size);
    struct str text = {bytes + 1, size - 1};
    struct signature_check c = {
        .scheme = (enum manifest_scheme)((unsigned char)bytes[0] % SCHEME_NONE),
        .form = (bytes[0] & 0x40) != 0 ? &form : NULL,
        .secrets = secrets,
        .nsecrets = 4,
        .method = "POST",
        .url = STR_LIT("https://hooks.example/hooks/a/b"),
        .now_ms = INT64_C(1700000000000),
        .window_ms = 300000};
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
    both_ways(&c, text);
    free(bytes);
    return 0;
}
