/* The inner loop of what reads and writes JSON's strings. */
#ifndef JSON_RUN_H
#define JSON_RUN_H

#include <stdint.h>
#include <string.h>

/* Bytes of a word that end a run of plain characters: quote, backslash, control, beyond ASCII.
 * The lowest marked byte is right; those above it may be marked by a borrow. */
static inline uint64_t json_special_bytes(uint64_t w)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t quote = w ^ (each * '"'), slash = w ^ (each * '\\');
    return ((quote - each) | (slash - each) | (w - each * 0x20) | w) & (each * 0x80);
}

/* End of the run of ASCII characters at p that stand for themselves in a string. */
static inline const char *json_ascii_run(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t marks = json_special_bytes(w);
        if (marks) {
            p += __builtin_ctzll(marks) >> 3;
            break;
        }
        p += 8;
    }
#endif
    while (p != end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

#endif
