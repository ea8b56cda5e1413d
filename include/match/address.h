/* Postal addresses: one line or several split into their fields. Works on structure alone; the
 * town of a Finnish address is what stands behind its five-digit postal code. Where the text
 * cannot be split it says so and does not guess. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include "err.h"
#include "str.h"

#define ADDRESS_FIELD 256

/* All fields are NUL-terminated UTF-8; empty: the text has none. */
struct address {
    char street[ADDRESS_FIELD];      /* "Mannerheimintie 12 B 34", or the PO box if no street */
    char postal_code[32];            /* text: leading zeros matter */
    char city[ADDRESS_FIELD];
    char country[3];                 /* ISO 3166-1 alpha-2 if the text or its prefix names it */
    char co[ADDRESS_FIELD];          /* "c/o Virtanen" without the "c/o" */
    char po_box[64];                 /* "PL 123" as a box: "123" */
    char company[ADDRESS_FIELD];     /* a line or part before the street that is no street */
    char rest[ADDRESS_FIELD];        /* what fitted nowhere */
    int confidence;                  /* 0 to 100 */
};

/* text: one line with commas, or lines. country: the default country, "FI" if NULL.
 * 0, or -1 and e: ERR_INPUT with the reason in words ("no postal code of five digits ..."). */
int address_split(struct str text, const char *country, struct address *out, struct err *e);

/* country is a code that address_split takes as default: any of ISO 3166-1 alpha-2's two letters. */
bool address_country_known(const char *country);

#endif
