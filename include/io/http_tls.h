/* TLS of the server: a certificate and its key, read from files, and read again while it runs. What
 * cannot be used never replaces what is in use. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

struct http_tls;

/* cert_file: the certificate and those of its issuers, PEM; key_file: its key, without a
 * passphrase. TLS 1.2 (with forward secrecy alone) and 1.3. NULL and e: which file is wrong and
 * how.
 */
struct http_tls *http_tls_new(const char *cert_file, const char *key_file, struct err *e);
void http_tls_free(struct http_tls *t);
/* Reads both files again: new connections get the new certificate, those that are open keep theirs.
 * -1: nothing has changed, and e says which file is wrong and how. */
int http_tls_reload(struct http_tls *t, struct err *e);
/* The files are others than those last read, and have rested since the last call. */
bool http_tls_changed(struct http_tls *t);
/* Wall clock at which the certificate in use ends. */
int64_t http_tls_expires_ms(const struct http_tls *t);

/* For the server: the SSL of a new connection on fd; NULL if there is no memory. */
struct ssl_st;
struct ssl_st *http_tls_accept(const struct http_tls *t, int fd);

#endif
