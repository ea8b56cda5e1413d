/* Slices of bytes, and strict conversions. */
#include "str.h"

#include <sodium.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct str str_of(const char *s)
{
    return s ? (struct str){s, strlen(s)} : STR_NONE;
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *s)
{
    return str_eq(a, str_of(s));
}

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    }
    return true;
}

bool str_starts(struct str a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

bool str_ends(struct str a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.n >= n && (n == 0 || memcmp(a.p + a.n - n, suffix, n) == 0);
}

struct str str_trim(struct str a)
{
    while (a.n && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

struct str str_cut(struct str a, char c, struct str *rest)
{
    const char *at = a.n ? memchr(a.p, c, a.n) : NULL;
    if (!at) {
        *rest = STR_NONE;
        return a;
    }
    size_t n = (size_t)(at - a.p);
    *rest = (struct str){at + 1, a.n - n - 1};
    return (struct str){a.p, n};
}

bool str_to_i64(struct str a, int64_t *out)
{
    size_t i = 0;
    bool negative = a.n && a.p[0] == '-';
    if (negative)
        i++;
    if (i == a.n)
        return false;
    /* Counted downwards, because the negative range is the larger one. */
    int64_t v = 0;
    for (; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, a.p[i] - '0', &v))
            return false;
    }
    if (negative ? v == 0 : v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

/* The digits in front and the unit behind them. */
static bool number_and_unit(struct str a, int64_t *number, struct str *unit)
{
    size_t i = 0;
    while (i < a.n && a.p[i] >= '0' && a.p[i] <= '9')
        i++;
    *unit = (struct str){a.p + i, a.n - i};
    return str_to_i64((struct str){a.p, i}, number);
}

bool str_to_ms(struct str a, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t number;
    struct str unit;
    if (a.n == 0 || !number_and_unit(a, &number, &unit))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_is(unit, units[i].name))
            return !__builtin_mul_overflow(number, units[i].ms, out);
    }
    return false;
}

bool str_to_size(struct str a, size_t *out)
{
    int64_t number;
    struct str unit;
    if (a.n == 0 || !number_and_unit(a, &number, &unit) || unit.n > 1)
        return false;
    int64_t factor = 1;
    if (unit.n == 1) {
        switch (lower(unit.p[0])) {
        case 'k':
            factor = INT64_C(1) << 10;
            break;
        case 'm':
            factor = INT64_C(1) << 20;
            break;
        case 'g':
            factor = INT64_C(1) << 30;
            break;
        default:
            return false;
        }
    }
    return !__builtin_mul_overflow(number, factor, out);
}

static bool continues(const unsigned char *p)
{
    return (*p & 0xC0) == 0x80;
}

size_t str_utf8_step(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t n = (size_t)(end - at);
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2)
        return 0; /* a continuation byte, or an overlong form of ASCII */
    if (p[0] < 0xE0)
        return n >= 2 && continues(p + 1) ? 2 : 0;
    if (p[0] < 0xF0) {
        if (n < 3 || !continues(p + 1) || !continues(p + 2))
            return 0;
        if (p[0] == 0xE0 && p[1] < 0xA0)
            return 0; /* overlong */
        if (p[0] == 0xED && p[1] > 0x9F)
            return 0; /* surrogate */
        return 3;
    }
    if (p[0] > 0xF4 || n < 4 || !continues(p + 1) || !continues(p + 2) || !continues(p + 3))
        return 0;
    if (p[0] == 0xF0 && p[1] < 0x90)
        return 0; /* overlong */
    if (p[0] == 0xF4 && p[1] > 0x8F)
        return 0; /* beyond U+10FFFF */
    return 4;
}

bool str_utf8_valid(struct str a)
{
    const char *p = a.n > 0 ? a.p : "", *end = p + a.n;
    while (p != end) {
        uint64_t word;
        if (end - p >= 8) {
            memcpy(&word, p, 8);
            if (!(word & UINT64_C(0x8080808080808080))) {
                p += 8;
                continue;
            }
        }
        size_t n = str_utf8_step(p, end);
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

/* What moves a terminal's cursor or turns the order of what is read: controls, and the marks of
 * direction U+202A to U+202E and U+2066 to U+2069. */
static bool steers(const unsigned char *p, size_t n)
{
    bool marks = n == 3 && p[0] == 0xE2 &&
                 ((p[1] == 0x80 && p[2] >= 0xAA && p[2] <= 0xAE) ||
                     (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9));
    return marks || (n == 2 && p[0] == 0xC2 && p[1] < 0xA0) ||
           (n == 1 && (p[0] < ' ' || p[0] == 0x7F));
}

void str_line(char *out, size_t room, struct str text)
{
    size_t n = 0;
    for (const char *p = text.p, *end = p ? p + text.n : p; p < end;) {
        size_t step = str_utf8_step(p, end);
        bool plain = step > 0 && !steers((const unsigned char *)p, step);
        if (n + (plain ? step : 1) >= room)
            break;
        if (plain)
            memcpy(out + n, p, step);
        else
            out[n] = step > 0 ? ' ' : '?';
        n += plain ? step : 1;
        p += step > 0 ? step : 1;
    }
    out[n] = '\0';
}

bool str_same_secret(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void str_hex(char *out, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

#define DISTANCE_MAX 64

static int least(int a, int b)
{
    return a < b ? a : b;
}

int str_distance(struct str a, struct str b)
{
    if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
        return DISTANCE_MAX;
    /* Three rows of the usual table: a swap of neighbours looks two rows back. */
    int rows[3][DISTANCE_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        int *spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            int change = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b.n];
}

void str_near_offer(struct str_near *n, struct str other)
{
    int d = str_distance(n->name, other);
    if (!other.n || other.n > STR_NEAR_MAX || (n->best[0] && d >= n->distance))
        return;
    memcpy(n->best, other.p, other.n);
    n->best[other.n] = '\0';
    n->distance = d;
}

const char *str_near_found(const struct str_near *n)
{
    return n->best[0] && n->distance <= 1 + (int)n->name.n / 4 ? n->best : NULL;
}
