/* Where the values of secrets and environment variables come from. Scripts only ever hold their
 * names; the host puts the values in when a request leaves or a signature is checked. */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>
#include "err.h"
#include "secrets.h"

struct resolver {
    /* 1: *value is an owned copy to be given to resolver_wipe; 0: there is none; -1: e. */
    int (*secret)(void *arg, const char *company, const char *name, char **value, struct err *e);
    int (*env)(void *arg, const char *company, const char *name, char **value, struct err *e);
    void *arg;
};

/* Secrets from the store (NULL: there are none), variables from the host's environment. Only
 * variables whose name matches one of the comma separated patterns may be read ("*_URL,
 * SHOP_*"; NULL: "*_URL"), so that a script cannot ask for what the operator did not mean to
 * give. The result is freed with resolver_free. */
struct resolver *resolver_new(struct secrets *secrets, const char *env_patterns);
/* For tests and `sauma run` without a data folder: the secret of any name is "test-" and the
 * name; variables as above, but one that is not set is "test-" and its name too. */
struct resolver *resolver_fixed(const char *env_patterns);
void resolver_free(struct resolver *r);
/* Zeroes and frees; NULL is allowed. */
void resolver_wipe(char *value);
/* True if name matches one of the comma separated patterns, in which * stands for any text. */
bool resolver_env_allowed(const char *patterns, const char *name);

#endif
