/* Encodings. */
#include "charset.h"

#include <string.h>

#include "fold.h"

/* What Windows-1252 has from 0x80 to 0x9f; 0: nothing.
 * https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT */
static const uint16_t high[32] = {0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6,
    0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
    0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

/* Two letters of ASCII, each with a zero byte at its place `zero`: no text of bytes begins so. */
static bool is_wide(struct str s, int zero)
{
    return s.n >= 4 && !s.p[zero] && !s.p[zero + 2] && s.p[1 - zero] && s.p[3 - zero];
}

enum charset charset_of_mark(struct str bytes, size_t *mark)
{
    *mark = 2;
    if (bytes.n >= 2 && !memcmp(bytes.p, "\xFF\xFE", 2))
        return CHARSET_UTF16LE;
    if (bytes.n >= 2 && !memcmp(bytes.p, "\xFE\xFF", 2))
        return CHARSET_UTF16BE;
    *mark = bytes.n >= 3 && !memcmp(bytes.p, "\xEF\xBB\xBF", 3) ? 3 : 0;
    if (is_wide(bytes, 1))
        return CHARSET_UTF16LE;
    return is_wide(bytes, 0) ? CHARSET_UTF16BE : CHARSET_UTF8;
}

const char *charset_name(enum charset c)
{
    static const char *const names[] = {"UTF-8", "Windows-1252", "UTF-16", "UTF-16"};
    return names[c];
}

static void from_cp1252(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80)
            buf_addc(out, (char)c);
        else
            fold_put(out, c >= 0xA0 ? c : high[c - 0x80] ? high[c - 0x80] : 0xFFFD);
    }
}

static void from_utf16(struct buf *out, struct str s, bool big)
{
    const unsigned char *p = (const unsigned char *)s.p;
    uint32_t lead = 0;
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        uint32_t u = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];
        bool trail = u >= 0xDC00 && u <= 0xDFFF;
        if (lead && trail) {
            fold_put(out, 0x10000 + ((lead - 0xD800) << 10) + (u - 0xDC00));
            lead = 0;
            continue;
        }
        if (lead)
            fold_put(out, 0xFFFD);
        lead = u >= 0xD800 && u <= 0xDBFF ? u : 0;
        if (!lead)
            fold_put(out, trail ? 0xFFFD : u);
    }
    if (lead || s.n % 2)
        fold_put(out, 0xFFFD);
}

void charset_decode(struct buf *out, enum charset c, struct str bytes)
{
    if (c == CHARSET_UTF8)
        buf_add(out, bytes.p, bytes.n);
    else if (c == CHARSET_CP1252)
        from_cp1252(out, bytes);
    else
        from_utf16(out, bytes, c == CHARSET_UTF16BE);
}
