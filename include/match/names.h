/* Company names. What they say is a hint only: two companies with different valid business IDs are
 * two companies, whatever their names. */
#ifndef NAMES_H
#define NAMES_H

#include "buf.h"
#include "str.h"

enum names_match {
    NAMES_DIFFERENT,
    NAMES_UNSURE, /* the same words in another order, one letter for another, an initial */
    NAMES_CLOSE,  /* the same but for one slip of the pen, or an abbreviated word */
    NAMES_SAME /* the same but for spelling: case, accents, signs, legal form left out or moved */
};

/* Appends the name folded (FOLD_PLAIN) without legal form, punctuation and additions such as
 * "/ Laskutus"; its words separated by one space, "ja", "och", "and" and "+" as "&". Never empty
 * for a name that has a letter or a digit. -1 if out's maximum was hit. */
int names_fold(struct buf *out, struct str name);

/* The legal form that the name bears, as its common abbreviation in lower case ("oy", "oyj", "ky",
 * "as oy"; translations of a form are one form, so Ab and Ltd are "oy"); "" if none. */
const char *names_form(struct str name);

/* How two names compare. Names that bear two different legal forms differ; so do names with
 * different numbers or with a word more ("Holding"). */
enum names_match names_compare(struct str a, struct str b);

/* True if names_compare finds them the same or close. */
bool names_same(struct str a, struct str b);

/* ---- why ---------------------------------------------------------------------------------------
 */

#define NAMES_NOTES     16
#define NAMES_NOTE_TEXT 48

enum names_note_kind {
    NAMES_NOTE_NAME,         /* the words are equal */
    NAMES_NOTE_SPELLING,     /* equal as one spells them without accents */
    NAMES_NOTE_JOINED,       /* equal when written together */
    NAMES_NOTE_SLIP,         /* a slip of the pen */
    NAMES_NOTE_SHORT,        /* an abbreviated word */
    NAMES_NOTE_ORDER,        /* the words in another order */
    NAMES_NOTE_SOME,         /* some words are equal */
    NAMES_NOTE_FORM,         /* the legal forms are equal */
    NAMES_NOTE_FORM_MISSING, /* only one bears a legal form */
    /* what speaks against */
    NAMES_NOTE_FORM_CONFLICT,
    NAMES_NOTE_NUMBER,
    NAMES_NOTE_WORD, /* another word, or one more */
    NAMES_NOTE_EMPTY
};

struct names_note {
    enum names_note_kind kind;
    char a[NAMES_NOTE_TEXT], b[NAMES_NOTE_TEXT]; /* what of each name it is about; may be cut */
    double weight;                               /* its part of the score, below 0 if against */
};

struct names_evidence {
    double score; /* 0 to 1: the sum of the notes' weights */
    int count;
    struct names_note note[NAMES_NOTES];
};

/* names_compare with its reasons. */
enum names_match names_explain(struct str a, struct str b, struct names_evidence *out);
/* "spelling", "form_conflict" ... */
const char *names_note_name(enum names_note_kind kind);
/* "same" (NAMES_SAME, NAMES_CLOSE), "unsure" or "different". */
const char *names_decision(enum names_match m);

#endif
