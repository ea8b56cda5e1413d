/* What the file system says of a data folder. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "keyring.h"
#include "doctor.h"
#include "mem.h"

#define MB ((int64_t)1 << 20)
/* The store keeps its log at 16 MB; only a reader that does not end makes it grow. */
#define LOG_LARGE (64 * MB)
/* Less is as good as none; and less than that is soon less. */
#define DISK_BAD  (64 * MB)
#define DISK_WARN (1024 * MB)

static int64_t size_of(const struct doctor *d, const char *name)
{
    struct stat st;
    char *path = folder_path(d->dir, name);
    int rc = stat(path, &st);
    mem_free(path);
    return rc ? -1 : st.st_size;
}

static void check_access(struct doctor *d, const char *check, const char *name, mode_t wanted)
{
    struct stat st;
    char next[1200];
    char *path = *name ? folder_path(d->dir, name) : mem_dup(d->dir);
    if (stat(path, &st)) {
        if (errno != ENOENT || !*name)
            doctor_say(d, DOCTOR_BAD, check, "is --data right, and may you read it?", "%s: %s",
                path, strerror(errno));
    } else if (st.st_mode & 077) {
        snprintf(next, sizeof(next), "chmod %o %s", (unsigned)wanted, path);
        doctor_say(d, DOCTOR_WARN, check, next, "others may read %s (mode %03o)", path,
            (unsigned)(st.st_mode & 0777));
    } else {
        doctor_say(d, DOCTOR_OK, check, "", "%s is its owner's alone", path);
    }
    mem_free(path);
}

static void check_disk(struct doctor *d)
{
    struct statvfs fs;
    if (statvfs(d->dir, &fs))
        return;
    int64_t room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    int64_t all = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    enum doctor_level l = room < DISK_BAD                       ? DOCTOR_BAD
                          : room < DISK_WARN && room < all / 10 ? DOCTOR_WARN
                                                                : DOCTOR_OK;
    doctor_say(d, l, "disk",
        "make room: while the disk is full every delivery is answered with 503",
        "%lld MB free of %lld MB", (long long)(room / MB), (long long)(all / MB));
}

static void check_log(struct doctor *d)
{
    int64_t n = size_of(d, STORE_FILE "-wal");
    doctor_say(d, n > LOG_LARGE ? DOCTOR_WARN : DOCTOR_OK, "log",
        "a program that reads the store for long keeps it from being emptied: end it",
        "the write-ahead log has %lld MB, the store %lld MB", (long long)((n < 0 ? 0 : n) / MB),
        (long long)(size_of(d, STORE_FILE) / MB));
}

static void look_for_host(struct doctor *d)
{
    char text[32] = "";
    char *path = folder_path(d->dir, "lock");
    FILE *f = fopen(path, "re");
    mem_free(path);
    int64_t pid = 0;
    if (f) {
        size_t n = fread(text, 1, sizeof(text) - 1, f);
        if (!str_to_i64(str_trim((struct str){text, n}), &pid))
            pid = 0;
        fclose(f);
    }
    d->host = pid > 0 && (!kill((pid_t)pid, 0) || errno == EPERM) && size_of(d, "host") > 0;
    if (d->host)
        doctor_say(d, DOCTOR_OK, "host", "", "a host runs on it (pid %lld)", (long long)pid);
    else
        doctor_say(d, DOCTOR_WARN, "host", "start `sauma serve`, unless it is meant to rest",
            "no host runs on it");
}

void doctor_folder(struct doctor *d)
{
    check_access(d, "folder", "", 0700);
    check_access(d, "file", STORE_FILE, 0600);
    check_disk(d);
    check_log(d);
    look_for_host(d);
}

bool doctor_key(struct doctor *d)
{
    struct keyring k;
    struct err e = {0};
    int64_t all = sql_int(d->sql, "SELECT count(*) FROM secrets");
    if (!keyring_there(d->dir)) {
        if (all > 0)
            doctor_say(d, DOCTOR_BAD, "key", "bring the key file back, or set all secrets again",
                "the key file is missing, and with it %lld secrets", (long long)all);
        else
            doctor_say(d, DOCTOR_OK, "key", "", "there is no key yet, and no secret");
        return all == 0;
    }
    if (keyring_load(d->dir, &k, &e)) {
        doctor_say(
            d, DOCTOR_BAD, "key", "no secret can be opened until this is put right", "%s", e.text);
        return false;
    }
    int64_t other = secrets_foreign(d->sql, &k), harmed = secrets_harmed(d->sql, &k);
    bool changing = k.n > 1;
    keyring_free(&k);
    if (other)
        doctor_say(d, DOCTOR_BAD, "key", "bring that key file back, or set these secrets again",
            "%lld of %lld secrets were sealed with another key", (long long)other, (long long)all);
    else if (harmed)
        doctor_say(d, DOCTOR_BAD, "key", "set those secrets again that a company needs below",
            "%lld of %lld secrets do not open: their rows were changed or moved", (long long)harmed,
            (long long)all);
    else if (changing)
        doctor_say(d, DOCTOR_WARN, "key", "say `sauma secret rotate-key`, which ends it",
            "a change of keys was begun and not ended; all %lld secrets can be opened",
            (long long)all);
    else
        doctor_say(d, DOCTOR_OK, "key", "", "its owner's alone, and it opens all %lld secrets",
            (long long)all);
    return true;
}
