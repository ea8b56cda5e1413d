/* Exact decimal arithmetic on GMP's fixed-size functions: every operand and intermediate fits in
 * eight words, so nothing is allocated. */
#include "decimal.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

typedef char limbs_are_64_bits[sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0 ? 1 : -1];

/* The largest intermediate is the dividend of decimal_div: 10^38 * 10^77 < 2^512. */
#define WIDE 8

struct wide {
    mp_limb_t w[WIDE];
};

#define TEN_19 UINT64_C(10000000000000000000) /* the largest power of ten in one word */

static struct wide wide_of(const struct decimal *d)
{
    return (struct wide){{d->limb[0], d->limb[1]}};
}

static void wide_shift10(struct wide *x, int digits)
{
    for (; digits >= 19; digits -= 19)
        mpn_mul_1(x->w, x->w, WIDE, TEN_19);
    mp_limb_t rest = 1;
    for (; digits > 0; digits--)
        rest *= 10;
    mpn_mul_1(x->w, x->w, WIDE, rest);
}

static struct wide wide_pow10(int digits)
{
    struct wide x = {{1}};
    wide_shift10(&x, digits);
    return x;
}

static bool wide_zero(const struct wide *x)
{
    return mpn_zero_p(x->w, WIDE);
}

/* How many words of x are in use, at least one. */
static mp_size_t wide_size(const struct wide *x)
{
    mp_size_t n = WIDE;
    while (n > 1 && x->w[n - 1] == 0)
        n--;
    return n;
}

static int wide_compare(const struct wide *a, const struct wide *b)
{
    return mpn_cmp(a->w, b->w, WIDE);
}

/* Quotient, and the remainder in place of a. b is not zero. */
static struct wide wide_divide(struct wide *a, const struct wide *b)
{
    struct wide q = {{0}}, r = {{0}};
    mp_size_t na = wide_size(a), nb = wide_size(b);
    if (na < nb)
        return q;
    mpn_tdiv_qr(q.w, r.w, 0, a->w, na, b->w, nb);
    *a = r;
    return q;
}

/* Divides by 10^digits (at most 19) if that leaves no remainder. */
static bool wide_drop_zeros(struct wide *x, int digits)
{
    mp_limb_t by = 1;
    for (int i = 0; i < digits; i++)
        by *= 10;
    struct wide q = {{0}};
    mp_size_t n = wide_size(x);
    if (n == 1) { /* as most amounts are */
        if (x->w[0] % by)
            return false;
        x->w[0] /= by;
        return true;
    }
    if (mpn_divrem_1(q.w, 0, x->w, n, by))
        return false;
    *x = q;
    return true;
}

static int wide_digits(const struct wide *x)
{
    mp_size_t words = wide_size(x);
    if (x->w[words - 1] == 0)
        return 0;
    /* x is at least 2^(bits - 1), so it has at least this many digits, and few more. */
    int bits = (int)words * 64 - __builtin_clzll(x->w[words - 1]);
    int n = 1 + (bits - 1) * 1233 / 4096; /* a little less than the logarithm of 2 */
    struct wide bound = wide_pow10(n);
    while (wide_compare(x, &bound) >= 0) {
        mpn_mul_1(bound.w, bound.w, WIDE, 10);
        n++;
    }
    return n;
}

/* The value sign * x * 10^-scale in its shortest form. */
static int settle(struct wide x, int32_t scale, int sign, struct decimal *out, struct err *e)
{
    if (wide_zero(&x)) {
        *out = (struct decimal){{0, 0}, 0, 0};
        return 0;
    }
    for (int step = 16; step; step /= 2)
        while (wide_drop_zeros(&x, step))
            scale -= step;
    if (wide_size(&x) > 1 && wide_digits(&x) > DECIMAL_DIGITS)
        return err_set(e, ERR_LIMIT, "the number has more than %d digits", DECIMAL_DIGITS);
    if (abs(scale) > DECIMAL_SCALE_MAX)
        return err_set(e, ERR_LIMIT, "the number is out of range");
    *out = (struct decimal){{x.w[0], x.w[1]}, scale, sign};
    return 0;
}

/* ---- conversions ----------------------------------------------------------------------------- */

struct decimal decimal_of(int64_t n)
{
    struct decimal d;
    struct wide x = {{n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n}};
    settle(x, 0, n < 0 ? -1 : 1, &d, NULL); /* 19 digits always fit */
    return d;
}

bool decimal_to_i64(const struct decimal *d, int64_t *out)
{
    if (d->sign && (d->scale > 0 || d->scale < -18 || d->limb[1]))
        return false;
    struct wide x = wide_of(d);
    wide_shift10(&x, d->sign ? -d->scale : 0);
    if (x.w[1] || x.w[0] > (uint64_t)INT64_MAX + (d->sign < 0))
        return false;
    *out = d->sign < 0 ? (int64_t)(0 - x.w[0]) : (int64_t)x.w[0];
    return true;
}

double decimal_to_double(const struct decimal *d)
{
    char text[DECIMAL_TEXT];
    return strtod(decimal_text(d, text), NULL);
}

struct decimal decimal_neg(const struct decimal *d)
{
    struct decimal r = *d;
    r.sign = -r.sign;
    return r;
}

struct decimal decimal_abs(const struct decimal *d)
{
    struct decimal r = *d;
    r.sign = r.sign != 0;
    return r;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* Both are brought to the larger scale. False if they are so far apart that no exact sum of them
 * has 38 digits: the last digit of each is not zero. */
static bool align(const struct decimal *a, const struct decimal *b, struct wide *x, struct wide *y,
    int32_t *scale)
{
    int32_t apart = a->scale - b->scale;
    *x = wide_of(a);
    *y = wide_of(b);
    *scale = apart > 0 ? a->scale : b->scale;
    if (abs(apart) > DECIMAL_DIGITS + 1)
        return false;
    if (apart > 0)
        wide_shift10(y, apart);
    else
        wide_shift10(x, -apart);
    return true;
}

int decimal_add(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e)
{
    struct wide x, y, sum;
    int32_t scale;
    if (!a->sign || !b->sign) {
        *out = a->sign ? *a : *b;
        return 0;
    }
    if (!align(a, b, &x, &y, &scale))
        return err_set(e, ERR_LIMIT, "the number has more than %d digits", DECIMAL_DIGITS);
    if (a->sign == b->sign) {
        mpn_add_n(sum.w, x.w, y.w, WIDE);
        return settle(sum, scale, a->sign, out, e);
    }
    bool first = wide_compare(&x, &y) >= 0;
    mpn_sub_n(sum.w, first ? x.w : y.w, first ? y.w : x.w, WIDE);
    return settle(sum, scale, first ? a->sign : b->sign, out, e);
}

int decimal_sub(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e)
{
    struct decimal minus = decimal_neg(b);
    return decimal_add(a, &minus, out, e);
}

int decimal_mul(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e)
{
    struct wide product = {{0}};
    mpn_mul_n(product.w, a->limb, b->limb, 2);
    return settle(product, a->scale + b->scale, a->sign * b->sign, out, e);
}

/* Rounds x to its first DECIMAL_DIV_DIGITS digits; the scale changes with it. What lies behind the
 * digits of x cannot turn a half up: it only makes what is dropped larger. */
static void cut_quotient(struct wide *x, int32_t *scale)
{
    int drop = wide_digits(x) - DECIMAL_DIV_DIGITS;
    if (drop <= 0)
        return;
    struct wide half = wide_pow10(drop), by = half;
    mpn_rshift(half.w, half.w, WIDE, 1);
    mpn_add_n(x->w, x->w, half.w, WIDE);
    *x = wide_divide(x, &by);
    *scale -= drop;
}

int decimal_div(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e)
{
    if (!b->sign)
        return err_set(e, ERR_INPUT, "a division by zero");
    struct wide x = wide_of(a), y = wide_of(b);
    /* Shifted so that the quotient has all digits a value can have. */
    int shift = DECIMAL_DIGITS + wide_digits(&y) - wide_digits(&x);
    if (!a->sign || shift < 0)
        shift = 0;
    wide_shift10(&x, shift);
    struct wide q = wide_divide(&x, &y);
    int32_t scale = a->scale - b->scale + shift;
    int sign = a->sign * b->sign;
    struct err beyond;
    if (wide_zero(&x) && settle(q, scale, sign, out, &beyond) == 0)
        return 0;
    cut_quotient(&q, &scale);
    return settle(q, scale, sign, out, e);
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    if (!a->sign)
        return 0;
    struct wide x = wide_of(a), y = wide_of(b);
    int first = wide_digits(&x) - a->scale, second = wide_digits(&y) - b->scale;
    if (first != second)
        return first < second ? -a->sign : a->sign;
    /* As large as each other, so at most 37 digits apart. */
    int32_t scale;
    align(a, b, &x, &y, &scale);
    int c = wide_compare(&x, &y);
    return c < 0 ? -a->sign : c > 0 ? a->sign : 0;
}

int decimal_round(const struct decimal *d, int places, enum decimal_rounding how,
    struct decimal *out, struct err *e)
{
    int drop = places < -2 * DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX * 2 : d->scale - places;
    if (!d->sign || drop <= 0) {
        *out = *d;
        return 0;
    }
    if (drop > DECIMAL_DIGITS) { /* less than a tenth of the last place */
        *out = (struct decimal){{0, 0}, 0, 0};
        return 0;
    }
    struct wide rest = wide_of(d), by = wide_pow10(drop);
    struct wide q = wide_divide(&rest, &by);
    mpn_lshift(rest.w, rest.w, WIDE, 1);
    int half = wide_compare(&rest, &by);
    bool up = how == DECIMAL_HALF_EVEN ? half > 0 || (half == 0 && (q.w[0] & 1)) : half >= 0;
    if (up)
        mpn_add_1(q.w, q.w, WIDE, 1);
    return settle(q, d->scale - drop, d->sign, out, e);
}
