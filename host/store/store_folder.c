/* The data folder: private to its owner, and of one host at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "store_private.h"

int folder_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

/* A folder that was just made is itself an entry, which a power cut could take. */
static int sync_parent(const char *dir)
{
    char *up = mem_printf("%s/..", dir);
    int rc = folder_sync(up);
    mem_free(up);
    return rc;
}

int folder_make(const char *dir, struct err *e)
{
    struct stat st;
    int rc = mkdir(dir, 0700);
    if (!rc)
        rc = sync_parent(dir);
    if (rc && errno != EEXIST)
        return err_set(e, ERR_IO, "cannot make the data folder %s: %s", dir, strerror(errno));
    if (stat(dir, &st) || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_INPUT, "the data folder %s is not a folder", dir);
    return 0;
}

char *folder_path(const char *dir, const char *name)
{
    return mem_printf("%s/%s", dir, name);
}

/* The process id that the holder has written, 0 if it cannot be read. */
static int64_t holder(int fd)
{
    char text[32];
    int64_t pid;
    ssize_t n = pread(fd, text, sizeof(text), 0);
    struct str s = {text, n > 0 ? (size_t)n : 0};
    return str_to_i64(str_trim(s), &pid) ? pid : 0;
}

int folder_lock(const char *dir, struct err *e)
{
    char *path = folder_path(dir, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        err_set(e, ERR_IO, "cannot open %s: %s", path, strerror(errno));
    } else if (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            err_set(e, ERR_CONFLICT, "another sauma (pid %lld) is using this data folder: %s",
                (long long)holder(fd), dir);
        else
            err_set(e, ERR_IO, "cannot lock %s: %s", path, strerror(errno));
        close(fd);
        fd = -1;
    } else if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
        /* The lock itself needs no space; the pid is only for people. */
        (void)!ftruncate(fd, 0);
    }
    mem_free(path);
    return fd;
}
