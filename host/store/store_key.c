/* The key that seals the secrets: a file that only its owner can read. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "store_private.h"

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define KEY_HEX   (KEY_BYTES * 2)

/* A new key as hex digits and a newline, in a file that did not exist. */
static int write_key(const char *path)
{
    unsigned char key[KEY_BYTES];
    char text[KEY_HEX + 2];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    randombytes_buf(key, sizeof(key));
    sodium_bin2hex(text, sizeof(text), key, sizeof(key));
    text[KEY_HEX] = '\n';
    bool ok = write(fd, text, KEY_HEX + 1) == (ssize_t)(KEY_HEX + 1) && !fsync(fd);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    return close(fd) || !ok ? -1 : 0;
}

/* Makes the key beside its place and links it there: a crash or a second program at the same time
 * can leave neither half a key nor two. The key is on disk before anything is sealed with it. */
static int make_key(const char *dir, const char *path, struct err *e)
{
    char *draft = mem_printf("%s/key.%ld", dir, (long)getpid());
    int rc = 0;
    unlink(draft); /* of a process that had this number and died here */
    if (write_key(draft) || (link(draft, path) && errno != EEXIST) || folder_sync(dir))
        rc = err_set(e, ERR_IO, "cannot make the key file %s: %s", path, strerror(errno));
    unlink(draft);
    mem_free(draft);
    return rc;
}

static int read_key(int fd, const char *path, unsigned char *key, struct err *e)
{
    struct stat st;
    char text[KEY_HEX + 2];
    size_t n;
    if (fstat(fd, &st))
        return err_set(e, ERR_IO, "cannot look at the key file %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "the key file %s is not a file", path);
    if (st.st_mode & 077)
        return err_set(e, ERR_DENIED, "others can read the key file %s (mode %03o): chmod 600 it",
            path, st.st_mode & 0777);
    ssize_t got = read(fd, text, sizeof(text));
    struct str s = str_trim((struct str){text, got > 0 ? (size_t)got : 0});
    bool ok = s.n == KEY_HEX && !sodium_hex2bin(key, KEY_BYTES, s.p, s.n, NULL, &n, NULL) &&
              n == KEY_BYTES;
    sodium_memzero(text, sizeof(text));
    if (!ok)
        return err_set(
            e, ERR_INPUT, "the key file %s is not %d hexadecimal digits", path, (int)KEY_HEX);
    return 0;
}

/* A name for the key that says nothing about it. */
static void name_key(const unsigned char *key, char id[KEY_ID_TEXT])
{
    unsigned char hash[(KEY_ID_TEXT - 1) / 2 + 8];
    crypto_generichash(
        hash, sizeof(hash), (const unsigned char *)"sauma key id", 12, key, KEY_BYTES);
    str_hex(id, hash, (KEY_ID_TEXT - 1) / 2);
}

/* *given: the environment says where it is, and it is not made there. */
static char *key_path(const char *dir, bool *given)
{
    const char *path = getenv("SAUMA_KEY_FILE");
    *given = path && *path;
    return *given ? mem_dup(path) : folder_path(dir, "key");
}

bool key_there(const char *dir)
{
    bool given;
    char *path = key_path(dir, &given);
    bool there = !access(path, F_OK);
    mem_free(path);
    return there;
}

int key_load(const char *dir, unsigned char *key, char id[KEY_ID_TEXT], struct err *e)
{
    bool given;
    char *path = key_path(dir, &given);
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !given) {
        rc = make_key(dir, path, e);
        fd = rc ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    }
    if (!rc && fd < 0)
        rc = err_set(e, ERR_IO, "cannot open the key file %s: %s", path, strerror(errno));
    if (!rc)
        rc = read_key(fd, path, key, e);
    if (!rc)
        name_key(key, id);
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}
