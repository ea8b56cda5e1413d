#include "newness.h"

#include <string.h>
#include "clock.h"
#include "decimal.h"

static int by_bytes(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? (c < 0 ? -1 : 1) : (a.n > b.n) - (a.n < b.n);
}

/* The digits of a second behind the point, without zeros at the end. */
static struct str fraction(struct str s)
{
    const char *dot = memchr(s.p, '.', s.n);
    struct str f = STR_LIT("");
    if (!dot)
        return f;
    f.p = dot + 1;
    while (f.p + f.n < s.p + s.n && f.p[f.n] >= '0' && f.p[f.n] <= '9')
        f.n++;
    while (f.n && f.p[f.n - 1] == '0')
        f.n--;
    return f;
}

static int texts(struct str a, struct str b)
{
    int64_t at_a, at_b;
    if (!clock_parse_rfc3339(a.p, a.n, &at_a) || !clock_parse_rfc3339(b.p, b.n, &at_b))
        return by_bytes(a, b);
    if (at_a != at_b)
        return at_a < at_b ? -1 : 1;
    return by_bytes(fraction(a), fraction(b));
}

int newness_compare(struct str a, struct str b)
{
    struct decimal x, y;
    if (a.n == 0 || b.n == 0 || a.p[0] != b.p[0])
        return 0;
    struct str in_a = {a.p + 1, a.n - 1}, in_b = {b.p + 1, b.n - 1};
    if (a.p[0] == 't')
        return texts(in_a, in_b);
    if (decimal_parse(in_a, &x, NULL) < 0 || decimal_parse(in_b, &y, NULL) < 0)
        return 0;
    return decimal_compare(&x, &y);
}
