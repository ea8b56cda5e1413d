/* Addresses of Europe: what each part between the commas is, and which of them are the street. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "address_impl.h"

enum kind { TEXT, STREET, NUMBER, UNIT_FRONT, UNIT_BEHIND, BOX, CO, COMPANY, NOTE };

/* Words of a flat, room or floor that stands in front of the street in Britain and Ireland. */
static const char *const front_units[] = {"flat", "unit", "apartment", "apt", "suite", "floor",
    "room", "office", "studio", "ground floor", "first floor", "second floor", "third floor",
    "top floor", "basement", "block"};

/* ... and behind it elsewhere. */
static const char *const units[] = {"apt", "apt.", "apto", "apto.", "apartment", "flat", "unit",
    "suite", "lgh", "lgh.", "tr", "tr.", "bus", "bte", "boîte", "top", "stiege", "tür", "etage",
    "stock", "og", "eg", "whg", "whg.", "wohnung", "zimmer", "int", "int.", "interno", "scala",
    "piano", "esc", "esc.", "escalera", "piso", "puerta", "planta", "izq", "izq.", "izda", "izda.",
    "centro", "dcha", "dcha.", "dto", "dto.", "drt", "esq", "esq.", "andar", "m.", "lok.", "lok",
    "kl.", "dz.", "korter", "krt", "k.", "em.", "emelet", "ajtó", "fsz.", "st", "st.", "sal", "th",
    "th.", "tv", "tv.", "mf", "mf.", "kld", "kld.", "kl", "stuen", "hs", "huis", "bât", "bât.",
    "bâtiment", "appt", "appt.", "appartement", "étage", "floor", "bl.", "bl", "sc.", "et.", "ap.",
    "ap", "vh.", "stan", "kat", "byt", "poschodie", "patro", "bst", "bst.", "as", "as.", "lh",
    "rappu", "krs", "krs.", "vån", "vån.", "våning", "våningen", "trappa", "trappor", "upp", "ned",
    "huone", "oikea", "h", "c/d", "b.", "butas", "dzīvoklis", "dz", "local", "bajo", "ático",
    "résidence", "rez-de-chaussée", "r/c", "hinterhaus", "vorderhaus", "hinterhof", "seitenflügel",
    "aufgang"};

/* Words that make a name a street's, and ends of words that do. */
static const char *const street_words[] = {"street", "st", "st.", "road", "rd", "rd.", "lane",
    "avenue", "ave", "ave.", "av.", "drive", "close", "crescent", "place", "square", "terrace",
    "court", "gardens", "grove", "hill", "parade", "row", "walk", "way", "mews", "quay", "market",
    "drove", "marina", "embankment", "broadway", "boulevard", "blvd", "bd", "green", "rue",
    "chemin", "impasse", "allée", "allee", "quai", "cours", "route", "faubourg", "cité", "via",
    "viale", "piazza", "piazzale", "corso", "largo", "vicolo", "lungomare", "strada", "calle", "c/",
    "avda", "avda.", "avenida", "paseo", "plaza", "carrer", "passeig", "ronda", "camino", "rua",
    "praça", "travessa", "estrada", "ul.", "ulica", "al.", "aleja", "os.", "pl.", "utca", "út",
    "útja", "tér", "körút", "iela", "bulvāris", "gatvė", "g.", "pr.", "prospektas", "mnt",
    "maantee", "tänav", "pst", "puiestee", "gate", "vei", "veien", "gata", "gatan", "vägen", "vej",
    "plads", "allé", "str.", "str", "strada", "calea", "bulevardul", "bdul", "bul.", "ulice",
    "náměstí", "třída", "platz", "weg", "straße", "strasse", "ring", "damm", "ufer", "laan",
    "straat", "plein", "kade", "singel", "gracht", "obala", "cesta", "trg", "odos", "leoforos"};

static const char *const street_endings[] = {"straße", "strasse", "gasse", "weg", "platz", "allee",
    "damm", "ufer", "gatan", "gata", "vägen", "veien", "vegen", "vej", "gade", "gate", "straat",
    "laan", "plein", "kade", "singel", "gracht", "dijk", "steenweg", "baan", "katu", "tie", "kuja",
    "polku", "allé", "str.", "ring"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct str first_word(struct str s, struct str *rest)
{
    struct str w = str_cut(s, ' ', rest);
    return w;
}

static bool is_word(struct str w, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((w.p[0] | 0x20) == (list[i][0] | 0x20) && w.n == strlen(list[i]) &&
            !strncasecmp(w.p, list[i], w.n))
            return true;
    return false;
}

bool address_street_word(struct str w)
{
    if (w.n == 0)
        return false;
    if (is_word(w, street_words, COUNT(street_words)))
        return true;
    for (size_t i = 0; i < COUNT(street_endings); i++) {
        size_t n = strlen(street_endings[i]);
        if (w.n > n && (w.p[w.n - n] | 0x20) == street_endings[i][0] &&
            !strncasecmp(w.p + w.n - n, street_endings[i], n))
            return true;
    }
    return false;
}

static bool has_street_word(struct str s)
{
    while (s.p) {
        struct str w = first_word(s, &s);
        if (address_street_word(w))
            return true;
    }
    return false;
}

/* "12", "12a", "12-14", "12 B", "12/3", "19 bis", "103.": a number of a house by itself. */
static bool is_number(struct str s)
{
    size_t i = 0, letters = 0;
    if (!s.n || !isdigit((unsigned char)s.p[0]))
        return false;
    if (s.n > 4 &&
        (!strncasecmp(s.p + s.n - 4, " bis", 4) || !strncasecmp(s.p + s.n - 4, " ter", 4)))
        s.n -= 4;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (isdigit((unsigned char)c))
            letters = 0;
        else if (address_letter(c))
            letters++;
        else if (!strchr("-/ .", c))
            return false;
        if (letters > 1)
            return false;
    }
    return s.n <= 14;
}

static bool ordinal_sign(struct str w)
{
    return w.n >= 3 && isdigit((unsigned char)w.p[0]) &&
           (!memcmp(w.p + w.n - 2, "\xc2\xba", 2) || !memcmp(w.p + w.n - 2, "\xc2\xaa", 2));
}

/* Each word is a flat's, a number or a letter, and one of them tells: "3. th.", "4 tr", "2º izq.",
 * "st. tv.", "H0502", "apt 4". */
static bool is_unit_behind(struct str s)
{
    bool told = false;
    while (s.p) {
        struct str w = first_word(s, &s);
        if (!w.n)
            continue;
        bool number = is_number(w), sign = ordinal_sign(w), single = w.n == 1;
        bool word = is_word(w, units, COUNT(units));
        bool room = w.n == 5 && strchr("HULK", w.p[0]) && is_number((struct str){w.p + 1, 4});
        if (!number && !sign && !single && !word && !room)
            return false;
        told = told || sign || room || (word && !single);
    }
    return told;
}

/* The last word is a legal form that people put behind a name. */
static bool ends_in_form(struct str s)
{
    static const char *const forms[] = {"ag", "kg", "gmbh", "plc", "llp", "ltd", "ltd.", "limited",
        "bv", "b.v.", "nv", "n.v.", "sarl", "sas", "srl", "s.r.l.", "s.p.a.", "spa", "aps", "a/s",
        "asa", "oü", "sia", "uab", "s.r.o.", "d.o.o.", "kft", "kft.", "zrt.", "lda", "lda.", "s.a.",
        "sa", "ab", "oy", "as", "hf.", "ehf.", "inc.", "inc"};
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return at > 0 && is_word((struct str){s.p + at, s.n - at}, forms, COUNT(forms));
}

/* "AB Volvo", "UAB Girteka", "A/S Storebælt": a form in front, in capitals as people write it. */
static bool begins_with_form(struct str s)
{
    static const char *const forms[] = {"AB", "A/S", "AS", "OY", "Oy", "OÜ", "SIA", "UAB"};
    struct str rest, w = first_word(s, &rest);
    for (size_t i = 0; rest.p && i < COUNT(forms); i++)
        if (str_is(w, forms[i]))
            return true;
    return false;
}

static enum kind kind_of(struct str s, struct str *name)
{
    bool digit = address_has_digit(s);
    if (address_is_note(s))
        return NOTE;
    if (address_is_co(s, name))
        return CO;
    if (digit && address_is_box(s, name))
        return BOX;
    if (is_number(s))
        return NUMBER;
    for (size_t i = 0; digit && i < COUNT(front_units); i++) {
        size_t n = strlen(front_units[i]);
        struct str rest = s.n > n ? str_trim((struct str){s.p + n, s.n - n}) : STR_NONE;
        if (address_starts_word(s, front_units[i]) && (is_number(rest) || rest.n <= 2))
            return UNIT_FRONT;
    }
    if (is_unit_behind(s))
        return UNIT_BEHIND;
    if ((ends_in_form(s) || begins_with_form(s)) && !(digit && has_street_word(s)))
        return COMPANY;
    return digit ? STREET : TEXT;
}

/* "Lorem Retail Park Drove Road": the building in front of the street it stands in. */
static struct str without_building(struct str s, struct address *out)
{
    static const char *const buildings[] = {"park", "centre", "center", "estate", "building",
        "mall", "house", "college", "hospital", "hotel", "station"};
    struct str rest = s;
    for (int words = 0; rest.p; words++) {
        struct str w = first_word(rest, &rest);
        if (words < 1 || !rest.p || !is_word(w, buildings, COUNT(buildings)))
            continue;
        struct str last = rest, after = rest;
        int left = 0;
        while (after.p) {
            last = first_word(after, &after);
            left++;
        }
        if (left < 2 || !address_street_word(last) || address_street_word(rest))
            continue;
        address_append(
            out->company, sizeof(out->company), (struct str){s.p, (size_t)(w.p + w.n - s.p)});
        return rest;
    }
    return s;
}

struct sorting {
    const struct str *part;
    int n;
    enum kind kind[ADDRESS_PARTS + 2];
    struct str name[ADDRESS_PARTS + 2];
    int from, to; /* the parts [from, to) that make the street */
};

static bool is_kind(const struct sorting *s, int i, enum kind k)
{
    return i >= 0 && i < s->n && s->kind[i] == k;
}

/* The part that the street is, before what belongs to it is added; -1 if there is none. */
static int find_street(const struct sorting *s)
{
    int best = -1;
    for (int i = 0; i < s->n; i++)
        if (s->kind[i] == STREET &&
            (best < 0 || (has_street_word(s->part[i]) && !has_street_word(s->part[best]))))
            best = i;
    if (best >= 0)
        return best;
    /* "Gran Vía, 66" and "48, allée des Tilleuls" */
    for (int i = 0; i < s->n; i++)
        if (s->kind[i] == TEXT && (is_kind(s, i + 1, NUMBER) || is_kind(s, i - 1, NUMBER)))
            best = best < 0 || has_street_word(s->part[i]) ? i : best;
    for (int i = 0; best < 0 && i < s->n; i++)
        if (s->kind[i] == TEXT && has_street_word(s->part[i]))
            best = i;
    for (int i = s->n - 1; best < 0 && i >= 0; i--)
        if (s->kind[i] == TEXT)
            best = i;
    return best;
}

/* Adds what belongs to the street: numbers, flats in front and behind. */
static void widen_street(struct sorting *s, int street)
{
    s->from = street;
    s->to = street + 1;
    bool number = s->kind[street] == STREET;
    if (!number && is_kind(s, street - 1, NUMBER) && !is_kind(s, street + 1, NUMBER))
        s->from--;
    while (is_kind(s, s->from - 1, UNIT_FRONT))
        s->from--;
    while (is_kind(s, s->to, UNIT_BEHIND) || is_kind(s, s->to, NUMBER) ||
           is_kind(s, s->to, UNIT_FRONT))
        s->to++;
}

void address_sort_parts(const struct str *part, int n, const char *country, struct address *out)
{
    struct sorting s = {.part = part, .n = n, .from = n, .to = n};
    int box = -1;
    for (int i = 0; i < n; i++) {
        s.kind[i] = kind_of(part[i], &s.name[i]);
        if (s.kind[i] == BOX && box < 0)
            box = i;
    }
    int street = find_street(&s);
    /* A box stands for the street; a name in front of it is the company's. */
    if (box >= 0 && (street < 0 || s.kind[street] != STREET)) {
        s.from = box;
        s.to = box + 1;
    } else if (street >= 0) {
        widen_street(&s, street);
    }
    for (int i = 0; i < n; i++) {
        if (s.kind[i] == CO)
            address_append(out->co, sizeof(out->co), s.name[i]);
        if (s.kind[i] == BOX && !out->po_box[0])
            address_copy(out->po_box, sizeof(out->po_box), s.name[i]);
        if (i >= s.from && i < s.to)
            address_append(out->street, sizeof(out->street),
                s.kind[i] == TEXT || s.kind[i] == STREET ? without_building(part[i], out)
                                                         : part[i]);
        else if (s.kind[i] == COMPANY || (s.kind[i] == TEXT && i < s.from))
            address_append(out->company, sizeof(out->company), part[i]);
        else if (s.kind[i] != CO && s.kind[i] != BOX)
            address_append(out->rest, sizeof(out->rest), part[i]);
    }
}
