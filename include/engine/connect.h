/* A person connects a connection: allows it in a browser (RFC 6749 4.1 with PKCE, RFC 7636; or a
 * login that gives an API key), or on another device (RFC 8628). What comes of it is stored and
 * tried. Kept in memory: who began before a restart begins again. */
#ifndef CONNECT_H
#define CONNECT_H

#include "engine.h"

struct connect_info {
    const char *id, *company, *connection;
    const char *state; /* "starting", "open" (a person is awaited), "working", "done", "failed" */
    const char *url;   /* to be opened by the person; "" until it is known */
    const char *code;  /* to be typed in there; "" if there is none */
    const char *words; /* done, failed: what became of it */
    int64_t end_ms;    /* wall clock: it is open until then */
};
/* Its id, or NULL and e: there is no such connection, or nothing to connect. redirect: where the
 * browser comes back to, an address whose query is given to connect_callback. */
const char *connect_begin(struct engine *e, const char *company, const char *connection,
    const char *redirect, struct err *err);
/* False: there is none, or it is long over. */
bool connect_get(struct engine *e, const char *id, struct connect_info *out);
/* The browser came back. fn is called once, perhaps at once: whether it is connected now, and what
 * to tell the person. */
typedef void (*connect_fn)(void *arg, bool ok, const char *words);
void connect_callback(struct engine *e, struct str query, connect_fn fn, void *arg);
void connect_free_all(struct engine *e);
/* True if what a person's login gives is a key, which becomes a secret of the company. */
bool connect_by_key(const struct manifest_auth *a);

/* How each connection of the company stands. */
struct connection_info {
    const char *company, *connection, *kind;
    const char
        *auth; /* "none", "bearer", "basic", "client_credentials", "authorization_code" ... */
    const char *state; /* "ok", "connect" (a person is to), "reconnect", "refused", "secret" (one is
                          missing), "paused" (it does not answer) */
    const char *words; /* why; "" */
    int64_t connected_ms, renewed_ms; /* 0: never, or no grant */
};
void connections_each(struct engine *e, const char *company,
    void (*fn)(void *arg, const struct connection_info *i), void *arg);

#endif
