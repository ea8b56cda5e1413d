/* For connect.c and its parts. */
#ifndef CONNECT_IMPL_H
#define CONNECT_IMPL_H

#include "channel.h"
#include "connect.h"
#include "endpoints.h"
#include "machine.h"
#include "token_request.h"

enum connect_state {
    CONNECT_STARTING,
    CONNECT_OPEN,
    CONNECT_WORKING,
    CONNECT_DONE,
    CONNECT_FAILED
};

struct connect {
    struct list node; /* engine.connects */
    struct engine *engine;
    char *company, *name, *redirect;
    enum connect_state state;
    char id[33];
    char secret[65];   /* state of the authorization request; "": none, or it was used */
    char verifier[65]; /* PKCE */
    char *url, *code, *words;
    char *issuer;    /* that the answer must come from; NULL: not known */
    bool iss;        /* and must say so */
    char *token_url; /* where the code is exchanged */
    char *client;    /* a login that gives a key: fields that say who we are */
    char *spent;     /* the code that came back */
    char *device;    /* device_code */
    int64_t poll_ms; /* between asking for the device's token */
    int64_t end_ms;  /* wall clock */
    struct endpoints_ask *finding;
    struct http_out_transfer *transfer;
    struct secrets_write *write; /* of what was allowed; NULL: none is under way */
    struct loop_timer *timer;    /* of its end, and of asking again */
    struct token_wait token;
    connect_fn fn; /* of the browser that waits */
    void *arg;
};

/* The connection as it is set now, with ch->credentials filled. NULL and e. */
struct channel *connect_channel(
    struct connect *c, const struct manifest_connection **conn, struct err *e);
/* Sends the request for a token, which begin has filled with what is exchanged, as this client;
 * ends the attempt if that cannot be. */
void connect_ask_token(struct connect *c, struct token_request *q, http_out_done fn);
void connect_over(struct connect *c, bool ok, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The answer of a token endpoint to a code: stores the grant and tries it. */
void connect_granted(struct connect *c, const struct token_answer *a);
/* In words, from a refusal. */
void connect_refused(struct connect *c, const char *what, const struct http_out_result *r);
/* connect_device.c: asks for a code for the person, and then for the token until it is allowed. */
void connect_device_begin(struct connect *c, const char *device_url);
/* From now on a person may allow it. */
void connect_open(struct connect *c);
/* connect_key.c: the address to open where what a person's login gives is a key. */
void connect_key_begin(
    struct connect *c, const struct channel *ch, const struct manifest_connection *conn);
/* Sends the request for the key, which holds the code already. */
void connect_key_ask(struct connect *c, struct token_request *q);
/* connect_try.c: reads what the connection says, and ends it. */
void connect_try(struct connect *c);

#endif
