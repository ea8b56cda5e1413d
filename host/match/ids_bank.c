/* Reference numbers and bank accounts. */
#include <stdio.h>
#include <string.h>
#include "ids_impl.h"

/* ---- Finnish reference numbers --------------------------------------------------------------- */

/* Weights 7 3 1 repeat from the right of the base; what is missing from the sum to the next ten.
 * Source: Finance Finland's rules for reference numbers, as cited at knowledge.xmldation.com. */
static char reference_check_digit(const char *base, int n)
{
    static const int weights[3] = {7, 3, 1};
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += weights[i % 3] * (base[n - 1 - i] - '0');
    return (char)('0' + (10 - sum % 10) % 10);
}

/* Leading zeros do not count. */
static void drop_zeros(struct ids_clean *c)
{
    int zeros = 0;
    while (c->p[zeros] == '0')
        zeros++;
    ids_drop(c, zeros);
}

bool ids_reference(struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "a reference number holds digits and spaces only");
    drop_zeros(c);
    if (c->n < 4 || c->n > 20)
        return ids_refuse(out, "a reference number has 4 to 20 digits, this has %d", c->n);
    char expected = reference_check_digit(c->p, c->n - 1);
    return c->p[c->n - 1] == expected || ids_refuse_digit(out, c->p[c->n - 1], expected);
}

/* ---- reference numbers of the neighbours ----------------------------------------------------- */

/* Digits only, from least to most of them, not all zeros. */
static bool want_reference(const struct ids_clean *c, int least, int most, struct ids_checked *out)
{
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "a reference number holds digits and spaces only");
    if (c->n < least || c->n > most)
        return ids_refuse(
            out, "a reference number has %d to %d digits, this has %d", least, most, c->n);
    return !ids_all_zeros(c->p, c->n) || ids_refuse(out, "zeros only are no reference number");
}

/* Estonia: 2 to 20 digits, the last by the weights 7 3 1 from the right, as in Finland. Source:
 * Eesti Pangaliit, "Viitenumbri standard" (pangaliit.ee, arveldused/viitenumber). */
bool ids_ee_reference(struct ids_clean *c, struct ids_checked *out)
{
    if (!want_reference(c, 2, 20, out))
        return false;
    char expected = reference_check_digit(c->p, c->n - 1);
    return c->p[c->n - 1] == expected || ids_refuse_digit(out, c->p[c->n - 1], expected);
}

/* Sweden, OCR number: 2 to 25 digits, the last by the Luhn formula. Source: Bankgirot,
 * "OCR-referenskontroll" (bankgirot.se: the last digit is the check digit by 10-modul), and for the
 * lengths its manual BG6070, section 5.2, as the package banktools-se cites it. The length digit
 * that an agreement may add before the last (cogwork.se, "Kontrollsiffror för OCR") is not looked
 * at: whether there is one, only the payee knows. */
bool ids_ocr(struct ids_clean *c, struct ids_checked *out)
{
    if (!want_reference(c, 2, 25, out))
        return false;
    return ids_luhn(c->p, c->n) || ids_refuse_sum(out);
}

/* Norway, KID: 2 to 25 characters, the last one the control: by the Luhn formula, or by weights 2
 * to 7 from the right and modulus 11, where a hyphen stands for 10. Source: Mastercard Payment
 * Services Norway, "KID" (mastercardpaymentservices.com/norway/utvikler/kid: modulus 10 or 11, as
 * the payee chooses); lengths, weights and the hyphen as in no.wikipedia.org, "KID-nummer", and the
 * package norwegian-numbers, whose examples are among those of the tests. */
bool ids_kid(struct ids_clean *c, struct ids_checked *out)
{
    struct ids_clean digits = *c;
    if (c->n > 2 && c->p[c->n - 1] == '-')
        digits.p[--digits.n] = '\0';
    bool hyphen = digits.n < c->n;
    if (!want_reference(&digits, hyphen ? 1 : 2, hyphen ? 24 : 25, out))
        return false;
    if (!hyphen && ids_luhn(c->p, c->n))
        return true;
    int sum = 0;
    for (int i = 0; i < c->n - 1; i++)
        sum += (c->p[c->n - 2 - i] - '0') * (2 + i % 6);
    int control = (11 - sum % 11) % 11;
    return (hyphen ? control == 10 : control == c->p[c->n - 1] - '0') || ids_refuse_sum(out);
}

bool ids_reference_make(struct str base, struct ids_checked *out)
{
    struct ids_clean c;
    memset(out, 0, sizeof(*out));
    if (!ids_clean(base, &c, out))
        return false;
    ids_strip(&c, " ");
    if (!ids_all_digits(c.p, c.n))
        return ids_refuse(out, "a reference number holds digits and spaces only");
    drop_zeros(&c);
    if (c.n < 3 || c.n > 19)
        return ids_refuse(out, "a reference number is made of 3 to 19 digits, not of %d", c.n);
    memcpy(out->normal, c.p, (size_t)c.n);
    out->normal[c.n] = reference_check_digit(c.p, c.n);
    memcpy(out->compact, out->normal, sizeof(out->normal));
    ids_print(out->printed, out->compact, ">5");
    return true;
}

/* ---- modulo 97 ------------------------------------------------------------------------------- */

/* Check digits come out of 98 - r and are 02 to 98; others may still give remainder 1. */
static bool right_mod97(const struct ids_clean *c)
{
    return ids_mod97(c->p, c->n, 4) == 1 && strncmp(c->p + 2, "00", 2) &&
           strncmp(c->p + 2, "01", 2) && strncmp(c->p + 2, "99", 2);
}

/* ISO 11649, "RF" + two check digits + 1 to 21 letters and digits. */
bool ids_rf(struct ids_clean *c, struct ids_checked *out)
{
    if (strncmp(c->p, "RF", 2) || c->n < 5 || c->n > 25 || !ids_all_digits(c->p + 2, 2) ||
        !ids_all_alnum(c->p, c->n))
        return ids_refuse(out, "an RF reference is RF, 2 digits and 1 to 21 letters and digits");
    return right_mod97(c) || ids_refuse_sum(out);
}

/* base is 1 to 21 upper-case letters and digits. */
static bool rf_of(const char *base, struct ids_checked *out)
{
    char whole[IDS_TEXT];
    int n = snprintf(whole, sizeof(whole), "RF00%.21s", base);
    snprintf(
        out->normal, sizeof(out->normal), "RF%02d%.21s", 98 - ids_mod97(whole, n, 4), whole + 4);
    memcpy(out->compact, out->normal, sizeof(out->normal));
    ids_print(out->printed, out->compact, "<4");
    return true;
}

bool ids_rf_make(struct str reference, struct ids_checked *out)
{
    struct ids_checked inner;
    if (ids_check("fi_viitenumero", reference, out) != IDS_VALID)
        return false;
    inner = *out;
    return rf_of(inner.compact, out);
}

bool ids_rf_make_any(struct str base, struct ids_checked *out)
{
    struct ids_clean c;
    memset(out, 0, sizeof(*out));
    if (!ids_clean(base, &c, out))
        return false;
    ids_strip(&c, " -./");
    if (c.n < 1 || c.n > 21 || !ids_all_alnum(c.p, c.n))
        return ids_refuse(out, "an RF reference is made of 1 to 21 letters and digits");
    return rf_of(c.p, out);
}

/* ---- IBAN ------------------------------------------------------------------------------------ */

/* What follows the check digits, by country: n digits, a letters, c either. From the IBAN Registry
 * that SWIFT keeps for ISO 13616 (swift.com, iban-registry), compared line by line with
 * python-stdnum 1.18, and for what is newer there (FK, HN, MN, NI, OM, SO, YE) with libraries that
 * have its release of December 2024. */
static const struct {
    char country[3];
    const char *form;
} countries[] = {{"AD", "8n12c"}, {"AE", "19n"}, {"AL", "8n16c"}, {"AT", "16n"}, {"AZ", "4a20c"},
    {"BA", "16n"}, {"BE", "12n"}, {"BG", "4a6n8c"}, {"BH", "4a14c"}, {"BI", "23n"},
    {"BR", "23n1a1c"}, {"BY", "4c4n16c"}, {"CH", "5n12c"}, {"CR", "18n"}, {"CY", "8n16c"},
    {"CZ", "20n"}, {"DE", "18n"}, {"DJ", "23n"}, {"DK", "14n"}, {"DO", "4c20n"}, {"EE", "16n"},
    {"EG", "25n"}, {"ES", "20n"}, {"FI", "14n"}, {"FK", "2a12n"}, {"FO", "14n"}, {"FR", "10n11c2n"},
    {"GB", "4a14n"}, {"GE", "2a16n"}, {"GI", "4a15c"}, {"GL", "14n"}, {"GR", "7n16c"},
    {"GT", "24c"}, {"HN", "4a20n"}, {"HR", "17n"}, {"HU", "24n"}, {"IE", "4a14n"}, {"IL", "19n"},
    {"IQ", "4a15n"}, {"IS", "22n"}, {"IT", "1a10n12c"}, {"JO", "4a4n18c"}, {"KW", "4a22c"},
    {"KZ", "3n13c"}, {"LB", "4n20c"}, {"LC", "4a24c"}, {"LI", "5n12c"}, {"LT", "16n"},
    {"LU", "3n13c"}, {"LV", "4a13c"}, {"LY", "21n"}, {"MC", "10n11c2n"}, {"MD", "20c"},
    {"ME", "18n"}, {"MK", "3n10c2n"}, {"MN", "16n"}, {"MR", "23n"}, {"MT", "4a5n18c"},
    {"MU", "4a19n3a"}, {"NI", "4a20n"}, {"NL", "4a10n"}, {"NO", "11n"}, {"OM", "3n16c"},
    {"PK", "4a16c"}, {"PL", "24n"}, {"PS", "4a21c"}, {"PT", "21n"}, {"QA", "4a21c"},
    {"RO", "4a16c"}, {"RS", "18n"}, {"RU", "14n15c"}, {"SA", "2n18c"}, {"SC", "4a20n3a"},
    {"SD", "14n"}, {"SE", "20n"}, {"SI", "15n"}, {"SK", "20n"}, {"SM", "1a10n12c"}, {"SO", "19n"},
    {"ST", "21n"}, {"SV", "4a20n"}, {"TL", "19n"}, {"TN", "20n"}, {"TR", "6n16c"}, {"UA", "6n19c"},
    {"VA", "18n"}, {"VG", "4a16n"}, {"XK", "16n"}, {"YE", "4a4n18c"}};

static bool fits_class(char c, char class)
{
    bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'Z';
    return class == 'n' ? digit : class == 'a' ? letter : digit || letter;
}

/* The length that the form stands for, and whether the text has its characters as far as it goes.
 */
static int form_length(const char *form, const char *p, bool *fits)
{
    int total = 0;
    *fits = true;
    while (*form) {
        int n = 0;
        for (; *form >= '0' && *form <= '9'; form++)
            n = n * 10 + (*form - '0');
        for (; n > 0; n--, total++) {
            if (*p && !fits_class(*p, *form))
                *fits = false;
            p += *p != '\0';
        }
        form++;
    }
    return total;
}

bool ids_iban(struct ids_clean *c, struct ids_checked *out)
{
    if (c->n < 5 || !ids_all_digits(c->p + 2, 2) || !ids_all_alnum(c->p, c->n))
        return ids_refuse(out, "an IBAN is a country code, 2 digits, and letters and digits");
    const char *form = NULL;
    for (size_t low = 0, high = sizeof(countries) / sizeof(countries[0]); low < high && !form;) {
        size_t middle = (low + high) / 2;
        int d = memcmp(c->p, countries[middle].country, 2);
        if (d == 0)
            form = countries[middle].form;
        else if (d < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (!form)
        return ids_refuse(out, "no country with IBANs has the code it begins with");
    bool fits;
    int n = 4 + form_length(form, c->p + 4, &fits);
    if (c->n != n)
        return ids_refuse(out, "an IBAN of %.2s has %d characters, this has %d", c->p, n, c->n);
    if (!fits)
        return ids_refuse(out, "an IBAN of %.2s has letters and digits elsewhere", c->p);
    return right_mod97(c) || ids_refuse_sum(out);
}
