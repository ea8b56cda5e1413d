/* Addresses: what is split has a town and says how sure it is; fields are text; what is refused is
 * empty. The first byte chooses the default country. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *field, size_t room)
{
    if (!memchr(field, 0, room) || !str_utf8_valid(str_of(field)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const countries[] = {"FI", "SE", "GB", "IE", "NL", "DE", "FR", "IT", "HU",
        "LV", "CZ", "PL", "PT", "MT", "IS", "XX", NULL};
    struct address a;
    struct err e = {0};
    if (size == 0)
        return 0;
    const char *country = countries[data[0] % (sizeof(countries) / sizeof(countries[0]))];
    static const struct address_town list[] = {{{"00100", 5}, {"HELSINKI", 8}},
        {{"00100", 5}, {"HELSINGFORS", 11}}, {{"86800", 5}, {"PYH\xC3\x84J\xC3\x84RVI", 11}}};
    static const struct address_towns towns = {list, 3};
    int rc = address_split_known((struct str){(const char *)data + 1, size - 1}, country,
        data[0] & 0x80 ? &towns : NULL, &a, &e);
    if (rc < 0 ? a.street[0] || a.city[0] || a.confidence || !e.text[0]
               : !a.city[0] || a.confidence < 1 || a.confidence > 100)
        abort();
    check_text(a.street, sizeof(a.street));
    check_text(a.postal_code, sizeof(a.postal_code));
    check_text(a.city, sizeof(a.city));
    check_text(a.co, sizeof(a.co));
    check_text(a.po_box, sizeof(a.po_box));
    check_text(a.company, sizeof(a.company));
    check_text(a.rest, sizeof(a.rest));
    check_text(a.code_city, sizeof(a.code_city));
    struct address_lines lines = {a.company, a.co, a.street, a.postal_code, a.city, a.country};
    struct buf out;
    buf_init(&out, BUF_MAX_DEFAULT);
    if (address_format(&out, &lines) < 0)
        abort();
    buf_free(&out);
    return 0;
}
