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
#include "fault.h"
#include "keyring.h"
#include "secrets.h"
#include "store_private.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES

struct secrets {
    struct sql *sql;
    int locks; /* file of secrets_lock */
    char *dir;
    struct keyring ring;
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
    s->dir = mem_dup(dir);
    if (folder_make(dir, e) || keyring_load(dir, &s->ring, e))
        goto fail;
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
    keyring_free(&s->ring);
    mem_free(s->dir);
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

/* ---- who may use which keys when ---- */

/* The byte of the lock file that is all keys; names have those below 2^31. */
#define KEYS_BYTE ((off_t)1 << 31)

/* Who seals holds it with others; who changes the keys, alone. Waits. */
static int lock_keys(struct secrets *s, short type, struct err *e)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = KEYS_BYTE, .l_len = 1};
    int rc;
    while ((rc = fcntl(s->locks, F_OFD_SETLKW, &l)) && errno == EINTR)
        ;
    return rc ? err_set(e, ERR_IO, "cannot lock the keys: %s", strerror(errno)) : 0;
}

/* Keys as they are now: another process may have changed them. */
static int read_keys(struct secrets *s, struct err *e)
{
    struct keyring now;
    if (!keyring_changed(&s->ring))
        return 0;
    if (keyring_load(s->dir, &now, e))
        return -1;
    keyring_free(&s->ring);
    s->ring = now;
    return 0;
}

/* ---- sealing ---- */

struct box {
    unsigned char nonce[NONCE_BYTES];
    unsigned char *p; /* to be freed */
    unsigned long long n;
};

/* With the first key. */
static void seal(
    struct secrets *s, const char *company, const char *name, struct str value, struct box *out)
{
    struct buf owner;
    bind_owner(&owner, company, name, s->ring.ids[0]);
    out->p = mem_alloc(value.n + TAG_BYTES);
    randombytes_buf(out->nonce, sizeof(out->nonce));
    crypto_aead_xchacha20poly1305_ietf_encrypt(out->p, &out->n, (const unsigned char *)value.p,
        value.n, (const unsigned char *)owner.p, owner.n, NULL, out->nonce, s->ring.keys);
    buf_free(&owner);
}

static int put(struct secrets *s, const char *company, const char *name, const struct box *box)
{
    sql_forgive(s->sql);
    struct query *q = sql_use(s->sql, Q_SECRET_SET,
        "INSERT INTO secrets (company, name, key_id, nonce, box, set_ms) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (company, name) DO UPDATE SET key_id = excluded.key_id,"
        " nonce = excluded.nonce, box = excluded.box, set_ms = excluded.set_ms");
    query_text(q, company);
    query_text(q, name);
    query_text(q, s->ring.ids[0]);
    query_blob(q, (struct str){(const char *)box->nonce, NONCE_BYTES});
    query_blob(q, (struct str){(const char *)box->p, (size_t)box->n});
    query_int(q, clock_wall_ms());
    return query_run(q);
}

static int seal_and_put(
    struct secrets *s, const char *company, const char *name, struct str value, struct err *e)
{
    struct box box;
    seal(s, company, name, value, &box);
    int rc = put(s, company, name, &box);
    if (rc)
        sql_fail(s->sql, e, "cannot store the secret");
    mem_free(box.p);
    return rc;
}

static int put_unless(struct secrets *s, const char *company, const char *name, struct str value,
    secrets_keep_fn keep, struct err *e)
{
    char *there = NULL;
    sql_forgive(s->sql);
    if (sql_exec(s->sql, "BEGIN IMMEDIATE"))
        return sql_fail(s->sql, e, "cannot store the secret");
    bool kept = secrets_get(s, company, name, &there, NULL) == 1 && keep(there, value);
    secrets_wipe(there);
    int rc = kept ? 1 : seal_and_put(s, company, name, value, e);
    if (rc == 0 && sql_exec(s->sql, "COMMIT"))
        rc = sql_fail(s->sql, e, "cannot store the secret");
    if (rc)
        sql_exec(s->sql, "ROLLBACK");
    return rc;
}

int secrets_set(
    struct secrets *s, const char *company, const char *name, struct str value, struct err *e)
{
    return secrets_set_unless(s, company, name, value, NULL, e);
}

int secrets_set_unless(struct secrets *s, const char *company, const char *name, struct str value,
    secrets_keep_fn keep, struct err *e)
{
    if (check_names(company, name, e))
        return -1;
    if (value.n == 0)
        return err_set(e, ERR_INPUT, "secret '%s' of %s is empty", name, company);
    if (memchr(value.p, 0, value.n))
        return err_set(e, ERR_INPUT, "secret '%s' of %s holds a NUL byte", name, company);
    if (lock_keys(s, F_RDLCK, e))
        return -1;
    int rc = read_keys(s, e);
    if (rc == 0)
        rc = keep ? put_unless(s, company, name, value, keep, e)
                  : seal_and_put(s, company, name, value, e);
    lock_keys(s, F_UNLCK, NULL);
    return rc;
}

/* The box of the current row. 1; 0: it does not open with that key; -1 and e: no memory for it. */
static int open_box(struct query *q, const unsigned char *key, const char *company,
    const char *name, char **value, struct err *e)
{
    struct str nonce = query_col(q, 1), box = query_col(q, 2);
    struct buf owner;
    if (nonce.n != NONCE_BYTES || box.n <= TAG_BYTES)
        return 0;
    *value = sodium_malloc(box.n - TAG_BYTES + 1);
    if (!*value)
        return err_set(e, ERR_IO, "no locked memory for a secret");
    bind_owner(&owner, company, name, query_col_text(q, 0));
    int rc = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)*value, NULL, NULL,
        (const unsigned char *)box.p, box.n, (const unsigned char *)owner.p, owner.n,
        (const unsigned char *)nonce.p, key);
    buf_free(&owner);
    if (rc == 0) {
        (*value)[box.n - TAG_BYTES] = 0;
        return 1;
    }
    secrets_wipe(*value);
    *value = NULL;
    return 0;
}

/* The secret of the current row. */
static int unseal(struct secrets *s, struct query *q, const char *company, const char *name,
    char **value, struct err *e)
{
    const char *key_id = query_col_text(q, 0);
    const unsigned char *key = keyring_find(&s->ring, key_id);
    if (!key && read_keys(s, NULL) == 0)
        key = keyring_find(&s->ring, key_id);
    if (!key)
        return err_set(e, ERR_DENIED,
            "secret '%s' of %s was sealed with another key (%s; this is "
            "%s): bring that key file back or set the secret again",
            name, company, key_id, s->ring.ids[0]);
    int rc = open_box(q, key, company, name, value, e);
    return rc ? rc
              : err_set(e, ERR_DENIED,
                    "secret '%s' of %s does not open: its row was changed or "
                    "moved; set the secret again",
                    name, company);
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

/* ---- another key ---- */

/* The row that stands open in q is sealed with the first key; one that does not open stays. With no
 * memory to open it nothing is known of it, and the old key must stay as well. */
static int seal_again(struct secrets *s, struct query *q, int *n)
{
    const char *company = query_col_text(q, 3), *name = query_col_text(q, 4);
    char *value = NULL;
    struct box box;
    struct err e = {0};
    if (unseal(s, q, company, name, &value, &e) != 1)
        return e.code == ERR_IO ? -1 : 0;
    seal(s, company, name, str_of(value), &box);
    secrets_wipe(value);
    struct query *u = sql_use(s->sql, Q_SECRET_AGAIN,
        "UPDATE secrets SET key_id = ?, nonce = ?, box = ? WHERE company = ? AND name = ?");
    query_text(u, s->ring.ids[0]);
    query_blob(u, (struct str){(const char *)box.nonce, NONCE_BYTES});
    query_blob(u, (struct str){(const char *)box.p, (size_t)box.n});
    query_text(u, company);
    query_text(u, name);
    int rc = query_run(u);
    mem_free(box.p);
    *n += 1;
    return rc;
}

static int seal_all(struct secrets *s, int *n, struct err *e)
{
    int rc, failed = 0;
    sql_forgive(s->sql);
    if (sql_exec(s->sql, "BEGIN IMMEDIATE"))
        return sql_fail(s->sql, e, "cannot change the secrets");
    struct query *q = sql_use(s->sql, Q_SECRET_ALL,
        "SELECT key_id, nonce, box, company, name FROM secrets WHERE key_id <> ?");
    query_text(q, s->ring.ids[0]);
    while (!failed && (rc = query_row(q)) == 1)
        failed = seal_again(s, q, n);
    query_done(q);
    if (failed || rc < 0 || sql_exec(s->sql, "COMMIT")) {
        sql_fail(s->sql, e, "cannot change the secrets");
        sql_exec(s->sql, "ROLLBACK");
        return -1;
    }
    return 0;
}

int64_t secrets_foreign(struct sql *sql, const struct keyring *k)
{
    int64_t known = 0;
    for (int i = 0; i < k->n; i++) {
        struct query q = query_prepare(sql, "SELECT count(*) FROM secrets WHERE key_id = ?");
        query_text(&q, k->ids[i]);
        known += query_row(&q) == 1 ? query_col_int(&q, 0) : 0;
        query_free(&q);
    }
    return sql_int(sql, "SELECT count(*) FROM secrets") - known;
}

int64_t secrets_harmed(struct sql *sql, const struct keyring *k)
{
    int64_t harmed = 0;
    struct query q = query_prepare(sql, "SELECT key_id, nonce, box, company, name FROM secrets");
    while (query_row(&q) == 1) {
        const unsigned char *key = keyring_find(k, query_col_text(&q, 0));
        char *value = NULL;
        harmed += key && open_box(&q, key, query_col_text(&q, 3), query_col_text(&q, 4), &value,
                             NULL) == 0;
        secrets_wipe(value);
    }
    query_free(&q);
    return harmed;
}

int64_t secrets_unopened(struct secrets *s)
{
    return secrets_foreign(s->sql, &s->ring);
}

/* The new key is on disk beside the old one before a secret is sealed with it, and the old one goes
 * when none is left that needs it. */
int secrets_rotate(struct secrets *s, int *n, struct err *e)
{
    *n = 0;
    if (lock_keys(s, F_WRLCK, e))
        return -1;
    int rc = read_keys(s, e);
    if (rc == 0 && s->ring.n == 1)
        rc = keyring_add(s->dir, &s->ring, e);
    FAULT_POINT("key_added");
    if (rc == 0)
        rc = seal_all(s, n, e);
    FAULT_POINT("key_used");
    if (rc == 0)
        rc = keyring_drop_old(s->dir, &s->ring, e);
    lock_keys(s, F_UNLCK, NULL);
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
