/* HubSpot's version 3: base64 of HMAC-SHA256(client secret, method, address, body, time), the time
 * in milliseconds (developers.hubspot.com, "Validating requests"). */
#include <string.h>

#include "buf.h"
#include "http_strict.h"
#include "signature_impl.h"

void signature_make_hubspot(char out[SIGNATURE_TEXT], struct str secret, struct str url,
    const char *timestamp, struct str body)
{
    unsigned char mac[SIGNATURE_DIGEST];
    const struct str parts[] = {STR_LIT("POST"), url, body, str_of(timestamp)};
    signature_digest(mac, secret, parts, 4);
    sodium_bin2base64(out, SIGNATURE_TEXT, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

/* The address as HubSpot signs it: some escapes are decoded before, all others stay. */
static void put_decoded(struct buf *b, struct str url)
{
    static const char decoded[] = ":/?@!$'()*,;";
    for (size_t i = 0; i < url.n; i++) {
        int high = -1, low = -1;
        if (url.p[i] == '%' && url.n - i >= 3) {
            high = http_hex_value((unsigned char)url.p[i + 1]);
            low = http_hex_value((unsigned char)url.p[i + 2]);
        }
        char c = high >= 0 && low >= 0 ? (char)(high << 4 | low) : '\0';
        if (c != '\0' && strchr(decoded, c) != NULL) {
            buf_addc(b, c);
            i += 2;
        } else {
            buf_addc(b, url.p[i]);
        }
    }
}

int signature_verify_hubspot(const struct signature_check *c, struct err *e)
{
    static const char header[] = "X-HubSpot-Signature-v3", clock[] = "X-HubSpot-Request-Timestamp";
    struct str given = str_trim(http_header_get(c->headers, c->nheaders, header));
    struct str time = str_trim(http_header_get(c->headers, c->nheaders, clock));
    unsigned char got[SIGNATURE_DIGEST];
    struct buf url;
    if (given.n == 0)
        return err_set(e, ERR_DENIED, "the header %s is missing", header);
    if (!signature_base64(given, got, sizeof got))
        return err_set(e, ERR_DENIED, "%s is not 44 characters of base64", header);
    buf_init(&url, 65536);
    put_decoded(&url, c->url);
    struct str parts[] = {str_of(c->method), buf_str(&url), c->body, time};
    bool good = signature_fits(c, parts, 4, got);
    parts[1] = c->url;
    good |= signature_fits(c, parts, 4, got);
    buf_free(&url);
    if (!good)
        return err_set(e, ERR_DENIED,
            "%s does not fit the body, the secret and the address %.*s (that is the "
            "connection's public_url, or below --public-url)",
            header, (int)(c->url.n < 200 ? c->url.n : 200), c->url.p ? c->url.p : "");
    return signature_time(c, clock, 1, e);
}
