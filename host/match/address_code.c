/* Addresses: postal codes of Europe by their form. */
#include <ctype.h>
#include <string.h>
#include "address_impl.h"

/* Forms: 9 a digit, A a letter, # either, the rest for itself; '_' is an optional space. A form
 * without country is taken for the countries that have it. */
static const struct form {
    const char *form;
    const char *countries; /* that use it, separated by spaces */
    const char *only;      /* the country that it gives away by itself, or NULL */
    enum address_order order;
} forms[] = {
    {"AA9A_9AA", "GB IM JE GG GI", "GB", ADDRESS_CITY_FIRST},
    {"A9A_9AA", "GB", "GB", ADDRESS_CITY_FIRST},
    {"AA99_9AA", "GB IM JE GG GI", "GB", ADDRESS_CITY_FIRST},
    {"A99_9AA", "GB", "GB", ADDRESS_CITY_FIRST},
    {"AA9_9AA", "GB IM JE GG", "GB", ADDRESS_CITY_FIRST},
    {"A9_9AA", "GB", "GB", ADDRESS_CITY_FIRST},
    {"A99_####", "IE", "IE", ADDRESS_CITY_FIRST},
    {"A9A_####", "IE", "IE", ADDRESS_CITY_FIRST},
    {"9999-999", "PT", "PT", ADDRESS_CODE_FIRST},
    {"99-999", "PL", "PL", ADDRESS_CODE_FIRST},
    {"9999_AA", "NL", NULL, ADDRESS_CODE_FIRST},
    {"AAA_9999", "MT", NULL, ADDRESS_CITY_FIRST},
    {"AA9A", "GB", NULL, ADDRESS_CITY_FIRST}, /* the first half alone */
    {"AA99", "GB", NULL, ADDRESS_CITY_FIRST},
    {"A99", "GB", NULL, ADDRESS_CITY_FIRST},
    {"AA9", "GB", NULL, ADDRESS_CITY_FIRST},
    {"A9", "GB", NULL, ADDRESS_CITY_FIRST},
    {"999 99", "SE CZ SK GR", NULL, ADDRESS_CODE_FIRST},
    {"999999", "RO BY RU", NULL, ADDRESS_CODE_FIRST},
    {"99999", "FI AX SE DE FR MC IT SM ES EE LT HR CZ SK GR UA TR RS ME BA XK US", NULL,
        ADDRESS_CODE_FIRST},
    {"9999", "DK NO AT BE CH LI LU HU SI BG CY LV PT NL MK AL MD", NULL, ADDRESS_CODE_FIRST},
    {"999", "IS FO", NULL, ADDRESS_CODE_FIRST},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static bool alnum(char c)
{
    return isdigit((unsigned char)c) || address_letter(c);
}

/* Bytes of s from `at` on that fit the form; 0 if they do not, or a word goes on behind. */
static size_t fits(const char *form, struct str s, size_t at)
{
    size_t i = at;
    for (; *form; form++) {
        char c = i < s.n ? s.p[i] : '\0';
        if (*form == '_') {
            i += c == ' ';
            continue;
        }
        bool ok = *form == '9'   ? isdigit((unsigned char)c)
                  : *form == 'A' ? isalpha((unsigned char)c) != 0
                  : *form == '#' ? isalnum((unsigned char)c) != 0
                                 : c == *form;
        if (!ok)
            return 0;
        i++;
    }
    return i < s.n && (alnum(s.p[i]) || s.p[i] == '/') ? 0 : i - at;
}

static bool in_list(const char *list, const char *country)
{
    for (; *list; list += list[2] ? 3 : 2)
        if (!memcmp(list, country, 2))
            return true;
    return false;
}

/* Letters, perhaps behind a space, follow at i. */
static bool letters_follow(struct str s, size_t i)
{
    while (i < s.n && s.p[i] == ' ')
        i++;
    return i < s.n && (address_letter(s.p[i]) || s.p[i] == '\'');
}

/* Whether an address of this country may have a code of the form. Where no country is known only
 * forms count that no other text has: letters alone with digits may be a word with a number. */
static bool usable(const struct form *f, const char *country, const char *prefix)
{
    const char *c = prefix ? prefix : country;
    if (c && in_list(f->countries, c))
        return true;
    if (prefix)
        return false;
    if (f->only)
        return !c || strcmp(c, "IE") != 0;
    return !c && f->form[0] == '9';
}

/* "1012 LG" where the Netherlands are only a guess: "3100 St. Pölten" is none. */
static bool likely(const struct form *f, struct str code, struct str s, size_t end, const char *c)
{
    if (!strcmp(f->form, "9999_AA") && (!c || strcmp(c, "NL")))
        return isupper((unsigned char)code.p[code.n - 1]) &&
               isupper((unsigned char)code.p[code.n - 2]) && letters_follow(s, end);
    return true;
}

/* All codes have a digit among their first five characters ("VLT 1455"). */
static bool digit_near(struct str s, size_t i)
{
    for (size_t k = i; k < s.n && k < i + 5; k++)
        if (isdigit((unsigned char)s.p[k]))
            return true;
    return false;
}

/* The last code in a part, one that letters follow before one that none do. */
static bool find_in_part(struct str s, const char *country, struct address_code *out)
{
    bool found = false;
    for (size_t i = 0; i < s.n; i++) {
        if (!isalnum((unsigned char)s.p[i]) || (i && s.p[i - 1] != ' ' && s.p[i - 1] != '-'))
            continue;
        if (!digit_near(s, i))
            continue;
        const char *prefix_country = NULL;
        size_t prefix = address_prefix(s, i, &prefix_country);
        if (i && s.p[i - 1] == '-' && !prefix)
            continue;
        for (size_t k = 0; k < FORMS; k++) {
            size_t n = fits(forms[k].form, s, i);
            if (!n || !usable(&forms[k], country, prefix_country) ||
                !likely(&forms[k], (struct str){s.p + i, n}, s, i + n, country))
                continue;
            bool letters = letters_follow(s, i + n);
            if (!found || letters || !out->letters || forms[k].order == ADDRESS_CITY_FIRST) {
                out->at = i;
                out->n = n;
                out->prefix = prefix;
                out->country = prefix_country ? prefix_country : forms[k].only;
                out->order = forms[k].order;
                out->letters = letters;
                if (prefix_country && !strcmp(prefix_country, "LV"))
                    out->order = ADDRESS_CITY_FIRST;
            }
            found = true;
            i += n - 1;
            break;
        }
    }
    return found;
}

/* "Tallinn" of "Pärnu mnt 139c, Tallinn 11317": words without a digit and without one of a street.
 */
static bool is_town(struct str s, size_t n)
{
    struct str rest = str_trim((struct str){s.p, n});
    if (!rest.n || address_has_digit(rest))
        return false;
    while (rest.p) {
        struct str w = str_cut(rest, ' ', &rest);
        if (address_street_word(w))
            return false;
    }
    return true;
}

bool address_find_code(const struct address_line *l, const char *country, struct address_code *out)
{
    struct address_code one;
    bool found = false;
    for (int i = l->nparts - 1; i >= 0; i--) {
        if (!find_in_part(l->part[i], country, &one))
            continue;
        one.part = i;
        bool whole = one.at == one.prefix && one.at + one.n == l->part[i].n;
        /* A number at the end of a street is no code: a code has a town behind it, or is a part of
         * its own, or is of a form that no house number has. */
        bool behind_town = i > 0 && i + 1 == l->nparts && one.n >= 4 &&
                           one.at + one.n == l->part[i].n && is_town(l->part[i], one.at) &&
                           address_has_digit(l->part[i - 1]);
        bool sure = behind_town || one.letters || whole || one.prefix || one.country ||
                    (one.at == one.prefix && i + 1 < l->nparts);
        if (sure && !found) {
            *out = one;
            found = true;
            if (one.letters || one.order == ADDRESS_CITY_FIRST || one.prefix)
                return true;
        } else if (found && one.letters && one.at == one.prefix) {
            *out = one; /* "9021 Győr, Andrássy út 1037" */
        }
    }
    return found;
}
