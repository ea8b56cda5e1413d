/* The thread, and the queue between it and the loop. Long jobs are done in parts, with the others'
 * jobs between them, so that nobody waits for a large catalogue that is being read. */
#include "match_shelf.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "match_shelf_impl.h"
#include "mem.h"

struct queue {
    struct shelf_job *first, **last;
};

struct shelf {
    struct loop *loop;
    struct loop_wake *wake;
    char *dir;
    size_t memory, used; /* used: the thread's */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct queue asked, finished;
    bool stop;
};

#define SHELF_CLOSE ((enum shelf_op)100)

static void put(struct queue *q, struct shelf_job *j)
{
    j->next = NULL;
    *q->last = j;
    q->last = &j->next;
}

static struct shelf_job *take(struct queue *q)
{
    struct shelf_job *j = q->first;
    if (j && !(q->first = j->next))
        q->last = &q->first;
    return j;
}

static void job_free(struct shelf_job *j)
{
    buf_free(&j->out);
    mem_free(j->text);
    mem_free(j);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* True: it is to be asked again later. pending: other jobs of the catalogue that are not done. */
static bool work(struct shelf *s, struct shelf_job *j, int pending)
{
    struct book *b = j->book;
    size_t before = b->bytes, others = s->used - before;
    if (j->op == SHELF_CLOSE) {
        if (pending > 0)
            return true;
        s->used -= before;
        book_free(b);
        return false;
    }
    bool done = book_do(b, j, others < s->memory ? s->memory - others : 0);
    s->used = others + b->bytes;
    j->over = s->used > s->memory;
    j->bytes = b->bytes;
    return !done;
}

static void *run(void *arg)
{
    struct shelf *s = arg;
    pthread_mutex_lock(&s->mutex);
    for (;;) {
        struct shelf_job *j;
        while (!(j = take(&s->asked)) && !s->stop)
            pthread_cond_wait(&s->more, &s->mutex);
        if (!j)
            break;
        /* At the end all is closed, and nothing else is begun. */
        bool close = j->op == SHELF_CLOSE, again = false;
        int pending = j->book->pending;
        if (close || !s->stop) {
            pthread_mutex_unlock(&s->mutex);
            again = work(s, j, pending);
            pthread_mutex_lock(&s->mutex);
        }
        if (again) {
            put(&s->asked, j);
        } else {
            if (!close)
                j->book->pending--;
            put(&s->finished, j);
            loop_wake(s->wake);
        }
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void on_finished(void *arg)
{
    struct shelf *s = arg;
    struct shelf_job *j;
    for (;;) {
        pthread_mutex_lock(&s->mutex);
        j = take(&s->finished);
        pthread_mutex_unlock(&s->mutex);
        if (!j)
            return;
        if (j->done)
            j->done(j);
        job_free(j);
    }
}

struct shelf *shelf_new(struct loop *l, const char *dir, size_t memory, struct err *e)
{
    struct shelf *s = mem_zalloc(1, sizeof *s);
    sigset_t all, old;
    s->loop = l;
    s->dir = mem_dup(dir);
    s->memory = memory;
    s->asked.last = &s->asked.first;
    s->finished.last = &s->finished.first;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->more, NULL);
    s->wake = loop_wake_new(l, on_finished, s, e);
    /* Signals are the loop's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = s->wake ? pthread_create(&s->thread, NULL, run, s) : 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (s->wake && rc == 0)
        return s;
    if (s->wake) {
        err_set(e, ERR_IO, "no thread for the catalogues: %s", strerror(rc));
        loop_wake_free(s->wake);
    }
    mem_free(s->dir);
    mem_free(s);
    return NULL;
}

void shelf_free(struct shelf *s)
{
    struct shelf_job *j;
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->stop = true;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    while ((j = take(&s->finished)) || (j = take(&s->asked))) {
        err_set(&j->err, ERR_IO, "the host ends");
        if (j->done)
            j->done(j);
        job_free(j);
    }
    loop_wake_free(s->wake);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->more);
    mem_free(s->dir);
    mem_free(s);
}

void shelf_do(struct shelf *s, enum shelf_op op, struct book *b, struct str text,
    void (*done)(struct shelf_job *j), void *arg)
{
    struct shelf_job *j = mem_zalloc(1, sizeof *j);
    j->op = op;
    j->book = b;
    j->text = mem_dupn(text.p ? text.p : "", text.n);
    j->ntext = text.n;
    j->done = done;
    j->arg = arg;
    buf_init(&j->out, 1 << 20);
    pthread_mutex_lock(&s->mutex);
    b->pending += op != SHELF_CLOSE;
    put(&s->asked, j);
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
}

struct book *shelf_book(
    struct shelf *s, const char *file, const char *print, const struct manifest_catalogue *fields)
{
    struct book *b = mem_zalloc(1, sizeof *b);
    if (s->dir && file && (mkdir(s->dir, 0700) == 0 || errno == EEXIST))
        b->path = mem_printf("%s/%s", s->dir, file);
    strncpy(b->print, print, sizeof b->print - 1);
    manifest_catalogue_copy(&b->fields, fields);
    return b;
}

void shelf_close(struct shelf *s, struct book *b, bool forget)
{
    if (!b)
        return;
    b->forget = forget;
    shelf_do(s, SHELF_CLOSE, b, STR_NONE, NULL, NULL);
}
