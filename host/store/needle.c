/* See needle.h. */
#include "needle.h"

#include <string.h>

#include "mem.h"

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'               ? c - '0'
           : fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10
                                              : -1;
}

/* Hex digits at p as a number, or -1. */
static long hex_number(const char *p, const char *end, int digits)
{
    long v = 0;
    for (int i = 0; i < digits; i++, p++) {
        int d = p < end ? hex(*p) : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

static char *put_utf8(char *o, unsigned long c)
{
    if (c < 0x80) {
        *o++ = fold((char)c);
    } else if (c < 0x800) {
        *o++ = (char)(0xc0 | c >> 6);
        *o++ = (char)(0x80 | (c & 0x3f));
    } else {
        if (c > 0xffff) {
            *o++ = (char)(0xf0 | c >> 18);
            *o++ = (char)(0x80 | (c >> 12 & 0x3f));
        } else {
            *o++ = (char)(0xe0 | c >> 12);
        }
        *o++ = (char)(0x80 | (c >> 6 & 0x3f));
        *o++ = (char)(0x80 | (c & 0x3f));
    }
    return o;
}

/* One JSON escape at p (behind the backslash) as UTF-8; where it ends. */
static const char *unescape(const char *p, const char *end, char **o)
{
    long c = *p == 'u' ? hex_number(p + 1, end, 4) : -1;
    if (c < 0) {
        static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
        const char *at = memchr(from, *p, 5);
        *(*o)++ = at ? to[at - from] : fold(*p);
        return p + 1;
    }
    p += 5;
    if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        long low = hex_number(p + 2, end, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    *o = put_utf8(*o, (unsigned long)c);
    return p;
}

enum form { FORM_RAW, FORM_JSON, FORM_PERCENT, FORMS };

/* Never longer than the bytes themselves: six of an escape are four at most. */
static size_t plain(char *out, struct str s, enum form form)
{
    char *o = out;
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        long c;
        if (form == FORM_JSON && *p == '\\' && end - p > 1) {
            p = unescape(p + 1, end, &o);
        } else if (form == FORM_PERCENT && *p == '%' && (c = hex_number(p + 1, end, 2)) >= 0) {
            *o++ = fold((char)c);
            p += 3;
        } else if (form == FORM_PERCENT && *p == '+') {
            *o++ = ' ';
            p++;
        } else {
            *o++ = fold(*p++);
        }
    }
    return (size_t)(o - out);
}

void needles_init(struct needles *d, const char *const *texts, int n)
{
    d->text = mem_zalloc((size_t)n + 1, sizeof(*d->text));
    d->n = n;
    buf_init(&d->work, (size_t)1 << 30);
    for (int i = 0; i < n; i++) {
        char *copy = mem_dup(texts[i]);
        d->text[i] = (struct str){copy, plain(copy, str_of(texts[i]), FORM_RAW)};
    }
}

void needles_free(struct needles *d)
{
    for (int i = 0; i < d->n; i++)
        mem_free((char *)(uintptr_t)d->text[i].p);
    mem_free(d->text);
    buf_free(&d->work);
}

bool needles_in(struct needles *d, struct str hay)
{
    for (int form = 0; form < FORMS && hay.n; form++) {
        if (form == FORM_JSON && !memchr(hay.p, '\\', hay.n))
            continue;
        if (form == FORM_PERCENT && !memchr(hay.p, '%', hay.n) && !memchr(hay.p, '+', hay.n))
            continue;
        buf_clear(&d->work);
        char *out = buf_room(&d->work, hay.n);
        if (!out)
            return true; /* too large to be looked through: it goes rather than stays */
        size_t n = plain(out, hay, (enum form)form);
        for (int i = 0; i < d->n; i++)
            if (memmem(out, n, d->text[i].p, d->text[i].n))
                return true;
    }
    return false;
}
