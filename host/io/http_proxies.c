#include "http_proxies.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define PROXIES_MAX 256
#define HOPS_MAX    32 /* proxies in a row; who claims more is not believed further */

/* IPv4 as the mapped IPv6 address, so that there is one kind. */
struct network {
    unsigned char bytes[16];
    int bits;
};

struct http_proxies {
    bool forwarded;
    int n;
    struct network networks[PROXIES_MAX];
};

struct http_proxies *http_proxies_new(bool forwarded)
{
    struct http_proxies *p = mem_zalloc(1, sizeof(*p));
    p->forwarded = forwarded;
    return p;
}

void http_proxies_free(struct http_proxies *p)
{
    mem_free(p);
}

/* 4 or 6 by the family of the text, 0 if it is no address. */
static int read_address(struct str text, unsigned char out[16])
{
    char c[HTTP_ADDRESS_TEXT];
    if (text.n == 0 || text.n >= sizeof(c) || memchr(text.p, '\0', text.n) != NULL)
        return 0;
    memcpy(c, text.p, text.n);
    c[text.n] = '\0';
    if (inet_pton(AF_INET6, c, out) == 1)
        return 6;
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memcpy(out, mapped, sizeof(mapped));
    return inet_pton(AF_INET, c, out + 12) == 1 ? 4 : 0;
}

static void write_address(const unsigned char bytes[16], char out[HTTP_ADDRESS_TEXT])
{
    struct in6_addr a;
    memcpy(&a, bytes, sizeof(a));
    if (IN6_IS_ADDR_V4MAPPED(&a))
        inet_ntop(AF_INET, bytes + 12, out, HTTP_ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, bytes, out, HTTP_ADDRESS_TEXT);
}

static int add_one(struct http_proxies *p, struct str item, struct err *e)
{
    if (p->n == PROXIES_MAX)
        return err_set(e, ERR_LIMIT, "more than %d proxies: write networks", PROXIES_MAX);
    struct str width, address = str_cut(item, '/', &width);
    struct network *n = &p->networks[p->n];
    int family = read_address(address, n->bytes), most = family == 4 ? 32 : 128;
    int64_t bits = most;
    if (family == 0 || (width.p != NULL && (!str_to_i64(width, &bits) || bits < 0 || bits > most)))
        return err_set(e, ERR_INPUT,
            "\"%.*s\" is neither an address nor a network: write 10.0.0.7, 10.0.0.0/8 or ::1",
            (int)(item.n < 80 ? item.n : 80), item.p);
    n->bits = (int)bits + (family == 4 ? 96 : 0);
    p->n++;
    return 0;
}

int http_proxies_add(struct http_proxies *p, const char *list, struct err *e)
{
    struct str rest = str_of(list);
    while (rest.p != NULL) {
        struct str item = str_trim(str_cut(rest, ',', &rest));
        if (add_one(p, item, e) < 0)
            return -1;
    }
    return 0;
}

static bool within(const struct network *n, const unsigned char bytes[16])
{
    int whole = n->bits / 8, left = n->bits % 8;
    if (memcmp(n->bytes, bytes, (size_t)whole) != 0)
        return false;
    return left == 0 || ((n->bytes[whole] ^ bytes[whole]) & (0xff00 >> left) & 0xff) == 0;
}

static bool trusts(const struct http_proxies *p, const unsigned char bytes[16])
{
    for (int i = 0; i < p->n; i++)
        if (within(&p->networks[i], bytes))
            return true;
    return false;
}

/* ---- what a proxy wrote ---- */

/* The elements of all headers of that name, from the last one back. */
struct backwards {
    const struct http_header *headers;
    int at; /* header being read; its elements up to rest.n are still to come */
    struct str name, rest;
};

static bool next_element(struct backwards *b, struct str *out)
{
    while (b->rest.p == NULL) {
        if (--b->at < 0)
            return false;
        if (str_ieq(b->headers[b->at].name, b->name))
            b->rest = b->headers[b->at].value;
    }
    const char *comma = memrchr(b->rest.p, ',', b->rest.n);
    size_t from = comma != NULL ? (size_t)(comma - b->rest.p) + 1 : 0;
    *out = str_trim((struct str){b->rest.p + from, b->rest.n - from});
    b->rest = comma != NULL ? (struct str){b->rest.p, from - 1} : STR_NONE;
    return true;
}

/* Value of a parameter of an element of Forwarded, without its quotes. */
static struct str parameter(struct str element, struct str name)
{
    while (element.p != NULL) {
        struct str value, pair = str_trim(str_cut(element, ';', &element));
        if (!str_ieq(str_cut(pair, '=', &value), name))
            continue;
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (struct str){value.p + 1, value.n - 2};
        return value;
    }
    return STR_NONE;
}

/* "192.0.2.7", "192.0.2.7:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711". */
static bool read_node(struct str node, unsigned char out[16])
{
    struct str port;
    if (node.n > 0 && node.p[0] == '[') {
        node = str_cut((struct str){node.p + 1, node.n - 1}, ']', &port);
        return port.p != NULL && (port.n == 0 || port.p[0] == ':') && read_address(node, out) == 6;
    }
    if (read_address(node, out) != 0)
        return true;
    node = str_cut(node, ':', &port);
    return port.p != NULL && read_address(node, out) == 4;
}

static bool is_https(struct str proto)
{
    return str_ieq(proto, STR_LIT("https"));
}

bool http_proxies_client(const struct http_proxies *p, const char *peer,
    const struct http_header *headers, int nheaders, struct http_client *out)
{
    unsigned char client[16], next[16];
    struct str element;
    struct backwards b = {headers, nheaders,
        p->forwarded ? STR_LIT("forwarded") : STR_LIT("x-forwarded-for"), STR_NONE};
    if (read_address(str_of(peer), client) == 0 || !trusts(p, client))
        return false;
    out->secure = false;
    if (!p->forwarded) {
        struct backwards proto = {headers, nheaders, STR_LIT("x-forwarded-proto"), STR_NONE};
        out->secure = next_element(&proto, &element) && is_https(element);
    }
    for (int i = 0; i < HOPS_MAX && trusts(p, client) && next_element(&b, &element); i++) {
        if (p->forwarded) {
            out->secure = is_https(parameter(element, STR_LIT("proto")));
            element = parameter(element, STR_LIT("for"));
        }
        if (!read_node(element, next))
            break;
        memcpy(client, next, sizeof(client));
    }
    write_address(client, out->address);
    return true;
}
