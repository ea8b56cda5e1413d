/* Decimal numbers from and to text. */
#include "decimal.h"

#include <stdio.h>
#include <string.h>

#define PLAIN_MAX 60 /* digits of a plain text */

__extension__ typedef unsigned __int128 coefficient;

/* ---- from text ------------------------------------------------------------------------------- */

/* The digits of a number with their decimal point, as they are read. */
struct reading {
    coefficient value;
    int digits; /* significant ones in value, from the first that is not 0 */
    int zeros;  /* 0s behind them that were not put into value yet */
    int64_t scale;
    bool any; /* at least one digit came */
};

static bool read_digit(struct reading *r, int digit, bool behind_point)
{
    r->any = true;
    r->scale += behind_point;
    if (digit == 0) { /* kept back: it may be a trailing one */
        r->zeros += r->digits > 0;
        return true;
    }
    if (r->digits + r->zeros + 1 > DECIMAL_DIGITS)
        return false;
    for (; r->zeros > 0; r->zeros--, r->digits++)
        r->value *= 10;
    r->value = r->value * 10 + (unsigned)digit;
    r->digits++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int too_long(struct err *e)
{
    return err_set(e, ERR_LIMIT, "the number has more than %d digits", DECIMAL_DIGITS);
}

/* "e-12" at the end: 0, or -1 if it is not an exponent. Huge ones stop at a huge value. */
static int read_exponent(const char *p, const char *end, int64_t *exponent)
{
    bool minus = false;
    *exponent = 0;
    if (p == end)
        return 0;
    if (*p++ != 'e' && p[-1] != 'E')
        return -1;
    if (p < end && (*p == '+' || *p == '-'))
        minus = *p++ == '-';
    if (p == end)
        return -1;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return -1;
        if (*exponent < 1000000)
            *exponent = *exponent * 10 + (*p - '0');
    }
    if (minus)
        *exponent = -*exponent;
    return 0;
}

int decimal_parse(struct str text, struct decimal *out, struct err *e)
{
    const char *p = text.p, *end = text.p + text.n;
    struct reading r = {0};
    bool minus = p < end && *p == '-';
    p += minus;
    const char *first = p;
    for (; p < end && is_digit(*p); p++)
        if (!read_digit(&r, *p - '0', false))
            return too_long(e);
    bool well = p > first && (p - first == 1 || *first != '0');
    if (well && p < end && *p == '.') {
        const char *point = p++;
        for (; p < end && is_digit(*p); p++)
            if (!read_digit(&r, *p - '0', true))
                return too_long(e);
        well = p - point > 1;
    }
    int64_t exponent = 0;
    if (!well || read_exponent(p, end, &exponent))
        return err_set(e, ERR_INPUT, "not a number: \"%.*s\"", (int)(text.n > 60 ? 60 : text.n),
            text.n ? text.p : "");
    *out = (struct decimal){{0, 0}, 0, 0};
    if (r.value == 0)
        return 0;
    int64_t scale = r.scale - r.zeros - exponent;
    if (scale > DECIMAL_SCALE_MAX || scale < -DECIMAL_SCALE_MAX)
        return err_set(e, ERR_LIMIT, "the number is out of range");
    *out = (struct decimal){
        {(uint64_t)r.value, (uint64_t)(r.value >> 64)}, (int32_t)scale, minus ? -1 : 1};
    return 0;
}

/* ---- to text --------------------------------------------------------------------------------- */

/* The digits of the coefficient, at least one. Returns how many. */
static int digits_of(const struct decimal *d, char out[DECIMAL_DIGITS + 2])
{
    char back[DECIMAL_DIGITS + 2];
    coefficient c = ((coefficient)d->limb[1] << 64) | d->limb[0];
    int n = 0;
    do {
        back[n++] = (char)('0' + (int)(c % 10));
        c /= 10;
    } while (c);
    for (int i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    return n;
}

static char *put_zeros(char *p, int n)
{
    if (n > 0) {
        memset(p, '0', (size_t)n);
        p += n;
    }
    return p;
}

static char *put_digits(char *p, const char *digits, int n)
{
    memcpy(p, digits, (size_t)n);
    return p + n;
}

/* Digits with `places` of them behind the point: places >= scale; all of it fits. */
static void put_plain(char *p, const struct decimal *d, const char *digits, int n, int places)
{
    int before = n - d->scale; /* digits before the point; less than 1: zeros behind it */
    if (d->sign < 0)
        *p++ = '-';
    if (before <= 0) {
        *p++ = '0';
    } else {
        p = put_digits(p, digits, before < n ? before : n);
        p = put_zeros(p, before - n);
    }
    if (places > 0) {
        *p++ = '.';
        p = put_zeros(p, before < 0 ? -before : 0);
        if (before < n)
            p = put_digits(p, digits + (before > 0 ? before : 0), n - (before > 0 ? before : 0));
        p = put_zeros(p, places - (d->scale > 0 ? d->scale : 0));
    }
    *p = '\0';
}

/* Digits that the plain text with so many places has. */
static int plain_length(const struct decimal *d, int n, int places)
{
    int before = n - d->scale;
    return (before > 0 ? before : 1) + places;
}

char *decimal_text(const struct decimal *d, char out[DECIMAL_TEXT])
{
    char digits[DECIMAL_DIGITS + 2];
    int n = digits_of(d, digits);
    int places = d->scale > 0 ? d->scale : 0;
    if (plain_length(d, n, places) <= PLAIN_MAX)
        put_plain(out, d, digits, n, places);
    else
        snprintf(out, DECIMAL_TEXT, "%s%c%s%.*se%d", d->sign < 0 ? "-" : "", digits[0],
            n > 1 ? "." : "", n - 1, digits + 1, n - 1 - (int)d->scale);
    return out;
}

int decimal_text_fixed(const struct decimal *d, int places, char out[DECIMAL_TEXT], struct err *e)
{
    char digits[DECIMAL_DIGITS + 2];
    struct decimal r;
    if (places < 0 || places > 20)
        return err_set(e, ERR_INPUT, "places is from 0 to 20");
    if (decimal_round(d, places, DECIMAL_HALF_UP, &r, e))
        return -1;
    int n = digits_of(&r, digits);
    if (plain_length(&r, n, places) > PLAIN_MAX)
        return err_set(e, ERR_LIMIT, "the number has more than %d digits", PLAIN_MAX);
    put_plain(out, &r, digits, n, places);
    return 0;
}
