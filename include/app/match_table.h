/* A consultant's table as records: which column is what, and what cannot be used. */
#ifndef MATCH_TABLE_H
#define MATCH_TABLE_H

#include "catalog.h"
#include "table.h"

enum {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_CODE,
    COLUMN_GTIN,
    COLUMN_BRAND,
    COLUMN_TEXT,
    COLUMN_PRICE,
    COLUMN_UNIT,
    COLUMNS
};

struct match_table {
    struct table table;
    int column[COLUMNS]; /* -1: the table has none */
    int unread;          /* prices that are none, and the first of them */
    int unread_line;
    char unread_price[48];
    char row_id[24]; /* where the table has no column of ids */
};

/* Opens the table and reads its headings. columns: "id=sku,name=title", or NULL for the usual
 * headings; what it names must be there, unless lax: then only a column for the name must. -1 and e
 * (ERR_IO: cannot be read; ERR_USAGE: headings). */
int match_table_open(
    struct match_table *t, const char *path, const char *columns, bool lax, struct err *e);
void match_table_close(struct match_table *t);

/* The next record, whose texts are valid until the next call. CSV_BAD: *problem says what is wrong
 * with line *line; r->id may be empty. */
enum csv_row match_table_next(
    struct match_table *t, struct catalog_record *r, int *line, const char **problem);

#endif
