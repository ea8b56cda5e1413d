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
    const struct manifest_hmac *form; /* of SCHEME_HMAC; NULL: the default */
    const struct str *secrets;        /* each is good, while one replaces another */
    int nsecrets;
    const struct http_header *headers;
    int nheaders;
    struct str body;
    const char *method; /* "POST" */
    struct str url;     /* that the sender posted to; for SCHEME_HUBSPOT */
    int64_t now_ms;     /* wall clock */
    int64_t window_ms;  /* a signed timestamp may differ from now by this */
};

/* 0: authentic. -1: not; e says what was missing or wrong, without a word of a secret.
 * hmac: HMAC-SHA256 of the body, or of time "." body, in a header; by default
 *   `X-Signature-256: sha256=<hex>` over `X-Timestamp` (Unix seconds) "." body.
 * standard: Standard Webhooks 1.0.0, `v1` with a secret "whsec_<base64>", `v1a` with a public key
 *   "whpk_<base64>", which is good for nothing else.
 * hubspot: X-HubSpot-Signature-v3 over method, address, body and time in milliseconds.
 * basic: `Authorization: Basic`, the secret is "user:password" or the password alone.
 * secret: `X-Webhook-Secret` or `Authorization: Bearer`.
 * any: what the delivery has a header of, in this order: standard, hubspot, hmac (each must verify
 *   then), basic, secret.
 * none: always 0. An empty secret authenticates nobody. */
int signature_verify(const struct signature_check *c, struct err *e);

/* Hex of HMAC-SHA256(secret, timestamp "." body), for those who sign. */
void signature_make(char out[65], struct str secret, const char *timestamp, struct str body);
/* Its bytes; timestamp NULL: of the body alone. */
void signature_mac(
    unsigned char out[32], struct str secret, const char *timestamp, struct str body);
#define SIGNATURE_TEXT 128
/* 0 if the secret is "whsec_<base64>", else -1 and e: with what receivers would read in two ways
 * (standardwebhooks.com wants the mark and base64) nothing of ours is signed. */
int signature_check_standard(struct str secret, struct err *e);
/* "v1,<base64>" as a sender makes it whose secret signature_verify takes; -1 and e if that is none.
 */
int signature_make_standard(char out[SIGNATURE_TEXT], struct str secret, const char *id,
    const char *timestamp, struct str body, struct err *e);
/* Base64 for X-HubSpot-Signature-v3; timestamp in milliseconds. */
void signature_make_hubspot(char out[SIGNATURE_TEXT], struct str secret, struct str url,
    const char *timestamp, struct str body);

#endif
