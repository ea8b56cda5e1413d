/* F4, the power cut. A workload's writes are recorded; then disks are built as a cut at any moment
 * could have left them, and each is opened by the store as it is:
 *
 * - what a file had at its last sync is there;
 * - of each write after it, all, nothing, or some 512-byte sectors arrived, and one sector may be
 * torn;
 * - writes of one file may have changed places between two syncs; those of two files always may.
 *
 * Right is: it opens, it is sound, and all is there that was acknowledged before the cut. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "store_shim.h"
#include "store_torture.h"
#include "store_work.h"

#define SECTOR    512
#define WORKLOADS 200
#define IMAGES    100 /* of each */

enum cut {
    CUT_PREFIX,  /* all that was written before the moment, the last write torn */
    CUT_NOTHING, /* only what was synced */
    CUT_WRITES,  /* each write after the sync or not */
    CUT_SECTORS, /* each sector of them or not */
    CUTS
};

struct disk {
    unsigned char *bytes;
    size_t size, room;
    bool there;
};

struct told {
    struct work_acks acks;
    long images, opened_with_log;
    char words[512];
};

static void put(struct disk *d, const unsigned char *p, size_t n, int64_t off)
{
    size_t end = (size_t)off + n;
    d->there = true;
    if (n == 0) /* torn before its first byte */
        return;
    if (end > d->room) {
        d->room = end * 2;
        d->bytes = mem_realloc(d->bytes, d->room);
    }
    if (end > d->size) {
        memset(d->bytes + d->size, 0, end - d->size);
        d->size = end;
    }
    memcpy(d->bytes + off, p, n);
}

static void cut_off(struct disk *d, int64_t size)
{
    if ((size_t)size < d->size)
        d->size = (size_t)size;
}

/* A write that was not synced. */
static void put_part(
    struct disk *d, const struct shim_write *w, enum cut cut, bool last, uint64_t *r)
{
    const unsigned char *p = shim_bytes(w);
    if (cut == CUT_PREFIX) {
        put(d, p, last ? work_random(r) % (w->size + 1) : w->size, w->off);
        return;
    }
    if (cut == CUT_NOTHING || (cut == CUT_WRITES && work_random(r) % 2))
        return;
    if (cut == CUT_WRITES) {
        put(d, p, w->size, w->off);
        return;
    }
    for (size_t at = 0; at < w->size;) {
        size_t n = SECTOR - (size_t)(w->off + (int64_t)at) % SECTOR;
        if (n > w->size - at)
            n = w->size - at;
        uint64_t luck = work_random(r) % 16;
        if (luck < 8)
            put(d, p + at, n, w->off + (int64_t)at);
        else if (luck == 8)
            put(d, p + at, work_random(r) % n, w->off + (int64_t)at);
        at += n;
    }
}

/* The last write before which all names of the folder are on disk: SQLite syncs the folder with the
 * first sync of a log or a journal that it has made. */
static long names_synced(const struct shim_write *writes, long moment)
{
    bool fresh[SHIM_FILES] = {false};
    long at = -1;
    for (long i = 0; i < moment; i++) {
        const struct shim_write *w = &writes[i];
        if (w->kind == SHIM_OPEN)
            fresh[w->file] = w->file != SHIM_DB;
        else if (w->kind == SHIM_DELETE && w->off)
            at = i + 1;
        else if (w->kind == SHIM_SYNC && fresh[w->file])
            fresh[w->file] = false, at = i;
    }
    return at;
}

/* What the file has after a cut when `moment` writes were done. */
static void build(struct disk *d, int file, const struct shim_write *writes, long moment,
    enum cut cut, uint64_t *r)
{
    long synced = -1, named = names_synced(writes, moment);
    *d = (struct disk){.there = file == SHIM_DB};
    for (long i = 0; i < moment; i++)
        if (writes[i].file == file && writes[i].kind == SHIM_SYNC)
            synced = i;
    for (long i = 0; i < moment; i++) {
        const struct shim_write *w = &writes[i];
        bool safe = i < synced,
             luck = cut == CUT_PREFIX || (cut != CUT_NOTHING && work_random(r) % 2);
        if (w->file != file)
            continue;
        if (w->kind == SHIM_WRITE && safe)
            put(d, shim_bytes(w), w->size, w->off);
        else if (w->kind == SHIM_WRITE)
            put_part(d, w, cut, i == moment - 1, r);
        else if (w->kind == SHIM_TRUNCATE && (safe || luck))
            cut_off(d, w->off);
        else if (w->kind == SHIM_OPEN && (i < named || luck))
            d->there = true;
        else if (w->kind == SHIM_DELETE && (i < named || luck))
            cut_off(d, 0), d->there = false;
    }
}

static int write_disk(const struct disk *d, const char *dir, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = d->there ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    bool ok = !d->there || (fd >= 0 && write(fd, d->bytes, d->size) == (ssize_t)d->size);
    if (fd >= 0)
        close(fd);
    return ok ? 0 : -1;
}

static int one_image(const struct work_options *o, struct told *told, long image,
    const struct shim_write *writes, long n)
{
    uint64_t r = o->seed * 7919 + (uint64_t)image;
    char dir[64], words[300] = "";
    static const char *const names[SHIM_FILES] = {"sauma.db", "sauma.db-wal", "sauma.db-journal"};
    struct disk disks[SHIM_FILES];
    int rc = 0;
    enum cut cut = (enum cut)(image % CUTS);
    long moment = (long)(work_random(&r) % (uint64_t)(n + 1));
    trial_folder(dir);
    for (int f = 0; f < SHIM_FILES; f++) {
        build(&disks[f], f, writes, moment, cut, &r);
        rc = rc || write_disk(&disks[f], dir, names[f]);
    }
    rc = rc || work_judge(dir, o, &told->acks, moment, words, sizeof(words)) ? -1 : 0;
    told->images++;
    told->opened_with_log += disks[SHIM_WAL].there && disks[SHIM_WAL].size > 0;
    if (rc)
        snprintf(told->words, sizeof(told->words), "image %ld, cut %d after write %ld of %ld: %s",
            image, cut, moment, n, words);
    for (int f = 0; f < SHIM_FILES; f++)
        mem_free(disks[f].bytes);
    trial_remove(dir);
    return rc;
}

static int power_trial(struct trial *t)
{
    const struct torture *all = t->arg;
    struct told *told = t->shared;
    uint64_t r = all->seed + (uint64_t)t->n;
    struct work_options o = {.seed = all->seed + (uint64_t)t->n,
        .events = 10 + (int)(work_random(&r) % 60),
        .largest = work_random(&r) % 3 ? 9000 : 90000,
        .prune = work_random(&r) % 3 == 0,
        .idle_one_in = work_random(&r) % 2 ? 12 : 0};
    log_set_level(LOG_ERROR + 1);
    shim_install(NULL);
    shim_record();
    struct loop *l = loop_new(NULL);
    struct store *s = store_open(l, t->dir, NULL);
    int rc = s ? work_do(l, s, &o, &told->acks) : -1;
    store_close(s);
    loop_free(l);
    long n;
    const struct shim_write *writes = shim_writes(&n);
    for (long i = 0; i < IMAGES && !rc; i++)
        rc = one_image(&o, told, i, writes, n);
    shim_forget();
    return rc ? TRIAL_WRONG : TRIAL_FINE;
}

static long images, with_log;

static int judge_power(struct trial *t, char *words, size_t size)
{
    const struct told *told = t->shared;
    images += told->images;
    with_log += told->opened_with_log;
    snprintf(words, size, "%s", told->words);
    return t->status == TRIAL_FINE ? 0 : -1;
}

static bool make_power(struct torture *t, struct trial *tr, void *arg)
{
    tr->fn = power_trial;
    tr->judge = judge_power;
    tr->arg = t;
    tr->shared_size = sizeof(struct told);
    return true;
}

void torture_power(struct torture *t)
{
    trials_run(t, "power", t->full ? WORKLOADS : 6, 2, make_power, NULL);
    printf("power: %ld disks opened after a cut, %ld of them with a log\n", images, with_log);
}
