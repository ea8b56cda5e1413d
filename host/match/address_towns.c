/* Addresses read with a list of towns at hand: what their form leaves open, the list may tell. */
#include <string.h>
#include "address_impl.h"
#include "fold.h"

#define WORDS_MAX 3 /* of a town's name */
#define SURE      98
#define LEFT_OVER 60 /* of a hundred: how sure it is with words left over ... */
#define DOUBTED   40 /* ... and with a code and a town that do not belong together */

struct folded {
    char text[ADDRESS_FIELD * 2];
    size_t n;
};

/* A name as names are compared; empty if it is too long to be a town's. */
static void fold_name(struct folded *f, struct str s)
{
    struct buf out = {.p = f->text, .cap = sizeof(f->text), .max = sizeof(f->text) - 1};
    f->n = s.n < ADDRESS_FIELD && fold_text(&out, s, FOLD_PLAIN) == 0 ? out.n : 0;
}

static bool is_town(const struct folded *f, struct str name)
{
    struct folded town;
    /* Most differ in their first letter, which folding leaves alone in ASCII. */
    if (f->n == 0 || name.n == 0 ||
        ((unsigned char)name.p[0] < 0x80 && (name.p[0] | 32) != (f->text[0] | 32)))
        return false;
    fold_name(&town, name);
    return town.n == f->n && memcmp(town.text, f->text, f->n) == 0;
}

/* The end of the first n words of s; 0 if it has fewer. */
static size_t first_words(struct str s, int n)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] == ' ' || s.p[i] == ',') && --n == 0)
            return i;
    return n == 1 ? s.n : 0;
}

/* Where the last n words of s begin; s.n if it has fewer. */
static size_t last_words(struct str s, int n)
{
    for (size_t i = s.n; i > 0; i--)
        if ((s.p[i - 1] == ' ' || s.p[i - 1] == ',') && --n == 0)
            return i;
    return s.n;
}

static const struct address_town *of_code(const struct address_towns *t, struct str code)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->town[i].code, code))
            return &t->town[i];
    return NULL;
}

/* Bytes of the city that are a town of the code, 0 if none: all of it, or its first words. */
static size_t town_of_code(const struct address_towns *t, struct str code, struct str city)
{
    for (int words = 0; words <= WORDS_MAX; words++) {
        size_t n = words ? first_words(city, words) : city.n;
        struct folded f;
        if (n == 0)
            continue;
        fold_name(&f, (struct str){city.p, n});
        for (size_t i = 0; i < t->n; i++)
            if (str_eq(t->town[i].code, code) && is_town(&f, t->town[i].name))
                return n;
    }
    return 0;
}

/* The town that was found against the code's. */
static void check_town(const struct address_towns *t, struct address *out)
{
    struct str code = str_of(out->postal_code), city = str_of(out->city);
    const struct address_town *known = of_code(t, code);
    if (!known) {
        out->confidence = out->confidence < DOUBTED ? out->confidence : DOUBTED;
        return;
    }
    size_t n = town_of_code(t, code, city);
    if (n == 0) {
        address_copy(out->code_city, sizeof(out->code_city), known->name);
        out->confidence = DOUBTED;
        return;
    }
    if (n < city.n) {
        struct str rest = str_trim((struct str){city.p + n, city.n - n});
        while (rest.n > 0 && (*rest.p == ',' || *rest.p == ' '))
            rest = (struct str){rest.p + 1, rest.n - 1};
        address_append(out->rest, sizeof(out->rest), rest);
        out->city[n] = '\0';
    }
    out->confidence = out->rest[0] ? LEFT_OVER : out->street[0] ? SURE : out->confidence;
}

/* "Katu 1, 00100": the code says the town. */
static int add_town(
    struct str text, const char *country, const struct address_towns *t, struct address *out)
{
    char whole[ADDRESS_TEXT];
    const struct address_town *known = NULL;
    struct str code = {text.p + last_words(text, 1), text.n - last_words(text, 1)};
    if (code.n >= 5)
        known = of_code(t, (struct str){code.p + code.n - 5, 5});
    if (!known || text.n + 1 + known->name.n >= sizeof(whole))
        return -1;
    memcpy(whole, text.p, text.n);
    whole[text.n] = ' ';
    memcpy(whole + text.n + 1, known->name.p, known->name.n);
    return address_split((struct str){whole, text.n + 1 + known->name.n}, country, out, NULL);
}

/* "Katu 1 Helsinki": a town stands at the end, and no code. */
static int take_town(
    struct str text, const char *country, const struct address_towns *t, struct address *out)
{
    char whole[ADDRESS_TEXT];
    for (int words = WORDS_MAX; words > 0; words--) {
        size_t at = last_words(text, words);
        struct str street = str_trim((struct str){text.p, at});
        struct folded f;
        if (at == text.n || text.n + 2 > sizeof(whole) || !address_has_digit(street))
            continue;
        fold_name(&f, (struct str){text.p + at, text.n - at});
        for (size_t i = 0; i < t->n; i++)
            if (is_town(&f, t->town[i].name)) {
                memcpy(whole, street.p, street.n);
                memcpy(whole + street.n, ", ", 2);
                memcpy(whole + street.n + 2, text.p + at, text.n - at);
                return address_split(
                    (struct str){whole, street.n + 2 + text.n - at}, country, out, NULL);
            }
    }
    return -1;
}

static bool is_at_home(const char *country, const struct address *a)
{
    const char *c = a->country[0] ? a->country : country ? country : "FI";
    return !strcmp(c, "FI") || !strcmp(c, "AX");
}

int address_split_known(struct str text, const char *country, const struct address_towns *t,
    struct address *out, struct err *e)
{
    struct address more;
    int rc = address_split(text, country, out, e);
    if (!t || t->n == 0 || !is_at_home(country, out))
        return rc;
    text = str_trim(text);
    if (rc < 0 && str_utf8_valid(text) && !memchr(text.p ? text.p : "", 0, text.n) &&
        (add_town(text, country, t, &more) == 0 || take_town(text, country, t, &more) == 0)) {
        *out = more;
        rc = 0;
    }
    if (rc == 0 && strlen(out->postal_code) == 5)
        check_town(t, out);
    return rc;
}
