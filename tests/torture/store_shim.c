/* See store_shim.h. */
#include "store_shim.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct shim_file {
    sqlite3_file base;
    int which; /* SHIM_DB, SHIM_WAL, or -1: of no interest */
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs, *real;
    struct shim_fault *fault;
    pthread_mutex_t mutex;
    bool recording;
    struct shim_write *writes;
    long n, room;
    unsigned char *bytes;
    size_t nbytes, bytes_room;
} shim = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local int last_errno;

/* ---- recording ---- */

static void *grow(void *p, size_t n)
{
    void *q = realloc(p, n);
    if (!q)
        abort();
    return q;
}

static void note(int which, enum shim_kind kind, const void *p, int n, sqlite3_int64 off)
{
    if (which < 0 || !shim.recording)
        return;
    pthread_mutex_lock(&shim.mutex);
    if (shim.n == shim.room)
        shim.writes =
            grow(shim.writes, (size_t)(shim.room = shim.room * 2 + 256) * sizeof(*shim.writes));
    while (shim.nbytes + (size_t)n > shim.bytes_room)
        shim.bytes = grow(shim.bytes, shim.bytes_room = shim.bytes_room * 2 + (1 << 20));
    shim.writes[shim.n++] =
        (struct shim_write){(uint8_t)which, (uint8_t)kind, (uint32_t)n, off, shim.nbytes};
    if (n)
        memcpy(shim.bytes + shim.nbytes, p, (size_t)n);
    shim.nbytes += (size_t)n;
    pthread_mutex_unlock(&shim.mutex);
}

void shim_record(void)
{
    shim.recording = true;
}

long shim_moment(void)
{
    pthread_mutex_lock(&shim.mutex);
    long n = shim.n;
    pthread_mutex_unlock(&shim.mutex);
    return n;
}

const struct shim_write *shim_writes(long *n)
{
    shim.recording = false;
    *n = shim.n;
    return shim.writes;
}

const unsigned char *shim_bytes(const struct shim_write *w)
{
    return shim.bytes + w->at;
}

void shim_forget(void)
{
    free(shim.writes);
    free(shim.bytes);
    shim.writes = NULL;
    shim.bytes = NULL;
    shim.n = shim.room = 0;
    shim.nbytes = shim.bytes_room = 0;
    shim.recording = false;
}

/* ---- faults ---- */

static bool fails(enum shim_kind kind)
{
    struct shim_fault *f = shim.fault;
    if (!f || !f->first || !(f->kinds & 1u << kind))
        return false;
    long n = atomic_fetch_add(&f->calls, 1) + 1;
    if (n < f->first || n > f->last || (f->full && atomic_load(&f->space)))
        return false;
    if (atomic_fetch_add(&f->hits, 1) == 0)
        atomic_store(&f->hit_kind, (int)kind);
    last_errno = f->full ? ENOSPC : EIO;
    return true;
}

static int failure(int broken)
{
    return shim.fault->full ? SQLITE_FULL : broken;
}

/* ---- files ---- */

#define REAL(f) (((struct shim_file *)(f))->real)

static int f_close(sqlite3_file *f)
{
    return REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 off)
{
    if (!fails(SHIM_READ))
        return REAL(f)->pMethods->xRead(REAL(f), p, n, off);
    if (!shim.fault->half)
        return SQLITE_IOERR_READ;
    int rc = REAL(f)->pMethods->xRead(REAL(f), p, n / 2, off);
    memset((char *)p + n / 2, 0, (size_t)(n - n / 2));
    return rc ? rc : SQLITE_IOERR_SHORT_READ;
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
    if (fails(SHIM_WRITE)) {
        if (shim.fault->half)
            REAL(f)->pMethods->xWrite(REAL(f), p, n / 2, off);
        return failure(SQLITE_IOERR_WRITE);
    }
    note(((struct shim_file *)f)->which, SHIM_WRITE, p, n, off);
    return REAL(f)->pMethods->xWrite(REAL(f), p, n, off);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (fails(SHIM_TRUNCATE))
        return failure(SQLITE_IOERR_TRUNCATE);
    note(((struct shim_file *)f)->which, SHIM_TRUNCATE, NULL, 0, size);
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    if (fails(SHIM_SYNC))
        return SQLITE_IOERR_FSYNC;
    int rc = REAL(f)->pMethods->xSync(REAL(f), flags);
    if (!rc) /* only now: a cut within it may have taken what was before */
        note(((struct shim_file *)f)->which, SHIM_SYNC, NULL, 0, 0);
    return rc;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
    if (fails(SHIM_SIZE))
        return SQLITE_IOERR_FSTAT;
    return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int f_lock(sqlite3_file *f, int level)
{
    if (fails(SHIM_LOCK))
        return SQLITE_IOERR_LOCK;
    return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}

/* As SQLite sees the real disk: bytes beside those that are written are safe, nothing else is. */
static int f_device(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
    if (fails(SHIM_SHARED))
        return shim.fault->full ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, p);
}

static int f_shm_lock(sqlite3_file *f, int off, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), off, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int f_shm_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods methods = {2, f_close, f_read, f_write, f_truncate, f_sync, f_size,
    f_lock, f_unlock, f_reserved, f_control, f_sector, f_device, f_shm_map, f_shm_lock,
    f_shm_barrier, f_shm_unmap, NULL, NULL};

static int which_file(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    if (n >= 8 && !strcmp(name + n - 8, "sauma.db"))
        return SHIM_DB;
    if (n >= 12 && !strcmp(name + n - 12, "sauma.db-wal"))
        return SHIM_WAL;
    return n >= 16 && !strcmp(name + n - 16, "sauma.db-journal") ? SHIM_JOURNAL : -1;
}

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct shim_file *s = (struct shim_file *)f;
    int there = 0;
    memset(s, 0, sizeof(*s));
    s->which = which_file(name);
    s->real = (sqlite3_file *)&s[1];
    memset(s->real, 0, (size_t)shim.real->szOsFile);
    if (fails(SHIM_OPEN))
        return SQLITE_CANTOPEN;
    if (name)
        shim.real->xAccess(shim.real, name, SQLITE_ACCESS_EXISTS, &there);
    int rc = shim.real->xOpen(shim.real, name, s->real, flags, out);
    if (s->real->pMethods)
        s->base.pMethods = &methods;
    if (!rc && !there)
        note(s->which, SHIM_OPEN, NULL, 0, 0);
    return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    if (fails(SHIM_DELETE))
        return SQLITE_IOERR_DELETE;
    note(which_file(name), SHIM_DELETE, NULL, 0, sync);
    return shim.real->xDelete(shim.real, name, sync);
}

static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    return shim.real->xAccess(shim.real, name, flags, out);
}

static int v_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    return shim.real->xFullPathname(shim.real, name, n, out);
}

static int v_last_error(sqlite3_vfs *v, int n, char *out)
{
    return last_errno ? last_errno : shim.real->xGetLastError(shim.real, n, out);
}

void shim_install(struct shim_fault *fault)
{
    shim.fault = fault;
    if (shim.real)
        return;
    shim.real = sqlite3_vfs_find(NULL);
    shim.vfs = *shim.real;
    shim.vfs.zName = "shim";
    shim.vfs.pNext = NULL;
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.real->szOsFile;
    shim.vfs.xOpen = v_open;
    shim.vfs.xDelete = v_delete;
    shim.vfs.xAccess = v_access;
    shim.vfs.xFullPathname = v_full_path;
    shim.vfs.xGetLastError = v_last_error;
    sqlite3_vfs_register(&shim.vfs, 1);
}
