/* Bodies of several parts: the first line is the Content-Type, the rest the body. Whatever the
 * bytes, each part lies within the body, one after the other, and ends before the first delimiter
 * at the beginning of a line; what the host writes it reads back.
 * File names are one line of UTF-8 without a folder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct str header)
{
    struct buf name;
    buf_init(&name, 4096);
    header_file_name(header, &name);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/' || name.p[i] == '\\' || (unsigned char)name.p[i] < ' ')
            abort();
    if (name.n > 200 || str_is(buf_str(&name), ".") || str_is(buf_str(&name), "..") ||
        !str_utf8_valid(buf_str(&name)))
        abort();
    buf_free(&name);
}

/* Between the part and the delimiter behind it is the line end that is the delimiter's, and in the
 * part no delimiter. */
static void check_ends(const struct multipart *m, struct str part)
{
    size_t n = strlen(m->delimiter);
    const char *end = part.p + part.n;
    end += *end == '\r' ? 2 : *end == '\n';
    if (strncmp(end, m->delimiter, n) || (part.n && end[-1] != '\n'))
        abort();
    for (const char *p = part.p; p < end; p++)
        if ((p == part.p || p[-1] == '\n') && !strncmp(p, m->delimiter, n))
            abort();
}

static void check_read(struct str type, struct str body)
{
    struct multipart m;
    struct multipart_part p;
    const char *at = body.p;
    if (multipart_open(&m, type, body) < 0)
        return;
    while (multipart_next(&m, &p)) {
        if (p.body.p < at || p.body.p + p.body.n > body.p + body.n)
            abort();
        at = p.body.p + p.body.n;
        check_ends(&m, p.body);
        check_name(p.disposition);
    }
}

/* What needs no escape is the same when it is read. */
static void check_parameter(struct str disposition, const char *name, struct str wanted)
{
    struct buf got;
    buf_init(&got, 1 << 16);
    if (!header_parameter(disposition, name, &got) || !str_eq(buf_str(&got), wanted))
        abort();
    buf_free(&got);
}

static bool plain(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!name.p[i] || strchr("\"\\\r\n", name.p[i]))
            return false;
    return name.n > 0;
}

static void check_write(struct str name, struct str bytes)
{
    static const char boundary[] = "sauma-0123456789abcdef0123456789abcdef";
    struct multipart m;
    struct multipart_part p;
    struct buf b;
    if (memmem(bytes.p, bytes.n, boundary, sizeof boundary - 1))
        return;
    buf_init(&b, 1 << 20);
    multipart_put(&b, boundary, name, name, STR_LIT("text/plain"), bytes);
    multipart_put(&b, boundary, STR_LIT("last"), STR_LIT(""), STR_LIT(""), STR_LIT(""));
    multipart_end(&b, boundary);
    char type[100] = "multipart/form-data; boundary=";
    strcat(type, boundary);
    if (multipart_open(&m, str_of(type), buf_str(&b)) < 0 || !multipart_next(&m, &p) ||
        !str_eq(p.body, bytes) || !str_is(p.type, "text/plain"))
        abort();
    if (plain(name)) {
        check_parameter(p.disposition, "name", name);
        check_parameter(p.disposition, "filename", name);
    }
    if (!multipart_next(&m, &p) || p.body.n || multipart_next(&m, &p) || m.broken)
        abort();
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body, line = str_cut((struct str){(const char *)data, size}, '\n', &body);
    if (!body.p)
        body = (struct str){"", 0};
    check_name(line);
    check_read(line, body);
    check_write(line, body);
    return 0;
}
