/* Numbers and strings, as fast as they come: they are most of any JSON. */
#include "encode_scalar.h"
#include "json_run.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char two_digits[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static size_t put_digits(uint64_t v, char *out)
{
    char text[24], *p = text + sizeof(text);
    while (v >= 100) {
        p -= 2;
        memcpy(p, two_digits + v % 100 * 2, 2);
        v /= 100;
    }
    if (v >= 10) {
        p -= 2;
        memcpy(p, two_digits + v * 2, 2);
    } else {
        *--p = (char)('0' + v);
    }
    size_t n = (size_t)(text + sizeof(text) - p);
    memcpy(out, p, n);
    return n;
}

size_t scalar_integer(int64_t v, char out[SCALAR_TEXT])
{
    if (v >= 0)
        return put_digits((uint64_t)v, out);
    out[0] = '-';
    return 1 + put_digits(0 - (uint64_t)v, out + 1);
}

#define EXACT 9007199254740992.0 /* 2^53: up to here every integer is a float */

/* Few digits behind the point, as amounts have. If r / 10^k is v then the text of that quotient
 * reads back as v, because reading rounds the same exact quotient. */
static size_t short_float(double v, char *out)
{
    static const double tens[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    double a = fabs(v);
    for (int k = 1; k < 7; k++) {
        double r = nearbyint(a * tens[k]);
        if (r >= EXACT)
            return 0;
        if (r / tens[k] != a)
            continue;
        uint64_t digits = (uint64_t)r, unit = (uint64_t)tens[k];
        char *p = out;
        if (v < 0)
            *p++ = '-';
        p += put_digits(digits / unit, p);
        *p++ = '.';
        uint64_t rest = digits % unit;
        for (uint64_t place = unit / 10; place; place /= 10)
            *p++ = (char)('0' + rest / place % 10);
        return (size_t)(p - out);
    }
    return 0;
}

size_t scalar_float(double v, char out[SCALAR_TEXT])
{
    if (v == 0)
        return signbit(v) ? (memcpy(out, "-0.0", 4), 4) : (out[0] = '0', 1);
    if (fabs(v) <= EXACT && nearbyint(v) == v)
        return scalar_integer((int64_t)v, out);
    size_t n = short_float(v, out);
    if (n)
        return n;
    /* Fewer than 15 digits come out by themselves, but for the smallest of floats. */
    int written = 0;
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        written = snprintf(out, SCALAR_TEXT, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            break;
    }
    return (size_t)written;
}

/* ---- strings ------------------------------------------------------------------------------- */

static size_t escape(unsigned char c, char out[8])
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *l = letters; *l; l += 2) {
        if ((unsigned char)*l == c) {
            out[0] = '\\';
            out[1] = l[1];
            return 2;
        }
    }
    return (size_t)snprintf(out, 8, "\\u%04x", c);
}

int scalar_string(struct buf *b, struct str s)
{
    const char *p = s.p, *run = s.p, *end = s.p + s.n;
    char *to = buf_room(b, s.n + 2);
    if (!to)
        return 0; /* the buffer has failed, which its owner sees */
    *to = '"';
    b->n++;
    for (;;) {
        p = json_ascii_run(p, end);
        if (p != end && (unsigned char)*p >= 0x80) {
            size_t n = str_utf8_step(p, end);
            if (!n)
                return -1;
            p += n;
            continue;
        }
        buf_add(b, run, (size_t)(p - run));
        if (p == end)
            break;
        char text[8];
        buf_add(b, text, escape((unsigned char)*p, text));
        run = ++p;
    }
    buf_addc(b, '"');
    return 0;
}
