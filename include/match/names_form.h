/* Legal forms at the begin and end of company names. */
#ifndef NAMES_FORM_H
#define NAMES_FORM_H

#include "str.h"

#define NAMES_WORDS_MAX 48

/* Takes the legal forms off both ends of the words [*from, *to), which are folded, but never all
 * of them. The result is the form as its common abbreviation, "" if there is none. capital_first:
 * the first word was written in capitals, as "AS" of an Estonian company is and "as" as a word is
 * not. */
const char *names_form_strip(const struct str *word, int *from, int *to, bool capital_first);

/* ---- the tables: names_form_words.c, names_form_phrases.c -------------------------------------
 */

enum names_form_place { NAMES_FORM_ANYWHERE, NAMES_FORM_AT_END, NAMES_FORM_CAPITAL_FIRST };

struct names_form_word {
    const char *text;
    const char *form;
    enum names_form_place place; /* where it may stand besides the end */
};

struct names_form_phrase {
    const char *before; /* the words before the last */
    const char *last;
    const char *form;
    enum names_form_place place;
    signed char words; /* in `before` */
};

/* How many entries lie below each letter, those below a, b ... z, below what follows z, and all:
 * where to look for a word. */
#define NAMES_FORM_LETTERS 28
extern const short names_form_words_at[NAMES_FORM_LETTERS];
extern const short names_form_phrases_at[NAMES_FORM_LETTERS];

extern const struct names_form_word names_form_words[]; /* sorted by text */
extern const int names_form_words_count;
extern const struct names_form_phrase names_form_phrases[]; /* sorted by last, as the end is looked
                                                             * at first */
extern const int names_form_phrases_count;
extern const char *const names_form_firsts[]; /* first words of the phrases that may stand in front
                                               * of a name, sorted */
extern const int names_form_firsts_count;

#endif
