/* Exact decimal numbers for money. A value is plain data: +-coefficient * 10^-scale with at most
 * DECIMAL_DIGITS digits, always in its shortest form (no trailing zeros; zero has scale 0 and no
 * sign), so values that are equal are equal bytes. Nothing is ever rounded silently but what
 * decimal_div says. */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "str.h"

#define DECIMAL_DIGITS     38  /* significant digits of a value */
#define DECIMAL_DIV_DIGITS 34  /* of a quotient that does not come out even */
#define DECIMAL_SCALE_MAX  400 /* a value's scale is within +-this */

struct decimal {
    uint64_t limb[2]; /* the coefficient, low word first */
    int32_t scale;    /* digits behind the decimal point; negative: zeros before it */
    int32_t sign;     /* -1, 0, 1 */
};

enum decimal_rounding {
    DECIMAL_HALF_UP,  /* a half goes away from zero: cents, EN 16931 practice */
    DECIMAL_HALF_EVEN /* a half goes to the even neighbour */
};

struct decimal decimal_of(int64_t n);
/* Whole numbers within int64: true. */
bool decimal_to_i64(const struct decimal *d, int64_t *out);
/* The nearest binary number; for display and comparison with floats only. */
double decimal_to_double(const struct decimal *d);

/* Exact, or -1 with ERR_LIMIT "more than 38 digits" (or out of range). out may be an operand. */
int decimal_add(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);
int decimal_sub(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);
int decimal_mul(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);
/* Exact if the quotient ends within 38 digits, else rounded half up to 34 significant digits.
 * -1 with ERR_INPUT for a division by zero. */
int decimal_div(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);
struct decimal decimal_neg(const struct decimal *d);
struct decimal decimal_abs(const struct decimal *d);
/* -1, 0, 1 as a is less than, equal to or more than b. Never fails. */
int decimal_compare(const struct decimal *a, const struct decimal *b);
/* To `places` digits behind the point (negative: to tens, hundreds ...). Fails only where
 * rounding up makes a 39th digit. */
int decimal_round(const struct decimal *d, int places, enum decimal_rounding how,
    struct decimal *out, struct err *e);

/* A number as strict JSON writes it: "-12.50", "1e3". -1 and e otherwise. */
int decimal_parse(struct str text, struct decimal *out, struct err *e);

#define DECIMAL_TEXT 80
/* The shortest text, valid JSON: plain digits ("25.5", "-0.01", "1200"), with an exponent only
 * where plain digits would be more than 60 ("1.5e-80"). Returns out. */
char *decimal_text(const struct decimal *d, char out[DECIMAL_TEXT]);
/* Rounded half up to exactly `places` (0 to 20) digits behind the point: "25.50". -1 with
 * ERR_LIMIT if it would not fit. */
int decimal_text_fixed(const struct decimal *d, int places, char out[DECIMAL_TEXT], struct err *e);

/* ---- numbers as people write them ------------------------------------------------------------ */

enum decimal_language {
    DECIMAL_LANGUAGE_NONE,    /* not known: what could be either is refused */
    DECIMAL_LANGUAGE_FINNISH, /* 1.234 is one thousand two hundred ..., 1,234 a bit over one */
    DECIMAL_LANGUAGE_ENGLISH  /* the other way round */
};

struct decimal_found {
    struct decimal value;
    char currency[4]; /* "EUR", or "" */
    bool percent;
    char unit[24]; /* what else stood behind the number, as written ("kpl", "h"), or "" */
};

/* "1 234,50 EUR", "1.234,50", "EUR 1,234.50", "25,5 %", "-5" (also with the minus sign U+2212).
 * Spaces of any kind (no-break, narrow, thin) and apostrophes group thousands, in threes only. A
 * comma and a dot together: the last is the decimal mark. One of them more than once: thousands.
 * Once: the decimal mark, except where exactly three digits follow one to three that do not begin
 * with 0 ("1,234"): that reads as either, so it is refused unless `language` settles it. "25,-" is
 * 25. Refused with the reason: "5-", "(5)", "1e5", "007", "1 23", two numbers, no number. */
int decimal_parse_people(
    struct str text, enum decimal_language language, struct decimal_found *out, struct err *e);

#endif
