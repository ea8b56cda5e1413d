/* Numbers, quantities, sizes, marks and variants of two records against each other. */
#include <string.h>

#include "evidence_impl.h"

/* ---- sizes ----------------------------------------------------------------------------------- */

static int sorted_values(const struct token *t, int64_t v[3])
{
    int n = t->value3 > 0 ? 3 : 2;
    v[0] = t->value;
    v[1] = t->value2;
    v[2] = t->value3;
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && v[k - 1] > v[k]; k--) {
            int64_t x = v[k];
            v[k] = v[k - 1];
            v[k - 1] = x;
        }
    return n;
}

/* Every value of a, times factor, is among those of b. */
static bool within(const int64_t *a, int na, const int64_t *b, int nb, int64_t factor)
{
    int j = 0;
    for (int i = 0; i < na; i++, j++) {
        while (j < nb && !quantity_equal(a[i] * factor, b[j]))
            j++;
        if (j == nb)
            return false;
    }
    return true;
}

static bool same_size(const struct token *a, const struct token *b)
{
    static const int64_t factors[] = {1, 10, 1000};
    int64_t x[3], y[3];
    int nx = sorted_values(a, x), ny = sorted_values(b, y);
    /* Centimetres in one and millimetres in the other, if neither says so; but 3x1.5 is not 30x15:
     * what is so small is no length in centimetres. */
    bool free = a->unit == QUANTITY_NONE || b->unit == QUANTITY_NONE;
    for (size_t f = 0; f < 3; f++) {
        if (factors[f] > 1 && !free)
            break;
        if (factors[f] > 1 && (x[0] < 10000 || y[0] < 10000))
            break;
        bool there = nx <= ny && within(x, nx, y, ny, factors[f]);
        bool back = ny <= nx && within(y, ny, x, nx, factors[f]);
        if (there || back)
            return true;
    }
    return false;
}

/* ---- quantities and numbers ------------------------------------------------------------------ */

static bool is_number_like(const struct token *t)
{
    return t->kind == TOKEN_NUMBER || (t->kind == TOKEN_QUANTITY && t->unit == QUANTITY_APOSTROPHE);
}

static bool same_value(const struct token *a, const struct token *b)
{
    if (a->kind == TOKEN_SIZE || b->kind == TOKEN_SIZE)
        return a->kind == b->kind && same_size(a, b);
    if (is_number_like(a) || is_number_like(b))
        return a->bare == b->bare && a->value2 == b->value2;
    if (a->unit == QUANTITY_PIXELS && b->unit == a->unit)
        /* Sellers round them: 14.7 is sold as 14 or 15. */
        return a->value - b->value < 1000 && b->value - a->value < 1000 &&
               (a->value % 1000 == 0 || b->value % 1000 == 0);
    return a->unit == b->unit && quantity_equal(a->value, b->value) &&
           quantity_equal(a->value2, b->value2);
}

static bool is_value(const struct token *t)
{
    return t->kind == TOKEN_NUMBER || t->kind == TOKEN_QUANTITY || t->kind == TOKEN_SIZE;
}

/* Values not found that contradict each other. */
static uint32_t contradiction(const struct token *a, const struct token *b)
{
    if (a->kind == TOKEN_SIZE && b->kind == TOKEN_SIZE)
        return CONFLICT_SIZE;
    if (a->kind == TOKEN_QUANTITY && b->kind == TOKEN_QUANTITY && a->unit == b->unit &&
        a->unit != QUANTITY_APOSTROPHE)
        return CONFLICT_QUANTITY;
    if (a->kind == TOKEN_NUMBER && b->kind == TOKEN_NUMBER)
        return CONFLICT_NUMBER;
    return 0;
}

void evidence_values(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (!is_value(a) || a->field == TOKEN_UNIT)
            continue;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            if (!is_value(b) || b->field == TOKEN_UNIT || !same_value(a, b))
                continue;
            credit(&c->query, i, b->field == TOKEN_NAME ? 1000 : 650);
            credit(&c->match, j, a->field == TOKEN_NAME ? 1000 : 650);
        }
    }
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (!is_value(a) || a->field != TOKEN_NAME || c->query.credit[i] > 0)
            continue;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            if (is_value(b) && b->field == TOKEN_NAME && c->match.credit[j] == 0)
                c->out->conflicts |= contradiction(a, b);
        }
    }
}

/* ---- marks and variants ---------------------------------------------------------------------- */

/* a4 and a3, i5 and i7, cat6 and cat6a: the same letters in front. */
static bool of_one_series(struct str a, struct str b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n] && !(a.p[n] >= '0' && a.p[n] <= '9'))
        n++;
    bool digit_a = n < a.n && a.p[n] >= '0' && a.p[n] <= '9';
    bool digit_b = n < b.n && b.p[n] >= '0' && b.p[n] <= '9';
    return n > 0 && digit_a && digit_b;
}

/* Gloves M, L, XL: a letter by itself, or a word for a size. Which one of TOKEN_EXTENT; 0: it is
 * none. */
static int clothes_size(const struct profile *p, int i)
{
    const struct token *t = &p->token[i];
    if (t->field != TOKEN_NAME || t->kind != TOKEN_WORD)
        return 0;
    if (t->group == TOKEN_EXTENT)
        return t->variant;
    if (t->n != 1 || t->cut || (i > 0 && p->token[i - 1].chunk == t->chunk))
        return 0;
    char c = p->keys[t->at];
    return c == 's' ? 1 : c == 'm' ? 2 : c == 'l' ? 3 : 0;
}

static void compare_clothes(struct comparison *c)
{
    for (int i = 0; i < c->query.p->n; i++) {
        int a = clothes_size(c->query.p, i);
        for (int j = 0; a && j < c->match.p->n; j++) {
            int b = clothes_size(c->match.p, j);
            if (b && a != b && !c->query.credit[i] && !c->match.credit[j])
                c->out->conflicts |= CONFLICT_MARK;
            if (a == b) {
                credit(&c->query, i, 1000);
                credit(&c->match, j, 1000);
            }
        }
    }
}

static bool is_mark(const struct token *t)
{
    return t->field == TOKEN_NAME &&
           (t->kind == TOKEN_MARK || (t->kind == TOKEN_CODE && t->n <= 6));
}

/* cat6 of one and cat 6 of the other; or m365 and microsoft 365, where the number is long enough to
 * say it. */
static bool stands_for(struct str mark, size_t letters, struct str word)
{
    return (word.n == letters && !memcmp(word.p, mark.p, letters)) ||
           (letters == 1 && mark.n >= 4 && word.n >= 4 && word.p[0] == mark.p[0]);
}

static void join_marks(struct found *marks, struct found *apart)
{
    const struct profile *p = marks->p, *q = apart->p;
    for (int i = 0; i < p->n; i++) {
        const struct token *t = &p->token[i];
        struct str mark = token_key(p, t);
        size_t letters = 0;
        if (!is_mark(t) || marks->credit[i] > 0)
            continue;
        while (letters < mark.n && !(mark.p[letters] >= '0' && mark.p[letters] <= '9'))
            letters++;
        for (int j = 0; j + 1 < q->n; j++) {
            const struct token *a = &q->token[j], *b = a + 1;
            struct str word = token_key(q, a);
            int64_t number;
            if (a->kind == TOKEN_WORD && b->kind == TOKEN_NUMBER && b->field == TOKEN_NAME &&
                stands_for(mark, letters, word) && b->value % 1000 == 0 &&
                str_to_i64((struct str){mark.p + letters, mark.n - letters}, &number) &&
                number == b->value / 1000) {
                credit(marks, i, 1000);
                credit(apart, j, 1000);
                credit(apart, j + 1, 1000);
            }
        }
    }
}

void evidence_joined(struct comparison *c)
{
    join_marks(&c->query, &c->match);
    join_marks(&c->match, &c->query);
}

static void compare_marks(struct comparison *c)
{
    const struct profile *q = c->query.p, *m = c->match.p;
    for (int i = 0; i < q->n; i++) {
        const struct token *a = &q->token[i];
        if (!is_mark(a) || c->query.credit[i] > 0)
            continue;
        c->out->one_sided += a->kind == TOKEN_MARK;
        for (int j = 0; j < m->n; j++) {
            const struct token *b = &m->token[j];
            if (is_mark(b) && c->match.credit[j] == 0 &&
                (a->kind == TOKEN_MARK || b->kind == TOKEN_MARK) &&
                of_one_series(token_key(q, a), token_key(m, b)))
                c->out->conflicts |= CONFLICT_MARK;
        }
    }
}

/* Which of each group a record bears: in its name, and elsewhere. */
struct variants {
    uint64_t name[TOKEN_GROUPS], rest[TOKEN_GROUPS];
};

static void variants_of(const struct profile *p, struct variants *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < p->n; i++) {
        const struct token *t = &p->token[i];
        if (t->group == TOKEN_NO_GROUP || t->group >= TOKEN_GROUPS)
            continue;
        uint64_t *set = t->field == TOKEN_NAME ? out->name : out->rest;
        set[t->group] |= (uint64_t)1 << t->variant;
    }
}

/* True if a number of users (seats) stands in the name that the other does not tell. */
static bool users_alone(const struct found *f)
{
    for (int i = 0; i < f->p->n; i++) {
        const struct token *t = &f->p->token[i];
        if (t->field == TOKEN_NAME && t->kind == TOKEN_QUANTITY && t->unit == QUANTITY_USERS &&
            f->credit[i] == 0 && t->value > 1000)
            return true;
    }
    return false;
}

void evidence_variants(struct comparison *c)
{
    struct variants qs, ms;
    variants_of(c->query.p, &qs);
    variants_of(c->match.p, &ms);
    compare_marks(c);
    compare_clothes(c);
    c->out->one_sided += users_alone(&c->query) || users_alone(&c->match);
    for (int g = TOKEN_NO_GROUP + 1; g < TOKEN_GROUPS; g++) {
        uint64_t q = qs.name[g], m = ms.name[g];
        if (!q && !m && g != TOKEN_PERIOD)
            continue;
        if (g == TOKEN_PERIOD) {
            /* The unit column says by what it is sold. */
            q = q ? q : qs.rest[g];
            m = m ? m : ms.rest[g];
        }
        if (g == TOKEN_COLOUR) {
            c->out->colour_same = (q & m) != 0;
            c->out->colour_other = q && m && !(q & m);
        }
        /* "Business Basic" and "Business Standard" have one in common, and each another; of the
         * colours of a thing one may be named by its case, the other by its front. */
        bool other = g == TOKEN_EDITION ? (q & ~m) && (m & ~q) : q && m && !(q & m);
        if (other)
            c->out->conflicts |= g == TOKEN_PERIOD ? CONFLICT_PERIOD : CONFLICT_VARIANT;
        else if (g != TOKEN_PERIOD && g != TOKEN_COLOUR && g != TOKEN_PACKAGE && (q != m) &&
                 (!q || !m) && !(q & ms.rest[g]) && !(m & qs.rest[g]))
            c->out->one_sided++;
        for (int i = 0; q & m && i < c->query.p->n; i++)
            if (c->query.p->token[i].group == g &&
                q & m & (uint64_t)1 << c->query.p->token[i].variant)
                credit(&c->query, i, 1000);
        for (int i = 0; q & m && i < c->match.p->n; i++)
            if (c->match.p->token[i].group == g &&
                q & m & (uint64_t)1 << c->match.p->token[i].variant)
                credit(&c->match, i, 1000);
    }
}
