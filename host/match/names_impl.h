/* What the files of names share. */
#ifndef NAMES_IMPL_H
#define NAMES_IMPL_H

#include "fold.h"
#include "names.h"
#include "names_form.h"

#define NAMES_BYTES 1024 /* of a name when folded; longer ones are compared with nothing */

/* A name in one of the two fold styles. */
struct names_words {
    char text[NAMES_BYTES]; /* the words' letters */
    struct str word[NAMES_WORDS_MAX];
    bool short_form[NAMES_WORDS_MAX]; /* a full stop stands behind it: "Transp." */
    int count;
    int comma;  /* words before the first comma; 0: there is none */
    bool whole; /* no word had to be left out */
};

struct names_parsed {
    struct str text;
    struct names_words plain;
    struct names_words expanded; /* made when first needed */
    bool has_expanded;
    bool compared; /* each language's "and" is one, also those that mean something else in others */
    int from, to;  /* the words that are not legal form */
    const char *form; /* "" if none */
};

void names_parse(struct names_parsed *n, struct str text, bool compared);
/* Word i as FOLD_EXPANDED has it. */
struct str names_expanded(struct names_parsed *n, int i);

#endif
