/* What a person allowed a connection to do (OAuth 2.0): its tokens, where they came from, and
 * whether it still holds. It is kept sealed among the secrets, bound to its company and
 * connection. */
#ifndef GRANT_H
#define GRANT_H

#include <stdbool.h>
#include "err.h"
#include "str.h"

struct grant {
    char *access;    /* NULL: none that is known to be good */
    char *refresh;   /* NULL: it cannot be renewed */
    char *before;    /* the refresh token that this one took the place of, until it has worked */
    char *token_url; /* who gave it; the only address that is shown a refresh token */
    char *origin;    /* scheme, host and port that it is for; no other is shown the access token */
    char *issuer;    /* that was asked where it is; "": none */
    char *client;    /* client id that it was given to */
    int64_t life_ms, end_ms; /* of access; the end by the wall clock */
    int64_t connected_ms;    /* wall clock: a person allowed it */
    int64_t renewed_ms;      /* and its last renewal */
    int64_t asked_ms;        /* a renewal was asked for then, and its answer is not here; 0: none */
    char *problem;           /* it does not hold any more, and why; NULL: it does */
};

#define GRANT_LASTS (10LL * 365 * 86400000) /* nothing says when it ends */

struct grant *grant_new(void);
struct grant *grant_parse(struct str json, struct err *e); /* NULL and e */
void grant_free(struct grant *g);                          /* zeroes */
/* JSON, owned by the caller, to be wiped with resolver_wipe. */
char *grant_text(const struct grant *g);
/* Replaces one of its texts by a copy of value (may be NULL) and zeroes the old one. */
void grant_set(char **text, const char *value);

/* What a token endpoint granted. */
struct token_answer {
    char *access;
    char *refresh;   /* NULL: none was given */
    int64_t life_ms; /* of access */
    int64_t
        lasts_ms; /* of access, if nothing can renew it: all that is said, and long if it is not */
};
/* -1 and e if it holds no token that can be used; a token of another type than Bearer is none. */
int token_answer_parse(struct str body, struct token_answer *out, struct err *e);
void token_answer_free(struct token_answer *a); /* zeroes */
/* The member "error" of a refusal, as RFC 6749 5.2 has it, or "". */
void token_error(struct str body, char *out, size_t n);
/* True if a refusal is about the grant itself, not about who asks: RFC 6749 says invalid_grant,
 * others other words. */
bool token_grant_gone(struct str body);
/* Words of a refusal, as str_line has them: error_description, error, errors[].message; "" if there
 * are none. */
void token_problem(struct str body, char *out, size_t n);
/* scheme://host:port of an absolute address, in lower case, owned by the caller; "" if it is none.
 */
char *grant_origin(const char *url);

#endif
