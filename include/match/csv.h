/* Tables as people export them: RFC 4180 with what spreadsheets make of it. The separator (comma,
 * semicolon, tab, bar) and the encoding (UTF-8, Windows-1252, UTF-16) are found out from the
 * bytes. */
#ifndef CSV_H
#define CSV_H

#include "buf.h"
#include "err.h"
#include "str.h"

#define CSV_FIELDS_MAX 256
#define CSV_ROW_MAX    ((size_t)1 << 20) /* bytes of one row */

struct csv;

/* A line ends with LF or CRLF, or with CR alone where the first one does. Copies the bytes. NULL
 * with ERR_INPUT: no text at all. */
struct csv *csv_open(struct str bytes, struct err *e);
void csv_free(struct csv *c);

enum csv_row { CSV_END, CSV_ROW, CSV_BAD };

/* From now on an empty line is a row of one empty field; else it is passed over. */
void csv_keep_empty(struct csv *c);

/* The next row. CSV_BAD: it cannot be used, *problem says why, and reading goes
 * on behind it. line: of the file, from 1, where the row begins. Fields are valid until the next
 * call, valid UTF-8 and without NUL. */
enum csv_row csv_next(
    struct csv *c, const struct str **fields, int *n, int *line, const char **problem);

#endif
