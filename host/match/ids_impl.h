/* What the files of ids share. */
#ifndef IDS_IMPL_H
#define IDS_IMPL_H

#include "ids.h"

/* A text made uniform: upper-case ASCII, every dash '-', every space ' ', no space at the ends. */
struct ids_clean {
    char p[IDS_TEXT];
    int n;
};

/* False with out->reason: too long, empty, or with characters that no identifier has. */
bool ids_clean(struct str text, struct ids_clean *c, struct ids_checked *out);
/* Takes all characters of `which` out. */
void ids_strip(struct ids_clean *c, const char *which);
/* Takes the first n characters away. */
void ids_drop(struct ids_clean *c, int n);
/* Puts zeros in front until there are n characters. */
void ids_pad(struct ids_clean *c, int n);
/* Takes a label with its colon off the front: "Y-tunnus: ", "CVR-nr. ". True if there was one. */
bool ids_drop_label(struct ids_clean *c);
#define IDS_LABEL_TYPES 4 /* with the NULL behind them */

/* Types (NULL behind the last) of a number at byte `at`, as the words of
 * its line in front of it tell: "Organisasjonsnummer er", "viitteellä", "EAN-13:". NULL if they
 * tell nothing. */
const char *const *ids_label_types(struct str text, size_t at);

/* The text is a label of any kind with a number behind it ("Α.Φ.Μ. 094019245"): true with what
 * stands behind the label. */
bool ids_behind_label(struct str text, struct str *rest);

/* The text in the way people print it: '#' of the pattern is the next character, the rest stands
 * for itself; a text of another length stays as it is. "<5" is groups of five counted from the
 * left, ">5" from the right. */
void ids_print(char out[IDS_TEXT], const char *compact, const char *pattern);

bool ids_all_digits(const char *p, int n);
bool ids_all_zeros(const char *p, int n);
bool ids_all_alnum(const char *p, int n);
/* Sets out->reason; returns false. */
bool ids_refuse(struct ids_checked *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Refusals that many checks share; all return false. */
bool ids_refuse_digit(struct ids_checked *out, char is, char should);
bool ids_refuse_sum(struct ids_checked *out);
/* True if c is n digits, else refused. */
bool ids_want_digits(const struct ids_clean *c, int n, struct ids_checked *out);

/* ---- sums: the digits at p, which must be digits ----------------------------------------------
 */

int ids_weighted(const char *p, const signed char *weights, int n);
/* The last of n digits fits by the Luhn formula (ISO/IEC 7812-1, annex B). */
bool ids_luhn(const char *p, int n);
/* The last of n digits fits by ISO/IEC 7064 MOD 11,10. */
bool ids_mod11_10(const char *p, int n);
/* Remainder by 97 of n letters and digits (letters are 10 to 35), beginning at `from` and going
 * round: ISO/IEC 7064 MOD 97-10 gives 1. */
int ids_mod97(const char *p, int n, int from);
/* The number that n digits (at most 18) make. */
int64_t ids_number(const char *p, int n);
/* A day that exists; year with its century. */
bool ids_date(int year, int month, int day);

/* ---- the checks -------------------------------------------------------------------------------
 * c is without label, prefix and separators; a check may bring it into its compact form. True, or
 * false with out->reason. */

typedef bool ids_check_fn(struct ids_clean *c, struct ids_checked *out);

enum ids_prefix {
    IDS_PREFIX_MAY, /* may stand in front and is not part of the compact form */
    IDS_PREFIX_MUST /* must stand in front and is part of it */
};

struct ids_rule {
    const char *type;
    const char *prefix; /* "FI"; "" if none */
    enum ids_prefix need;
    const char *separators; /* what may stand between the characters */
    const char *print;      /* a pattern of ids_print; NULL: as the compact form */
    ids_check_fn *check;
};

/* The rules, sorted by type. */
extern const struct ids_rule ids_rules[];
extern const int ids_rules_count;

ids_check_fn ids_fi_business, ids_fi_vat;                                         /* ids_fi.c */
ids_check_fn ids_reference, ids_ee_reference, ids_ocr, ids_kid, ids_rf, ids_iban; /* ids_bank.c */
ids_check_fn ids_se_org, ids_se_vat, ids_no_org, ids_no_mva, ids_dk_cvr, ids_ee_registry,
    ids_ee_vat, ids_is_kennitala, ids_is_vsk; /* ids_nordic.c */
ids_check_fn ids_at_uid, ids_be_vat, ids_de_vat, ids_fr_vat, ids_fr_siren, ids_fr_siret, ids_ie_vat,
    ids_lu_vat, ids_nl_vat, ids_nl_kvk, ids_ch_uid, ids_ch_vat; /* ids_west.c */
ids_check_fn ids_gb_vat, ids_gb_utr, ids_gb_company;            /* ids_gb.c */
ids_check_fn ids_cy_vat, ids_el_vat, ids_es_nif, ids_hr_oib, ids_it_iva, ids_mt_vat, ids_pt_nif,
    ids_si_vat; /* ids_south.c */
ids_check_fn ids_bg_vat, ids_cz_dic, ids_cz_ico, ids_hu_vat, ids_lt_vat, ids_lt_company, ids_lv_vat,
    ids_pl_nip, ids_pl_regon, ids_ro_cf, ids_sk_vat;               /* ids_east.c */
ids_check_fn ids_us_ein, ids_lei, ids_gtin, ids_ovt, ids_einvoice; /* ids_world.c */

#endif
