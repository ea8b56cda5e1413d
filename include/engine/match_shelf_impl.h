/* What the files of the shelf share; all of it is the helper thread's. */
#ifndef MATCH_SHELF_IMPL_H
#define MATCH_SHELF_IMPL_H

#include "catalog_log.h"
#include "match_shelf.h"

struct book {
    char *path; /* NULL: kept in memory alone */
    char print[65];
    struct manifest_catalogue fields;
    struct catalog *catalog;
    struct catalog_log *log;
    bool opened, forget;
    unsigned char *seen; /* by place, while all is read: a page had it */
    size_t seen_n;
    size_t bytes; /* as last counted */
    int pending;  /* jobs that are not done; under the shelf's mutex */
};

/* Does a part of the job; true: it is done. left: bytes that all catalogues may still grow by. */
bool book_do(struct book *b, struct shelf_job *j, size_t left);
void book_free(struct book *b);

#endif
