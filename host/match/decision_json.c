/* A decision as JSON. */
#include <stdlib.h>

#include "decision.h"
#include "json.h"

/* Ten-thousandths as a number: -0.0300 is written whole, so that parts can be added by eye. */
static void put_fixed(struct buf *out, int32_t v)
{
    int32_t a = v < 0 ? -v : v;
    buf_addf(out, "%s%d.%04d", v < 0 ? "-" : "", a / EVIDENCE_ONE, a % EVIDENCE_ONE);
}

static void put_conflicts(struct buf *out, uint32_t conflicts)
{
    const char *comma = "";
    for (int i = 0; i < CONFLICTS; i++)
        if (conflicts & (uint32_t)1 << i) {
            buf_addf(out, "%s\"%s\"", comma, evidence_conflict_name(i));
            comma = ",";
        }
}

static void put_explain(struct buf *out, const struct decision_result *r)
{
    const char *comma = "";
    buf_adds(out, ",\"explain\":{\"reason\":");
    json_put_cstring(out, r->reason);
    buf_adds(out, ",\"margin\":");
    put_fixed(out, r->margin);
    buf_adds(out, ",\"candidates\":[");
    for (int i = 0; i < r->n; i++) {
        const struct evidence *v = &r->candidate[i].evidence;
        buf_addf(out, "%s{\"id\":", comma);
        json_put_string(out, r->candidate[i].id);
        buf_adds(out, ",\"score\":");
        put_fixed(out, v->score);
        buf_adds(out, ",\"parts\":{");
        for (int k = 0; k < EVIDENCE_PARTS; k++) {
            buf_addf(out, "%s\"%s\":", k ? "," : "", evidence_part_name(k));
            put_fixed(out, v->part[k]);
        }
        buf_adds(out, "},\"conflicts\":[");
        put_conflicts(out, v->conflicts);
        buf_addf(out, "],\"words_found\":[%d.%03d,%d.%03d]}", v->cover_query / 1000,
            v->cover_query % 1000, v->cover_match / 1000, v->cover_match % 1000);
        comma = ",";
    }
    buf_adds(out, "]}");
}

void decision_put_json(struct buf *out, const struct decision_result *r, bool explain)
{
    const struct decision_candidate *m = r->match >= 0 ? &r->candidate[r->match] : NULL;
    buf_addf(out, "\"decision\":\"%s\",\"match\":", decision_name(r->decision));
    if (m && r->decision == DECISION_LINK)
        json_put_string(out, m->id);
    else
        buf_adds(out, "null");
    buf_adds(out, ",\"score\":");
    put_fixed(out, m ? m->evidence.score : r->n > 0 ? r->candidate[0].evidence.score : 0);
    buf_adds(out, ",\"candidates\":[");
    for (int i = 0; i < r->n; i++) {
        buf_addf(out, "%s{\"id\":", i ? "," : "");
        json_put_string(out, r->candidate[i].id);
        buf_adds(out, ",\"score\":");
        put_fixed(out, r->candidate[i].evidence.score);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
    if (explain)
        put_explain(out, r);
}
