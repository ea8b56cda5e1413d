/* The certificate of the host's front: read at the start, on SIGHUP and when its files change. */
#ifndef FRONT_TLS_H
#define FRONT_TLS_H

#include "conf.h"
#include "http_tls.h"
#include "loop.h"

struct front_tls;

#define OPTIONS_FRONT_TLS                                                                          \
    {"tls-cert", CONF_TEXT, NULL, "the listener speaks TLS with this certificate chain, in PEM"},  \
        {"tls-key", CONF_TEXT, NULL, "the certificate's key, in PEM"},                             \
    {                                                                                              \
        "tls-watch", CONF_MS, "5s",                                                                \
            "how often these files are looked at; what changed is used; 0: on SIGHUP alone"        \
    }

/* *out is NULL if the settings name no certificate. */
int front_tls_new(struct front_tls **out, struct loop *l, const struct conf *c, struct err *e);
void front_tls_free(struct front_tls *t);
const struct http_tls *front_tls_get(const struct front_tls *t);
/* Reads the files again; the log says what came of it. A broken one leaves the old in use. */
void front_tls_reload(struct front_tls *t);
/* Times at which new files were refused. */
int64_t front_tls_refused(const struct front_tls *t);

#endif
