/* Decoder of the chunked transfer coding, strict about every byte of its framing: that is where
 * requests are smuggled. */
#ifndef HTTP_CHUNK_H
#define HTTP_CHUNK_H

#include <stddef.h>
#include <stdint.h>
#include "buf.h"
#include "http_strict.h"

struct http_chunk {
    unsigned char state;
    int digits;      /* of the size being read */
    uint64_t size;   /* bytes of the chunk still to come */
    size_t overhead; /* bytes of extensions and trailers so far */
    bool trailers;   /* there were some, and they were dropped */
};

/* For a new body. */
void http_chunk_init(struct http_chunk *c);
/* Takes bytes up to the end of the body, data is added to body (its max is max_body: over it the
 * problem is 413). overhead_max limits extensions and trailers, which are checked and dropped.
 * Returns the number of bytes used; *done at the end of the body. */
size_t http_chunk_feed(struct http_chunk *c, const char *bytes, size_t n, size_t max_body,
    size_t overhead_max, struct buf *body, bool *done, struct http_problem *problem);

#endif
