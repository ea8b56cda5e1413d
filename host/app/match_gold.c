/* Decisions against the right answers. */
#include "match_gold.h"

#include <string.h>

#include "map.h"
#include "match_table.h"
#include "mem.h"

struct answers {
    struct answers *next;
    char id[CATALOG_ID_MAX + 1];
};

struct match_gold {
    struct map *by_query; /* struct answers */
    long pairs;           /* of queries that came */
    long queries, links, news, reviews;
    long right_links, wrong_links, right_news;
    long with_answer, at_1, at_5;
};

static void add_pair(struct match_gold *g, struct str query, struct str id)
{
    struct answers *a = mem_zalloc(1, sizeof(*a));
    memcpy(a->id, id.p, id.n);
    a->next = map_get(g->by_query, query);
    map_set(g->by_query, query, a);
}

struct match_gold *match_gold_open(const char *path, const struct catalog *c, struct err *e)
{
    struct match_table t;
    struct catalog_record r;
    const char *problem;
    int line;
    if (match_table_open(&t, path, "id=id_a,name=id_b", false, e) < 0) {
        match_table_close(&t);
        return NULL;
    }
    struct match_gold *g = mem_zalloc(1, sizeof(*g));
    g->by_query = map_new();
    enum csv_row row;
    while ((row = match_table_next(&t, &r, &line, &problem)) != CSV_END)
        if (row == CSV_ROW && r.name.n <= CATALOG_ID_MAX && catalog_has(c, r.name))
            add_pair(g, r.id, r.name);
    match_table_close(&t);
    return g;
}

void match_gold_free(struct match_gold *g)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (!g)
        return;
    while (map_next(g->by_query, &at, &key, &value))
        for (struct answers *a = value, *next; a; a = next) {
            next = a->next;
            mem_free(a);
        }
    map_free(g->by_query);
    mem_free(g);
}

static bool is_answer(const struct answers *a, struct str id)
{
    for (; a; a = a->next)
        if (str_is(id, a->id))
            return true;
    return false;
}

void match_gold_count(struct match_gold *g, struct str query, const struct decision_result *r)
{
    const struct answers *a = map_get(g->by_query, query);
    g->queries++;
    for (const struct answers *k = a; k; k = k->next)
        g->pairs++;
    g->links += r->decision == DECISION_LINK;
    g->news += r->decision == DECISION_NEW;
    g->reviews += r->decision == DECISION_REVIEW;
    if (r->decision == DECISION_LINK) {
        bool right = is_answer(a, r->candidate[r->match].id);
        g->right_links += right;
        g->wrong_links += !right;
    }
    g->right_news += r->decision == DECISION_NEW && !a;
    if (!a)
        return;
    g->with_answer++;
    g->at_1 += r->n > 0 && is_answer(a, r->candidate[0].id);
    for (int i = 0; i < r->n; i++)
        if (is_answer(a, r->candidate[i].id)) {
            g->at_5++;
            break;
        }
}

static double part(long of, long all)
{
    return all ? (double)of / (double)all : 0;
}

void match_gold_put_json(struct buf *out, const struct match_gold *g)
{
    double p = part(g->right_links, g->links), r = part(g->right_links, g->pairs);
    buf_addf(out,
        "{\"queries\":%ld,\"link\":%ld,\"new\":%ld,\"review\":%ld,\"precision\":%.4f,"
        "\"recall\":%.4f,\"f1\":%.4f,\"recall_at_1\":%.4f,\"recall_at_5\":%.4f,",
        g->queries, g->links, g->news, g->reviews, p, r, p + r > 0 ? 2 * p * r / (p + r) : 0,
        part(g->at_1, g->with_answer), part(g->at_5, g->with_answer));
    buf_addf(out, "\"accuracy\":%.4f,\"false_merge\":%.4f,\"review_share\":%.4f}",
        part(g->right_links + g->right_news, g->queries), part(g->wrong_links, g->queries),
        part(g->reviews, g->queries));
}
