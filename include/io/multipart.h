/* Bodies of several parts (RFC 2046 5.1): read from an answer, written as a form (RFC 7578). */
#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include "buf.h"
#include "str.h"

/* Adds the value of a header's parameter, unquoted: of `attachment; filename="a \"b\".pdf"` that of
 * filename. False if it has none. */
bool header_parameter(struct str header, const char *name, struct buf *out);
/* Adds the file name of a Content-Disposition (filename*, else filename) without any folder and
 * control character, valid UTF-8, 200 bytes at most; adds nothing if there is none. */
void header_file_name(struct str disposition, struct buf *out);
/* The media type alone: "text/html" of "text/html; charset=utf-8". */
struct str header_media_type(struct str content_type);

struct multipart {
    struct str rest;    /* what is not read yet */
    char delimiter[80]; /* "--" and the boundary */
    bool broken; /* it ended without the closing delimiter, or a part is encoded as in mail */
};
struct multipart_part {
    struct str type;        /* STR_NONE: not said */
    struct str disposition; /* the same */
    struct str body;
};
/* -1 if the Content-Type is no multipart type with a boundary of 1 to 70 characters. All point into
 * body, which must live as long. */
int multipart_open(struct multipart *m, struct str content_type, struct str body);
/* The next part; false at the end. */
bool multipart_next(struct multipart *m, struct multipart_part *p);

/* One part of multipart/form-data; file_name and type may be "". */
void multipart_put(struct buf *b, const char *boundary, struct str name, struct str file_name,
    struct str type, struct str body);
/* Behind the last part. */
void multipart_end(struct buf *b, const char *boundary);

#endif
