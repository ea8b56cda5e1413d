/* The decision. */
#include "decision.h"

#include <stdlib.h>
#include <string.h>

#include "catalog_impl.h"

#define VETOES                                                                                     \
    (CONFLICT_CODE | CONFLICT_QUANTITY | CONFLICT_SIZE | CONFLICT_NUMBER | CONFLICT_VARIANT |      \
        CONFLICT_MARK | CONFLICT_GTIN | CONFLICT_PERIOD)

enum { NO = DECISION_OTHER, ASKS = DECISION_ASKS, LINKS = DECISION_LINKS };

#define COVER_DEFAULT   750
#define MARGIN_DEFAULT  200
#define RARE_CODE       6   /* records that may share a code which still tells them apart */
#define BOTH_LACK       850 /* of 1000: below, either name lacks something ... */
#define BOTH_LACK_MORE  50  /* ... and more of both must agree */
#define SWAPPED         300 /* hundredths of bits that each name lacks of the other */
#define LONE            165 /* of 1000: the part of a name that one word is */
#define LONE_LEAST      110 /* ... and least of both */
#define LONE_MORE       330 /* ... where the other has none in its place */
#define COLUMNS_DIFFER  850
#define ONE_SIDED       30
#define ONE_SIDED_EASED 60
#define EASED_SUM       1050
#define EASED_SWAPPED   1150
#define WITHIN_MOST     800 /* of 1000 */
#define WITHIN_LEAST    380
#define WITHIN_ALONE    2000
#define LIKE_MAX        12   /* candidates that may be like the match: the best ones */
#define PRICE_CLOSE     110  /* of 100 */
#define CODE_SCORE      4000 /* with a code in common, though the names agree little ... */
#define CODE_ALONE      2000 /* ... if nothing else comes so near */
#define ALONE           1000 /* margin that names which agree in part need */

const char *decision_name(enum decision d)
{
    static const char *const names[] = {"link", "new", "review"};
    return names[d];
}

/* ---- one candidate --------------------------------------------------------------------------- */

/* What is judged of one candidate. */
struct judged {
    const struct evidence *v;
    int least, most; /* cover of the two names */
    uint32_t vetoes; /* conflicts that keep from a link */
    bool words;      /* no code in common: its words say it */
    int alone;       /* links only if no other record comes so near */
    const char *why;
};

/* Codes: a long one that nothing contradicts is enough; a short one, one that stands in a
 * description or has a tail more, or one beside another code (an accessory names what it is for)
 * needs more of the names to agree. */
static int by_code(struct judged *j)
{
    const struct evidence *v = j->v;
    int need = v->code == CODE_SAME   ? (v->code_length >= 6 ? 0
                                            : v->brand_same  ? 250
                                                             : 500)
               : v->code == CODE_NEAR ? (v->brand_same ? 300 : 450)
                                      : 450;
    int need_most = v->code == CODE_SAME && v->code_length >= 6 ? 250 : 400;
    if (v->open_query > 0)
        need += v->open_match > 0 ? 250 : v->code == CODE_SAME ? 0 : 150;
    j->why = "the same model code";
    if (v->conflicts & CONFLICT_PRICE && v->code != CODE_SAME)
        return ASKS;
    if (j->least >= need && j->most >= need_most)
        return LINKS;
    if (v->score >= CODE_SCORE && j->least >= 200) {
        j->alone = CODE_ALONE;
        return LINKS;
    }
    return j->least + 150 >= need && j->most >= need_most ? ASKS : NO;
}

/* Without a code in common: the words of both names must agree; where the price or a rare word
 * speaks for it too, and nothing else in the catalogue comes near, less of them. */
static int by_words(struct judged *j, const struct decision_options *o)
{
    const struct evidence *v = j->v;
    int need = o->cover ? o->cover : COVER_DEFAULT;
    bool close = v->price_ratio > 0 && v->price_ratio <= PRICE_CLOSE;
    bool far = v->conflicts & CONFLICT_PRICE;
    /* A code that the other side never mentions is evidence that is missing; so is an edition or a
     * state that only one of them has, unless the price is the very same. */
    if (v->open_query > 0)
        need += 100;
    int sided = v->price_ratio == 100 ? 0 : v->one_sided > 2 ? 2 : v->one_sided;
    need += ONE_SIDED * sided;
    j->why = "the names agree both ways";
    if (j->least >= need + (j->most < BOTH_LACK ? BOTH_LACK_MORE : 0)) {
        if (far)
            j->why = "the names agree, but the prices are more than a factor of two apart";
        return far || v->one_sided > 2 ? ASKS : LINKS;
    }
    /* Both lack something: one product may have taken the other's place. */
    bool swapped = v->missing_query > SWAPPED && v->missing_match > SWAPPED;
    int eased = need + ONE_SIDED_EASED * sided - 150 - (close && v->brand_same ? 150 : 0) -
                (v->rare > 1      ? 250
                    : v->rare > 0 ? 50
                                  : 0) -
                (j->most >= 900 ? 50 : 0);
    if (j->least >= eased && j->least + j->most >= (swapped ? EASED_SWAPPED : EASED_SUM) && !far) {
        j->alone = v->rare > 1 ? ALONE / 2 : ALONE;
        return LINKS;
    }
    /* One name is nearly all in the other, which says more. */
    if (j->most >= WITHIN_MOST && j->least >= WITHIN_LEAST && !far) {
        j->why = "one name is within the other, and nothing else comes near";
        j->alone = WITHIN_ALONE;
        return LINKS;
    }
    j->why = "the names agree in part";
    return j->most >= 900 && j->least >= need - 200 ? ASKS : NO;
}

static int judge(struct judged *j, const struct decision_options *o)
{
    const struct evidence *v = j->v;
    if (v->exact) {
        j->why = "the same code";
        if (!(j->vetoes & (CONFLICT_QUANTITY | CONFLICT_SIZE | CONFLICT_PERIOD | CONFLICT_GTIN)))
            return LINKS;
        j->why = "the same code, but another quantity or size";
        return ASKS;
    }
    /* Where the whole model code is the same, what the rest of the name says is prose. */
    if (v->code == CODE_SAME && v->rarity <= RARE_CODE && v->code_length >= 6)
        j->vetoes &=
            ~(uint32_t)(CONFLICT_NUMBER | CONFLICT_MARK | (v->colour_other ? 0 : CONFLICT_VARIANT));
    if (j->vetoes == CONFLICT_CODE && v->stem_same && v->colour_same && v->brand_same &&
        !(v->conflicts & CONFLICT_PRICE)) {
        j->why = "the same model in the same colour";
        return LINKS;
    }
    j->why = "what they say contradicts";
    if (j->vetoes)
        return NO;
    j->why = "other model codes";
    if (v->code == CODE_DIFFERENT)
        return NO;
    int code = v->code >= CODE_IN_TEXT && v->rarity <= RARE_CODE ? by_code(j) : NO;
    const char *why = j->why;
    if (code == LINKS)
        return code;
    int words = by_words(j, o);
    if (words == LINKS && v->columns_differ) {
        /* Names that say all may be of two models; names that say less surely are. */
        words = j->least >= COLUMNS_DIFFER ? ASKS : NO;
        j->why = "the names agree, but the code columns differ";
    }
    if (words == LINKS && o->cover && j->least < o->cover) {
        words = ASKS;
        j->why = "the names agree less than was set";
    }
    if (words < code)
        j->why = why;
    j->words = words > code;
    return words > code ? words : code;
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct asked {
    uint32_t slot;
    struct decision_candidate c;
    struct judged judged;
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
    }
    qsort(out, (size_t)n, sizeof(*out), by_score);
    for (int i = 0; i < n; i++) {
        const struct evidence *v = &out[i].c.evidence;
        bool query_less = v->cover_query < v->cover_match;
        out[i].judged = (struct judged){.v = v,
            .least = query_less ? v->cover_query : v->cover_match,
            .most = query_less ? v->cover_match : v->cover_query,
            .vetoes = (VETOES | o->more_vetoes) & ~o->no_veto & v->conflicts};
        out[i].c.strength = judge(&out[i].judged, o);
    }
    return n;
}

/* The distance of the best to the next that could be meant: one that nothing contradicts. */
static int margin_of(const struct asked *all, int n, int best)
{
    for (int i = 0; i < n; i++)
        if (i != best && !all[i].judged.vetoes)
            return all[best].c.evidence.score - all[i].c.evidence.score;
    return all[best].c.evidence.score;
}

static int decide(
    const struct asked *all, int n, const struct decision_options *o, struct decision_result *out)
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
    out->margin = 0;
    out->reason =
        n > 0 ? "nothing in the catalogue is like it" : "the catalogue has nothing like it";
    if (best < 0 || all[best].c.strength == NO)
        return -1;
    const struct asked *b = &all[best];
    out->decision = b->c.strength == LINKS ? DECISION_LINK : DECISION_REVIEW;
    out->reason = b->judged.why;
    out->margin = margin_of(all, n, best);
    int need = o->margin ? o->margin : MARGIN_DEFAULT;
    if (out->decision == DECISION_LINK && out->margin < b->judged.alone) {
        out->decision = b->judged.least >= 700 ? DECISION_REVIEW : DECISION_NEW;
        out->reason = "other records of the catalogue are nearly as like";
        return out->decision == DECISION_NEW ? -1 : best;
    }
    if (out->decision == DECISION_LINK && next >= 0 && all[next].c.strength == LINKS &&
        out->margin < need && all[next].c.evidence.code == b->c.evidence.code &&
        all[next].c.evidence.exact == b->c.evidence.exact) {
        out->decision = DECISION_REVIEW;
        out->reason = "two records of the catalogue fit nearly alike";
    }
    if (out->decision == DECISION_LINK && o->never_link)
        out->decision = DECISION_REVIEW;
    return best;
}

/* True if another candidate is nearer to the match than the query is, which lacks so much of it. */
static bool is_crowded(struct catalog *c, const struct asked *all, int n, int match, int lacks)
{
    const char *record = c->records[all[match].slot];
    struct evidence_side m = {c->match, catalog_price(record)};
    catalog_profile(c, record, c->match);
    weigh(c, c->match);
    for (int i = 0; i < n && i < LIKE_MAX; i++) {
        const char *other = c->records[all[i].slot];
        struct evidence_side o = {c->other, catalog_price(other)};
        struct evidence v;
        if (i == match)
            continue;
        catalog_profile(c, other, c->other);
        weigh(c, c->other);
        evidence_compare(&m, &o, rarity_of, c, &v);
        if (v.missing_query + v.missing_match < lacks)
            return true;
    }
    return false;
}

/* Words alone, with no rare one among them and no price that agrees, single out a record only if
 * the query is nearer to it than the catalogue's own records are: else it may be one more of their
 * kind. What near is, each catalogue says. */
static void doubt(
    struct catalog *c, const struct asked *all, int n, int match, struct decision_result *out)
{
    if (out->decision != DECISION_LINK || !all[match].judged.words)
        return;
    const struct evidence *v = &all[match].c.evidence;
    int lacks = v->missing_query + v->missing_match;
    bool close = v->price_ratio > 0 && v->price_ratio <= PRICE_CLOSE;
    bool agreed = close && v->brand_same;
    int fewer = v->lone_query < v->lone_match ? v->lone_query : v->lone_match;
    bool swapped = v->rare > 0 ? fewer >= LONE
                               : fewer >= LONE_LEAST && v->lone_query + v->lone_match >= 2 * LONE;
    if (swapped && !agreed) {
        out->decision = DECISION_REVIEW;
        out->reason = "each name has a word in place of one of the other's";
        return;
    }
    if ((v->lone_query >= LONE_MORE || v->lone_match >= LONE_MORE) && !close) {
        out->decision = DECISION_REVIEW;
        out->reason = "a word that only one of the names has is a large part of it";
        return;
    }
    if (v->rare > 0 || close || !is_crowded(c, all, n, match, lacks))
        return;
    out->decision = DECISION_REVIEW;
    out->reason = "other records of the catalogue are as like its match as it is";
}

int decision_find(struct catalog *c, const struct catalog_record *query,
    const struct decision_options *o, struct decision_result *out, struct err *e)
{
    static const struct decision_options defaults;
    struct asked all[CATALOG_CANDIDATES];
    struct buf *b = &c->fold;
    struct catalog_record r = *query;
    r.id = STR_LIT("?");
    o = o ? o : &defaults;
    memset(out, 0, sizeof(*out));
    out->match = -1;
    buf_clear(b);
    if (catalog_fold(b, &r, e) < 0)
        return -1;
    catalog_profile(c, b->p, c->query);
    weigh(c, c->query);
    struct evidence_side q = {c->query, query->price};
    int n = compare_all(c, &q, false, o, all);
    int match = decide(all, n, o, out);
    if (out->decision != DECISION_LINK) {
        n = compare_all(c, &q, true, o, all);
        match = decide(all, n, o, out);
    }
    doubt(c, all, n, match, out);
    /* The one meant is always shown, also if others have a higher score but contradict. */
    for (int i = 0; i < n && out->n < DECISION_CANDIDATES; i++) {
        if (match >= out->n && i < match && out->n == DECISION_CANDIDATES - 1)
            i = match;
        if (i == match)
            out->match = out->n;
        out->candidate[out->n++] = all[i].c;
    }
    return 0;
}
