/* The words of a catalogue, each with the list of the records that have it, and the words that
 * are spelt alike, found by padded trigrams. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include "postings.h"
#include "str.h"

#define VOCABULARY_NONE UINT32_MAX

struct vocabulary;

/* An empty one, owned by the caller. NULL may be freed. */
struct vocabulary *vocabulary_new(void);
void vocabulary_free(struct vocabulary *v);

/* The word's number, VOCABULARY_NONE if it never was added. At most 255 bytes. */
uint32_t vocabulary_find(const struct vocabulary *v, struct str word);
/* The same; adds it if it is new. */
uint32_t vocabulary_add(struct vocabulary *v, struct str word);
uint32_t vocabulary_count(const struct vocabulary *v); /* with those no record has any more */
uint32_t vocabulary_used(const struct vocabulary *v);

/* The record has the word, or no longer has it. A word is found by its spelling as long as a record
 * has it. vocabulary_link is false if that was known. */
bool vocabulary_link(struct vocabulary *v, uint32_t word, uint32_t record);
void vocabulary_unlink(struct vocabulary *v, uint32_t word, uint32_t record);

/* The spelling of a word below vocabulary_count. Valid until the next change. */
struct str vocabulary_text(const struct vocabulary *v, uint32_t word);
/* Records that have the word. Valid until the next change. */
const struct postings *vocabulary_postings(const struct vocabulary *v, uint32_t word);

struct vocabulary_alike {
    uint32_t word;
    uint32_t percent; /* of trigrams in common, both ways; contained words get less */
};

/* Words in use that are spelt like this one, most alike first (the same word left out); returns
 * how many of at most max. */
int vocabulary_alike(struct vocabulary *v, struct str word, struct vocabulary_alike *out, int max);

/* Bytes held. */
size_t vocabulary_bytes(const struct vocabulary *v);

#endif
