/* Is this the newest state of the folder, or yesterday's put back? Two things tell:
 *
 * - the file sauma.db is not the one that was written last: another inode, or one that was made at
 *   another time. A file that was copied here, or came with a copied folder, is such a one;
 * - the file DIR/seen names an event that the store does not have: the store is older than the
 *   folder around it.
 *
 * What neither tells: all files of the folder written back into the files that are there, and the
 * disk of a virtual machine set back. Then a person has to say it (`sauma restore --mark`). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "store_private.h"

#define META_INODE "file_inode"
#define META_BORN  "file_born"
#define SEEN_TEXT  24

struct place {
    int fd;       /* of DIR/seen; -1: it cannot be written */
    int64_t seen; /* what stands there */
};

/* The newest event; -1 and sql->rc. */
static int64_t newest(struct sql *s)
{
    struct query *q = sql_use(s, Q_NEWEST, "SELECT coalesce(max(seq), 0) FROM events");
    int64_t n = query_row(q) == 1 ? query_col_int(q, 0) : -1;
    query_done(q);
    return n;
}

/* 0 if nothing, or nothing that can be read, stands there. */
static int64_t read_seen(int fd)
{
    char text[SEEN_TEXT];
    int64_t n;
    ssize_t got = pread(fd, text, sizeof(text), 0);
    struct str s = str_trim((struct str){text, got > 0 ? (size_t)got : 0});
    return str_to_i64(s, &n) && n > 0 ? n : 0;
}

/* Inode and time of birth in ms (0: this file system does not tell) of the store's file. */
static void identify(const char *dir, int64_t *inode, int64_t *born)
{
    struct statx st = {0};
    char *path = folder_path(dir, STORE_FILE);
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &st))
        memset(&st, 0, sizeof(st));
    mem_free(path);
    *inode = (int64_t)(st.stx_ino & INT64_MAX);
    *born =
        st.stx_mask & STATX_BTIME ? st.stx_btime.tv_sec * 1000 + st.stx_btime.tv_nsec / 1000000 : 0;
}

static int mark(struct sql *s, const char *dir, const char *why)
{
    log_event(LOG_WARN, "store was restored or copied", "dir", dir, "why", why, "next",
        "for some time nothing is made outside before it was looked for", NULL);
    return meta_mark_restored(s);
}

/* In one transaction: what is found is written down with what follows from it. */
static int compare(struct place *p, struct sql *s, const char *dir)
{
    int64_t inode, born, n = newest(s);
    identify(dir, &inode, &born);
    int64_t inode_was = meta_get(s, META_INODE), born_was = meta_get(s, META_BORN);
    if (n < 0 || inode_was < 0 || born_was < 0)
        return -1;
    int rc = 0;
    if (inode_was && (inode_was != inode || (born && born_was && born != born_was)))
        rc = mark(s, dir, "the file " STORE_FILE " is a copy");
    else if (p->seen > n)
        rc = mark(s, dir, "the folder has seen events that " STORE_FILE " does not hold");
    if (rc || meta_set(s, META_INODE, inode) || meta_set(s, META_BORN, born))
        return -1;
    return 0;
}

struct place *place_check(struct sql *s, const char *dir, struct err *e)
{
    struct place *p = mem_zalloc(1, sizeof(*p));
    char *path = folder_path(dir, "seen");
    p->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    mem_free(path);
    p->seen = p->fd < 0 ? 0 : read_seen(p->fd);
    sql_forgive(s);
    if (!sql_exec(s, "BEGIN IMMEDIATE") && !compare(p, s, dir) && !sql_exec(s, "COMMIT")) {
        p->seen = -1; /* also a number from before a restore is overwritten */
        place_note(p, s);
        return p;
    }
    sql_fail(s, e, "cannot write to " STORE_FILE);
    sqlite3_exec(s->h, "ROLLBACK", NULL, NULL, NULL);
    place_free(p);
    return NULL;
}

void place_free(struct place *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        close(p->fd);
    mem_free(p);
}

/* What cannot be written, or does not survive a power cut, is only older than it could be. */
void place_note(struct place *p, struct sql *s)
{
    char text[SEEN_TEXT];
    sql_forgive(s);
    int64_t n = p->fd < 0 ? -1 : newest(s);
    sql_forgive(s);
    if (n < 0 || n == p->seen)
        return;
    int len = snprintf(text, sizeof(text), "%020lld\n", (long long)n);
    if (pwrite(p->fd, text, (size_t)len, 0) == len)
        p->seen = n;
}

int place_forget(struct sql *s)
{
    return meta_set(s, META_INODE, 0) || meta_set(s, META_BORN, 0) ? -1 : 0;
}
