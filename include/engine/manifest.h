/* What a company's scripts declared when they were loaded: its connections and rules, as plain
 * data. It comes from a script process, so everything in it is checked here. */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "looks.h"
#include "recurrence.h"
#include "str.h"

enum manifest_value_kind { VALUE_NONE, VALUE_LITERAL, VALUE_SECRET, VALUE_ENV };
/* A setting that the host resolves: the text itself, or the name of a secret or variable. */
struct manifest_value {
    enum manifest_value_kind kind;
    char *text;
};
#define MANIFEST_PARAMS_MAX 32 /* fields of a token request */
struct manifest_param {
    char *name;
    struct manifest_value value;
};

enum manifest_auth_type {
    AUTH_NONE,
    AUTH_BEARER,
    AUTH_BASIC,
    AUTH_OAUTH2_M2M, /* client credentials as a form of fields that the connector knows */
    AUTH_URL,
    AUTH_STANDARD, /* the body is signed by Standard Webhooks; token is the secret */
    AUTH_OAUTH2    /* any of manifest_grant, by the standards */
};
enum manifest_grant {
    GRANT_CLIENT, /* client_credentials: the host's own */
    GRANT_CODE,   /* authorization_code: a person allows it in a browser, RFC 6749 4.1 */
    GRANT_DEVICE  /* device_code: on any other device, RFC 8628 */
};
/* How the client says who it is at the token endpoint. */
enum manifest_client_auth {
    CLIENT_POST,  /* client_secret in the form, or nothing if there is no secret */
    CLIENT_BASIC, /* client_secret in an Authorization header */
    CLIENT_KEY    /* private_key_jwt, RFC 7523 */
};
struct manifest_auth {
    enum manifest_auth_type type;
    struct manifest_value token;          /* bearer */
    struct manifest_value user, password; /* basic */
    char *token_path;                     /* oauth2_m2m: below the connection's address */
    struct manifest_param *params; /* form fields of the token request; oauth2: further ones */
    int nparams;
    int64_t renew_before_ms; /* 0: the default */
    char *try_path;          /* what `sauma connect` reads to see whether it works; "": nothing */

    /* oauth2 */
    enum manifest_grant grant;
    enum manifest_client_auth client_auth;
    struct manifest_value issuer; /* the addresses below are looked up there, RFC 8414 */
    struct manifest_value authorize_url, token_url, device_url;
    struct manifest_value client_id, client_secret, private_key;
    char *key_id; /* of private_key, for the other side; "": not said */
    char *scope;  /* "": not said */

    /* oauth2_m2m whose key a person gets by logging in (Procountor's /keylogin) */
    char *key_login;  /* path below the server of the connection's address; "": there is none */
    char *key_path;   /* where the code is exchanged, below the connection's address */
    char *key_secret; /* the secret that the key becomes */
    char *header; /* bearer: the header that the token is the whole value of; "": Authorization */
};
/* The header that tells who we are. */
struct str manifest_auth_header(const struct manifest_auth *a);
/* True if requests carry an access token that is fetched and renewed. */
bool manifest_auth_has_token(const struct manifest_auth *a);
/* True if a person connects it, with `sauma connect`. */
bool manifest_auth_by_person(const struct manifest_auth *a);

/* How a sender proves itself: see signature.h. */
enum manifest_scheme {
    SCHEME_ANY,
    SCHEME_HMAC,
    SCHEME_SECRET,
    SCHEME_BASIC,
    SCHEME_STANDARD,
    SCHEME_HUBSPOT,
    SCHEME_NONE
};
/* Where SCHEME_HMAC has its digest. */
struct manifest_hmac {
    const char *header; /* NULL: the usual form */
    const char *prefix;
    const char *timestamp; /* header with the time, which is signed before a dot; "": none is */
    bool base64;           /* else hex */
};
#define MANIFEST_SECRETS_MAX 4
struct manifest_webhook {
    bool present;
    char *event;                    /* path of the event's type in the body; "" if none */
    char *id;                       /* path of the delivery's id; "" if none */
    char *event_header, *id_header; /* where they stand if not in the body; "" if none */
    char *attempt;                  /* path of what counts the tries of one delivery; "" if none */
    bool each; /* a body that is an array holds several events, each with its own type and id */
    enum manifest_scheme scheme;
    struct manifest_hmac hmac;
    struct manifest_value secrets[MANIFEST_SECRETS_MAX]; /* each is good */
    int nsecrets;
    char *address; /* as the sender knows it, for signatures that cover it; "" if none is needed */
};

/* A list of records of the outside system that the host keeps a copy of, to find what is alike:
 * how it is read. All paths of members are dotted. */
enum {
    CATALOGUE_ID,
    CATALOGUE_NAME,
    CATALOGUE_CODE,
    CATALOGUE_GTIN,
    CATALOGUE_BRAND,
    CATALOGUE_TEXT,
    CATALOGUE_UNIT,
    CATALOGUE_PRICE,
    MANIFEST_CATALOGUE_FIELDS
};
struct manifest_catalogue {
    char *name;   /* "products" */
    char *path;   /* with its query, below the connection's address; ordered by id */
    char *list;   /* where the records stand in the answer: "results" */
    char *after;  /* parameter: only what comes after this id */
    char *since;  /* parameter: only what changed from this day on; "": there is none */
    int size;     /* records of a full page */
    bool written; /* to disk as well */
    char *field[MANIFEST_CATALOGUE_FIELDS]; /* paths of members; NULL: there is none */
};

struct manifest_connection {
    char *name, *kind, *where;
    struct manifest_value url;
    struct manifest_value proxy; /* address of one that requests go through */
    struct manifest_value certificate, certificate_key; /* PEM, of the client; key: else with it */
    char *redirects; /* other hosts that a GET may be sent on to, without credentials: "a, *.b" */
    struct manifest_auth auth;
    struct manifest_webhook webhook;
    struct manifest_value button; /* the token with which the system may send what is held */
    int64_t settle_ms;            /* -1: the engine's default */
    struct looks looks;           /* for a lost write that was not found */
    int sends;                    /* of one write in all; 0: the engine's default */
    int64_t timeout_ms;           /* 0: the engine's default */
    int64_t deadline_ms;          /* of one step with all its tries; 0: the engine's default */
    double rate;                  /* requests a second; 0: no limit */
    int64_t expected_ms; /* an event at least so often, else somebody is told; 0: not expected */
    int concurrency;     /* 0: the engine's default */
    struct manifest_catalogue *catalogues;
    int ncatalogues;
};

enum manifest_trigger { TRIGGER_AUTOMATIC, TRIGGER_MANUAL, TRIGGER_OFF, TRIGGER_FUNCTION };
struct manifest_rule {
    char *name, *where;
    char **on;
    int non;
    enum manifest_trigger trigger;
    bool key;
    bool newest;         /* it says how new an event's data is */
    int64_t expected_ms; /* an event at least so often, else somebody is told; 0: not expected */
};

enum manifest_missed { MISSED_ONCE, MISSED_ALL, MISSED_NONE };
/* A time at which an event of connection "schedule" and type `name` comes. */
struct manifest_schedule {
    char *name, *where;
    struct recurrence when;
    enum manifest_missed missed; /* what becomes of times at which the host did not run */
    int missed_limit;            /* MISSED_ALL: at most so many */
    bool poll;                   /* its rule reads with a cursor */
};
#define MANIFEST_SCHEDULE "schedule" /* the connection */

struct manifest {
    char *company;
    struct manifest_connection *connections;
    int nconnections;
    struct manifest_rule *rules;
    int nrules;
    struct manifest_schedule *schedules;
    int nschedules;
    char *redact; /* fields that people are not shown, JSON (redact.h); NULL: none of its own */
    char **warnings;
    int nwarnings;
    /* The company's own, below the host's; 0: none. Those of its Lua states are kept there. */
    int64_t max_sent;                /* bytes of request bodies of one run */
    int max_running;                 /* runs at once */
    int64_t max_backlog, max_minute; /* open events; new ones a minute */
    int64_t max_stored;              /* bytes that are kept of it */
};

/* NULL and e (naming the member that is wrong) on failure. company: its name on this host. */
struct manifest *manifest_parse(const char *company, struct str json, struct err *e);
void manifest_free(struct manifest *m);
/* NULL if there is none of that name. */
const struct manifest_connection *manifest_connection(const struct manifest *m, const char *name);
/* manifest_auth.c: {"type": "oauth2", ...}; what: whose it is. -1 and e. */
struct jsonv;
int manifest_parse_auth(
    const struct jsonv *v, const char *what, struct manifest_auth *a, struct err *e);
/* {"literal":..}, {"secret":..}, {"env":..}, or a plain string; absent and null are none. */
int manifest_parse_value(
    const struct jsonv *v, const char *what, struct manifest_value *out, struct err *e);
void manifest_auth_free(struct manifest_auth *a);
/* Its values by number; NULL after the last. */
const struct manifest_value *manifest_auth_value(const struct manifest_auth *a, int i);
/* How the sender of the connection's webhooks proves itself. */
int manifest_parse_signature(
    const struct jsonv *conn, const char *what, struct manifest_webhook *w, struct err *e);
void manifest_signature_free(struct manifest_webhook *w);
/* manifest_catalogue.c: catalogues of a connection from its JSON; -1 and e. NULL: there is none of
 * that name. */
int manifest_parse_catalogues(
    const struct jsonv *connection, struct manifest_connection *c, struct err *e);
const struct manifest_catalogue *manifest_catalogue(
    const struct manifest_connection *c, const char *name);
void manifest_catalogue_copy(struct manifest_catalogue *to, const struct manifest_catalogue *from);
void manifest_catalogue_free(struct manifest_catalogue *c);
const struct manifest_schedule *manifest_schedule(const struct manifest *m, const char *name);
/* True if a rule is for events of this type (may be "") of the connection. */
bool manifest_listens(const struct manifest *m, const char *connection, const char *type);
/* Calls fn for each secret (env: false) and variable that the connections name, once each. */
void manifest_each_name(const struct manifest *m,
    void (*fn)(void *arg, bool env, const char *name, const char *where), void *arg);

#endif
