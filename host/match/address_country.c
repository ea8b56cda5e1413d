/* Addresses: names of countries, and their letters in front of postal codes. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>
#include "address_impl.h"
#include "fold.h"

/* Names as they end an address, sorted, in lower case. */
static const struct {
    const char *name;
    const char *code;
} countries[] = {
    {"ahvenanmaa", "AX"},
    {"alankomaat", "NL"},
    {"albania", "AL"},
    {"alemania", "DE"},
    {"allemagne", "DE"},
    {"andorra", "AD"},
    {"austria", "AT"},
    {"autriche", "AT"},
    {"belarus", "BY"},
    {"belgia", "BE"},
    {"belgie", "BE"},
    {"belgien", "BE"},
    {"belgique", "BE"},
    {"belgium", "BE"},
    {"belgië", "BE"},
    {"bosnia", "BA"},
    {"bosnia and herzegovina", "BA"},
    {"bosnia-herzegovina", "BA"},
    {"bosnien", "BA"},
    {"britannia", "GB"},
    {"bulgaria", "BG"},
    {"bulgarie", "BG"},
    {"bulgarien", "BG"},
    {"chypre", "CY"},
    {"crna gora", "ME"},
    {"croatia", "HR"},
    {"croatie", "HR"},
    {"cypern", "CY"},
    {"cyprus", "CY"},
    {"czech republic", "CZ"},
    {"czechia", "CZ"},
    {"danemark", "DK"},
    {"danimarca", "DK"},
    {"danmark", "DK"},
    {"denmark", "DK"},
    {"deutschland", "DE"},
    {"dinamarca", "DK"},
    {"dänemark", "DK"},
    {"eesti", "EE"},
    {"eesti vabariik", "EE"},
    {"elláda", "GR"},
    {"england", "GB"},
    {"englanti", "GB"},
    {"espagne", "ES"},
    {"espana", "ES"},
    {"espanja", "ES"},
    {"españa", "ES"},
    {"estland", "EE"},
    {"estonia", "EE"},
    {"estonie", "EE"},
    {"faroe islands", "FO"},
    {"federal republic of germany", "DE"},
    {"finland", "FI"},
    {"finlande", "FI"},
    {"finlandia", "FI"},
    {"finnland", "FI"},
    {"france", "FR"},
    {"francia", "FR"},
    {"frankreich", "FR"},
    {"frankrike", "FR"},
    {"färsaaret", "FO"},
    {"förenade kungariket", "GB"},
    {"føroyar", "FO"},
    {"georgia", "GE"},
    {"germania", "DE"},
    {"germany", "DE"},
    {"gibraltar", "GI"},
    {"great britain", "GB"},
    {"grecia", "GR"},
    {"greece", "GR"},
    {"grekland", "GR"},
    {"griechenland", "GR"},
    {"großbritannien", "GB"},
    {"grèce", "GR"},
    {"guernsey", "GG"},
    {"hellas", "GR"},
    {"hellás", "GR"},
    {"holland", "NL"},
    {"hollanti", "NL"},
    {"hongrie", "HU"},
    {"hrvatska", "HR"},
    {"hungary", "HU"},
    {"iceland", "IS"},
    {"ireland", "IE"},
    {"irland", "IE"},
    {"irlanda", "IE"},
    {"irlande", "IE"},
    {"irlanti", "IE"},
    {"island", "IS"},
    {"islande", "IS"},
    {"islanti", "IS"},
    {"isle of man", "IM"},
    {"iso britannia", "GB"},
    {"iso-britannia", "GB"},
    {"italia", "IT"},
    {"italie", "IT"},
    {"italien", "IT"},
    {"italy", "IT"},
    {"itävalta", "AT"},
    {"jersey", "JE"},
    {"kosovo", "XK"},
    {"kreikka", "GR"},
    {"kroatia", "HR"},
    {"kroatien", "HR"},
    {"kypros", "CY"},
    {"latvia", "LV"},
    {"latvija", "LV"},
    {"leedu", "LT"},
    {"lettland", "LV"},
    {"lettonie", "LV"},
    {"liechtenstein", "LI"},
    {"liettua", "LT"},
    {"lietuva", "LT"},
    {"litauen", "LT"},
    {"lithuania", "LT"},
    {"lituanie", "LT"},
    {"luxembourg", "LU"},
    {"luxemburg", "LU"},
    {"läti", "LV"},
    {"lëtzebuerg", "LU"},
    {"magyarország", "HU"},
    {"malta", "MT"},
    {"malte", "MT"},
    {"moldavia", "MD"},
    {"moldova", "MD"},
    {"monaco", "MC"},
    {"montenegro", "ME"},
    {"nederland", "NL"},
    {"nederländerna", "NL"},
    {"netherlands", "NL"},
    {"niederlande", "NL"},
    {"niemcy", "DE"},
    {"noreg", "NO"},
    {"norge", "NO"},
    {"norja", "NO"},
    {"norra", "NO"},
    {"north macedonia", "MK"},
    {"northern ireland", "GB"},
    {"noruega", "NO"},
    {"norvegia", "NO"},
    {"norvège", "NO"},
    {"norway", "NO"},
    {"norwegen", "NO"},
    {"norwegia", "NO"},
    {"oesterreich", "AT"},
    {"pays-bas", "NL"},
    {"poland", "PL"},
    {"polen", "PL"},
    {"pologne", "PL"},
    {"polonia", "PL"},
    {"polska", "PL"},
    {"portugal", "PT"},
    {"portugali", "PT"},
    {"puola", "PL"},
    {"ranska", "FR"},
    {"republic of cyprus", "CY"},
    {"republic of ireland", "IE"},
    {"republika hrvatska", "HR"},
    {"romania", "RO"},
    {"românia", "RO"},
    {"rootsi", "SE"},
    {"roumanie", "RO"},
    {"royaume uni", "GB"},
    {"royaume-uni", "GB"},
    {"rumunia", "RO"},
    {"rumänien", "RO"},
    {"ruotsi", "SE"},
    {"russia", "RU"},
    {"rzeczpospolita polska", "PL"},
    {"république tchèque", "CZ"},
    {"sakartvelo", "GE"},
    {"saksa", "DE"},
    {"saksamaa", "DE"},
    {"san marino", "SM"},
    {"schweden", "SE"},
    {"schweiz", "CH"},
    {"scotland", "GB"},
    {"serbia", "RS"},
    {"serbien", "RS"},
    {"shqipëria", "AL"},
    {"skotlanti", "GB"},
    {"slovak republic", "SK"},
    {"slovakia", "SK"},
    {"slovakien", "SK"},
    {"slovaquie", "SK"},
    {"slovenia", "SI"},
    {"slovenien", "SI"},
    {"slovenija", "SI"},
    {"slovensko", "SK"},
    {"slovenská republika", "SK"},
    {"slovénie", "SI"},
    {"slowakei", "SK"},
    {"slowakische republik", "SK"},
    {"slowenien", "SI"},
    {"somija", "FI"},
    {"soome", "FI"},
    {"spagna", "ES"},
    {"spain", "ES"},
    {"spanien", "ES"},
    {"srbija", "RS"},
    {"storbritannien", "GB"},
    {"suecia", "SE"},
    {"suisse", "CH"},
    {"suomi", "FI"},
    {"suomi finland", "FI"},
    {"suomi-finland", "FI"},
    {"suomija", "FI"},
    {"suède", "SE"},
    {"sveitsi", "CH"},
    {"sverige", "SE"},
    {"svezia", "SE"},
    {"svizzera", "CH"},
    {"sweden", "SE"},
    {"switzerland", "CH"},
    {"szwecja", "SE"},
    {"taani", "DK"},
    {"tanska", "DK"},
    {"tchéquie", "CZ"},
    {"the netherlands", "NL"},
    {"the united kingdom", "GB"},
    {"tjeckien", "CZ"},
    {"tschechien", "CZ"},
    {"tschechische republik", "CZ"},
    {"turkey", "TR"},
    {"turkki", "TR"},
    {"tyskland", "DE"},
    {"türkiye", "TR"},
    {"tšekin tasavalta", "CZ"},
    {"tšekki", "CZ"},
    {"u.k.", "GB"},
    {"uk", "GB"},
    {"ukraina", "UA"},
    {"ukraine", "UA"},
    {"ungarn", "HU"},
    {"ungern", "HU"},
    {"ungheria", "HU"},
    {"united kingdom", "GB"},
    {"united states", "US"},
    {"unkari", "HU"},
    {"usa", "US"},
    {"venäjä", "RU"},
    {"vereinigtes königreich", "GB"},
    {"viro", "EE"},
    {"wales", "GB"},
    {"yhdistynyt kuningaskunta", "GB"},
    {"zviedrija", "SE"},
    {"zypern", "CY"},
    {"åland", "AX"},
    {"åland islands", "AX"},
    {"éire", "IE"},
    {"ísland", "IS"},
    {"österreich", "AT"},
    {"österrike", "AT"},
    {"česko", "CZ"},
    {"česká republika", "CZ"},
    {"švedija", "SE"},
    {"ελλάδα", "GR"},
    {"κύπρος", "CY"},
    {"българия", "BG"},
    {"россия", "RU"},
    {"україна", "UA"},
};

#define COUNTRIES (sizeof(countries) / sizeof(countries[0]))

/* Letters in front of postal codes: ISO codes, and the road traffic's where people use those. */
static const struct {
    const char *text;
    const char *code;
} prefixes[] = {{"FIN", "FI"}, {"FI", "FI"}, {"SF", "FI"}, {"AX", "AX"}, {"SE", "SE"}, {"S", "SE"},
    {"NO", "NO"}, {"N", "NO"}, {"DK", "DK"}, {"IS", "IS"}, {"FO", "FO"}, {"EE", "EE"}, {"LV", "LV"},
    {"LT", "LT"}, {"DE", "DE"}, {"D", "DE"}, {"AT", "AT"}, {"A", "AT"}, {"CH", "CH"}, {"LI", "LI"},
    {"FL", "LI"}, {"NL", "NL"}, {"BE", "BE"}, {"B", "BE"}, {"LU", "LU"}, {"L", "LU"}, {"FR", "FR"},
    {"F", "FR"}, {"MC", "MC"}, {"IT", "IT"}, {"I", "IT"}, {"ES", "ES"}, {"E", "ES"}, {"PT", "PT"},
    {"P", "PT"}, {"PL", "PL"}, {"CZ", "CZ"}, {"SK", "SK"}, {"HU", "HU"}, {"H", "HU"}, {"RO", "RO"},
    {"BG", "BG"}, {"GR", "GR"}, {"EL", "GR"}, {"CY", "CY"}, {"HR", "HR"}, {"SI", "SI"},
    {"SL", "SI"}, {"MT", "MT"}, {"MD", "MD"}, {"RS", "RS"}, {"UA", "UA"}};

static int compare_name(struct str s, const char *name)
{
    int d = strncasecmp(s.p, name, s.n);
    return d ? d : name[s.n] ? -1 : 0;
}

static const char *find_name(struct str s)
{
    size_t low = 0, high = COUNTRIES;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int d = compare_name(s, countries[middle].name);
        if (d == 0)
            return countries[middle].code;
        if (d < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The text with letters beyond ASCII in lower case, in `out`; empty if it does not fit or has none:
 * no name of a country is so long. */
static struct str lower_case(struct str s, char out[64])
{
    size_t n = 0;
    bool beyond = false;
    for (const char *p = s.p, *end = s.p + s.n; p != end;) {
        unsigned char c = (unsigned char)*p;
        if (n + 4 > 64)
            return STR_NONE;
        if (c < 0x80) {
            out[n++] = *p++;
            continue;
        }
        beyond = true;
        n += (size_t)utf8proc_encode_char(
            utf8proc_tolower((utf8proc_int32_t)fold_next(&p, end)), (utf8proc_uint8_t *)out + n);
    }
    return beyond ? (struct str){out, n} : STR_NONE;
}

const char *address_country_name(struct str s)
{
    char text[64];
    s = str_trim(s);
    while (s.n > 4 && s.p[s.n - 1] == '.')
        s.n--;
    if (s.n < 2 || isdigit((unsigned char)s.p[0]))
        return NULL;
    const char *code = find_name(s);
    struct str lower = code ? STR_NONE : lower_case(s, text);
    return lower.n ? find_name(lower) : code;
}

static bool is_code(struct str s, char country[3])
{
    if (s.n != 2 && s.n != 3)
        return false;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strlen(prefixes[i].text) == s.n && s.n > 1 && !memcmp(prefixes[i].text, s.p, s.n)) {
            memcpy(country, prefixes[i].code, 3);
            return true;
        }
    if (s.n == 2 && !memcmp(s.p, "GB", 2)) {
        memcpy(country, "GB", 3);
        return true;
    }
    if (s.n == 2 && !memcmp(s.p, "IE", 2)) {
        memcpy(country, "IE", 3);
        return true;
    }
    return false;
}

/* "Firenze (FI) -": what parts the country from the town is no part of it. */
static struct str without_dash(struct str s)
{
    return s.n > 2 && s.p[s.n - 1] == '-' && s.p[s.n - 2] == ' '
               ? str_trim((struct str){s.p, s.n - 1})
               : s;
}

/* The last words of a part that are a country's name; they must not be all of it. */
static bool take_last_words(struct str *part, char country[3])
{
    size_t at = part->n;
    for (int words = 0; words < 3 && at > 0; words++) {
        while (at > 0 && part->p[at - 1] != ' ')
            at--;
        if (at < 3)
            return false;
        struct str tail = {part->p + at, part->n - at},
                   before = without_dash(str_trim((struct str){part->p, at}));
        const char *code = tail.n > 3 ? address_country_name(tail) : NULL;
        if (code)
            memcpy(country, code, 3);
        /* "2016 Luxembourg" and "00100 Malta" name a town. */
        if ((code || (!words && is_code(tail, country))) && before.n &&
            (address_letter(before.p[before.n - 1]) || before.p[before.n - 1] == ')')) {
            *part = before;
            return true;
        }
        country[0] = '\0';
        at--;
    }
    return false;
}

bool address_take_country(struct address_line *l, char country[3])
{
    if (l->nparts == 0)
        return false;
    struct str *last = &l->part[l->nparts - 1];
    const char *code = address_country_name(*last);
    if (l->nparts > 1 && (code || is_code(*last, country))) {
        if (code)
            memcpy(country, code, 3);
        l->nparts--;
        return true;
    }
    return take_last_words(last, country);
}

size_t address_prefix(struct str s, size_t at, const char **country)
{
    if (at < 2 || (s.p[at - 1] != '-' && s.p[at - 1] != ' '))
        return 0;
    bool hyphen = s.p[at - 1] == '-';
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i].text);
        if (at < n + 1 || strncasecmp(s.p + at - 1 - n, prefixes[i].text, n))
            continue;
        /* One letter and a space is a stairwell: "12 A 3100". */
        if ((n == 1 && !hyphen) || (at - 1 - n > 0 && s.p[at - 2 - n] != ' '))
            continue;
        /* "5 no 1234": without hyphen only in capitals */
        if (!hyphen && !isupper((unsigned char)s.p[at - 1 - n]))
            continue;
        *country = prefixes[i].code;
        return n + 1;
    }
    return 0;
}
