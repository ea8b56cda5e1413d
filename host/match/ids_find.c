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

static bool word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0xC3; /* a letter beyond ASCII, roughly: lead bytes of U+00C0 on */
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
        while (p != end && word_byte(*p))
            p++;
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

static bool holds(struct str s, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= s.n; i++)
        if (!memcmp(s.p + i, what, n))
            return true;
    return false;
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

/* Type of what gives itself away by its form, if it is valid; NULL if it is not. */
static const char *type_of_form(struct str s, struct ids_checked *out)
{
    static const char *const lettered[] = {
        "iban", "iso11649", "eu_vat", "ch_vat", "ch_uid", "no_mva", "lei", NULL};
    static const char *const others[] = {"fi_ytunnus", "ovt", NULL};
    char a = s.n ? upper(s.p[0]) : 0, b = s.n > 1 ? upper(s.p[1]) : 0;
    bool letters = a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z';
    size_t first = leading_digits(s);
    for (const char *const *t = letters ? lettered : others; *t; t++) {
        /* 8 digits by themselves may be a date or a telephone number: the hyphen tells. */
        if (!letters && !strcmp(*t, "fi_ytunnus") && (first < 6 || first > 7))
            continue;
        if (!letters && !strcmp(*t, "ovt") && (s.n < 12 || memcmp(s.p, "0037", 4)))
            continue;
        if (ids_check(*t, s, out) == IDS_VALID)
            return strcmp(*t, "eu_vat") ? *t : vat_type(out->compact);
    }
    if (!letters && s.n >= 20 && ids_check("lei", s, out) == IDS_VALID && !holds(s, " "))
        return "lei";
    return NULL;
}

/* What a word in front of a number says it is. */
static const struct {
    const char *word; /* as folded to upper case, with no signs */
    const char *types[3];
} hints[] = {
    {"YTUNNUS", {"fi_ytunnus"}},
    {"FONUMMER", {"fi_ytunnus"}},
    {"BUSINESSID", {"fi_ytunnus"}},
    {"VIITENUMERO", {"fi_viitenumero"}},
    {"VIITE", {"fi_viitenumero"}},
    {"VIITENRO", {"fi_viitenumero"}},
    {"REFERENSNUMMER", {"fi_viitenumero"}},
    {"ORGNR", {"se_orgnr", "no_orgnr"}},
    {"ORGANISATIONSNUMMER", {"se_orgnr"}},
    {"ORGANISASJONSNUMMER", {"no_orgnr"}},
    {"CVR", {"dk_cvr"}},
    {"CVRNR", {"dk_cvr"}},
    {"REGISTRIKOOD", {"ee_registrikood"}},
    {"KENNITALA", {"is_kennitala"}},
    {"KT", {"is_kennitala"}},
    {"EAN", {"gtin"}},
    {"GTIN", {"gtin"}},
    {"LEI", {"lei"}},
    {"OVT", {"ovt"}},
    {"OVTTUNNUS", {"ovt"}},
    {"SIREN", {"fr_siren"}},
    {"SIRET", {"fr_siret"}},
    {"KVK", {"nl_kvk"}},
    {"NIP", {"pl_nip"}},
    {"REGON", {"pl_regon"}},
    {"OIB", {"hr_oib"}},
    {"COMPANYNUMBER", {"gb_company"}},
    {"COMPANYNO", {"gb_company"}},
    {"CRN", {"gb_company"}},
    {"UTR", {"gb_utr"}},
    {"EIN", {"us_ein"}},
    {"NIF", {"es_nif", "pt_nif"}},
    {"PIVA", {"it_iva"}},
};

/* Letters that stand before `at`, signs and spaces between dropped, upper case, the last last. */
static void letters_before(struct str text, size_t at, char out[24])
{
    char back[24];
    size_t n = 0, gaps = 0;
    while (at > 0 && n < sizeof(back) - 1 && gaps < 8) {
        char c = upper(text.p[--at]);
        if (c >= 'A' && c <= 'Z')
            back[n++] = c;
        else if (digit_byte(c) || c == '\n' || c == ',' || c == ';')
            break;
        else
            gaps++;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    out[n] = '\0';
}

static const char *type_of_hint(struct str text, size_t at, struct str s, struct ids_checked *out)
{
    char before[24];
    letters_before(text, at, before);
    size_t have = strlen(before);
    for (size_t i = 0; have && i < sizeof(hints) / sizeof(hints[0]); i++) {
        size_t n = strlen(hints[i].word);
        if (n > have || strcmp(before + have - n, hints[i].word))
            continue;
        for (int k = 0; k < 3 && hints[i].types[k]; k++)
            if (ids_check(hints[i].types[k], s, out) == IDS_VALID)
                return hints[i].types[k];
    }
    return NULL;
}

/* The longest candidate of the span that is an identifier. */
static bool try_span(struct str text, const struct span *s, const char *type, struct ids_found *out)
{
    for (int i = s->ends - 1; i >= 0; i--) {
        struct str one = {text.p + s->at, s->end[i] - s->at};
        if (one.n < 3)
            continue;
        const char *t = type;
        if (type) {
            if (ids_check(type, one, &out->id) != IDS_VALID)
                continue;
        } else if (!(t = type_of_form(one, &out->id)) &&
                   !(digit_byte(one.p[0]) && (t = type_of_hint(text, s->at, one, &out->id)))) {
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
        if (!word_byte(text.p[i]) || word_byte(before))
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
