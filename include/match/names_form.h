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

#endif
