/* Reading the store for the API, on a thread of its own with a connection of its own: a listing
 * over a million rows must not keep webhooks waiting. */
#ifndef API_READ_H
#define API_READ_H

#include "loop.h"
#include "store_read.h"

struct api_reader;

/* Embedded in what a caller asks; it owns the rest. */
struct api_job {
    struct api_job *next;
    /* On the reader's thread. Returns 0, or -1 with e. */
    int (*run)(struct api_job *j, struct store_reader *r, struct err *e);
    /* On the loop; j is the caller's to free. err NULL: run returned 0. */
    void (*done)(struct api_job *j, const struct err *err);
    struct err err;
    bool failed;
};

/* dir: the store's folder; its connection is opened at the first job. NULL and e. */
struct api_reader *api_reader_new(struct loop *l, const char *dir, struct err *e);
/* Jobs that were not run are done with an error. */
void api_reader_free(struct api_reader *r);
void api_reader_ask(struct api_reader *r, struct api_job *j);

#endif
