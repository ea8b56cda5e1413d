/* Rows of the store as JSON, for the files that read it: bytes of any kind become one line. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "buf.h"
#include "store_private.h"
#include "store_read.h"

struct store_reader {
    struct sql *sql;
    struct buf row;
    struct buf shown; /* row, as people may see it */
    bool whole;       /* they see all of it */
};

void row_text(struct buf *b, const char *key, const char *value);
void row_int(struct buf *b, const char *key, int64_t value);
void row_time(struct buf *b, const char *key, int64_t wall_ms); /* 0: null */
/* Bytes as a JSON value on one line: JSON as it is, other UTF-8 as a string, the rest as
 * {"base64":"..."}; none as null. */
void row_value(struct buf *b, const char *key, struct str bytes);
/* The same without a key. */
void row_bytes(struct buf *b, struct str bytes);
/* `"key":{...}`: the members of object (JSON), and body as its member "body". If object is none,
 * its value is the member "spec" of the result. */
void row_message(struct buf *b, const char *key, struct str object, struct str body);
/* Columns of a run as RUN_COLUMNS names them; leaves the object open. */
#define RUN_COLUMNS                                                                                 \
    "r.id, e.id, r.company, r.rule, r.version, r.key, r.state, r.reason, r.until_ms,"               \
    " r.created_ms, r.updated_ms, r.result, (SELECT count(*) FROM steps WHERE steps.key"            \
    " BETWEEN r.n << 20 AND (r.n << 20) + 1048575), r.about, r.edit, (SELECT version FROM switches" \
    " WHERE switches.company = r.company ORDER BY n DESC LIMIT 1)"
#define RUN_COLUMNS_N 16 /* of columns; those that a query adds come then */
void row_run(struct buf *b, struct query *q, bool with_event);
/* Ends the row and hands it over. What the row function returned; -1 and e if it grew too long. */
int row_end(struct store_reader *r, store_row_fn fn, void *arg, struct err *e);

#endif
