/* A catalogue as a company's connection has it: read from the outside system when it is first asked
 * for, kept fresh while it is asked, and answering meanwhile. Everything here is the loop's. */
#ifndef MATCH_FEED_H
#define MATCH_FEED_H

#include "channel.h"
#include "machine.h"
#include "match_shelf.h"

enum feed_state { FEED_CLOSED, FEED_OPENING, FEED_OPEN };

/* One reading of the outside system's list, page by page. */
struct feed_reading {
    bool wanted;
    char after[256];  /* the last id read */
    char since[11];   /* the day of its beginning, less one */
    int64_t began_ms; /* monotonic */
    int pages;
    bool sweeps; /* of all, from its first page on: what was not seen is gone at its end */
};

struct feed {
    struct company *company;
    char *connection, *name;
    enum feed_state state;
    struct book *book;
    struct list open;    /* in engine.feeds, the one used last at the end */
    struct list waiting; /* struct match_ask */
    struct loop_timer *timer;
    int refs;  /* jobs to come */
    bool gone; /* its company is */
    char print[33];
    size_t bytes, count;

    int64_t whole_ms; /* wall clock of the last reading of all; 0: never */
    int64_t fresh_ms; /* monotonic: nothing that changed before is missing; 0: not known */
    char since[11];   /* a change after this day may be missing; "": nothing is known */
    struct feed_reading all, changes;

    /* The reading under way, and what it uses. */
    struct feed_reading *now;
    struct version *version;
    const struct manifest_connection *conn;
    const struct manifest_catalogue *catalogue;
    struct channel *channel;
    struct channel_wait place;
    struct token_wait token;
    struct http_out_transfer *transfer;
    bool in_channel, renewed;
    char *used_token;

    char *problem; /* why it cannot be read, or NULL */
    int64_t problem_until_ms;
};

/* A step that asks. */
struct match_ask {
    struct list node;  /* in feed.waiting; or alone, while it is being answered */
    struct step *step; /* NULL: nobody waits any more */
    struct feed *feed;
    int64_t until_ms; /* monotonic: then it is answered that there is no catalogue yet */
};

/* match_step.c: the step {op = "match"}. */
void match_begin(struct step *s);
/* The step is going. */
void match_cancel(struct match_ask *a);
/* The catalogue is open and fresh, or (why) will not be in time. Frees a, or lets a job do so. */
void match_answer(struct match_ask *a, const char *why);

/* match_feed.c */
struct feed *feed_get(struct company *c, const char *connection, const char *catalogue);
void feed_free(struct feed *f);
/* a is answered by match_answer, later. conn and v are of the run that asks. */
void feed_ask(struct feed *f, struct match_ask *a, struct version *v,
    const struct manifest_connection *conn, const struct manifest_catalogue *catalogue);
/* A job of it was done: false, if it is gone. */
bool feed_done(struct feed *f, struct shelf_job *j);

/* match_read.c: the next page of what is wanted, unless one is under way. */
void feed_read(struct feed *f);
void feed_stop_reading(struct feed *f);
/* Nothing is to be read now. */
void feed_rest(struct feed *f);
/* Those who wait are told that it does not work, and it is not tried again for a while. */
void feed_fail(struct feed *f, int64_t wait_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Nothing is under way now: what next? */
void feed_go_on(struct feed *f);

#endif
