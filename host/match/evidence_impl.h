/* What the files of the evidence share. */
#ifndef EVIDENCE_IMPL_H
#define EVIDENCE_IMPL_H

#include "evidence.h"

/* One side under comparison: how much of each token was found on the other side, of 1000. */
struct found {
    const struct profile *p;
    int16_t credit[TOKEN_MAX];
};

struct comparison {
    struct found query, match;
    struct evidence *out;
    int (*rarity)(const void *arg, uint32_t word);
    const void *arg;
};

/* A token of the name that counts as a word of it. */
static inline bool is_of_name(const struct token *t)
{
    return t->field == TOKEN_NAME && t->kind < TOKEN_ALIAS;
}

static inline void credit(struct found *f, int i, int of_1000)
{
    if (f->credit[i] < of_1000)
        f->credit[i] = (int16_t)of_1000;
}

/* Which words may be among some: most pairs of words differ, and are told apart here. */
struct words_seen {
    bool at[256];
};

static inline bool may_have_seen(const struct words_seen *s, uint32_t word)
{
    return s->at[word & 255];
}

/* Each fills credits and sets conflicts. */
void evidence_exact_words(struct comparison *c);
void evidence_similar_words(struct comparison *c);
void evidence_codes(struct comparison *c);
void evidence_joined(struct comparison *c); /* words that stand joined in the other */
void evidence_values(struct comparison *c); /* sizes, quantities, numbers */
void evidence_variants(struct comparison *c);

#endif
