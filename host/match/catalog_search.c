/* Which records share most with a query: the rarest words first, until enough lists were read. */
#include <stdlib.h>
#include <string.h>

#include "catalog_impl.h"
#include "mem.h"

#define TERMS_MAX 512
#define ALIKE_MAX 8
#define BUDGET    12000 /* entries of lists read for one query, beyond the rarest list */
#define POOR      3
#define PROBED    96 /* records for which the lists beyond the budget are asked one by one */

struct term {
    uint32_t word, weight, n;
};

struct terms {
    const struct catalog *c;
    struct term term[TERMS_MAX];
    int n;
};

static void add_term(struct terms *t, uint32_t word, uint32_t weight)
{
    uint32_t n = vocabulary_postings(t->c->words, word)->n;
    if (n == 0 || weight == 0)
        return;
    for (int i = 0; i < t->n; i++)
        if (t->term[i].word == word) {
            if (t->term[i].weight < weight)
                t->term[i].weight = weight;
            return;
        }
    if (t->n < TERMS_MAX)
        t->term[t->n++] = (struct term){word, weight, n};
}

/* Of 100: how much a word counts where it stands. */
static uint32_t share_of(const struct token *t)
{
    if (t->field == TOKEN_TEXT)
        return t->kind == TOKEN_CODE ? 60 : 25;
    if (t->field == TOKEN_UNIT)
        return 0;
    return t->kind == TOKEN_EXACT ? 1000 : t->kind == TOKEN_NUMBER ? 60 : 100;
}

static bool is_spelling(const struct token *t)
{
    return t->field == TOKEN_NAME && t->n >= 3 &&
           (t->kind == TOKEN_WORD || t->kind == TOKEN_CODE || t->kind == TOKEN_ALIAS);
}

static void add_alike(struct terms *t, struct catalog *c, struct str key)
{
    struct vocabulary_alike alike[ALIKE_MAX];
    int n = vocabulary_alike(c->words, key, alike, ALIKE_MAX);
    for (int i = 0; i < n; i++)
        add_term(t, alike[i].word, catalog_weight(c, alike[i].word) * alike[i].percent / 125);
}

static int by_rarity(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return 0;
}

static void gather(struct catalog *c, const struct profile *q, bool thorough, struct terms *t)
{
    t->c = c;
    t->n = 0;
    for (int i = 0; i < q->n; i++) {
        const struct token *k = &q->token[i];
        if (k->word != TOKEN_NO_WORD)
            add_term(t, k->word, catalog_weight(c, k->word) * share_of(k) / 100);
    }
    for (int i = 0; i < q->n; i++) {
        const struct token *k = &q->token[i];
        bool known = k->word != TOKEN_NO_WORD && vocabulary_postings(c->words, k->word)->n > 0;
        if (is_spelling(k) && (thorough || !known))
            add_alike(t, c, token_key(q, k));
    }
    qsort(t->term, (size_t)t->n, sizeof(t->term[0]), by_rarity);
}

static void make_room(struct catalog *c)
{
    if (c->sum_cap < c->slots) {
        mem_free(c->sum);
        c->sum_cap = c->slots_cap;
        c->sum = mem_zalloc(c->sum_cap, sizeof(*c->sum));
        mem_free(c->touched);
        c->touched_cap = c->slots_cap;
        c->touched = mem_alloc(c->touched_cap * sizeof(*c->touched));
    }
}

/* More in common first; of equals, the id decides, so that the order of coming does not. */
static bool ahead(const struct catalog *c, uint32_t a, uint32_t b)
{
    if (c->sum[a] != c->sum[b])
        return c->sum[a] > c->sum[b];
    struct str x = catalog_field(c->records[a], FIELD_ID);
    struct str y = catalog_field(c->records[b], FIELD_ID);
    size_t n = x.n < y.n ? x.n : y.n;
    int d = memcmp(x.p, y.p, n);
    return d ? d < 0 : x.n < y.n;
}

/* The best `max` of the slots, best first. */
static int best_of(
    const struct catalog *c, const uint32_t *slots, uint32_t n, uint32_t *out, int max)
{
    int found = 0;
    uint32_t least = 0; /* what the last of a full list has */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = slots[i];
        uint32_t sum = c->sum[s];
        if (sum < least || (found == max && sum == least && !ahead(c, s, out[max - 1])))
            continue;
        int lo = 0, hi = found;
        while (lo < hi) {
            int half = (lo + hi) / 2;
            if (ahead(c, s, out[half]))
                hi = half;
            else
                lo = half + 1;
        }
        if (found < max)
            found++;
        for (int k = found - 1; k > lo; k--)
            out[k] = out[k - 1];
        out[lo] = s;
        if (found == max)
            least = c->sum[out[max - 1]];
    }
    return found;
}

/* Those that share less than a quarter of what the first does are not worth a closer look. */
static int drop_poor(const struct catalog *c, const uint32_t *slots, int n)
{
    while (n > 0 && c->sum[slots[n - 1]] < c->sum[slots[0]] / POOR)
        n--;
    return n;
}

int catalog_search(
    struct catalog *c, struct profile *query, bool thorough, uint32_t out[CATALOG_CANDIDATES])
{
    struct terms t;
    gather(c, query, thorough, &t);
    make_room(c);
    uint32_t touched = 0, read = 0;
    int i = 0;
    for (; i < t.n && (i == 0 || read + t.term[i].n <= BUDGET); i++) {
        const struct postings *p = vocabulary_postings(c->words, t.term[i].word);
        const uint32_t *list = postings_list(p);
        uint32_t weight = t.term[i].weight;
        for (uint32_t k = 0; k < p->n; k++) {
            uint32_t s = list[k];
            if (c->sum[s] == 0)
                c->touched[touched++] = s;
            c->sum[s] += weight;
        }
        read += p->n;
    }
    int n;
    if (i < t.n) {
        uint32_t probed[PROBED];
        int m = best_of(c, c->touched, touched, probed, PROBED);
        for (; i < t.n; i++) {
            const struct postings *p = vocabulary_postings(c->words, t.term[i].word);
            for (int k = 0; k < m; k++)
                if (postings_has(p, probed[k]))
                    c->sum[probed[k]] += t.term[i].weight;
        }
        n = best_of(c, probed, (uint32_t)m, out, CATALOG_CANDIDATES);
    } else {
        n = best_of(c, c->touched, touched, out, CATALOG_CANDIDATES);
    }
    n = drop_poor(c, out, n);
    for (uint32_t k = 0; k < touched; k++)
        c->sum[c->touched[k]] = 0;
    return n;
}
