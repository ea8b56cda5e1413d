/* HMAC-SHA256 of the body in a header, as shops and the like do it, each in a form of its own. */
#include "signature_impl.h"

static const struct manifest_hmac usual = {"X-Signature-256", "sha256=", "X-Timestamp", false};

void signature_mac(
    unsigned char out[SIGNATURE_DIGEST], struct str secret, const char *timestamp, struct str body)
{
    const struct str parts[] = {str_of(timestamp), STR_LIT("."), body};
    signature_digest(out, secret, timestamp ? parts : parts + 2, timestamp ? 3 : 1);
}

void signature_make(char out[65], struct str secret, const char *timestamp, struct str body)
{
    unsigned char mac[SIGNATURE_DIGEST];
    signature_mac(mac, secret, timestamp, body);
    str_hex(out, mac, sizeof mac);
}

static bool read_digest(
    const struct manifest_hmac *f, struct str text, unsigned char out[SIGNATURE_DIGEST])
{
    struct str prefix = str_of(f->prefix);
    size_t n = 0;
    if (!str_starts(text, f->prefix))
        return false;
    text = (struct str){text.p + prefix.n, text.n - prefix.n};
    if (f->base64)
        return signature_base64(text, out, SIGNATURE_DIGEST);
    return text.n == 2 * SIGNATURE_DIGEST &&
           sodium_hex2bin(out, SIGNATURE_DIGEST, text.p, text.n, NULL, &n, NULL) == 0 &&
           n == SIGNATURE_DIGEST;
}

int signature_verify_hmac(const struct signature_check *c, struct err *e)
{
    const struct manifest_hmac *f = c->form && c->form->header ? c->form : &usual;
    struct str given = str_trim(http_header_get(c->headers, c->nheaders, f->header));
    unsigned char got[SIGNATURE_DIGEST];
    bool timed = f->timestamp && f->timestamp[0];
    struct str time =
        timed ? str_trim(http_header_get(c->headers, c->nheaders, f->timestamp)) : STR_NONE;
    const struct str parts[] = {time, STR_LIT("."), c->body};
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header %s is missing", f->header);
    if (!read_digest(f, given, got))
        return err_set(e, ERR_DENIED, "%s is not of the form %s<%s>", f->header, f->prefix,
            f->base64 ? "44 characters of base64" : "64 hex digits");
    if (!signature_fits(c, timed ? parts : parts + 2, timed ? 3 : 1, got))
        return err_set(e, ERR_DENIED, "%s does not fit the body and the secret", f->header);
    /* Only after the signature: the time of a forged delivery tells nothing. */
    return timed ? signature_time(c, f->timestamp, 1000, e) : 0;
}
