/* Company names taken apart into words and freed of their legal form. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "names_impl.h"

/* ---- into words ---------------------------------------------------------------------------- */

/* Words that stand behind a name and say what a letter is for, not whose it is. */
static bool is_purpose(struct str s)
{
    static const char *const purposes[] = {"laskutus", "ostolaskut", "ostoreskontra", "invoicing",
        "billing", "invoices", "accounts payable", "fakturering", "faktura", "rechnung"};
    s = str_trim(s);
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
        if (str_ieq(s, str_of(purposes[i])))
            return true;
    }
    return false;
}

/* "filial", "Finland Branch", "sivuliike": the branch of a company abroad is registered by itself;
 * and an estate in bankruptcy is not the company. */
static bool is_another_body(struct str s)
{
    static const char *const words[] = {"branch", "sivuliike", "filial", "filiaali", "filiaal",
        "filiale", "niederlassung", "zweigniederlassung", "succursale", "sucursal",
        "sede secondaria", "oddzial", "oddzia\xc5\x82", "nuf", "utibu", "fioktelepe",
        "fi\xc3\xb3ktelepe", "pobocka", "filialas", "fili\xc4\x81le", "konkurssipes", "konkursbo",
        "pankrotipesa", "insolvenzmasse"};
    for (size_t i = 0; i < s.n; i++) {
        if (i && s.p[i - 1] != ' ' && s.p[i - 1] != '(' && s.p[i - 1] != ',')
            continue;
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            size_t n = strlen(words[k]);
            bool whole = n > 4 || i + n >= s.n || !isalpha((unsigned char)s.p[i + n]);
            if (s.n - i >= n && whole && !strncasecmp(s.p + i, words[k], n))
                return true;
        }
    }
    return false;
}

/* The name without "(Finland)", "/ Helsinki" and "- laskutus" behind it. */
static struct str without_additions(struct str s)
{
    s = str_trim(s);
    if (s.n && s.p[s.n - 1] == ')') {
        const char *open = memrchr(s.p, '(', s.n);
        if (open && open != s.p && !is_another_body((struct str){open, (size_t)(s.p + s.n - open)}))
            s = str_trim((struct str){s.p, (size_t)(open - s.p)});
    }
    for (size_t i = 1; i + 1 < s.n; i++) {
        char c = s.p[i];
        if (c != '/' && c != ',' && c != '-')
            continue;
        bool spaced = s.p[i - 1] == ' ' && s.p[i + 1] == ' ';
        struct str behind = {s.p + i + 1, s.n - i - 1};
        if ((spaced && c == '/' && !is_another_body(behind)) ||
            ((c == ',' || (spaced && c == '-')) && is_purpose(behind)))
            return str_trim((struct str){s.p, i});
    }
    return s;
}

static bool is_ascii_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word_char(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

/* The word character at p with its end, or NULL if none stands there. */
static const char *word_char(const char *p, const char *end)
{
    if (p == end)
        return NULL;
    if ((unsigned char)*p < 0x80)
        return is_ascii_word_char(*p) ? p + 1 : NULL;
    return is_word_char(fold_next(&p, end)) ? p : NULL;
}

/* End of the word whose single letter stands before p, if it goes on behind the sign at p:
 * "o.y.", "a/s", "e.k", "t:mi". */
static const char *dotted(const char *p, const char *end, const char *word)
{
    if (p == end || (*p != '.' && *p != '/' && *p != ':'))
        return NULL;
    if (*p == ':')
        return end - p >= 3 && word[0] == 't' && memcmp(p, ":mi", 3) == 0 && !word_char(p + 3, end)
                   ? p + 1
                   : NULL;
    const char *next = word_char(p + 1, end);
    return next && !word_char(next, end) ? p + 1 : NULL;
}

/* End of the run of word characters at p. */
static const char *word_run(const char *p, const char *end)
{
    const char *next;
    do {
        while (p != end && is_ascii_word_char(*p))
            p++;
        next = word_char(p, end);
        p = next ? next : p;
    } while (next);
    return p;
}

/* Takes the word at p, which is made one piece where it lies ("o.y." becomes "oy"), and returns
 * what follows. */
static char *take_word(char *p, const char *end, struct str *word)
{
    char *start = p, *to = p;
    bool singles = true; /* all letters so far stood alone */
    for (;;) {
        char *run = p;
        p += word_run(p, end) - p;
        if (to != run)
            memmove(to, run, (size_t)(p - run));
        to += p - run;
        /* Most words have more letters than one, and begin with an ASCII one. */
        singles =
            singles && (p - run == 1 || ((unsigned char)*run >= 0x80 && p == word_char(run, end)));
        const char *next = singles ? dotted(p, end, start) : NULL;
        if (next)
            singles = *p != ':';
        else if (p != end && *p == '\'' && word_char(p + 1, end))
            next = p + 1; /* "McDonald's" */
        if (!next)
            break;
        p += next - p;
    }
    *word = (struct str){start, (size_t)(to - start)};
    return p;
}

/* What most names are made of, letters of Latin-1 from U+00C0 on, as fold_text has them; "" are
 * left to it. */
static const char latin[64][3] = {"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i",
    "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "x", "o", "u", "u", "u", "u", "y", "th", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o",
    "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "y"};

static const char *latin_letter(unsigned char second, enum fold_style style)
{
    if (style == FOLD_EXPANDED) {
        switch (second & 31) {
        case 4: /* ä */
            return "ae";
        case 5: /* å */
            return "aa";
        case 22: /* ö */
        case 24: /* ø */
            return "oe";
        case 28: /* ü */
            return "ue";
        default:
            break;
        }
    }
    return latin[second & 63];
}

/* fold_text of a name of the usual letters in one go; -1 if it has others. */
static int fold_usual(char out[NAMES_BYTES], struct str name, enum fold_style style)
{
    int n = 0;
    bool space = false;
    if (name.n > NAMES_BYTES / 2 - 2)
        return -1;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c <= ' ' || c == 0x7F) {
            space = n > 0;
            continue;
        }
        if (space)
            out[n++] = ' ';
        space = false;
        if (c < 0x80 && c != '`') {
            out[n++] = (char)(c | (unsigned)((unsigned)c - 'A' < 26u) << 5);
            continue;
        }
        if (c != 0xC3 || i + 1 == name.n || ((unsigned char)name.p[i + 1] & 0xC0) != 0x80)
            return -1;
        const char *letter = latin_letter((unsigned char)name.p[++i], style);
        if (!letter[0])
            return -1;
        out[n++] = letter[0];
        if (letter[1])
            out[n++] = letter[1];
    }
    return n;
}

static bool is_single(struct str w)
{
    return w.n == 1 && w.p[0] >= 'a' && w.p[0] <= 'z';
}

/* Letters that stand alone, one behind the other, are one word: "a. s.", "d. d.", "L M" of "LM
 * Ericsson". Not where the first may be an "and" ("Juan y B") or the "z"
 * of "sp. z o. o." */
static void join_singles(struct names_words *w)
{
    int n = 0;
    for (int i = 0; i < w->count;) {
        int end = i + 1;
        while (
            end < w->count && is_single(w->word[i]) && is_single(w->word[end]) && end != w->comma)
            end++;
        bool join = end - i > 1 && !strchr("eiouyz", w->word[i].p[0]);
        end = join ? end : i + 1;
        if (w->comma == i && i > 0)
            w->comma = n;
        w->word[n] = w->word[i];
        w->short_form[n] = w->short_form[end - 1];
        for (int k = i + 1; k < end; k++) {
            char *to = w->text + (w->word[n].p - w->text);
            to[w->word[n].n++] = w->word[k].p[0];
        }
        n++;
        i = end;
    }
    w->count = n;
}

static void split(struct names_words *w, struct str name, enum fold_style style)
{
    /* A buffer that may not grow over what it has: nothing is allocated. */
    struct buf out = {.p = w->text, .cap = sizeof(w->text), .max = sizeof(w->text) - 1};
    int usual = fold_usual(w->text, name, style);
    w->count = w->comma = 0;
    int singles = 0;
    w->whole = usual >= 0 || fold_text(&out, name, style) == 0;
    char *p = w->text;
    const char *end = p + (usual >= 0 ? (size_t)usual : out.n);
    while (p != end) {
        bool sign = *p == '&' || *p == '+';
        if (!sign && !word_char(p, end)) {
            const char *next = p;
            if (*p == ',' && w->comma == 0)
                w->comma = w->count;
            fold_next(&next, end);
            p += next - p;
            continue;
        }
        if (w->count == NAMES_WORDS_MAX) {
            w->whole = false;
            break;
        }
        if (sign) {
            w->word[w->count] = STR_LIT("&");
            p++;
        } else {
            p = take_word(p, end, &w->word[w->count]);
        }
        w->short_form[w->count++] = p != end && *p == '.';
        singles += is_single(w->word[w->count - 1]);
    }
    if (singles > 1)
        join_singles(w);
}

/* "ja", "och", "and" ... between two words are the sign they stand for. */
static void unify_and(struct names_words *w, int from, int to, bool compared)
{
    static const char *const ands[] = {"ja", "och", "o", "og", "and", "und", "u", "seka", "sekae",
        "et", "en", "e", "y", "i", "oraz", "un", "ir", "es"};
    size_t n = compared ? sizeof(ands) / sizeof(ands[0]) : 9;
    for (int i = from + 1; i < to - 1; i++) {
        if (w->word[i].n > 5 || !strchr("joasueyi", w->word[i].p[0]))
            continue;
        for (size_t k = 0; k < n; k++) {
            if (str_is(w->word[i], ands[k]))
                w->word[i] = STR_LIT("&");
        }
    }
}

/* "AS Harju", not "As Harju": only the former begins with a legal form. So do "ApS Harju",
 * "d.o.o. Harju" and "hf. Harju". */
static bool first_in_capitals(struct str name)
{
    bool small = false;
    for (size_t i = 0; i < name.n && name.p[i] != ' ' && name.p[i] != ','; i++) {
        char c = name.p[i];
        if (i > 0 && ((c == '.' && i + 1 < name.n) || (c >= 'A' && c <= 'Z')))
            return true;
        small = small || (c >= 'a' && c <= 'z');
    }
    return !small;
}

static struct str behind_comma(struct str s)
{
    struct str behind;
    str_cut(s, ',', &behind);
    return behind.p ? behind : STR_NONE;
}

/* "S.C. Dacia S.R.L.": what Romanians put in front of a company's name beside its form. */
static void drop_trading_company(struct names_parsed *n)
{
    if (n->to - n->from > 1 && str_is(n->plain.word[n->from], "sc") &&
        (!strcmp(n->form, "srl") || !strcmp(n->form, "sa")))
        n->from++;
}

/* "Harju Oy, Tampere": what stands behind the form and a comma is no name. */
static bool form_before_comma(struct names_parsed *n, bool capitals)
{
    int from = 0, to = n->plain.count;
    if (n->plain.comma == 0 || is_another_body(behind_comma(n->text)))
        return false;
    /* "Galp Energia SGPS, S.A.": behind the comma stands a form, too. */
    names_form_strip(n->plain.word, &from, &to, capitals);
    if (to <= n->plain.comma)
        return false;
    from = 0;
    to = n->plain.comma;
    const char *form = names_form_strip(n->plain.word, &from, &to, capitals);
    if (to == n->plain.comma)
        return false;
    n->from = from;
    n->to = to;
    n->form = form;
    return true;
}

void names_parse(struct names_parsed *n, struct str text, bool compared)
{
    n->compared = compared;
    n->text = without_additions(text);
    n->has_expanded = false;
    split(&n->plain, n->text, FOLD_PLAIN);
    bool capitals = first_in_capitals(n->text);
    if (!form_before_comma(n, capitals)) {
        n->from = 0;
        n->to = n->plain.count;
        n->form = names_form_strip(n->plain.word, &n->from, &n->to, capitals);
    }
    drop_trading_company(n);
    unify_and(&n->plain, n->from, n->to, n->compared);
}

/* Word i as FOLD_EXPANDED has it. Where words end does not depend on the style: letters become
 * letters in both. */
struct str names_expanded(struct names_parsed *n, int i)
{
    if (!n->has_expanded) {
        split(&n->expanded, n->text, FOLD_EXPANDED);
        unify_and(&n->expanded, n->from, n->to, n->compared);
        n->has_expanded = true;
    }
    return i < n->expanded.count ? n->expanded.word[i] : STR_NONE;
}
