/* Secrets at rest, see secrets.h. The plain text exists only in locked memory that is zeroed when
 * it is given back. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "mem.h"
#include "secrets.h"
#include "store_private.h"

#define KEY_BYTES   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES

struct secrets {
    struct sql *sql;
    int locks;          /* file of secrets_lock */
    unsigned char *key; /* in locked memory */
    char key_id[KEY_ID_TEXT];
};

static int locks_open(struct secrets *s, const char *dir, struct err *e)
{
    char *path = folder_path(dir, "locks");
    s->locks = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = s->locks < 0 ? err_set(e, ERR_IO, "%s: %s", path, strerror(errno)) : 0;
    mem_free(path);
    return rc;
}

struct secrets *secrets_open(const char *dir, struct err *e)
{
    struct secrets *s = mem_zalloc(1, sizeof(*s));
    s->locks = -1;
    if (sodium_init() < 0 || !(s->key = sodium_malloc(KEY_BYTES))) {
        err_set(e, ERR_IO, "libsodium does not start");
        goto fail;
    }
    if (folder_make(dir, e) || key_load(dir, s->key, s->key_id, e))
        goto fail;
    sodium_mprotect_readonly(s->key);
    s->sql = sql_open(dir, SQL_WRITER, e);
    if (!s->sql || schema_migrate(s->sql, e) || locks_open(s, dir, e))
        goto fail;
    return s;
fail:
    secrets_close(s);
    return NULL;
}

void secrets_close(struct secrets *s)
{
    if (!s)
        return;
    sql_close(s->sql);
    if (s->locks >= 0)
        close(s->locks);
    sodium_free(s->key);
    mem_free(s);
}

/* Associated data: whose secret this is, and under which key. The NULs keep "ab","c" from being
 * "a","bc". */
static void bind_owner(struct buf *b, const char *company, const char *name, const char *key_id)
{
    buf_init(b, BUF_MAX_DEFAULT);
    buf_add(b, company, strlen(company) + 1);
    buf_add(b, name, strlen(name) + 1);
    buf_add(b, key_id, strlen(key_id) + 1);
}

static int check_names(const char *company, const char *name, struct err *e)
{
    if (company && *company && name && *name)
        return 0;
    return err_set(e, ERR_INPUT, "a secret needs a company and a name");
}

static int put(struct secrets *s, const char *company, const char *name, const unsigned char *nonce,
    struct str box)
{
    sql_forgive(s->sql);
    struct query *q = sql_use(s->sql, Q_SECRET_SET,
        "INSERT INTO secrets (company, name, key_id, nonce, box, set_ms) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (company, name) DO UPDATE SET key_id = excluded.key_id,"
        " nonce = excluded.nonce, box = excluded.box, set_ms = excluded.set_ms");
    query_text(q, company);
    query_text(q, name);
    query_text(q, s->key_id);
    query_blob(q, (struct str){(const char *)nonce, NONCE_BYTES});
    query_blob(q, box);
    query_int(q, clock_wall_ms());
    return query_run(q);
}

int secrets_set(
    struct secrets *s, const char *company, const char *name, struct str value, struct err *e)
{
    unsigned char nonce[NONCE_BYTES];
    unsigned long long n = 0;
    struct buf owner;
    if (check_names(company, name, e))
        return -1;
    if (value.n == 0)
        return err_set(e, ERR_INPUT, "secret '%s' of %s is empty", name, company);
    if (memchr(value.p, 0, value.n))
        return err_set(e, ERR_INPUT, "secret '%s' of %s holds a NUL byte", name, company);
    bind_owner(&owner, company, name, s->key_id);
    unsigned char *box = mem_alloc(value.n + TAG_BYTES);
    randombytes_buf(nonce, sizeof(nonce));
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, &n, (const unsigned char *)value.p, value.n,
        (const unsigned char *)owner.p, owner.n, NULL, nonce, s->key);
    int rc = put(s, company, name, nonce, (struct str){(const char *)box, (size_t)n});
    if (rc)
        sql_fail(s->sql, e, "cannot store the secret");
    mem_free(box);
    buf_free(&owner);
    return rc;
}

/* Opens the box of the current row. */
static int unseal(struct secrets *s, struct query *q, const char *company, const char *name,
    char **value, struct err *e)
{
    const char *key_id = query_col_text(q, 0);
    struct str nonce = query_col(q, 1), box = query_col(q, 2);
    struct buf owner;
    if (strcmp(key_id, s->key_id) != 0)
        return err_set(e, ERR_DENIED,
            "secret '%s' of %s was sealed with another key (%s; this is "
            "%s): bring that key file back or set the secret again",
            name, company, key_id, s->key_id);
    int rc = -1;
    if (nonce.n == NONCE_BYTES && box.n > TAG_BYTES) {
        *value = sodium_malloc(box.n - TAG_BYTES + 1);
        if (!*value)
            return err_set(e, ERR_IO, "no locked memory for a secret");
        bind_owner(&owner, company, name, key_id);
        rc = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)*value, NULL, NULL,
            (const unsigned char *)box.p, box.n, (const unsigned char *)owner.p, owner.n,
            (const unsigned char *)nonce.p, s->key);
        buf_free(&owner);
    }
    if (rc) {
        secrets_wipe(*value);
        *value = NULL;
        return err_set(e, ERR_DENIED,
            "secret '%s' of %s does not open: its row was changed or "
            "moved; set the secret again",
            name, company);
    }
    (*value)[box.n - TAG_BYTES] = 0;
    return 1;
}

int secrets_get(
    struct secrets *s, const char *company, const char *name, char **value, struct err *e)
{
    *value = NULL;
    sql_forgive(s->sql);
    struct query *q = sql_use(s->sql, Q_SECRET_GET,
        "SELECT key_id, nonce, box FROM secrets WHERE company = ? AND name = ?");
    query_text(q, company);
    query_text(q, name);
    int rc = query_row(q);
    if (rc < 0)
        return sql_fail(s->sql, e, "cannot read the secret");
    if (rc == 1) {
        rc = unseal(s, q, company, name, value, e);
        query_done(q);
    }
    return rc;
}

void secrets_wipe(char *value)
{
    sodium_free(value); /* zeroes, also for NULL */
}

/* A byte of the lock file that stands for the name: two names that share one wait for each other,
 * which is no harm. The lock is the open file's, and ends with it however the process ends. */
static int lock_byte(struct secrets *s, short type, const char *company, const char *name)
{
    unsigned char hash[16];
    struct buf owner;
    uint32_t at;
    bind_owner(&owner, company, name, "");
    crypto_generichash(hash, sizeof hash, (const unsigned char *)owner.p, owner.n, NULL, 0);
    buf_free(&owner);
    memcpy(&at, hash, sizeof at);
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = at & 0x7fffffff, .l_len = 1};
    return fcntl(s->locks, F_OFD_SETLK, &l);
}

int secrets_lock(struct secrets *s, const char *company, const char *name, struct err *e)
{
    if (lock_byte(s, F_WRLCK, company, name) == 0)
        return 1;
    if (errno == EAGAIN || errno == EACCES)
        return 0;
    return err_set(e, ERR_IO, "cannot lock '%s' of %s: %s", name, company, strerror(errno));
}

void secrets_unlock(struct secrets *s, const char *company, const char *name)
{
    lock_byte(s, F_UNLCK, company, name);
}

int secrets_remove(struct secrets *s, const char *company, const char *name, struct err *e)
{
    sql_forgive(s->sql);
    struct query *q =
        sql_use(s->sql, Q_SECRET_REMOVE, "DELETE FROM secrets WHERE company = ? AND name = ?");
    query_text(q, company);
    query_text(q, name);
    if (query_run(q))
        return sql_fail(s->sql, e, "cannot remove the secret");
    return sqlite3_changes64(s->sql->h) ? 1 : 0;
}

int secrets_list(struct secrets *s, const char *company,
    int (*fn)(void *arg, const char *company, const char *name, int64_t set_ms), void *arg,
    struct err *e)
{
    int rc;
    sql_forgive(s->sql);
    struct query *q = company
                          ? sql_use(s->sql, Q_SECRET_LIST_ONE,
                                "SELECT company, name, set_ms FROM secrets WHERE company = ?"
                                " AND name NOT LIKE '.%' ORDER BY name")
                          : sql_use(s->sql, Q_SECRET_LIST,
                                "SELECT company, name, set_ms FROM secrets WHERE name NOT LIKE '.%'"
                                " ORDER BY company, name");
    if (company)
        query_text(q, company);
    while ((rc = query_row(q)) == 1)
        if (fn(arg, query_col_text(q, 0), query_col_text(q, 1), query_col_int(q, 2)))
            break;
    query_done(q);
    return rc < 0 ? sql_fail(s->sql, e, "cannot list the secrets") : 0;
}
