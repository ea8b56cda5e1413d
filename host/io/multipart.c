#include "multipart.h"

#include <stdio.h>
#include <string.h>

#define FILE_NAME_MAX 200

/* ---- parameters of headers ---- */

/* Reads a token or a quoted string at p; returns what is behind it. */
static const char *read_value(const char *p, const char *end, struct buf *out)
{
    if (p == end || *p != '"') {
        const char *from = p;
        while (p < end && *p != ';' && *p != ' ' && *p != '\t')
            p++;
        buf_add(out, from, (size_t)(p - from));
        return p;
    }
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        buf_addc(out, *p);
    }
    return p < end ? p + 1 : p;
}

bool header_parameter(struct str header, const char *name, struct buf *out)
{
    const char *p = header.n > 0 ? header.p : "", *end = p + header.n;
    struct buf value;
    buf_init(&value, BUF_MAX_DEFAULT);
    bool found = false;
    while (!found && (p = memchr(p, ';', (size_t)(end - p)))) {
        do
            p++;
        while (p < end && (*p == ' ' || *p == '\t'));
        const char *from = p;
        while (p < end && *p != '=' && *p != ';')
            p++;
        if (p == end || *p != '=')
            continue;
        struct str key = str_trim((struct str){from, (size_t)(p - from)});
        buf_clear(&value);
        p = read_value(p + 1, end, &value);
        found = str_ieq(key, str_of(name));
    }
    if (found)
        buf_add(out, value.p, value.n);
    buf_free(&value);
    return found;
}

struct str header_media_type(struct str content_type)
{
    struct str rest;
    return str_trim(str_cut(content_type, ';', &rest));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* UTF-8''name%20of.pdf (RFC 8187): other character sets are not read. */
static bool decode_extended(struct str v, struct buf *out)
{
    struct str charset, rest = v;
    charset = str_cut(rest, '\'', &rest);
    if (!str_ieq(charset, STR_LIT("UTF-8")))
        return false;
    str_cut(rest, '\'', &rest);
    for (size_t i = 0; i < rest.n; i++) {
        int high = i + 2 < rest.n && rest.p[i] == '%' ? hex_digit(rest.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(rest.p[i + 2]) : -1;
        if (low >= 0) {
            buf_addc(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_addc(out, rest.p[i]);
        }
    }
    return true;
}

/* Before anything is looked at: "." and what nobody sees is "." as well. */
static void drop_controls(struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if ((unsigned char)b->p[i] >= ' ' && b->p[i] != 0x7f)
            b->p[n++] = b->p[i];
    b->n = n;
}

void header_file_name(struct str disposition, struct buf *out)
{
    struct buf value, name;
    buf_init(&value, BUF_MAX_DEFAULT);
    buf_init(&name, BUF_MAX_DEFAULT);
    if (!header_parameter(disposition, "filename*", &value) ||
        !decode_extended(buf_str(&value), &name))
        header_parameter(disposition, "filename", &name);
    drop_controls(&name);
    size_t from = 0, end = name.n;
    if (end == 0)
        goto out; /* and no bytes to point into */
    for (size_t i = 0; i < end; i++)
        if (name.p[i] == '/' || name.p[i] == '\\')
            from = i + 1;
    if (end - from > FILE_NAME_MAX) { /* its end says what it is */
        from = end - FILE_NAME_MAX;
        while (from < end && ((unsigned char)name.p[from] & 0xc0) == 0x80)
            from++;
    }
    struct str own = {name.p + from, end - from};
    if (str_utf8_valid(own) && !str_is(own, ".") && !str_is(own, ".."))
        buf_add(out, own.p, own.n);
out:
    buf_free(&value);
    buf_free(&name);
}

/* ---- reading ---- */

int multipart_open(struct multipart *m, struct str content_type, struct str body)
{
    struct buf boundary;
    memset(m, 0, sizeof *m);
    if (content_type.n < 10 || !str_ieq((struct str){content_type.p, 10}, STR_LIT("multipart/")))
        return -1;
    buf_init(&boundary, 4096);
    header_parameter(content_type, "boundary", &boundary);
    bool fits = boundary.n >= 1 && boundary.n <= 70 && !memchr(boundary.p, 0, boundary.n);
    if (fits)
        snprintf(m->delimiter, sizeof m->delimiter, "--%.*s", (int)boundary.n, boundary.p);
    buf_free(&boundary);
    if (!fits)
        return -1;
    m->rest = body;
    /* What stands before the first delimiter is for no program. */
    size_t n = strlen(m->delimiter);
    const char *p = memmem(body.p, body.n, m->delimiter, n);
    while (p && p != body.p && p[-1] != '\n')
        p = memmem(p + 1, body.n - (size_t)(p + 1 - body.p), m->delimiter, n);
    m->broken = p == NULL;
    m->rest = p ? (struct str){p + n, body.n - (size_t)(p + n - body.p)} : STR_NONE;
    return 0;
}

/* One line with its end cut off; false if there is no line end. */
static bool read_line(struct str *rest, struct str *line)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!end)
        return false;
    size_t n = (size_t)(end - rest->p);
    *line = (struct str){rest->p, n && rest->p[n - 1] == '\r' ? n - 1 : n};
    rest->p += n + 1;
    rest->n -= n + 1;
    return true;
}

/* The body goes up to the next delimiter at the beginning of a line; the line end before it is the
 * delimiter's. */
static bool read_body(struct multipart *m, struct str *body)
{
    size_t n = strlen(m->delimiter);
    const char *from = m->rest.p, *end = from + m->rest.n;
    for (const char *p = from; (p = memmem(p, (size_t)(end - p), m->delimiter, n)); p++) {
        if (p != from && p[-1] != '\n')
            continue;
        size_t length = (size_t)(p - from);
        if (length)
            length -= length > 1 && p[-2] == '\r' ? 2 : 1;
        *body = (struct str){from, length};
        m->rest = (struct str){p + n, (size_t)(end - p) - n};
        return true;
    }
    return false;
}

/* Not the bytes themselves: a thing of mail, which HTTP does without (RFC 9110, appendix B). */
static bool is_encoding(struct str v)
{
    return !str_ieq(v, STR_LIT("binary")) && !str_ieq(v, STR_LIT("8bit")) &&
           !str_ieq(v, STR_LIT("7bit"));
}

bool multipart_next(struct multipart *m, struct multipart_part *p)
{
    struct str line = STR_NONE;
    memset(p, 0, sizeof *p);
    if (m->broken || str_starts(m->rest, "--") || !m->rest.p)
        return false;
    m->broken = true;                /* until this part is whole */
    if (!read_line(&m->rest, &line)) /* the rest of the delimiter's own */
        return false;
    bool encoded = false;
    while (read_line(&m->rest, &line) && line.n) {
        struct str value, name = str_trim(str_cut(line, ':', &value));
        encoded |=
            str_ieq(name, STR_LIT("Content-Transfer-Encoding")) && is_encoding(str_trim(value));
        if (str_ieq(name, STR_LIT("Content-Type")))
            p->type = str_trim(value);
        else if (str_ieq(name, STR_LIT("Content-Disposition")))
            p->disposition = str_trim(value);
    }
    if (line.n || encoded || !m->rest.p || !read_body(m, &p->body))
        return false;
    m->broken = false;
    return true;
}

/* ---- writing ---- */

/* As browsers do it: what would end the value or its line is percent-encoded. */
static void put_quoted(struct buf *b, struct str v)
{
    buf_addc(b, '"');
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '"' || v.p[i] == '\r' || v.p[i] == '\n' || v.p[i] == 0)
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)v.p[i]);
        else
            buf_addc(b, v.p[i]);
    }
    buf_addc(b, '"');
}

void multipart_put(struct buf *b, const char *boundary, struct str name, struct str file_name,
    struct str type, struct str body)
{
    buf_addf(b, "--%s\r\nContent-Disposition: form-data; name=", boundary);
    put_quoted(b, name);
    if (file_name.n) {
        buf_adds(b, "; filename=");
        put_quoted(b, file_name);
    }
    buf_adds(b, "\r\n");
    if (type.n)
        buf_addf(b, "Content-Type: %.*s\r\n", STR_ARG(type));
    buf_adds(b, "\r\n");
    buf_add(b, body.p, body.n);
    buf_adds(b, "\r\n");
}

void multipart_end(struct buf *b, const char *boundary)
{
    buf_addf(b, "--%s--\r\n", boundary);
}
