/* Identifiers: the check-digit sums that more than one country uses. */
#include "ids_impl.h"

int ids_weighted(const char *p, const signed char *weights, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += weights[i] * (p[i] - '0');
    return sum;
}

bool ids_luhn(const char *p, int n)
{
    int sum = 0;
    for (int i = n - 1, twice = 0; i >= 0; i--, twice = !twice) {
        int d = (p[i] - '0') << twice;
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

bool ids_mod11_10(const char *p, int n)
{
    int product = 10;
    for (int i = 0; i < n - 1; i++) {
        int sum = (product + (p[i] - '0')) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (product + (p[n - 1] - '0')) % 10 == 1;
}

int ids_mod97(const char *p, int n, int from)
{
    /* The remainder is taken only when the number would outgrow its 64 bits. */
    uint64_t r = 0;
    for (int i = 0; i < n; i++) {
        int at = i + from < n ? i + from : i + from - n;
        char c = p[at];
        r = c <= '9' ? r * 10 + (uint64_t)(c - '0') : r * 100 + (uint64_t)(c - 'A' + 10);
        if (r > UINT64_MAX / 1000)
            r %= 97;
    }
    return (int)(r % 97);
}

int64_t ids_number(const char *p, int n)
{
    int64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + (p[i] - '0');
    return v;
}

bool ids_date(int year, int month, int day)
{
    static const signed char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}
