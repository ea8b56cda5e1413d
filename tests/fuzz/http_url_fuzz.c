/* Redirects: the first line is where a request came from, the second where it is sent on to.
 * Whatever the bytes, what is joined is an address of http or https on one line, which leads on to
 * itself; and a host is listed only by TLS. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "http_url.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool web(const char *url)
{
    return !strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8);
}

static void check_joined(const char *base, const char *to)
{
    struct buf again;
    struct err e = {0};
    if (!web(to) || strpbrk(to, " \r\n\t"))
        abort();
    buf_init(&again, 65536);
    if (http_url_join(&again, to, to, &e) == 0) {
        buf_addc(&again, '\0');
        if (!http_url_same_origin(to, again.p))
            abort();
    }
    buf_free(&again);
    if (http_url_same_origin(base, to) && http_url_upgrades(base, to))
        abort();
    if (http_url_host_listed(to, "a.test, *.b.test") && strncasecmp(to, "https:", 6))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest, first = str_cut((struct str){(const char *)data, size}, '\n', &rest);
    char *base = mem_dupn(first.p, first.n), *location = mem_dupn(rest.p ? rest.p : "", rest.n);
    struct buf to;
    struct err e = {0};
    buf_init(&to, 65536);
    if (http_url_join(&to, base, location, &e) == 0) {
        buf_addc(&to, '\0');
        check_joined(base, to.p);
    } else if (!e.text[0]) {
        abort();
    }
    buf_free(&to);
    mem_free(base);
    mem_free(location);
    return 0;
}
