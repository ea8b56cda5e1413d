/* Postal addresses: one line or several split into their fields. Works on structure alone: the
 * form of the postal code tells where the town is, and often the country. Where the text cannot be
 * split it says so and does not guess. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include "buf.h"
#include "err.h"
#include "str.h"

#define ADDRESS_FIELD 256

/* All fields are NUL-terminated UTF-8; empty: the text has none. */
struct address {
    char street[ADDRESS_FIELD]; /* "Mannerheimintie 12 B 34", or the PO box if no street */
    char postal_code[32];       /* text: leading zeros matter */
    char city[ADDRESS_FIELD];
    char country[3];               /* ISO 3166-1 alpha-2 if the text or its prefix names it */
    char co[ADDRESS_FIELD];        /* "c/o Virtanen" without the "c/o" */
    char po_box[64];               /* "PL 123" as a box: "123" */
    char company[ADDRESS_FIELD];   /* a line or part before the street that is no street */
    char rest[ADDRESS_FIELD];      /* what fitted nowhere */
    char code_city[ADDRESS_FIELD]; /* the postal code's town, if a list has it and the text another
                                    */
    int confidence;                /* 0 to 100 */
};

/* text: one line with commas, or lines. country: the default country (ISO 3166-1 alpha-2, any of
 * Europe), "FI" if NULL; a country that the text names outranks it.
 * 0, or -1 and e: ERR_INPUT with the reason in words ("no postal code of five digits ..."). */
int address_split(struct str text, const char *country, struct address *out, struct err *e);

/* A list of Finnish postal codes and their towns, in any order; a code may have several names. */
struct address_town {
    struct str code, name;
};
struct address_towns {
    const struct address_town *town;
    size_t n;
};

/* As address_split; for an address in Finland the list, if it is not NULL, adds the town to a code
 * without one, finds a town that ends a text without a code, parts a town from words behind it
 * (which become `rest`), and tells a town that is not the code's. */
int address_split_known(struct str text, const char *country, const struct address_towns *t,
    struct address *out, struct err *e);

/* What address_format puts together; no field is NULL. */
struct address_lines {
    const char *company, *co, *street, *postal_code, *city, *country;
};

/* Appends the lines of an address, LF between them: company, c/o, street, then postal code and town
 * as the country has them (behind the town in Britain, Ireland and Latvia), and the country's code
 * unless it is FI or empty. What is empty takes no line. -1 if out's maximum was hit. */
int address_format(struct buf *out, const struct address_lines *a);

/* country is a code that address_split takes as default: any of ISO 3166-1 alpha-2's two letters.
 */
bool address_country_known(const char *country);

#endif
