/* The store: a thread that owns the database, and the queue between it and the loop.
 *
 *   loop thread                                    store thread
 *   store_ask -> asked --(once a turn)--> queue -> batch_run (one transaction)
 *   callbacks <- (loop_wake) <----------- finished <-'
 *
 * While a commit waits for the disk, what is asked meanwhile gathers in the queue and becomes the
 * next batch: the more there is to do, the larger the groups. What nobody waits for (answers, logs,
 * the end of a run) stays with the loop for a moment, so that it shares the commit of what somebody
 * does wait for (an event, an intent) and does not stand in its way. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "prune.h"
#include "store_private.h"

/* Operations in one transaction; larger ones gain nothing more and make the first wait. */
#define BATCH_MAX 256
/* How long the operations that nobody waits for stay with the loop, and how many at most. Reads
 * stay longer, until a run has made several: a page of the journal is written for each run and
 * commit, however many of its steps are new in it. What a crash takes of them is read again. */
#define LINGER_MS       1
#define LINGER_READS_MS 10
#define LINGER_MAX      256
#define LINGER_BYTES    ((ptrdiff_t)1 << 20)
/* Quiet for so long: the log is emptied, and a full disk is looked at again. */
#define IDLE_MS  200
#define PROBE_MS 1000

struct store {
    struct loop *loop;
    struct loop_wake *wake;
    struct sql *sql;     /* of the thread, while it runs */
    struct place *place; /* likewise */
    int lock_fd;
    int64_t restored_ms, restored_for_ms;
    pthread_t thread;

    /* Of the loop. */
    struct ops asked;
    int nasked, pending;
    ptrdiff_t asked_bytes;
    int alerts_open;
    bool hurry;     /* what was asked goes at the end of this turn */
    int lingers_ms; /* or when this timer is due, after so long; 0: it is off */
    struct loop_timer *linger;
    struct pruner *pruner; /* NULL until store_keep */

    /* Shared, under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t more, posted;
    struct ops queue, finished;
    bool stop;

    atomic_bool full;
};

/* ---- on the store thread ---- */

static void deadline_after(struct timespec *t, long ms)
{
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_nsec += ms % 1000 * 1000000;
    t->tv_sec += ms / 1000 + t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
}

/* Waits for work; false after a quiet time without any. Called with the mutex held. */
static bool wait_for_work(struct store *s)
{
    struct timespec t;
    bool full = atomic_load(&s->full);
    bool tidy = batch_checkpoint_due(s->sql, true);
    deadline_after(&t, full ? PROBE_MS : IDLE_MS);
    while (!s->queue.first && !s->stop) {
        if (!full && !tidy)
            pthread_cond_wait(&s->more, &s->mutex);
        else if (pthread_cond_timedwait(&s->more, &s->mutex, &t) == ETIMEDOUT)
            return s->queue.first || s->stop;
    }
    return true;
}

/* Hands the batch back to the loop. */
static void post(struct store *s, struct ops *batch)
{
    pthread_mutex_lock(&s->mutex);
    ops_join(&s->finished, batch);
    pthread_cond_signal(&s->posted);
    pthread_mutex_unlock(&s->mutex);
    loop_wake(s->wake);
}

static void work(struct store *s)
{
    struct ops batch;
    int64_t probed = 0;
    for (;;) {
        pthread_mutex_lock(&s->mutex);
        bool busy = wait_for_work(s);
        bool end = s->stop && !s->queue.first;
        ops_take(&s->queue, &batch, BATCH_MAX);
        pthread_mutex_unlock(&s->mutex);
        if (end)
            return;
        if (batch.first) {
            batch_run(s->sql, &batch, &s->full);
            post(s, &batch); /* before the checkpoint: nobody waits for that */
        }
        if (batch_checkpoint_due(s->sql, !busy)) {
            batch_checkpoint(s->sql, &s->full);
            place_note(s->place, s->sql);
        }
        if (atomic_load(&s->full) && clock_mono_ms() - probed >= PROBE_MS) {
            batch_probe(s->sql, &s->full);
            probed = clock_mono_ms();
        }
    }
}

static void *thread_main(void *arg)
{
    work(arg);
    return NULL;
}

/* ---- on the loop ---- */

static void nothing(void *arg)
{
}

void store_hurry(struct store *s)
{
    /* A posted call keeps the loop from sleeping before the hook: what is asked before the loop
     * runs, or by a hook after ours, would wait for something else to happen. */
    if (!s->hurry)
        loop_post(s->loop, nothing, NULL);
    s->hurry = true;
}

static void linger_over(void *arg)
{
    struct store *s = arg;
    s->lingers_ms = 0;
    if (s->asked.first)
        store_hurry(s);
}

void store_ask(struct store *s, struct op *o)
{
    ops_add(&s->asked, o);
    s->pending++;
    s->nasked++;
    s->asked_bytes += o->end - (char *)o;
    if (!o->lazy || s->nasked >= LINGER_MAX || s->asked_bytes >= LINGER_BYTES) {
        store_hurry(s);
        return;
    }
    int ms = o->read ? LINGER_READS_MS : LINGER_MS;
    if (s->lingers_ms && s->lingers_ms <= ms)
        return;
    s->lingers_ms = ms;
    loop_timer_arm(s->linger, ms);
}

/* Once a turn of the loop: one lock and one wake for all that the turn has asked. */
static void hand_over(void *arg)
{
    struct store *s = arg;
    if (!s->hurry)
        return;
    s->hurry = false;
    s->nasked = 0;
    s->asked_bytes = 0;
    if (!s->asked.first)
        return;
    pthread_mutex_lock(&s->mutex);
    bool was_empty = !s->queue.first;
    ops_join(&s->queue, &s->asked);
    if (was_empty)
        pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
}

static void finish(struct store *s, struct op *o)
{
    s->pending--;
    if (o->done)
        o->done(o, o->failed);
    else if (o->failed)
        log_event(LOG_ERROR, "not stored", "what", o->what, "error", o->failed->text, NULL);
    op_free(o);
}

static void deliver(void *arg)
{
    struct store *s = arg;
    struct ops done;
    pthread_mutex_lock(&s->mutex);
    ops_init(&done);
    ops_join(&done, &s->finished);
    pthread_mutex_unlock(&s->mutex);
    for (struct op *o = done.first, *next; o; o = next) {
        next = o->next;
        finish(s, o);
    }
}

bool store_full(const struct store *s)
{
    return atomic_load(&s->full);
}

int store_pending(const struct store *s)
{
    return s->pending;
}

int64_t store_restored_ms(const struct store *s)
{
    return s->restored_ms;
}

int64_t store_restored_for_ms(const struct store *s)
{
    return s->restored_for_ms;
}

void store_keep(struct store *s, const struct store_retention *r)
{
    if (!s->pruner)
        s->pruner = pruner_new(s, s->loop, r);
}

void store_pruned(const struct store *s, struct store_pruned *out)
{
    pruner_sum(s->pruner, out);
}

int store_alerts_open(const struct store *s)
{
    return s->alerts_open;
}

void store_count_alerts(struct store *s, int more)
{
    s->alerts_open += more;
}

/* ---- opening and closing ---- */

/* Folder, lock and database, all as they must be before a thread may work on them. */
static int open_database(struct store *s, const char *dir, struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_IO, "libsodium does not start");
    if (folder_make(dir, e))
        return -1;
    s->lock_fd = folder_lock(dir, e);
    if (s->lock_fd < 0)
        return -1;
    s->sql = sql_open(dir, SQL_WRITER, e);
    if (!s->sql || schema_migrate(s->sql, e) || schema_sound(s->sql, dir, e))
        return -1;
    s->alerts_open = (int)sql_int(s->sql, "SELECT count(*) FROM alerts WHERE cleared_ms IS NULL");
    if (s->alerts_open < 0)
        return sql_fail(s->sql, e, "cannot read " STORE_FILE);
    s->place = place_check(s->sql, dir, e);
    if (!s->place)
        return -1;
    s->restored_ms = meta_get(s->sql, META_RESTORED);
    s->restored_for_ms = meta_get(s->sql, META_RESTORED_FOR);
    return 0;
}

static void init_queue(struct store *s)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->more, &attr);
    pthread_condattr_destroy(&attr);
    pthread_cond_init(&s->posted, NULL);
    pthread_mutex_init(&s->mutex, NULL);
    ops_init(&s->asked);
    ops_init(&s->queue);
    ops_init(&s->finished);
}

static void release(struct store *s)
{
    loop_wake_free(s->wake);
    loop_timer_free(s->linger);
    pruner_free(s->pruner);
    place_free(s->place);
    sql_close(s->sql);
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* and with it the lock, after the database */
    pthread_cond_destroy(&s->more);
    pthread_cond_destroy(&s->posted);
    pthread_mutex_destroy(&s->mutex);
    mem_free(s);
}

struct store *store_open(struct loop *l, const char *dir, struct err *e)
{
    struct store *s = mem_zalloc(1, sizeof(*s));
    s->loop = l;
    s->lock_fd = -1;
    init_queue(s);
    if (open_database(s, dir, e))
        goto fail;
    s->linger = loop_timer_new(l, linger_over, s);
    s->wake = loop_wake_new(l, deliver, s, e);
    if (!s->wake)
        goto fail;
    int rc = pthread_create(&s->thread, NULL, thread_main, s);
    if (rc) {
        err_set(e, ERR_IO, "cannot start the store thread: %s", strerror(rc));
        goto fail;
    }
    loop_on_idle(l, hand_over, s);
    return s;
fail:
    release(s);
    return NULL;
}

/* Callbacks may ask for more while the store closes: that is done as well. */
void store_close(struct store *s)
{
    if (!s)
        return;
    loop_off_idle(s->loop, hand_over, s);
    pruner_stop(s->pruner);
    while (s->pending > 0) {
        s->hurry = true;
        hand_over(s);
        pthread_mutex_lock(&s->mutex);
        while (!s->finished.first)
            pthread_cond_wait(&s->posted, &s->mutex);
        pthread_mutex_unlock(&s->mutex);
        deliver(s);
    }
    pthread_mutex_lock(&s->mutex);
    s->stop = true;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    release(s);
}
