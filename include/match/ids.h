/* Identifiers with check digits, as people type them: business IDs, VAT numbers, reference
 * numbers, bank accounts, article numbers. Texts given may hold spaces of any kind, any dash and a
 * label; results are the one normal form. Messages never repeat the text: it may be a personal
 * identity code. */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>
#include "str.h"

#define IDS_TEXT   64
#define IDS_REASON 160

enum ids_verdict { IDS_VALID, IDS_INVALID, IDS_UNKNOWN_TYPE };

struct ids_checked {
    char normal[IDS_TEXT];   /* valid: the form that is stored and compared, else "" */
    char compact[IDS_TEXT];  /* valid: without separators ("01120389"), else "" */
    char printed[IDS_TEXT];  /* valid: as people print it ("0112038-9"), else "" */
    char reason[IDS_REASON]; /* not valid: why, in words, else "" */
};

/* Types, among them: "fi_ytunnus" (normal form "0112038-9", of the others it is the compact one;
 * takes the VAT form and labels such as "Y-tunnus" too), "eu_vat_FI" ("FI01120389"),
 * "fi_viitenumero" ("1234561"), "iso11649" ("RF341234561"), "iban", "lei", "gtin", "ovt",
 * "se_orgnr", "is_kennitala", "gb_company". "eu_vat" is any of the European ones, told by its
 * prefix. ids_type lists them. A valid number need not have been given to anybody. */
enum ids_verdict ids_check(const char *type, struct str text, struct ids_checked *out);
/* Names of the types, from i = 0, in the order of the alphabet; NULL after the last. */
const char *ids_type(int i);

/* The VAT number of a Finnish business ID. False with out->reason if that is not valid. */
bool ids_vat_number(struct str business_id, struct ids_checked *out);
/* Appends the check digit to a base of 3 to 19 digits; leading zeros do not count. */
bool ids_reference_make(struct str base, struct ids_checked *out);
/* The RF reference (ISO 11649) of a Finnish reference number, which is checked first. */
bool ids_rf_make(struct str reference, struct ids_checked *out);
/* The RF reference of any base of 1 to 21 letters and digits. */
bool ids_rf_make_any(struct str base, struct ids_checked *out);

/* Both are valid and mean the same: a business ID and its VAT number, a reference number and its
 * RF form, or two spellings of one; by a type that has a check digit. */
bool ids_same(struct str a, struct str b);

#define IDS_KEY 40

/* The key by which two records are of one company, "FI:01120389": the same for a company's number,
 * its VAT number where that holds the same digits, and each way of writing them. country: ISO
 * 3166-1 alpha-2 (EL is taken for GR, AX is FI). False with reason in words and an empty key if the
 * text is no valid number of that country, or the country is not known. */
bool ids_dedup(const char *country, struct str text, char key[IDS_KEY], char reason[IDS_REASON]);
/* A country for which ids_dedup has a rule. */
bool ids_dedup_known(const char *country);

struct ids_found {
    const char *type;
    size_t at, n; /* where in the text, in bytes */
    struct ids_checked id;
};

/* The first identifier in a longer text ("send the invoice to 0112038-9 / Teppo"), at or behind
 * byte `from`. type: only of this one; NULL: of those that give themselves away by their form
 * (prefix, hyphen, label) so that a telephone number or a date is not taken for one. */
bool ids_find(struct str text, size_t from, const char *type, struct ids_found *out);

/* The whole text is a Finnish personal identity code (henkilötunnus): a real date and a century
 * sign. The check character may be wrong: a mistyped one is as private. */
bool ids_is_personal(struct str text);
/* The first such code inside a longer text: true with its place, for masking it. */
bool ids_find_personal(struct str text, size_t *at, size_t *n);

#endif
