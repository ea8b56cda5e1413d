/* Networks that the operator lets through although they are not of the public internet, and ports
 * of that. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
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

static bool port_is_listed(const struct http_out *h, int port, bool mail)
{
    if (mail && (port == 25 || port == 465 || port == 587))
        return true;
    for (int i = 0; i < h->nports; i++)
        if (port >= h->ports[i].from && port <= h->ports[i].to)
            return true;
    return !h->config.allow_port;
}

static int port_of(const struct sockaddr *addr)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (addr->sa_family == AF_INET6) {
        memcpy(&in6, addr, sizeof(in6));
        return ntohs(in6.sin6_port);
    }
    memcpy(&in, addr, sizeof(in));
    return ntohs(in.sin_port);
}

struct http_out_peer http_out_peer_judge(
    const struct http_out *h, const struct sockaddr *addr, bool mail)
{
    if (is_listed(h, addr))
        return (struct http_out_peer){PEER_FINE, 0};
    if (!http_out_peer_public(addr))
        return (struct http_out_peer){PEER_NOT_PUBLIC, 0};
    int port = port_of(addr);
    return (struct http_out_peer){port_is_listed(h, port, mail) ? PEER_FINE : PEER_PORT, port};
}

struct http_out_peer http_out_peer_judge_text(
    const struct http_out *h, const char *ip, int port, const char *own, bool mail)
{
    bool same = own && strcmp(ip, own) == 0;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    const struct sockaddr *addr = NULL;
    char bare[64];
    size_t n = strcspn(ip, "%"); /* a zone says where, not what */
    if (n < sizeof(bare)) {
        memcpy(bare, ip, n);
        bare[n] = '\0';
        if (inet_pton(AF_INET, bare, &in.sin_addr) == 1)
            addr = (const struct sockaddr *)&in;
        else if (inet_pton(AF_INET6, bare, &in6.sin6_addr) == 1)
            addr = (const struct sockaddr *)&in6;
    }
    if (!addr || (same && !is_listed(h, addr)))
        return (struct http_out_peer){PEER_NOT_PUBLIC, 0};
    return http_out_peer_judge(h, addr, mail);
}

void http_out_peer_words(const struct http_out_peer *p, const char *whose, char *words, size_t n)
{
    words[0] = '\0';
    if (p->denied == PEER_NOT_PUBLIC)
        snprintf(words, n,
            "%s address is not a public one, and others are the operator's to allow (--allow-net)",
            whose);
    else if (p->denied == PEER_PORT)
        snprintf(words, n, "%s port %d is not one that is allowed (--allow-port)", whose, p->port);
}

/* ---- the operator's lists ---- */

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

/* "443" or "8000-8100" */
static bool parse_ports(struct str text, struct http_out_ports *p)
{
    struct str to, from = str_cut(text, '-', &to);
    int64_t low, high;
    if (!str_to_i64(str_trim(from), &low) || !str_to_i64(to.p ? str_trim(to) : from, &high))
        return false;
    *p = (struct http_out_ports){(int)low, (int)high};
    return low >= 1 && low <= high && high <= 65535;
}

static int add_net(struct http_out *h, struct str one, struct err *e)
{
    struct http_out_net net = {0};
    if (!parse_net(one, &net))
        return err_set(e, ERR_INPUT,
            "\"%.*s\" is no network: write addresses or CIDR, such as 10.1.0.0/16, fd00::/8",
            STR_ARG(one));
    h->nets = mem_realloc(h->nets, (size_t)(h->nnets + 1) * sizeof(h->nets[0]));
    h->nets[h->nnets++] = net;
    return 0;
}

static int add_ports(struct http_out *h, struct str one, struct err *e)
{
    struct http_out_ports ports;
    if (!parse_ports(one, &ports))
        return err_set(e, ERR_INPUT,
            "\"%.*s\" is no port: write ports or ranges, such as 443, 8000-8100", STR_ARG(one));
    h->ports = mem_realloc(h->ports, (size_t)(h->nports + 1) * sizeof(h->ports[0]));
    h->ports[h->nports++] = ports;
    return 0;
}

static int each(struct http_out *h, const char *list,
    int (*add)(struct http_out *, struct str, struct err *), struct err *e)
{
    struct str rest = str_of(list);
    while (rest.n) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        if (one.n && add(h, one, e) < 0)
            return -1;
    }
    return 0;
}

int http_out_net_init(struct http_out *h, struct err *e)
{
    if (each(h, h->config.allow_net, add_net, e) < 0)
        return -1;
    return each(h, h->config.allow_port, add_ports, e);
}

/* Would the system speak to that address from that address itself? A datagram socket that is
 * connected sends nothing, and says so before anything is sent. */
static bool is_this_machine(const struct curl_sockaddr *a)
{
    struct sockaddr_storage own = {0};
    unsigned char there[16], here[16];
    socklen_t n = sizeof(own);
    int fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool known = fd >= 0 && !connect(fd, &a->addr, a->addrlen) &&
                 !getsockname(fd, (struct sockaddr *)&own, &n);
    if (fd >= 0)
        close(fd);
    int family = bytes_of(&a->addr, there);
    return known && family == bytes_of((struct sockaddr *)&own, here) &&
           !memcmp(there, here, family == AF_INET ? 4 : 16);
}

curl_socket_t http_out_open_socket(
    const struct http_out *h, bool mail, struct http_out_peer *peer, const struct curl_sockaddr *a)
{
    if (peer) {
        *peer = http_out_peer_judge(h, &a->addr, mail);
        if (!peer->denied && !is_listed(h, &a->addr) && is_this_machine(a))
            peer->denied = PEER_NOT_PUBLIC;
        if (peer->denied)
            return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}
