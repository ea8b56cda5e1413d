/* One connection of one company at work: its credentials, token, limits, and who waits for it.
 * It outlives versions of the company's scripts. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "forged.h"
#include "health.h"
#include "http_out.h"
#include "limit.h"
#include "list.h"
#include "manifest.h"
#include "secrets_writer.h"

struct company;
struct version;

/* Somebody who waits for a place, or for a token; embedded in its owner. */
struct channel_wait {
    struct list node;
    void (*go)(void *arg);
    void *arg;
    bool refused; /* when go is called: no place, since meanwhile the other side is not to be asked
                   */
};

enum token_result {
    TOKEN_READY,
    TOKEN_LATER,    /* it may be had after a while */
    TOKEN_REFUSED,  /* the credentials are wrong, or may not go there: a person corrects that */
    TOKEN_RECONNECT /* a person must connect it (again) first: grant_words */
};
struct token_wait {
    struct list node;
    /* problem: words for a person; retry_ms: what the other side asked for, or -1. */
    void (*done)(void *arg, enum token_result r, const char *problem, int64_t retry_ms);
    void *arg;
};

/* What the manifest's values stand for, resolved by the host. */
struct credentials {
    char *url;             /* of the connection, without a slash at the end */
    char *authorization;   /* value of manifest_auth_header for bearer and basic; NULL: none */
    char *user, *password; /* of basic, for what takes no header; standard: the secret */
    char *form;            /* oauth2_m2m: body of the token request; oauth2: its further fields */
    /* oauth2_m2m: token_url alone. NULL: not said. */
    char *issuer, *authorize_url, *token_url, *device_url;
    char *client_id, *client_secret, *private_key;
    char *proxy, *certificate, *certificate_key; /* NULL: none */
    /* What proxy is logged in to with: the password, and it and the user as a header has them. */
    char *proxy_password, *proxy_login;
    /* How its requests get out, and those of its tokens: an address that stands in the company's
     * own file is for public addresses (and what the operator allows) alone. */
    struct http_out_way way, token_way;
    char hash[33]; /* of all of these, and what else a token depends on */
};

struct token {
    char *value;              /* NULL: none */
    char hash[33];            /* of the credentials it was got with, or last asked for with */
    int64_t renew_ms;         /* monotonic: from then on a new one is fetched */
    int64_t end_ms;           /* and from then on this one is not used */
    int64_t refused_until_ms; /* the same credentials are refused without asking again */
    char *refusal;
    struct http_out_transfer *transfer;
    struct endpoints_ask *finding; /* where the token request goes is being looked up */
    struct list waiting;
    /* token_grant.c: of a connection that a person connects */
    struct grant *grant;       /* as it is in the store; NULL: not read, or there is none */
    char *spent;               /* an access token that was not taken */
    bool renewing, locked;     /* from the asking on; no other process does it meanwhile */
    struct grant_save *saving; /* what it became is being written; NULL: it is not */
    bool unsaved;              /* and could not be */
    bool old_one;              /* the refresh token before this one is tried */
    bool told;                 /* people were, that it does not hold */
    int64_t since_ms;          /* monotonic: of the renewal */
    int64_t lost_ms;           /* grant.asked_ms before it */
    int failures;              /* renewals that nobody waits for and that failed, in a row */
    struct loop_timer *timer;  /* goes on with it */
};

struct channel {
    struct company *company;
    char *name;
    struct limiter limiter;
    struct breaker breaker;
    struct health health;
    struct forged forged;
    int cap, in_use;
    bool serving;          /* its queue is being gone through */
    int64_t not_before_ms; /* monotonic: the other side asked for silence until then */
    struct list queue;     /* struct channel_wait */
    struct loop_timer *timer;
    struct credentials credentials;
    char credentials_version[13];
    int64_t credentials_ms; /* monotonic, when they were resolved; 0: never */
    struct token token;
    char *webhook_secrets[MANIFEST_SECRETS_MAX];
    char webhook_version[13];
    int64_t webhook_ms;
};

/* The channel of that connection, made at first use, with its limits as conn says. */
struct channel *channel_get(struct company *c, const struct manifest_connection *conn);
void channel_free(struct channel *ch);
/* 0, or milliseconds until the other side may be asked again. */
int64_t channel_blocked(struct channel *ch);
/* Silence was asked for, or it does not answer: who has a place is not to send into that. */
bool channel_is_shut(const struct channel *ch);
/* w->go is called when there is a place, or w->refused; perhaps at once. */
void channel_enter(struct channel *ch, struct channel_wait *w);
void channel_cancel(struct channel_wait *w); /* no longer waits */
void channel_leave(struct channel *ch);      /* the place is free again */
/* The other side asked not to be asked for so long. */
void channel_silence(struct channel *ch, int64_t ms);
/* The same of a connection that may not be in use yet. */
void channel_silence_named(struct company *c, const char *name, int64_t ms);

/* credentials.c: fills ch->credentials, resolved at most some seconds ago, so that a changed
 * secret is used without a restart. -1 and e: what is missing. */
int credentials_get(struct channel *ch, const struct version *v,
    const struct manifest_connection *conn, struct err *e);
/* The same though this secret is not set yet: it counts as empty. NULL and e. */
struct channel *credentials_without(
    struct company *c, const struct manifest_connection *conn, const char *secret, struct err *e);
/* The secrets of the connection's webhook: how many there are, or -1 and e if none can be had. They
 * live until the next call. */
int credentials_webhook(struct channel *ch, const struct version *v,
    const struct manifest_connection *conn, struct str out[MANIFEST_SECRETS_MAX], struct err *e);
/* What fits none of them may be signed with one that was set a moment ago: true if it is worth
 * asking for them again, which not every forgery is. */
bool credentials_webhook_again(struct channel *ch);
/* True if token is that of the connection's button; conn may be NULL. */
bool credentials_button(
    const struct version *v, const struct manifest_connection *conn, struct str token);
void credentials_forget(struct channel *ch);
/* How a request for tokens gets to that address: one that only the other side named, as an issuer's
 * metadata does, is for public addresses alone. */
struct http_out_way credentials_way_to(const struct credentials *c, const char *url);
/* Why a token endpoint refuses, as token_problem finds it, with *** for what
 * it repeats of our secrets: the connection's (ch may be NULL), and those in the form that was
 * sent. */
void credentials_problem(
    const struct channel *ch, struct str body, struct str sent, char *words, size_t n);

/* token.c: w->done is called when ch->token.value is good or cannot be had, perhaps at once.
 * One request serves all who wait. */
void token_ask(struct channel *ch, const struct manifest_connection *conn, struct token_wait *w);
void token_cancel(struct token_wait *w);
/* The other side did not take this one (401): the next to ask gets a new one. */
void token_spent(struct channel *ch, const char *value);
/* There is one, and it belongs to the credentials (and so the address) as they are now. */
bool token_usable(const struct channel *ch);
/* These very credentials were refused some seconds ago: it is not asked again. */
bool token_refused(const struct channel *ch);
void token_free(struct channel *ch);
/* The next to ask gets a new one; what is under way is not disturbed. */
void token_forget(struct channel *ch);
/* A request with this token was answered with something else than 401. */
void token_worked(struct channel *ch, const char *value);
/* For token_grant.c: ends the waiting of all who wait. */
void token_tell(struct channel *ch, enum token_result r, const char *problem, int64_t retry_ms);
void token_set(struct channel *ch, const char *value, int64_t life_ms, int64_t left_ms);
void token_refuse(struct channel *ch, int status, struct str body);

/* token_grant.c and grant_person.c: the same for a connection that a person connects. */
void grant_ask(struct channel *ch, struct token_wait *w);
void grant_worked(struct channel *ch, const char *value);
/* It is renewed if it is due: it must not lapse because nobody uses it. */
void grant_look(struct channel *ch, int64_t now_ms);
/* A person allowed it: what the token endpoint said is written, and fn told as resolver.h says.
 * NULL and e: it cannot be kept. */
struct token_answer;
struct secrets_write *grant_allowed(const struct channel *ch, const char *token_url,
    const struct token_answer *a, secrets_written_fn fn, void *arg, struct err *e);
/* That is in the store: all that waits goes on with it. -1 and e. */
int grant_connected(struct channel *ch, struct err *e);
/* An answer about it is to come, or to be written: with that a refresh token that was spent for it
 * would be lost. */
bool grant_under_way(const struct channel *ch);
void grant_leave(struct channel *ch); /* frees what it holds */
/* What is under way with it is given up, and it is forgotten; what is being written is written. */
void grant_stop(struct channel *ch);
/* "ok", "connect" or "reconnect"; *why: in words, owned by the caller, or NULL. With credentials.
 */
const char *grant_state(struct channel *ch, char **why);
/* When a grant that nothing can renew ends, in words, owned by the caller; NULL: it can be renewed.
 */
char *grant_ending(const struct channel *ch);
/* What runs of this connection that wait for a person say, up to its first colon. */
char *grant_words(const char *connection);

#endif
