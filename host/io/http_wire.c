/* The bytes of a connection, plain or through TLS: reading and writing look the same from above. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_conn.h"
#include "log.h"

#define AGAIN_MS      60000
#define TLS_HANDSHAKE 0x16 /* the first byte of every TLS connection */

/* ---- TLS ---- */

/* Who speaks no TLS at all is told so in words that it understands: true if that is so. */
static bool is_plain(struct http_conn *c)
{
    unsigned char first;
    if (c->begun || recv(c->fd, &first, 1, MSG_PEEK) != 1)
        return false;
    c->begun = true;
    return first != TLS_HANDSHAKE;
}

static void say_failed(struct http_in *s, const char *peer, unsigned long code)
{
    int64_t now = http_server_now(s);
    const char *why = ERR_reason_error_string(code);
    s->tls_failures++;
    if (s->tls_told_ms != 0 && now - s->tls_told_ms < AGAIN_MS)
        return;
    s->tls_told_ms = now;
    log_event(LOG_WARN, "a TLS connection failed", "peer", peer, "why",
        why != NULL ? why : "the peer left", "address", s->address, NULL);
}

/* Sorts out what went wrong: 0 the end, -1 with errno. */
static ssize_t failed(struct http_conn *c, int rc)
{
    switch (SSL_get_error(c->ssl, rc)) {
    case SSL_ERROR_WANT_WRITE:
        c->wants_write = true;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_WANT_READ:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        if (!SSL_is_init_finished(c->ssl))
            say_failed(c->server, c->peer, ERR_peek_last_error());
        ERR_clear_error();
        c->broken = true;
        errno = ECONNRESET;
        return -1;
    }
}

/* Until there is no more, since what OpenSSL has taken from the socket makes it readable no more.
 */
static ssize_t read_tls(struct http_conn *c, char *out, size_t n)
{
    size_t used = 0, got;
    ssize_t rc = 1;
    c->more = false;
    ERR_clear_error();
    while (used < n) {
        int ok = SSL_read_ex(c->ssl, out + used, n - used, &got);
        if (ok != 1) {
            rc = failed(c, ok);
            break;
        }
        used += got;
    }
    if (used == 0)
        return rc;
    c->more = rc >= 0 || c->broken; /* full, or the end that is to be told next */
    return (ssize_t)used;
}

/* Small pieces leave as one record. */
static ssize_t write_tls(struct http_conn *c, const struct iovec *iov, int n)
{
    struct http_in *s = c->server;
    size_t sent = 0, skip = 0, put;
    int i = 0;
    ERR_clear_error();
    while (i < n) {
        const char *from = (const char *)iov[i].iov_base + skip;
        size_t have = iov[i].iov_len - skip;
        if (have < sizeof(s->record) && i + 1 < n) {
            size_t gathered = 0;
            for (int k = i; k < n && gathered < sizeof(s->record); k++) {
                size_t at = k == i ? skip : 0, take = iov[k].iov_len - at;
                if (take > sizeof(s->record) - gathered)
                    take = sizeof(s->record) - gathered;
                memcpy(s->record + gathered, (const char *)iov[k].iov_base + at, take);
                gathered += take;
            }
            from = s->record;
            have = gathered;
        }
        int ok = SSL_write_ex(c->ssl, from, have, &put);
        if (ok != 1) {
            bool wait = SSL_get_error(c->ssl, ok) == SSL_ERROR_WANT_WRITE;
            ERR_clear_error();
            c->broken = !wait;
            errno = wait ? EAGAIN : ECONNRESET;
            return sent > 0 && wait ? (ssize_t)sent : -1;
        }
        sent += put;
        for (skip += put; i < n && skip >= iov[i].iov_len; i++)
            skip -= iov[i].iov_len;
    }
    return (ssize_t)sent;
}

/* ---- both ---- */

void http_wire_open(struct http_conn *c)
{
    const struct http_tls *tls = c->server->config.tls;
    if (tls == NULL)
        return;
    c->ssl = http_tls_accept(tls, c->fd);
    c->broken = c->ssl == NULL;
    c->secure = true;
}

ssize_t http_wire_read(struct http_conn *c, char *out, size_t n)
{
    if (c->secure && c->ssl == NULL && !c->plain) {
        errno = ECONNRESET;
        return -1;
    }
    if (c->ssl == NULL)
        return recv(c->fd, out, n, 0);
    if (!is_plain(c))
        return read_tls(c, out, n);
    SSL_free(c->ssl);
    c->ssl = NULL;
    c->secure = false;
    c->plain = true;
    errno = EPROTO;
    return -1;
}

ssize_t http_wire_write(struct http_conn *c, struct iovec *iov, int n)
{
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
    if (c->ssl != NULL)
        return write_tls(c, iov, n);
    if (n == 1)
        return send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
    return sendmsg(c->fd, &m, MSG_NOSIGNAL);
}

int http_wire_end(struct http_conn *c)
{
    if (c->ssl != NULL && !c->broken && SSL_is_init_finished(c->ssl)) {
        ERR_clear_error();
        SSL_shutdown(c->ssl); /* what does not fit into the socket now is not waited for */
        ERR_clear_error();
    }
    return shutdown(c->fd, SHUT_WR);
}

void http_wire_close(struct http_conn *c)
{
    SSL_free(c->ssl);
    c->ssl = NULL;
    close(c->fd);
    c->fd = -1;
}
