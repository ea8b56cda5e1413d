/* Faults that a sandbox server shows on purpose. A spec is comma separated:
 *
 *   [METHOD ][/path-prefix ][QUALIFIER ...]KIND[=VALUE][*N]
 *
 *   "POST /api/invoices lost*1, GET p=0.1 error=503, delay=200ms, seed=42"
 *
 * Kinds that come alone, the first that matches a request:
 *   accept         a new connection is reset at once (no method or path)
 *   head           reset when the headers are in: the body is not read
 *   reset          reset when the request is in, before it is carried out
 *   lost           carried out, then reset without an answer
 *   cut[=WHERE]    carried out, then the answer breaks off: status, header, body or a byte count
 *   hang           never answered
 *   error[=STATUS] that status instead of an answer
 *   answer=HOW     an answer that is none, see sandbox_answer.h
 * Kinds that go together with any other:
 *   delay=TIME     waits before the answer
 *   again=TIME     carried out a second time, so much later
 *   hide=TIME      what it creates is not found by searches for so long
 * Qualifiers: done, undone (carried out, or not, whatever the kind says); late=TIME (the line is
 * treated at once, and the request carried out so much later); retry=FORM (Retry-After of an error:
 * a number, date+N, date-N, any other word as it is); p=0.25 (so likely); after=N (not the first
 * N that match); fresh, reused (the first request of a connection, or a later one).
 * *N: only the next N. TIME may be a range, drawn anew each time: late=0s..60s. seed=N sets what
 * chance begins with. Path prefixes are those the sandbox itself sees. */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "str.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_ERROR,
    FAULT_RESET, /* reset and lost: they differ in what is carried out */
    FAULT_CUT,
    FAULT_HANG,
    FAULT_ANSWER,
    FAULT_HEAD,
    FAULT_ACCEPT
};

enum fault_cut { FAULT_CUT_STATUS = -1, FAULT_CUT_HEADER = -2, FAULT_CUT_BODY = -3 };

/* What shall happen to one request. */
struct fault_plan {
    int64_t delay_ms, hide_ms;
    int64_t again_ms; /* -1: not again */
    enum fault_kind kind;
    int64_t value;    /* status of an error, bytes of a cut or enum fault_cut */
    bool carried_out; /* now */
    int64_t late_ms;  /* later, or -1 */
    char answer[16];  /* of FAULT_ANSWER */
    char retry[40];   /* of an error: its Retry-After, "" for none */
    char words[96];   /* as it stands in the spec, for the ledger */
};

struct fault_list;

/* NULL and e if the spec is not understood; an empty spec is a list without faults. */
struct fault_list *fault_parse(struct str spec, struct err *e);
void fault_free(struct fault_list *f);
/* Counts the request against the faults that match it. */
struct fault_plan fault_take(
    struct fault_list *f, const char *method, struct str path, bool reused);
/* The same for the two kinds that cut before a request is in; true if one of them does. */
bool fault_take_accept(struct fault_list *f);
bool fault_take_head(struct fault_list *f, const char *method, struct str path, bool reused);
/* One line for each fault: how often it showed, and its words. */
void fault_write(struct buf *b, const struct fault_list *f);

#endif
