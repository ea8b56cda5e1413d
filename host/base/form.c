#include "form.h"

#include <ctype.h>
#include <string.h>
#include "mem.h"

void form_put_value(struct buf *b, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_addc(b, (char)c);
        else
            buf_addf(b, "%%%02X", c);
    }
}

void form_put(struct buf *b, const char *name, const char *value)
{
    if (b->n && b->p[b->n - 1] != '?')
        buf_addc(b, '&');
    form_put_value(b, str_of(name));
    buf_addc(b, '=');
    form_put_value(b, str_of(value));
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static char *decode(struct str s)
{
    char *out = mem_alloc(s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] == '+' ? ' ' : s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n || !isxdigit((unsigned char)s.p[i + 1]) ||
                !isxdigit((unsigned char)s.p[i + 2]))
                goto bad;
            c = (char)(hex_of(s.p[i + 1]) * 16 + hex_of(s.p[i + 2]));
            i += 2;
        }
        if (c == '\0')
            goto bad;
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
bad:
    mem_free(out);
    return NULL;
}

char *form_get(struct str form, const char *name, bool *many)
{
    char *found = NULL;
    int times = 0;
    while (form.n) {
        struct str value, pair = str_cut(form, '&', &form);
        if (!str_is(str_cut(pair, '=', &value), name))
            continue;
        if (times++ == 0)
            found = decode(value);
    }
    if (many)
        *many = times > 1;
    return found;
}
