/* The keys that seal secrets. The first one seals; the others, which a change of keys that is under
 * way leaves for a moment, only open. They come, in this order, from the file that SAUMA_KEY_FILE
 * names, from SAUMA_KEY itself, from the systemd credential "sauma-key", or from DIR/key, which is
 * made at first use. A key is 64 hexadecimal digits, one a line. */
#ifndef KEYRING_H
#define KEYRING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "err.h"

#define KEYS_MAX    4
#define KEY_ID_TEXT 17 /* a key's name, which says nothing about it */

struct keyring {
    unsigned char *keys; /* in locked memory, KEYS_MAX of them */
    char ids[KEYS_MAX][KEY_ID_TEXT];
    int n;
    char *path;       /* of the file; NULL: they are not in one that we may write */
    struct stat seen; /* the file, when it was read */
};

/* True if there are keys, or a file that should hold them. */
bool keyring_there(const char *dir);
/* -1 and e: there are none, others can read them, or they are no keys. Makes DIR/key if nothing
 * else is said and it is not there. */
int keyring_load(const char *dir, struct keyring *k, struct err *e);
void keyring_free(struct keyring *k); /* zeroes */
/* The key of that name, or NULL. */
const unsigned char *keyring_find(const struct keyring *k, const char *id);
/* True if the file is another one than that which was read. */
bool keyring_changed(const struct keyring *k);
/* A new key becomes the first, in the file too: on disk before anything is sealed with it. */
int keyring_add(const char *dir, struct keyring *k, struct err *e);
/* All but the first go. */
int keyring_drop_old(const char *dir, struct keyring *k, struct err *e);

#endif
