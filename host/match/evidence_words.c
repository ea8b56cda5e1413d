/* Words and model codes of two records against each other. */
#include <string.h>

#include "evidence_impl.h"
#include "similarity.h"

#define QUALIFIER_MIN 2   /* letters in front of a compound that make it another thing */
#define PREFIX_MAX    3   /* letters in which two words differ that are opposites: on, off */
#define RARE_PAIR     420 /* hundredths of bits of a word of two records that is a rare one */
#define INITIALS_MAX  3   /* letters that stand for the parts of a compound ... */
#define PART_MIN      3   /* ... each of which has so many letters ... */
#define PART_LEAST    4   /* ... and as many as this on an average */
#define STEM_MIN      5   /* ... before as many that are the same */

/* What a word found elsewhere than in the name is worth. */
enum { IN_NAME = 1000, IN_BRAND = 1000, IN_TEXT = 650, CLOSE = 850, INITIALS = 600 };

static int worth_in(const struct token *t)
{
    return t->field == TOKEN_NAME ? IN_NAME : t->field == TOKEN_BRAND ? IN_BRAND : IN_TEXT;
}

static void credit_chunk(struct found *f, const struct token *t, int worth)
{
    for (int i = 0; i < f->p->n; i++)
        if (f->p->token[i].chunk == t->chunk && f->p->token[i].field == t->field)
            credit(f, i, worth);
}

/* A word of both names that hardly any other record has singles the record out. */
static void note_rare(struct comparison *c, const struct token *a, const struct token *b)
{
    bool word = a->kind == TOKEN_WORD || a->kind == TOKEN_ALIAS;
    bool mark = a->kind == TOKEN_MARK || b->kind == TOKEN_MARK;
    if (a->field != TOKEN_NAME || b->field != TOKEN_NAME || a->group)
        return;
    if ((word && a->n >= 4) || (mark && a->n >= 3))
        c->out->rare += c->rarity(c->arg, a->word) <= (a->weight >= RARE_PAIR ? 2 : 1);
}

void evidence_exact_words(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    struct words_seen there = {{false}};
    for (int j = 0; j < m->n; j++)
        there.at[m->token[j].word & 255] = true;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (!may_have_seen(&there, a->word) || a->word == TOKEN_NO_WORD || a->kind == TOKEN_EXACT ||
            a->field == TOKEN_UNIT)
            continue;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            if (a->word != b->word || b->field == TOKEN_UNIT)
                continue;
            if (a->kind == TOKEN_ALIAS)
                credit_chunk(&c->query, a, worth_in(b));
            if (b->kind == TOKEN_ALIAS)
                credit_chunk(&c->match, b, worth_in(a));
            credit(&c->query, i, worth_in(b));
            credit(&c->match, j, worth_in(a));
            note_rare(c, a, b);
        }
    }
}

/* ---- words that are not spelt the same ------------------------------------------------------- */

struct open {
    int at;
    struct str key;
};

/* Words of the name; open: only those not found yet. */
static int words_of(const struct found *f, bool open, struct open *out)
{
    int n = 0;
    for (int i = 0; i < f->p->n && n < TOKEN_NAME_MAX; i++) {
        const struct token *t = &f->p->token[i];
        if ((t->field == TOKEN_NAME || (!open && t->field == TOKEN_BRAND)) &&
            t->kind == TOKEN_WORD && t->n >= 2 && !(open && f->credit[i] >= CLOSE))
            out[n++] = (struct open){i, token_key(f->p, t)};
    }
    return n;
}

static int allowed_edits(size_t n)
{
    return n < 4 ? 0 : n < 8 ? 1 : n < 13 ? 2 : 3;
}

static bool is_prefix(struct str a, struct str b)
{
    return a.n < b.n && !memcmp(a.p, b.p, a.n);
}

/* Words of one group of variants may not be taken for one another: black is no back. */
static bool may_be_misspelt(const struct token *a, const struct token *b)
{
    return !(a->group && b->group);
}

static size_t common_end(struct str a, struct str b)
{
    size_t n = 0, least = a.n < b.n ? a.n : b.n;
    while (n < least && a.p[a.n - 1 - n] == b.p[b.n - 1 - n])
        n++;
    return n;
}

/* They differ in front only, and by more than a slip: onboarding and offboarding, internal and
 * external. Nobody mistypes the begin of a word twice. */
static bool is_opposite(struct str a, struct str b, int edits)
{
    size_t same = common_end(a, b), most = a.n < b.n ? b.n : a.n;
    return edits > 1 && same >= STEM_MIN && most - same <= PREFIX_MAX;
}

/* The first letters of a compound's parts: iv for ilmanvaihto, sj for suodatinjauhatus, lto for
 * lammontalteenotto. */
static bool is_initials(struct str a, struct str b)
{
    size_t at = 0;
    if (a.n < 2 || a.n > INITIALS_MAX || b.n < a.n * PART_LEAST || a.p[0] != b.p[0])
        return false;
    for (size_t i = 1; i < a.n; i++) {
        size_t from = at + PART_MIN;
        const char *next = from < b.n ? memchr(b.p + from, a.p[i], b.n - from) : NULL;
        if (!next)
            return false;
        at = (size_t)(next - b.p);
    }
    return b.n - at >= PART_MIN;
}

static void similar_pairs(struct comparison *c, struct open *q, int nq, struct open *m, int nm)
{
    for (int i = 0; i < nq; i++)
        for (int j = 0; j < nm; j++) {
            struct str a = q[i].key, b = m[j].key;
            const struct token *ta = &c->query.p->token[q[i].at], *tb = &c->match.p->token[m[j].at];
            size_t shorter = a.n < b.n ? a.n : b.n, longer = a.n < b.n ? b.n : a.n;
            if (!may_be_misspelt(ta, tb))
                continue;
            if ((is_prefix(a, b) && (ta->cut ? a.n >= 2 : a.n >= 3 && a.n * 2 <= b.n)) ||
                (is_prefix(b, a) && (tb->cut ? b.n >= 2 : b.n >= 3 && b.n * 2 <= a.n))) {
                int worth = ta->cut || tb->cut ? 900 : shorter >= 4 ? 700 : 500;
                credit(&c->query, q[i].at, worth);
                credit(&c->match, m[j].at, worth);
            }
            if (!ta->group && !tb->group && (is_initials(a, b) || is_initials(b, a))) {
                credit(&c->query, q[i].at, INITIALS);
                credit(&c->match, m[j].at, INITIALS);
            }
            int edits = allowed_edits(shorter);
            if (edits == 0 || longer - shorter > (size_t)edits)
                continue;
            int distance = similarity_distance(a, b);
            if (distance <= edits && !is_opposite(a, b, distance)) {
                credit(&c->query, q[i].at, CLOSE);
                credit(&c->match, m[j].at, CLOSE);
            }
        }
}

/* The front of a compound is not among what was found, its end is: a valitilinpaatos is no
 * tilinpaatos. What is missing at the end is mostly an ending. */
static bool qualified(uint64_t runs)
{
    return runs != 0 && __builtin_ctzll(runs) >= QUALIFIER_MIN;
}

/* Ends with the word, and what it has in front is not among the words around that one. */
static bool is_qualified_by(struct str longer, struct str word, const struct str *around, int n)
{
    return longer.n >= word.n + QUALIFIER_MIN &&
           !memcmp(longer.p + longer.n - word.n, word.p, word.n) &&
           qualified(similarity_runs(longer, around, n));
}

/* Another word ends as this one does, and has another front: an ilmalampopumppu is no
 * maalampopumppu. */
static bool has_other_front(
    struct str word, const struct str *own, int own_n, const struct str *others, int others_n)
{
    for (int k = 0; k < others_n; k++) {
        size_t same = common_end(word, others[k]);
        if (same >= STEM_MIN && same < word.n && same + 1 < others[k].n &&
            qualified(similarity_runs(others[k], own, own_n)))
            return true;
    }
    return false;
}

/* The words of a side, as keys only. */
static int keys_of(const struct found *f, struct str *out)
{
    struct open all[TOKEN_NAME_MAX];
    int n = words_of(f, false, all);
    for (int i = 0; i < n; i++)
        out[i] = all[i].key;
    return n;
}

/* Credits what of the open words is within words of the other side, which are `others`. */
static void covered(struct found *f, const struct open *open, int n, const struct str *own,
    int own_n, const struct str *others, int others_n)
{
    for (int i = 0; i < n; i++) {
        struct str word = open[i].key;
        if (f->credit[open[i].at] >= CLOSE || word.n < 4)
            continue;
        uint64_t runs = similarity_runs(word, others, others_n);
        int part = __builtin_popcountll(runs) * 1000 / (int)word.n;
        bool other = qualified(runs);
        for (int k = 0; k < others_n && !other; k++)
            other = is_qualified_by(others[k], word, own, own_n);
        if (other)
            part = part * 7 / 10;
        if (qualified(runs) && has_other_front(word, own, own_n, others, others_n))
            part = part * 6 / 10;
        if (part >= 400)
            credit(f, open[i].at, part * 9 / 10);
    }
}

void evidence_similar_words(struct comparison *c)
{
    struct open q[TOKEN_NAME_MAX], m[TOKEN_NAME_MAX];
    struct str all_q[TOKEN_NAME_MAX], all_m[TOKEN_NAME_MAX];
    int nq = words_of(&c->query, true, q), nm = words_of(&c->match, true, m);
    if (nq > 0 && nm > 0)
        similar_pairs(c, q, nq, m, nm);
    if (nq == 0 && nm == 0)
        return;
    int aq = keys_of(&c->query, all_q), am = keys_of(&c->match, all_m);
    covered(&c->query, q, nq, all_q, aq, all_m, am);
    covered(&c->match, m, nm, all_m, am, all_q, aq);
}

/* ---- model codes ----------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int digits_in(struct str s)
{
    int n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += is_digit(s.p[i]);
    return n;
}

/* One is the other with letters before or behind: fs105 and fs105na, lx350h and pslx350h. */
static bool is_near(struct str a, struct str b)
{
    if (a.n > b.n) {
        struct str t = a;
        a = b;
        b = t;
    }
    size_t more = b.n - a.n;
    if (more == 0 || more > 5 || a.n < 4 || digits_in(a) < 2)
        return false;
    if (!memcmp(a.p, b.p, a.n))
        return !is_digit(b.p[a.n]);
    return a.n >= 5 && !memcmp(a.p, b.p + more, a.n) && digits_in((struct str){b.p, more}) == 0;
}

/* The part up to the last digit of the first group of digits that has two or more: mdb7851 of
 * mdb7851awb. What follows is often the colour. */
static size_t stem_of(struct str s)
{
    size_t run = 0;
    for (size_t i = 0; i < s.n; i++) {
        run = is_digit(s.p[i]) ? run + 1 : 0;
        if (run >= 2 && (i + 1 == s.n || !is_digit(s.p[i + 1])))
            return i + 1;
    }
    return 0;
}

static bool is_same_stem(struct str a, struct str b)
{
    size_t n = stem_of(a);
    return n >= 5 && n == stem_of(b) && !memcmp(a.p, b.p, n) && !is_digit(*a.p);
}

/* Of one family, but another member: ezxs88w and ezxs55w. */
static bool is_sibling(struct str a, struct str b)
{
    size_t common = 0, least = a.n < b.n ? a.n : b.n;
    while (common < least && a.p[common] == b.p[common])
        common++;
    if (common >= 3 && common * 2 >= least)
        return true;
    return a.n == b.n && similarity_distance(a, b) <= (int)a.n / 4;
}

/* A GTIN holds the maker's number before its check digit: 743840830153 and 83015. */
static bool is_in_gtin(struct str a, struct str b)
{
    if (a.n < b.n) {
        struct str t = a;
        a = b;
        b = t;
    }
    return a.n >= 12 && a.n <= 14 && b.n >= 5 && b.n <= 7 && digits_in(a) == (int)a.n &&
           digits_in(b) == (int)b.n && !memcmp(a.p + a.n - 1 - b.n, b.p, b.n);
}

/* Numbers of one kind, so that two different ones are two products. A maker's model and a dealer's
 * number say nothing about each other. */
static bool is_comparable(struct str a, struct str b)
{
    bool letters = digits_in(a) < (int)a.n;
    if (letters != (digits_in(b) < (int)b.n))
        return false;
    return letters ? is_digit(*a.p) == is_digit(*b.p) : a.n == b.n;
}

/* What stands for a record's model: a code, or the code column where the name has no code. */
static bool is_code(const struct token *t)
{
    return (t->kind == TOKEN_CODE || t->kind == TOKEN_COLUMN) && t->field != TOKEN_BRAND &&
           t->field != TOKEN_UNIT;
}

/* A part of a longer code that is long enough to be one: 967685 of 967685-0403. */
static bool is_code_part(const struct token *t, struct str key)
{
    return t->kind == TOKEN_ALIAS && t->field == TOKEN_NAME && key.n >= 5 && digits_in(key) >= 3;
}

static enum evidence_code relation(
    const struct token *a, struct str x, const struct token *b, struct str y)
{
    bool in_text = a->field == TOKEN_TEXT || b->field == TOKEN_TEXT;
    if (x.n == y.n && !memcmp(x.p, y.p, x.n))
        return in_text ? CODE_IN_TEXT : CODE_SAME;
    if (!in_text && (is_near(x, y) || is_in_gtin(x, y)))
        return CODE_NEAR;
    return CODE_NONE;
}

/* A code tells one product from another only if few have it. */
static void note_code(struct comparison *c, enum evidence_code found, const struct token *b, int n)
{
    int rarity = b->word == TOKEN_NO_WORD ? 0 : c->rarity(c->arg, b->word);
    if (found < c->out->code ||
        (found == c->out->code && found != CODE_NONE && rarity >= c->out->rarity))
        return;
    c->out->code = found;
    c->out->rarity = rarity;
    c->out->code_length = n;
}

static void match_codes(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        struct str x = token_key(q, a);
        bool part = is_code_part(a, x);
        if (!is_code(a) && !part)
            continue;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            struct str y = token_key(m, b);
            bool other_part = is_code_part(b, y);
            if ((!is_code(b) && !other_part) || (part && other_part))
                continue;
            enum evidence_code found = relation(a, x, b, y);
            if (part || other_part)
                found = found == CODE_SAME ? CODE_NEAR : CODE_NONE;
            if (found == CODE_NONE)
                continue;
            /* All of the chunk counts as found: its other spellings are the same code. */
            int worth = found == CODE_SAME ? 1000 : found == CODE_NEAR ? 900 : IN_TEXT;
            if (a->field == TOKEN_NAME)
                credit_chunk(&c->query, a, worth);
            if (b->field == TOKEN_NAME)
                credit_chunk(&c->match, b, worth);
            note_code(c, found, b, (int)(x.n < y.n ? x.n : y.n));
        }
    }
}

static bool is_open_code(const struct found *f, int i)
{
    const struct token *t = &f->p->token[i];
    return t->field == TOKEN_NAME && t->kind == TOKEN_CODE && f->credit[i] == 0;
}

static bool has_column(const struct profile *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->token[i].kind == TOKEN_COLUMN)
            return true;
    return false;
}

static bool stands_for_model(const struct found *f, int i)
{
    return f->p->token[i].kind == TOKEN_COLUMN || is_open_code(f, i);
}

/* A code column that differs from the other's codes, of numbers of one kind: of one family, they
 * are two models. */
static void compare_columns(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    if (c->out->code >= CODE_NEAR)
        return;
    for (int i = 0; i < q->n; i++)
        for (int j = 0; stands_for_model(&c->query, i) && j < m->n; j++) {
            if (!stands_for_model(&c->match, j) ||
                (q->token[i].kind != TOKEN_COLUMN && m->token[j].kind != TOKEN_COLUMN))
                continue;
            struct str x = token_key(q, &q->token[i]), y = token_key(m, &m->token[j]);
            if (!is_comparable(x, y))
                continue;
            c->out->columns_differ = true;
            if (is_sibling(x, y) || is_same_stem(x, y))
                c->out->conflicts |= CONFLICT_CODE;
        }
}

void evidence_codes(struct comparison *c)
{
    match_codes(c);
    const struct profile *q = c->query.p, *m = c->match.p;
    bool both = false;
    for (int i = 0; i < q->n; i++) {
        if (!is_open_code(&c->query, i))
            continue;
        c->out->open_query++;
        for (int j = 0; j < m->n; j++) {
            if (!is_open_code(&c->match, j))
                continue;
            struct str x = token_key(q, &q->token[i]), y = token_key(m, &m->token[j]);
            both = both || is_comparable(x, y);
            if (is_same_stem(x, y))
                c->out->stem_same = true;
            if (is_sibling(x, y) || is_same_stem(x, y))
                c->out->conflicts |= CONFLICT_CODE;
        }
    }
    for (int j = 0; j < m->n; j++)
        c->out->open_match += is_open_code(&c->match, j);
    compare_columns(c);
    if (c->out->code == CODE_NONE) {
        c->out->open_query += has_column(q);
        c->out->open_match += has_column(m);
    }
    if (both && c->out->code == CODE_NONE)
        c->out->code = CODE_DIFFERENT;
}
