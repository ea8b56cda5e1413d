/* Lines in, lines out. */
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIELD_SHOWN 1000

/* Letters of Western Europe, quotes and signs; not what is rather a stray byte. */
static bool is_cp1252_text(unsigned char c)
{
    return c == 0x80 || (c >= 0x91 && c <= 0x97) || c == 0x8A || c == 0x8E || c == 0x9A ||
           c == 0x9E || (c >= 0xA0 && c < 0xFF && c != 0xD7 && c != 0xF7);
}

/* Windows-1252 has no character that is good UTF-8, and letters where that would stand. */
static bool is_cp1252(struct str s)
{
    size_t n, found = 0;
    for (size_t i = 0; i < s.n; i += n) {
        unsigned char c = (unsigned char)s.p[i];
        n = str_utf8_step(s.p + i, s.p + s.n);
        if (n > 1 || (n == 0 && !is_cp1252_text(c)))
            return false;
        found += n == 0;
        n = 1;
    }
    return found > 0;
}

void lines_close(struct lines *l)
{
    if (l->to_free && l->in)
        fclose(l->in);
    buf_free(&l->line);
    buf_free(&l->decoded);
}

int lines_open(struct lines *l, const char *path, struct err *e)
{
    size_t mark;
    memset(l, 0, sizeof(*l));
    l->in = stdin;
    buf_init(&l->line, LINES_MAX);
    buf_init(&l->decoded, 4 * LINES_MAX);
    if (path && strcmp(path, "-")) {
        l->in = fopen(path, "rb");
        l->to_free = true;
    }
    if (!l->in)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    /* One read, of what is there: who waits for an answer before it goes on gets one. */
    ssize_t got = read(fileno(l->in), l->ahead, sizeof(l->ahead));
    if (got < 0) {
        err_set(e, ERR_IO, "%s: %s", path ? path : "standard input", strerror(errno));
        lines_close(l);
        return -1;
    }
    l->ahead_n = (size_t)got;
    struct str ahead = {l->ahead, l->ahead_n};
    l->charset = charset_of_mark(ahead, &mark);
    l->ahead_at = mark;
    if (l->charset == CHARSET_UTF8 && mark == 0 && is_cp1252(ahead))
        l->charset = CHARSET_CP1252;
    return 0;
}

static int next_byte(struct lines *l)
{
    if (l->ahead_at < l->ahead_n)
        return (unsigned char)l->ahead[l->ahead_at++];
    return getc_unlocked(l->in);
}

/* Reads up to and with the LF; false if there was nothing. */
static bool read_line(struct lines *l)
{
    int c, high = 0;
    bool any = false, wide = l->charset >= CHARSET_UTF16LE;
    buf_clear(&l->line);
    l->cut = false;
    flockfile(l->in);
    while ((c = next_byte(l)) != EOF) {
        any = true;
        if (wide && (high = next_byte(l)) == EOF)
            break;
        int unit = !wide ? c : l->charset == CHARSET_UTF16LE ? high << 8 | c : c << 8 | high;
        if (unit == '\n')
            break;
        if (l->line.n + 2 <= LINES_MAX) {
            buf_addc(&l->line, (char)c);
            if (wide)
                buf_addc(&l->line, (char)high);
        } else {
            l->cut = true;
        }
    }
    funlockfile(l->in);
    if (c == EOF && ferror(l->in))
        l->failed = true;
    return any;
}

bool lines_next(struct lines *l, struct str *out)
{
    if (!read_line(l))
        return false;
    *out = buf_str(&l->line);
    if (l->charset != CHARSET_UTF8) {
        buf_clear(&l->decoded);
        charset_decode(&l->decoded, l->charset, *out);
        *out = buf_str(&l->decoded);
    }
    if (out->n && out->p[out->n - 1] == '\r' && !l->cut)
        out->n--;
    return true;
}

void lines_put_field(struct buf *out, struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    bool shortened = s.n > FIELD_SHOWN;
    if (shortened)
        end = p + FIELD_SHOWN;
    while (p < end) {
        size_t n = str_utf8_step(p, s.p + s.n);
        if (n == 1)
            buf_addc(out, (unsigned char)*p < ' ' || *p == 0x7F ? ' ' : *p);
        else if (n)
            buf_add(out, p, n);
        else
            buf_adds(out, "\xEF\xBF\xBD");
        p += n ? n : 1;
    }
    if (shortened)
        buf_adds(out, "\xE2\x80\xA6");
}
