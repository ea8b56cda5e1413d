/* What a person does with a run: checked, carried out and recorded in one transaction. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "effect.h"
#include "json.h"
#include "mem.h"
#include "store_act.h"
#include "store_private.h"
#include "store_row.h"

/* Texts of what would be done twice; a list that is longer names the first ones. */
#define WORDS_MAX 900

const char *store_action_name(enum store_action a)
{
    static const char *const names[] = {"send", "retry", "skip", "edit"};
    return names[a];
}

struct act {
    struct op op;
    struct op_done cb;
    struct store_act a;
    uint32_t *again;
    int64_t at_ms;
};

/* The run as it is when the act comes to it. */
struct target {
    int64_t n, event, edit;
    enum run_state state;
    int64_t from; /* steps after this one leave the journal */
    int64_t act;  /* number of this act */
};

/* ---- may it? ---- */

static int find_target(struct sql *s, struct act *p, struct target *t)
{
    struct query *q = sql_use(s, Q_ACT_RUN, "SELECT n, event, edit, state FROM runs WHERE id = ?");
    query_text(q, p->a.run);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(&p->op, ERR_NOT_FOUND, "there is no run %s", p->a.run);
    t->n = query_col_int(q, 0);
    t->event = query_col_int(q, 1);
    t->edit = query_col_int(q, 2);
    t->state = run_state_parse(query_col(q, 3));
    query_done(q);
    return 0;
}

/* "by anna at 2026-11-25T10:00:00Z: a test" of the last act on it; empty if there was none. */
static void last_act(struct sql *s, const char *run, char *out, size_t size)
{
    char at[CLOCK_TEXT];
    out[0] = 0;
    struct query *q = sql_use(s, Q_ACT_LAST,
        "SELECT actor, at_ms, reason FROM acts WHERE run = ? AND action <> 'edit'"
        " ORDER BY n DESC LIMIT 1");
    query_text(q, run);
    if (query_row(q) == 1) {
        clock_format(query_col_int(q, 1), at);
        snprintf(out, size, " by %.60s at %s%s%.200s", query_col_text(q, 0), at,
            *query_col_text(q, 2) ? ": " : "", query_col_text(q, 2));
    }
    query_done(q);
}

static int refuse_state(struct sql *s, struct act *p, const struct target *t)
{
    char by[400];
    const char *verb = store_action_name(p->a.action);
    switch (t->state) {
    case RUN_DONE:
        return op_fail(&p->op, ERR_CONFLICT,
            "run %s is done: there is nothing to %s (`sauma show` says what it did)", p->a.run,
            verb);
    case RUN_SKIPPED:
        last_act(s, p->a.run, by, sizeof(by));
        return op_fail(&p->op, ERR_CONFLICT,
            "run %s is skipped%s; `sauma retry %s --skipped` takes it up after all", p->a.run, by,
            p->a.run);
    case RUN_QUEUED:
    case RUN_RUNNING:
    case RUN_WAITING:
        last_act(s, p->a.run, by, sizeof(by));
        return op_fail(&p->op, ERR_CONFLICT,
            "run %s is %s%s%s: it is under way and needs nobody now", p->a.run,
            run_state_name(t->state), by[0] ? ", started" : "", by);
    case RUN_HELD:
    case RUN_FAILED:
    case RUN_ATTENTION:
        break;
    }
    return op_fail(&p->op, ERR_CONFLICT,
        "run %s is %s and not held: `sauma retry %s` lets it go on", p->a.run,
        run_state_name(t->state), p->a.run);
}

static int check_state(struct sql *s, struct act *p, const struct target *t)
{
    bool stands = t->state == RUN_FAILED || t->state == RUN_ATTENTION || t->state == RUN_HELD;
    bool may = stands;
    if (p->a.action == ACT_SEND)
        may = t->state == RUN_HELD;
    else if (p->a.action == ACT_RETRY)
        may = stands || (t->state == RUN_SKIPPED && p->a.skipped);
    if (!may)
        return refuse_state(s, p, t);
    if (p->a.edit != t->edit)
        return op_fail(&p->op, ERR_CONFLICT,
            "the data of run %s was changed by somebody else meanwhile: look with `sauma show %s`, "
            "then again",
            p->a.run, p->a.run);
    return 0;
}

/* ---- the journal ---- */

static int64_t key_of(const struct target *t, int64_t seq)
{
    return (t->n << STORE_SEQ_BITS) + seq;
}

/* The last step with an effect outside; 0 if there is none. */
static int64_t last_effect(struct sql *s, const struct target *t)
{
    struct query *q = sql_use(s, Q_STEP_EFFECT,
        "SELECT coalesce(max(key), 0) FROM steps WHERE key BETWEEN ? AND ? AND " EFFECT_SQL);
    query_int(q, key_of(t, 0));
    query_int(q, key_of(t, STORE_SEQ_MAX));
    int64_t key = query_row(q) == 1 ? query_col_int(q, 0) : 0;
    query_done(q);
    return key & STORE_SEQ_MAX;
}

static bool may_again(const struct act *p, int64_t seq)
{
    for (int i = 0; i < p->a.nagain; i++)
        if (p->a.again[i] == seq)
            return true;
    return false;
}

static struct effect effect_of(struct query *q)
{
    return (struct effect){query_col_int(q, 0) & STORE_SEQ_MAX, query_col_text(q, 1),
        query_col_text(q, 2), query_col_text(q, 3), query_col(q, 4), query_col(q, 5), 0};
}

/* Fails if a step that would be dropped had an effect outside that nobody allowed to happen again.
 */
static int check_dropped(struct sql *s, struct act *p, const struct target *t)
{
    struct query *q = sql_use(s, Q_STEP_EFFECTS,
        "SELECT key, connection, title, outcome, spec, answer FROM steps"
        " WHERE key BETWEEN ? AND ? AND " EFFECT_SQL " ORDER BY key");
    query_int(q, key_of(t, t->from + 1));
    query_int(q, key_of(t, STORE_SEQ_MAX));
    struct buf words;
    char steps[200] = "";
    int64_t last = 0;
    int rc, n = 0;
    buf_init(&words, WORDS_MAX);
    while ((rc = query_row(q)) == 1) {
        struct effect e = effect_of(q);
        last = e.seq;
        if (may_again(p, e.seq))
            continue;
        size_t used = strlen(steps);
        snprintf(steps + used, sizeof(steps) - used, " --again %" PRId64, e.seq);
        size_t before = words.n;
        buf_addf(&words, "%sstep %" PRId64 ", ", n++ ? "; " : "", e.seq);
        effect_words(&words, &e);
        if (*e.outcome != 'd')
            buf_adds(&words, " (nobody knows whether it arrived)");
        if (words.failed) {
            words.n = before;
            break;
        }
    }
    query_done(q);
    if (rc >= 0 && n)
        rc = op_fail(&p->op, ERR_CONFLICT,
            "run %s did this outside after step %" PRId64
            ": %.*s. Asking it again may do it twice. "
            "If that is what you want, say so with%s; --from %" PRId64 " keeps it",
            p->a.run, t->from, STR_ARG(buf_str(&words)), steps, last);
    buf_free(&words);
    return rc < 0 ? -1 : 0;
}

/* 1: a step of the journal with an effect; 2: one of an earlier pass, kept in mind; 0: neither. */
static int effect_at(struct sql *s, const struct target *t, int64_t seq)
{
    struct query *q = sql_use(s, Q_STEP_HAS_EFFECT,
        "SELECT 1 FROM steps WHERE key = ?1 AND " EFFECT_SQL
        " UNION ALL SELECT 2 FROM old_steps WHERE run = ?2 AND seq = ?3 AND guard = 1");
    query_int(q, key_of(t, seq));
    query_int(q, t->n);
    query_int(q, seq);
    int rc = query_row(q);
    if (rc == 1)
        rc = (int)query_col_int(q, 0);
    query_done(q);
    return rc;
}

/* Where the journal is cut. Allowing a step again without saying from where means: from it. */
static int choose_from(struct sql *s, struct act *p, struct target *t)
{
    t->from = p->a.afresh ? 0 : p->a.from >= 0 ? p->a.from : last_effect(s, t);
    if (s->rc)
        return -1;
    for (int i = 0; i < p->a.nagain; i++) {
        int64_t seq = p->a.again[i];
        int where = effect_at(s, t, seq);
        if (where < 0)
            return -1;
        if (where == 0)
            return op_fail(&p->op, ERR_CONFLICT,
                "step %" PRId64 " of run %s had no effect outside, so there is nothing to allow "
                "again (`sauma show %s` lists what was done)",
                seq, p->a.run, p->a.run);
        if (where == 1 && p->a.from < 0 && seq <= t->from)
            t->from = seq - 1;
    }
    return p->a.afresh ? 0 : check_dropped(s, p, t);
}

/* An effect that a person allows again is no longer kept in mind: that of the journal, by what was
 * asked (an earlier pass may have asked the same), or one of an earlier pass, by its number. */
static int release_again(struct sql *s, struct act *p, const struct target *t)
{
    for (int i = 0; i < p->a.nagain; i++) {
        struct query *q = sql_use(s, Q_GUARD_DROP,
            "UPDATE old_steps SET guard = 0 WHERE run = ?1 AND guard = 1 AND fingerprint IN"
            " (SELECT fingerprint FROM steps WHERE key = ?2"
            "  UNION ALL SELECT fingerprint FROM old_steps WHERE run = ?1 AND seq = ?3"
            "   AND guard = 1 AND NOT EXISTS (SELECT 1 FROM steps WHERE key = ?2))");
        query_int(q, t->n);
        query_int(q, key_of(t, p->a.again[i]));
        query_int(q, p->a.again[i]);
        if (query_run(q))
            return -1;
    }
    return 0;
}

/* An effect kept in mind that the last pass took for its own stands in that pass's journal: as many
 * as stand there are forgotten, so that each effect is kept in mind once. */
static int release_taken(struct sql *s, const struct target *t)
{
    struct query *q = sql_use(s, Q_GUARD_TAKEN,
        "UPDATE old_steps SET guard = 0 WHERE n IN (SELECT g.n FROM (SELECT n, fingerprint,"
        "  row_number() OVER (PARTITION BY fingerprint ORDER BY n) AS place FROM old_steps"
        "  WHERE run = ?1 AND guard = 1) g WHERE g.place <= (SELECT count(*) FROM steps"
        "  WHERE key BETWEEN ?2 AND ?3 AND fingerprint = g.fingerprint AND " EFFECT_SQL "))");
    query_int(q, t->n);
    query_int(q, key_of(t, 0));
    query_int(q, key_of(t, STORE_SEQ_MAX));
    return query_run(q);
}

/* What leaves the journal stays readable; a run that begins afresh keeps its effects in mind. */
static int drop_steps(struct sql *s, struct act *p, struct target *t)
{
    if (release_again(s, p, t) || (p->a.afresh && release_taken(s, t)))
        return -1;
    struct query *q = sql_use(s, Q_STEP_KEEP,
        "INSERT INTO old_steps (run, act, guard, seq, kind, connection, title, fingerprint, spec,"
        " body, at_ms, outcome, meta, answer, answered_ms, attempts, duration_us)"
        " SELECT ?1, ?2, ?3 AND " EFFECT_SQL
        ", key & 1048575, kind, connection, title, fingerprint,"
        " spec, body, at_ms, outcome, meta, answer, answered_ms, attempts, duration_us FROM steps"
        " WHERE key BETWEEN ?4 AND ?5 ORDER BY key");
    query_int(q, t->n);
    query_int(q, t->act);
    query_int(q, p->a.afresh);
    query_int(q, key_of(t, t->from + 1));
    query_int(q, key_of(t, STORE_SEQ_MAX));
    if (query_run(q))
        return -1;
    for (int i = 0; i < p->a.nagain && p->a.afresh; i++) {
        q = sql_use(
            s, Q_GUARD_NEW, "UPDATE old_steps SET guard = 0 WHERE run = ? AND act = ? AND seq = ?");
        query_int(q, t->n);
        query_int(q, t->act);
        query_int(q, p->a.again[i]);
        if (query_run(q))
            return -1;
    }
    q = sql_use(s, Q_STEP_REWIND, "DELETE FROM steps WHERE key BETWEEN ? AND ?");
    query_int(q, key_of(t, t->from + 1));
    query_int(q, key_of(t, STORE_SEQ_MAX));
    return query_run(q);
}

/* ---- carrying it out ---- */

static void put_before(struct buf *b, struct sql *s, const struct target *t)
{
    static const char *const keys[] = {"state", "reason", "version", "key"};
    struct query *q =
        sql_use(s, Q_ACT_BEFORE, "SELECT state, reason, version, key FROM runs WHERE n = ?");
    query_int(q, t->n);
    buf_addc(b, '{');
    if (query_row(q) == 1)
        for (int i = 0; i < 4; i++)
            row_text(b, keys[i], query_col_text(q, i));
    buf_addc(b, '}');
    query_done(q);
}

static enum run_state state_after(const struct act *p, const struct target *t)
{
    return p->a.action == ACT_EDIT                   ? t->state
           : p->a.action == ACT_SKIP || p->a.reroute ? RUN_SKIPPED
                                                     : RUN_QUEUED;
}

static void put_after(struct buf *b, const struct act *p, const struct target *t)
{
    buf_addc(b, '{');
    row_text(b, "state", run_state_name(state_after(p, t)));
    if (p->a.version)
        row_text(b, "version", p->a.version);
    if (p->a.key)
        row_text(b, "key", p->a.key);
    if (p->a.action == ACT_RETRY) {
        row_int(b, "from", t->from);
        json_put_key(b, "afresh");
        buf_adds(b, p->a.afresh ? "true" : "false");
        json_put_key(b, "again");
        buf_addc(b, '[');
        for (int i = 0; i < p->a.nagain; i++)
            buf_addf(b, "%s%u", i ? "," : "", p->a.again[i]);
        buf_addc(b, ']');
    }
    buf_addc(b, '}');
}

static int record_act(struct sql *s, struct act *p, struct target *t)
{
    struct buf before, after;
    buf_init(&before, 1 << 20);
    buf_init(&after, 1 << 20);
    put_before(&before, s, t);
    put_after(&after, p, t);
    struct query *q = sql_use(s, Q_ACT_ADD,
        "INSERT INTO acts (run, event, company, rule, action, actor, at_ms, reason, before, after,"
        " changes) SELECT r.id, e.id, r.company, r.rule, ?, ?, ?, ?, ?, ?, ? FROM runs r JOIN events e"
        " ON e.seq = r.event WHERE r.n = ?");
    query_text(q, store_action_name(p->a.action));
    query_text(q, p->a.actor);
    query_int(q, p->at_ms);
    query_text(q, p->a.reason);
    query_json(q, buf_str(&before));
    query_json(q, buf_str(&after));
    query_json(q, p->a.changes);
    query_int(q, t->n);
    int rc = query_run(q);
    t->act = sqlite3_last_insert_rowid(s->h);
    buf_free(&before);
    buf_free(&after);
    return rc;
}

static int keep_edit(struct sql *s, struct act *p, struct target *t)
{
    if (!p->a.body.p)
        return 0;
    struct query *q =
        sql_use(s, Q_EDIT_ADD, "INSERT INTO edits (event, act, body) VALUES (?, ?, ?)");
    query_int(q, t->event);
    query_int(q, t->act);
    query_blob(q, p->a.body);
    if (query_run(q))
        return -1;
    t->edit = sqlite3_last_insert_rowid(s->h);
    q = sql_use(s, Q_EDIT_USE, "UPDATE runs SET edit = ? WHERE n = ?");
    query_int(q, t->edit);
    query_int(q, t->n);
    return query_run(q);
}

static int set_state(struct sql *s, struct act *p, const struct target *t)
{
    const char *reason = p->a.action == ACT_SKIP ? p->a.reason
                         : p->a.reroute          ? "the event was routed again"
                                                 : "";
    struct query *q = sql_use(s, Q_ACT_SET,
        "UPDATE runs SET state = ?1, reason = ?2, result = NULL, until_ms = 0, updated_ms = ?3,"
        " version = coalesce(nullif(?4, ''), version), key = coalesce(?5, key),"
        " rule = CASE WHEN ?6 THEN rule || ' ' || ?7 ELSE rule END,"
        /* All its time and tries are before it again. */
        " began_ms = CASE ?1 WHEN 'queued' THEN 0 ELSE began_ms END,"
        " tries = CASE ?1 WHEN 'queued' THEN NULL ELSE tries END,"
        " reopened_seq = CASE ?1 WHEN 'queued' THEN ?9 ELSE reopened_seq END WHERE n = ?8");
    query_text(q, run_state_name(state_after(p, t)));
    query_text(q, reason);
    query_int(q, p->at_ms);
    query_text(q, p->a.version);
    query_json(q, p->a.key ? str_of(p->a.key) : STR_NONE);
    query_int(q, p->a.reroute);
    query_int(q, t->act);
    query_int(q, t->n);
    query_int(q, t->from + 1);
    if (query_run(q))
        return -1;
    if (!p->a.reroute)
        return event_settle(s, t->event);
    q = sql_use(s, Q_EVENT_UNROUTE,
        "UPDATE events SET routed = 0, asleep = 0, state = 'in_flight', reason = '' WHERE seq = ?");
    query_int(q, t->event);
    return query_run(q);
}

static int act_run(struct sql *s, struct op *o)
{
    struct act *p = (struct act *)o;
    struct target t = {0};
    bool goes_on = p->a.action == ACT_RETRY || p->a.action == ACT_SEND;
    if (find_target(s, p, &t) || check_state(s, p, &t))
        return -1;
    if (goes_on && choose_from(s, p, &t))
        return -1;
    if (record_act(s, p, &t) || keep_edit(s, p, &t))
        return -1;
    if (goes_on && drop_steps(s, p, &t))
        return -1;
    return p->a.action == ACT_EDIT ? 0 : set_state(s, p, &t);
}

static void act_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct act *)o)->cb, e);
}

void store_act(struct store *s, const struct store_act *a, store_done_fn fn, void *arg)
{
    size_t again = (size_t)a->nagain * sizeof(uint32_t);
    struct act *p =
        op_new(sizeof(*p), op_room(a->run) + op_room(a->actor) + op_room(a->reason) +
                               op_room(a->version) + op_room(a->key) + op_room_bytes(a->body) +
                               op_room_bytes(a->changes) + again + _Alignof(max_align_t));
    struct op *o = &p->op;
    o->run = act_run;
    o->done = act_done;
    o->what = "acting on a run";
    p->cb = (struct op_done){fn, arg};
    p->at_ms = clock_wall_ms();
    p->a = *a;
    uint32_t *list = op_array(o, again);
    if (again)
        memcpy(list, a->again, again);
    p->a.again = list;
    p->a.run = op_text(o, a->run);
    p->a.actor = op_text(o, a->actor);
    p->a.reason = op_text(o, a->reason);
    p->a.version = a->version ? op_text(o, a->version) : NULL;
    p->a.key = a->key ? op_text(o, a->key) : NULL;
    p->a.body = op_bytes(o, a->body);
    p->a.changes = op_bytes(o, a->changes);
    store_ask(s, o);
}
