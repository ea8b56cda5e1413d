/* Deliveries of `sauma test` are signed as the connection's sender would. */
#ifndef TEST_SIGN_H
#define TEST_SIGN_H

#include "http.h"
#include "manifest.h"
#include "signature.h"

struct test_signed {
    struct http_header headers[3];
    int n;
    char timestamp[24], id[64], text[SIGNATURE_TEXT + 128], plain[512];
};

/* secret NULL: one that is wrong. id: of the delivery, or NULL. */
int test_sign(struct test_signed *s, const struct manifest_webhook *w, const char *secret,
    const char *url, const char *id, struct str body, struct err *e);

#endif
