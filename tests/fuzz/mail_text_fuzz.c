/* Mails: whatever subject, name, addresses and text are, what is composed is ASCII in lines that
 * fit, has each header once, and no line that the input began. The input's parts end with NULs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "mail_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str part(struct str *rest)
{
    struct str all = *rest;
    const char *end = all.n ? memchr(all.p, 0, all.n) : NULL;
    size_t n = end ? (size_t)(end - all.p) : all.n;
    *rest = end ? (struct str){end + 1, all.n - n - 1} : (struct str){all.p + all.n, 0};
    return (struct str){all.p, n};
}

static int headers_of(const char *p, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n;) {
        const char *end = memchr(p + i, '\n', n - i);
        size_t line = end ? (size_t)(end - p) - i : n - i;
        if (line == 1 && p[i] == '\r')
            break;
        count += p[i] != ' ';
        i += line + 1;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct mail m = {.message_id = STR_LIT("run.1@sauma"), .date_ms = 1795644000000};
    struct mail_address to;
    struct err e = {0};
    struct buf b;
    m.from.name = part(&rest);
    m.from.address = part(&rest);
    to.name = part(&rest);
    to.address = part(&rest);
    m.subject = part(&rest);
    m.text = rest;
    m.to = &to;
    m.nto = 1;
    buf_init(&b, 1 << 24);
    if (mail_compose(&b, &m, &e) < 0) {
        if (!e.text[0])
            abort();
    } else if (headers_of(b.p, b.n) != 9) {
        abort();
    }
    for (size_t i = 0; i < b.n && !e.text[0]; i++)
        if ((unsigned char)b.p[i] >= 0x7f || (b.p[i] == '\n' && (i == 0 || b.p[i - 1] != '\r')))
            abort();
    buf_free(&b);
    return 0;
}
