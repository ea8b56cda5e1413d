/* Text made comparable: lower case without accents, one way of writing for what looks alike. */
#ifndef FOLD_H
#define FOLD_H

#include "buf.h"
#include "str.h"

/* What becomes of the letters that ASCII writers spell in two ways. Two texts are the same to a
 * reader if they are equal in either style. */
enum fold_style {
    FOLD_PLAIN,   /* a-umlaut a, o-umlaut o, a-ring a, u-umlaut u, o-slash o */
    FOLD_EXPANDED /* a-umlaut ae, o-umlaut oe, a-ring aa, u-umlaut ue, o-slash oe */
};

/* Appends text folded: lower case, Latin letters without their marks, compatibility forms (full
 * width, ligatures, superscripts) resolved, every dash a hyphen, every quote ' or ", invisible
 * characters dropped, each run of white space or control characters one space, none at the ends.
 * Invalid UTF-8 becomes U+FFFD. -1 if out's maximum was hit. */
int fold_text(struct buf *out, struct str text, enum fold_style style);

/* Appends text in Unicode's normalization form C. Invalid UTF-8 becomes U+FFFD. */
int fold_nfc(struct buf *out, struct str text);

/* The code point at *p, which moves behind it; U+FFFD for each byte that is not valid UTF-8. */
uint32_t fold_next(const char **p, const char *end);
/* Appends a code point as UTF-8. */
int fold_put(struct buf *out, uint32_t c);

#endif
