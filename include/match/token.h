/* A record's texts taken apart into what can be compared: words, model codes, marks, numbers,
 * quantities. One struct profile holds one record; it is large, so reuse it. */
#ifndef TOKEN_H
#define TOKEN_H

#include "quantity.h"
#include "str.h"

enum token_kind {
    TOKEN_WORD,
    TOKEN_CODE,     /* a model number: letters and digits, or five digits and more */
    TOKEN_MARK,     /* a short one: a4, i5, cat6 */
    TOKEN_NUMBER,   /* without a unit */
    TOKEN_QUANTITY, /* with one; value2 > 0: a range, value to value2 */
    TOKEN_SIZE,     /* 60x60, 3x1.5: value, value2, value3 */
    TOKEN_ALIAS,    /* another spelling of its chunk: joined, or a code without its tail */
    TOKEN_COLUMN,   /* a model code that stands in the code column */
    TOKEN_EXACT     /* the value of a code column: found by nothing but itself */
};

enum token_field { TOKEN_NAME, TOKEN_BRAND, TOKEN_TEXT, TOKEN_UNIT };

/* Words of which a product has one of a kind. */
enum token_group {
    TOKEN_NO_GROUP,
    TOKEN_COLOUR,
    TOKEN_EDITION,
    TOKEN_PLATFORM,
    TOKEN_STATE, /* upgrade, full, used, ... */
    TOKEN_PERIOD,
    TOKEN_SIDE,
    TOKEN_EXTENT,  /* small, large */
    TOKEN_PACKAGE, /* a bottle, a bag: another one is another article, but few name it */
    TOKEN_GROUPS,
    TOKEN_FILLER = TOKEN_GROUPS /* small words: they say next to nothing */
};

#define TOKEN_NO_WORD UINT32_MAX

struct token {
    uint16_t at, n;      /* its key in the profile's keys */
    uint16_t chunk;      /* tokens of one run of text without a space share it */
    uint8_t kind, field; /* enum token_kind, token_field */
    uint8_t group;       /* enum token_group */
    uint8_t variant;     /* which of the group */
    uint8_t unit;        /* enum quantity_unit */
    bool cut;            /* a full stop follows: may be an abbreviation */
    int64_t value, value2, value3;
    int64_t bare;    /* the number as it stood, without its unit, in thousandths */
    uint32_t word;   /* in the vocabulary, or TOKEN_NO_WORD */
    uint32_t weight; /* set by whoever knows the frequencies */
};

#define TOKEN_NAME_MAX 64  /* tokens of a name; what follows is left out */
#define TOKEN_MAX      192 /* tokens of a record */
#define TOKEN_KEYS     6000

struct profile {
    int n;
    int chunks;
    uint32_t keys_n;
    struct token token[TOKEN_MAX];
    char keys[TOKEN_KEYS];
};

/* Makes it empty, for another record. */
void profile_clear(struct profile *p);
/* Adds the tokens of a folded text. */
void profile_add(struct profile *p, enum token_field field, struct str folded);
/* Adds a code column's value: letters and digits only; a GTIN also without its leading zeros.
 * One that a spreadsheet has shortened ("6,41E+12") is none: many articles would share it. */
void profile_add_code(struct profile *p, struct str folded);

/* What the token is compared by; it stands in p. */
static inline struct str token_key(const struct profile *p, const struct token *t)
{
    return (struct str){p->keys + t->at, t->n};
}

/* The group of a word, and which of the group; false if it is in none. */
bool token_group_of(struct str word, uint8_t *group, uint8_t *variant);

#endif
