#include "mask.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include "http_strict.h"
#include "mem.h"
#include "resolver.h"

#define BACKSLASHES 8  /* JSON within JSON within JSON */
#define NESTED      4  /* %252525.., &amp;amp;.. */
#define READINGS    6  /* of one place */
#define FORKS       64 /* of places that read in more than one way */
#define BUDGET      4096

/* ---- how a character is spelt ---- */

/* So many bytes stand for so many of the credential. */
struct reading {
    size_t n, used;
};

struct readings {
    struct reading all[READINGS];
    int n;
};

static void put(struct readings *r, size_t n, size_t used)
{
    r->all[r->n++] = (struct reading){n, used};
}

static long number(struct str text, size_t at, size_t digits, int base)
{
    long v = 0;
    if (at > text.n || text.n - at < digits || digits == 0)
        return -1;
    for (size_t i = at; i < at + digits; i++) {
        int d = http_hex_value((unsigned char)text.p[i]);
        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v;
}

/* The character that needle begins with, and its bytes; a byte of no UTF-8 is one by itself. */
static long character(struct str needle, size_t *bytes)
{
    unsigned char c = (unsigned char)needle.p[0];
    size_t n = c >= 0xf5 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
    long v = n == 1 ? c : c & (0xff >> (n + 1));
    *bytes = 1;
    if (n > needle.n)
        return c;
    for (size_t i = 1; i < n; i++) {
        if ((needle.p[i] & 0xc0) != 0x80)
            return c;
        v = v << 6 | (needle.p[i] & 0x3f);
    }
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        return c;
    *bytes = n;
    return v;
}

static size_t row_of(struct str text, size_t at, char c, size_t most)
{
    size_t n = 0;
    while (n < most && at + n < text.n && text.p[at + n] == c)
        n++;
    return n;
}

/* uXXXX at `at`, of two where the character needs them: where it ends, else 0. */
static size_t unicode(struct str text, size_t at, long v)
{
    long high = v > 0xffff ? 0xd800 + ((v - 0x10000) >> 10) : v;
    if (at >= text.n || text.p[at] != 'u' || number(text, at + 1, 4, 16) != high)
        return 0;
    at += 5;
    if (high == v)
        return at;
    size_t row = row_of(text, at, '\\', BACKSLASHES);
    at += row;
    bool low = row && at < text.n && text.p[at] == 'u' &&
               number(text, at + 1, 4, 16) == 0xdc00 + ((v - 0x10000) & 0x3ff);
    return low ? at + 5 : 0;
}

static void behind_backslashes(struct readings *r, struct str text, struct str needle)
{
    unsigned char c = (unsigned char)needle.p[0];
    size_t bytes, row = row_of(text, 0, '\\', BACKSLASHES);
    size_t end = unicode(text, row, character(needle, &bytes));
    if (end)
        put(r, end, bytes);
    else if (row < text.n && text.p[row] == 'x' && number(text, row + 1, 2, 16) == c)
        put(r, row + 3, 1);
    else if (row < text.n && (unsigned char)text.p[row] == c && (c == '/' || c == '"' || c == '\''))
        put(r, row + 1, 1);
    for (size_t n = BACKSLASHES; c == '\\' && n > 1; n /= 2)
        if (row >= n)
            put(r, n, 1);
}

/* Those that hold more come first. */
static void behind_percent(struct readings *r, struct str text, struct str needle)
{
    size_t nested = 0;
    while (nested < NESTED && number(text, 1 + 2 * nested, 2, 16) == '%')
        nested++;
    for (size_t at = 1 + 2 * nested;; at -= 2) {
        if (number(text, at, 2, 16) == (unsigned char)needle.p[0])
            put(r, at + 2, 1);
        if (at == 1)
            return;
    }
}

static size_t named(struct str text, size_t at, unsigned char c)
{
    static const struct {
        unsigned char c;
        const char *name;
    } names[] = {{'<', "lt;"}, {'>', "gt;"}, {'"', "quot;"}, {'\'', "apos;"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].c == c && str_starts((struct str){text.p + at, text.n - at}, names[i].name))
            return at + strlen(names[i].name);
    return 0;
}

/* #43; or #x2B; at `at` is v: where it ends, else 0. */
static size_t numbered(struct str text, size_t at, long v)
{
    if (at >= text.n || text.p[at] != '#')
        return 0;
    bool hex = at + 1 < text.n && (text.p[at + 1] == 'x' || text.p[at + 1] == 'X');
    size_t from = at + (hex ? 2 : 1), to = from;
    while (to < text.n && to - from < 8 && text.p[to] != ';')
        to++;
    bool is = to < text.n && text.p[to] == ';' && number(text, from, to - from, hex ? 16 : 10) == v;
    return is ? to + 1 : 0;
}

static void behind_ampersand(struct readings *r, struct str text, struct str needle)
{
    size_t bytes, at = 1, end;
    for (int n = 0; n < NESTED && str_starts((struct str){text.p + at, text.n - at}, "amp;"); n++)
        at += 4;
    if ((end = numbered(text, at, character(needle, &bytes))) != 0)
        put(r, end, bytes);
    else if ((end = named(text, at, (unsigned char)needle.p[0])) != 0)
        put(r, end, 1);
    for (; needle.p[0] == '&' && at > 1; at -= 4)
        put(r, at, 1);
}

/* What text begins with as the beginning of needle, escapes first. Neither is empty. */
static void read_one(struct readings *r, struct str text, struct str needle)
{
    r->n = 0;
    if (text.p[0] == '\\')
        behind_backslashes(r, text, needle);
    else if (text.p[0] == '%')
        behind_percent(r, text, needle);
    else if (text.p[0] == '&')
        behind_ampersand(r, text, needle);
    if (text.p[0] == needle.p[0] || (text.p[0] == '+' && needle.p[0] == ' '))
        put(r, 1, 1);
}

/* ---- finding ---- */

static struct str from(struct str s, size_t at)
{
    return (struct str){s.p + at, s.n - at};
}

/* How many bytes that text begins with are the needle; 0: none. Where a place reads in two ways the
 * other one is tried as well. */
static size_t length_at(struct str text, struct str needle)
{
    struct reading forks[FORKS], at = {0, 0};
    struct readings r;
    int waiting = 0;
    for (size_t budget = BUDGET + 16 * needle.n; budget > 0; budget--) {
        if (at.used == needle.n)
            return at.n;
        r.n = 0;
        if (at.n < text.n)
            read_one(&r, from(text, at.n), from(needle, at.used));
        for (int i = r.n - 1; i > 0 && waiting < FORKS; i--)
            forks[waiting++] = (struct reading){at.n + r.all[i].n, at.used + r.all[i].used};
        if (r.n)
            at = (struct reading){at.n + r.all[0].n, at.used + r.all[0].used};
        else if (waiting)
            at = forks[--waiting];
        else
            return 0;
    }
    return 0;
}

/* Its longest row of letters and digits, which nobody escapes. */
static struct str anchor(struct str needle)
{
    struct str best = STR_NONE;
    for (size_t i = 0, begin = 0; i <= needle.n; i++) {
        if (i < needle.n && isascii((unsigned char)needle.p[i]) &&
            isalnum((unsigned char)needle.p[i]))
            continue;
        if (i - begin > best.n)
            best = (struct str){needle.p + begin, i - begin};
        begin = i + 1;
    }
    return best;
}

static bool may_be_in(struct str text, struct str needle)
{
    struct str sure = anchor(needle);
    return !sure.n || (text.n >= sure.n && memmem(text.p, text.n, sure.p, sure.n));
}

/* The first of those that text begins with. */
static size_t one_at(struct str text, const struct str *needles, int n)
{
    size_t length = 0;
    for (int i = 0; i < n && !length; i++)
        if (text.p[0] == needles[i].p[0] || memchr("\\%&+", text.p[0], 4))
            length = length_at(text, needles[i]);
    return length;
}

void mask_text(const struct masks *m, struct str *text, bool in_place, struct buf *room)
{
    struct str likely[MASKS_MAX];
    int n = 0;
    for (int i = 0; i < m->n; i++)
        if (may_be_in(*text, m->text[i]))
            likely[n++] = m->text[i];
    if (n == 0)
        return;
    for (size_t i = 0; i < text->n;) {
        size_t length = one_at(from(*text, i), likely, n);
        for (size_t k = 0; length && k < (in_place ? length : 3); k++)
            buf_addc(room, '*');
        if (!length)
            buf_addc(room, text->p[i]);
        i += length ? length : 1;
    }
    *text = buf_str(room);
}

/* ---- what is looked for ---- */

void masks_init(struct masks *m)
{
    m->n = m->nmade = 0;
}

void masks_free(struct masks *m)
{
    for (int i = 0; i < m->nmade; i++)
        resolver_wipe(m->made[i]);
    masks_init(m);
}

void masks_add(struct masks *m, struct str text, size_t least)
{
    if (text.n >= least && text.n > 0 && m->n < MASKS_MAX)
        m->text[m->n++] = text;
}

/* Whatever stands before and behind it in threes: what of its digits depends on it alone. */
static void add_base64(struct masks *m, struct str text, size_t before, int variant)
{
    size_t n = before + text.n, room = sodium_base64_ENCODED_LEN(n, variant);
    unsigned char *bytes = mem_zalloc(1, n);
    char *digits = mem_alloc(room);
    memcpy(bytes + before, text.p, text.n);
    sodium_bin2base64(digits, room, bytes, n, variant);
    sodium_memzero(bytes, n);
    mem_free(bytes);
    size_t skip = (before * 8 + 5) / 6, end = n * 8 / 6;
    if (m->nmade == MASKS_MAX || m->n == MASKS_MAX) {
        resolver_wipe(digits);
        return;
    }
    m->made[m->nmade++] = digits;
    masks_add(m, (struct str){digits + skip, end - skip}, 1);
}

static void add_hex(struct masks *m, struct str text, bool upper)
{
    char *digits = mem_alloc(2 * text.n + 1);
    sodium_bin2hex(digits, 2 * text.n + 1, (const unsigned char *)text.p, text.n);
    for (char *p = digits; upper && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    if (m->nmade == MASKS_MAX || m->n == MASKS_MAX) {
        resolver_wipe(digits);
        return;
    }
    m->made[m->nmade++] = digits;
    masks_add(m, str_of(digits), 1);
}

void masks_add_encoded(struct masks *m, struct str text, size_t least)
{
    if (text.n < least || text.n == 0)
        return;
    masks_add(m, text, least);
    for (size_t before = 0; before < 3; before++) {
        add_base64(m, text, before, sodium_base64_VARIANT_ORIGINAL);
        add_base64(m, text, before, sodium_base64_VARIANT_URLSAFE);
    }
    add_hex(m, text, false);
    add_hex(m, text, true);
}
