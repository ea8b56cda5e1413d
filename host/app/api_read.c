#include "api_read.h"

#include <pthread.h>

#include "mem.h"

struct api_reader {
    struct loop_wake *wake;
    pthread_t thread;
    char *dir;
    struct store_reader *store; /* of the thread */

    pthread_mutex_t mutex; /* for what follows */
    pthread_cond_t more;
    struct api_job *asked, **last_asked;
    struct api_job *finished, **last_finished;
    bool stop;
};

/* ---- on the thread ---- */

static void run_job(struct api_reader *r, struct api_job *j)
{
    if (!r->store)
        r->store = store_reader_open(r->dir, &j->err);
    j->failed = !r->store || j->run(j, r->store, &j->err) < 0;
}

static struct api_job *wait_job(struct api_reader *r)
{
    pthread_mutex_lock(&r->mutex);
    while (!r->asked && !r->stop)
        pthread_cond_wait(&r->more, &r->mutex);
    struct api_job *j = r->stop ? NULL : r->asked;
    if (j && !(r->asked = j->next))
        r->last_asked = &r->asked;
    pthread_mutex_unlock(&r->mutex);
    return j;
}

static void *thread_main(void *arg)
{
    struct api_reader *r = arg;
    struct api_job *j;
    while ((j = wait_job(r)) != NULL) {
        run_job(r, j);
        j->next = NULL;
        pthread_mutex_lock(&r->mutex);
        *r->last_finished = j;
        r->last_finished = &j->next;
        pthread_mutex_unlock(&r->mutex);
        loop_wake(r->wake);
    }
    return NULL;
}

/* ---- on the loop ---- */

static void deliver(void *arg)
{
    struct api_reader *r = arg;
    pthread_mutex_lock(&r->mutex);
    struct api_job *j = r->finished;
    r->finished = NULL;
    r->last_finished = &r->finished;
    pthread_mutex_unlock(&r->mutex);
    for (struct api_job *next; j; j = next) {
        next = j->next;
        j->done(j, j->failed ? &j->err : NULL);
    }
}

void api_reader_ask(struct api_reader *r, struct api_job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&r->mutex);
    *r->last_asked = j;
    r->last_asked = &j->next;
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->mutex);
}

struct api_reader *api_reader_new(struct loop *l, const char *dir, struct err *e)
{
    struct api_reader *r = mem_zalloc(1, sizeof(*r));
    r->last_asked = &r->asked;
    r->last_finished = &r->finished;
    r->dir = mem_dup(dir);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->more, NULL);
    r->wake = loop_wake_new(l, deliver, r, e);
    if (r->wake && pthread_create(&r->thread, NULL, thread_main, r) == 0)
        return r;
    if (r->wake) {
        loop_wake_free(r->wake);
        err_set(e, ERR_IO, "no thread for reading can be started");
    }
    mem_free(r->dir);
    mem_free(r);
    return NULL;
}

void api_reader_free(struct api_reader *r)
{
    struct err gone = {0};
    if (!r)
        return;
    pthread_mutex_lock(&r->mutex);
    r->stop = true;
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->mutex);
    pthread_join(r->thread, NULL);
    err_set(&gone, ERR_IO, "the host ends");
    *r->last_finished = r->asked;
    for (struct api_job *j = r->finished, *next; j; j = next) {
        next = j->next;
        j->done(j, &gone);
    }
    loop_wake_free(r->wake);
    store_reader_close(r->store);
    pthread_cond_destroy(&r->more);
    pthread_mutex_destroy(&r->mutex);
    mem_free(r->dir);
    mem_free(r);
}
