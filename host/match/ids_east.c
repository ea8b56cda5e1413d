/* Identifiers of Bulgaria, Czechia, Hungary, Lithuania, Latvia, Poland, Romania and Slovakia. Where
 * no other source is named: European Commission, TIN and VIES algorithms. */
#include <string.h>
#include "ids_impl.h"

static int digit(const char *p, int i)
{
    return p[i] - '0';
}

/* ---- Bulgaria -------------------------------------------------------------------------------- */

/* BULSTAT of nine digits: weights 1 to 8 modulo 11, and if that gives 10, weights 3 to 10. */
static bool bg_company(const char *p)
{
    static const signed char first[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const signed char second[] = {3, 4, 5, 6, 7, 8, 9, 10};
    int r = ids_weighted(p, first, 8) % 11;
    if (r == 10)
        r = ids_weighted(p, second, 8) % 11 % 10;
    return digit(p, 8) == r;
}

/* EGN of a person: YYMMDD (month + 20 in the 1800s, + 40 in the 2000s). */
static bool bg_person(const char *p)
{
    static const signed char w[] = {2, 4, 8, 5, 10, 9, 7, 3, 6};
    int year = (int)ids_number(p, 2), month = (int)ids_number(p + 2, 2);
    int century = month > 40 ? 2000 : month > 20 ? 1800 : 1900;
    return ids_date(century + year,
               month > 40   ? month - 40
               : month > 20 ? month - 20
                            : month,
               (int)ids_number(p + 4, 2)) &&
           ids_weighted(p, w, 9) % 11 % 10 == digit(p, 9);
}

/* Nine digits of a company, or ten: of a person, of a foreigner, of others. */
bool ids_bg_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char foreigner[] = {21, 19, 17, 13, 11, 9, 7, 3, 1};
    static const signed char other[] = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    if (c->n != 10 && !ids_want_digits(c, 9, out))
        return false;
    if (!ids_want_digits(c, c->n, out))
        return false;
    if (c->n == 9)
        return bg_company(c->p) || ids_refuse_sum(out);
    return bg_person(c->p) || ids_weighted(c->p, foreigner, 9) % 10 == digit(c->p, 9) ||
           ids_weighted(c->p, other, 10) % 11 == 0 || ids_refuse_sum(out);
}

/* ---- Czechia and Slovakia -------------------------------------------------------------------- */

/* Birth number of both countries: YYMMDD (month + 50 for women, + 20 where a day ran out), three
 * digits until 1953, four since, of which the last makes the whole divisible by 11; until 1985
 * the remainder 10 was written as 0 (Ministerstvo vnitra ČR). */
static bool birth_number(const char *p, int n)
{
    int year = (int)ids_number(p, 2), month = (int)ids_number(p + 2, 2) % 50 % 20;
    year += 1900;
    if (n == 9 && year >= 1980)
        year -= 100;
    if (n == 9 && year > 1953)
        return false;
    if (n == 10 && year < 1954)
        year += 100;
    if (!ids_date(year, month, (int)ids_number(p + 4, 2)))
        return false;
    int r = (int)(ids_number(p, 9) % 11);
    return n == 9 || digit(p, 9) == (year < 1985 ? r % 10 : r);
}

/* Czech and Slovak IČO: eight digits, weights 8 to 2 modulo 11, to 11; 10 is 0 and 11 is 1. */
bool ids_cz_ico(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {8, 7, 6, 5, 4, 3, 2};
    if (c->n == 6 || c->n == 7)
        ids_pad(c, 8);
    if (!ids_want_digits(c, 8, out))
        return false;
    if (ids_all_zeros(c->p, 8))
        return ids_refuse(out, "zeros only belong to nobody");
    char expected = (char)('0' + (11 - ids_weighted(c->p, w, 7) % 11) % 10);
    return c->p[7] == expected || ids_refuse_digit(out, c->p[7], expected);
}

/* Czech DIČ: of companies the IČO, not beginning with 9; of people the birth number, or 6 and
 * eight digits. */
bool ids_cz_dic(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {8, 7, 6, 5, 4, 3, 2};
    if (c->n < 8 || c->n > 10 || !ids_all_digits(c->p, c->n))
        return ids_refuse(out, "a Czech VAT number has 8 to 10 digits");
    if (c->n == 8) {
        if (c->p[0] == '9')
            return ids_refuse(out, "a Czech company's VAT number does not begin with 9");
        return ids_cz_ico(c, out);
    }
    if (c->n == 9 && c->p[0] == '6') {
        int missing = (10 - ids_weighted(c->p + 1, w, 7) % 11) % 11;
        return digit(c->p, 8) == (18 - missing) % 10 || ids_refuse_sum(out);
    }
    return birth_number(c->p, c->n) || ids_refuse_sum(out);
}

/* Slovakia: ten digits divisible by 11, the first not 0, the third 2, 3, 4, 7, 8 or 9; or a birth
 * number. */
bool ids_sk_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 10, out))
        return false;
    if (birth_number(c->p, 10))
        return true;
    if (c->p[0] == '0' || !strchr("234789", c->p[2]))
        return ids_refuse(out, "its first or third digit is none that Slovakia uses");
    return ids_number(c->p, 10) % 11 == 0 || ids_refuse_sum(out);
}

/* ---- Hungary, Poland, Romania ---------------------------------------------------------------- */

/* Hungary, ANUM: eight digits, weights 9 7 3 1, modulo 10. The domestic form goes on with a digit
 * and the county, which are no part of it. */
bool ids_hu_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {9, 7, 3, 1, 9, 7, 3, 1};
    if (!ids_want_digits(c, 8, out))
        return false;
    if (ids_all_zeros(c->p, 8))
        return ids_refuse(out, "zeros only belong to nobody");
    return ids_weighted(c->p, w, 8) % 10 == 0 || ids_refuse_sum(out);
}

/* Poland, NIP: ten digits, weights 6 5 7 2 3 4 5 6 7 modulo 11 (Rozporządzenie Ministra Finansów).
 */
bool ids_pl_nip(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {6, 5, 7, 2, 3, 4, 5, 6, 7};
    if (!ids_want_digits(c, 10, out))
        return false;
    if (ids_all_zeros(c->p, 10))
        return ids_refuse(out, "zeros only belong to nobody");
    return ids_weighted(c->p, w, 9) % 11 == digit(c->p, 9) || ids_refuse_sum(out);
}

/* Poland, REGON: nine digits, or fourteen of a branch, which begin with the nine (GUS). */
bool ids_pl_regon(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w9[] = {8, 9, 2, 3, 4, 5, 6, 7};
    static const signed char w14[] = {2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8};
    if (c->n != 14 && !ids_want_digits(c, 9, out))
        return false;
    if (!ids_want_digits(c, c->n, out))
        return false;
    if (ids_weighted(c->p, w9, 8) % 11 % 10 != digit(c->p, 8))
        return ids_refuse_sum(out);
    return c->n == 9 || ids_weighted(c->p, w14, 13) % 11 % 10 == digit(c->p, 13) ||
           ids_refuse_sum(out);
}

/* CNP of a person: sex and century, YYMMDD, county, three digits, a check digit. */
static bool ro_person(const char *p)
{
    static const signed char w[] = {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9};
    static const short centuries[] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900, 1900};
    int century = centuries[digit(p, 0)];
    if (!century || !ids_date(century + (int)ids_number(p + 1, 2), (int)ids_number(p + 3, 2),
                        (int)ids_number(p + 5, 2)))
        return false;
    int r = ids_weighted(p, w, 12) % 11;
    return digit(p, 12) == (r == 10 ? 1 : r);
}

/* Romania: the CUI of two to ten digits, weights 7 5 3 2 1 7 5 3 2 from the right, times ten modulo
 * 11 modulo 10; or a person's CNP. */
bool ids_ro_cf(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {7, 5, 3, 2, 1, 7, 5, 3, 2};
    if (!ids_all_digits(c->p, c->n) || ((c->n < 2 || c->n > 10) && c->n != 13))
        return ids_refuse(out, "a Romanian VAT number has 2 to 10 digits");
    if (c->n == 13)
        return ro_person(c->p) || ids_refuse_sum(out);
    if (c->p[0] == '0')
        return ids_refuse(out, "a Romanian VAT number does not begin with 0");
    int sum = ids_weighted(c->p, w + (10 - c->n), c->n - 1);
    char expected = (char)('0' + sum * 10 % 11 % 10);
    return c->p[c->n - 1] == expected || ids_refuse_digit(out, c->p[c->n - 1], expected);
}

/* ---- Lithuania and Latvia -------------------------------------------------------------------- */

/* Weights 1 to 9 and again from 1, modulo 11; if that gives 10, weights from 3. */
static int lt_check(const char *p, int n)
{
    int first = 0, second = 0;
    for (int i = 0; i < n; i++) {
        first += (1 + i % 9) * digit(p, i);
        second += (1 + (i + 2) % 9) * digit(p, i);
    }
    return first % 11 == 10 ? second % 11 % 10 : first % 11;
}

/* Lithuania: nine digits with a 1 before the last, or twelve (for a time only) likewise. */
bool ids_lt_vat(struct ids_clean *c, struct ids_checked *out)
{
    if ((c->n != 9 && c->n != 12) || !ids_all_digits(c->p, c->n))
        return ids_refuse(out, "a Lithuanian VAT number has 9 or 12 digits");
    if (c->p[c->n - 2] != '1')
        return ids_refuse(out, "the last but one digit of a Lithuanian VAT number is 1");
    return lt_check(c->p, c->n - 1) == digit(c->p, c->n - 1) || ids_refuse_sum(out);
}

/* Lithuania, įmonės kodas: nine digits with the same check digit (Registrų centras). */
bool ids_lt_company(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 9, out))
        return false;
    if (ids_all_zeros(c->p, 9))
        return ids_refuse(out, "zeros only belong to nobody");
    return lt_check(c->p, 8) == digit(c->p, 8) || ids_refuse_sum(out);
}

/* A person's code: DDMMYY, the century, four digits. Codes given since 2017 begin with 32 and hold
 * no day. */
static bool lv_person(const char *p)
{
    static const signed char w[] = {10, 5, 8, 4, 2, 1, 6, 3, 7, 9};
    int century = 1800 + 100 * digit(p, 6);
    if (strncmp(p, "32", 2) && !ids_date(century + (int)ids_number(p + 4, 2),
                                   (int)ids_number(p + 2, 2), (int)ids_number(p, 2)))
        return false;
    return (1 + ids_weighted(p, w, 10)) % 11 % 10 == digit(p, 10);
}

/* Latvia, PVN: eleven digits. Companies' begin with 4 to 9; weights 9 1 4 8 3 10 2 5 7 6 1 give 3
 * modulo 11 (Valsts ieņēmumu dienests). */
bool ids_lv_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    if (!ids_want_digits(c, 11, out))
        return false;
    if (c->p[0] <= '3')
        return lv_person(c->p) || ids_refuse_sum(out);
    return ids_weighted(c->p, w, 11) % 11 == 3 || ids_refuse_sum(out);
}
