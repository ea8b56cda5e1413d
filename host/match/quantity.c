/* Numbers and units. */
#include "quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Letters a unit may have that mean something else too often when they stand by themselves. */
enum { ONLY_GLUED = 1 };

struct unit {
    const char *name;
    unsigned char unit, flags;
    double factor; /* base units per unit */
};

/* Sorted by name: searched by halves. */
static const struct unit units[] = {
    {"a", QUANTITY_AMPERE, ONLY_GLUED, 1},
    {"ah", QUANTITY_CHARGE, 0, 1000},
    {"amp", QUANTITY_AMPERE, 0, 1},
    {"amps", QUANTITY_AMPERE, 0, 1},
    {"anvandare", QUANTITY_USERS, 0, 1},
    {"ark", QUANTITY_COUNT, 0, 1},
    {"arkki", QUANTITY_COUNT, 0, 1},
    {"arkkia", QUANTITY_COUNT, 0, 1},
    {"arks", QUANTITY_COUNT, 0, 1},
    {"bar", QUANTITY_PRESSURE, 0, 1},
    {"benutzer", QUANTITY_USERS, 0, 1},
    {"bl", QUANTITY_COUNT, 0, 1},
    {"blad", QUANTITY_COUNT, 0, 1},
    {"blatt", QUANTITY_COUNT, 0, 1},
    {"btu", QUANTITY_HEAT, 0, 1},
    {"btus", QUANTITY_HEAT, 0, 1},
    {"cl", QUANTITY_VOLUME, 0, 10},
    {"cm", QUANTITY_LENGTH, 0, 10},
    {"cm2", QUANTITY_AREA, 0, 100},
    {"count", QUANTITY_COUNT, 0, 1},
    {"ct", QUANTITY_COUNT, 0, 1},
    {"dagar", QUANTITY_TIME, 0, 86400},
    {"db", QUANTITY_SOUND, 0, 1},
    {"dl", QUANTITY_VOLUME, 0, 100},
    {"feet", QUANTITY_LENGTH, 0, 304.8},
    {"foot", QUANTITY_LENGTH, 0, 304.8},
    {"ft", QUANTITY_LENGTH, 0, 304.8},
    {"g", QUANTITY_MASS, 0, 1},
    {"gal", QUANTITY_VOLUME, 0, 3785.41},
    {"gallon", QUANTITY_VOLUME, 0, 3785.41},
    {"gallons", QUANTITY_VOLUME, 0, 3785.41},
    {"gb", QUANTITY_DATA, 0, 1000},
    {"gebruikers", QUANTITY_USERS, 0, 1},
    {"ghz", QUANTITY_FREQUENCY, 0, 1e9},
    {"gigabyte", QUANTITY_DATA, 0, 1000},
    {"gr", QUANTITY_MASS, 0, 1},
    {"gram", QUANTITY_MASS, 0, 1},
    {"grammaa", QUANTITY_MASS, 0, 1},
    {"grams", QUANTITY_MASS, 0, 1},
    {"h", QUANTITY_TIME, 0, 3600},
    {"hour", QUANTITY_TIME, 0, 3600},
    {"hours", QUANTITY_TIME, 0, 3600},
    {"hp", QUANTITY_POWER, 0, 745.7},
    {"hz", QUANTITY_FREQUENCY, 0, 1},
    {"in", QUANTITY_LENGTH, 0, 25.4},
    {"inch", QUANTITY_LENGTH, 0, 25.4},
    {"inches", QUANTITY_LENGTH, 0, 25.4},
    {"k", QUANTITY_KELVIN, 0, 1},
    {"kasutaja", QUANTITY_USERS, 0, 1},
    {"kasutajat", QUANTITY_USERS, 0, 1},
    {"kayttaja", QUANTITY_USERS, 0, 1},
    {"kayttajaa", QUANTITY_USERS, 0, 1},
    {"kayttajalle", QUANTITY_USERS, 0, 1},
    {"kb", QUANTITY_DATA, 0, 0.001},
    {"kg", QUANTITY_MASS, 0, 1000},
    {"khz", QUANTITY_FREQUENCY, 0, 1000},
    {"kilo", QUANTITY_MASS, 0, 1000},
    {"kiloa", QUANTITY_MASS, 0, 1000},
    {"kk", QUANTITY_TIME, 0, 2592000},
    {"km", QUANTITY_LENGTH, 0, 1e6},
    {"kpl", QUANTITY_COUNT, 0, 1},
    {"ksi", QUANTITY_COUNT, ONLY_GLUED, 1},
    {"kuukautta", QUANTITY_TIME, 0, 2592000},
    {"kuutiota", QUANTITY_VOLUME, 0, 1e6},
    {"kv", QUANTITY_VOLT, 0, 1000},
    {"kw", QUANTITY_POWER, 0, 1000},
    {"kwh", QUANTITY_ENERGY, 0, 1000},
    {"l", QUANTITY_VOLUME, 0, 1000},
    {"lb", QUANTITY_MASS, 0, 453.592},
    {"lbs", QUANTITY_MASS, 0, 453.592},
    {"lehte", QUANTITY_COUNT, 0, 1},
    {"licenser", QUANTITY_USERS, 0, 1},
    {"lisenssia", QUANTITY_USERS, 0, 1},
    {"liter", QUANTITY_VOLUME, 0, 1000},
    {"liters", QUANTITY_VOLUME, 0, 1000},
    {"litra", QUANTITY_VOLUME, 0, 1000},
    {"litraa", QUANTITY_VOLUME, 0, 1000},
    {"litran", QUANTITY_VOLUME, 0, 1000},
    {"litre", QUANTITY_VOLUME, 0, 1000},
    {"litres", QUANTITY_VOLUME, 0, 1000},
    {"lm", QUANTITY_LIGHT, 0, 1},
    {"ltk", QUANTITY_COUNT, 0, 1},
    {"ltr", QUANTITY_VOLUME, 0, 1000},
    {"lumen", QUANTITY_LIGHT, 0, 1},
    {"lumens", QUANTITY_LIGHT, 0, 1},
    {"m", QUANTITY_LENGTH, 0, 1000},
    {"m2", QUANTITY_AREA, 0, 1e6},
    {"m3", QUANTITY_VOLUME, 0, 1e6},
    {"ma", QUANTITY_AMPERE, 0, 0.001},
    {"mah", QUANTITY_CHARGE, 0, 1},
    {"manader", QUANTITY_TIME, 0, 2592000},
    {"mb", QUANTITY_DATA, 0, 1},
    {"mbps", QUANTITY_SPEED, 0, 1},
    {"megabyte", QUANTITY_DATA, 0, 1},
    {"megapixel", QUANTITY_PIXELS, 0, 1},
    {"megapixels", QUANTITY_PIXELS, 0, 1},
    {"meter", QUANTITY_LENGTH, 0, 1000},
    {"meters", QUANTITY_LENGTH, 0, 1000},
    {"metre", QUANTITY_LENGTH, 0, 1000},
    {"metres", QUANTITY_LENGTH, 0, 1000},
    {"metri", QUANTITY_LENGTH, 0, 1000},
    {"metria", QUANTITY_LENGTH, 0, 1000},
    {"metrin", QUANTITY_LENGTH, 0, 1000},
    {"mg", QUANTITY_MASS, 0, 0.001},
    {"mhz", QUANTITY_FREQUENCY, 0, 1e6},
    {"min", QUANTITY_TIME, 0, 60},
    {"minuten", QUANTITY_TIME, 0, 60},
    {"minuter", QUANTITY_TIME, 0, 60},
    {"minutes", QUANTITY_TIME, 0, 60},
    {"minuuttia", QUANTITY_TIME, 0, 60},
    {"ml", QUANTITY_VOLUME, 0, 1},
    {"mm", QUANTITY_LENGTH, 0, 1},
    {"mm2", QUANTITY_AREA, 0, 1},
    {"monate", QUANTITY_TIME, 0, 2592000},
    {"month", QUANTITY_TIME, 0, 2592000},
    {"months", QUANTITY_TIME, 0, 2592000},
    {"mp", QUANTITY_PIXELS, 0, 1},
    {"mtr", QUANTITY_LENGTH, 0, 1000},
    {"mw", QUANTITY_POWER, 0, 0.001},
    {"nutzer", QUANTITY_USERS, 0, 1},
    {"ounce", QUANTITY_MASS, 0, 28.3495},
    {"ounces", QUANTITY_MASS, 0, 28.3495},
    {"oz", QUANTITY_MASS, 0, 28.3495},
    {"p", QUANTITY_LINES, ONLY_GLUED, 1},
    {"pack", QUANTITY_COUNT, 0, 1},
    {"packs", QUANTITY_COUNT, 0, 1},
    {"paeva", QUANTITY_TIME, 0, 86400},
    {"pairs", QUANTITY_COUNT, 0, 1},
    {"paivaa", QUANTITY_TIME, 0, 86400},
    {"paketti", QUANTITY_COUNT, 0, 1},
    {"pakettia", QUANTITY_COUNT, 0, 1},
    {"par", QUANTITY_COUNT, 0, 1},
    {"pari", QUANTITY_COUNT, 0, 1},
    {"paria", QUANTITY_COUNT, 0, 1},
    {"pc", QUANTITY_COUNT, 0, 1},
    {"pcs", QUANTITY_COUNT, 0, 1},
    {"piece", QUANTITY_COUNT, 0, 1},
    {"pieces", QUANTITY_COUNT, 0, 1},
    {"pk", QUANTITY_COUNT, 0, 1},
    {"pkt", QUANTITY_COUNT, 0, 1},
    {"plo", QUANTITY_COUNT, 0, 1},
    {"pound", QUANTITY_MASS, 0, 453.592},
    {"pounds", QUANTITY_MASS, 0, 453.592},
    {"ppm", QUANTITY_SPEED, 0, 1},
    {"pss", QUANTITY_COUNT, 0, 1},
    {"pussi", QUANTITY_COUNT, 0, 1},
    {"pussia", QUANTITY_COUNT, 0, 1},
    {"rl", QUANTITY_COUNT, 0, 1},
    {"rll", QUANTITY_COUNT, 0, 1},
    {"rolls", QUANTITY_COUNT, 0, 1},
    {"rpm", QUANTITY_ROTATION, 0, 1},
    {"rulla", QUANTITY_COUNT, 0, 1},
    {"rullaa", QUANTITY_COUNT, 0, 1},
    {"rullar", QUANTITY_COUNT, 0, 1},
    {"seats", QUANTITY_USERS, 0, 1},
    {"seiten", QUANTITY_COUNT, 0, 1},
    {"sheet", QUANTITY_COUNT, 0, 1},
    {"sheets", QUANTITY_COUNT, 0, 1},
    {"sidor", QUANTITY_COUNT, 0, 1},
    {"sivua", QUANTITY_COUNT, 0, 1},
    {"sqft", QUANTITY_AREA, 0, 92903},
    {"st", QUANTITY_COUNT, 0, 1},
    {"stk", QUANTITY_COUNT, 0, 1},
    {"stuck", QUANTITY_COUNT, 0, 1},
    {"stucke", QUANTITY_COUNT, 0, 1},
    {"stunden", QUANTITY_TIME, 0, 3600},
    {"stycken", QUANTITY_COUNT, 0, 1},
    {"t", QUANTITY_MASS, ONLY_GLUED, 1e6},
    {"tage", QUANTITY_TIME, 0, 86400},
    {"tb", QUANTITY_DATA, 0, 1e6},
    {"tim", QUANTITY_TIME, 0, 3600},
    {"timmar", QUANTITY_TIME, 0, 3600},
    {"tk", QUANTITY_COUNT, 0, 1},
    {"tlk", QUANTITY_COUNT, 0, 1},
    {"tolli", QUANTITY_LENGTH, 0, 25.4},
    {"tum", QUANTITY_LENGTH, 0, 25.4},
    {"tundi", QUANTITY_TIME, 0, 3600},
    {"tunti", QUANTITY_TIME, 0, 3600},
    {"tuntia", QUANTITY_TIME, 0, 3600},
    {"tuuma", QUANTITY_LENGTH, 0, 25.4},
    {"tuumaa", QUANTITY_LENGTH, 0, 25.4},
    {"tuumainen", QUANTITY_LENGTH, 0, 25.4},
    {"tuuman", QUANTITY_LENGTH, 0, 25.4},
    {"user", QUANTITY_USERS, 0, 1},
    {"users", QUANTITY_USERS, 0, 1},
    {"v", QUANTITY_VOLT, 0, 1},
    {"veckor", QUANTITY_TIME, 0, 604800},
    {"viikkoa", QUANTITY_TIME, 0, 604800},
    {"volt", QUANTITY_VOLT, 0, 1},
    {"volts", QUANTITY_VOLT, 0, 1},
    {"vrk", QUANTITY_TIME, 0, 86400},
    {"w", QUANTITY_POWER, 0, 1},
    {"watt", QUANTITY_POWER, 0, 1},
    {"watti", QUANTITY_POWER, 0, 1},
    {"wattia", QUANTITY_POWER, 0, 1},
    {"watts", QUANTITY_POWER, 0, 1},
    {"weeks", QUANTITY_TIME, 0, 604800},
    {"wh", QUANTITY_ENERGY, 0, 1},
    {"wochen", QUANTITY_TIME, 0, 604800},
    {"x", QUANTITY_ZOOM, ONLY_GLUED, 1},
    {"yards", QUANTITY_LENGTH, 0, 914.4},
    {"zoll", QUANTITY_LENGTH, 0, 25.4},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static size_t digits_at(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && is_digit(p[n]))
        n++;
    return n;
}

bool quantity_number(const char **p, const char *end, int64_t *milli)
{
    const char *s = *p;
    size_t n = digits_at(s, end), all = n;
    if (n == 0 || n > 12)
        return false;
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (s[i] - '0');
    s += n;
    /* Thousands: 12,000 but not 0,500. */
    while (s < end && *s == ',' && digits_at(s + 1, end) == 3 && v > 0 && n <= 3 && all + 3 <= 12) {
        for (int i = 1; i <= 3; i++)
            v = v * 10 + (s[i] - '0');
        s += 4;
        all += 3;
    }
    v *= 1000;
    if (s < end && (*s == ',' || *s == '.') && digits_at(s + 1, end) > 0) {
        size_t f = digits_at(s + 1, end);
        int64_t scale = 100;
        for (size_t i = 1; i <= f && scale > 0; i++, scale /= 10)
            v += (s[i] - '0') * scale;
        s += 1 + f;
    }
    *p = s;
    *milli = v;
    return true;
}

static int by_name(const void *key, const void *entry)
{
    const struct str *k = key;
    const char *name = ((const struct unit *)entry)->name;
    size_t i = 0;
    while (i < k->n && k->p[i] == name[i])
        i++;
    return i == k->n ? -(name[i] != 0) : (unsigned char)k->p[i] - (unsigned char)name[i];
}

bool quantity_unit_at(
    const char **p, const char *end, bool glued, enum quantity_unit *unit, double *factor)
{
    const char *s = *p;
    if (s < end && (*s == '"' || *s == '\'')) {
        bool two = *s == '"' || (s + 1 < end && s[1] == '\'');
        *p = s + (*s == '\'' && two ? 2 : 1);
        *unit = two ? QUANTITY_LENGTH : QUANTITY_APOSTROPHE;
        *factor = two ? 25.4 : 1;
        return glued;
    }
    if (s < end && *s == '%') {
        *p = s + 1;
        *unit = QUANTITY_PERCENT;
        *factor = 1;
        return true;
    }
    struct str word = {s, 0};
    while (s + word.n < end && is_word(s[word.n]))
        word.n++;
    if (word.n == 0 || word.n > 12)
        return false;
    const struct unit *u =
        bsearch(&word, units, sizeof(units) / sizeof(units[0]), sizeof(units[0]), by_name);
    if (!u || (u->flags & ONLY_GLUED && !glued))
        return false;
    s += word.n;
    if (s < end && *s == '.' && (s + 1 == end || !is_word(s[1])))
        s++;
    *p = s;
    *unit = (enum quantity_unit)u->unit;
    *factor = u->factor;
    return true;
}

int64_t quantity_scale(int64_t milli, double factor)
{
    double v = (double)milli * factor;
    return v > 9e17 ? (int64_t)9e17 : llround(v);
}

bool quantity_equal(int64_t a, int64_t b)
{
    if (a == b)
        return true;
    int64_t d = a > b ? a - b : b - a, most = a > b ? a : b;
    return d <= most / 200;
}
