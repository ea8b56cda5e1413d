/* Text made comparable. */
#include "fold.h"

#include <string.h>
#include <utf8proc.h>

#include "mem.h"

#define REPLACEMENT    0xFFFD
#define DECOMPOSED_MAX 32 /* the longest decomposition of one character has 18 */

uint32_t fold_next(const char **p, const char *end)
{
    const unsigned char *u = (const unsigned char *)*p;
    size_t n = str_utf8_step(*p, end);
    *p += n ? n : 1;
    switch (n) {
    case 1:
        return u[0];
    case 2:
        return (u[0] & 31u) << 6 | (u[1] & 63u);
    case 3:
        return (u[0] & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u);
    case 4:
        return (u[0] & 7u) << 18 | (u[1] & 63u) << 12 | (u[2] & 63u) << 6 | (u[3] & 63u);
    default:
        return REPLACEMENT;
    }
}

int fold_put(struct buf *out, uint32_t c)
{
    if (c < 0x80)
        return buf_addc(out, (char)c);
    utf8proc_uint8_t utf8[4];
    utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)c, utf8);
    return buf_add(out, utf8, (size_t)n);
}

/* All code points below U+0300 are composed already; their lead bytes are below 0xCC. */
static bool surely_composed(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0xCC)
            return false;
    }
    return true;
}

/* Appends s, which is valid UTF-8, composed. */
static int compose(struct buf *out, struct str s)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s.p;
    utf8proc_ssize_t n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, NULL, 0, UTF8PROC_DECOMPOSE);
    if (n < 0)
        return buf_add(out, s.p, s.n);
    utf8proc_int32_t *c = mem_alloc(((size_t)n + 1) * sizeof(*c));
    utf8proc_decompose(p, (utf8proc_ssize_t)s.n, c, n, UTF8PROC_DECOMPOSE);
    n = utf8proc_normalize_utf32(c, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    for (utf8proc_ssize_t i = 0; i < n; i++)
        fold_put(out, (uint32_t)c[i]);
    mem_free(c);
    return out->failed ? -1 : 0;
}

int fold_nfc(struct buf *out, struct str text)
{
    if (str_utf8_valid(text))
        return surely_composed(text) ? buf_add(out, text.p, text.n) : compose(out, text);
    struct buf valid;
    buf_init(&valid, BUF_MAX_DEFAULT);
    const char *p = text.p, *end = text.p + text.n;
    while (p != end)
        fold_put(&valid, fold_next(&p, end));
    int rc = valid.failed ? -1 : compose(out, buf_str(&valid));
    buf_free(&valid);
    return rc;
}

/* ---- folding ------------------------------------------------------------------------------- */

struct folder {
    struct buf *out;
    size_t start;
    enum fold_style style;
    bool space; /* white space is due before the next character */
};

static void emit(struct folder *f, const char *s, size_t n)
{
    if (f->space && f->out->n > f->start)
        buf_addc(f->out, ' ');
    f->space = false;
    buf_add(f->out, s, n);
}

/* Letters whose mark is part of them, or whose spelling depends on the style; NULL: neither. */
static const char *letter_of(uint32_t c, enum fold_style style)
{
    bool expanded = style == FOLD_EXPANDED;
    switch (c) {
    case 0xE4: /* ä */
        return expanded ? "ae" : "a";
    case 0xE5: /* å */
        return expanded ? "aa" : "a";
    case 0xF6: /* ö */
    case 0xF8: /* ø */
        return expanded ? "oe" : "o";
    case 0xFC: /* ü */
        return expanded ? "ue" : "u";
    case 0xE6: /* æ */
        return "ae";
    case 0x153: /* œ */
        return "oe";
    case 0xDF: /* ß */
        return "ss";
    case 0xF0:  /* ð */
    case 0x111: /* đ */
        return "d";
    case 0xFE: /* þ */
        return "th";
    case 0x127: /* ħ */
        return "h";
    case 0x131: /* ı */
        return "i";
    case 0x142: /* ł */
        return "l";
    case 0x14B: /* ŋ */
        return "n";
    case 0x167: /* ŧ */
        return "t";
    default:
        return NULL;
    }
}

/* Signs that people exchange freely. */
static const char *sign_of(uint32_t c)
{
    switch (c) {
    case 0x60:   /* grave accent */
    case 0xB4:   /* acute accent */
    case 0x2B9:  /* modifier prime */
    case 0x2BC:  /* modifier apostrophe */
    case 0x2032: /* prime */
        return "'";
    case 0x2033:
        return "\"";
    case 0x2044: /* fraction slash */
        return "/";
    case 0x2212: /* minus */
        return "-";
    case 0xD7:
        return "x";
    default:
        return NULL;
    }
}

static bool is_latin_mark(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF);
}

/* A character that cannot be taken apart any further. */
static void fold_atom(struct folder *f, uint32_t c)
{
    const char *s = letter_of(c, f->style);
    if (!s)
        s = sign_of(c);
    if (s) {
        emit(f, s, strlen(s));
        return;
    }
    if (is_latin_mark(c))
        return;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
        f->space = true;
        return;
    case UTF8PROC_CATEGORY_PD:
        emit(f, "-", 1);
        return;
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
        emit(f, c == 0x2018 || c == 0x2019 || c == 0x201B ? "'" : "\"", 1);
        return;
    default:
        break;
    }
    utf8proc_uint8_t utf8[4];
    emit(f, (const char *)utf8, (size_t)utf8proc_encode_char((utf8proc_int32_t)c, utf8));
}

/* ASCII that stands for itself but for its case. */
static bool is_plain(char c)
{
    return c > ' ' && c < 0x7F && c != '`';
}

/* The run of plain ASCII at p; returns what follows. */
static const char *fold_run(struct folder *f, const char *p, const char *end)
{
    const char *run = p;
    while (p != end && is_plain(*p))
        p++;
    size_t n = (size_t)(p - run);
    emit(f, run, n);
    if (f->out->failed)
        return p;
    char *to = f->out->p + f->out->n - n;
    for (size_t i = 0; i < n; i++)
        to[i] = (char)(to[i] | (to[i] >= 'A' && to[i] <= 'Z' ? 0x20 : 0));
    return p;
}

/* A character that is_plain does not know. */
static void fold_char(struct folder *f, uint32_t c)
{
    if (c <= ' ' || c == 0x7F) {
        f->space = true;
        return;
    }
    uint32_t lower = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
    if (letter_of(lower, f->style) || sign_of(c)) {
        fold_atom(f, lower);
        return;
    }
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    int last = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, DECOMPOSED_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &last);
    if (n < 0 || n > DECOMPOSED_MAX) {
        fold_atom(f, c);
        return;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        fold_atom(f, (uint32_t)parts[i]);
}

int fold_text(struct buf *out, struct str text, enum fold_style style)
{
    struct folder f = {.out = out, .start = out->n, .style = style};
    struct buf composed;
    buf_init(&composed, BUF_MAX_DEFAULT);
    /* "a" and a combining diaeresis must be seen as one letter, or it could not be expanded. */
    if (!surely_composed(text)) {
        fold_nfc(&composed, text);
        text = buf_str(&composed);
    }
    const char *p = text.p, *end = text.p + text.n;
    while (p != end) {
        if (is_plain(*p))
            p = fold_run(&f, p, end);
        else
            fold_char(&f, fold_next(&p, end));
    }
    bool failed = composed.failed || out->failed;
    buf_free(&composed);
    return failed ? -1 : 0;
}
