/* What is left of a text in the files of a data folder, whoever wrote them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "needle.h"
#include "store_erase.h"
#include "store_private.h"

#define PIECE ((size_t)1 << 20)

static bool file_holds(struct needles *d, const char *path)
{
    size_t overlap = 0, have = 0;
    bool found = false;
    for (int i = 0; i < d->n; i++)
        if (d->text[i].n * 6 > overlap) /* an escape of a byte has six at most */
            overlap = d->text[i].n * 6;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    char *piece = mem_alloc(PIECE + overlap);
    ssize_t n;
    while (!found && (n = read(fd, piece + have, PIECE)) > 0) {
        have += (size_t)n;
        found = needles_in(d, (struct str){piece, have});
        size_t keep = have < overlap ? have : overlap;
        memmove(piece, piece + have - keep, keep);
        have = keep;
    }
    mem_free(piece);
    close(fd);
    return found;
}

static void look_in(
    struct needles *d, const char *dir, int depth, void (*fn)(void *, const char *), void *arg)
{
    DIR *h = opendir(dir);
    struct dirent *entry;
    while (h && (entry = readdir(h))) {
        struct stat st;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        char *path = folder_path(dir, entry->d_name);
        if (!lstat(path, &st)) {
            if (S_ISDIR(st.st_mode) && depth > 0)
                look_in(d, path, depth - 1, fn, arg);
            else if (S_ISREG(st.st_mode) && file_holds(d, path))
                fn(arg, path);
        }
        mem_free(path);
    }
    if (h)
        closedir(h);
}

int store_erase_look(const char *dir, const struct store_erase *q,
    void (*fn)(void *arg, const char *path), void *arg, struct err *e)
{
    struct needles d;
    if (access(dir, R_OK))
        return err_set(e, ERR_IO, "cannot read %s: %s", dir, strerror(errno));
    needles_init(&d, q->texts, q->ntexts);
    if (q->ntexts)
        look_in(&d, dir, 4, fn, arg);
    needles_free(&d);
    return 0;
}
