/* A layer under SQLite that sees every call to the disk: it can record them, so that what a power
 * cut could have left is built afterwards, and fail the n-th of them. It becomes the process's own
 * VFS; the files under it are real. */
#ifndef STORE_SHIM_H
#define STORE_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_kind {
    SHIM_READ,
    SHIM_WRITE,
    SHIM_SYNC,
    SHIM_TRUNCATE,
    SHIM_SIZE,
    SHIM_OPEN,
    SHIM_DELETE,
    SHIM_SHARED, /* the index of the log */
    SHIM_LOCK,
    SHIM_KINDS
};
#define SHIM_ALL    ((1u << SHIM_KINDS) - 1)
#define SHIM_WRITES (1u << SHIM_WRITE | 1u << SHIM_TRUNCATE | 1u << SHIM_SHARED)

/* What fails; in memory that is shared with the process which judges. */
struct shim_fault {
    unsigned kinds;      /* those that are counted: 1 << enum shim_kind */
    long first, last;    /* the calls that fail, counted from 1; 0: none */
    bool full;           /* as on a full disk, until `space` is set; else as on a broken one */
    bool half;           /* half of a write arrives, a read ends early */
    atomic_bool space;   /* there is room again */
    atomic_long calls;   /* so far */
    atomic_long hits;    /* so far failed */
    atomic_int hit_kind; /* the first of them */
};

enum { SHIM_DB, SHIM_WAL, SHIM_JOURNAL, SHIM_FILES };

struct shim_write {
    uint8_t file;
    uint8_t kind;  /* SHIM_WRITE, SHIM_TRUNCATE (size: off), SHIM_SYNC, SHIM_OPEN, SHIM_DELETE */
    uint32_t size; /* of the bytes */
    int64_t off;   /* of SHIM_DELETE: 1 if the folder is synced as well */
    size_t at;     /* of the bytes in the log */
};

void shim_install(struct shim_fault *fault);
/* Recording begins: the files are empty or absent. */
void shim_record(void);
/* How many writes were recorded so far: a moment to which a power cut can be compared. */
long shim_moment(void);
const struct shim_write *shim_writes(long *n);
const unsigned char *shim_bytes(const struct shim_write *w);
void shim_forget(void);

#endif
