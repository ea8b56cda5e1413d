/* What speaks for and against two records being the same. Everything is counted in whole numbers,
 * so the parts add up to the score exactly. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "token.h"

enum evidence_part {
    EVIDENCE_WORDS_QUERY, /* how much of the query's name the other has */
    EVIDENCE_WORDS_MATCH, /* how much of the other's name the query has */
    EVIDENCE_CODE,
    EVIDENCE_NUMBERS, /* numbers, quantities, sizes */
    EVIDENCE_VARIANT, /* colour, edition, marks */
    EVIDENCE_BRAND,
    EVIDENCE_PRICE,
    EVIDENCE_TEXT,  /* descriptions */
    EVIDENCE_EXACT, /* the code column, the GTIN */
    EVIDENCE_PARTS
};

enum evidence_conflict {
    CONFLICT_CODE = 1,     /* two model codes of one family */
    CONFLICT_QUANTITY = 2, /* 500 g and 1 kg */
    CONFLICT_SIZE = 4,     /* 60x60 and 30x30 */
    CONFLICT_NUMBER = 8,   /* 2007 and 2010 */
    CONFLICT_VARIANT = 16, /* black and white */
    CONFLICT_MARK = 32,    /* A4 and A3 */
    CONFLICT_BRAND = 64,
    CONFLICT_PRICE = 128, /* more than a factor of two */
    CONFLICT_GTIN = 256,
    CONFLICT_PERIOD = 512 /* a month and a year */
};
#define CONFLICTS 10

enum evidence_code {
    CODE_NONE,      /* one of them has none */
    CODE_DIFFERENT, /* both have, none in common */
    CODE_IN_TEXT,   /* one has it in its description only */
    CODE_NEAR,      /* one is the other with a tail of letters */
    CODE_SAME
};

#define EVIDENCE_ONE 10000 /* a score of 1 */

struct evidence {
    int32_t part[EVIDENCE_PARTS];
    int32_t score; /* the sum of the parts */
    uint32_t conflicts;
    enum evidence_code code;
    int rarity;                 /* how many records have the code in common */
    int code_length;            /* of that code, in bytes */
    int open_query, open_match; /* model codes of the names that were not found */
    int rare;                   /* words of both names that hardly any other record has */
    bool columns_differ;        /* one has a code column, the other codes, none in common */
    bool stem_same;             /* model codes that differ behind their number only */
    bool colour_same;           /* both name a colour, and the same */
    bool colour_other;
    bool brand_same;
    int price_ratio;                  /* in hundredths, 100: equal; 0: not known */
    bool exact;                       /* code column or GTIN are the same */
    int cover_query, cover_match;     /* of 1000: the weight of the name's words found */
    int missing_query, missing_match; /* hundredths of bits not found */
    int lone_query, lone_match;       /* of 1000: the part of the name that one word is which the
                                         other lacks */
    int one_sided;                    /* groups and marks that only one of them has */
};

struct evidence_side {
    const struct profile *tokens;
    int64_t price; /* ten-thousandths of the currency's unit; 0: not known */
};

/* Fills *out. Weights (hundredths of bits) must be set in both. rarity(arg, word) tells how many
 * records have a word. */
void evidence_compare(const struct evidence_side *query, const struct evidence_side *match,
    int (*rarity)(const void *arg, uint32_t word), const void *arg, struct evidence *out);

/* As --explain says them: "words of the query", "model code". */
const char *evidence_part_name(int part);    /* enum evidence_part */
const char *evidence_conflict_name(int bit); /* 0 .. CONFLICTS - 1 */
/* The conflict of that name as a bit of enum evidence_conflict, 0 if there is none. */
uint32_t evidence_conflict_of(struct str name);

#endif
