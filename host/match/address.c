/* Addresses: the way in, and which country's rules apply. */
#include "address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "address_impl.h"

bool address_country_known(const char *country)
{
    return country && strlen(country) == 2 && isalpha((unsigned char)country[0]) &&
           isalpha((unsigned char)country[1]);
}

static bool is_finnish(const char *country)
{
    return !strcmp(country, "FI") || !strcmp(country, "AX");
}

/* Another country's letters or a form of code that no Finnish address has. */
static bool is_foreign(const struct address_line *l)
{
    struct address_code c;
    return address_find_code(l, NULL, &c) && c.country && !is_finnish(c.country);
}

/* The rules of Finland first, as it is the default: if they find nothing, the code may tell. */
static int split_by_form(
    struct str text, struct address_line *l, struct address *out, struct err *e)
{
    struct address_line europe;
    struct address_code c;
    struct err first = {0};
    if (address_finnish_code(l))
        return address_finland(l, out, e);
    address_line_make(&europe, text, false);
    if (is_foreign(&europe))
        return address_europe(&europe, NULL, false, out, e);
    if (address_finland(l, out, &first) == 0)
        return 0;
    memset(out, 0, sizeof(*out));
    if (address_find_code(&europe, NULL, &c) && c.n >= 4 &&
        address_europe(&europe, NULL, false, out, NULL) == 0 && out->street[0])
        return 0;
    return err_set(e, first.code, "%s", first.text);
}

/* The country that the text names at its end, "" if none. */
static void country_named(const struct address_line *l, char named[3])
{
    struct address_line ends = {.nparts = 1};
    if (l->nparts == 0)
        return;
    ends.part[0] = l->part[l->nparts - 1];
    if (l->nparts > 1) {
        ends.part[1] = ends.part[0];
        ends.part[0] = l->part[l->nparts - 2];
        ends.nparts = 2;
    }
    if (!address_take_country(&ends, named))
        named[0] = '\0';
}

static int split(struct str text, const char *by_default, struct address *out, struct err *e)
{
    struct address_line l;
    char named[3] = "";
    if (address_line_make(&l, text, true) < 0)
        return err_set(e, ERR_LIMIT, "the address is longer than %d bytes", ADDRESS_TEXT - 2);
    country_named(&l, named);
    if (named[0] && is_finnish(named))
        return address_finland(&l, out, e);
    if (!named[0] && is_finnish(by_default))
        return split_by_form(text, &l, out, e);
    address_line_make(&l, text, false);
    bool has_name = named[0] && address_take_country(&l, named);
    return address_europe(&l, has_name ? named : by_default, has_name, out, e);
}

int address_split(struct str text, const char *country, struct address *out, struct err *e)
{
    char by_default[3] = "FI";
    memset(out, 0, sizeof(*out));
    text = str_trim(text);
    if (text.n == 0)
        return err_set(e, ERR_INPUT, "the address is empty");
    if (!str_utf8_valid(text) || memchr(text.p, 0, text.n))
        return err_set(e, ERR_INPUT, "the address is not UTF-8 text");
    if (address_country_known(country))
        for (int i = 0; i < 2; i++)
            by_default[i] = (char)toupper((unsigned char)country[i]);
    int rc = split(text, by_default, out, e);
    if (rc < 0)
        memset(out, 0, sizeof(*out));
    return rc;
}
