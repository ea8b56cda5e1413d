/* The catalogues of all companies, kept by a helper thread: what a catalogue is asked and told is a
 * job, done in the order of asking, and none takes the loop's time. A catalogue is a cache of what
 * an outside system holds: losing one costs reading it again. */
#ifndef MATCH_SHELF_H
#define MATCH_SHELF_H

#include "buf.h"
#include "loop.h"
#include "manifest.h"

struct shelf;
struct book; /* one catalogue; the thread's */

enum shelf_op {
    SHELF_OPEN,  /* reads its file. mark: what stood there; cut: a part of it was unusable */
    SHELF_PAGE,  /* text: a page of the outside system's list. n, size, last */
    SHELF_STEP,  /* text: a script's step {record, put, remove, cover, margin}. out */
    SHELF_BEGIN, /* a reading of all begins */
    SHELF_SWEEP, /* it is over: what no page had is removed. n */
    SHELF_MARK   /* text: stands for all that was done before */
};

struct shelf_job {
    struct shelf_job *next;
    enum shelf_op op;
    struct book *book;
    char *text;
    size_t ntext;
    void (*done)(struct shelf_job *j); /* on the loop; j is freed after it */
    void *arg;
    /* The answer. */
    struct err err;   /* code 0: done */
    struct err saved; /* code 0: what was to be written to the file is */
    bool over;        /* all catalogues together hold more than they may; an opening stopped then */
    bool cut;
    size_t bytes, count; /* of the catalogue */
    int n;               /* records of the page; records removed */
    int size;            /* that the page could have had */
    char last[256];      /* id of its last record, "" if there is none */
    char mark[256];
    struct buf out; /* members of a JSON object */
};

/* dir is made when it is needed; NULL: nothing is written. memory: bytes that all may hold. */
struct shelf *shelf_new(struct loop *l, const char *dir, size_t memory, struct err *e);
/* Ends the thread, when all who asked it are gone: what was not begun is not done. */
void shelf_free(struct shelf *s);

/* A catalogue, not yet read. file: its name in dir, NULL: it is not to be written. print: whose it
 * is (see catalog_log.h). fields is copied. To be given to SHELF_OPEN first, to shelf_close last.
 */
struct book *shelf_book(
    struct shelf *s, const char *file, const char *print, const struct manifest_catalogue *fields);
/* After all jobs that were given before. forget: its file too. */
void shelf_close(struct shelf *s, struct book *b, bool forget);

/* text is copied. done (may be NULL) is always called, at the latest by shelf_free. */
void shelf_do(struct shelf *s, enum shelf_op op, struct book *b, struct str text,
    void (*done)(struct shelf_job *j), void *arg);

#endif
