/* Company names: taken apart into words, freed of their legal form, compared word by word. */
#include "names.h"

#include <string.h>
#include <utf8proc.h>

#include "fold.h"
#include "names_form.h"

#define NAME_MAX_BYTES ((size_t)4096)

/* A name in one of the two fold styles. */
struct words {
    struct buf text; /* the words' letters */
    struct str word[NAMES_WORDS_MAX];
    bool short_form[NAMES_WORDS_MAX]; /* a full stop stands behind it: "Transp." */
    int count;
    int comma;  /* words before the first comma; 0: there is none */
    bool whole; /* no word had to be left out */
};

struct name {
    struct str text;
    struct words plain;
    struct words expanded; /* made when first needed */
    bool has_expanded;
    int from, to;     /* the words that are not legal form */
    const char *form; /* "" if none */
};

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

/* The name without "(Finland)", "/ Helsinki" and "- laskutus" behind it. */
static struct str without_additions(struct str s)
{
    s = str_trim(s);
    if (s.n && s.p[s.n - 1] == ')') {
        const char *open = memrchr(s.p, '(', s.n);
        if (open && open != s.p)
            s = str_trim((struct str){s.p, (size_t)(open - s.p)});
    }
    for (size_t i = 1; i + 1 < s.n; i++) {
        bool spaced = s.p[i - 1] == ' ' && s.p[i + 1] == ' ';
        struct str behind = {s.p + i + 1, s.n - i - 1};
        if ((spaced && s.p[i] == '/') ||
            ((s.p[i] == ',' || (spaced && s.p[i] == '-')) && is_purpose(behind)))
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
    while ((next = word_char(p, end)))
        p = next;
    return p;
}

/* Appends the word at p to w->text and returns what follows. */
static const char *take_word(struct words *w, const char *p, const char *end)
{
    size_t start = w->text.n;
    bool singles = true; /* all letters so far stood alone */
    for (;;) {
        const char *run = p;
        p = word_run(p, end);
        buf_add(&w->text, run, (size_t)(p - run));
        singles = singles && p == word_char(run, end);
        const char *next = singles ? dotted(p, end, w->text.p + start) : NULL;
        if (next)
            singles = *p != ':';
        else if (p != end && *p == '\'' && word_char(p + 1, end))
            next = p + 1; /* "McDonald's" */
        if (!next)
            return p;
        p = next;
    }
}

static void split(struct words *w, struct str name, enum fold_style style)
{
    struct buf folded;
    size_t offset[NAMES_WORDS_MAX + 1];
    buf_init(&folded, NAME_MAX_BYTES);
    buf_init(&w->text, NAME_MAX_BYTES);
    if (name.n < NAME_MAX_BYTES / 2) {
        buf_room(&folded, name.n * 2);
        buf_room(&w->text, name.n * 2);
    }
    w->count = w->comma = 0;
    w->whole = fold_text(&folded, name, style) == 0;
    const char *p = folded.p, *end = folded.p + folded.n;
    while (p != end) {
        bool sign = *p == '&' || *p == '+';
        if (!sign && !word_char(p, end)) {
            if (*p == ',' && w->comma == 0)
                w->comma = w->count;
            fold_next(&p, end);
            continue;
        }
        if (w->count == NAMES_WORDS_MAX) {
            w->whole = false;
            break;
        }
        offset[w->count] = w->text.n;
        if (sign) {
            buf_addc(&w->text, '&');
            p++;
        } else {
            p = take_word(w, p, end);
        }
        w->short_form[w->count++] = p != end && *p == '.';
    }
    offset[w->count] = w->text.n;
    for (int i = 0; i < w->count; i++)
        w->word[i] = (struct str){w->text.p + offset[i], offset[i + 1] - offset[i]};
    buf_free(&folded);
}

/* "ja", "och", "and" ... between two words are the sign they stand for. */
static void unify_and(struct words *w, int from, int to)
{
    static const char *const ands[] = {"ja", "och", "o", "og", "and", "und", "u", "seka", "sekae"};
    for (int i = from + 1; i < to - 1; i++) {
        for (size_t k = 0; k < sizeof(ands) / sizeof(ands[0]); k++) {
            if (str_is(w->word[i], ands[k]))
                w->word[i] = STR_LIT("&");
        }
    }
}

/* "AS Harju", not "As Harju": only the former begins with a legal form. */
static bool first_in_capitals(struct str name)
{
    for (size_t i = 0; i < name.n && name.p[i] != ' ' && name.p[i] != ','; i++) {
        if (name.p[i] >= 'a' && name.p[i] <= 'z')
            return false;
    }
    return true;
}

/* "Harju Oy, Tampere": what stands behind the form and a comma is no name. */
static bool form_before_comma(struct name *n, bool capitals)
{
    int from = 0, to = n->plain.comma;
    if (to == 0)
        return false;
    const char *form = names_form_strip(n->plain.word, &from, &to, capitals);
    if (to == n->plain.comma)
        return false;
    n->from = from;
    n->to = to;
    n->form = form;
    return true;
}

static void name_parse(struct name *n, struct str text)
{
    n->text = without_additions(text);
    n->has_expanded = false;
    split(&n->plain, n->text, FOLD_PLAIN);
    bool capitals = first_in_capitals(n->text);
    if (!form_before_comma(n, capitals)) {
        n->from = 0;
        n->to = n->plain.count;
        n->form = names_form_strip(n->plain.word, &n->from, &n->to, capitals);
    }
    unify_and(&n->plain, n->from, n->to);
}

/* Word i as FOLD_EXPANDED has it. Where words end does not depend on the style: letters become
 * letters in both. */
static struct str expanded(struct name *n, int i)
{
    if (!n->has_expanded) {
        split(&n->expanded, n->text, FOLD_EXPANDED);
        unify_and(&n->expanded, n->from, n->to);
        n->has_expanded = true;
    }
    return i < n->expanded.count ? n->expanded.word[i] : STR_NONE;
}

static void name_free(struct name *n)
{
    buf_free(&n->plain.text);
    if (n->has_expanded)
        buf_free(&n->expanded.text);
}

/* ---- comparing ----------------------------------------------------------------------------- */

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    }
    return false;
}

/* Letters of the shorter word from which on a slip of the pen is likelier than another name: more
 * where no other word of the name speaks for it ("Saari Oy" and "Sari Oy"). */
#define SLIP_MIN       4
#define SLIP_MIN_ALONE 6

/* One letter too many, too few, or two exchanged. One letter for another is no slip but another
 * name: Mäkelä and Mäkilä. */
static bool is_slip(struct str a, struct str b, size_t least)
{
    if (a.n > b.n) {
        struct str longer = a;
        a = b;
        b = longer;
    }
    if (a.n < least || b.n - a.n > 1 || has_digit(a) || has_digit(b))
        return false;
    size_t i = 0;
    while (i < a.n && a.p[i] == b.p[i])
        i++;
    if (b.n > a.n)
        return memcmp(a.p + i, b.p + i + 1, a.n - i) == 0;
    return i + 1 < a.n && a.p[i] == b.p[i + 1] && a.p[i + 1] == b.p[i] &&
           memcmp(a.p + i + 2, b.p + i + 2, a.n - i - 2) == 0;
}

/* "Transp." of "Transport". */
static bool is_short_form(struct str a, bool marked, struct str b)
{
    return marked && a.n >= 3 && a.n < b.n && memcmp(a.p, b.p, a.n) == 0;
}

static enum names_match compare_words(struct name *a, int i, struct name *b, int k)
{
    struct str x = a->plain.word[i], y = b->plain.word[k];
    if (str_eq(x, y))
        return NAMES_SAME;
    struct str xx = expanded(a, i), yy = expanded(b, k);
    if (str_eq(xx, yy))
        return NAMES_SAME;
    size_t least = a->to - a->from > 1 ? SLIP_MIN : SLIP_MIN_ALONE;
    if (is_slip(x, y, least) || is_slip(xx, yy, least) ||
        is_short_form(x, a->plain.short_form[i], y) || is_short_form(y, b->plain.short_form[k], x))
        return NAMES_CLOSE;
    return NAMES_DIFFERENT;
}

/* Equal when words are written together: "Tili-Toimisto" and "Tilitoimisto". Numbers stay apart:
 * "Harju 1 2" is not "Harju 12". */
static bool joined_equal(const struct name *a, const struct name *b)
{
    struct buf x, y;
    const struct name *names[] = {a, b};
    struct buf *texts[] = {&x, &y};
    for (int side = 0; side < 2; side++) {
        const struct name *n = names[side];
        buf_init(texts[side], NAME_MAX_BYTES * 2);
        for (int i = n->from; i < n->to; i++) {
            bool number = has_digit(n->plain.word[i]);
            if (number)
                buf_addc(texts[side], ' ');
            buf_add(texts[side], n->plain.word[i].p, n->plain.word[i].n);
            if (number)
                buf_addc(texts[side], ' ');
        }
    }
    bool equal = str_eq(buf_str(&x), buf_str(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}

static enum names_match compare_cores(struct name *a, struct name *b)
{
    int n = a->to - a->from, slips = 0;
    if (n == 0 || b->to == b->from)
        return NAMES_DIFFERENT;
    for (int i = 0; n == b->to - b->from && i < n; i++) {
        enum names_match m = compare_words(a, a->from + i, b, b->from + i);
        if (m == NAMES_DIFFERENT)
            n = -1;
        slips += m == NAMES_CLOSE;
    }
    if (n == b->to - b->from && slips <= 1)
        return slips ? NAMES_CLOSE : NAMES_SAME;
    return joined_equal(a, b) ? NAMES_SAME : NAMES_DIFFERENT;
}

enum names_match names_compare(struct str a, struct str b)
{
    struct name x, y;
    enum names_match m;
    name_parse(&x, a);
    name_parse(&y, b);
    if (!x.plain.whole || !y.plain.whole)
        m = NAMES_DIFFERENT; /* nobody is called that */
    else if (x.form[0] && y.form[0] && strcmp(x.form, y.form) != 0)
        m = NAMES_DIFFERENT;
    else
        m = compare_cores(&x, &y);
    name_free(&x);
    name_free(&y);
    return m;
}

bool names_same(struct str a, struct str b)
{
    return names_compare(a, b) != NAMES_DIFFERENT;
}

const char *names_form(struct str name)
{
    struct name n;
    name_parse(&n, name);
    const char *form = n.form;
    name_free(&n);
    return form;
}

int names_fold(struct buf *out, struct str name)
{
    struct name n;
    name_parse(&n, name);
    int rc = 0;
    if (!n.plain.whole)
        rc = fold_text(out, name, FOLD_PLAIN);
    for (int i = n.from; i < n.to && n.plain.whole; i++) {
        if (i > n.from)
            buf_addc(out, ' ');
        buf_add(out, n.plain.word[i].p, n.plain.word[i].n);
    }
    name_free(&n);
    return rc < 0 || out->failed ? -1 : 0;
}
