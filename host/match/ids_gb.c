/* Identifiers of the United Kingdom. Where no other source is named: European Commission, VIES
 * algorithms. */
#include <string.h>
#include "ids_impl.h"

/* Government departments (GD, below 500) and health authorities (HA, from 500), also in the form
 * of goods: GD8888, the number, its remainder by 97. */
static bool gb_public(const struct ids_clean *c, struct ids_checked *out)
{
    bool department = !strncmp(c->p, "GD", 2);
    const char *number = c->n == 5 ? c->p + 2 : c->p + 6;
    if (c->n == 11 && (strncmp(c->p + 2, "8888", 4) || !ids_all_digits(c->p + 9, 2)))
        return ids_refuse(out, "it has 8888 behind the first two letters");
    if (!ids_all_digits(number, 3))
        return ids_refuse(out, "three digits stand behind GD or HA");
    if ((ids_number(number, 3) < 500) != department)
        return ids_refuse(out, "GD numbers are below 500, HA numbers are not");
    return c->n == 5 || ids_number(number, 3) % 97 == ids_number(number + 3, 2) ||
           ids_refuse_sum(out);
}

/* VAT number: nine digits, or twelve with a branch behind. Weights 8 to 2, and the last two digits
 * as a number, are 0 modulo 97, or 42 (that is -55) for numbers given since 2009 (HMRC,
 * "VAT registration number checks"). */
bool ids_gb_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {8, 7, 6, 5, 4, 3, 2, 10, 1};
    if ((c->n == 5 || c->n == 11) && (!strncmp(c->p, "GD", 2) || !strncmp(c->p, "HA", 2)))
        return gb_public(c, out);
    if (c->n != 12 && !ids_want_digits(c, 9, out))
        return false;
    if (!ids_want_digits(c, c->n, out))
        return false;
    if (ids_all_zeros(c->p, 7))
        return ids_refuse(out, "zeros only belong to nobody");
    int r = ids_weighted(c->p, w, 9) % 97;
    return r == 0 || (c->p[0] != '0' && (r == 42 || r == 55)) || ids_refuse_sum(out);
}

/* Unique taxpayer reference: a check digit and nine digits, weights 6 7 8 9 10 5 4 3 2 modulo 11
 * through the row 2 1 9 8 7 6 5 4 3 2 1 (HMRC). A K may stand behind. */
bool ids_gb_utr(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {6, 7, 8, 9, 10, 5, 4, 3, 2};
    if (c->n == 11 && c->p[10] == 'K')
        c->p[--c->n] = '\0';
    if (!ids_want_digits(c, 10, out))
        return false;
    char expected = "21987654321"[ids_weighted(c->p + 1, w, 9) % 11];
    return c->p[0] == expected || ids_refuse_digit(out, c->p[0], expected);
}

/* Company number: eight digits, or two letters that tell the register and six digits (Companies
 * House, "URI customer guide" and the list of prefixes). No check digit; zeros in front may have
 * been left out. */
bool ids_gb_company(struct ids_clean *c, struct ids_checked *out)
{
    static const char *const registers[] = {"AC", "BR", "CE", "CS", "ES", "EZ", "FC", "FE", "GE",
        "GN", "GS", "IC", "IP", "LP", "NA", "NC", "NF", "NI", "NL", "NO", "NP", "NR", "NV", "NZ",
        "OC", "OE", "PC", "RC", "RS", "R0", "SA", "SC", "SE", "SF", "SG", "SI", "SL", "SO", "SP",
        "SR", "SZ", "ZC"};
    if (ids_all_digits(c->p, c->n) && c->n >= 5 && c->n <= 8) {
        ids_pad(c, 8);
        return !ids_all_zeros(c->p, 8) || ids_refuse(out, "zeros only belong to nobody");
    }
    /* Registered societies have one or two letters at the end as well: IP12345R, SP2095RS. */
    bool register_of_societies =
        !strncmp(c->p, "IP", 2) || !strncmp(c->p, "SP", 2) || !strncmp(c->p, "RS", 2);
    int society = 0;
    if (c->n == 8 && register_of_societies)
        society = !strcmp(c->p + 6, "RS") ? 2 : c->p[7] >= 'A';
    int digits = c->n - 2 - society;
    for (size_t i = 0; digits > 0 && i < sizeof(registers) / sizeof(registers[0]); i++) {
        if (strncmp(c->p, registers[i], 2) || !ids_all_digits(c->p + 2, digits))
            continue;
        if (c->n > 8 || digits < 4)
            break;
        if (c->n < 8) { /* zeros between the letters and the number */
            memmove(c->p + 8 - digits, c->p + 2, (size_t)digits + 1);
            memset(c->p + 2, '0', (size_t)(6 - digits));
            c->n = 8;
        }
        return true;
    }
    return ids_refuse(
        out, "a company number of the United Kingdom is 8 digits, or 2 letters and 6 digits");
}
