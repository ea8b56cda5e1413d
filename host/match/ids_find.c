/* Identifiers inside longer texts. */
#include <string.h>
#include "ids_impl.h"

#define SPAN_MAX   48 /* bytes; the longest IBAN in groups of four has 42 */
#define GROUPS_MAX 14

/* Ends of the runs of letters and digits that a candidate may be made of, the first at least. */
struct span {
    size_t at;
    size_t end[GROUPS_MAX];
    int chars[GROUPS_MAX]; /* letters and digits up to there */
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
    /* behind their common first byte: U+2010, 2011, 2013, 2014, 2212, 202F */
    static const char others[6][3] = {
        "\x80\x90", "\x80\x91", "\x80\x93", "\x80\x94", "\x88\x92", "\x80\xaf"};
    if (p == end)
        return 0;
    if (*p == ' ' || *p == '-' || *p == '.' || *p == '/')
        return 1;
    if (*p == '\xc2')
        return end - p > 1 && p[1] == '\xa0' ? 2 : 0;
    for (size_t i = 0; *p == '\xe2' && end - p > 2 && i < 6; i++)
        if (p[1] == others[i][0] && p[2] == others[i][1])
            return 3;
    return 0;
}

static void take_span(struct str text, size_t at, struct span *s)
{
    const char *p = text.p + at, *end = text.p + text.n;
    int chars = 0;
    s->at = at;
    s->ends = 0;
    while (s->ends < GROUPS_MAX) {
        const char *run = p;
        for (size_t n; (n = word_step(p, end)) > 0; chars++)
            p += n;
        if (p == run || (size_t)(p - text.p) - at > SPAN_MAX)
            break;
        s->chars[s->ends] = chars;
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

/* Behind the two letters of a country stand digits, or what its numbers have in front of them:
 * "ATU", "CHE", "ESX"; a word of the sentence is no number. */
static bool is_lettered(struct str s, char out[3])
{
    size_t letters = 0, i = 0;
    for (; i < s.n && letters < 4 && !digit_byte(s.p[i]); i++) {
        char c = upper(s.p[i]);
        if (c >= 'A' && c <= 'Z')
            out[letters < 2 ? letters : 2] = c, letters++;
        else if (separator(s.p + i, s.p + s.n) == 0)
            return false;
    }
    return letters >= 2 && letters < 4 && i < s.n;
}

/* Valid under this type: one that gives itself away by its form. */
static bool is_of_form(const char *type, struct str s, struct ids_checked *out)
{
    return ids_check(type, s, out) == IDS_VALID;
}

/* Type of what begins with letters, if it is valid; NULL if it is not. */
static const char *type_of_letters(struct str s, int chars, struct ids_checked *out)
{
    char c[3] = {0};
    if (chars == 20 && in_fours(s) && is_of_form("lei", s, out))
        return "lei";
    if (!is_lettered(s, c))
        return NULL;
    if (chars >= 15 && chars <= 34 && is_of_form("iban", s, out))
        return "iban";
    if (c[0] == 'R' && c[1] == 'F')
        return in_fours(s) && is_of_form("iso11649", s, out) ? "iso11649" : NULL;
    if (c[0] == 'G' && c[1] == 'B')
        return is_of_form("gb_vat", s, out) ? "gb_vat" : NULL;
    if (c[0] == 'N' && c[1] == 'O')
        return is_of_form("no_mva", s, out) ? "no_mva" : NULL;
    if (c[0] == 'C' && c[1] == 'H')
        return is_of_form("ch_vat", s, out)   ? "ch_vat"
               : is_of_form("ch_uid", s, out) ? "ch_uid"
                                              : NULL;
    return chars <= 16 && is_of_form("eu_vat", s, out) ? vat_type(out->compact) : NULL;
}

/* The last `n` letters, in capitals, are these. */
static bool ends_in(struct str s, const char *letters, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s.n < n || upper(s.p[s.n - n + i]) != letters[i])
            return false;
    return true;
}

/* Type of what begins with a digit, if it is valid; NULL if it is not. */
static const char *type_of_digits(struct str s, int chars, struct ids_checked *out)
{
    size_t first = leading_digits(s);
    /* 8 digits by themselves may be a date or a telephone number: the hyphen tells. */
    if (chars >= 7 && chars <= 8 && first >= 6 && first <= 7 && is_of_form("fi_ytunnus", s, out))
        return "fi_ytunnus";
    /* Six digits, a hyphen and four, no birthday's month among them: a Swedish company. */
    if (chars == 10 && s.n == 11 && first == 6 && s.p[6] == '-' && s.p[2] >= '2' &&
        is_of_form("se_orgnr", s, out))
        return "se_orgnr";
    if (chars >= 12 && chars <= 17 && !memcmp(s.p, "0037", 4) && is_of_form("ovt", s, out))
        return "ovt";
    if (chars == 12 && ends_in(s, "MVA", 3) && is_of_form("no_mva", s, out))
        return "no_mva";
    return chars == 20 && in_fours(s) && is_of_form("lei", s, out) ? "lei" : NULL;
}

/* Valid under the type; a European VAT number may lack its country, which the label has told. */
static bool is_of_label(const char *type, struct str s, struct ids_checked *out)
{
    char whole[4 + SPAN_MAX];
    if (ids_check(type, s, out) == IDS_VALID)
        return true;
    if (strncmp(type, "eu_vat_", 7) || s.n > SPAN_MAX)
        return false;
    memcpy(whole, type + 7, 2);
    memcpy(whole + 2, s.p, s.n);
    return ids_check(type, (struct str){whole, s.n + 2}, out) == IDS_VALID;
}

/* Type of these under which it is valid, NULL if none. */
static const char *type_of_these(const char *const *types, struct str s, struct ids_checked *out)
{
    for (; types && *types; types++)
        if (is_of_label(*types, s, out))
            return *types;
    return NULL;
}

/* What begins here may be an identifier: the first run of letters and digits has a digit, or is a
 * prefix of few letters in front of one that has. */
static bool may_begin(struct str text, const struct span *s)
{
    size_t i = s->at, short_words = 0;
    for (int k = 0; k < s->ends && short_words < 3; k++) {
        size_t from = i;
        for (; i < s->end[k]; i++)
            if (digit_byte(text.p[i]))
                return true;
        if (s->chars[k] - (k ? s->chars[k - 1] : 0) > 4 || i == from)
            return false;
        short_words++;
    }
    return false;
}

/* A label may stand in front: the first run has a digit or is one letter. */
static bool may_be_labelled(struct str text, const struct span *s)
{
    if (s->chars[0] == 1)
        return true;
    for (size_t i = s->at; i < s->end[0]; i++)
        if (digit_byte(text.p[i]))
            return true;
    return false;
}

/* The longest candidate of the span that is an identifier. */
static bool try_span(struct str text, const struct span *s, const char *type, struct ids_found *out)
{
    const char *const *labelled =
        !type && may_be_labelled(text, s) ? ids_label_types(text, s->at) : NULL;
    bool digits = digit_byte(text.p[s->at]);
    for (int i = s->ends - 1; i >= 0; i--) {
        struct str one = {text.p + s->at, s->end[i] - s->at};
        const char *t = type;
        if (one.n < 3)
            continue;
        if (type) {
            if (ids_check(type, one, &out->id) != IDS_VALID)
                continue;
        } else {
            t = digits ? type_of_digits(one, s->chars[i], &out->id)
                       : type_of_letters(one, s->chars[i], &out->id);
            if (!t)
                t = type_of_these(labelled, one, &out->id);
            if (!t)
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
        if (s.ends && may_begin(text, &s) && try_span(text, &s, type, out))
            return true;
        /* No identifier begins inside a word. */
        if (s.ends)
            i = s.end[0] - 1;
    }
    return false;
}
