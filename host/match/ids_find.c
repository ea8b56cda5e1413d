/* Identifiers inside longer texts. */
#include <string.h>
#include "ids_impl.h"

#define SPAN_MAX   48 /* bytes; the longest IBAN in groups of four has 42 */
#define GROUPS_MAX 14

/* Ends of the runs of letters and digits that a candidate may be made of, the first at least. */
struct span {
    size_t at;
    size_t end[GROUPS_MAX];
    int ends;
};

/* Bytes of the letter or digit at p, 0 if there is something else. */
static size_t word_step(const char *p, const char *end)
{
    unsigned char c = p != end ? (unsigned char)*p : 0;
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    /* Letters beyond ASCII, roughly: signs lie below U+00C0 and from U+2000 to U+2FFF. */
    return c >= 0xC3 && c != 0xE2 ? str_utf8_step(p, end) : 0;
}

/* A letter or digit ends at byte `at`. */
static bool word_before(struct str text, size_t at)
{
    size_t i = at;
    while (i > 0 && at - i < 3 && ((unsigned char)text.p[i - 1] & 0xC0) == 0x80)
        i--;
    return i > 0 && word_step(text.p + i - 1, text.p + text.n) == at - i + 1;
}

static bool digit_byte(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of one separator at p: a space, hyphen, dash, no-break space, or in numbers a point or a
 * slash; 0 if none. */
static size_t separator(const char *p, const char *end)
{
    static const char *const others[] = {"\xc2\xa0", "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x93",
        "\xe2\x80\x94", "\xe2\x88\x92", "\xe2\x80\xaf"};
    if (p == end)
        return 0;
    if (*p == ' ' || *p == '-' || *p == '.' || *p == '/')
        return 1;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        size_t n = strlen(others[i]);
        if ((size_t)(end - p) >= n && !memcmp(p, others[i], n))
            return n;
    }
    return 0;
}

static void take_span(struct str text, size_t at, struct span *s)
{
    const char *p = text.p + at, *end = text.p + text.n;
    s->at = at;
    s->ends = 0;
    while (s->ends < GROUPS_MAX) {
        const char *run = p;
        for (size_t n; (n = word_step(p, end)) > 0;)
            p += n;
        if (p == run || (size_t)(p - text.p) - at > SPAN_MAX)
            break;
        s->end[s->ends++] = (size_t)(p - text.p);
        size_t n = separator(p, end);
        /* "0112038 - 9": spaces around a hyphen belong to it */
        if (n && *p == ' ' && p + 1 != end && separator(p + 1, end))
            n += separator(p + 1, end);
        if (n && p + n != end && p[n] == ' ')
            n++;
        if (!n)
            break;
        p += n;
    }
}

/* Digits at the begin of s. */
static size_t leading_digits(struct str s)
{
    size_t n = 0;
    while (n < s.n && digit_byte(s.p[n]))
        n++;
    return n;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The European type of a VAT number, by its prefix. */
static const char *vat_type(const char *compact)
{
    for (int i = 0; i < ids_rules_count; i++)
        if (!strncmp(ids_rules[i].type, "eu_vat_", 7) && !memcmp(ids_rules[i].type + 7, compact, 2))
            return ids_rules[i].type;
    return "eu_vat";
}

/* In one piece, or in groups of four as banks print it: the next word of the sentence is no part.
 */
static bool in_fours(struct str s)
{
    size_t run = 0, groups = 0;
    bool digit = false;
    for (const char *p = s.p, *end = s.p + s.n; p != end;) {
        size_t gap = separator(p, end);
        digit |= digit_byte(*p);
        run += !gap;
        if (gap && (run != 4 || !digit))
            return false;
        if (gap) {
            groups++;
            digit = false;
            run = 0;
        }
        p += gap ? gap : 1;
    }
    return !groups || (run <= 4 && digit);
}

/* Type of what gives itself away by its form, if it is valid; NULL if it is not. */
static const char *type_of_form(struct str s, struct ids_checked *out)
{
    static const char *const lettered[] = {
        "iban", "iso11649", "eu_vat", "gb_vat", "ch_vat", "ch_uid", "no_mva", "lei", NULL};
    static const char *const others[] = {"fi_ytunnus", "ovt", "lei", NULL};
    char a = s.n ? upper(s.p[0]) : 0, b = s.n > 1 ? upper(s.p[1]) : 0;
    bool letters = a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z';
    size_t first = leading_digits(s);
    for (const char *const *t = letters ? lettered : others; *t; t++) {
        /* 8 digits by themselves may be a date or a telephone number: the hyphen tells. */
        if (!letters && !strcmp(*t, "fi_ytunnus") && (first < 6 || first > 7))
            continue;
        if (!letters && !strcmp(*t, "ovt") && (s.n < 12 || memcmp(s.p, "0037", 4)))
            continue;
        if (!strcmp(*t, "gb_vat") && (a != 'G' || b != 'B'))
            continue;
        if (!strcmp(*t, "lei") && (s.n < 20 || !in_fours(s)))
            continue;
        if (!strcmp(*t, "iso11649") && !in_fours(s))
            continue;
        if (ids_check(*t, s, out) == IDS_VALID)
            return strcmp(*t, "eu_vat") ? *t : vat_type(out->compact);
    }
    return NULL;
}

/* Type of these under which it is valid, NULL if none. */
static const char *type_of_these(const char *const *types, struct str s, struct ids_checked *out)
{
    for (int k = 0; types && k < IDS_LABEL_TYPES && types[k]; k++)
        if (ids_check(types[k], s, out) == IDS_VALID)
            return types[k];
    return NULL;
}

/* The longest candidate of the span that is an identifier. */
static bool try_span(struct str text, const struct span *s, const char *type, struct ids_found *out)
{
    const char *const *labelled = type ? NULL : ids_label_types(text, s->at);
    for (int i = s->ends - 1; i >= 0; i--) {
        struct str one = {text.p + s->at, s->end[i] - s->at};
        if (one.n < 3)
            continue;
        const char *t = type;
        if (type) {
            if (ids_check(type, one, &out->id) != IDS_VALID)
                continue;
        } else if (!(t = type_of_form(one, &out->id)) &&
                   !(t = type_of_these(labelled, one, &out->id))) {
            continue;
        }
        out->type = t;
        out->at = s->at;
        out->n = one.n;
        return true;
    }
    return false;
}

bool ids_find(struct str text, size_t from, const char *type, struct ids_found *out)
{
    struct span s;
    for (size_t i = from; i < text.n; i++) {
        char before = i ? text.p[i - 1] : ' ';
        if (!word_step(text.p + i, text.p + text.n) || word_before(text, i))
            continue;
        /* The rest of a longer number ("12-345") is no number of its own. */
        if (digit_byte(text.p[i]) && i > 1 && strchr("-.,", before) && digit_byte(text.p[i - 2]))
            continue;
        take_span(text, i, &s);
        bool number = false;
        for (size_t k = i; s.ends && k < s.end[s.ends - 1] && !number; k++)
            number = digit_byte(text.p[k]);
        if (number && try_span(text, &s, type, out))
            return true;
    }
    return false;
}
