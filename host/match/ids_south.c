/* Identifiers of Cyprus, Greece, Spain, Croatia, Italy, Malta, Portugal and Slovenia. Where no
 * other source is named: European Commission, TIN and VIES algorithms. */
#include <string.h>
#include "ids_impl.h"

/* Cyprus: eight digits, not beginning with 12, and a letter. The digits in odd places count through
 * the row below, the others as they are; the sum modulo 26 is the letter. */
bool ids_cy_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char row[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    if (c->n != 9 || !ids_all_digits(c->p, 8) || c->p[8] < 'A' || c->p[8] > 'Z')
        return ids_refuse(out, "a Cypriot VAT number is 8 digits and a letter");
    if (!strncmp(c->p, "12", 2))
        return ids_refuse(out, "a Cypriot VAT number does not begin with 12");
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += i % 2 ? c->p[i] - '0' : row[c->p[i] - '0'];
    char expected = (char)('A' + sum % 26);
    return c->p[8] == expected || ids_refuse_digit(out, c->p[8], expected);
}

/* Greece, AFM: nine digits (old ones eight, a zero goes in front), weights 256 128 ... 2, modulo 11
 * modulo 10. */
bool ids_el_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n == 8)
        ids_pad(c, 9);
    if (!ids_want_digits(c, 9, out))
        return false;
    if (ids_all_zeros(c->p, 9))
        return ids_refuse(out, "zeros only belong to nobody");
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum = (sum + (c->p[i] - '0')) * 2;
    char expected = (char)('0' + sum % 11 % 10);
    return c->p[8] == expected || ids_refuse_digit(out, c->p[8], expected);
}

/* The letter of a Spanish person's number. */
static char es_person(int64_t number)
{
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23];
}

/* Control of a company's seven digits: Luhn's missing digit, or the letter that stands for it.
 * Which of the two a kind of company bears has changed over the years (Orden EHA/451/2008 and
 * before it), so both are taken. */
static bool es_company(const char *p, struct ids_checked *out)
{
    int sum = 0;
    for (int i = 1; i < 8; i++) {
        int d = (p[i] - '0') << (i % 2);
        sum += d > 9 ? d - 9 : d;
    }
    int digit = (10 - sum % 10) % 10;
    return p[8] == '0' + digit || p[8] == "JABCDEFGHI"[digit] || ids_refuse_sum(out);
}

/* Spain, NIF: of people eight digits and a letter, of foreigners X, Y or Z and seven digits, of the
 * young and the absent K, L or M; of companies a letter, seven digits and a control character. */
bool ids_es_nif(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n != 9 || !ids_all_digits(c->p + 1, 7))
        return ids_refuse(out, "a Spanish NIF has 9 characters, 7 digits in their middle");
    int64_t seven = ids_number(c->p + 1, 7);
    char first = c->p[0], expected;
    if (first >= '0' && first <= '9')
        expected = es_person(ids_number(c->p, 8));
    else if (first == 'K' || first == 'L' || first == 'M')
        expected = es_person(seven);
    else if (first >= 'X' && first <= 'Z')
        expected = es_person(seven + (first - 'X') * 10000000);
    else if (strchr("ABCDEFGHJNPQRSUVW", first))
        return es_company(c->p, out);
    else
        return ids_refuse(out, "no Spanish NIF begins with this character");
    return c->p[8] == expected || ids_refuse_digit(out, c->p[8], expected);
}

/* Croatia, OIB: eleven digits, ISO/IEC 7064 MOD 11,10 (Porezna uprava). */
bool ids_hr_oib(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 11, out))
        return false;
    return ids_mod11_10(c->p, 11) || ids_refuse_sum(out);
}

/* Italy, partita IVA: seven digits, the office (001 to 100, 120, 121, 888, 999), Luhn's digit
 * (Agenzia delle Entrate). */
bool ids_it_iva(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 11, out))
        return false;
    int64_t office = ids_number(c->p + 7, 3);
    if (ids_all_zeros(c->p, 7))
        return ids_refuse(out, "zeros only belong to nobody");
    if (!(office >= 1 && office <= 100) && office != 120 && office != 121 && office != 888 &&
        office != 999)
        return ids_refuse(out, "the eighth to tenth digit name no office");
    return ids_luhn(c->p, 11) || ids_refuse_sum(out);
}

/* Malta: eight digits, the first not 0, weights 3 4 6 7 8 9 10 1 modulo 37. */
bool ids_mt_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {3, 4, 6, 7, 8, 9, 10, 1};
    if (!ids_want_digits(c, 8, out))
        return false;
    if (c->p[0] == '0')
        return ids_refuse(out, "a Maltese VAT number does not begin with 0");
    return ids_weighted(c->p, w, 8) % 37 == 0 || ids_refuse_sum(out);
}

/* Portugal, NIF: nine digits, the first not 0, weights 9 to 2 modulo 11, to 11; 10 and 11 are 0. */
bool ids_pt_nif(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {9, 8, 7, 6, 5, 4, 3, 2};
    if (!ids_want_digits(c, 9, out))
        return false;
    if (c->p[0] == '0')
        return ids_refuse(out, "a Portuguese NIF does not begin with 0");
    int r = ids_weighted(c->p, w, 8) % 11;
    char expected = (char)(r < 2 ? '0' : '0' + 11 - r);
    return c->p[8] == expected || ids_refuse_digit(out, c->p[8], expected);
}

/* Slovenia: eight digits, the first not 0, weights 8 to 2 modulo 11, to 11; 10 is 0 and 11 is
 * never given (Finančna uprava). */
bool ids_si_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {8, 7, 6, 5, 4, 3, 2};
    if (!ids_want_digits(c, 8, out))
        return false;
    if (c->p[0] == '0')
        return ids_refuse(out, "a Slovenian VAT number does not begin with 0");
    int r = 11 - ids_weighted(c->p, w, 7) % 11;
    if (r == 11)
        return ids_refuse(out, "no VAT number begins with these 7 digits");
    char expected = (char)(r == 10 ? '0' : '0' + r);
    return c->p[7] == expected || ids_refuse_digit(out, c->p[7], expected);
}
