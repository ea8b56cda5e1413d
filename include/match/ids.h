/* Identifiers with check digits, as people type them: business IDs, VAT numbers, reference
 * numbers, bank accounts. Texts given may hold spaces of any kind and any dash; results are the
 * one normal form. Messages never repeat the text: it may be a personal identity code. */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>
#include "str.h"

#define IDS_TEXT   64
#define IDS_REASON 160

enum ids_verdict { IDS_VALID, IDS_INVALID, IDS_UNKNOWN_TYPE };

struct ids_checked {
    char normal[IDS_TEXT];   /* valid: the normal form, else "" */
    char reason[IDS_REASON]; /* not valid: why, in words, else "" */
};

/* Types: "fi_ytunnus" (normal form "0112038-9"; takes the VAT form and labels such as "Y-tunnus"
 * too), "eu_vat_FI" ("FI01120389"), "fi_viitenumero" ("1234561"), "iso11649" ("RF341234561"),
 * "iban" ("FI2112345600000785"). */
enum ids_verdict ids_check(const char *type, struct str text, struct ids_checked *out);
/* Names of the types, from i = 0; NULL after the last. */
const char *ids_type(int i);

/* The VAT number of a business ID. False with out->reason if that is not valid. */
bool ids_vat_number(struct str business_id, struct ids_checked *out);
/* Appends the check digit to a base of 3 to 19 digits; leading zeros do not count. */
bool ids_reference_make(struct str base, struct ids_checked *out);
/* The RF reference of a Finnish reference number, which is checked first. */
bool ids_rf_make(struct str reference, struct ids_checked *out);

/* Both are valid and mean the same: a business ID and its VAT number, a reference number and its
 * RF form, or two spellings of one. */
bool ids_same(struct str a, struct str b);

/* The whole text is a Finnish personal identity code (henkilötunnus): a real date and a century
 * sign. The check character may be wrong: a mistyped one is as private. */
bool ids_is_personal(struct str text);
/* The first such code inside a longer text: true with its place, for masking it. */
bool ids_find_personal(struct str text, size_t *at, size_t *n);

#endif
