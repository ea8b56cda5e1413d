/* Numbers as people write them: what is certain is read, what could be two things is refused. */
#include "decimal.h"

#include <string.h>
#include <strings.h>

#define TEXT_MAX 100 /* bytes of a text that is looked at */
#define RUNS_MAX 16  /* groups of digits */

/* A run of digits and the mark before it: 0 for the first, ' ' for any space, '\'', '.' or ','. */
struct run {
    const char *digits;
    int n;
    char mark;
};

struct scan {
    const char *p, *end;
    struct str text; /* all of it, for messages */
    struct run run[RUNS_MAX];
    int nruns;
    bool minus;
    struct err *e;
};

static int refuse(const struct scan *s, const char *why)
{
    int n = s->text.n > 60 ? 60 : (int)s->text.n;
    return err_set(s->e, ERR_INPUT, "\"%.*s\" is not a number: %s", n, n ? s->text.p : "", why);
}

/* ---- characters ------------------------------------------------------------------------------ */

/* Bytes of the one of `words` that p begins with, or 0. */
static size_t begins(const char *p, const char *end, const char *const words[])
{
    for (int i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(end - p) >= n && !memcmp(p, words[i], n))
            return n;
    }
    return 0;
}

static size_t is_space(const char *p, const char *end)
{
    static const char *const spaces[] = {" ", "\t", "\xc2\xa0" /* no-break */,
        "\xe2\x80\xaf" /* narrow no-break */, "\xe2\x80\x89" /* thin */,
        "\xe2\x80\x87" /* figure */, NULL};
    return begins(p, end, spaces);
}

static size_t is_minus(const char *p, const char *end)
{
    static const char *const signs[] = {
        "-", "\xe2\x88\x92" /* minus sign */, "\xe2\x80\x93" /* en dash */, NULL};
    return begins(p, end, signs);
}

static size_t is_apostrophe(const char *p, const char *end)
{
    static const char *const signs[] = {"'", "\xe2\x80\x99", NULL};
    return begins(p, end, signs);
}

static bool is_digit(const struct scan *s, const char *p)
{
    return p < s->end && *p >= '0' && *p <= '9';
}

static void skip_spaces(struct scan *s)
{
    size_t n;
    while ((n = is_space(s->p, s->end)))
        s->p += n;
}

static void trim_end(struct scan *s)
{
    for (const char *p = s->p; p < s->end;) {
        const char *at = p;
        size_t n;
        while ((n = is_space(at, s->end)))
            at += n;
        if (at == s->end) {
            s->end = p;
            return;
        }
        p = at > p ? at : p + 1;
    }
}

/* ---- units ----------------------------------------------------------------------------------- */

static const struct {
    const char *word, *currency;
} currencies[] = {{"\xe2\x82\xac", "EUR"}, {"$", "USD"}, {"\xc2\xa3", "GBP"}, {"e", "EUR"},
    {"euro", "EUR"}, {"euroa", "EUR"}, {"euros", "EUR"}, {"eur", "EUR"}, {"usd", "USD"},
    {"gbp", "GBP"}, {"sek", "SEK"}, {"nok", "NOK"}, {"dkk", "DKK"}, {"isk", "ISK"}, {"chf", "CHF"},
    {"pln", "PLN"}, {"czk", "CZK"}, {"huf", "HUF"}, {"ron", "RON"}, {"bgn", "BGN"}, {"jpy", "JPY"},
    {"cny", "CNY"}, {"cad", "CAD"}, {"aud", "AUD"}};

static const char *currency_of(struct str word)
{
    for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++)
        if (word.n == strlen(currencies[i].word) &&
            !strncasecmp(word.p, currencies[i].word, word.n))
            return currencies[i].currency;
    return NULL;
}

static bool is_percent(struct str word)
{
    static const char *const words[] = {"%", "prosenttia", "percent"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_ieq(word, str_of(words[i])))
            return true;
    return false;
}

/* What stands before the number: a currency or nothing. Stops at a sign or a digit. */
static int read_front(struct scan *s, struct decimal_found *out)
{
    const char *from = s->p;
    while (s->p < s->end && !is_digit(s, s->p) && !is_minus(s->p, s->end) && *s->p != '+' &&
           !is_space(s->p, s->end) && *s->p != '.' && *s->p != ',' && *s->p != '(')
        s->p++;
    struct str word = {from, (size_t)(s->p - from)};
    if (!word.n)
        return 0;
    const char *currency = currency_of(word);
    if (!currency)
        return refuse(s, "it does not begin with a digit, a sign or a currency");
    memcpy(out->currency, currency, 4);
    skip_spaces(s);
    return 0;
}

static int read_back(struct scan *s, struct decimal_found *out)
{
    skip_spaces(s);
    struct str word = {s->p, (size_t)(s->end - s->p)};
    if (!word.n)
        return 0;
    if (is_minus(s->p, s->end) || *s->p == '+')
        return refuse(s, "a sign stands behind it");
    for (const char *p = s->p; p < s->end; p++)
        if (is_space(p, s->end))
            return refuse(s, "more than a unit stands behind it");
    const char *currency = currency_of(word);
    if (currency && out->currency[0] && strcmp(currency, out->currency))
        return refuse(s, "it has two currencies");
    unsigned char c = (unsigned char)*s->p;
    if (currency)
        memcpy(out->currency, currency, 4);
    else if (is_percent(word))
        out->percent = true;
    else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xc3))
        return refuse(s, "what stands behind it is no unit");
    else if (word.n > 1 && (c == 'e' || c == 'E') &&
             (is_digit(s, s->p + 1) ||
                 ((s->p[1] == '-' || s->p[1] == '+') && is_digit(s, s->p + 2))))
        return refuse(s, "an exponent is not how people write numbers");
    else if (word.n >= sizeof(out->unit))
        return refuse(s, "the unit behind it is too long");
    else
        memcpy(out->unit, word.p, word.n);
    if (out->currency[0] && out->percent)
        return refuse(s, "it has a currency and a percent sign");
    return 0;
}

/* ---- the number ------------------------------------------------------------------------------ */

static int read_sign(struct scan *s)
{
    size_t n = is_minus(s->p, s->end);
    if (n && s->minus)
        return refuse(s, "it has two signs");
    if (n)
        s->minus = true;
    else if (s->p < s->end && *s->p == '+')
        n = 1;
    s->p += n;
    if (n)
        skip_spaces(s);
    return 0;
}

/* The mark at s->p if a digit follows it, with its length in *n; else 0. */
static char mark_at(const struct scan *s, size_t *n)
{
    char mark = 0;
    if (s->p < s->end && (*s->p == '.' || *s->p == ',')) {
        *n = 1;
        mark = *s->p;
    } else if ((*n = is_space(s->p, s->end))) {
        mark = ' ';
    } else if ((*n = is_apostrophe(s->p, s->end))) {
        mark = '\'';
    }
    return mark && is_digit(s, s->p + *n) ? mark : 0;
}

static int read_runs(struct scan *s)
{
    size_t n = 0;
    char mark = 0;
    if (!is_digit(s, s->p))
        return refuse(s, s->p < s->end && *s->p == '(' ? "it stands in brackets"
                                                       : "no digit where it should begin");
    do {
        s->p += n;
        if (s->nruns == RUNS_MAX)
            return refuse(s, "it has too many groups of digits");
        struct run *run = &s->run[s->nruns++];
        *run = (struct run){s->p, 0, mark};
        for (; is_digit(s, s->p); s->p++)
            run->n++;
    } while ((mark = mark_at(s, &n)));
    if (s->p < s->end && (*s->p == '.' || *s->p == ',')) {
        /* "25,-": no cents. */
        size_t dash = *s->p == ',' ? is_minus(s->p + 1, s->end) : 0;
        if (!dash || s->nruns > 1)
            return refuse(s, "a comma or dot without digits behind it");
        s->p += 1 + dash;
    }
    return 0;
}

/* True if the runs before `last` are thousands: one to three digits, then threes. */
static bool grouped(const struct scan *s, int last)
{
    if (last > 0 && s->run[0].n > 3)
        return false;
    for (int i = 1; i <= last; i++)
        if (s->run[i].n != 3 || s->run[i].mark != s->run[1].mark)
            return false;
    return true;
}

/* Which run holds the decimals: its index, or 0 for none; -1: refused. */
static int find_decimals(const struct scan *s, enum decimal_language language)
{
    int last = s->nruns - 1;
    char mark = s->run[last].mark;
    if (last == 0)
        return 0;
    if (mark == ' ' || mark == '\'')
        return 0;
    if (last > 1) /* thousands with another mark, or this one more than once */
        return s->run[last - 1].mark == mark ? 0 : last;
    if (s->run[1].n != 3 || s->run[0].n > 3 || s->run[0].digits[0] == '0')
        return last;
    if (language == DECIMAL_LANGUAGE_NONE)
        return refuse(s,
            mark == ',' ? "the comma may mark decimals or thousands; write 1234 or 1,2340 instead"
                        : "the dot may mark decimals or thousands; write 1234 or 1.2340 instead");
    return (mark == ',') == (language == DECIMAL_LANGUAGE_FINNISH) ? last : 0;
}

static int evaluate(const struct scan *s, enum decimal_language language, struct decimal *out)
{
    char plain[TEXT_MAX + 4], *p = plain;
    int decimals = find_decimals(s, language);
    if (decimals < 0)
        return -1;
    if (!grouped(s, decimals ? decimals - 1 : s->nruns - 1))
        return refuse(s, "its groups of digits are not thousands");
    if (s->run[0].digits[0] == '0' && (s->run[0].n > 1 || (s->nruns > 1 && decimals != 1)))
        return refuse(s, "it begins with a 0 that has no place there");
    if (s->minus)
        *p++ = '-';
    for (int i = 0; i < s->nruns; i++) {
        if (decimals && i == decimals)
            *p++ = '.';
        memcpy(p, s->run[i].digits, (size_t)s->run[i].n);
        p += s->run[i].n;
    }
    return decimal_parse((struct str){plain, (size_t)(p - plain)}, out, s->e);
}

int decimal_parse_people(
    struct str text, enum decimal_language language, struct decimal_found *out, struct err *e)
{
    struct scan s = {.p = text.p, .end = text.p + text.n, .text = text, .e = e};
    memset(out, 0, sizeof(*out));
    if (text.n > TEXT_MAX)
        return refuse(&s, "it is too long");
    if (!str_utf8_valid(text) || (text.n && memchr(text.p, '\0', text.n)))
        return err_set(e, ERR_INPUT, "not a number: not valid UTF-8 text");
    skip_spaces(&s);
    trim_end(&s);
    if (s.p == s.end)
        return refuse(&s, "it is empty");
    if (read_sign(&s) || read_front(&s, out) || read_sign(&s) || read_runs(&s) ||
        read_back(&s, out))
        return -1;
    return evaluate(&s, language, &out->value);
}
