/* Identifiers: text made uniform, and what checks say of it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "fold.h"
#include "ids_impl.h"

bool ids_refuse(struct ids_checked *out, const char *fmt, ...)
{
    size_t n = strlen(fmt);
    if (!memchr(fmt, '%', n) && n < sizeof(out->reason)) { /* most; several times as fast */
        memcpy(out->reason, fmt, n + 1);
    } else {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
        va_end(ap);
    }
    out->normal[0] = out->compact[0] = out->printed[0] = '\0';
    return false;
}

bool ids_refuse_digit(struct ids_checked *out, char is, char should)
{
    static const char words[] = "its check digit is _ and should be _: a character is mistyped";
    ids_refuse(out, words);
    out->reason[sizeof("its check digit is ") - 1] = is;
    out->reason[sizeof("its check digit is _ and should be ") - 1] = should;
    return false;
}

bool ids_refuse_sum(struct ids_checked *out)
{
    return ids_refuse(out, "its check digits do not fit: a character is mistyped");
}

bool ids_want_digits(const struct ids_clean *c, int n, struct ids_checked *out)
{
    if (!ids_all_digits(c->p, c->n))
        return ids_refuse(out, "it holds more than digits");
    return c->n == n || ids_refuse(out, "it has %d digits; %d are needed", c->n, n);
}

bool ids_all_digits(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

bool ids_all_zeros(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i] != '0')
            return false;
    return true;
}

bool ids_all_alnum(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'A' && p[i] <= 'Z'))
            return false;
    return true;
}

/* ---- making uniform -------------------------------------------------------------------------- */

#define NOTHING '\1' /* a character that nobody sees */

/* A character that is not ASCII as the ASCII one it stands for; 0 if no identifier has it. */
static char plain(uint32_t c)
{
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63 || c == 0x2043)
        return '-';
    if (c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
        c == 0x205F || c == 0x3000)
        return ' ';
    if (c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
        (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF)
        return NOTHING;
    if (c == 0x10C || c == 0x10D) /* C with caron, of the labels ICO and DIC */
        return 'C';
    if (c >= 0xFF01 && c <= 0xFF5E) /* full width */
        return (char)(c - 0xFF01 + '!');
    return 0;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool ids_clean(struct str text, struct ids_clean *c, struct ids_checked *out)
{
    const char *p = text.p, *end = text.p + text.n;
    int n = 0;
    while (p != end) {
        unsigned char u = (unsigned char)*p;
        char x;
        if (u > ' ' && u < 0x7F && n < IDS_TEXT - 1) {
            c->p[n++] = upper(*p++);
            continue;
        }
        if (u > ' ' && u < 0x7F) {
            return ids_refuse(out, "it is too long");
        } else if (u == ' ' || (u >= '\t' && u <= '\r')) {
            x = ' ';
            p++;
        } else {
            x = u < 0x80 ? 0 : upper(plain(fold_next(&p, end)));
            if (!x)
                return ids_refuse(out, "it holds a character that does not belong");
        }
        if (x == NOTHING || (x == ' ' && n == 0))
            continue;
        if (n == IDS_TEXT - 1) {
            /* White space behind is no part of it. */
            if (x == ' ')
                continue;
            return ids_refuse(out, "it is too long");
        }
        c->p[n++] = x;
    }
    while (n && c->p[n - 1] == ' ')
        n--;
    c->p[n] = '\0';
    c->n = n;
    return n || ids_refuse(out, "it is empty");
}

void ids_strip(struct ids_clean *c, const char *which)
{
    uint64_t mask = 0; /* separators are signs, all of which lie below 64 */
    int kept = 0;
    for (; *which; which++)
        mask |= UINT64_C(1) << (*which & 63);
    for (int i = 0; i < c->n; i++) {
        unsigned char x = (unsigned char)c->p[i];
        c->p[kept] = (char)x;
        kept += x >= 64 || !(mask >> x & 1);
    }
    c->n = kept;
    c->p[kept] = '\0';
}

void ids_drop(struct ids_clean *c, int n)
{
    memmove(c->p, c->p + n, (size_t)(c->n - n) + 1);
    c->n -= n;
}

void ids_pad(struct ids_clean *c, int n)
{
    int more = n - c->n;
    if (more <= 0 || n >= IDS_TEXT)
        return;
    memmove(c->p + more, c->p, (size_t)c->n + 1);
    memset(c->p, '0', (size_t)more);
    c->n = n;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* Words that people write in front of a number to say what it is; upper case, dots and hyphens
 * between words as spaces. Longest first where one begins another. */
static const char *const labels[] = {"Y TUNNUS", "YTUNNUS", "FO NUMMER", "BUSINESS ID",
    "ALV NUMERO", "ALV NRO", "ALV TUNNUS", "ALV", "LY TUNNUS", "VAT NUMBER", "VAT NO", "VAT ID",
    "VAT NR", "VAT REG NO", "VAT", "MOMS NR", "MOMSREG NR", "MOMSNR", "MOMS", "ORGANISATIONSNUMMER",
    "ORGANISASJONSNUMMER", "ORG NR", "ORGNR", "CVR NUMMER", "CVR NR", "CVR", "SE NR",
    "REGISTRIKOOD", "REG NR", "REG KOOD", "REG CODE", "REG NO", "KMKR NR", "KMKR", "UST IDNR",
    "UST ID NR", "UST ID", "USTIDNR", "UID NR", "UID", "HRB", "SIREN", "SIRET", "TVA", "BTW NR",
    "BTW", "KVK NR", "KVK", "NIP", "REGON", "NIF", "CIF", "P IVA", "PARTITA IVA", "PIVA", "OIB",
    "EIN", "LEI", "IBAN", "GTIN", "EAN", "KENNITALA", "KT", "VSK NR", "VSK", "UTR", "CRN",
    "COMPANY NUMBER", "COMPANY NO", "REGISTRATION NUMBER", "REGISTERED NUMBER", "VIITENUMERO",
    "VIITE", "REFERENSNUMMER", "REFERENCE", "REF", "OVT TUNNUS", "OVT", "DIC", "IC DPH", "ICO",
    "CUI", "PVM", "PVN"};

/* Length of the label at p, 0 if it does not begin with that one. Where the label has a space any
 * mixture of spaces, dots and hyphens may stand, or nothing. */
static int label_length(const char *p, const char *label)
{
    int i = 0;
    for (; *label; label++) {
        if (*label == ' ') {
            while (p[i] == ' ' || p[i] == '.' || p[i] == '-')
                i++;
        } else if (p[i++] != *label) {
            return 0;
        }
    }
    return i;
}

bool ids_drop_label(struct ids_clean *c)
{
    /* A country's prefix with its number, the usual case, is no label. */
    if (c->n < 3 || c->p[0] < 'A' || (c->p[1] >= '0' && c->p[1] <= '9') ||
        (c->p[2] >= '0' && c->p[2] <= '9' && strncmp(c->p, "KT", 2) != 0))
        return false;
    int best = 0;
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (labels[i][0] != c->p[0])
            continue;
        int n = label_length(c->p, labels[i]);
        /* The label is a word: a sign, a space or a digit follows. */
        if (n > best && c->p[n] && (c->p[n] < 'A' || c->p[n] > 'Z'))
            best = n;
    }
    if (!best)
        return false;
    while (c->p[best] && strchr(": .#=-", c->p[best]))
        best++;
    if (best == c->n)
        return false;
    ids_drop(c, best);
    return true;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_groups(char out[IDS_TEXT], const char *compact, int size, bool from_right)
{
    int n = (int)strlen(compact), k = 0;
    for (int i = 0; i < n && k < IDS_TEXT - 2; i++) {
        if (i && (from_right ? n - i : i) % size == 0)
            out[k++] = ' ';
        out[k++] = compact[i];
    }
    out[k] = '\0';
}

void ids_print(char out[IDS_TEXT], const char *compact, const char *pattern)
{
    size_t n = strlen(compact), places = 0, k = 0;
    if (pattern && (pattern[0] == '<' || pattern[0] == '>')) {
        print_groups(out, compact, pattern[1] - '0', pattern[0] == '>');
        return;
    }
    for (const char *p = pattern; p && *p; p++)
        places += *p == '#';
    if (!pattern || places != n) {
        memcpy(out, compact, n + 1);
        return;
    }
    for (; *pattern && k < IDS_TEXT - 1; pattern++)
        out[k++] = *pattern == '#' ? *compact++ : *pattern;
    out[k] = '\0';
}
