/* Finnish identifiers of companies and people. */
#include <stdio.h>
#include <string.h>
#include "ids_impl.h"

/* Check digit of a business ID of 7 digits, or -1 where none exists. Weights 7 9 10 5 8 4 2; the
 * sum modulo 11 is r; 0 gives 0, 1 is never issued, else 11 - r. Source: fi.wikipedia.org,
 * "Y-tunnus", and python-stdnum's fi.ytunnus; holds for the registered IDs of the tests. */
static int business_check_digit(const char *digits)
{
    static const int weights[7] = {7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 7; i++)
        sum += weights[i] * (digits[i] - '0');
    int r = sum % 11;
    return r == 0 ? 0 : r == 1 ? -1 : 11 - r;
}

/* c is 8 digits. */
static bool check_digits(const struct ids_clean *c, struct ids_checked *out)
{
    if (ids_all_zeros(c->p, 8))
        return ids_refuse(out, "a business ID of zeros only belongs to nobody");
    int expected = business_check_digit(c->p);
    if (expected < 0)
        return ids_refuse(
            out, "no business ID begins with these 7 digits: they have no check digit");
    return c->p[7] - '0' == expected || ids_refuse_digit(out, c->p[7], (char)('0' + expected));
}

/* A code of a person that landed in the wrong field is told apart: it must not go any further. */
static bool is_person(const struct ids_clean *c)
{
    return c->n >= 10 && ids_is_personal((struct str){c->p, (size_t)c->n});
}

/* "01120389", "0112038-9"; and "112038-9": the oldest IDs had 6 digits before the hyphen and are
 * padded today. */
bool ids_fi_business(struct ids_clean *c, struct ids_checked *out)
{
    if (is_person(c))
        return ids_refuse(out, "this is a personal identity code, not a business ID");
    bool hyphen = c->n >= 2 && c->p[c->n - 2] == '-';
    if (hyphen) {
        c->p[c->n - 2] = c->p[c->n - 1];
        c->p[--c->n] = '\0';
    }
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "it holds more than digits and one hyphen before the last");
    if (hyphen && c->n == 7)
        ids_pad(c, 8);
    if (c->n != 8)
        return ids_refuse(out, "it has %d digits; 7 and a check digit are needed", c->n);
    return check_digits(c, out);
}

/* The digits of the business ID, with FI in front. The form is that of the European Commission's
 * VIES. */
bool ids_fi_vat(struct ids_clean *c, struct ids_checked *out)
{
    if (is_person(c))
        return ids_refuse(out, "this is a personal identity code, not a VAT number");
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "it holds more than FI and digits");
    if (c->n != 8)
        return ids_refuse(out, "it has %d digits; 7 and a check digit are needed", c->n);
    return check_digits(c, out);
}

bool ids_vat_number(struct str business_id, struct ids_checked *out)
{
    char vat[IDS_TEXT];
    if (ids_check("fi_ytunnus", business_id, out) != IDS_VALID)
        return false;
    snprintf(vat, sizeof(vat), "FI%.8s", out->compact);
    return ids_check("eu_vat_FI", str_of(vat), out) == IDS_VALID;
}

/* ---- people ---------------------------------------------------------------------------------- */

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

#define PERSONAL_BYTES 11

/* DDMMYY, a century sign, three digits, a check character. Signs and the alphabet of the check
 * character: Digital and Population Data Services Agency (dvv.fi), "Personal identity code", with
 * the signs added in 2023: + for the 1800s, - Y X W V U for the 1900s, A to F for the 2000s. */
static bool personal_at(const char *p)
{
    if (!ids_all_digits(p, 6) || !p[6] || !strchr("+-ABCDEFUVWXYabcdefuvwxy", p[6]) ||
        !ids_all_digits(p + 7, 3) || !p[10] ||
        !strchr("0123456789ABCDEFHJKLMNPRSTUVWXYabcdefhjklmnprstuvwxy", p[10]))
        return false;
    int day = two_digits(p), month = two_digits(p + 2);
    return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

static bool word_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* It is the end of something longer, PO261127-1234 say: letters and digits of an escape (\n,
 * \u00a0, %20) are no part of it, and what is not ASCII is more often a mark or a blank than a
 * letter. */
static bool goes_on_from(const char *text, size_t at)
{
    const char *p = text + at;
    if (at == 0 || !word_char(p[-1]))
        return false;
    return !((at >= 2 && p[-2] == '\\') || (at >= 3 && p[-3] == '%') ||
             (at >= 6 && p[-6] == '\\' && p[-5] == 'u'));
}

/* Bytes of a code at `at`, with any dash for its sign; 0 if there is none. */
static size_t personal_length(struct str text, size_t at)
{
    static const char *const dashes[] = {"\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92",
        "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x88\x92"};
    char code[PERSONAL_BYTES + 1];
    const char *p = text.p + at;
    size_t left = text.n - at, dash = 1;
    for (size_t i = 0; left >= PERSONAL_BYTES + 2 && i < sizeof(dashes) / sizeof(dashes[0]); i++)
        if (!memcmp(p + 6, dashes[i], 3))
            dash = 3;
    if (left < PERSONAL_BYTES - 1 + dash)
        return 0;
    memcpy(code, p, 6);
    code[6] = dash == 3 ? '-' : p[6];
    memcpy(code + 7, p + 6 + dash, 4);
    code[PERSONAL_BYTES] = '\0';
    return personal_at(code) ? PERSONAL_BYTES - 1 + dash : 0;
}

bool ids_find_personal(struct str text, size_t *at, size_t *n)
{
    for (size_t i = 0; i < text.n; i++) {
        if (goes_on_from(text.p, i))
            continue;
        *n = personal_length(text, i);
        if (!*n || (i + *n < text.n && word_char(text.p[i + *n])))
            continue;
        *at = i;
        return true;
    }
    return false;
}

bool ids_is_personal(struct str text)
{
    struct ids_clean c;
    struct ids_checked ignored;
    if (!ids_clean(text, &c, &ignored))
        return false;
    ids_strip(&c, " ");
    return c.n == PERSONAL_BYTES && personal_at(c.p);
}
