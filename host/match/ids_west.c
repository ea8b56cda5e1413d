/* Identifiers of Austria, Belgium, Germany, France, Ireland, Luxembourg, the Netherlands and
 * Switzerland. Where no other source is named: European Commission, TIN and VIES algorithms. */
#include <string.h>
#include "ids_impl.h"

/* Austria, UID: U and eight digits; digit sums of weights 1 2, and 4, to the next ten
 * (Bundesministerium für Finanzen, "Konstruktionsregeln UID"). */
bool ids_at_uid(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n != 9 || c->p[0] != 'U' || !ids_all_digits(c->p + 1, 8))
        return ids_refuse(out, "an Austrian VAT number is U and 8 digits");
    int sum = 4;
    for (int i = 1; i < 8; i++) {
        int d = (c->p[i] - '0') * (i % 2 ? 1 : 2);
        sum += d / 10 + d % 10;
    }
    char expected = (char)('0' + (10 - sum % 10) % 10);
    return c->p[8] == expected || ids_refuse_digit(out, c->p[8], expected);
}

/* Belgium: ten digits (nine in old ones, a zero goes in front); the first eight and the last two
 * add up to a multiple of 97 (Banque-Carrefour des Entreprises). */
bool ids_be_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n == 9)
        ids_pad(c, 10);
    if (!ids_want_digits(c, 10, out))
        return false;
    if (ids_all_zeros(c->p, 8))
        return ids_refuse(out, "zeros only belong to nobody");
    return (ids_number(c->p, 8) + ids_number(c->p + 8, 2)) % 97 == 0 || ids_refuse_sum(out);
}

/* Germany, USt-IdNr.: nine digits, the first not 0, ISO/IEC 7064 MOD 11,10. */
bool ids_de_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 9, out))
        return false;
    if (c->p[0] == '0')
        return ids_refuse(out, "a German VAT number does not begin with 0");
    return ids_mod11_10(c->p, 9) || ids_refuse_sum(out);
}

/* France, SIREN: nine digits by the Luhn formula (INSEE). */
bool ids_fr_siren(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 9, out))
        return false;
    return ids_luhn(c->p, 9) || ids_refuse_sum(out);
}

/* France, SIRET: SIREN and five digits, Luhn over all 14 and over the SIREN. The places of La
 * Poste, 356000000, have a sum of digits that divides by 5 instead (INSEE). */
bool ids_fr_siret(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 14, out))
        return false;
    if (!ids_luhn(c->p, 9))
        return ids_refuse_sum(out);
    if (!strncmp(c->p, "356000000", 9) && strcmp(c->p, "35600000000048")) {
        int sum = 0;
        for (int i = 0; i < 14; i++)
            sum += c->p[i] - '0';
        return sum % 5 == 0 || ids_refuse_sum(out);
    }
    return ids_luhn(c->p, 14) || ids_refuse_sum(out);
}

/* Place in the 34 signs that a key may have: no I, no O. */
static int fr_sign(char c)
{
    static const char signs[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    const char *at = c ? strchr(signs, c) : NULL;
    return at ? (int)(at - signs) : -1;
}

/* France: a key of two characters and the SIREN. A key of digits is the remainder of SIREN and 12
 * by 97; the others follow the order of the new keys. Monaco's begin with 000 and are no SIREN. */
bool ids_fr_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n != 11 || !ids_all_digits(c->p + 2, 9))
        return ids_refuse(out, "a French VAT number is 2 characters and 9 digits");
    int a = fr_sign(c->p[0]), b = fr_sign(c->p[1]);
    if (a < 0 || b < 0)
        return ids_refuse(out, "the key of a French VAT number has no I and no O");
    if (strncmp(c->p + 2, "000", 3) && !ids_luhn(c->p + 2, 9))
        return ids_refuse(out, "the SIREN in it does not fit: a digit is mistyped");
    int64_t siren = ids_number(c->p + 2, 9);
    if (a < 10 && b < 10)
        return (siren * 100 + 12) % 97 == a * 10 + b || ids_refuse_sum(out);
    int key = a < 10 ? a * 24 + b - 10 : a * 34 + b - 100;
    return (siren + 1 + key / 11) % 11 == key % 11 || ids_refuse_sum(out);
}

/* Check letter of seven digits, and of a second letter if there is one: weights 8 to 2 and 9,
 * modulo 23. */
static char ie_letter(const char *digits, char second)
{
    static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
    static const signed char w[] = {8, 7, 6, 5, 4, 3, 2};
    int sum = ids_weighted(digits, w, 7);
    const char *at = second ? strchr(letters, second) : NULL;
    if (second && !at)
        return '\0';
    if (at)
        sum += 9 * (int)(at - letters);
    return letters[sum % 23];
}

/* Ireland: seven digits, a check letter and perhaps a second letter; before 2013 also a digit, a
 * letter or sign, five digits and the check letter (Revenue Commissioners). */
bool ids_ie_vat(struct ids_clean *c, struct ids_checked *out)
{
    char second = '\0', digits[8];
    if (c->n != 8 && c->n != 9)
        return ids_refuse(out, "an Irish VAT number has 8 or 9 characters");
    bool old = c->n == 8 && !(c->p[1] >= '0' && c->p[1] <= '9');
    if (old) {
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ+*", c->p[1]))
            return ids_refuse(out, "its second character is a digit, a letter, + or *");
        digits[0] = '0';
        memcpy(digits + 1, c->p + 2, 5);
        digits[6] = c->p[0];
    } else {
        memcpy(digits, c->p, 7);
        second = c->n == 9 ? c->p[8] : '\0';
        if (second == 'W')
            second = '\0'; /* a wife's, counts as nothing */
    }
    if (!ids_all_digits(digits, 7))
        return ids_refuse(out, "it has letters where digits belong");
    char expected = ie_letter(digits, second);
    return (expected && c->p[7] == expected) || ids_refuse_sum(out);
}

/* Luxembourg: six digits and their remainder by 89. */
bool ids_lu_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 8, out))
        return false;
    return ids_number(c->p, 6) % 89 == ids_number(c->p + 6, 2) || ids_refuse_sum(out);
}

/* Netherlands: nine digits, B, two digits that are not 00. Either the nine pass the test of eleven
 * of the RSIN, or, for sole traders since 2020, NL and all of it are 1 modulo 97
 * (Belastingdienst). */
bool ids_nl_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    char whole[16] = "NL";
    if (c->n >= 10 && c->n < 12 && c->p[c->n - 3] == 'B')
        ids_pad(c, 12);
    if (c->n != 12 || !ids_all_digits(c->p, 9) || c->p[9] != 'B' || !ids_all_digits(c->p + 10, 2))
        return ids_refuse(out, "a Dutch VAT number is 9 digits, B and 2 digits");
    if (!strcmp(c->p + 10, "00") || ids_all_zeros(c->p, 9))
        return ids_refuse(out, "zeros only belong to nobody");
    memcpy(whole + 2, c->p, 13);
    return ids_weighted(c->p, w, 9) % 11 == 0 || ids_mod97(whole, 14, 0) == 1 ||
           ids_refuse_sum(out);
}

/* Netherlands, KvK-nummer: eight digits without a check digit. */
bool ids_nl_kvk(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_want_digits(c, 8, out))
        return false;
    return !ids_all_zeros(c->p, 8) || ids_refuse(out, "zeros only belong to nobody");
}

/* Switzerland, UID: CHE and nine digits, weights 5 4 3 2 7 6 5 4 modulo 11, to 11 (eCH-0097). */
bool ids_ch_uid(struct ids_clean *c, struct ids_checked *out)
{
    static const signed char w[] = {5, 4, 3, 2, 7, 6, 5, 4, 1};
    if (c->n != 12 || strncmp(c->p, "CHE", 3) || !ids_all_digits(c->p + 3, 9))
        return ids_refuse(out, "a Swiss UID is CHE and 9 digits");
    return ids_weighted(c->p + 3, w, 9) % 11 == 0 || ids_refuse_sum(out);
}

/* Swiss VAT number: the UID and MWST, TVA, IVA or TPV. */
bool ids_ch_vat(struct ids_clean *c, struct ids_checked *out)
{
    static const char *const suffixes[] = {"MWST", "TVA", "IVA", "TPV"};
    for (int i = 0; i < 4; i++) {
        int n = (int)strlen(suffixes[i]);
        if (c->n <= n || strcmp(c->p + c->n - n, suffixes[i]))
            continue;
        struct ids_clean uid = *c;
        uid.p[uid.n -= n] = '\0';
        return ids_ch_uid(&uid, out);
    }
    return ids_refuse(out, "a Swiss VAT number ends in MWST, TVA or IVA");
}
