/* Windows-1252: what fits, and what comes nearest to the rest. */
#include "cp1252.h"

#include <string.h>
#include <utf8proc.h>

#include "fold.h"

#define DECOMPOSED_MAX 32

/* The characters that Windows-1252 has beyond Latin-1, in ascending order. */
static const uint16_t extra[] = {
    0x0152,
    0x0153,
    0x0160,
    0x0161,
    0x0178,
    0x017D,
    0x017E,
    0x0192,
    0x02C6,
    0x02DC,
    0x2013,
    0x2014,
    0x2018,
    0x2019,
    0x201A,
    0x201C,
    0x201D,
    0x201E,
    0x2020,
    0x2021,
    0x2022,
    0x2026,
    0x2030,
    0x2039,
    0x203A,
    0x20AC,
    0x2122,
};

static bool has(uint32_t c)
{
    if (c < 0x80 || (c >= 0xA0 && c <= 0xFF))
        return true;
    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]) && extra[i] <= c; i++) {
        if (extra[i] == c)
            return true;
    }
    return false;
}

bool cp1252_fits(struct str text, struct cp1252_misfit *misfit)
{
    const char *p = text.p, *end = text.p + text.n;
    for (size_t position = 1; p != end; position++) {
        uint32_t c = fold_next(&p, end);
        if (has(c))
            continue;
        if (misfit)
            *misfit = (struct cp1252_misfit){c, position};
        return false;
    }
    return true;
}

/* What Unicode's own decompositions do not give. Empty: dropped. */
static const struct {
    uint32_t code;
    const char *text;
} likeness[] = {
    {0x0110, "D"},
    {0x0111, "d"},
    {0x0126, "H"},
    {0x0127, "h"},
    {0x0131, "i"},
    {0x0138, "k"},
    {0x0141, "L"},
    {0x0142, "l"},
    {0x014A, "N"},
    {0x014B, "n"},
    {0x0166, "T"},
    {0x0167, "t"},
    {0x0180, "b"},
    {0x018F, "E"},
    {0x0197, "I"},
    {0x01B5, "Z"},
    {0x01B6, "z"},
    {0x01E4, "G"},
    {0x01E5, "g"},
    {0x0259, "e"},
    {0x0268, "i"},
    {0x1E9E, "SS"},
    {0x02B9, "'"},
    {0x02BB, "\xE2\x80\x98"},
    {0x02BC, "\xE2\x80\x99"},
    {0x200B, ""},
    {0x200C, ""},
    {0x200D, ""},
    {0x200E, ""},
    {0x200F, ""},
    {0x2010, "-"},
    {0x2011, "-"},
    {0x2012, "\xE2\x80\x93"},
    {0x2015, "\xE2\x80\x94"},
    {0x201B, "\xE2\x80\x98"},
    {0x201F, "\xE2\x80\x9C"},
    {0x2028, "\n"},
    {0x2029, "\n"},
    {0x2032, "'"},
    {0x2033, "\""},
    {0x2043, "-"},
    {0x2044, "/"},
    {0x2060, ""},
    {0x2190, "<-"},
    {0x2192, "->"},
    {0x2194, "<->"},
    {0x21D2, "=>"},
    {0x2212, "-"},
    {0x2215, "/"},
    {0x2217, "*"},
    {0x2219, "\xC2\xB7"},
    {0x223C, "~"},
    {0x2248, "~"},
    {0x2260, "<>"},
    {0x2264, "<="},
    {0x2265, ">="},
    {0x22C5, "\xC2\xB7"},
    {0x25CF, "\xE2\x80\xA2"},
    {0x3001, ","},
    {0x3002, "."},
    {0xFE0E, ""},
    {0xFE0F, ""},
    {0xFEFF, ""},
};

static const char *likeness_of(uint32_t c)
{
    for (size_t i = 0; i < sizeof(likeness) / sizeof(likeness[0]); i++) {
        if (likeness[i].code == c)
            return likeness[i].text;
    }
    return NULL;
}

/* Appends a part of a decomposed character: false if there is no likeness of it. */
static bool put_part(struct buf *out, uint32_t c)
{
    if (has(c)) {
        fold_put(out, c);
        return true;
    }
    const char *text = likeness_of(c);
    if (text)
        buf_adds(out, text);
    return text != NULL;
}

/* The letter with as many of its marks as Windows-1252 has a letter for: U+01DF (a, diaeresis,
 * macron) gives a-umlaut, not a. */
static bool put_letter(struct buf *out, const utf8proc_int32_t *parts, utf8proc_ssize_t n)
{
    for (; n > 0; n--) {
        utf8proc_int32_t composed[DECOMPOSED_MAX];
        memcpy(composed, parts, (size_t)n * sizeof(*parts));
        if (utf8proc_normalize_utf32(composed, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE) == 1) {
            uint32_t c = (uint32_t)composed[0];
            if (has(c) || likeness_of(c))
                return put_part(out, c);
        }
    }
    return false;
}

static bool is_mark(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

/* A likeness of c, which does not fit: false if there is none. */
static bool put_likeness(struct buf *out, uint32_t c)
{
    if (likeness_of(c))
        return put_part(out, c);
    /* A mark that found no letter to stand on in NFC: the letter comes without it. */
    if (is_mark((utf8proc_int32_t)c))
        return true;
    if (utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ZS)
        return put_part(out, ' ');
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    int last = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)c, parts, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last);
    if (n < 1 || n > DECOMPOSED_MAX || (n == 1 && (uint32_t)parts[0] == c))
        return false;
    /* All or nothing: half of a character would be a different text. */
    size_t before = out->n;
    for (utf8proc_ssize_t i = 0; i < n;) {
        utf8proc_ssize_t marks = i + 1;
        while (marks < n && is_mark(parts[marks]))
            marks++;
        bool known = marks - i > 1 ? put_letter(out, parts + i, marks - i)
                                   : put_part(out, (uint32_t)parts[i]);
        if (!known) {
            out->n = before;
            return false;
        }
        i = marks;
    }
    return true;
}

bool cp1252_transliterate(struct buf *out, struct str text, struct cp1252_misfit *misfit)
{
    struct cp1252_misfit first = {0, 0};
    bool lost = false;
    struct buf composed;
    buf_init(&composed, BUF_MAX_DEFAULT);
    if (fold_nfc(&composed, text) < 0)
        out->failed = true;
    const char *p = composed.p, *end = composed.p + composed.n;
    for (size_t position = 1; p != end && !out->failed; position++) {
        uint32_t c = fold_next(&p, end);
        if (has(c)) {
            fold_put(out, c);
        } else if (!put_likeness(out, c)) {
            buf_addc(out, '?');
            if (!lost)
                first = (struct cp1252_misfit){c, position};
            lost = true;
        }
    }
    buf_free(&composed);
    if (misfit && (lost || out->failed))
        *misfit = out->failed ? (struct cp1252_misfit){0, 0} : first;
    return !lost && !out->failed;
}
