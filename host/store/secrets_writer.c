#include "secrets_writer.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "mem.h"

struct secrets_write {
    struct secrets_write *next;
    char *company, *name;
    struct str value; /* owned */
    secrets_keep_fn keep;
    secrets_written_fn fn; /* these two are the loop's */
    void *arg;
    int rc;
    struct err e;
};

struct writes {
    struct secrets_write *first, **end;
};

struct secrets_writer {
    struct loop_wake *wake;
    struct secrets *secrets; /* of the thread, while it runs */
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t more;
    struct writes asked, written;
    bool stop;
};

static void writes_init(struct writes *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void writes_add(struct writes *l, struct secrets_write *o)
{
    o->next = NULL;
    *l->end = o;
    l->end = &o->next;
}

static struct secrets_write *writes_take(struct writes *l)
{
    struct secrets_write *o = l->first;
    if (o && !(l->first = o->next))
        l->end = &l->first;
    return o;
}

static void write_free(struct secrets_write *o)
{
    sodium_memzero((char *)o->value.p, o->value.n);
    mem_free((char *)o->value.p);
    mem_free(o->company);
    mem_free(o->name);
    mem_free(o);
}

/* ---- on the thread ---- */

static void *work(void *arg)
{
    struct secrets_writer *w = arg;
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        struct secrets_write *o = writes_take(&w->asked);
        if (!o && w->stop)
            break;
        if (!o) {
            pthread_cond_wait(&w->more, &w->mutex);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        o->rc = secrets_set_unless(w->secrets, o->company, o->name, o->value, o->keep, &o->e);
        pthread_mutex_lock(&w->mutex);
        writes_add(&w->written, o);
        loop_wake(w->wake);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- on the loop ---- */

static void tell(void *arg)
{
    struct secrets_writer *w = arg;
    struct secrets_write *o;
    for (;;) {
        pthread_mutex_lock(&w->mutex);
        o = writes_take(&w->written);
        pthread_mutex_unlock(&w->mutex);
        if (!o)
            return;
        if (o->fn)
            o->fn(o->arg, o->rc, &o->e);
        write_free(o);
    }
}

struct secrets_writer *secrets_writer_new(struct loop *l, const char *dir, struct err *e)
{
    struct secrets_writer *w = mem_zalloc(1, sizeof *w);
    writes_init(&w->asked);
    writes_init(&w->written);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->more, NULL);
    int rc = -1;
    w->secrets = secrets_open(dir, e);
    w->wake = w->secrets ? loop_wake_new(l, tell, w, e) : NULL;
    if (w->wake && (rc = pthread_create(&w->thread, NULL, work, w)) != 0)
        err_set(e, ERR_IO, "cannot start the thread of secrets: %s", strerror(rc));
    if (rc == 0)
        return w;
    loop_wake_free(w->wake);
    secrets_close(w->secrets);
    mem_free(w);
    return NULL;
}

void secrets_writer_free(struct secrets_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    tell(w);
    loop_wake_free(w->wake);
    secrets_close(w->secrets);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->mutex);
    mem_free(w);
}

struct secrets_write *secrets_write(struct secrets_writer *w, const char *company, const char *name,
    struct str value, secrets_keep_fn keep, secrets_written_fn fn, void *arg)
{
    struct secrets_write *o = mem_zalloc(1, sizeof *o);
    o->company = mem_dup(company);
    o->name = mem_dup(name);
    o->value = (struct str){mem_dupn(value.p, value.n), value.n};
    o->keep = keep;
    o->fn = fn;
    o->arg = arg;
    pthread_mutex_lock(&w->mutex);
    writes_add(&w->asked, o);
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->mutex);
    return o;
}

void secrets_write_tell(struct secrets_write *o, secrets_written_fn fn, void *arg)
{
    o->fn = fn;
    o->arg = arg;
}
