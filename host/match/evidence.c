/* The evidence summed up. */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "evidence_impl.h"

/* What the parts weigh, in ten-thousandths of a whole score. */
enum {
    WORDS_QUERY = 3000,
    WORDS_MATCH = 2500,
    CODE_SAME_PART = 3000,
    CODE_NEAR_PART = 2200,
    CODE_IN_TEXT_PART = 1800,
    CODE_DIFFERENT_PART = -500,
    CODE_FAMILY_PART = 300,  /* a family of models is alike; the veto sees to the rest */
    CODE_BESIDE_PART = -600, /* one code in common, another of one family */
    CODE_STEM_PART = 1900,
    RARE_PART = 500,
    VALUE_AGREES = 500,
    VALUE_CONFLICT = -1200,
    NUMBER_CONFLICT = -500,
    VARIANT_CONFLICT = -1000,
    ONE_SIDED = -200,
    BRAND_SAME = 500,
    BRAND_CONFLICT = -700,
    BRAND_NOT_NAMED = -500,
    PRICE_CLOSE = 400,
    PRICE_FAR = -900,
    TEXT_SAME = 1000,
    EXACT_SAME = 2000
};

static const char *const part_names[EVIDENCE_PARTS] = {"words of the query", "words of the match",
    "codes and rare words", "numbers", "variant", "brand", "price", "description", "exact code"};

static const char *const conflict_names[CONFLICTS] = {"model code", "quantity", "size", "number",
    "variant", "mark", "brand", "price", "gtin", "period"};

const char *evidence_part_name(int part)
{
    return part_names[part];
}

const char *evidence_conflict_name(int bit)
{
    return conflict_names[bit];
}

uint32_t evidence_conflict_of(struct str name)
{
    for (int bit = 0; bit < CONFLICTS; bit++)
        if (str_is(name, conflict_names[bit]))
            return (uint32_t)1 << bit;
    return 0;
}

/* A word of the name that stands in the record's own brand as well: that the other name leaves it
 * out says little, and that it names another brand is told elsewhere. */
static bool is_own_brand(const struct profile *p, const struct token *t)
{
    struct str key = token_key(p, t);
    for (int i = 0; i < p->n; i++)
        if (p->token[i].field == TOKEN_BRAND && str_eq(token_key(p, &p->token[i]), key))
            return true;
    return false;
}

/* A word that makes a thing what it is. Colours and periods are compared by themselves. */
static bool stands_alone(const struct token *t)
{
    return (t->kind == TOKEN_WORD || t->kind == TOKEN_MARK) && t->group != TOKEN_FILLER &&
           t->group != TOKEN_COLOUR && t->group != TOKEN_PERIOD && t->group != TOKEN_PACKAGE &&
           t->n >= 2 && !t->cut;
}

/* How much of a name's weight was found, of 1000; *missing gets the weight that was not, *lone
 * the part (of 1000) of the name that is the one word the most of which was not. A code is only
 * missing where the other side has codes too. */
static int cover(const struct found *f, enum evidence_code code, int *missing, int *lone)
{
    int64_t sum = 0, have = 0, most = 0;
    for (int i = 0; i < f->p->n; i++) {
        const struct token *t = &f->p->token[i];
        if (!is_of_name(t))
            continue;
        int64_t w = t->weight;
        if (t->kind == TOKEN_NUMBER)
            w = w * 6 / 10;
        else if (t->kind == TOKEN_WORD &&
                 (t->n == 1 || t->group == TOKEN_FILLER || t->group == TOKEN_PACKAGE))
            w = w * 3 / 10;
        else if (f->credit[i] == 0 && is_own_brand(f->p, t))
            w = w * 3 / 10;
        else if (t->kind == TOKEN_CODE && f->credit[i] == 0 && code != CODE_DIFFERENT)
            w = w * 3 / 10;
        sum += w * 1000;
        have += w * f->credit[i];
        if (stands_alone(t) && f->credit[i] < 500 && w > most)
            most = w;
    }
    *lone = sum == 0 ? 0 : (int)(most * 1000000 / sum);
    *missing = (int)((sum - have) / 1000);
    return sum == 0 ? 0 : (int)(have * 1000 / sum);
}

static void sum_numbers(struct comparison *c)
{
    int all = 0, found = 0;
    for (int i = 0; i < c->query.p->n; i++) {
        const struct token *t = &c->query.p->token[i];
        if (t->field != TOKEN_NAME || (t->kind != TOKEN_QUANTITY && t->kind != TOKEN_SIZE))
            continue;
        all++;
        found += c->query.credit[i] > 0;
    }
    int32_t part = all ? VALUE_AGREES * found / all : 0;
    if (c->out->conflicts & (CONFLICT_QUANTITY | CONFLICT_SIZE))
        part += VALUE_CONFLICT;
    if (c->out->conflicts & CONFLICT_NUMBER)
        part += NUMBER_CONFLICT;
    c->out->part[EVIDENCE_NUMBERS] = part;
}

static bool has_brand(const struct profile *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->token[i].field == TOKEN_BRAND && p->token[i].kind != TOKEN_ALIAS)
            return true;
    return false;
}

/* A word of the brand that the other side has in its brand or name. */
static bool brand_known(const struct found *f, const struct profile *other)
{
    for (int i = 0; i < f->p->n; i++) {
        const struct token *t = &f->p->token[i];
        if (t->field != TOKEN_BRAND)
            continue;
        for (int j = 0; j < other->n; j++)
            if (other->token[j].word == t->word && t->word != TOKEN_NO_WORD &&
                other->token[j].field <= TOKEN_BRAND)
                return true;
    }
    return false;
}

static void sum_brand(struct comparison *c)
{
    bool q = has_brand(c->query.p), m = has_brand(c->match.p);
    if ((q && brand_known(&c->query, c->match.p)) || (m && brand_known(&c->match, c->query.p))) {
        c->out->part[EVIDENCE_BRAND] = BRAND_SAME;
        c->out->brand_same = true;
    } else if (q && m) {
        c->out->part[EVIDENCE_BRAND] = BRAND_CONFLICT;
        c->out->conflicts |= CONFLICT_BRAND;
    } else if (m) {
        c->out->part[EVIDENCE_BRAND] = BRAND_NOT_NAMED;
    }
}

static void sum_price(struct evidence *out, int64_t a, int64_t b)
{
    if (a <= 0 || b <= 0)
        return;
    int64_t most = a > b ? a : b, least = a > b ? b : a;
    if (most > ((int64_t)1 << 50))
        return;
    int64_t ratio = most * 100 / least; /* 100: equal */
    out->price_ratio = ratio > 100000 ? 100000 : (int)ratio;
    if (ratio > 200)
        out->conflicts |= CONFLICT_PRICE;
    if (ratio >= 300)
        out->part[EVIDENCE_PRICE] = PRICE_FAR;
    else if (ratio <= 110)
        out->part[EVIDENCE_PRICE] = PRICE_CLOSE;
    else
        out->part[EVIDENCE_PRICE] =
            (int32_t)(PRICE_CLOSE + (PRICE_FAR - PRICE_CLOSE) * (ratio - 110) / 190);
}

/* The weight of the different words, which go to words. */
static int64_t weight_of(const struct profile *p, uint32_t *words, int *n, struct words_seen *seen)
{
    int64_t sum = 0;
    memset(seen, 0, sizeof(*seen));
    for (int i = 0; i < p->n; i++) {
        const struct token *t = &p->token[i];
        if (t->kind == TOKEN_EXACT || t->field == TOKEN_UNIT)
            continue;
        int k = may_have_seen(seen, t->word) ? 0 : *n;
        while (k < *n && words[k] != t->word)
            k++;
        if (k < *n && t->word != TOKEN_NO_WORD)
            continue;
        seen->at[t->word & 255] = true;
        words[(*n)++] = t->word;
        sum += t->weight;
    }
    return sum;
}

/* True if a word of the description weighs anything. */
static bool has_text(const struct profile *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->token[i].field == TOKEN_TEXT && p->token[i].kind != TOKEN_EXACT &&
            p->token[i].weight > 0)
            return true;
    return false;
}

/* How much of the shorter of the two full texts is in the other. */
static void sum_text(struct comparison *c)
{
    uint32_t a[TOKEN_MAX], b[TOKEN_MAX];
    int na = 0, nb = 0;
    struct words_seen in_a, in_b;
    if (!has_text(c->query.p) || !has_text(c->match.p))
        return;
    int64_t wa = weight_of(c->query.p, a, &na, &in_a), wb = weight_of(c->match.p, b, &nb, &in_b);
    int64_t common = 0;
    for (int j = 0; j < nb; j++) {
        if (b[j] == TOKEN_NO_WORD || !may_have_seen(&in_a, b[j]))
            continue;
        int i = 0;
        while (i < na && a[i] != b[j])
            i++;
        if (i == na)
            continue;
        for (int k = 0; k < c->match.p->n; k++)
            if (c->match.p->token[k].word == b[j]) {
                common += c->match.p->token[k].weight;
                break;
            }
    }
    int64_t least = wa < wb ? wa : wb;
    if (common > least)
        common = least;
    c->out->part[EVIDENCE_TEXT] = (int32_t)(TEXT_SAME * common / least);
}

/* A key of digits whose last one checks the others: two of them that differ are two articles. */
static bool is_gtin(struct str key)
{
    int sum = 0;
    if (key.n < 12 || key.n > 15)
        return false;
    for (size_t i = 1; i < key.n; i++) {
        char digit = key.p[key.n - i];
        if (digit < '0' || digit > '9')
            return false;
        sum += (digit - '0') * (i % 2 ? 1 : 3);
    }
    return sum % 10 == 0;
}

static void sum_exact(struct comparison *c)
{
    bool other = false;
    for (int i = 0; i < c->query.p->n; i++)
        for (int j = 0; c->query.p->token[i].kind == TOKEN_EXACT && j < c->match.p->n; j++)
            if (c->match.p->token[j].kind == TOKEN_EXACT) {
                struct str a = token_key(c->query.p, &c->query.p->token[i]);
                struct str b = token_key(c->match.p, &c->match.p->token[j]);
                bool same = a.n == b.n && !memcmp(a.p, b.p, a.n);
                c->out->exact = c->out->exact || same;
                other = other || (!same && is_gtin(a) && is_gtin(b));
            }
    if (c->out->exact)
        c->out->part[EVIDENCE_EXACT] = EXACT_SAME;
    else if (other)
        c->out->conflicts |= CONFLICT_GTIN;
}

static void sum_code(struct evidence *out)
{
    static const int32_t parts[] = {
        0, CODE_DIFFERENT_PART, CODE_IN_TEXT_PART, CODE_NEAR_PART, CODE_SAME_PART};
    int32_t part = parts[out->code];
    /* The more records share a code, the less it says; a few may be variants of one model. */
    if (part > 0 && out->rarity > 2)
        part = out->rarity <= 10 ? part * 5 / 6 : part * 8 / out->rarity;
    if (out->conflicts & CONFLICT_CODE)
        part += out->code >= CODE_IN_TEXT ? CODE_BESIDE_PART
                : out->stem_same          ? CODE_STEM_PART
                                          : CODE_FAMILY_PART;
    if (part <= 0 || out->code == CODE_NONE)
        part += RARE_PART * (out->rare > 2 ? 2 : out->rare);
    out->part[EVIDENCE_CODE] = part;
}

void evidence_compare(const struct evidence_side *query, const struct evidence_side *match,
    int (*rarity)(const void *arg, uint32_t word), const void *arg, struct evidence *out)
{
    struct comparison c = {.out = out, .rarity = rarity, .arg = arg};
    memset(out, 0, sizeof(*out));
    c.query.p = query->tokens;
    c.match.p = match->tokens;
    evidence_exact_words(&c);
    evidence_joined(&c);
    evidence_values(&c);
    evidence_codes(&c);
    evidence_variants(&c);
    evidence_similar_words(&c);
    out->cover_query = cover(&c.query, out->code, &out->missing_query, &out->lone_query);
    out->cover_match = cover(&c.match, out->code, &out->missing_match, &out->lone_match);
    out->part[EVIDENCE_WORDS_QUERY] = WORDS_QUERY * out->cover_query / 1000;
    out->part[EVIDENCE_WORDS_MATCH] = WORDS_MATCH * out->cover_match / 1000;
    sum_code(out);
    sum_numbers(&c);
    if (out->conflicts & (CONFLICT_VARIANT | CONFLICT_MARK | CONFLICT_PERIOD))
        out->part[EVIDENCE_VARIANT] += VARIANT_CONFLICT;
    out->part[EVIDENCE_VARIANT] += ONE_SIDED * (out->one_sided > 3 ? 3 : out->one_sided);
    sum_brand(&c);
    sum_price(out, query->price, match->price);
    sum_text(&c);
    sum_exact(&c);
    for (int i = 0; i < EVIDENCE_PARTS; i++)
        out->score += out->part[i];
}
