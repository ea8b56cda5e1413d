/* Addresses put together again. */
#include <string.h>
#include "address.h"

static bool town_first(const char *country)
{
    return !strcmp(country, "GB") || !strcmp(country, "IE") || !strcmp(country, "LV");
}

static void add_line(struct buf *out, size_t start, const char *before, const char *text)
{
    if (!text[0])
        return;
    if (out->n > start)
        buf_addc(out, '\n');
    buf_adds(out, before);
    buf_adds(out, text);
}

int address_format(struct buf *out, const struct address_lines *a)
{
    size_t start = out->n;
    bool reversed = town_first(a->country);
    const char *first = reversed ? a->city : a->postal_code;
    const char *second = reversed ? a->postal_code : a->city;
    add_line(out, start, "", a->company);
    add_line(out, start, "c/o ", a->co);
    add_line(out, start, "", a->street);
    add_line(out, start, "", first);
    if (first[0] && second[0])
        buf_addc(out, ' ');
    if (first[0])
        buf_adds(out, second);
    else
        add_line(out, start, "", second);
    add_line(out, start, "", strcmp(a->country, "FI") ? a->country : "");
    return out->failed ? -1 : 0;
}
