/* The bytes of one HTTP/1.1 request become a request or a refusal; no socket in sight. The same
 * bytes give the same result however they are cut into pieces. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"
#include "http.h"
#include "http_chunk.h"
#include "http_strict.h"

#define HTTP_PARSE_HEADERS_MAX 100

enum http_parse_state {
    HTTP_PARSE_HEAD,   /* request line and headers */
    HTTP_PARSE_BODY,   /* body of a known length */
    HTTP_PARSE_CHUNKS, /* chunked body */
    HTTP_PARSE_DONE,   /* the request is whole */
    HTTP_PARSE_REFUSED /* problem says why; the connection cannot go on */
};

struct http_parse {
    enum http_parse_state state;
    size_t max_header, max_body;
    struct http_problem problem;

    struct buf head; /* all headers and target point into it once the head is whole */
    size_t line;     /* where the line being received begins */
    int nlines;
    bool blank_skipped;

    const char *method;
    struct str target, path, query;
    int nheaders;
    bool keep_alive;       /* the peer does not want the connection closed */
    bool old;              /* HTTP/1.0 */
    bool expects_continue; /* waits for "100 Continue" before it sends the body */

    struct buf path_decoded;
    uint64_t left; /* of a body of known length */
    struct http_chunk chunk;
    struct buf body; /* with a NUL behind when done */
    struct http_header headers[HTTP_PARSE_HEADERS_MAX];
};

/* max_header: bytes of request line and headers; max_body: of the body after decoding. */
void http_parse_init(struct http_parse *p, size_t max_header, size_t max_body);
/* Ready for another request; small buffers are kept. */
void http_parse_reset(struct http_parse *p);
void http_parse_free(struct http_parse *p);
/* Takes bytes up to the end of the request and returns how many were used: fewer than n only when
 * the state is DONE or REFUSED. */
size_t http_parse_feed(struct http_parse *p, const char *bytes, size_t n);

#endif
