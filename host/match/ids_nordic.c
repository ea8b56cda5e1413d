/* Identifiers of Sweden, Norway, Denmark, Iceland and Estonia. Where no other source is named:
 * European Commission, VIES; Skatteetaten for Norway. */
#include <string.h>
#include "ids_impl.h"

/* Sweden, organisationsnummer: ten digits, the last by the Luhn formula (Bolagsverket; Skatteverket
 * SKV 709). Twelve digits have the century of the register, 16, in front. */
bool ids_se_org(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n == 12 && !strncmp(c->p, "16", 2))
        ids_drop(c, 2);
    if (!ids_want_digits(c, 10, out))
        return false;
    if (ids_all_zeros(c->p, 10))
        return ids_refuse(out, "zeros only belong to nobody");
    return ids_luhn(c->p, 10) || ids_refuse_sum(out);
}

/* Swedish VAT number: the organisation number and 01. */
bool ids_se_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 12, out))
        return false;
    if (strcmp(c->p + 10, "01"))
        return ids_refuse(out, "a Swedish VAT number ends in 01");
    return ids_luhn(c->p, 10) || ids_refuse_sum(out);
}

/* Norway, organisasjonsnummer: nine digits, weights 3 2 7 6 5 4 3 2, modulo 11; a remainder of 1
 * has no check digit (Brønnøysundregistrene). */
bool ids_no_org(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {3, 2, 7, 6, 5, 4, 3, 2, 1};
    if (!ids_want_digits(c, 9, out))
        return false;
    if (ids_all_zeros(c->p, 9))
        return ids_refuse(out, "zeros only belong to nobody");
    return ids_weighted(c->p, w, 9) % 11 == 0 || ids_refuse_sum(out);
}

/* Norwegian VAT number: the organisation number and MVA. */
bool ids_no_mva(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n < 3 || strcmp(c->p + c->n - 3, "MVA"))
        return ids_refuse(out, "a Norwegian VAT number ends in MVA");
    c->p[c->n -= 3] = '\0';
    if (!ids_no_org(c, out))
        return false;
    memcpy(c->p + 9, "MVA", 4);
    c->n = 12;
    return true;
}

/* Denmark, CVR: eight digits, the first not 0, weights 2 7 6 5 4 3 2 1, modulo 11 (Erhvervs-
 * styrelsen). */
bool ids_dk_cvr(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {2, 7, 6, 5, 4, 3, 2, 1};
    if (!ids_want_digits(c, 8, out))
        return false;
    if (c->p[0] == '0')
        return ids_refuse(out, "a Danish number does not begin with 0");
    return ids_weighted(c->p, w, 8) % 11 == 0 || ids_refuse_sum(out);
}

/* Estonia, registrikood: eight digits, the first 1, 7, 8 or 9; weights 1 to 7 modulo 11, and if
 * that gives 10, weights 3 to 9 (Registrite ja Infosüsteemide Keskus). */
bool ids_ee_registry(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char first[] = {1, 2, 3, 4, 5, 6, 7}, second[] = {3, 4, 5, 6, 7, 8, 9};
    if (!ids_want_digits(c, 8, out))
        return false;
    if (!strchr("1789", c->p[0]))
        return ids_refuse(out, "an Estonian registry code begins with 1, 7, 8 or 9");
    int r = ids_weighted(c->p, first, 7) % 11;
    if (r == 10)
        r = ids_weighted(c->p, second, 7) % 11 % 10;
    return c->p[7] == '0' + r || ids_refuse_digit(out, c->p[7], (char)('0' + r));
}

/* Estonian VAT number (KMKR), which is not the registry code: nine digits, weights 3 7 1, modulo
 * 10 (Maksu- ja Tolliamet). */
bool ids_ee_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    if (!ids_want_digits(c, 9, out))
        return false;
    return ids_weighted(c->p, w, 9) % 10 == 0 || ids_refuse_sum(out);
}

/* Iceland, kennitala: DDMMYY, two digits, a check digit by weights 3 2 7 6 5 4 3 2 modulo 11, and
 * the century (8, 9, 0). Companies have 40 added to the day (Þjóðskrá Íslands). */
bool ids_is_kennitala(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {3, 2, 7, 6, 5, 4, 3, 2, 1};
    if (!ids_want_digits(c, 10, out))
        return false;
    int day = (int)ids_number(c->p, 2), month = (int)ids_number(c->p + 2, 2);
    int century = c->p[9] == '0' ? 2000 : c->p[9] == '9' ? 1900 : c->p[9] == '8' ? 1800 : 0;
    if (!century)
        return ids_refuse(out, "a kennitala ends in 8, 9 or 0, for its century");
    int year = century + (int)ids_number(c->p + 4, 2);
    if (!ids_date(year, month, day > 40 ? day - 40 : day))
        return ids_refuse(out, "it does not begin with a day that exists");
    return ids_weighted(c->p, w, 9) % 11 == 0 || ids_refuse_sum(out);
}

/* Icelandic VAT number: five or six digits without a check digit (Ríkisskattstjóri). */
bool ids_is_vsk(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_all_digits(c->p, c->n) || (c->n != 5 && c->n != 6))
        return ids_refuse(out, "an Icelandic VAT number has 5 or 6 digits");
    return c->p[0] != '0' || ids_refuse(out, "an Icelandic VAT number does not begin with 0");
}
