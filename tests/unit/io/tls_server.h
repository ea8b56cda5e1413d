/* A TLS server with a certificate made on the spot, for tests of the HTTP client. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "io/cut_server.h"

struct tls_server {
    int listener, port;
    char cert_file[64];
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_int requests;
};

/* Self-signed, for one IP address, valid for an hour around now. */
static inline X509 *tls_cert(EVP_PKEY *key, const char *ip)
{
    char names[64];
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)ip, -1, -1, 0);
    X509_set_issuer_name(cert, name);
    snprintf(names, sizeof(names), "IP:%s", ip);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(cert, alt, -1);
    X509_EXTENSION_free(alt);
    X509_sign(cert, key, EVP_sha256());
    return cert;
}

static void *tls_serve(void *arg)
{
    struct tls_server *s = arg;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        char in[4096];
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure";
        SSL *ssl = SSL_new(s->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, in, sizeof(in)) > 0) {
            atomic_fetch_add(&s->requests, 1);
            SSL_write(ssl, answer, sizeof(answer) - 1);
            while (SSL_read(ssl, in, sizeof(in)) > 0) { /* closing before the client would reset */
            }
        }
        SSL_free(ssl);
        close(fd);
    }
}

/* only_version: 0 for all that OpenSSL has. */
static inline void tls_start(struct tls_server *s, const char *ip, int only_version)
{
    memset(s, 0, sizeof(*s));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = tls_cert(key, ip);
    snprintf(s->cert_file, sizeof(s->cert_file), "/tmp/sauma-test-cert-XXXXXX");
    FILE *out = fdopen(mkstemp(s->cert_file), "w");
    PEM_write_X509(out, cert);
    fclose(out);
    s->ctx = SSL_CTX_new(TLS_server_method());
    if (only_version) {
        SSL_CTX_set_cipher_list(s->ctx, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(s->ctx, only_version);
        SSL_CTX_set_max_proto_version(s->ctx, only_version);
    }
    SSL_CTX_use_certificate(s->ctx, cert);
    SSL_CTX_use_PrivateKey(s->ctx, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    s->listener = cut_listen(&s->port, 16);
    pthread_create(&s->thread, NULL, tls_serve, s);
}

static inline void tls_stop(struct tls_server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    SSL_CTX_free(s->ctx);
    unlink(s->cert_file);
}

#endif
