/* A step under way: what a script asked of the outside, until its answer is recorded. */
#ifndef STEP_H
#define STEP_H

#include "channel.h"
#include "http_out_mail.h"
#include "machine.h"
#include "signature.h"

enum step_phase {
    STEP_INTENT, /* the intent is on its way to the disk */
    STEP_QUEUED, /* waits for a place on its connection */
    STEP_TOKEN,  /* waits for a token */
    STEP_SENT,   /* the request is outside */
    STEP_WAITING /* a short wait: before another try, a sleep, the settling of a lost write; or
                    the store is asked */
};

struct step_content;

struct step {
    struct run *run;
    uint32_t seq;
    enum step_phase phase;
    char fingerprint[33];
    char kind[12]; /* "read", "write", "time", "sleep", "settle" */
    char *title;
    char *spec, *body;
    size_t nspec, nbody;
    struct jsondoc *doc; /* of spec */
    bool recorded;       /* its intent is in the journal */
    int64_t at_ms;       /* wall clock of the intent */
    int64_t began_us;
    int attempts;
    int64_t first_ms; /* monotonic, of the first of them */
    char first_problem[TRIES_PROBLEM];

    /* http */
    const struct manifest_connection *conn;
    struct channel *channel;
    bool write, in_channel, renewed;
    int64_t sent_ms; /* wall clock of the last request; 0: none left */
    int64_t lost_ms; /* wall clock: its request was surely no longer on its way; 0: now */
    char *used_token;
    char *hop_url; /* where it was sent on to; NULL: it was not */
    int hops;
    bool away; /* not to the connection's own address: without credentials */
    struct channel_wait place;
    struct token_wait token;
    struct http_out_transfer *transfer;
    struct loop_timer *timer;
    void (*after)(struct step *s); /* what the timer leads to */

    struct step_content *content; /* files of the request, read from the store (step_file.h) */

    struct match_ask *match; /* a catalogue is asked */
};

/* step.c */
/* The script asked: answers from the journal, or begins the step. */
void step_begin(struct run *r, uint32_t seq, struct str spec, struct str body);
/* Stops it and frees it; what the run must know of it is kept in run.redo. */
void step_cancel(struct step *s);
/* True if its request is outside and may have an effect there: it is not to be cancelled. */
bool step_must_finish(const struct step *s);
/* Records the answer, gives it to the script, frees s. outcome: "done", "unknown", "error". */
void step_answer(struct step *s, const char *outcome, int status, struct str meta, struct str body);
/* The answer {"failed":true,...}. */
void step_fail(struct step *s, const char *class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The run ends within this step: an intent of which nothing came is recorded as one that did
 * nothing, so that the step is asked anew if the run goes on one day. */
void step_close(struct step *s, const char *problem);
/* journal.c: the script asks for something else than what is recorded (js, or NULL): stops the run
 * with both. */
void step_mismatch(struct run *r, uint32_t seq, const struct journal_step *js,
    const struct jsondoc *doc, struct str body);
/* Calls after in ms, or gives the Lua state back for long waits (false: s is gone). */
bool step_wait(struct step *s, int64_t ms, void (*after)(struct step *s), const char *why);
/* Records the intent; stored is called when it is on disk. */
void step_store_intent(struct step *s, void (*stored)(struct step *s));
/* The same of a write of which the store says that all tries did nothing: from now on it does not.
 */
void step_store_doubt(struct step *s, void (*stored)(struct step *s));

/* step_http.c */
void step_http_begin(struct step *s);
/* The outcome of the write is not known to anybody: the answer {"unknown":true,...}. */
void step_http_unknown(struct step *s, const char *problem);

/* One try, from the beginning. */
void step_http_attempt(struct step *s);

/* step_redirect.c: true if the answer sends the step on, to s->hop_url. */
bool step_redirect(struct step *s, const struct http_out_result *r);
void step_redirect_reset(struct step *s);

/* step_mask.c: if text, of an answer with this status, holds what the step's connection proves
 * itself with, text becomes a copy with *** there, which room holds. */
void step_mask(const struct step *s, int status, struct str *text, struct buf *room);
/* The same of a file, with as many stars as there were bytes: what its places say of it (a PDF's
 * table, the lengths within an archive) stays true. */
void step_mask_file(const struct step *s, int status, struct str *bytes, struct buf *room);
/* The same of a mail server's words, which may repeat what it was logged in with as it was sent. */
void step_mask_mail(const struct step *s, struct str *text, struct buf *room);

/* step_write.c: a write that is not recorded yet; one whose answer the host's end kept from us. */
void step_write_begin(struct step *s);
/* True: before this try of a recorded write it must be looked for again, so the script was told to.
 */
bool step_write_put_off(struct step *s);
void step_write_lost(struct step *s);

/* For step_mail.c: gives up its place; starts the transfer (r without what all have in common);
 * nothing came of it, again later (after_ms: what the other side asked for, or -1). */
void step_http_leave(struct step *s);
void step_http_transfer(struct step *s, struct http_out_request *r);
void step_http_later(struct step *s, int status, const char *problem, int64_t after_ms);

/* step_ask.c: the step waits for the store; the result is the arg of the store's callback. That
 * gives it to step_asked and gets the step, or NULL if it waits no more or the store failed, which
 * is dealt with then. */
void *step_ask(struct step *s);
struct step *step_asked(void *arg, const struct err *err);

/* step_cursor.c: what a poll has read so far, and that it has read more. */
void step_cursor_begin(struct step *s, bool move);
/* step_link.c: which record there is that record here: looked up, kept, dropped. */
void step_link_begin(struct step *s);
/* step_task.c: an event of the company's own, for its rules to go on with. */
void step_task_begin(struct step *s);
/* step_alert.c */
void step_alert_begin(struct step *s);

/* step_mail.c: a write of method MAIL, whose body is { from, to, cc, reply_to, subject, text,
 * message_id, date_ms } with addresses as { name, address }. */
bool step_is_mail(const struct step *s);
void step_mail_send(struct step *s);
/* A mail server replied. */
void step_mail_answered(struct step *s, const struct http_out_result *r);

/* step_request.c: what is sent, from the step's spec and the connection. */
struct step_request {
    char *url;
    const char *method;
    struct http_header headers[42];
    int nheaders;
    char signed_at[24], signature[SIGNATURE_TEXT];
    struct str authorization; /* set by the sender */
};
/* -1 and e (in words for the script's author) if the spec cannot be sent. */
int step_request_build(const struct step *s, struct step_request *q, struct err *e);
/* Signs it with the connection's secret: auth standard, for a spec that has a webhook-id. */
int step_request_sign(const struct step *s, struct step_request *q, struct err *e);
void step_request_free(struct step_request *q);
/* Leaves none of its headers but Accept. */
void step_request_bare(struct step_request *q);
/* "POST /invoices", without the query. */
char *step_request_title(const struct jsonv *spec);
/* True if the spec's accept list names the status. */
bool step_request_accepts(const struct jsonv *spec, int status);
/* The members "status", "headers" and "timing". */
void step_request_meta(struct buf *out, const struct http_out_result *r);
/* When what of it was done, in microseconds since it began. */
void step_request_timing(struct buf *out, const struct http_out_result *r);
/* What a dry run answers: the body, with "id":0 if it is an object without one; that alone if the
 * host makes the body. */
void step_request_dry(struct buf *out, const struct jsonv *spec, struct str body);

#endif
