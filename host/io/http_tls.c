#include "http_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "mem.h"

/* Of TLS 1.2: an ephemeral key and an AEAD, nothing else. */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct look {
    struct timespec at;
    off_t size;
    ino_t inode;
};

struct http_tls {
    char *cert_file, *key_file;
    SSL_CTX *ctx;
    int64_t expires_ms;
    struct look read[2]; /* the files as last read */
    struct look seen[2]; /* as last looked at */
};

/* ---- the files ---- */

static void look_at(const char *path, struct look *l)
{
    struct stat st;
    memset(l, 0, sizeof(*l));
    if (stat(path, &st) < 0)
        return;
    l->at = st.st_mtim;
    l->size = st.st_size;
    l->inode = st.st_ino;
}

static bool same(const struct look a[2], const struct look b[2])
{
    for (int i = 0; i < 2; i++)
        if (a[i].at.tv_sec != b[i].at.tv_sec || a[i].at.tv_nsec != b[i].at.tv_nsec ||
            a[i].size != b[i].size || a[i].inode != b[i].inode)
            return false;
    return true;
}

bool http_tls_changed(struct http_tls *t)
{
    struct look now[2];
    look_at(t->cert_file, &now[0]);
    look_at(t->key_file, &now[1]);
    bool rested = same(now, t->seen);
    memcpy(t->seen, now, sizeof(now));
    return rested && !same(now, t->read);
}

/* ---- reading them ---- */

static int problem(struct err *e, const char *file, const char *what)
{
    char why[200];
    unsigned long code = ERR_peek_last_error();
    ERR_error_string_n(code, why, sizeof(why));
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    err_set(e, ERR_INPUT, "%s: %s (%s)", file, what,
        reason ? reason
        : code ? why
               : "no more is known");
    ERR_clear_error();
    return -1;
}

/* A key with a passphrase must not have it asked for at the terminal. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    return 0;
}

static int select_http11(SSL *ssl, const unsigned char **out, unsigned char *nout,
    const unsigned char *in, unsigned nin, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *picked;
    if (SSL_select_next_proto(&picked, nout, ours, sizeof(ours) - 1, in, nin) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = picked;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1) {
        SSL_CTX_free(ctx);
        problem(e, "TLS", "cannot be set up");
        return NULL;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets need no memory here */
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ctx, select_http11, NULL);
    return ctx;
}

static int64_t end_of(const X509 *cert)
{
    int days, seconds;
    if (cert == NULL || ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) != 1)
        return 0;
    return clock_wall_ms() + ((int64_t)days * 86400 + seconds) * 1000;
}

static int fill(SSL_CTX *ctx, const struct http_tls *t, struct err *e)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, t->cert_file) != 1)
        return problem(e, t->cert_file, "is no certificate in PEM that can be used");
    if (SSL_CTX_use_PrivateKey_file(ctx, t->key_file, SSL_FILETYPE_PEM) != 1)
        return problem(e, t->key_file,
            ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH
                ? "is the key of another certificate"
                : "is no key in PEM without a passphrase");
    if (SSL_CTX_check_private_key(ctx) != 1) /* of another kind: RSA beside EC */
        return problem(e, t->key_file, "is the key of another certificate");
    return 0;
}

int http_tls_reload(struct http_tls *t, struct err *e)
{
    look_at(t->cert_file, &t->read[0]);
    look_at(t->key_file, &t->read[1]);
    SSL_CTX *ctx = new_context(e);
    if (ctx == NULL)
        return -1;
    if (fill(ctx, t, e) < 0) {
        SSL_CTX_free(ctx);
        return -1;
    }
    int64_t expires = end_of(SSL_CTX_get0_certificate(ctx)), now = clock_wall_ms();
    if (t->ctx != NULL && expires <= now && t->expires_ms > now) {
        SSL_CTX_free(ctx);
        return err_set(
            e, ERR_INPUT, "%s: the certificate has expired, the one in use has not", t->cert_file);
    }
    SSL_CTX_free(t->ctx); /* connections have their own hold on it */
    t->ctx = ctx;
    t->expires_ms = expires;
    return 0;
}

struct http_tls *http_tls_new(const char *cert_file, const char *key_file, struct err *e)
{
    struct http_tls *t = mem_zalloc(1, sizeof(*t));
    t->cert_file = mem_dup(cert_file);
    t->key_file = mem_dup(key_file);
    if (http_tls_reload(t, e) < 0) {
        http_tls_free(t);
        return NULL;
    }
    memcpy(t->seen, t->read, sizeof(t->seen));
    return t;
}

void http_tls_free(struct http_tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->ctx);
    mem_free(t->cert_file);
    mem_free(t->key_file);
    mem_free(t);
}

int64_t http_tls_expires_ms(const struct http_tls *t)
{
    return t->expires_ms;
}

struct ssl_st *http_tls_accept(const struct http_tls *t, int fd)
{
    SSL *ssl = SSL_new(t->ctx);
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
}
