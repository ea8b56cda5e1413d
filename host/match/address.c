#include "address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PARTS_MAX 16
#define TEXT_MAX  1024

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

/* Words that begin a PO box (Posti: PL and PB; the others are what people write). */
static const char *const box_words[] = {"postilokero", "postbox", "p.o. box", "po box", "p.o.box",
    "pob", "p.l.", "pl.", "pl", "p.b.", "pb.", "pb", "box"};

/* What a part that belongs to the street line before it begins with: flat, stair, floor, room. */
static const char *const unit_words[] = {"as", "as.", "bst", "bst.", "lh", "lh.", "lokal", "rappu",
    "huone", "krs", "krs.", "asunto", "apt", "vån", "vån."};

/* Legal forms and words that say "this part is a company or an office, no street". */
static const char *const company_words[] = {"oy", "oyj", "ab", "abp", "ky", "ay", "tmi", "ry", "rf",
    "osk", "ltd", "inc", "gmbh", "as oy", "kaupunki", "kunta", "säätiö", "seurakunta", "yhtiöt",
    "osuuskunta", "stad"};

struct line {
    char text[TEXT_MAX]; /* one line: white space single, separators as commas */
    struct str part[PARTS_MAX];
    int nparts;
};

static bool starts_word(struct str s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && !strncasecmp(s.p, word, n) &&
           (s.n == n || s.p[n] == ' ' || isdigit((unsigned char)s.p[n]));
}

static void copy(char *out, size_t size, struct str s)
{
    s = str_trim(s);
    size_t n = s.n < size - 1 ? s.n : size - 1;
    /* Never cut inside a UTF-8 character. */
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    memcpy(out, s.p, n);
    out[n] = 0;
}

/* Appends s to out, with ", " between. */
static void append(char *out, size_t size, struct str s)
{
    size_t have = strlen(out);
    if (have && have + 2 < size) {
        memcpy(out + have, ", ", 3);
        have += 2;
    }
    copy(out + have, size - have, s);
}

/* White space of every kind becomes one space; newlines, semicolons, tabs and " - " or " / "
 * separators become commas. -1 if the text is too long. */
static int normalise(struct str in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (n + 2 >= TEXT_MAX)
            return -1;
        if (c == 0xC2 && i + 1 < in.n && (unsigned char)in.p[i + 1] == 0xA0) {
            c = ' ';
            i++;
        }
        bool dash = (c == '-' || c == '/' || c == '|') && n > 0 && out[n - 1] == ' ' &&
                    i + 1 < in.n && in.p[i + 1] == ' ';
        if (c == '\n' || c == ';' || c == '\t' || dash)
            c = ',';
        if (c == '\r' || c < 32)
            c = ' ';
        if (c == ' ' && (n == 0 || out[n - 1] == ' '))
            continue;
        out[n++] = (char)c;
    }
    while (n && strchr(" .,", out[n - 1]))
        n--;
    out[n] = 0;
    return 0;
}

static void split_parts(struct line *l)
{
    struct str rest = str_of(l->text);
    l->nparts = 0;
    while (rest.p && l->nparts < PARTS_MAX) {
        struct str after;
        struct str one = str_trim(l->nparts == PARTS_MAX - 1 ? rest : str_cut(rest, ',', &after));
        if (l->nparts == PARTS_MAX - 1)
            after = STR_NONE;
        if (one.n)
            l->part[l->nparts++] = one;
        rest = after;
    }
}

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
static void take_country(struct line *l, struct address *out)
{
    const char *code;
    if (l->nparts == 0)
        return;
    struct str *last = &l->part[l->nparts - 1];
    if (l->nparts > 1 && is_country(*last, &code)) {
        memcpy(out->country, code, 3);
        l->nparts--;
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

static bool letter(unsigned char c)
{
    return isalpha(c) || c >= 0x80;
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
            bool letters = after < s.n && letter((unsigned char)s.p[after]);
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

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (isdigit((unsigned char)s.p[i]))
            return true;
    return false;
}

static bool has_word(struct str s, const char *word)
{
    while (s.n) {
        struct str rest;
        struct str w = str_cut(s, ' ', &rest);
        if (w.n == strlen(word) && !strncasecmp(w.p, word, w.n))
            return true;
        s = rest;
    }
    return false;
}

static bool is_co(struct str s, struct str *name)
{
    if (s.n < 4 || strncasecmp(s.p, "c/o", 3))
        return false;
    *name = str_trim((struct str){s.p + 3, s.n - 3});
    if (name->n && (name->p[0] == ':' || name->p[0] == '.'))
        *name = str_trim((struct str){name->p + 1, name->n - 1});
    return name->n > 0;
}

static bool is_box(struct str s, struct str *number)
{
    for (size_t i = 0; i < sizeof(box_words) / sizeof(box_words[0]); i++) {
        if (!starts_word(s, box_words[i]))
            continue;
        size_t n = strlen(box_words[i]);
        *number = str_trim((struct str){s.p + n, s.n - n});
        return number->n > 0 && isdigit((unsigned char)number->p[0]);
    }
    return false;
}

static bool is_unit(struct str s)
{
    for (size_t i = 0; i < sizeof(unit_words) / sizeof(unit_words[0]); i++)
        if (starts_word(s, unit_words[i]))
            return true;
    /* "3. krs", "2. kerros", "B 12": a floor, or a stair letter with a flat. */
    size_t digits = 0;
    while (digits < s.n && isdigit((unsigned char)s.p[digits]))
        digits++;
    if (digits && digits < s.n && s.p[digits] == '.') {
        struct str word = str_trim((struct str){s.p + digits + 1, s.n - digits - 1});
        return starts_word(word, "krs") || starts_word(word, "kerros") || starts_word(word, "vån");
    }
    return s.n <= 6 && isalpha((unsigned char)s.p[0]) && (s.n == 1 || s.p[1] == ' ') &&
           has_digit(s);
}

static bool is_company(struct str s)
{
    for (size_t i = 0; i < sizeof(company_words) / sizeof(company_words[0]); i++)
        if (has_word(s, company_words[i]))
            return true;
    return false;
}

/* Sorts the parts before (or, when reversed, behind) the postal code into fields. */
static void take_parts(const struct str *part, int n, struct address *out)
{
    int street = -1;
    struct str name;
    for (int i = 0; i < n; i++) {
        if (is_co(part[i], &name)) {
            append(out->co, sizeof(out->co), name);
        } else if (is_box(part[i], &name)) {
            copy(out->po_box, sizeof(out->po_box), name);
            if (street < 0) {
                street = i;
                copy(out->street, sizeof(out->street), part[i]);
            } else {
                append(out->rest, sizeof(out->rest), part[i]);
            }
        } else if (street >= 0 && is_unit(part[i])) {
            append(out->street, sizeof(out->street), part[i]);
        } else if (street < 0 && has_digit(part[i]) && !is_company(part[i])) {
            street = i;
            copy(out->street, sizeof(out->street), part[i]);
        } else if (is_company(part[i]) || (i + 1 < n && street < 0)) {
            append(out->company, sizeof(out->company), part[i]);
        } else if (street < 0) {
            street = i;
            copy(out->street, sizeof(out->street), part[i]);
        } else {
            append(out->rest, sizeof(out->rest), part[i]);
        }
    }
}

/* "Katu 1, 00100 Helsinki", "00100 Helsinki, Katu 1", "Katu 1,00100,Helsinki". at is the part
 * with the code, pos where in it the code begins. */
static int split_with_code(
    struct line *l, int at, int pos, bool town, struct address *out, struct err *e)
{
    struct str s = l->part[at];
    const char *country = NULL;
    size_t prefix = prefix_before(s, (size_t)pos, &country);
    copy(out->postal_code, sizeof(out->postal_code), (struct str){s.p + pos, 5});
    if (country)
        memcpy(out->country, country, 3);
    struct str before = str_trim((struct str){s.p, (size_t)pos - prefix});
    struct str city = str_trim((struct str){s.p + pos + 5, s.n - (size_t)pos - 5});
    int next = at + 1;
    if (!town && next < l->nparts)
        city = l->part[next++];
    if (city.n == 0)
        return err_set(e, ERR_INPUT, "no town after the postal code %s", out->postal_code);
    copy(out->city, sizeof(out->city), city);
    struct str parts[PARTS_MAX + 1];
    int n = 0;
    for (int i = 0; i < at; i++)
        parts[n++] = l->part[i];
    if (before.n)
        parts[n++] = before;
    bool reversed = n == 0;
    for (int i = next; i < l->nparts; i++) {
        if (reversed)
            parts[n++] = l->part[i];
        else
            append(out->rest, sizeof(out->rest), l->part[i]);
    }
    take_parts(parts, n, out);
    out->confidence = out->rest[0] ? 60 : reversed ? 85 : out->street[0] ? 95 : 80;
    return 0;
}

/* "Mettäläntie 38, Sastamala": a street with its number, and a last part that is only a name. */
static int split_without_code(struct line *l, struct address *out, struct err *e)
{
    struct str last = l->nparts ? l->part[l->nparts - 1] : STR_NONE;
    bool number = false;
    for (int i = 0; i + 1 < l->nparts; i++)
        number = number || has_digit(l->part[i]);
    if (l->nparts < 2 || has_digit(last) || !number)
        return err_set(e, ERR_INPUT,
            "no postal code of five digits with a town after it in '%.*s': give street, postal "
            "code and town in fields of their own",
            (int)(l->nparts ? strlen(l->text) : 0), l->text);
    copy(out->city, sizeof(out->city), last);
    take_parts(l->part, l->nparts - 1, out);
    out->confidence = 50;
    return 0;
}

int address_split(struct str text, const char *country, struct address *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    text = str_trim(text);
    if (text.n == 0)
        return err_set(e, ERR_INPUT, "the address is empty");
    if (!str_utf8_valid(text) || memchr(text.p, 0, text.n))
        return err_set(e, ERR_INPUT, "the address is not UTF-8 text");
    if (country && *country && strcasecmp(country, "FI") && strcasecmp(country, "AX"))
        return err_set(e, ERR_INPUT,
            "an address of country %s is not split: give street, postal code and town in fields of "
            "their own",
            country);
    struct line l;
    if (normalise(text, l.text) < 0)
        return err_set(e, ERR_LIMIT, "the address is longer than %d bytes", TEXT_MAX - 2);
    split_parts(&l);
    take_country(&l, out);
    for (int i = l.nparts - 1; i >= 0; i--) {
        bool town = false;
        int pos = find_code(l.part[i], &town);
        if (pos >= 0 && (town || i + 1 < l.nparts))
            return split_with_code(&l, i, pos, town, out, e);
    }
    return split_without_code(&l, out, e);
}
