/* A request to a token endpoint, or to another one of the same server that wants to know who the
 * client is. */
#ifndef TOKEN_REQUEST_H
#define TOKEN_REQUEST_H

#include "buf.h"
#include "channel.h"
#include "grant.h"

struct engine;

struct token_request {
    struct buf form;               /* body; more fields may be put in before it is sent */
    char *authorization;           /* NULL: no such header */
    const struct credentials *who; /* they say how it gets out, and live until it is sent */
};
void token_request_init(struct token_request *q);
/* Says who the client is. audience: the issuer if it is known, else the endpoint. -1 and e: the
 * private key is none. */
int token_request_client(struct token_request *q, const struct credentials *c,
    const struct manifest_auth *a, const char *audience, struct err *e);
/* Sends it as a form and frees it. */
struct http_out_transfer *token_request_send(
    struct token_request *q, struct engine *e, const char *url, http_out_done done, void *arg);
void token_request_free(struct token_request *q); /* zeroes */

/* client_assertion.c: the JWT that private_key_jwt sends (RFC 7523), signed with RS256, ES256 or
 * EdDSA as the PEM key is. key_id: "" for none. Owned by the caller; NULL and e. */
char *client_assertion(const char *pem, const char *key_id, const char *client_id,
    const char *audience, int64_t now_s, struct err *e);

/* -1 and e: the PEM text is no key that it can sign with. */
int client_assertion_check(const char *pem, struct err *e);

/* What came back from a token endpoint. */
enum token_reply {
    TOKEN_REPLY_GRANTED,
    TOKEN_REPLY_REFUSED, /* also by 200 and a member "error", as some servers do */
    TOKEN_REPLY_BUSY,   /* 408, 429, 500 and above, or an error of that kind: nothing was decided */
    TOKEN_REPLY_BROKEN, /* an answer below 300 that holds neither a token nor a refusal */
    TOKEN_REPLY_NONE    /* no answer came */
};
/* GRANTED fills out, which the caller frees; of BUSY, BROKEN and NONE e says what is wrong. */
enum token_reply token_reply_read(
    const struct http_out_result *r, struct token_answer *out, struct err *e);

#endif
