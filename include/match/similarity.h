/* How alike two words are, by their bytes. */
#ifndef SIMILARITY_H
#define SIMILARITY_H

#include "str.h"

#define SIMILARITY_MAX 64 /* bytes of a word; longer ones are different */

/* Levenshtein distance, bit-parallel (Myers 1999, as Hyyroe 2003 has it); more than 64 bytes: 64.
 */
int similarity_distance(struct str a, struct str b);

/* How many bytes of word lie in runs that one of the others has too: runs of four bytes at least,
 * or of three at the begin of both. Compounds are found so: lavakuljetus in "kuljetus", "lava". */
int similarity_cover(struct str word, const struct str *others, int n);

#endif
