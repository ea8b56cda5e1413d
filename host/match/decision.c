/* The decision. */
#include "decision.h"

#include <stdlib.h>
#include <string.h>

#include "catalog_impl.h"

#define VETOES                                                                                     \
    (CONFLICT_CODE | CONFLICT_QUANTITY | CONFLICT_SIZE | CONFLICT_NUMBER | CONFLICT_VARIANT |      \
        CONFLICT_MARK | CONFLICT_GTIN | CONFLICT_PERIOD)

enum { NO = DECISION_OTHER, ASKS = DECISION_ASKS, LINKS = DECISION_LINKS };

#define COVER_DEFAULT  750
#define MARGIN_DEFAULT 300

const char *decision_name(enum decision d)
{
    static const char *const names[] = {"link", "new", "review"};
    return names[d];
}

/* ---- one candidate --------------------------------------------------------------------------- */

static int strength(const struct evidence *v, const struct decision_options *o, const char **why)
{
    uint32_t vetoes = (VETOES | o->more_vetoes) & ~o->no_veto & v->conflicts;
    int need = o->cover ? o->cover : COVER_DEFAULT;
    int least = v->cover_query < v->cover_match ? v->cover_query : v->cover_match;
    int most = v->cover_query > v->cover_match ? v->cover_query : v->cover_match;
    bool rare = v->rarity <= 3;
    if (v->exact) {
        *why = "the same code";
        if (vetoes & (CONFLICT_QUANTITY | CONFLICT_SIZE | CONFLICT_PERIOD | CONFLICT_GTIN)) {
            *why = "the same code, but another quantity or size";
            return ASKS;
        }
        return LINKS;
    }
    if (vetoes) {
        *why = "what they say contradicts";
        return NO;
    }
    if (v->code >= CODE_IN_TEXT && rare && v->cover_query >= 300) {
        *why = "the same model code";
        return LINKS;
    }
    if (v->code == CODE_DIFFERENT) {
        *why = "other model codes";
        return NO;
    }
    if (least >= need) {
        *why = "the names agree both ways";
        if (v->conflicts & CONFLICT_PRICE) {
            *why = "the names agree, but the prices are more than a factor of two apart";
            return ASKS;
        }
        return v->one_sided > 1 ? ASKS : LINKS;
    }
    if (most >= 900 && least >= need - 150) {
        *why = "the names agree in part";
        return ASKS;
    }
    return NO;
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct asked {
    uint32_t slot;
    struct decision_candidate c;
    const char *why;
};

static int by_score(const void *a, const void *b)
{
    const struct decision_candidate *x = &((const struct asked *)a)->c;
    const struct decision_candidate *y = &((const struct asked *)b)->c;
    if (x->evidence.score != y->evidence.score)
        return x->evidence.score > y->evidence.score ? -1 : 1;
    size_t n = x->id.n < y->id.n ? x->id.n : y->id.n;
    int d = memcmp(x->id.p, y->id.p, n);
    return d ? d : x->id.n < y->id.n ? -1 : x->id.n > y->id.n;
}

static int rarity_of(const void *arg, uint32_t word)
{
    const struct catalog *c = arg;
    return (int)vocabulary_postings(c->words, word)->n;
}

static void weigh(const struct catalog *c, struct profile *p)
{
    for (int i = 0; i < p->n; i++)
        p->token[i].weight = catalog_weight(c, p->token[i].word);
}

static int compare_all(struct catalog *c, const struct evidence_side *q, bool thorough,
    const struct decision_options *o, struct asked *out)
{
    uint32_t slots[CATALOG_CANDIDATES];
    int n = catalog_search(c, c->query, thorough, slots);
    for (int i = 0; i < n; i++) {
        const char *record = c->records[slots[i]];
        struct evidence_side m = {c->other, catalog_price(record)};
        catalog_profile(c, record, c->other);
        weigh(c, c->other);
        out[i] = (struct asked){.slot = slots[i], .c.id = catalog_field(record, FIELD_ID)};
        evidence_compare(q, &m, rarity_of, c, &out[i].c.evidence);
        out[i].c.strength = strength(&out[i].c.evidence, o, &out[i].why);
    }
    qsort(out, (size_t)n, sizeof(*out), by_score);
    return n;
}

static int decide(const struct asked *all, int n, const struct decision_options *o,
    struct decision_result *out)
{
    int best = -1, next = -1;
    for (int i = 0; i < n; i++) {
        if (best < 0 || all[i].c.strength > all[best].c.strength) {
            next = best;
            best = i;
        } else if (next < 0 || all[i].c.strength > all[next].c.strength) {
            next = i;
        }
    }
    out->decision = DECISION_NEW;
    out->reason = n > 0 ? "nothing in the catalogue is like it" : "the catalogue has nothing like it";
    if (best < 0 || all[best].c.strength == NO)
        return -1;
    out->decision = all[best].c.strength == LINKS ? DECISION_LINK : DECISION_REVIEW;
    out->reason = all[best].why;
    int need = o->margin ? o->margin : MARGIN_DEFAULT;
    const struct evidence *b = &all[best].c.evidence;
    if (next >= 0 && all[next].c.strength == all[best].c.strength) {
        const struct evidence *r = &all[next].c.evidence;
        out->margin = b->score - r->score;
        if (out->decision == DECISION_LINK && out->margin < need && b->code == r->code &&
            b->exact == r->exact) {
            out->decision = DECISION_REVIEW;
            out->reason = "two records of the catalogue fit nearly alike";
        }
    } else {
        out->margin = next >= 0 ? b->score - all[next].c.evidence.score : b->score;
    }
    if (out->decision == DECISION_LINK && o->never_link)
        out->decision = DECISION_REVIEW;
    return best;
}

int decision_find(struct catalog *c, const struct catalog_record *query,
    const struct decision_options *o, struct decision_result *out, struct err *e)
{
    static const struct decision_options defaults;
    struct asked all[CATALOG_CANDIDATES];
    struct buf b;
    struct catalog_record r = *query;
    r.id = STR_LIT("?");
    o = o ? o : &defaults;
    memset(out, 0, sizeof(*out));
    out->match = -1;
    buf_init(&b, BUF_MAX_DEFAULT);
    if (catalog_fold(&b, &r, e) < 0) {
        buf_free(&b);
        return -1;
    }
    catalog_profile(c, b.p, c->query);
    weigh(c, c->query);
    struct evidence_side q = {c->query, query->price};
    int n = compare_all(c, &q, false, o, all);
    int match = decide(all, n, o, out);
    if (out->decision != DECISION_LINK) {
        n = compare_all(c, &q, true, o, all);
        match = decide(all, n, o, out);
    }
    /* The one meant is always shown, also if others have a higher score but contradict. */
    for (int i = 0; i < n && out->n < DECISION_CANDIDATES; i++) {
        if (match >= out->n && i < match && out->n == DECISION_CANDIDATES - 1)
            i = match;
        if (i == match)
            out->match = out->n;
        out->candidate[out->n++] = all[i].c;
    }
    buf_free(&b);
    return 0;
}
