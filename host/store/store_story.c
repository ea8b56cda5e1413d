#include "store_story.h"

#include <string.h>

#include "effect.h"
#include "json.h"

static void next_item(struct buf *b)
{
    if (b->n && b->p[b->n - 1] != '[')
        buf_addc(b, ',');
}

/* ---- effects ---- */

/* An unknown write was answered by what came after it: the same was sent once more because it was
 * not to be found, or the rule went on to other writes because it was. */
#define LATER(same)                                                                                \
    "EXISTS (SELECT 1 FROM steps t WHERE t.key > s.key AND t.key <= ?2 AND t.kind = 'write' AND "  \
    "(t.title = s.title AND t.body = s.body) = " same ")"

#define EFFECTS_OF_JOURNAL                                                                         \
    "SELECT s.key & 1048575, s.connection, s.title, coalesce(s.outcome, ''), s.spec, s.answer,"    \
    " s.at_ms, " LATER("1") ", " LATER(                                                            \
        "0") " OR (SELECT state FROM runs WHERE n = ?3) = 'done'"                                  \
             " FROM steps s WHERE s.key BETWEEN ?1 AND ?2 AND " EFFECT_SQL " ORDER BY s.key"

/* Those of earlier passes that no step of the journal stands for; see store_act.c. */
#define EFFECTS_OF_BEFORE                                                                          \
    "SELECT seq, connection, title, coalesce(outcome, ''), spec, answer, at_ms, 0, 0 FROM ("       \
    "SELECT *, row_number() OVER (PARTITION BY fingerprint ORDER BY n) AS place FROM old_steps"    \
    " WHERE run = ?3 AND guard = 1) g WHERE g.place > (SELECT count(*) FROM steps"                 \
    " WHERE key BETWEEN ?1 AND ?2 AND fingerprint = g.fingerprint AND " EFFECT_SQL ") ORDER BY n"

/* done: those that were done; else those of which nobody knows. */
static void put_effects(struct sql *s, struct buf *b, int64_t run, const char *text, bool done)
{
    struct query q = query_prepare(s, text);
    query_int(&q, run << STORE_SEQ_BITS);
    query_int(&q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    query_int(&q, run);
    while (!b->failed && query_row(&q) == 1) {
        struct effect e = {query_col_int(&q, 0), query_col_text(&q, 1), query_col_text(&q, 2),
            query_col_text(&q, 3), query_col(&q, 4), query_col(&q, 5), query_col_int(&q, 6)};
        bool resent = query_col_int(&q, 7) != 0, passed = query_col_int(&q, 8) != 0;
        bool known = !strcmp(e.outcome, "done");
        if (!known && resent)
            continue;
        if ((known || passed) != done)
            continue;
        next_item(b);
        effect_put(b, &e);
    }
    query_free(&q);
}

void story_effects(struct sql *s, struct buf *b, int64_t run)
{
    static const char *const keys[] = {"done", "unknown"};
    for (int i = 0; i < 2; i++) {
        json_put_key(b, keys[i]);
        buf_addc(b, '[');
        put_effects(s, b, run, EFFECTS_OF_BEFORE, i == 0);
        put_effects(s, b, run, EFFECTS_OF_JOURNAL, i == 0);
        buf_addc(b, ']');
    }
}

/* ---- acts ---- */

void story_act(struct buf *b, struct query *q)
{
    static const char *const keys[] = {"run", "event", "company", "rule", "action", "by"};
    buf_addc(b, '{');
    row_int(b, "n", query_col_int(q, 0));
    for (int i = 0; i < 6; i++)
        row_text(b, keys[i], query_col_text(q, i + 1));
    row_time(b, "at", query_col_int(q, 7));
    row_text(b, "reason", query_col_text(q, 8));
    row_value(b, "before", query_col(q, 9));
    row_value(b, "after", query_col(q, 10));
    row_value(b, "changes", query_col(q, 11));
}

void story_acts(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(s,
        "SELECT " ACT_COLUMNS " FROM acts a WHERE a.run = (SELECT id FROM runs WHERE n = ?)"
        " ORDER BY a.n");
    query_int(&q, run);
    json_put_key(b, "acts");
    buf_addc(b, '[');
    while (!b->failed && query_row(&q) == 1) {
        next_item(b);
        story_act(b, &q);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
    query_free(&q);
}

/* ---- what was dropped, and changed ---- */

void story_dropped(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(s,
        "SELECT act, seq, kind, connection, title, coalesce(outcome, ''), at_ms, spec, body, meta,"
        " answer FROM old_steps WHERE run = ? ORDER BY n");
    query_int(&q, run);
    json_put_key(b, "dropped");
    buf_addc(b, '[');
    while (!b->failed && query_row(&q) == 1) {
        next_item(b);
        buf_addc(b, '{');
        row_int(b, "act", query_col_int(&q, 0));
        row_int(b, "seq", query_col_int(&q, 1));
        row_text(b, "kind", query_col_text(&q, 2));
        row_text(b, "connection", query_col_text(&q, 3));
        row_text(b, "title", query_col_text(&q, 4));
        row_text(b, "outcome", query_col_text(&q, 5));
        row_time(b, "at", query_col_int(&q, 6));
        row_message(b, "request", query_col(&q, 7), query_col(&q, 8));
        row_message(b, "answer", query_col(&q, 9), query_col(&q, 10));
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
    query_free(&q);
}

void story_data(struct sql *s, struct buf *b, int64_t run)
{
    struct query q =
        query_prepare(s, "SELECT x.body FROM runs r JOIN edits x ON x.n = r.edit WHERE r.n = ?");
    query_int(&q, run);
    row_value(b, "data", query_row(&q) == 1 ? query_col(&q, 0) : STR_NONE);
    query_free(&q);
}

/* ---- listings ---- */

int store_read_acts(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT " ACT_COLUMNS " FROM acts a WHERE (?1 = '' OR a.company = ?1)"
        " AND (?2 = '' OR a.rule = ?2) AND a.at_ms >= ?3"
        " AND (?4 = '' OR (SELECT r.key FROM runs r WHERE r.id = a.run) = ?4)"
        " AND (?5 = '' OR (SELECT r.state FROM runs r WHERE r.id = a.run) = ?5)"
        " ORDER BY a.n DESC LIMIT ?6");
    query_text(&q, f->company);
    query_text(&q, f->rule);
    query_int(&q, f->since_ms);
    query_text(&q, f->key);
    query_text(&q, f->state);
    query_int(&q, f->limit > 0 ? f->limit : 100);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        buf_clear(&r->row);
        story_act(&r->row, &q);
        rc = row_end(r, fn, arg, e);
    }
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, "cannot read the acts");
    query_free(&q);
    return failed || rc < 0 ? -1 : 0;
}
