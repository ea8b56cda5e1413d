/* Secrets at rest: XChaCha20-Poly1305 with the key that keyring.h tells of. Company and name are
 * bound in as associated data, so a row that was moved to another company does not open. Used by
 * the host and by `sauma secret`; both may run at once. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>
#include "err.h"
#include "str.h"

struct secrets;

/* Names that begin so are the host's own (grants): they are not listed, and neither a script nor a
 * person can name them. */
#define SECRETS_OWN "."

struct secrets *secrets_open(const char *dir, struct err *e);
void secrets_close(struct secrets *s);
int secrets_set(
    struct secrets *s, const char *company, const char *name, struct str value, struct err *e);
/* True if the value that is there is to stay, and not be replaced by ours. */
typedef bool (*secrets_keep_fn)(const char *there, struct str ours);
/* The same, unless there is a value that opens and keep says true of it, with no other process
 * between the two: 0 it is stored, 1 that one was kept, -1 and e. keep may be NULL. */
int secrets_set_unless(struct secrets *s, const char *company, const char *name, struct str value,
    secrets_keep_fn keep, struct err *e);
/* 1: *value is an owned NUL-terminated copy, to be wiped with secrets_wipe; 0: there is none;
 * -1: e. */
int secrets_get(
    struct secrets *s, const char *company, const char *name, char **value, struct err *e);
void secrets_wipe(char *value); /* zeroes and frees */
/* All are sealed anew with a new key, and the old one goes; or a change that was begun is ended.
 * *n: how many. May be stopped at any moment, and goes on when it is called again; whoever has this
 * data open meanwhile goes on, too. */
int secrets_rotate(struct secrets *s, int *n, struct err *e);
/* How many were sealed with a key that is not here, so that nobody can open them. */
int64_t secrets_unopened(struct secrets *s);
/* 1 removed, 0 there was none, -1. */
int secrets_remove(struct secrets *s, const char *company, const char *name, struct err *e);
/* One at a time, over all processes that have this data open: 1 it is ours until secrets_unlock or
 * the end of the process, 0 another process has it, -1 and e. */
int secrets_lock(struct secrets *s, const char *company, const char *name, struct err *e);
void secrets_unlock(struct secrets *s, const char *company, const char *name);
/* Names only, with when they were set. */
int secrets_list(struct secrets *s, const char *company,
    int (*fn)(void *arg, const char *company, const char *name, int64_t set_ms), void *arg,
    struct err *e);

#endif
