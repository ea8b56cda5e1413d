/* A server of a protocol of lines (SMTP, for the sandbox that takes mails): connections are
 * accepted, lines are given one at a time, and after some of them a text that ends with a line of
 * one dot. What lines mean is not known here. */
#ifndef LINE_IN_H
#define LINE_IN_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "loop.h"
#include "str.h"

#define LINE_IN_LINE_MAX    4096
#define LINE_IN_TEXT_MAX    ((size_t)16 << 20)
#define LINE_IN_CONNECTIONS 200
#define LINE_IN_IDLE_S      60

struct line_in;
struct line_conn;

struct line_in_handlers {
    /* A new connection: the server speaks first. session: a number of its own, from 1. */
    void (*opened)(void *arg, struct line_conn *c, uint64_t session);
    /* A line without its end; or, after line_conn_collect, the whole text with the dots of its
     * lines undone (RFC 5321, 4.5.2). The next one is given when this one was answered. */
    void (*line)(void *arg, struct line_conn *c, uint64_t session, bool is_text, struct str s);
    /* It is gone, or is about to be closed; not called for connections that line_in_free ends. */
    void (*closed)(void *arg, struct line_conn *c, uint64_t session);
    void *arg;
};

/* A server of lines (for sandboxes that speak SMTP). listen: "127.0.0.1:0" takes a free port. NULL
 * and e: it cannot listen there. */
struct line_in *line_in_new(
    struct loop *l, const char *listen, const struct line_in_handlers *h, struct err *e);
void line_in_free(struct line_in *s);
const char *line_in_address(const struct line_in *s); /* "127.0.0.1:2525" */

/* Sends text, then gives the next line. */
void line_conn_answer(struct line_conn *c, struct str text);
/* The same; but what comes next is a text. */
void line_conn_collect(struct line_conn *c, struct str answer);
/* Sends what there is, and closes. */
void line_conn_close(struct line_conn *c, struct str answer);

#endif
