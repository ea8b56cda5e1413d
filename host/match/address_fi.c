/* Addresses of Finland and Åland: the town is what stands behind the postal code of five digits. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "address_impl.h"

/* Names of Finland and Åland as they end an address line, lower case. Longest first. */
static const struct {
    const char *name;
    const char *code;
} countries[] = {
    {"suomi finland", "FI"},
    {"suomi-finland", "FI"},
    {"ahvenanmaa", "AX"},
    {"åland", "AX"},
    {"åland islands", "AX"},
    {"ÅLAND", "AX"},
    {"finland", "FI"},
    {"suomi", "FI"},
    {"fin", "FI"},
    {"fi", "FI"},
    {"ax", "AX"},
};

/* What a part that belongs to the street line before it begins with: flat, stair, floor, room. */
static const char *const unit_words[] = {"as", "as.", "bst", "bst.", "lh", "lh.", "lokal", "rappu",
    "huone", "krs", "krs.", "asunto", "apt", "vån", "vån."};

static bool is_country(struct str s, const char **code)
{
    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
        if (s.n == strlen(countries[i].name) && !strncasecmp(s.p, countries[i].name, s.n)) {
            *code = countries[i].code;
            return true;
        }
    return false;
}

/* Takes a country off the end: the last part, or the last word of it. */
static void take_country(struct address_line *l, struct address *out)
{
    const char *code;
    if (l->nparts == 0)
        return;
    struct str *last = &l->part[l->nparts - 1];
    if (l->nparts > 1 && is_country(*last, &code)) {
        memcpy(out->country, code, 3);
        l->nparts--;
        last--;
        /* "..., Åland, Finland" */
        if (l->nparts > 1 && is_country(*last, &code) && !strcmp(code, "AX")) {
            memcpy(out->country, code, 3);
            l->nparts--;
        }
        return;
    }
    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
        size_t n = strlen(countries[i].name);
        if (last->n <= n + 1 || last->p[last->n - n - 1] != ' ')
            continue;
        /* Two or three letters after a town are a country's code only in capitals. */
        const char *tail = last->p + last->n - n;
        bool code_like =
            n > 3 || (tail[0] >= 'A' && tail[0] <= 'Z' && tail[1] >= 'A' && tail[1] <= 'Z');
        if (code_like && !strncasecmp(tail, countries[i].name, n)) {
            memcpy(out->country, countries[i].code, 3);
            *last = str_trim((struct str){last->p, last->n - n});
            return;
        }
    }
}

/* A country prefix of the postal code that ends right before at ("FI-", "FIN ", "SF-", "AX-").
 * FIN and SF are obsolete but still written. Returns its length with the separator. */
static size_t prefix_before(struct str s, size_t at, const char **code)
{
    static const struct {
        const char *text;
        const char *code;
    } prefixes[] = {{"FIN", "FI"}, {"FI", "FI"}, {"SF", "FI"}, {"AX", "AX"}};
    if (at < 3 || (s.p[at - 1] != '-' && s.p[at - 1] != ' '))
        return 0;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i].text);
        if (at < n + 1 || strncasecmp(s.p + at - 1 - n, prefixes[i].text, n))
            continue;
        if (at - 1 - n > 0 && s.p[at - 2 - n] != ' ')
            continue;
        *code = prefixes[i].code;
        return n + 1;
    }
    return 0;
}

/* Where the postal code of this part begins: five digits that are a word of their own, the last
 * such; -1 if there is none. town says whether letters follow it. */
static int find_code(struct str s, bool *town)
{
    int found = -1;
    for (size_t i = 0; i + 5 <= s.n; i++) {
        size_t n = 0;
        while (i + n < s.n && isdigit((unsigned char)s.p[i + n]))
            n++;
        bool begins = i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '-';
        bool ends = i + n == s.n || s.p[i + n] == ' ';
        if (n == 5 && begins && ends) {
            size_t after = i + n;
            while (after < s.n && s.p[after] == ' ')
                after++;
            bool letters = after < s.n && address_letter(s.p[after]);
            if (found < 0 || letters) {
                found = (int)i;
                *town = letters;
            }
        }
        if (n)
            i += n - 1;
    }
    return found;
}

static bool is_unit(struct str s)
{
    for (size_t i = 0; i < sizeof(unit_words) / sizeof(unit_words[0]); i++)
        if (address_starts_word(s, unit_words[i]))
            return true;
    /* "3. krs", "2. kerros", "B 12": a floor, or a stair letter with a flat. */
    size_t digits = 0;
    while (digits < s.n && isdigit((unsigned char)s.p[digits]))
        digits++;
    if (digits && digits < s.n && s.p[digits] == '.') {
        struct str word = str_trim((struct str){s.p + digits + 1, s.n - digits - 1});
        return address_starts_word(word, "krs") || address_starts_word(word, "kerros") ||
               address_starts_word(word, "vån");
    }
    return s.n <= 6 && isalpha((unsigned char)s.p[0]) && (s.n == 1 || s.p[1] == ' ') &&
           address_has_digit(s);
}

/* "Osmontie 38 PL 950", "PL 12 (Rantakatu 3)", "c/o Virtanen PL 7": the box, and the street or c/o
 * beside it. False if the part is not both. */
static bool beside_box(struct str s, struct str *street, struct str *box)
{
    struct str name;
    static const char *const words[] = {"pl", "pb", "p.l.", "p.b.", "po box", "p.o. box"};
    for (size_t at = 0; at < s.n; at++) {
        struct str tail = {s.p + at, s.n - at};
        if (at && s.p[at - 1] != ' ' && s.p[at - 1] != '(')
            continue;
        size_t n = 0;
        for (size_t i = 0; !n && i < sizeof(words) / sizeof(words[0]); i++)
            if (address_starts_word(tail, words[i]))
                n = strlen(words[i]);
        size_t end = n;
        while (n && end < tail.n && (tail.p[end] == ' ' || tail.p[end] == ')'))
            end++;
        size_t digits = end;
        while (n && end < tail.n && isdigit((unsigned char)tail.p[end]))
            end++;
        if (end == digits || (end < tail.n && !strchr(" )(", tail.p[end])))
            continue;
        struct str before = {s.p, at}, behind = {tail.p + end, tail.n - end};
        *box = (struct str){tail.p, end};
        bool co = address_is_co(before, &name);
        *street = co || address_has_digit(before) ? before : behind;
        while (street->n && strchr(" (),", street->p[0]))
            *street = (struct str){street->p + 1, street->n - 1};
        while (street->n && strchr(" (),", street->p[street->n - 1]))
            street->n--;
        return (co || address_has_digit(*street)) && address_letter(street->p[0]);
    }
    return false;
}

/* Sorts the parts before (or, when reversed, behind) the postal code into fields. */
static void take_parts(const struct str *given, int given_n, struct address *out)
{
    struct str part[2 * (ADDRESS_PARTS + 1)];
    int street = -1, n = 0;
    bool boxed = false;
    struct str name;
    for (int i = 0; i < given_n; i++) {
        if (beside_box(given[i], &part[n], &part[n + 1]))
            n++;
        else
            part[n] = given[i];
        n++;
    }
    for (int i = 0; i < n; i++) {
        if (address_is_note(part[i])) {
            address_append(out->rest, sizeof(out->rest), part[i]);
        } else if (address_is_co(part[i], &name)) {
            address_append(out->co, sizeof(out->co), name);
        } else if (!out->po_box[0] && address_is_box(part[i], &name)) {
            /* It stands for the street where there is none. */
            address_copy(out->po_box, sizeof(out->po_box), name);
            boxed = street < 0;
            if (boxed) {
                street = i;
                address_copy(out->street, sizeof(out->street), part[i]);
            }
        } else if (street >= 0 && !boxed && is_unit(part[i])) {
            address_append(out->street, sizeof(out->street), part[i]);
        } else if ((street < 0 || boxed) && address_has_digit(part[i]) &&
                   !address_is_company(part[i])) {
            street = i;
            boxed = false;
            address_copy(out->street, sizeof(out->street), part[i]);
        } else if (address_is_company(part[i]) || (i + 1 < n && street < 0)) {
            address_append(out->company, sizeof(out->company), part[i]);
        } else if (street < 0) {
            street = i;
            address_copy(out->street, sizeof(out->street), part[i]);
        } else {
            address_append(out->rest, sizeof(out->rest), part[i]);
        }
    }
}

/* The town stands before the code: a name without a number, and behind the code comes nothing, or
 * a street with its number (no town has one). */
static bool before_code_is_town(
    const struct address_line *l, int at, struct str before, struct str after)
{
    struct str town = before.n ? before : at > 0 ? l->part[at - 1] : STR_NONE;
    return town.n > 0 && !address_has_digit(town) && !address_is_company(town) &&
           (after.n == 0 || (address_has_digit(after) && at == (before.n ? 0 : 1)));
}

/* "Helsinki Mannerheimintie 5": where behind the town a street begins, no town has a number. 0 if
 * it cannot be told. */
static size_t street_behind_town(struct str s)
{
    size_t second = 0, word = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ')
            continue;
        struct str w = {s.p + word, i - word};
        if (word && address_street_word(w))
            return word;
        if (word && isdigit((unsigned char)w.p[0]))
            return word == second ? 0 : second;
        word = i + 1;
        second = second ? second : word;
    }
    return second && word > second && isdigit((unsigned char)s.p[word]) ? second : 0;
}

/* "Vaasantie 12 Lapua 62100": where behind the street's number the town begins whose code comes
 * last; 0 if there is no town. pos: where the code begins. */
static size_t town_behind_number(struct str s, size_t pos)
{
    size_t town = 0, word = 0;
    for (size_t i = 0; i < pos; i++) {
        if (s.p[i] != ' ')
            continue;
        struct str w = {s.p + word, i - word};
        if (word && (address_has_digit(w) || w.n < 3))
            town = i + 1;
        word = i + 1;
    }
    return address_has_digit((struct str){s.p, town}) && town + 3 < pos ? town : 0;
}

/* "Katu 1, 00100 Helsinki", "00100 Helsinki, Katu 1", "Katu 1,00100,Helsinki". at is the part
 * with the code, pos where in it the code begins. */
static int split_with_code(
    struct address_line *l, int at, int pos, bool town, struct address *out, struct err *e)
{
    struct str s = l->part[at];
    const char *country = NULL;
    size_t prefix = prefix_before(s, (size_t)pos, &country);
    address_copy(out->postal_code, sizeof(out->postal_code), (struct str){s.p + pos, 5});
    if (country)
        memcpy(out->country, country, 3);
    struct str before = str_trim((struct str){s.p, (size_t)pos - prefix});
    struct str city = str_trim((struct str){s.p + pos + 5, s.n - (size_t)pos - 5});
    int next = at + 1;
    if (!town && next < l->nparts)
        city = l->part[next++];
    if (before_code_is_town(l, at, before, city)) {
        /* "Helsinki 00100, Katu 1": what stands behind the code is the street, if anything. */
        struct str town_before = before.n ? before : l->part[--at];
        before = city;
        city = town_before;
    }
    if (city.n == 0)
        return err_set(e, ERR_INPUT, "no town after the postal code %s", out->postal_code);
    struct str parts[ADDRESS_PARTS + 1];
    int n = 0;
    for (int i = 0; i < at; i++)
        parts[n++] = l->part[i];
    if (before.n)
        parts[n++] = before;
    bool reversed = n == 0;
    size_t street = reversed && address_has_digit(city) ? street_behind_town(city) : 0;
    if (street) {
        parts[n++] = (struct str){city.p + street, city.n - street};
        city.n = street;
    }
    address_copy(out->city, sizeof(out->city), city);
    for (int i = next; i < l->nparts; i++) {
        if (reversed)
            parts[n++] = l->part[i];
        else
            address_append(out->rest, sizeof(out->rest), l->part[i]);
    }
    take_parts(parts, n, out);
    out->confidence = out->rest[0] ? 60 : reversed ? 85 : out->street[0] ? 95 : 80;
    return 0;
}

/* "Mettäläntie 38, Sastamala": a street with its number, and a last part that is only a name. */
static int split_without_code(struct address_line *l, struct address *out, struct err *e)
{
    struct str last = l->nparts ? l->part[l->nparts - 1] : STR_NONE;
    bool number = false;
    for (int i = 0; i + 1 < l->nparts; i++)
        number = number || address_has_digit(l->part[i]);
    if (l->nparts < 2 || address_has_digit(last) || !number)
        return err_set(e, ERR_INPUT,
            "no postal code of five digits with a town after it in '%.*s': give street, postal "
            "code and town in fields of their own",
            (int)(l->nparts ? strlen(l->text) : 0), l->text);
    address_copy(out->city, sizeof(out->city), last);
    take_parts(l->part, l->nparts - 1, out);
    out->confidence = 50;
    return 0;
}

bool address_finnish_code(const struct address_line *l)
{
    for (int i = l->nparts - 1; i >= 0; i--) {
        const char *country = NULL;
        bool town = false;
        int pos = find_code(l->part[i], &town);
        if (pos >= 0 && town)
            return !address_prefix(l->part[i], (size_t)pos, &country) || !strcmp(country, "FI") ||
                   !strcmp(country, "AX");
    }
    return false;
}

int address_finland(struct address_line *l, struct address *out, struct err *e)
{
    take_country(l, out);
    for (int i = l->nparts - 1; i >= 0; i--) {
        bool town = false;
        int pos = find_code(l->part[i], &town);
        size_t at = pos > 0 && !town && i + 1 == l->nparts && l->nparts < ADDRESS_PARTS
                        ? town_behind_number(l->part[i], (size_t)pos)
                        : 0;
        if (at) {
            l->part[i + 1] = (struct str){l->part[i].p + at, l->part[i].n - at};
            l->part[i] = str_trim((struct str){l->part[i].p, at});
            l->nparts++;
            return split_with_code(l, i + 1, pos - (int)at, town, out, e);
        }
        bool behind_town = pos >= 0 && i > 0 && !address_has_digit(l->part[i - 1]);
        bool after_words =
            pos > 0 &&
            before_code_is_town(l, i, str_trim((struct str){l->part[i].p, (size_t)pos}), STR_NONE);
        if (pos >= 0 && (town || i + 1 < l->nparts || behind_town || after_words))
            return split_with_code(l, i, pos, town, out, e);
    }
    return split_without_code(l, out, e);
}
