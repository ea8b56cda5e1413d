/* Company names: compared word by word. */
#include "names.h"

#include <string.h>
#include "names_impl.h"

/* How two names differ, word by word. */
struct comparison {
    struct names_parsed a, b;
    enum names_note_kind how; /* the least equal pair of words */
    int at_a, at_b;           /* the words that `how` is about, where it is about two */
    int common;               /* equal words */
    bool form_conflict;
};

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
#define SLIP_MIN        4
#define SLIP_MIN_ALONE  6
#define SLIP_MIN_LETTER 8 /* where one letter stands for another */

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

static bool one_letter_differs(struct str a, struct str b)
{
    int other = 0;
    if (a.n != b.n || a.n < SLIP_MIN_LETTER || has_digit(a) || has_digit(b))
        return false;
    for (size_t i = 0; i < a.n; i++)
        other += a.p[i] != b.p[i];
    return other == 1;
}

/* "Transp." of "Transport". */
static bool is_short_form(struct str a, bool marked, struct str b, size_t least)
{
    return marked && a.n >= least && a.n < b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* How word i of a and word k of b compare; NAMES_NOTE_WORD if they are two words. */
static enum names_note_kind compare_words(struct comparison *c, int i, int k, bool *unsure)
{
    struct names_parsed *a = &c->a, *b = &c->b;
    struct str x = a->plain.word[i], y = b->plain.word[k];
    bool marked_x = a->plain.short_form[i], marked_y = b->plain.short_form[k];
    if (str_eq(x, y))
        return NAMES_NOTE_NAME;
    if (x.n + 1 < y.n / 2 || y.n + 1 < x.n / 2) {
        /* far too short to be the same: only a full stop could tell */
        if (!marked_x && !marked_y)
            return NAMES_NOTE_WORD;
    }
    size_t least = a->to - a->from > 1 ? SLIP_MIN : SLIP_MIN_ALONE;
    /* Spelling changes no first letter (ä is a or ae): most words are told apart by theirs. */
    if (x.p[0] != y.p[0])
        return is_slip(x, y, least) ? NAMES_NOTE_SLIP : NAMES_NOTE_WORD;
    struct str xx = names_expanded(a, i), yy = names_expanded(b, k);
    if (str_eq(xx, yy) || str_eq(x, yy) || str_eq(xx, y))
        return NAMES_NOTE_SPELLING;
    if (is_slip(x, y, least) || is_slip(xx, yy, least) || is_slip(x, yy, least) ||
        is_slip(xx, y, least))
        return NAMES_NOTE_SLIP;
    if (is_short_form(x, marked_x, y, 3) || is_short_form(y, marked_y, x, 3))
        return NAMES_NOTE_SHORT;
    if (is_short_form(x, marked_x, y, 1) || is_short_form(y, marked_y, x, 1)) {
        *unsure = true;
        return NAMES_NOTE_SHORT;
    }
    if (one_letter_differs(x, y)) {
        *unsure = true;
        return NAMES_NOTE_SLIP;
    }
    return NAMES_NOTE_WORD;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Equal when words are written together: "Tili-Toimisto" and "Tilitoimisto", "Studio 24" and
 * "Studio24". Numbers stay apart: "Harju 1 2" is not "Harju 12". */
static bool joined_equal(const struct names_parsed *a, const struct names_parsed *b)
{
    char text[2][NAMES_BYTES * 2 + NAMES_WORDS_MAX * 2];
    const struct names_parsed *names[] = {a, b};
    size_t length[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        const struct names_parsed *n = names[side];
        char *to = text[side];
        bool number = false; /* the last character was a digit */
        for (int i = n->from; i < n->to; i++) {
            struct str w = n->plain.word[i];
            number = number && !(w.n && is_digit(w.p[0]));
            for (size_t k = 0; k < w.n; k++) {
                if (is_digit(w.p[k]) && !number)
                    *to++ = ' ';
                number = is_digit(w.p[k]);
                *to++ = w.p[k];
            }
        }
        length[side] = (size_t)(to - text[side]);
    }
    return length[0] == length[1] && memcmp(text[0], text[1], length[0]) == 0;
}

/* "Kiint.palvelu" and "Kiinteistöpalvelu": word i of a, shortened in its middle, and the one behind
 * it are word i of b; all others are equal. */
static bool shortened_inside(const struct names_parsed *a, const struct names_parsed *b)
{
    int n = b->to - b->from, at = -1;
    if (a->to - a->from != n + 1)
        return false;
    for (int i = 0; i < n; i++) {
        struct str x = a->plain.word[a->from + i + (at >= 0)], y = b->plain.word[b->from + i];
        if (str_eq(x, y))
            continue;
        struct str tail = a->plain.word[a->from + i + 1];
        if (at >= 0 || !a->plain.short_form[a->from + i] || x.n < 3 || tail.n < 3 ||
            y.n <= x.n + tail.n || memcmp(x.p, y.p, x.n) != 0 ||
            memcmp(tail.p, y.p + y.n - tail.n, tail.n) != 0)
            return false;
        at = i;
    }
    return at >= 0;
}

static size_t letters_of(const struct names_parsed *n)
{
    size_t letters = 0;
    for (int i = n->from; i < n->to; i++)
        letters += n->plain.word[i].n;
    return letters;
}

/* Words of a that b has too, whatever their order. */
static int common_words(const struct names_parsed *a, const struct names_parsed *b)
{
    bool used[NAMES_WORDS_MAX] = {false};
    int common = 0;
    for (int i = a->from; i < a->to; i++) {
        for (int k = b->from; k < b->to; k++) {
            if (used[k] || !str_eq(a->plain.word[i], b->plain.word[k]))
                continue;
            used[k] = true;
            common++;
            break;
        }
    }
    return common;
}

/* Word by word where they stand. */
static enum names_match in_order(struct comparison *c, int n)
{
    bool unsure = false;
    int slips = 0;
    for (int i = 0; i < n; i++) {
        enum names_note_kind how = compare_words(c, c->a.from + i, c->b.from + i, &unsure);
        if (how == NAMES_NOTE_WORD)
            return NAMES_DIFFERENT;
        slips += how == NAMES_NOTE_SLIP || how == NAMES_NOTE_SHORT;
        if (how > c->how || (i == 0 && how == c->how)) {
            c->how = how;
            c->at_a = c->a.from + i;
            c->at_b = c->b.from + i;
        }
    }
    if (slips > 1)
        return NAMES_DIFFERENT;
    return unsure ? NAMES_UNSURE : slips ? NAMES_CLOSE : NAMES_SAME;
}

static enum names_match compare_cores(struct comparison *c)
{
    int n = c->a.to - c->a.from, m = c->b.to - c->b.from;
    c->how = NAMES_NOTE_NAME;
    if (n == 0 || m == 0)
        return NAMES_DIFFERENT;
    enum names_match match = n == m ? in_order(c, n) : NAMES_DIFFERENT;
    if (match == NAMES_SAME || match == NAMES_CLOSE)
        return match;
    if (letters_of(&c->a) == letters_of(&c->b) && joined_equal(&c->a, &c->b)) {
        c->how = NAMES_NOTE_JOINED;
        return NAMES_SAME;
    }
    if (match == NAMES_UNSURE)
        return match;
    if (shortened_inside(&c->a, &c->b) || shortened_inside(&c->b, &c->a)) {
        c->how = NAMES_NOTE_SHORT;
        c->at_a = c->a.from;
        c->at_b = c->b.from;
        return NAMES_CLOSE;
    }
    c->common = common_words(&c->a, &c->b);
    if (n == m && c->common == n) {
        c->how = NAMES_NOTE_ORDER;
        return NAMES_UNSURE;
    }
    c->how = NAMES_NOTE_WORD;
    return NAMES_DIFFERENT;
}

/* Forms that say the same in two languages of one country; where none is named, nothing is said. */
static bool is_one_form(const char *a, const char *b)
{
    static const char *const same[][2] = {
        {"ag", "sa"}, {"gmbh", "sarl"}, {"nv", "sa"}, {"bv", "srl"}, {"vzw", "asbl"}};
    if (!a[0] || !b[0] || strcmp(a, b) == 0)
        return true;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if ((!strcmp(a, same[i][0]) && !strcmp(b, same[i][1])) ||
            (!strcmp(a, same[i][1]) && !strcmp(b, same[i][0])))
            return true;
    return false;
}

/* A Finnish or Swedish company on the exchange calls itself Corporation in English: Nokia Oyj. No
 * form of a country says so, and a person is to see it. */
static bool may_be_one_form(const char *a, const char *b)
{
    return (!strcmp(a, "oyj") && !strcmp(b, "inc")) || (!strcmp(a, "inc") && !strcmp(b, "oyj"));
}

static enum names_match compare(struct comparison *c, struct str a, struct str b)
{
    names_parse(&c->a, a, true);
    names_parse(&c->b, b, true);
    c->common = c->at_a = c->at_b = 0;
    c->form_conflict = !is_one_form(c->a.form, c->b.form);
    if (!c->a.plain.whole || !c->b.plain.whole) {
        c->how = NAMES_NOTE_EMPTY; /* nobody is called that */
        return NAMES_DIFFERENT;
    }
    enum names_match m = compare_cores(c);
    if (c->form_conflict && m == NAMES_SAME && may_be_one_form(c->a.form, c->b.form))
        return NAMES_UNSURE;
    return c->form_conflict ? NAMES_DIFFERENT : m;
}

enum names_match names_compare(struct str a, struct str b)
{
    struct comparison c;
    return compare(&c, a, b);
}

bool names_same(struct str a, struct str b)
{
    return names_compare(a, b) >= NAMES_CLOSE;
}

/* ---- why ---------------------------------------------------------------------------------------
 */

static void copy(char out[NAMES_NOTE_TEXT], struct str s)
{
    size_t n = s.n < NAMES_NOTE_TEXT ? s.n : NAMES_NOTE_TEXT - 1;
    while (n < s.n && n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--; /* never inside a character */
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static void note(
    struct names_evidence *e, enum names_note_kind kind, struct str a, struct str b, int hundredths)
{
    if (e->count == NAMES_NOTES)
        return;
    struct names_note *n = &e->note[e->count++];
    n->kind = kind;
    copy(n->a, a);
    copy(n->b, b);
    n->weight = hundredths / 100.0;
    e->score += hundredths; /* as a whole number, until all are there */
}

/* Words of one name that the other has not, each a note against. */
static void note_others(struct names_evidence *e, const struct names_parsed *a,
    const struct names_parsed *b, bool swapped)
{
    for (int i = a->from; i < a->to; i++) {
        struct str w = a->plain.word[i];
        bool found = false;
        for (int k = b->from; k < b->to && !found; k++)
            found = str_eq(w, b->plain.word[k]);
        if (!found)
            note(e, has_digit(w) ? NAMES_NOTE_NUMBER : NAMES_NOTE_WORD, swapped ? STR_NONE : w,
                swapped ? w : STR_NONE, 0);
    }
}

static void note_name(struct names_evidence *e, const struct comparison *c, enum names_match core)
{
    struct str whole_a = c->a.text, whole_b = c->b.text;
    int n = c->a.to - c->a.from, m = c->b.to - c->b.from;
    if (c->how == NAMES_NOTE_EMPTY || n == 0 || m == 0) {
        note(e, NAMES_NOTE_EMPTY, whole_a, whole_b, 0);
    } else if (c->how == NAMES_NOTE_WORD) {
        int longer = n > m ? n : m;
        if (c->common)
            note(e, NAMES_NOTE_SOME, STR_NONE, STR_NONE, 50 * c->common / longer);
        note_others(e, &c->a, &c->b, false);
        note_others(e, &c->b, &c->a, true);
    } else if (c->how == NAMES_NOTE_NAME || c->how == NAMES_NOTE_JOINED ||
               c->how == NAMES_NOTE_ORDER) {
        int weight = c->how == NAMES_NOTE_ORDER ? 60 : c->how == NAMES_NOTE_JOINED ? 85 : 90;
        note(e, c->how, whole_a, whole_b, weight);
    } else {
        int weight = core == NAMES_UNSURE ? 60 : c->how == NAMES_NOTE_SPELLING ? 88 : 80;
        note(e, c->how, c->a.plain.word[c->at_a], c->b.plain.word[c->at_b], weight);
    }
}

enum names_match names_explain(struct str a, struct str b, struct names_evidence *out)
{
    struct comparison c;
    enum names_match m = compare(&c, a, b);
    struct str form_a = str_of(c.a.form), form_b = str_of(c.b.form);
    out->score = 0;
    out->count = 0;
    note_name(out, &c, m);
    bool named = c.how != NAMES_NOTE_WORD && c.how != NAMES_NOTE_EMPTY;
    if (c.form_conflict)
        note(out, NAMES_NOTE_FORM_CONFLICT, form_a, form_b, named ? -50 : 0);
    else if (form_a.n && form_b.n)
        note(out, NAMES_NOTE_FORM, form_a, form_b, named ? 10 : 0);
    else if (form_a.n || form_b.n)
        note(out, NAMES_NOTE_FORM_MISSING, form_a, form_b, named ? 4 : 0);
    out->score /= 100.0;
    return m;
}

const char *names_note_name(enum names_note_kind kind)
{
    static const char *const names[] = {"name", "spelling", "joined", "slip", "short", "order",
        "some_words", "form", "form_missing", "form_conflict", "number", "word", "empty"};
    return names[kind];
}

const char *names_decision(enum names_match m)
{
    return m >= NAMES_CLOSE ? "same" : m == NAMES_UNSURE ? "unsure" : "different";
}

/* ---- one name ----------------------------------------------------------------------------------
 */

const char *names_form(struct str name)
{
    struct names_parsed n;
    names_parse(&n, name, false);
    return n.form;
}

int names_fold(struct buf *out, struct str name)
{
    struct names_parsed n;
    names_parse(&n, name, false);
    if (!n.plain.whole)
        return fold_text(out, name, FOLD_PLAIN);
    for (int i = n.from; i < n.to; i++) {
        if (i > n.from)
            buf_addc(out, ' ');
        buf_add(out, n.plain.word[i].p, n.plain.word[i].n);
    }
    return out->failed ? -1 : 0;
}
