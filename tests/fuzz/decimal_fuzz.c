/* Decimals: a text that is a number comes back from its own text, arithmetic undoes itself, and
 * what people write never reads outside its bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_value(const struct decimal *d)
{
    char text[DECIMAL_TEXT];
    struct decimal again, other;
    struct err e;
    decimal_text(d, text);
    must(!decimal_parse(str_of(text), &again, &e) && !memcmp(d, &again, sizeof(again)));
    must(decimal_compare(d, &again) == 0);
    struct decimal one = decimal_of(1);
    if (!decimal_add(d, &one, &other, &e)) {
        must(decimal_compare(&other, d) > 0);
        must(!decimal_sub(&other, &one, &other, &e) && !memcmp(d, &other, sizeof(other)));
    }
    if (d->sign && !decimal_div(d, d, &other, &e))
        must(!memcmp(&other, &one, sizeof(one)));
    for (int places = -3; places <= 20; places++) {
        if (decimal_round(d, places, DECIMAL_HALF_UP, &again, &e))
            continue;
        must(again.scale <= places || !again.sign);
        if (places >= 0 && !decimal_text_fixed(d, places, text, &e))
            must(!decimal_parse(str_of(text), &other, &e) && !decimal_compare(&other, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest, text = {(const char *)data, size};
    struct str first = str_cut(text, '\n', &rest);
    struct decimal a, b, r, back;
    struct decimal_found found;
    struct err e;
    if (!decimal_parse(first, &a, &e)) {
        check_value(&a);
        if (rest.p && !decimal_parse(rest, &b, &e)) {
            if (!decimal_add(&a, &b, &r, &e) && !decimal_sub(&r, &b, &back, &e))
                must(!memcmp(&a, &back, sizeof(a)));
            if (b.sign && !decimal_mul(&a, &b, &r, &e) && !decimal_div(&r, &b, &back, &e))
                must(!memcmp(&a, &back, sizeof(a)));
            must(decimal_compare(&a, &b) == -decimal_compare(&b, &a));
        }
    }
    for (int language = 0; language <= DECIMAL_LANGUAGE_ENGLISH; language++)
        if (!decimal_parse_people(text, (enum decimal_language)language, &found, &e))
            check_value(&found.value);
    return 0;
}
