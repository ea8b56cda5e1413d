/* Redirects: the first line is where a request came from (if there are two), the last where it is
 * sent on to.
 * Whatever the bytes, what is joined is an address of http or https on one line, without a user,
 * whose parts a reader that only cuts finds at the same places; what names no host stays at its
 * own; and a host is listed only by TLS. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "http_url.h"
#include "mem.h"

#define NAMES "a.test, *.b.test"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

struct cut {
    bool tls;
    struct str host, port;
};

/* An address as http_url_join writes it, cut at its separators. */
static struct cut cut_of(const char *url)
{
    struct cut c = {.tls = strncmp(url, "https://", 8) == 0};
    must(c.tls || strncmp(url, "http://", 7) == 0);
    const char *from = strstr(url, "://") + 3;
    size_t n = strcspn(from, "/?#");
    must(n > 0 && memchr(from, '@', n) == NULL && memchr(from, '\\', n) == NULL);
    c.host = (struct str){from, n};
    c.port = c.tls ? STR_LIT("443") : STR_LIT("80");
    const char *colon = memrchr(from, ':', n);
    if (colon != NULL && memchr(colon, ']', (size_t)(from + n - colon)) == NULL) {
        c.host.n = (size_t)(colon - from);
        c.port = (struct str){colon + 1, (size_t)(from + n - colon) - 1};
        must(c.port.n > 0 && strspn(c.port.p, "0123456789") == c.port.n);
    }
    must(c.host.n > 0 && (c.host.p[0] == '[' || memchr(c.host.p, ':', c.host.n) == NULL));
    return c;
}

static bool same_origin(struct cut a, struct cut b)
{
    return str_ieq(a.host, b.host) && a.tls == b.tls && str_eq(a.port, b.port);
}

static bool naive_listed(const struct cut *c)
{
    struct str end = STR_LIT(".b.test");
    bool below =
        c->host.n > end.n && str_ieq((struct str){c->host.p + c->host.n - end.n, end.n}, end);
    return c->tls && (below || str_ieq(c->host, STR_LIT("a.test")));
}

/* The address, or NULL. */
static char *join(const char *base, const char *location)
{
    struct buf to;
    struct err e = {0};
    buf_init(&to, 65536);
    if (http_url_join(&to, base, location, &e) < 0) {
        must(e.text[0] != '\0' && to.n == 0);
        buf_free(&to);
        return NULL;
    }
    buf_addc(&to, '\0');
    return buf_take(&to, NULL);
}

/* Both as http_url_join writes them. */
static void check_pair(const char *from, const char *to)
{
    struct cut a = cut_of(from), b = cut_of(to);
    bool same = same_origin(a, b);
    bool up =
        str_ieq(a.host, b.host) && !a.tls && b.tls && str_is(a.port, "80") && str_is(b.port, "443");
    must(http_url_same_origin(from, to) == same);
    must(http_url_upgrades(from, to) == up);
    must(http_url_host_listed(to, NAMES) == naive_listed(&b));
}

/* It begins with a scheme or names a host: only then may it lead elsewhere. */
static bool names_host(const char *location)
{
    return strncmp(location, "//", 2) == 0 || location[strcspn(location, ":/?#")] == ':';
}

static void check(const char *base, const char *location)
{
    char *to = join(base, location), *from = join(base, "?");
    /* No request goes to an address without a normal form (ftp). */
    if (to != NULL && from != NULL) {
        must(strpbrk(to, " \r\n\t#") == NULL);
        for (const char *c = to; *c != '\0'; c++)
            must((unsigned char)*c > ' ' && *c != 0x7f);
        check_pair(from, to);
        must(names_host(location) || same_origin(cut_of(from), cut_of(to)));
        char *again = join(to, to);
        must(again != NULL && same_origin(cut_of(to), cut_of(again)));
        mem_free(again);
    }
    mem_free(to);
    mem_free(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest, first = str_cut((struct str){(const char *)data, size}, '\n', &rest);
    char *base = mem_dupn(first.p, first.n), *location = mem_dupn(rest.p ? rest.p : "", rest.n);
    if (rest.p != NULL)
        check(base, location);
    else /* one line alone */
        check("https://a.test:8443/b/c?d", base);
    mem_free(base);
    mem_free(location);
    return 0;
}
