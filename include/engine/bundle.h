/* Sources of scripts as one JSON object {"path": "source", ...}, its members sorted by path, so
 * that equal folders give equal bytes and with them equal names of versions. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stdbool.h>
#include "err.h"
#include "str.h"

struct bundle {
    char *json; /* NUL terminated, owned */
    size_t n;
    char hash[33]; /* id_hash of json */
    int files;
};

/* The *.lua files below dir, with paths relative to it; a file must be UTF-8 without a NUL and at
 * most 1 MB, a bundle at most 8 MB and 1000 files. tests also takes tests/ and the JSON files of
 * fixtures/, which are no part of what a host runs. 0, or -1 and e with the file's name. */
int bundle_read_company(struct bundle *b, const char *dir, bool tests, struct err *e);
/* The installation's own: lua/ (but not lua/meta) and rules/ below home. */
int bundle_read_system(struct bundle *b, const char *home, struct err *e);
void bundle_free(struct bundle *b);
struct str bundle_str(const struct bundle *b);

#endif
