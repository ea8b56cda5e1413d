/* A stream of lines, each answered in its place: memory is bounded whatever comes in. */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>
#include "buf.h"
#include "charset.h"
#include "err.h"

#define LINES_MAX ((size_t)64 << 10) /* what is kept of a line */

struct lines {
    FILE *in;
    enum charset charset; /* told from the begin of what is read; lines are given as UTF-8 */
    struct buf line, decoded;
    char ahead[4096]; /* what was read to tell it */
    size_t ahead_n, ahead_at;
    bool cut;     /* the line was longer than LINES_MAX; only its begin is kept */
    bool failed;  /* reading stopped on an error, not at the end */
    bool to_free; /* `in` was opened here */
};

/* path: NULL or "-" is standard input. -1 and e if the file cannot be read. */
int lines_open(struct lines *l, const char *path, struct err *e);
/* The next line as UTF-8 (UTF-16 is known by its mark or zeros, Windows-1252 by its letters)
 * without its end (LF or CRLF) and without a byte order mark in front of the first; false at the
 * end. *out is valid until the next call. A last line without LF counts. */
bool lines_next(struct lines *l, struct str *out);
void lines_close(struct lines *l);

/* Writes a field of a line of tab-separated values: tabs and control characters become spaces,
 * invalid UTF-8 U+FFFD, what is over 1000 bytes is left out with an ellipsis. */
void lines_put_field(struct buf *out, struct str s);

#endif
