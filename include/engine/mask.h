/* Credentials in words of others. A system that repeats what it was sent repeats it as it writes
 * texts itself, so a credential is known in the spellings of JSON, of addresses and of pages, also
 * where one is within another: each of its characters may stand as itself, as %XX (%25XX), behind
 * backslashes as \uXXXX, \xXX, or itself if it is one of / " ', as &#N; &#xN; or by its name
 * (&amp;#N;), a space as +, a backslash as 2, 4 or 8 of them. Letters and digits are not escaped by
 * anybody: a text without the longest row of them does not hold the credential. */
#ifndef SAUMA_MASK_H
#define SAUMA_MASK_H

#include "buf.h"
#include "str.h"

#include <stdbool.h>

#define MASK_LONG    16 /* what is shorter may be a word of its own in a good answer */
#define MASK_NO_WORD 8  /* and in a refusal, which no rule reads by its letters */
#define MASKS_MAX    384

/* What is looked for. The texts are the caller's, or made. */
struct masks {
    struct str text[MASKS_MAX];
    char *made[MASKS_MAX];
    int n, nmade;
};

void masks_init(struct masks *m);
/* Wipes what was made. */
void masks_free(struct masks *m);
/* Text is looked for as well, if it has at least so many bytes. It stays the caller's. */
void masks_add(struct masks *m, struct str text, size_t least);
/* The same, and what base64 (of its own or as a part of more) and hexadecimal digits make of it. */
void masks_add_encoded(struct masks *m, struct str text, size_t least);
/* If one of them is in text, text becomes a copy with *** there, which room holds. in_place: with
 * as many stars as there were bytes. */
void mask_text(const struct masks *m, struct str *text, bool in_place, struct buf *room);

#endif
