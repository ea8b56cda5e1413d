/* Identifiers: the table of types, and what all checks have in common. */
#include "ids_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *type;
    bool (*check)(struct str text, struct ids_checked *out);
} types[] = {
    {"fi_ytunnus", ids_check_business_id},
    {"eu_vat_FI", ids_check_vat_fi},
    {"fi_viitenumero", ids_check_reference},
    {"iso11649", ids_check_rf},
    {"iban", ids_check_iban},
};

#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

const char *ids_type(int i)
{
    return i >= 0 && i < TYPES ? types[i].type : NULL;
}

enum ids_verdict ids_check(const char *type, struct str text, struct ids_checked *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < TYPES; i++)
        if (!strcmp(type, types[i].type))
            return types[i].check(text, out) ? IDS_VALID : IDS_INVALID;
    ids_refuse(out, "there is no type of identifier called \"%.40s\"", type);
    return IDS_UNKNOWN_TYPE;
}

bool ids_refuse(struct ids_checked *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
    va_end(ap);
    out->normal[0] = '\0';
    return false;
}

bool ids_all_digits(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

/* ---- making uniform -------------------------------------------------------------------------- */

/* The character at p as plain ASCII, its bytes in *n; 0 if no identifier has it. */
static char plain(const char *p, const char *end, size_t *n)
{
    static const struct {
        const char *utf8;
        char c;
    } others[] = {{"\xc2\xa0", ' '}, {"\xe2\x80\xaf", ' '}, {"\xe2\x80\x89", ' '},
        {"\xe2\x80\x87", ' '}, {"\xe2\x80\x90", '-'}, {"\xe2\x80\x91", '-'}, {"\xe2\x80\x92", '-'},
        {"\xe2\x80\x93", '-'}, {"\xe2\x80\x94", '-'}, {"\xe2\x88\x92", '-'}};
    unsigned char c = (unsigned char)*p;
    *n = 1;
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    if (c == '\t' || c == '\n' || c == '\r')
        return ' ';
    if (c < 0x80)
        return c >= 0x20 && c < 0x7f ? (char)c : 0;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        *n = strlen(others[i].utf8);
        if ((size_t)(end - p) >= *n && !memcmp(p, others[i].utf8, *n))
            return others[i].c;
    }
    return 0;
}

bool ids_clean(struct str text, struct ids_clean *c, struct ids_checked *out)
{
    const char *end = text.p + text.n;
    c->n = 0;
    for (const char *p = text.p; p < end;) {
        size_t n;
        char x = plain(p, end, &n);
        if (!x)
            return ids_refuse(out, "it holds a character that does not belong");
        p += n;
        if (x == ' ' && c->n == 0)
            continue;
        if (c->n == IDS_TEXT - 1)
            return ids_refuse(out, "it is too long");
        c->p[c->n++] = x;
    }
    while (c->n && c->p[c->n - 1] == ' ')
        c->n--;
    c->p[c->n] = '\0';
    return c->n || ids_refuse(out, "it is empty");
}

void ids_strip(struct ids_clean *c, const char *which)
{
    int kept = 0;
    for (int i = 0; i < c->n; i++)
        if (!strchr(which, c->p[i]))
            c->p[kept++] = c->p[i];
    c->n = kept;
    c->p[kept] = '\0';
}

/* ---- sameness -------------------------------------------------------------------------------- */

/* The normal form under one type; of an RF reference the Finnish reference number in it, if any. */
static bool form_under(const char *type, struct str text, struct ids_checked *out)
{
    struct ids_checked inner;
    if (!strcmp(type, "fi_viitenumero") && ids_check("iso11649", text, &inner) == IDS_VALID)
        return ids_check(type, str_of(inner.normal + 4), out) == IDS_VALID;
    return ids_check(type, text, out) == IDS_VALID;
}

bool ids_same(struct str a, struct str b)
{
    struct ids_checked x, y;
    /* Type by type: a row of digits may be valid under more than one. */
    for (int i = 0; i < TYPES; i++)
        if (form_under(types[i].type, a, &x) && form_under(types[i].type, b, &y) &&
            !strcmp(x.normal, y.normal))
            return true;
    return false;
}
