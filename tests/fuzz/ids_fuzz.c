/* Identifiers: what is valid has a normal form that is valid and its own normal form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Types without a check digit: that two texts are the same is not concluded from them. */
static bool any_digits_do(const char *type)
{
    return !strcmp(type, "gb_company") || !strcmp(type, "nl_kvk") || !strcmp(type, "is_vsk") ||
           !strcmp(type, "us_ein");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct ids_checked c, again;
    for (int i = 0; ids_type(i); i++) {
        if (ids_check(ids_type(i), text, &c) != IDS_VALID)
            continue;
        if (ids_check(ids_type(i), str_of(c.normal), &again) != IDS_VALID ||
            strcmp(c.normal, again.normal))
            abort();
        if (!any_digits_do(ids_type(i)) && !ids_same(text, str_of(c.normal)))
            abort();
    }
    if (ids_reference_make(text, &c) &&
        (ids_check("fi_viitenumero", str_of(c.normal), &again) != IDS_VALID ||
            !ids_rf_make(str_of(c.normal), &again)))
        abort();
    size_t at, n;
    if (ids_find_personal(text, &at, &n) && (n < 11 || at + n > size))
        abort();
    if (ids_is_personal(text) && ids_check("fi_ytunnus", text, &c) == IDS_VALID)
        abort();
    return 0;
}
