/* Lines in, lines out. */
#include "lines.h"

#include <errno.h>
#include <string.h>

#define FIELD_SHOWN 1000

int lines_open(struct lines *l, const char *path, struct err *e)
{
    memset(l, 0, sizeof(*l));
    l->first = true;
    l->in = stdin;
    buf_init(&l->line, LINES_MAX);
    if (path && strcmp(path, "-")) {
        l->in = fopen(path, "rb");
        l->to_free = true;
    }
    if (!l->in)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

/* Reads up to and with the LF; false if there was nothing. */
static bool read_line(struct lines *l)
{
    int c;
    bool any = false;
    buf_clear(&l->line);
    l->cut = false;
    flockfile(l->in);
    while ((c = getc_unlocked(l->in)) != EOF) {
        any = true;
        if (c == '\n')
            break;
        if (l->line.n < LINES_MAX)
            buf_addc(&l->line, (char)c);
        else
            l->cut = true;
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
    if (out->n && out->p[out->n - 1] == '\r' && !l->cut)
        out->n--;
    if (l->first && out->n >= 3 && !memcmp(out->p, "\xEF\xBB\xBF", 3)) {
        out->p += 3;
        out->n -= 3;
    }
    l->first = false;
    return true;
}

void lines_close(struct lines *l)
{
    if (l->to_free && l->in)
        fclose(l->in);
    buf_free(&l->line);
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
