/* Secrets that a loop has written: by a thread of its own, in the order asked. Another program may
 * hold the store's lock, or the keys, for seconds, and no loop may stand still for that. The thread
 * is not the store's, because the secrets may be those of another folder. */
#ifndef SECRETS_WRITER_H
#define SECRETS_WRITER_H

#include "loop.h"
#include "secrets.h"

struct secrets_writer;
struct secrets_write; /* one that is under way, until it has been told */
/* On the loop: rc and e as secrets_set_unless has them. */
typedef void (*secrets_written_fn)(void *arg, int rc, const struct err *e);

/* Of the secrets in dir. NULL and e. */
struct secrets_writer *secrets_writer_new(struct loop *l, const char *dir, struct err *e);
/* What was asked is written and told before. */
void secrets_writer_free(struct secrets_writer *w);
/* As secrets_set_unless (keep NULL: as secrets_set); company, name and value are copied. fn may be
 * NULL, and is never called from within. */
struct secrets_write *secrets_write(struct secrets_writer *w, const char *company, const char *name,
    struct str value, secrets_keep_fn keep, secrets_written_fn fn, void *arg);
/* It is somebody else who is told, or nobody (NULL); it is written all the same. */
void secrets_write_tell(struct secrets_write *o, secrets_written_fn fn, void *arg);

#endif
