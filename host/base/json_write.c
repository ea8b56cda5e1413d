/* JSON writer: strings and keys; all else a caller can write by itself. */
#include "json.h"

#include <string.h>

/* What stands behind the backslash for a byte that needs one; 'u' means \u00XX; 0: none. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 ? 'u' : 0;
    }
}

static void put_escape(struct buf *b, unsigned char c)
{
    char letter = escape_of(c);
    if (letter == 'u') {
        buf_addf(b, "\\u%04x", c);
        return;
    }
    char two[2] = {'\\', letter};
    buf_add(b, two, 2);
}

int json_put_string(struct buf *b, struct str s)
{
    const char *p = s.n > 0 ? s.p : "", *run = p, *end = p + s.n;
    buf_addc(b, '"');
    while (p != end) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            p++;
            continue;
        }
        size_t n = c < 0x80 ? 0 : str_utf8_step(p, end);
        if (n) {
            p += n;
            continue;
        }
        buf_add(b, run, (size_t)(p - run));
        if (c < 0x80)
            put_escape(b, c);
        else
            buf_adds(b, "\xEF\xBF\xBD");
        run = ++p;
    }
    buf_add(b, run, (size_t)(p - run));
    return buf_addc(b, '"');
}

int json_put_cstring(struct buf *b, const char *s)
{
    return s ? json_put_string(b, str_of(s)) : buf_adds(b, "null");
}

int json_put_key(struct buf *b, const char *key)
{
    /* Behind a value stands anything but an opening brace. */
    if (b->n && b->p[b->n - 1] != '{' && b->p[b->n - 1] != ',')
        buf_addc(b, ',');
    json_put_string(b, str_of(key));
    return buf_addc(b, ':');
}

const char *json_find_nul(struct str json)
{
    const char *p = json.p, *end = json.p + json.n;
    while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
            return p;
        p += 2; /* with what it escapes, which may be another backslash */
    }
    return NULL;
}
