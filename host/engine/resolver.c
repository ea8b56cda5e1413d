#include "resolver.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "jsondoc.h"
#include "mem.h"
#include "str.h"

/* The public part comes first: callers hold a struct resolver. */
struct resolver_impl {
    struct resolver face;
    struct secrets *secrets; /* NULL: there are none */
    struct secrets_writer *writer;
    char *patterns;
};

/* Greedy match of one pattern with * for any text. */
static bool matches(struct str pattern, struct str s)
{
    size_t p = 0, i = 0, star = pattern.n, mark = 0;
    while (i < s.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = i;
        } else if (p < pattern.n && pattern.p[p] == s.p[i]) {
            p++;
            i++;
        } else if (star < pattern.n) {
            p = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool resolver_env_allowed(const char *patterns, const char *name)
{
    struct str rest = str_of(patterns ? patterns : "*_URL");
    while (rest.n) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        if (one.n && matches(one, str_of(name)))
            return true;
    }
    return false;
}

static int env_value(void *arg, const char *company, const char *name, char **value, struct err *e)
{
    struct resolver_impl *r = arg;
    (void)company;
    if (!resolver_env_allowed(r->patterns, name))
        return err_set(e, ERR_DENIED,
            "the variable %s may not be read by scripts; allowed are %s (setting env-allow)", name,
            r->patterns ? r->patterns : "*_URL");
    const char *v = getenv(name);
    *value = v ? mem_dup(v) : NULL;
    return v ? 1 : 0;
}

static int stored_secret(
    void *arg, const char *company, const char *name, char **value, struct err *e)
{
    struct resolver_impl *r = arg;
    char *guarded = NULL;
    *value = NULL;
    int rc = r->secrets ? secrets_get(r->secrets, company, name, &guarded, e) : 0;
    /* The store's copy has guard pages of its own; all values of a resolver are freed alike. */
    if (rc == 1)
        *value = mem_dup(guarded);
    secrets_wipe(guarded);
    return rc;
}

static struct secrets_write *store_secret(void *arg, const char *company, const char *name,
    const char *value, secrets_written_fn done, void *done_arg, struct err *e)
{
    struct resolver_impl *r = arg;
    return secrets_write(r->writer, company, name, str_of(value), NULL, done, done_arg);
}

static char *grant_name(const char *connection)
{
    return mem_printf(SECRETS_OWN "grant.%s", connection);
}

static int stored_grant(
    void *arg, const char *company, const char *connection, char **json, struct err *e)
{
    char *name = grant_name(connection);
    int rc = stored_secret(arg, company, name, json, e);
    mem_free(name);
    return rc < 0 ? err_prefix(e, "the grant of connection %s", connection) : rc;
}

static int64_t connected_ms(struct str json)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    int64_t ms = jsonv_int(jsonv_get(d ? jsondoc_root(d) : NULL, "connected_ms"), 0);
    jsondoc_free(d);
    return ms;
}

static bool was_connected_later(const char *there, struct str ours)
{
    return connected_ms(str_of(there)) > connected_ms(ours);
}

static struct secrets_write *store_grant(void *arg, const char *company, const char *connection,
    const char *json, secrets_written_fn done, void *done_arg, struct err *e)
{
    struct resolver_impl *r = arg;
    char *name = grant_name(connection);
    struct secrets_write *w =
        secrets_write(r->writer, company, name, str_of(json), was_connected_later, done, done_arg);
    mem_free(name);
    return w;
}

static int lock_grant(void *arg, const char *company, const char *connection, struct err *e)
{
    struct resolver_impl *r = arg;
    char *name = grant_name(connection);
    int rc = r->secrets ? secrets_lock(r->secrets, company, name, e) : 1;
    mem_free(name);
    return rc;
}

static void unlock_grant(void *arg, const char *company, const char *connection)
{
    struct resolver_impl *r = arg;
    char *name = grant_name(connection);
    if (r->secrets)
        secrets_unlock(r->secrets, company, name);
    mem_free(name);
}

static struct secrets_write *no_secret_set(void *arg, const char *company, const char *name,
    const char *value, secrets_written_fn done, void *done_arg, struct err *e)
{
    err_set(e, ERR_DENIED, "there is no data folder to keep it in");
    return NULL;
}

static int fixed_grant(
    void *arg, const char *company, const char *connection, char **json, struct err *e)
{
    *json = mem_printf("{\"access\":\"test-%s\",\"end_ms\":%lld,\"life_ms\":86400000}", connection,
        (long long)INT64_MAX);
    return 1;
}

static int fixed_env(void *arg, const char *company, const char *name, char **value, struct err *e)
{
    int rc = env_value(arg, company, name, value, e);
    if (rc == 0)
        *value = mem_printf("test-%s", name);
    return rc < 0 ? -1 : 1;
}

static int fixed_secret(
    void *arg, const char *company, const char *name, char **value, struct err *e)
{
    (void)arg;
    (void)company;
    (void)e;
    *value = mem_printf("test-%s", name);
    return 1;
}

struct resolver *resolver_new(
    struct secrets *secrets, struct secrets_writer *writer, const char *env_patterns)
{
    struct resolver_impl *r = mem_zalloc(1, sizeof *r);
    r->face = (struct resolver){stored_secret, env_value, store_secret, stored_grant, store_grant,
        lock_grant, unlock_grant, r, false};
    r->secrets = secrets;
    r->writer = writer;
    r->patterns = mem_dup(env_patterns);
    return &r->face;
}

struct resolver *resolver_fixed(const char *env_patterns)
{
    struct resolver_impl *r = mem_zalloc(1, sizeof *r);
    r->face = (struct resolver){fixed_secret, fixed_env, no_secret_set, fixed_grant, no_secret_set,
        lock_grant, unlock_grant, r, true};
    r->patterns = mem_dup(env_patterns);
    return &r->face;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    struct resolver_impl *impl = r->arg;
    mem_free(impl->patterns);
    mem_free(impl);
}

void resolver_wipe(char *value)
{
    if (value)
        sodium_memzero(value, strlen(value));
    mem_free(value);
}
