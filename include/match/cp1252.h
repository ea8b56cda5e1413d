/* Windows-1252: the characters that Procountor takes, although its texts travel as UTF-8. */
#ifndef CP1252_H
#define CP1252_H

#include "buf.h"
#include "str.h"

/* A character that Windows-1252 does not have. */
struct cp1252_misfit {
    uint32_t code;   /* code point; U+FFFD for a byte that is not valid UTF-8 */
    size_t position; /* of the character in the text, counted in characters from 1 */
};

/* True if Windows-1252 has every character of text; else *misfit (may be NULL) is the first that
 * it has not. */
bool cp1252_fits(struct str text, struct cp1252_misfit *misfit);

/* Appends text with what does not fit replaced by what comes nearest: letters lose the marks that
 * are not to be had, typographic signs become plain ones, invisible ones go. What has no likeness
 * (another script) becomes '?'; then the answer is false and *misfit (may be NULL) the first of
 * them. Also false, with code 0, if out's maximum was hit. */
bool cp1252_transliterate(struct buf *out, struct str text, struct cp1252_misfit *misfit);

#endif
