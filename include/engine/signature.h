/* Authentication of webhook deliveries, on the raw bytes, in constant time. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdint.h>
#include "err.h"
#include "http.h"
#include "manifest.h"
#include "str.h"

struct signature_check {
    enum manifest_scheme scheme;
    struct str secret; /* basic: "user:password", or the password alone */
    const struct http_header *headers;
    int nheaders;
    struct str body;
    struct str address; /* hubspot: as the sender knows it, with scheme and host */
    int64_t now_ms;     /* wall clock */
    int64_t window_ms;  /* a signed timestamp may differ from now by this */
};

/* 0: authentic. -1: not; e says what was missing or wrong, without a word of the secret.
 * hmac: `X-Signature-256: sha256=<hex HMAC-SHA256(secret, X-Timestamp "." body)>`.
 * basic: `Authorization: Basic`. secret: `X-Webhook-Secret` or `Authorization: Bearer`.
 * any: hmac if that header is there (it must verify then), else basic, else secret.
 * hubspot: `X-HubSpot-Signature-v3`: base64 of HMAC-SHA256(secret, "POST" address body time), and
 * `X-HubSpot-Request-Timestamp`, in milliseconds.
 * none: always 0. An empty secret authenticates nobody. */
int signature_verify(const struct signature_check *c, struct err *e);

/* X-HubSpot-Signature-v3 of a delivery, for those who sign. */
void signature_make_hubspot(
    char out[45], struct str secret, struct str address, const char *timestamp, struct str body);

/* Hex of HMAC-SHA256(secret, timestamp "." body), for those who sign. */
void signature_make(char out[65], struct str secret, const char *timestamp, struct str body);

#endif
