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

/* Digits without spaces and leading zeros. */
static bool reference_digits(struct str text, struct ids_clean *c, struct ids_checked *out)
{
    if (!ids_clean(text, c, out))
        return false;
    ids_strip(c, " ");
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "a reference number holds digits and spaces only");
    int zeros = 0;
    while (zeros < c->n && c->p[zeros] == '0')
        zeros++;
    memmove(c->p, c->p + zeros, (size_t)(c->n - zeros) + 1);
    c->n -= zeros;
    return true;
}

bool ids_check_reference(struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    if (!reference_digits(text, &c, out))
        return false;
    if (c.n < 4 || c.n > 20)
        return ids_refuse(out, "a reference number has 4 to 20 digits, this has %d", c.n);
    char expected = reference_check_digit(c.p, c.n - 1);
    if (c.p[c.n - 1] != expected)
        return ids_refuse(out, "its check digit is %c and should be %c: a digit is mistyped",
            c.p[c.n - 1], expected);
    memcpy(out->normal, c.p, (size_t)c.n + 1);
    return true;
}

bool ids_reference_make(struct str base, struct ids_checked *out)
{
    struct ids_clean c;
    memset(out, 0, sizeof(*out));
    if (!reference_digits(base, &c, out))
        return false;
    if (c.n < 3 || c.n > 19)
        return ids_refuse(out, "a reference number is made of 3 to 19 digits, not of %d", c.n);
    memcpy(out->normal, c.p, (size_t)c.n);
    out->normal[c.n] = reference_check_digit(c.p, c.n);
    return true;
}

/* ---- modulo 97 ------------------------------------------------------------------------------- */

/* ISO/IEC 7064 MOD 97-10: the first four characters go to the end, letters are 10 to 35, the whole
 * number modulo 97. 1 is right. */
static int mod97(const char *p, int n)
{
    int r = 0;
    for (int i = 0; i < n; i++) {
        char c = p[(i + 4) % n];
        r = c <= '9' ? (r * 10 + (c - '0')) % 97 : (r * 100 + (c - 'A' + 10)) % 97;
    }
    return r;
}

static bool all_letters_and_digits(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'A' && p[i] <= 'Z'))
            return false;
    return true;
}

/* Check digits come out of 98 - r and are 02 to 98; others may still give remainder 1. */
static bool right_mod97(const struct ids_clean *c)
{
    return mod97(c->p, c->n) == 1 && strncmp(c->p + 2, "00", 2) && strncmp(c->p + 2, "01", 2) &&
           strncmp(c->p + 2, "99", 2);
}

/* ISO 11649, "RF" + two check digits + 1 to 21 letters and digits. */
bool ids_check_rf(struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    if (!ids_clean(text, &c, out))
        return false;
    ids_strip(&c, " -.");
    if (strncmp(c.p, "RF", 2) || c.n < 5 || c.n > 25 || !ids_all_digits(c.p + 2, 2) ||
        !all_letters_and_digits(c.p, c.n))
        return ids_refuse(out, "an RF reference is RF, 2 digits and 1 to 21 letters and digits");
    if (!right_mod97(&c))
        return ids_refuse(out, "its check digits do not fit: a character is mistyped");
    memcpy(out->normal, c.p, (size_t)c.n + 1);
    return true;
}

bool ids_rf_make(struct str reference, struct ids_checked *out)
{
    if (ids_check("fi_viitenumero", reference, out) != IDS_VALID)
        return false;
    char whole[IDS_TEXT];
    int n = snprintf(whole, sizeof(whole), "RF00%.20s", out->normal);
    snprintf(out->normal, sizeof(out->normal), "RF%02d%.20s", 98 - mod97(whole, n), whole + 4);
    return true;
}

/* ---- IBAN ------------------------------------------------------------------------------------ */

/* What follows the check digits, by country: n digits, a letters, c either. From the IBAN Registry
 * that SWIFT keeps for ISO 13616. */
static const struct {
    char country[3];
    const char *form;
} countries[] = {{"AD", "8n12c"}, {"AE", "19n"}, {"AL", "8n16c"}, {"AT", "16n"}, {"AZ", "4a20c"},
    {"BA", "16n"}, {"BE", "12n"}, {"BG", "4a6n8c"}, {"BH", "4a14c"}, {"BR", "23n1a1c"},
    {"BY", "4c4n16c"}, {"CH", "5n12c"}, {"CR", "18n"}, {"CY", "8n16c"}, {"CZ", "20n"},
    {"DE", "18n"}, {"DK", "14n"}, {"DO", "4c20n"}, {"EE", "16n"}, {"EG", "25n"}, {"ES", "20n"},
    {"FI", "14n"}, {"FO", "14n"}, {"FR", "10n11c2n"}, {"GB", "4a14n"}, {"GE", "2a16n"},
    {"GI", "4a15c"}, {"GL", "14n"}, {"GR", "7n16c"}, {"GT", "24c"}, {"HR", "17n"}, {"HU", "24n"},
    {"IE", "4a14n"}, {"IL", "19n"}, {"IQ", "4a15n"}, {"IS", "22n"}, {"IT", "1a10n12c"},
    {"JO", "4a4n18c"}, {"KW", "4a22c"}, {"KZ", "3n13c"}, {"LB", "4n20c"}, {"LC", "4a24c"},
    {"LI", "5n12c"}, {"LT", "16n"}, {"LU", "3n13c"}, {"LV", "4a13c"}, {"LY", "21n"},
    {"MC", "10n11c2n"}, {"MD", "20c"}, {"ME", "18n"}, {"MK", "3n10c2n"}, {"MR", "23n"},
    {"MT", "4a5n18c"}, {"MU", "4a19n3a"}, {"NL", "4a10n"}, {"NO", "11n"}, {"PK", "4a16c"},
    {"PL", "24n"}, {"PS", "4a21c"}, {"PT", "21n"}, {"QA", "4a21c"}, {"RO", "4a16c"}, {"RS", "18n"},
    {"SA", "2n18c"}, {"SC", "4a20n3a"}, {"SE", "20n"}, {"SI", "15n"}, {"SK", "20n"},
    {"SM", "1a10n12c"}, {"ST", "21n"}, {"SV", "4a20n"}, {"TL", "19n"}, {"TN", "20n"},
    {"TR", "6n16c"}, {"UA", "6n19c"}, {"VA", "18n"}, {"VG", "4a16n"}, {"XK", "16n"}};

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

bool ids_check_iban(struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    if (!ids_clean(text, &c, out))
        return false;
    ids_strip(&c, " -.");
    if (c.n < 5 || !ids_all_digits(c.p + 2, 2) || !all_letters_and_digits(c.p, c.n))
        return ids_refuse(out, "an IBAN is a country code, 2 digits, and letters and digits");
    const char *form = NULL;
    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
        if (!strncmp(c.p, countries[i].country, 2))
            form = countries[i].form;
    if (!form)
        return ids_refuse(out, "no country with IBANs has the code it begins with");
    bool fits;
    int n = 4 + form_length(form, c.p + 4, &fits);
    if (c.n != n)
        return ids_refuse(out, "an IBAN of %.2s has %d characters, this has %d", c.p, n, c.n);
    if (!fits)
        return ids_refuse(out, "an IBAN of %.2s has letters and digits elsewhere", c.p);
    if (!right_mod97(&c))
        return ids_refuse(out, "its check digits do not fit: a character is mistyped");
    memcpy(out->normal, c.p, (size_t)c.n + 1);
    return true;
}
