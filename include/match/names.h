/* Company names. What they say is a hint only: two companies with different valid business IDs are
 * two companies, whatever their names. */
#ifndef NAMES_H
#define NAMES_H

#include "buf.h"
#include "str.h"

enum names_match {
    NAMES_DIFFERENT,
    NAMES_CLOSE, /* the same but for one slip of the pen, or an abbreviated word */
    NAMES_SAME   /* the same but for spelling: case, accents, signs, legal form left out or moved */
};

/* Appends the name folded (FOLD_PLAIN) without legal form, punctuation and additions such as
 * "/ Laskutus"; its words separated by one space, "ja", "och", "and" and "+" as "&". Never empty
 * for a name that has a letter or a digit. -1 if out's maximum was hit. */
int names_fold(struct buf *out, struct str name);

/* The legal form that the name bears, as its common abbreviation in lower case ("oy", "oyj", "ky",
 * "as oy"; translations of a form are one form, so Ab and Ltd are "oy"); "" if none. */
const char *names_form(struct str name);

/* How two names compare. Names that bear two different legal forms differ; so do names with
 * different numbers or with a word more ("Holding"). */
enum names_match names_compare(struct str a, struct str b);

/* True unless names_compare finds them different. */
bool names_same(struct str a, struct str b);

#endif
