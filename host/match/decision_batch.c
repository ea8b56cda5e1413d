/* Many queries at once, where a record of the catalogue can be the answer to one of them only. */
#include <stdlib.h>

#include "decision.h"
#include "mem.h"

/* A link that one of the queries would make. */
struct wish {
    int32_t score;
    uint32_t query;
    int candidate;
};

static int by_score(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->query < y->query ? -1 : x->query > y->query;
}

static int by_address(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return x < y ? -1 : x > y;
}

/* The ids of the catalogue are its own bytes, so a record is told by their address. */
struct takers {
    const char **id;
    bool *taken;
    size_t n;
};

static bool *taken(struct takers *t, struct str id)
{
    const char **at = bsearch(&id.p, t->id, t->n, sizeof(*t->id), by_address);
    return &t->taken[at - t->id];
}

static struct takers takers_of(const struct wish *wishes, size_t n, const struct decision_result *r)
{
    struct takers t = {mem_zalloc(n + 1, sizeof(char *)), mem_zalloc(n + 1, sizeof(bool)), 0};
    for (size_t i = 0; i < n; i++)
        t.id[t.n++] = r[wishes[i].query].candidate[wishes[i].candidate].id.p;
    qsort(t.id, t.n, sizeof(*t.id), by_address);
    size_t kept = 0;
    for (size_t i = 0; i < t.n; i++)
        if (kept == 0 || t.id[kept - 1] != t.id[i])
            t.id[kept++] = t.id[i];
    t.n = kept;
    return t;
}

void decision_one_to_one(struct decision_result *results, size_t n)
{
    struct wish *wishes = mem_zalloc(n * DECISION_CANDIDATES + 1, sizeof(*wishes));
    bool *settled = mem_zalloc(n + 1, sizeof(*settled));
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; results[i].decision == DECISION_LINK && k < results[i].n; k++)
            if (results[i].candidate[k].strength >= DECISION_LINKS)
                wishes[count++] =
                    (struct wish){results[i].candidate[k].evidence.score, (uint32_t)i, k};
    struct takers t = takers_of(wishes, count, results);
    qsort(wishes, count, sizeof(*wishes), by_score);
    for (size_t w = 0; w < count; w++) {
        struct decision_result *r = &results[wishes[w].query];
        bool *is_taken = taken(&t, r->candidate[wishes[w].candidate].id);
        if (settled[wishes[w].query] || *is_taken)
            continue;
        settled[wishes[w].query] = *is_taken = true;
        r->match = wishes[w].candidate;
    }
    for (size_t i = 0; i < n; i++)
        if (results[i].decision == DECISION_LINK && !settled[i]) {
            results[i].decision = DECISION_REVIEW;
            results[i].reason = "another query fits its match better";
        }
    mem_free(t.id);
    mem_free(t.taken);
    mem_free(settled);
    mem_free(wishes);
}
