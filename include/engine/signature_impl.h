/* What the files of signature share: signature.c chooses a scheme and has those without a digest,
 * signature_hmac.c, signature_standard.c and signature_hubspot.c one each. */
#ifndef SIGNATURE_IMPL_H
#define SIGNATURE_IMPL_H

#include <sodium.h>
#include <stdbool.h>
#include "signature.h"

#define SIGNATURE_DIGEST crypto_auth_hmacsha256_BYTES

/* HMAC-SHA256 of the parts, one after the other. */
void signature_digest(
    unsigned char out[SIGNATURE_DIGEST], struct str secret, const struct str *parts, int nparts);
/* May it prove anything? Not an empty one, nor a public key. */
bool signature_usable(struct str secret);
/* The digest of the parts by one of the check's secrets is `given`: all are tried. */
bool signature_fits(const struct signature_check *c, const struct str *parts, int nparts,
    const unsigned char given[SIGNATURE_DIGEST]);
/* Whole base64 text of exactly n bytes. */
bool signature_base64(struct str text, unsigned char *out, size_t n);
/* The header is a time near enough to now. unit_ms: what it counts, 1 or 1000. */
int signature_time(
    const struct signature_check *c, const char *header, int64_t unit_ms, struct err *e);

int signature_verify_hmac(const struct signature_check *c, struct err *e);
int signature_verify_standard(const struct signature_check *c, struct err *e);
int signature_verify_hubspot(const struct signature_check *c, struct err *e);

#endif
