#include "keyring.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "store_private.h"

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define KEY_HEX   (KEY_BYTES * 2)
#define TEXT_MAX  1024
#define DRAFT     ".draft."

static unsigned char *key_at(const struct keyring *k, int i)
{
    return k->keys + (size_t)i * KEY_BYTES;
}

static void name_key(const unsigned char *key, char id[KEY_ID_TEXT])
{
    unsigned char hash[(KEY_ID_TEXT - 1) / 2 + 8];
    crypto_generichash(
        hash, sizeof(hash), (const unsigned char *)"sauma key id", 12, key, KEY_BYTES);
    str_hex(id, hash, (KEY_ID_TEXT - 1) / 2);
}

/* ---- reading ---- */

/* Keys between white space; where: what messages call it. */
static int parse(struct keyring *k, struct str text, const char *where, struct err *e)
{
    size_t n;
    k->n = 0;
    while ((text = str_trim(text)).n) {
        size_t end = 0;
        while (end < text.n && !isspace((unsigned char)text.p[end]))
            end++;
        if (k->n == KEYS_MAX || end != KEY_HEX ||
            sodium_hex2bin(key_at(k, k->n), KEY_BYTES, text.p, end, NULL, &n, NULL) ||
            n != KEY_BYTES)
            return err_set(e, ERR_INPUT, "%s is not %d hexadecimal digits (or up to %d such lines)",
                where, (int)KEY_HEX, KEYS_MAX);
        name_key(key_at(k, k->n), k->ids[k->n]);
        k->n++;
        text = (struct str){text.p + end, text.n - end};
    }
    if (k->n == 0)
        return err_set(
            e, ERR_INPUT, "%s is empty; it is %d hexadecimal digits", where, (int)KEY_HEX);
    return 0;
}

/* others: mode bits that must not be set. */
static int read_file(struct keyring *k, const char *path, mode_t others, struct err *e)
{
    char text[TEXT_MAX];
    char *where = mem_printf("the key file %s", path);
    int rc = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait */
    if (fd < 0 || fstat(fd, &k->seen))
        err_set(e, ERR_IO, "cannot open %s: %s", where, strerror(errno));
    else if (!S_ISREG(k->seen.st_mode))
        err_set(e, ERR_INPUT, "%s is not a file", where);
    else if (k->seen.st_mode & others)
        err_set(e, ERR_DENIED, "others can read %s (mode %03o): chmod 600 it", where,
            k->seen.st_mode & 0777);
    else {
        ssize_t got = read(fd, text, sizeof(text));
        rc = got == sizeof(text)
                 ? err_set(e, ERR_INPUT, "%s is longer than keys are", where)
                 : parse(k, (struct str){text, got > 0 ? (size_t)got : 0}, where, e);
        sodium_memzero(text, sizeof(text));
    }
    if (fd >= 0)
        close(fd);
    mem_free(where);
    return rc;
}

/* ---- writing ---- */

/* All keys, in a file that did not exist. */
static int write_draft(const struct keyring *k, const char *path)
{
    char text[KEYS_MAX * (KEY_HEX + 1) + 1];
    size_t n = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    for (int i = 0; i < k->n; i++) {
        sodium_bin2hex(text + n, KEY_HEX + 1, key_at(k, i), KEY_BYTES);
        n += KEY_HEX;
        text[n++] = '\n';
    }
    bool ok = write(fd, text, n) == (ssize_t)n && !fsync(fd);
    sodium_memzero(text, sizeof(text));
    return close(fd) || !ok ? -1 : 0;
}

/* Made beside its place and put there whole: a crash or a second program at the same time leaves
 * neither half a file nor two. first: only if there is none yet. */
static int put_file(const char *dir, const struct keyring *k, bool first, struct err *e)
{
    char *draft = mem_printf("%s" DRAFT "%ld", k->path, (long)getpid());
    int rc = 0;
    unlink(draft); /* of a process that had this number and died here */
    if (write_draft(k, draft) ||
        (first ? link(draft, k->path) && errno != EEXIST : rename(draft, k->path)) ||
        folder_sync(dir))
        rc = err_set(e, ERR_IO, "cannot write the key file %s: %s", k->path, strerror(errno));
    unlink(draft);
    mem_free(draft);
    return rc;
}

static int make_file(const char *dir, struct keyring *k, struct err *e)
{
    randombytes_buf(key_at(k, 0), KEY_BYTES);
    k->n = 1;
    return put_file(dir, k, true, e);
}

/* The folder that a file stands in, owned. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? mem_dupn(path, slash > path ? (size_t)(slash - path) : 1) : mem_dup(".");
}

static int put_again(struct keyring *k, struct err *e)
{
    char *folder = folder_of(k->path);
    int rc = put_file(folder, k, false, e);
    if (rc == 0 && stat(k->path, &k->seen))
        rc = err_set(e, ERR_IO, "%s: %s", k->path, strerror(errno));
    mem_free(folder);
    return rc;
}

int keyring_add(const char *dir, struct keyring *k, struct err *e)
{
    if (!k->path)
        return err_set(e, ERR_INPUT,
            "the key is not in a file that can be written: put a new one (%d hexadecimal digits) "
            "before it where it comes from, both between white space, start the host with them, and "
            "say this again; then take the old one away",
            (int)KEY_HEX);
    if (k->n == KEYS_MAX)
        return err_set(e, ERR_LIMIT, "there are %d keys already", KEYS_MAX);
    memmove(key_at(k, 1), key_at(k, 0), (size_t)k->n * KEY_BYTES);
    memmove(k->ids[1], k->ids[0], (size_t)k->n * KEY_ID_TEXT);
    k->n++;
    randombytes_buf(key_at(k, 0), KEY_BYTES);
    name_key(key_at(k, 0), k->ids[0]);
    return put_again(k, e);
}

/* Those of who died at it hold keys that are to be gone. */
static void drop_drafts(const struct keyring *k)
{
    char *folder = folder_of(k->path);
    const char *slash = strrchr(k->path, '/');
    char *begins = mem_printf("%s" DRAFT, slash ? slash + 1 : k->path);
    DIR *d = opendir(folder);
    const struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (strncmp(entry->d_name, begins, strlen(begins)) == 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    mem_free(begins);
    mem_free(folder);
}

int keyring_drop_old(const char *dir, struct keyring *k, struct err *e)
{
    sodium_memzero(key_at(k, 1), (KEYS_MAX - 1) * KEY_BYTES);
    k->n = 1;
    if (!k->path)
        return 0;
    drop_drafts(k);
    return put_again(k, e);
}

/* ---- where they are ---- */

static char *credential(void)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char *path = folder && *folder ? mem_printf("%s/sauma-key", folder) : NULL;
    if (path && access(path, F_OK) && errno == ENOENT) { /* other errors are told by who reads it */
        mem_free(path);
        path = NULL;
    }
    return path;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool keyring_there(const char *dir)
{
    if (from_environment("SAUMA_KEY_FILE") || from_environment("SAUMA_KEY"))
        return true;
    char *path = credential();
    if (!path)
        path = folder_path(dir, "key");
    bool there = !access(path, F_OK);
    mem_free(path);
    return there;
}

static int load(const char *dir, struct keyring *k, struct err *e)
{
    const char *file = from_environment("SAUMA_KEY_FILE"), *key = from_environment("SAUMA_KEY");
    char *given = credential();
    int rc = 0;
    if (file) {
        k->path = mem_dup(file);
        rc = read_file(k, file, 077, e);
    } else if (key) {
        rc = parse(k, str_of(key), "SAUMA_KEY", e);
    } else if (given) { /* systemd may let the service's group read it */
        rc = read_file(k, given, 007, e);
    } else {
        k->path = folder_path(dir, "key");
        if (access(k->path, F_OK) && errno == ENOENT)
            rc = make_file(dir, k, e);
        rc = rc ? rc : read_file(k, k->path, 077, e);
    }
    mem_free(given);
    return rc;
}

int keyring_load(const char *dir, struct keyring *k, struct err *e)
{
    memset(k, 0, sizeof(*k));
    if (sodium_init() < 0 || !(k->keys = sodium_allocarray(KEYS_MAX, KEY_BYTES)))
        return err_set(e, ERR_IO, "libsodium does not start");
    if (load(dir, k, e) == 0)
        return 0;
    keyring_free(k);
    return -1;
}

void keyring_free(struct keyring *k)
{
    sodium_free(k->keys); /* zeroes, also for NULL */
    mem_free(k->path);
    memset(k, 0, sizeof(*k));
}

const unsigned char *keyring_find(const struct keyring *k, const char *id)
{
    for (int i = 0; i < k->n; i++)
        if (strcmp(k->ids[i], id) == 0)
            return key_at(k, i);
    return NULL;
}

bool keyring_changed(const struct keyring *k)
{
    struct stat now;
    if (!k->path || stat(k->path, &now))
        return false;
    return now.st_ino != k->seen.st_ino || now.st_dev != k->seen.st_dev ||
           now.st_mtim.tv_sec != k->seen.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != k->seen.st_mtim.tv_nsec;
}
