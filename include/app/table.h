/* A consultant's own table: the headings of its first row, and rows whose fields stand under
 * them. What kinds of files are understood: csv.h. */
#ifndef TABLE_H
#define TABLE_H

#include "csv.h"
#include "err.h"

struct table {
    char *path; /* as messages name it */
    char *bytes;
    struct csv *csv;
    struct str *heading; /* `columns` of them, copies */
    int columns;
    int rows;          /* read so far, bad ones too */
    char problem[160]; /* room for a message of table_next */
};

/* Opens the file (NULL or "-": standard input, read to its end) and reads its headings. -1 and e:
 * ERR_IO, it cannot be read; ERR_USAGE, it is empty or its first row is none. To be closed in any
 * case. */
int table_open(struct table *t, const char *path, struct err *e);
void table_close(struct table *t);

/* Which column has a heading, upper or lower case and accents aside; -1 if none has. */
int table_find(const struct table *t, struct str heading);
/* The same for a heading that must be there, and once only: else -1 with ERR_USAGE, which lists
 * the headings there are. */
int table_column(const struct table *t, struct str heading, struct err *e);
/* True if another column has the heading of this one too: nobody can say which is meant. */
bool table_is_twice(const struct table *t, int column);
/* Appends the headings, or the first of them: 'id', 'name', ... */
void table_put_headings(struct buf *out, const struct table *t);

/* The next row, whose fields are valid until the next call. An empty line is passed over. CSV_BAD:
 * *problem says what is wrong with the row that begins on *line (of the file, from 1), and the
 * next call goes on behind it; its fields are there (*n of them) if it only has too many of them,
 * else *n is 0. A row may have fewer fields than there are headings. */
enum csv_row table_next(
    struct table *t, const struct str **fields, int *n, int *line, const char **problem);
/* The same where each row must have certain columns: CSV_BAD if it ends before. */
enum csv_row table_next_with(struct table *t, const int *column, int count,
    const struct str **fields, int *line, const char **problem);

/* Says on standard error how many of the rows read could not be used; nothing if none. */
void table_tell_bad(const struct table *t, size_t bad);

/* What a field says: without white space around it, and without the signs by which a spreadsheet
 * is kept from making a number of it (="0012", '0012). */
struct str table_cell(struct str field);

/* A whole file (NULL or "-": standard input), owned by the caller; NULL with ERR_IO. */
char *table_read_file(const char *path, size_t *n, struct err *e);

#endif
