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
bool ids_all_digits(const char *p, int n);
/* Sets out->reason; returns false. */
bool ids_refuse(struct ids_checked *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The checks behind ids_check: true and out->normal, or false and out->reason. */
bool ids_check_business_id(struct str text, struct ids_checked *out);
bool ids_check_vat_fi(struct str text, struct ids_checked *out);
bool ids_check_reference(struct str text, struct ids_checked *out);
bool ids_check_rf(struct str text, struct ids_checked *out);
bool ids_check_iban(struct str text, struct ids_checked *out);

#endif
