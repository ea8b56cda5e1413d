/* Which addresses are of the public internet: everything but the special-purpose ranges of the
 * IANA registries (RFC 6890), with IPv4 addresses that hide inside IPv6 ones decoded first. */
#include <netinet/in.h>
#include <string.h>
#include "http_out_impl.h"

struct range {
    unsigned char prefix[16];
    int bits;
};

static const struct range special4[] = {{{0}, 8}, {{10}, 8}, {{100, 64}, 10}, {{127}, 8},
    {{169, 254}, 16}, {{172, 16}, 12}, {{192, 0, 0}, 24}, {{192, 0, 2}, 24}, {{192, 88, 99}, 24},
    {{192, 168}, 16}, {{198, 18}, 15}, {{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{224}, 4},
    {{240}, 4}};

/* Nothing outside of 2000::/3 was ever given to the internet (IANA's "IPv6 Global Unicast Address
 * Assignments"): loopback, local, link and multicast addresses and what is yet to come are there.
 */
static const struct range global6 = {{0x20}, 3};
static const struct range special6[] = {{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},                                                 /* the same, RFC 9637 */
    {{0x20, 0x01, 0x00, 0x02}, 48},                                     /* benchmarks */
    {{0x20, 0x01, 0x00, 0x10}, 28},                                     /* ORCHID */
    {{0x20, 0x01, 0x00, 0x00}, 32}};                                    /* Teredo */

/* IPv6 ranges that carry an IPv4 address, and where. */
static const struct carrier {
    struct range range;
    int at;
} carriers[] = {{{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* ::ffff:a.b.c.d */
    {{{0}, 96}, 12},                                    /* ::a.b.c.d */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},               /* 64:ff9b::a.b.c.d, NAT64 */
    {{{0x20, 0x02}, 16}, 2}};                           /* 2002:aabb:ccdd::, 6to4 */

static bool in_range(const unsigned char *addr, const struct range *r)
{
    int bytes = r->bits / 8, bits = r->bits % 8;
    if (memcmp(addr, r->prefix, (size_t)bytes))
        return false;
    return !bits || (addr[bytes] >> (8 - bits)) == (r->prefix[bytes] >> (8 - bits));
}

static bool in_any(const unsigned char *addr, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (in_range(addr, &r[i]))
            return true;
    return false;
}

static bool public4(const unsigned char *addr)
{
    return !in_any(addr, special4, sizeof(special4) / sizeof(special4[0]));
}

static bool public6(const unsigned char *addr)
{
    for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
        if (in_range(addr, &carriers[i].range))
            return public4(addr + carriers[i].at);
    return in_range(addr, &global6) &&
           !in_any(addr, special6, sizeof(special6) / sizeof(special6[0]));
}

bool http_out_peer_public(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof(in));
        return public4((const unsigned char *)&in.sin_addr);
    }
    if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof(in6));
        return public6((const unsigned char *)&in6.sin6_addr);
    }
    return false;
}
