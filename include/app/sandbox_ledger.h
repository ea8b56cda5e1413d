/* What a sandbox server was asked, and what it really did: one entry a request, in order, never
 * changed except by what becomes of it. Tests take it as the truth; it is kept in memory.
 *
 * As JSON, one object a line: {"n","at_ms","mono_us" (clocks when the request was in),"sandbox",
 * "connection","nth" (of its connection, from 0),"method","path","query","size","hash" (of the
 * body, as id_hash),"fault" (words of the faults that showed),"status" (given to the peer, 0:
 * none), "line"
 * ("whole","cut","broken","none"),"done":[{"at_ms","mono_us","status","effects":[{"effect",
 * "id","key"}]}] (each time it was carried out),"canaries":[names]}. */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "http_in.h"

struct sandbox_ledger;

struct sandbox_ledger *sandbox_ledger_new(void);
void sandbox_ledger_free(struct sandbox_ledger *l);

/* A new entry's number, from 1. q may be one whose body is not there. */
int64_t sandbox_ledger_add(struct sandbox_ledger *l, const char *sandbox,
    const struct http_in_request *q, struct str path, const char *fault);
/* It was carried out; effects is a JSON array, or empty. */
void sandbox_ledger_done(struct sandbox_ledger *l, int64_t n, int status, struct str effects);
/* What the peer was given. */
void sandbox_ledger_line(struct sandbox_ledger *l, int64_t n, int status, const char *line);
/* Texts to look for in everything that comes in, one a line: NAME, a space, the text. */
int sandbox_ledger_canaries(struct sandbox_ledger *l, struct str lines, struct err *e);
/* Entries from number `from` on; those of one sandbox if it is not NULL. */
void sandbox_ledger_write(
    const struct sandbox_ledger *l, struct buf *b, int64_t from, const char *sandbox);

#endif
