/* Answers of a sandbox that break off, or that are none: bytes that no server would write on
 * purpose.
 *   html      200 with a page instead of JSON
 *   empty     204
 *   noid      201 with JSON that lacks the id
 *   invalid   200, says JSON and is none
 *   truncated 200, JSON that ends in the middle, its length right
 *   type      the answer itself, with Content-Type text/plain
 *   endless   200 and a body that never ends
 *   bytes     the answer itself, chunked, one byte a chunk
 *   slow      the answer itself, a byte each 100 ms
 *   gzip      200 and 32 KB that unpack to 32 MB
 *   header    the answer itself, with a header line of 100 KB
 *   twice     the answer itself, and then once more on the same connection */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include "http_in.h"
#include "list.h"
#include "loop.h"

#define SANDBOX_ANSWERS                                                                            \
    "html, empty, noid, invalid, truncated, type, endless, bytes, slow, gzip, header or twice"

bool sandbox_answer_known(struct str name);

struct sandbox_answer {
    int status;
    const struct http_header *headers;
    int nheaders;
    struct str body;
};

/* Sends the broken form of an answer; x is no more the caller's. Those that leave bit by bit are
 * in the list `drips` meanwhile. */
void sandbox_answer_break(struct loop *l, struct list *drips, struct http_in_exchange *x,
    const struct sandbox_answer *answer, const char *how);
/* Ends all that leave bit by bit. */
void sandbox_answer_stop(struct list *drips);
/* Sends an answer up to where (enum fault_cut, or so many bytes) and closes. */
void sandbox_answer_cut(
    struct http_in_exchange *x, const struct sandbox_answer *answer, int64_t where);

#endif
