/* Addresses of Europe beyond Finland: found by their postal codes, split around them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "address_impl.h"

/* What is known while an address is taken apart. */
struct splitting {
    struct address_line *l;
    const char *country;                /* NULL: not known */
    struct str part[ADDRESS_PARTS + 2]; /* what is neither code nor town, in order */
    int n;
    struct str city;
    bool reversed; /* the town came first */
};

/* "Co. Galway", "County Cork", "East Sussex": a county behind the town, which no letter needs. */
static bool is_county(struct str s)
{
    static const char *const counties[] = {"east sussex", "west sussex", "kent", "essex", "surrey",
        "hampshire", "dorset", "devon", "cornwall", "somerset", "wiltshire", "berkshire",
        "buckinghamshire", "oxfordshire", "hertfordshire", "bedfordshire", "cambridgeshire",
        "suffolk", "norfolk", "lincolnshire", "nottinghamshire", "derbyshire", "leicestershire",
        "northamptonshire", "warwickshire", "worcestershire", "gloucestershire", "herefordshire",
        "shropshire", "staffordshire", "cheshire", "lancashire", "cumbria", "north yorkshire",
        "south yorkshire", "west yorkshire", "east yorkshire", "county durham", "northumberland",
        "tyne and wear", "merseyside", "greater manchester", "west midlands", "middlesex",
        "greater london", "mid glamorgan", "south glamorgan", "west glamorgan", "gwent", "powys",
        "dyfed", "gwynedd", "clwyd", "fife", "lanarkshire", "ayrshire", "aberdeenshire", "rutland",
        "isle of wight", "cheshire east", "cheshire west", "north somerset", "county antrim",
        "county down"};
    if (address_starts_word(s, "co.") || address_starts_word(s, "county") ||
        address_starts_word(s, "co"))
        return s.n > 6;
    for (size_t i = 0; i < sizeof(counties) / sizeof(counties[0]); i++)
        if (s.n == strlen(counties[i]) && !strncasecmp(s.p, counties[i], s.n))
            return true;
    return false;
}

/* The town without province in brackets ("Firenze (FI)") and signs at its ends. */
static struct str tidy_city(struct str s, const char *country)
{
    s = str_trim(s);
    while (s.n && strchr("-,.", s.p[0]))
        s = str_trim((struct str){s.p + 1, s.n - 1});
    if (s.n > 4 && s.p[s.n - 1] == ')') {
        const char *open = memrchr(s.p, '(', s.n);
        if (open && open != s.p)
            s = str_trim((struct str){s.p, (size_t)(open - s.p)});
    }
    /* Italy: the province's two capitals behind the town. */
    if (country && !strcmp(country, "IT") && s.n > 4 && s.p[s.n - 3] == ' ' &&
        isupper((unsigned char)s.p[s.n - 1]) && isupper((unsigned char)s.p[s.n - 2]) &&
        islower((unsigned char)s.p[s.n - 4]))
        s.n -= 3;
    return str_trim(s);
}

static void add_part(struct splitting *s, struct str part)
{
    part = str_trim(part);
    while (part.n && (part.p[part.n - 1] == '-' || part.p[part.n - 1] == ','))
        part = str_trim((struct str){part.p, part.n - 1});
    if (part.n && s->n < ADDRESS_PARTS + 2)
        s->part[s->n++] = part;
}

/* Where the town begins in "59 Deansgate London" or "Bdul Iuliu Maniu 111 Bucharest": behind the
 * number at the end of the street, else behind the last word of a street, else the last word. 0 if
 * all of it is one thing. */
static size_t town_in(struct str s)
{
    size_t street = 0, number = 0, last = 0, i = 0;
    while (i < s.n) {
        size_t start = i;
        while (i < s.n && s.p[i] != ' ')
            i++;
        struct str w = {s.p + start, i - start};
        while (i < s.n && s.p[i] == ' ')
            i++;
        if (i >= s.n)
            break;
        last = i;
        if (isdigit((unsigned char)w.p[0]) && start > 0)
            number = i;
        else if (address_street_word(w) && start > 0)
            street = i;
    }
    return number ? number : street ? street : last;
}

/* Splits "street town" and takes both. */
static void take_street_and_town(struct splitting *s, struct str both)
{
    size_t at = town_in(both);
    add_part(s, (struct str){both.p, at});
    s->city = (struct str){both.p + at, both.n - at};
}

/* Takes parts [from, to) as they are. */
static void add_parts(struct splitting *s, int from, int to)
{
    for (int i = from; i < to; i++)
        add_part(s, s->l->part[i]);
}

/* The last word begins with a digit. */
static bool ends_in_number(struct str s)
{
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return at > 0 && isdigit((unsigned char)s.p[at]);
}

/* The part before `to` is the town, a county behind it passed over; what stands before it are
 * streets. False if there is none that could be. */
static bool take_town_before(struct splitting *s, int to, struct address *out)
{
    int i = to - 1;
    if (i > 0 && is_county(s->l->part[i])) {
        address_append(out->rest, sizeof(out->rest), s->l->part[i]);
        i--;
    }
    if (i < 0)
        return false;
    struct str town = s->l->part[i];
    bool numbered = address_has_digit(town) && !address_starts_word(town, "dublin");
    if (i == 1 && numbered && ends_in_number(town) && !address_has_digit(s->l->part[0]) &&
        !address_is_company(s->l->part[0])) {
        /* "Budapest, Váci út 45, 1134" */
        s->city = s->l->part[0];
        add_part(s, town);
    } else if (i == 0 || numbered) {
        add_parts(s, 0, i);
        take_street_and_town(s, town);
    } else {
        s->city = town;
        add_parts(s, 0, i);
    }
    return s->city.n > 0;
}

/* The code stands behind the town: "London SW1A 2AA", "Rīga, LV-1010". */
static bool code_last(struct splitting *s, const struct address_code *c, struct address *out)
{
    struct str part = s->l->part[c->part];
    struct str before = str_trim((struct str){part.p, c->at - c->prefix});
    int next = c->part + 1;
    while (before.n && before.p[before.n - 1] == ',')
        before.n--;
    if (before.n && c->part > 0 && !address_has_digit(before) && is_county(before)) {
        address_append(out->rest, sizeof(out->rest), before);
        return take_town_before(s, c->part, out);
    }
    if (!before.n)
        return take_town_before(s, c->part, out);
    if (next < s->l->nparts && !address_has_digit(s->l->part[next])) {
        /* "21, Kingswood Road SW2 4JE, London" */
        add_parts(s, 0, c->part);
        add_part(s, before);
        s->city = s->l->part[next];
        return true;
    }
    add_parts(s, 0, c->part);
    bool town =
        c->part > 0 && (!address_has_digit(before) || address_starts_word(before, "dublin"));
    if (town)
        s->city = before;
    else
        take_street_and_town(s, before);
    return true;
}

/* The code stands before the town: "411 10 Göteborg", "13156, Berlin". */
static bool code_first(struct splitting *s, const struct address_code *c, struct address *out)
{
    struct str part = s->l->part[c->part];
    struct str before = str_trim((struct str){part.p, c->at - c->prefix});
    struct str after = str_trim((struct str){part.p + c->at + c->n, part.n - c->at - c->n});
    int next = c->part + 1;
    if (!after.n && next < s->l->nparts && !address_has_digit(s->l->part[next])) {
        after = s->l->part[next++];
    } else if (!after.n) {
        return before.n ? code_last(s, c, out) : take_town_before(s, c->part, out);
    }
    s->city = after;
    add_parts(s, 0, c->part);
    add_part(s, before);
    s->reversed = s->n == 0;
    if (s->reversed)
        add_parts(s, next, s->l->nparts);
    for (int i = next; !s->reversed && i < s->l->nparts; i++)
        address_append(out->rest, sizeof(out->rest), s->l->part[i]);
    return true;
}

/* "Praha, Nad Panenskou 164/4": the town came first. */
static bool town_then_street(struct splitting *s)
{
    int n = s->l->nparts;
    if (address_has_digit(s->l->part[0]) || address_is_company(s->l->part[0]) ||
        isdigit((unsigned char)s->l->part[n - 1].p[0]))
        return false;
    s->city = s->l->part[0];
    s->reversed = true;
    add_parts(s, 1, n);
    return true;
}

/* "Königsallee Düsseldorf", "Rue Montmartre Paris": a street's word and one more. */
static bool street_then_town(struct splitting *s, struct str all)
{
    struct str rest, first = str_cut(all, ' ', &rest);
    const char *space = memrchr(all.p, ' ', all.n);
    if (!rest.p || !address_street_word(first) || !space)
        return false;
    add_part(s, (struct str){all.p, (size_t)(space - all.p)});
    s->city = (struct str){space + 1, (size_t)(all.p + all.n - space - 1)};
    return s->city.n > 2;
}

/* No code: the last part is the town, or what stands behind the number. */
static bool no_code(struct splitting *s, struct address *out)
{
    int n = s->l->nparts;
    struct str all = n ? s->l->part[0] : STR_NONE, last = n ? s->l->part[n - 1] : STR_NONE;
    if (n >= 2 && address_has_digit(last) && !address_starts_word(last, "dublin"))
        return n == 2 && town_then_street(s);
    if (n >= 2)
        return take_town_before(s, n, out) && s->n > 0;
    if (n == 1 && !address_has_digit(all))
        return street_then_town(s, all);
    if (n == 0 || isdigit((unsigned char)all.p[0]) || isdigit((unsigned char)all.p[all.n - 1]))
        return false;
    take_street_and_town(s, all);
    return s->n > 0 && address_has_digit(s->part[0]) && s->city.n > 1 &&
           !address_has_digit(s->city);
}

static int fail(const struct splitting *s, struct err *e)
{
    return err_set(e, ERR_INPUT,
        "no postal code with a town in '%s': give street, postal code and town in fields of their "
        "own",
        s->l->text);
}

int address_europe(
    struct address_line *l, const char *country, bool named, struct address *out, struct err *e)
{
    struct splitting s = {.l = l, .country = country};
    struct address_code c;
    bool coded = address_find_code(l, country, &c);
    if (named)
        memcpy(out->country, country, 3);
    if (coded) {
        struct str part = l->part[c.part];
        address_copy(out->postal_code, sizeof(out->postal_code), (struct str){part.p + c.at, c.n});
        if (c.country)
            s.country = c.country;
        if (c.prefix && c.country && !named)
            memcpy(out->country, c.country, 3);
        bool done = c.order == ADDRESS_CITY_FIRST && !c.letters ? code_last(&s, &c, out)
                                                                : code_first(&s, &c, out);
        if (!done)
            return fail(&s, e);
    } else if (!no_code(&s, out)) {
        return fail(&s, e);
    }
    struct str city = tidy_city(s.city, s.country), given = str_trim(s.city);
    address_copy(out->city, sizeof(out->city), city);
    if (!address_letter(out->city[0]) && out->city[0] != '\'')
        return fail(&s, e);
    address_sort_parts(s.part, s.n, s.country, out);
    out->confidence = !coded ? 45 : !out->street[0] ? 70 : out->rest[0] ? 65 : s.reversed ? 80 : 90;
    if (coded && !country && !c.country)
        out->confidence -= 20; /* the country is a guess by the code's form */
    /* "Milano MI": the province is no part of the town, and not lost. */
    struct str province =
        str_trim((struct str){city.p + city.n, (size_t)(given.p + given.n - city.p) - city.n});
    if (city.n && province.n > 1)
        address_append(out->rest, sizeof(out->rest), province);
    return 0;
}
