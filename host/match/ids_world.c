/* Identifiers that are not of one European country: employers of the United States, legal entities,
 * articles, addresses of e-invoices. */
#include <stdio.h>
#include <string.h>
#include "ids_impl.h"

/* United States, EIN: two digits of the office that gave it, seven digits, no check digit. The
 * offices' digits: Internal Revenue Service, "How EINs are assigned and valid EIN prefixes". */
bool ids_us_ein(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char none[] = {
        0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97};
    if (c->n == 10 && c->p[2] == '-') {
        memmove(c->p + 2, c->p + 3, 8);
        c->n = 9;
    }
    if (c->n != 9 || !ids_all_digits(c->p, 9))
        return ids_refuse(out, "an EIN is 2 digits, perhaps a hyphen, and 7 digits");
    int64_t office = ids_number(c->p, 2);
    for (size_t i = 0; i < sizeof(none); i++)
        if (office == none[i])
            return ids_refuse(out, "no office of the IRS gives EINs that begin with %.2s", c->p);
    return true;
}

/* LEI: 18 letters and digits, two check digits, ISO/IEC 7064 MOD 97-10 (ISO 17442). */
bool ids_lei(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n != 20 || !ids_all_alnum(c->p, 20))
        return ids_refuse(out, "a LEI has 20 letters and digits, this has %d", c->n);
    return ids_mod97(c->p, 20, 0) == 1 || ids_refuse_sum(out);
}

/* GTIN of 8, 12, 13 or 14 digits: weights 3 1 from the right of the body, to the next ten (GS1
 * General Specifications, 7.9). */
bool ids_gtin(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "it holds more than digits");
    if (c->n != 8 && c->n != 12 && c->n != 13 && c->n != 14)
        return ids_refuse(out, "a GTIN has 8, 12, 13 or 14 digits, this has %d", c->n);
    if (ids_all_zeros(c->p, c->n))
        return ids_refuse(out, "zeros only name no article");
    int sum = 0;
    for (int i = 0; i < c->n - 1; i++)
        sum += (c->p[i] - '0') * ((c->n - i) % 2 ? 1 : 3);
    char expected = (char)('0' + (10 - sum % 10) % 10);
    return c->p[c->n - 1] == expected || ids_refuse_digit(out, c->p[c->n - 1], expected);
}

/* OVT: 0037, the eight digits of a Finnish business ID, up to five characters of the company's own
 * (SFS 5748). Peppol's scheme 0216 may stand in front. */
bool ids_ovt(struct ids_clean *c, struct ids_checked *out)
{
    struct ids_clean id;
    if (!strncmp(c->p, "0216:", 5))
        ids_drop(c, 5);
    if (c->n < 12 || c->n > 17 || strncmp(c->p, "0037", 4) || !ids_all_digits(c->p, 12) ||
        !ids_all_alnum(c->p, c->n))
        return ids_refuse(out, "an OVT is 0037, 8 digits and up to 5 characters");
    memcpy(id.p, c->p + 4, 8);
    id.p[id.n = 8] = '\0';
    return ids_fi_business(&id, out);
}

/* What Finland's operators take as the address of an e-invoice: an OVT, which the letters TE of
 * older addresses may stand in front of, or an IBAN. */
bool ids_einvoice(struct ids_clean *c, struct ids_checked *out)
{
    struct ids_clean behind = *c;
    if (!strncmp(c->p, "TE0037", 6)) {
        ids_drop(&behind, 2);
        return ids_ovt(&behind, out);
    }
    if (c->p[0] == '0')
        return ids_ovt(c, out);
    if (c->p[0] >= 'A')
        return ids_iban(c, out);
    return ids_refuse(out, "an e-invoice address is an OVT (0037...) or an IBAN");
}
