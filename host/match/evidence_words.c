/* Words and model codes of two records against each other. */
#include <string.h>

#include "evidence_impl.h"
#include "similarity.h"

/* What a word found elsewhere than in the name is worth. */
enum { IN_NAME = 1000, IN_BRAND = 1000, IN_TEXT = 650, CLOSE = 850 };

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

void evidence_exact_words(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (a->word == TOKEN_NO_WORD || a->kind == TOKEN_EXACT || a->field == TOKEN_UNIT)
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
            int edits = allowed_edits(shorter);
            if (edits == 0 || longer - shorter > (size_t)edits)
                continue;
            if (similarity_distance(a, b) <= edits) {
                credit(&c->query, q[i].at, CLOSE);
                credit(&c->match, m[j].at, CLOSE);
            }
        }
}

static void covered(struct found *f, const struct open *open, int n, const struct open *all, int na)
{
    struct str others[TOKEN_NAME_MAX];
    for (int i = 0; i < na; i++)
        others[i] = all[i].key;
    for (int i = 0; i < n; i++) {
        if (f->credit[open[i].at] >= CLOSE || open[i].key.n < 4)
            continue;
        int bytes = similarity_cover(open[i].key, others, na);
        int part = bytes * 1000 / (int)open[i].key.n;
        if (part >= 400)
            credit(f, open[i].at, part * 9 / 10);
    }
}

void evidence_similar_words(struct comparison *c)
{
    struct open q[TOKEN_NAME_MAX], m[TOKEN_NAME_MAX], all[TOKEN_NAME_MAX];
    int nq = words_of(&c->query, true, q), nm = words_of(&c->match, true, m);
    if (nq > 0 && nm > 0)
        similar_pairs(c, q, nq, m, nm);
    if (nq > 0)
        covered(&c->query, q, nq, all, words_of(&c->match, false, all));
    if (nm > 0)
        covered(&c->match, m, nm, all, words_of(&c->query, false, all));
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

static bool is_code(const struct token *t)
{
    return (t->kind == TOKEN_CODE || (t->kind == TOKEN_ALIAS && t->n >= 4)) &&
           t->field != TOKEN_BRAND && t->field != TOKEN_UNIT;
}

/* A code tells one product from another only if few have it. */
static enum evidence_code relation(struct comparison *c, int i, int j)
{
    const struct token *a = &c->query.p->token[i], *b = &c->match.p->token[j];
    struct str x = token_key(c->query.p, a), y = token_key(c->match.p, b);
    if (digits_in(x) == 0 || digits_in(y) == 0)
        return CODE_NONE;
    bool same = x.n == y.n && !memcmp(x.p, y.p, x.n);
    if (!same && !is_near(x, y))
        return CODE_DIFFERENT;
    int rarity = b->word == TOKEN_NO_WORD ? 0 : c->rarity(c->arg, b->word);
    bool in_text = a->field == TOKEN_TEXT || b->field == TOKEN_TEXT;
    enum evidence_code found = in_text && !same ? CODE_NONE
                               : in_text        ? CODE_IN_TEXT
                               : same           ? CODE_SAME
                                                : CODE_NEAR;
    if (found == CODE_NONE)
        return found;
    /* All of the chunk counts as found: its other spellings are the same code. */
    int worth = found == CODE_SAME ? 1000 : found == CODE_NEAR ? 900 : IN_TEXT;
    if (a->field == TOKEN_NAME)
        credit_chunk(&c->query, a, worth);
    if (b->field == TOKEN_NAME)
        credit_chunk(&c->match, b, worth);
    if (found > c->out->code || (found == c->out->code && rarity < c->out->rarity)) {
        c->out->code = found;
        c->out->rarity = rarity;
    }
    return found;
}

void evidence_codes(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    for (int i = 0; i < q->n; i++)
        for (int j = 0; is_code(&q->token[i]) && j < m->n; j++)
            if (is_code(&m->token[j]))
                relation(c, i, j);
    bool both = false;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (a->field != TOKEN_NAME || a->kind != TOKEN_CODE)
            continue;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            if (b->field != TOKEN_NAME || b->kind != TOKEN_CODE)
                continue;
            both = true;
            if (c->query.credit[i] == 0 && c->match.credit[j] == 0 &&
                is_sibling(token_key(q, a), token_key(m, b)))
                c->out->conflicts |= CONFLICT_CODE;
        }
    }
    if (both && c->out->code == CODE_NONE)
        c->out->code = CODE_DIFFERENT;
}
