/* Networks that the operator lets through although they are not of the public internet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include "http_out_impl.h"
#include "mem.h"

/* The bytes of an address; one of IPv4 that is written as IPv6 counts as what it is. */
static int bytes_of(const struct sockaddr *addr, unsigned char bytes[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof(in));
        memcpy(bytes, &in.sin_addr, 4);
        return AF_INET;
    }
    if (addr->sa_family != AF_INET6)
        return AF_UNSPEC;
    struct sockaddr_in6 in6;
    memcpy(&in6, addr, sizeof(in6));
    memcpy(bytes, &in6.sin6_addr, 16);
    if (memcmp(bytes, mapped, sizeof(mapped)))
        return AF_INET6;
    memmove(bytes, bytes + 12, 4);
    return AF_INET;
}

static bool is_in(const unsigned char *bytes, const struct http_out_net *net)
{
    int whole = net->bits / 8, bits = net->bits % 8;
    if (memcmp(bytes, net->prefix, (size_t)whole))
        return false;
    return !bits || (bytes[whole] >> (8 - bits)) == (net->prefix[whole] >> (8 - bits));
}

static bool is_listed(const struct http_out *h, const struct sockaddr *addr)
{
    unsigned char bytes[16];
    int family = bytes_of(addr, bytes);
    for (int i = 0; i < h->nnets; i++)
        if (h->nets[i].family == family && is_in(bytes, &h->nets[i]))
            return true;
    return false;
}

bool http_out_peer_allowed(const struct http_out *h, const struct sockaddr *addr)
{
    return is_listed(h, addr) || http_out_peer_public(addr);
}

bool http_out_peer_text_allowed(const struct http_out *h, const char *ip, const char *own)
{
    bool same = own && strcmp(ip, own) == 0;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char bare[64];
    size_t n = strcspn(ip, "%"); /* a zone says where, not what */
    if (n >= sizeof(bare))
        return false;
    memcpy(bare, ip, n);
    bare[n] = '\0';
    if (inet_pton(AF_INET, bare, &in.sin_addr) == 1)
        return (same ? is_listed : http_out_peer_allowed)(h, (const struct sockaddr *)&in);
    if (inet_pton(AF_INET6, bare, &in6.sin6_addr) == 1)
        return (same ? is_listed : http_out_peer_allowed)(h, (const struct sockaddr *)&in6);
    return false;
}

static bool parse_net(struct str text, struct http_out_net *net)
{
    struct str bits_text, ip = str_cut(text, '/', &bits_text);
    char address[64];
    int64_t bits = 0;
    if (ip.n >= sizeof(address))
        return false;
    memcpy(address, ip.p, ip.n);
    address[ip.n] = '\0';
    net->family = inet_pton(AF_INET, address, net->prefix) == 1    ? AF_INET
                  : inet_pton(AF_INET6, address, net->prefix) == 1 ? AF_INET6
                                                                   : AF_UNSPEC;
    int most = net->family == AF_INET ? 32 : 128;
    if (!bits_text.p)
        bits = most;
    else if (!str_to_i64(bits_text, &bits))
        return false;
    net->bits = (int)bits;
    return net->family != AF_UNSPEC && bits >= 0 && bits <= most;
}

int http_out_net_init(struct http_out *h, struct err *e)
{
    struct str rest = str_of(h->config.allow_net);
    while (rest.n) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        struct http_out_net net = {0};
        if (!one.n)
            continue;
        if (!parse_net(one, &net))
            return err_set(e, ERR_INPUT,
                "\"%.*s\" is no network: write addresses or CIDR, such as 10.1.0.0/16, fd00::/8",
                STR_ARG(one));
        h->nets = mem_realloc(h->nets, (size_t)(h->nnets + 1) * sizeof(h->nets[0]));
        h->nets[h->nnets++] = net;
    }
    return 0;
}

curl_socket_t http_out_open_socket(
    const struct http_out *h, bool public_only, bool *denied, const struct curl_sockaddr *a)
{
    if (public_only && !http_out_peer_allowed(h, &a->addr)) {
        *denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}
