/* Credentials in words of others: the first two lines are credentials, the rest is a text. What is
 * masked is compared with a search that has neither anchors nor forks: it reads the text, byte by
 * byte and in every way, and looks if what it read is the credential. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "mask.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LONGEST 64 /* of a credential */

/* ---- reading: what the text at a place may say ---- */

struct said {
    size_t length; /* of the text */
    long point;    /* the character, */
    bool byte;     /* or a byte */
};

static int digit(struct str t, size_t at)
{
    static const char digits[] = "0123456789abcdef";
    const char *p = at < t.n && t.p[at] ? strchr(digits, tolower((unsigned char)t.p[at])) : NULL;
    return p ? (int)(p - digits) : -1;
}

static long digits_of(struct str t, size_t at, int n, int base)
{
    long v = n ? 0 : -1;
    for (int i = 0; i < n && v >= 0; i++) {
        int d = digit(t, at + (size_t)i);
        v = d < 0 || d >= base ? -1 : v * base + d;
    }
    return v;
}

static bool word_at(struct str t, size_t at, const char *word)
{
    return at <= t.n && t.n - at >= strlen(word) && memcmp(t.p + at, word, strlen(word)) == 0;
}

static int read_backslashes(struct str t, struct said out[])
{
    size_t row = 0;
    int n = 0;
    while (row < 8 && word_at(t, row, "\\"))
        row++;
    long v = word_at(t, row, "u") ? digits_of(t, row + 1, 4, 16) : -1;
    if (v >= 0xd800 && v < 0xdc00) {
        size_t at = row + 5, again = 0;
        while (again < 8 && word_at(t, at + again, "\\"))
            again++;
        long low = again && word_at(t, at + again, "u") ? digits_of(t, at + again + 1, 4, 16) : -1;
        if (low >= 0xdc00 && low < 0xe000)
            out[n++] = (struct said){
                at + again + 5, 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00), false};
    } else if (v >= 0) {
        out[n++] = (struct said){row + 5, v, false};
    }
    if (word_at(t, row, "x") && (v = digits_of(t, row + 1, 2, 16)) >= 0)
        out[n++] = (struct said){row + 3, v, true};
    if (word_at(t, row, "/") || word_at(t, row, "\"") || word_at(t, row, "'"))
        out[n++] = (struct said){row + 1, t.p[row], true};
    for (size_t many = 8; many >= 2; many /= 2)
        if (row >= many)
            out[n++] = (struct said){many, '\\', true};
    return n;
}

static int read_percent(struct str t, struct said out[])
{
    struct said found[5];
    int n = 0, many = 0;
    for (size_t at = 1; n < 5; at += 2) {
        long v = digits_of(t, at, 2, 16);
        if (v < 0)
            break;
        found[n++] = (struct said){at + 2, v, true};
        if (v != '%')
            break;
    }
    while (n > 0)
        out[many++] = found[--n];
    return many;
}

static int read_ampersand(struct str t, struct said out[])
{
    static const char *const names[] = {"lt;", "gt;", "quot;", "apos;"};
    size_t at = 1;
    int n = 0;
    while (at < 17 && word_at(t, at, "amp;"))
        at += 4;
    if (word_at(t, at, "#")) {
        bool hex = word_at(t, at + 1, "x") || word_at(t, at + 1, "X");
        size_t begin = at + (hex ? 2 : 1);
        for (int k = 1; k <= 8; k++)
            if (word_at(t, begin + (size_t)k, ";")) {
                long v = digits_of(t, begin, k, hex ? 16 : 10);
                if (v >= 0)
                    out[n++] = (struct said){begin + (size_t)k + 1, v, false};
                break;
            }
    }
    for (int i = 0; i < 4; i++)
        if (word_at(t, at, names[i]))
            out[n++] = (struct said){at + strlen(names[i]), "<>\"'"[i], true};
    for (; at > 1; at -= 4)
        out[n++] = (struct said){at, '&', true};
    return n;
}

static int read_at(struct str t, struct said out[])
{
    int n = 0;
    if (t.p[0] == '\\')
        n = read_backslashes(t, out);
    if (t.p[0] == '%')
        n = read_percent(t, out);
    if (t.p[0] == '&')
        n = read_ampersand(t, out);
    out[n++] = (struct said){1, (unsigned char)t.p[0], true};
    if (t.p[0] == '+')
        out[n++] = (struct said){1, ' ', true};
    return n;
}

static size_t utf8(long v, char out[4])
{
    if (v < 0x80)
        return out[0] = (char)v, 1;
    if (v < 0x800)
        return out[0] = (char)(0xc0 | v >> 6), out[1] = (char)(0x80 | (v & 63)), 2;
    if (v < 0x10000)
        return out[0] = (char)(0xe0 | v >> 12), out[1] = (char)(0x80 | (v >> 6 & 63)),
               out[2] = (char)(0x80 | (v & 63)), 3;
    return out[0] = (char)(0xf0 | v >> 18), out[1] = (char)(0x80 | (v >> 12 & 63)),
           out[2] = (char)(0x80 | (v >> 6 & 63)), out[3] = (char)(0x80 | (v & 63)), 4;
}

/* True if a character of more than one byte begins here. */
static bool is_wide(struct str s)
{
    for (size_t n = 2; n <= 4 && n <= s.n; n++) {
        unsigned char c = (unsigned char)s.p[0];
        char again[4];
        long v = c & (0xff >> (n + 1));
        if (c >> (7 - n) != (0xff >> (7 - n) & ~1))
            continue;
        for (size_t i = 1; i < n; i++)
            v = (s.p[i] & 0xc0) == 0x80 && v >= 0 ? v << 6 | (s.p[i] & 63) : -1;
        if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
            continue;
        if (v >= 0 && utf8(v, again) == n && memcmp(again, s.p, n) == 0)
            return true;
    }
    return false;
}

/* How many bytes of the credential that is; 0: it is another one. */
static size_t agrees(const struct said *s, struct str needle)
{
    char bytes[4];
    if (s->byte || (s->point < 0x100 && s->point >= 0x80 && !is_wide(needle)))
        return (unsigned char)needle.p[0] == s->point;
    if (s->point > 0x10ffff || (s->point >= 0xd800 && s->point < 0xe000))
        return 0;
    size_t n = utf8(s->point, bytes);
    return needle.n >= n && memcmp(bytes, needle.p, n) == 0 ? n : 0;
}

static struct str behind(struct str s, size_t at)
{
    return (struct str){s.p + at, s.n - at};
}

/* The length that the first way of reading gives, 0 if none does. */
static size_t naive_at(struct str text, struct str needle, int *steps)
{
    struct said all[16];
    int n = text.n && ++*steps < 100000 ? read_at(text, all) : 0;
    for (int i = 0; i < n; i++) {
        size_t used = agrees(&all[i], needle), more;
        if (used && used == needle.n)
            return all[i].length;
        if (used && (more = naive_at(behind(text, all[i].length), behind(needle, used), steps)) > 0)
            return all[i].length + more;
    }
    return 0;
}

/* ---- the rule of the longest row ---- */

static bool has_row(struct str text, struct str needle)
{
    size_t best = 0, at = 0;
    for (size_t i = 0; i < needle.n; i++) {
        size_t n = 0;
        while (i + n < needle.n && needle.p[i + n] > 0 && isalnum(needle.p[i + n]))
            n++;
        if (n > best) {
            best = n;
            at = i;
        }
    }
    for (size_t i = 0; i + best <= text.n; i++)
        if (memcmp(text.p + i, needle.p + at, best) == 0)
            return true;
    return false;
}

static bool is_simple(struct str needle)
{
    int odd = 0;
    for (size_t i = 0; i < needle.n; i++)
        odd += strchr("%&\\", needle.p[i]) != NULL;
    return odd <= 3;
}

static void check_text(const struct masks *m, struct str text, bool in_place)
{
    struct buf want, room;
    struct str got = text;
    bool found = false;
    int steps = 0;
    buf_init(&want, SIZE_MAX / 4);
    buf_init(&room, SIZE_MAX / 4);
    mask_text(m, &got, in_place, &room);
    for (size_t i = 0, n; i < text.n; i += n ? n : 1) {
        n = 0;
        for (int k = 0; k < m->n && !n; k++)
            if (has_row(text, m->text[k]))
                n = naive_at(behind(text, i), m->text[k], &steps);
        for (size_t k = 0; n && k < (in_place ? n : 3); k++)
            buf_addc(&want, '*');
        if (!n)
            buf_addc(&want, text.p[i]);
        found |= n > 0;
    }
    if (steps < 100000 && !str_eq(got, found ? buf_str(&want) : text))
        abort();
    if (in_place && got.n != text.n)
        abort();
    buf_free(&want);
    buf_free(&room);
}

/* ---- base64 of more than the credential ---- */

static void check_base64(struct str needle, struct str around)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t before = around.n % 7, n = before + needle.n + around.n - before, first, last;
    struct masks m;
    struct buf bits, text, room;
    buf_init(&bits, SIZE_MAX / 4);
    buf_init(&text, SIZE_MAX / 4);
    buf_init(&room, SIZE_MAX / 4);
    buf_add(&bits, around.p, before);
    buf_add(&bits, needle.p, needle.n);
    buf_add(&bits, around.p + before, around.n - before);
    for (size_t at = 0; at < n * 8; at += 6) {
        unsigned v = 0;
        for (size_t i = at; i < at + 6; i++)
            v = v << 1 | (i < n * 8 ? (unsigned char)bits.p[i / 8] >> (7 - i % 8) & 1u : 0);
        buf_addc(&text, digits[v]);
    }
    first = (before * 8 + 5) / 6;
    last = (before + needle.n) * 8 / 6;
    masks_init(&m);
    masks_add_encoded(&m, needle, MASK_NO_WORD);
    struct str out = buf_str(&text);
    mask_text(&m, &out, false, &room);
    if (out.n && memmem(out.p, out.n, text.p + first, last - first))
        abort();
    masks_free(&m);
    buf_free(&bits);
    buf_free(&text);
    buf_free(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest, one = str_cut((struct str){(const char *)data, size}, '\n', &rest), two, text;
    two = str_cut(rest, '\n', &text);
    struct masks m;
    if (!text.p)
        text = (struct str){"", 0};
    if (one.n > LONGEST || two.n > LONGEST || !is_simple(one) || !is_simple(two))
        return 0;
    masks_init(&m);
    masks_add(&m, one, 1);
    masks_add(&m, two, 1);
    check_text(&m, text, size % 2);
    if (one.n >= MASK_NO_WORD && text.n < 512)
        check_base64(one, text);
    return 0;
}
