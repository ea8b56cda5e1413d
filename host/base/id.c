/* Identifiers that sort by time, and short hashes. */
#include "id.h"

#include <sodium.h>
#include <string.h>

#include "str.h"

#define RANDOM_BYTES 10
#define PREFIX_MAX   4

/* Adds one to a big-endian number. Running over needs 2^80 ids in a millisecond. */
static void increment(unsigned char *p, size_t n)
{
    while (n-- && ++p[n] == 0)
        ;
}

void id_new(char out[ID_TEXT], const char *prefix, int64_t wall_ms)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    /* The last id made, for the order within a millisecond: a property of the process. */
    static int64_t last_ms = -1;
    static unsigned char last[RANDOM_BYTES];

    if (wall_ms == last_ms)
        increment(last, sizeof(last));
    else
        randombytes_buf(last, sizeof(last));
    last_ms = wall_ms;

    size_t n = strnlen(prefix, PREFIX_MAX);
    memcpy(out, prefix, n);
    char *p = out + n;
    /* 48 bits of time are ten digits of 5 bits, the first of them with 3. */
    for (int shift = 45; shift >= 0; shift -= 5)
        *p++ = digits[((uint64_t)wall_ms & UINT64_C(0xFFFFFFFFFFFF)) >> shift & 31];
    for (int half = 0; half < 2; half++) {
        uint64_t bits = 0;
        for (int i = 0; i < RANDOM_BYTES / 2; i++)
            bits = bits << 8 | last[half * (RANDOM_BYTES / 2) + i];
        for (int shift = 35; shift >= 0; shift -= 5)
            *p++ = digits[bits >> shift & 31];
    }
    *p = '\0';
}

void id_hash(char out[33], const void *bytes, uint64_t n)
{
    unsigned char hash[16];
    crypto_generichash(hash, sizeof(hash), bytes, n, NULL, 0);
    str_hex(out, hash, sizeof(hash));
}
