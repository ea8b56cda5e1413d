/* Where the values of secrets and environment variables come from. Scripts only ever hold their
 * names; the host puts the values in when a request leaves or a signature is checked. */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>
#include "err.h"
#include "secrets_writer.h"

struct resolver {
    /* 1: *value is an owned copy to be given to resolver_wipe; 0: there is none; -1: e. */
    int (*secret)(void *arg, const char *company, const char *name, char **value, struct err *e);
    int (*env)(void *arg, const char *company, const char *name, char **value, struct err *e);
    /* A secret that the host itself sets, as a person gave a key for it: done is told later, 0 or
     * -1 and e. NULL and e if it cannot be kept at all. */
    struct secrets_write *(*set_secret)(void *arg, const char *company, const char *name,
        const char *value, secrets_written_fn done, void *done_arg, struct err *e);
    /* The grant of a connection (grant.h) as JSON, with results as above; and storing it: done is
     * told 0, -1 and e, or 1 if one is there that was connected later, which stays. */
    int (*grant)(
        void *arg, const char *company, const char *connection, char **json, struct err *e);
    struct secrets_write *(*set_grant)(void *arg, const char *company, const char *connection,
        const char *json, secrets_written_fn done, void *done_arg, struct err *e);
    /* One renewal of a grant at a time, over all processes that use the same data: 1 it is ours
     * until grant_unlock or the end of the process, 0 another has it, -1 and e. */
    int (*grant_lock)(void *arg, const char *company, const char *connection, struct err *e);
    void (*grant_unlock)(void *arg, const char *company, const char *connection);
    void *arg;
    bool made_up; /* resolver_fixed: what a secret says is nobody's, so its form is not judged */
};

/* Secrets from the store, and the writer of the same; variables from the host's environment. Only
 * variables whose name matches one of the comma separated patterns may be read ("*_URL,
 * SHOP_*"; NULL: "*_URL"), so that a script cannot ask for what the operator did not mean to
 * give. The result is freed with resolver_free. */
struct resolver *resolver_new(
    struct secrets *secrets, struct secrets_writer *writer, const char *env_patterns);
/* For tests and `sauma run` without a data folder: the secret of any name is "test-" and the
 * name; variables as above, but one that is not set is "test-" and its name too. Each connection
 * has a grant whose access token is "test-" and its name and never ends. */
struct resolver *resolver_fixed(const char *env_patterns);
void resolver_free(struct resolver *r);
/* Zeroes and frees; NULL is allowed. */
void resolver_wipe(char *value);
/* True if name matches one of the comma separated patterns, in which * stands for any text. */
bool resolver_env_allowed(const char *patterns, const char *name);

#endif
