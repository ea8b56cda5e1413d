/* Texts of a person, looked for in bytes of any kind: as they are, as JSON escapes (\u00e4, \/),
 * and percent-encoded; upper and lower case of ASCII letters are the same. */
#ifndef NEEDLE_H
#define NEEDLE_H

#include "buf.h"
#include "str.h"

struct needles {
    struct str *text; /* folded */
    int n;
    struct buf work;
};

void needles_init(struct needles *d, const char *const *texts, int n);
void needles_free(struct needles *d);
bool needles_in(struct needles *d, struct str hay);

#endif
