/* What the files of address share. */
#ifndef ADDRESS_IMPL_H
#define ADDRESS_IMPL_H

#include <stdbool.h>
#include "address.h"

#define ADDRESS_PARTS 16
#define ADDRESS_TEXT  1024

/* An address as one line: white space single, what separates its parts a comma. */
struct address_line {
    char text[ADDRESS_TEXT];
    struct str part[ADDRESS_PARTS];
    int nparts;
};

/* slashes: " / " and " - " separate parts too. -1 if the text is too long. */
int address_line_make(struct address_line *l, struct str text, bool slashes);

/* Copies s without white space at its ends, never cutting inside a character. */
void address_copy(char *out, size_t size, struct str s);
/* Appends s, with ", " between. */
void address_append(char *out, size_t size, struct str s);

bool address_has_digit(struct str s);
bool address_letter(char c);
/* s begins with word as a word of its own, whatever its case. */
bool address_starts_word(struct str s, const char *word);
/* One of the words of s is word. */
bool address_has_word(struct str s, const char *word);
/* "c/o Virtanen", "℅ Virtanen", "att: ..." with the name; also "v/ Name". */
bool address_is_co(struct str s, struct str *name);
/* "PL 123", "Postboks 12", "B.P. 5", with what follows the word. */
bool address_is_box(struct str s, struct str *number);
/* The part names a company or an office: it has a legal form or a word such as "kaupunki". */
bool address_is_company(struct str s);
/* The part is no address: a business ID, a telephone number, a mail or web address. */
bool address_is_note(struct str s);
/* w is a word of streets or ends like one: "Road", "Triftstraße". */
bool address_street_word(struct str w);

/* ---- countries (address_country.c) ------------------------------------------------------------
 */

/* The country that s is the name of, in its own language, English, Finnish, Swedish, German or
 * French; NULL if of none. */
const char *address_country_name(struct str s);
/* Takes the name of a country off the end: the last part, or the last words of it. */
bool address_take_country(struct address_line *l, char country[3]);
/* A country's prefix of a postal code that ends right before `at` ("D-", "SE-", "FIN "); its length
 * with the separator, 0 if there is none. */
size_t address_prefix(struct str s, size_t at, const char **country);

/* ---- postal codes (address_code.c) ------------------------------------------------------------
 */

enum address_order {
    ADDRESS_CODE_FIRST, /* "00100 Helsinki" */
    ADDRESS_CITY_FIRST  /* "London SW1A 2AA", "Rīga, LV-1010" */
};

struct address_code {
    int part;
    size_t at, n;        /* in the part, without prefix */
    size_t prefix;       /* bytes of the prefix in front */
    const char *country; /* that prefix or form tell; NULL: any that has such codes */
    enum address_order order;
    bool letters; /* letters follow in the same part */
};

/* The postal code of an address in `country` (NULL: any in Europe). False if there is none. */
bool address_find_code(const struct address_line *l, const char *country, struct address_code *out);

/* ---- splitting --------------------------------------------------------------------------------
 */

/* Sorts the parts that hold no postal code and no town into street, c/o, company ... */
void address_sort_parts(const struct str *part, int n, const char *country, struct address *out);

/* A postal code of five digits with a town behind, and no other country's letters in front. */
bool address_finnish_code(const struct address_line *l);

/* The whole, for Finland and Åland. 0 or -1 and e. */
int address_finland(struct address_line *l, struct address *out, struct err *e);

/* The whole, for the rest of Europe. 0 or -1 and e. */
int address_europe(
    struct address_line *l, const char *country, bool named, struct address *out, struct err *e);

#endif
