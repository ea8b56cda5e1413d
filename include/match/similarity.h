/* How alike two words are, by their bytes. */
#ifndef SIMILARITY_H
#define SIMILARITY_H

#include "str.h"

#define SIMILARITY_MAX 64 /* bytes of a word; longer ones are different */

/* Levenshtein distance, bit-parallel (Myers 1999, as Hyyroe 2003 has it); more than 64 bytes: 64.
 */
int similarity_distance(struct str a, struct str b);

/* The bytes of word, as bits, that lie in runs which one of the others has too: runs of five bytes,
 * of four at the begin or end of one of the two, of three at the begin of both. Compounds are found
 * so: lavakuljetus in "kuljetus", "lava". */
uint64_t similarity_runs(struct str word, const struct str *others, int n);

#endif
