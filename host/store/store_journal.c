/* The journal of a run: what it asked of the outside, what it got, what it logged. */
#include <inttypes.h>
#include <string.h>

#include "map.h"
#include "mem.h"
#include "store_private.h"

/* The end of an id is its random part. */
static struct known_run *known_run(struct sql *s, const char *run)
{
    size_t n = strlen(run);
    uint32_t tail = 0;
    if (n < sizeof(tail) || n >= ID_TEXT)
        return NULL;
    memcpy(&tail, run + n - sizeof(tail), sizeof(tail));
    return &s->known[(tail * UINT32_C(2654435761) >> 16) & (KNOWN_RUNS - 1)];
}

void run_number_set(struct sql *s, const char *run, int64_t n)
{
    struct known_run *k = known_run(s, run);
    if (!k)
        return;
    memcpy(k->id, run, strlen(run) + 1);
    k->n = n;
}

void run_numbers_forget(struct sql *s)
{
    memset(s->known, 0, sizeof(s->known));
}

int64_t run_number(struct sql *s, struct op *o, const char *run)
{
    const struct known_run *k = known_run(s, run);
    if (k && !strcmp(k->id, run))
        return k->n;
    struct query *q = sql_use(s, Q_RUN_NUMBER, "SELECT n FROM runs WHERE id = ?");
    query_text(q, run);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(o, ERR_NOT_FOUND, "there is no run %s", run);
    int64_t n = query_col_int(q, 0);
    query_done(q);
    run_number_set(s, run, n);
    return n;
}

/* ---- holes ---- */

static int torn(const struct sql *s, const char *run)
{
    return s->torn ? (int)(intptr_t)map_get(s->torn, str_of(run)) : 0;
}

void journal_tear(struct sql *s, const char *run, enum journal_tear what)
{
    if (!s->torn)
        s->torn = map_new();
    map_set(s->torn, str_of(run), (void *)(intptr_t)(torn(s, run) | (int)what));
}

void journal_mend(struct sql *s, const char *run, int what)
{
    int left = torn(s, run) & ~what;
    if (left)
        map_set(s->torn, str_of(run), (void *)(intptr_t)left);
    else if (s->torn)
        map_remove(s->torn, str_of(run));
}

static int refuse_torn(struct op *o)
{
    return op_fail(o, ERR_IO, "what comes before it in the run's journal is not stored");
}

/* ---- store_intent, store_answer, store_step ---- */

struct step {
    struct op op;
    struct op_done cb;
    struct store_step st;
    struct store_answer answer;
    bool answered;
};

/* The key of a step; -1 as run_number. */
static int64_t step_key(struct sql *s, struct op *o, const struct store_step *st)
{
    if (st->seq > STORE_SEQ_MAX)
        return op_fail(o, ERR_LIMIT, "run %s has more than %d steps", st->run, STORE_SEQ_MAX);
    int64_t run = run_number(s, o, st->run);
    return run < 0 ? -1 : run << STORE_SEQ_BITS | st->seq;
}

static void bind_answer(struct query *q, const struct store_answer *a)
{
    query_text(q, a->outcome);
    query_json(q, a->meta);
    query_blob(q, a->body);
    query_int(q, a->at_ms);
    query_int(q, a->attempts);
    query_int(q, a->duration_us);
    query_int(q, answer_sum(a));
}

static int step_run(struct sql *s, struct op *o)
{
    struct step *p = (struct step *)o;
    const struct store_step *st = &p->st;
    if (torn(s, st->run))
        return refuse_torn(o);
    int64_t key = step_key(s, o, st);
    if (key < 0)
        return -1;
    struct query *q = sql_use(s, Q_STEP_ADD,
        "INSERT INTO steps (key, kind, connection, title, fingerprint, spec, body, at_ms,"
        " outcome, meta, answer, answered_ms, attempts, duration_us, sum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?)");
    query_int(q, key);
    query_text(q, st->kind);
    query_text(q, st->connection);
    query_text(q, st->title);
    query_text(q, st->fingerprint);
    query_json(q, st->spec);
    query_blob(q, st->body);
    query_int(q, st->at_ms);
    bind_answer(q, &p->answer);
    return query_run(q);
}

/* Why the answer found no open step. */
static int explain_no_step(struct sql *s, struct op *o, const struct store_step *st, int64_t key)
{
    struct query *q = sql_use(s, Q_STEP_STATE, "SELECT 1 FROM steps WHERE key = ?");
    query_int(q, key);
    int rc = query_row(q);
    query_done(q);
    if (rc < 0)
        return -1;
    return rc ? op_fail(o, ERR_CONFLICT, "step %" PRIu32 " of run %s is answered already", st->seq,
                    st->run)
              : op_fail(o, ERR_NOT_FOUND, "run %s has no step %" PRIu32, st->run, st->seq);
}

static int answer_run(struct sql *s, struct op *o)
{
    struct step *p = (struct step *)o;
    if (torn(s, p->st.run))
        return refuse_torn(o);
    int64_t key = step_key(s, o, &p->st);
    if (key < 0)
        return -1;
    struct query *q = sql_use(s, Q_STEP_ANSWER,
        "UPDATE steps SET outcome = ?, meta = ?, answer = ?, answered_ms = ?, attempts = ?,"
        " duration_us = ?, sum = ? WHERE key = ? AND outcome IS NULL");
    bind_answer(q, &p->answer);
    query_int(q, key);
    if (query_run(q))
        return -1;
    return sqlite3_changes64(s->h) ? 0 : explain_no_step(s, o, &p->st, key);
}

static void step_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct step *)o)->cb, e);
}

static void ask_step(struct store *s, const struct store_step *st, const struct store_answer *a,
    int (*run)(struct sql *, struct op *), const char *what, struct op_done cb)
{
    static const struct store_answer none;
    if (!a)
        a = &none;
    struct step *p = op_new(sizeof(*p),
        op_room(st->run) + op_room(st->kind) + op_room(st->connection) + op_room(st->title) +
            op_room(st->fingerprint) + op_room_bytes(st->spec) + op_room_bytes(st->body) +
            op_room(a->outcome) + op_room_bytes(a->meta) + op_room_bytes(a->body));
    struct op *o = &p->op;
    o->run = run;
    o->done = cb.fn ? step_done : NULL;
    o->what = what;
    o->lazy = a != &none; /* a byte leaves when an intent is on disk */
    o->read = st->kind && !strcmp(st->kind, "read");
    p->cb = cb;
    p->st = (struct store_step){op_text(o, st->run), st->seq, op_text(o, st->kind),
        op_text(o, st->connection), op_text(o, st->title), op_text(o, st->fingerprint),
        op_bytes(o, st->spec), op_bytes(o, st->body), st->at_ms};
    o->journal = cb.fn ? p->st.run : NULL;
    o->tears = TORN_STEP;
    p->answer = (struct store_answer){op_text(o, a->outcome), op_bytes(o, a->meta),
        op_bytes(o, a->body), a->at_ms, a->attempts, a->duration_us};
    store_ask(s, o);
}

void store_intent(struct store *s, const struct store_step *st, store_done_fn fn, void *arg)
{
    ask_step(s, st, NULL, step_run, "intent of a write", (struct op_done){fn, arg});
}

void store_answer(struct store *s, const char *run, uint32_t seq, const struct store_answer *a,
    store_done_fn fn, void *arg)
{
    struct store_step st = {.run = run, .seq = seq};
    ask_step(s, &st, a, answer_run, "answer to a step", (struct op_done){fn, arg});
}

void store_step(struct store *s, const struct store_step *st, const struct store_answer *a,
    store_done_fn fn, void *arg)
{
    ask_step(s, st, a, step_run, "step", (struct op_done){fn, arg});
}

/* ---- store_log ---- */

struct log_line {
    struct op op;
    const char *run, *level;
    int64_t at_ms;
    struct str text;
};

static int log_run(struct sql *s, struct op *o)
{
    struct log_line *l = (struct log_line *)o;
    int64_t run = run_number(s, o, l->run);
    if (run < 0)
        return -1;
    struct query *q = sql_use(s, Q_LOG_ADD,
        "INSERT INTO logs (key, at_ms, level, text) SELECT coalesce(max(key) + 1, ?1), ?2, ?3, ?4"
        " FROM logs WHERE key BETWEEN ?1 AND ?5 HAVING coalesce(max(key), 0) < ?5");
    query_int(q, run << STORE_SEQ_BITS);
    query_int(q, l->at_ms);
    query_text(q, l->level);
    query_json(q, l->text.p ? l->text : STR_LIT(""));
    query_int(q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    return query_run(q);
}

void store_log(struct store *s, const char *run, int64_t at_ms, const char *level, struct str text)
{
    struct log_line *l = op_new(sizeof(*l), op_room(run) + op_room(level) + op_room_bytes(text));
    l->op.run = log_run;
    l->op.what = "log line of a run";
    l->op.lazy = true;
    l->run = op_text(&l->op, run);
    l->level = op_text(&l->op, level);
    l->text = op_bytes(&l->op, text);
    l->at_ms = at_ms;
    store_ask(s, &l->op);
}

/* ---- store_load_journal ---- */

struct load_journal {
    struct op op;
    const char *run;
    store_journal_fn fn;
    void *arg;
    struct store_journal_step *steps;
    int n, room;
};

static const char *dup_text(struct query *q, int i)
{
    return mem_dup(query_col_text(q, i));
}

static void load_step(struct load_journal *l, struct query *q)
{
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 16;
        l->steps = mem_realloc(l->steps, (size_t)l->room * sizeof(*l->steps));
    }
    struct store_journal_step *j = &l->steps[l->n++];
    j->seq = (uint32_t)(query_col_int(q, 0) & STORE_SEQ_MAX);
    j->step = (struct store_step){l->run, j->seq, dup_text(q, 1), dup_text(q, 2), dup_text(q, 3),
        dup_text(q, 4), query_col_dup(q, 5), query_col_dup(q, 6), query_col_int(q, 7)};
    struct str meta = query_col_dup(q, 9);
    struct str body = store_keeps_file(meta) ? STR_NONE : query_col_dup(q, 10);
    j->answer = (struct store_answer){dup_text(q, 8), meta, body, query_col_int(q, 11),
        (int)query_col_int(q, 12), query_col_int(q, 13)};
    j->answered = j->answer.outcome[0] != 0;
}

static int load_journal_run(struct sql *s, struct op *o)
{
    struct load_journal *l = (struct load_journal *)o;
    journal_mend(s, l->run, TORN_STEP);
    int64_t run = run_number(s, o, l->run);
    if (run < 0)
        return -1;
    struct query *q = sql_use(s, Q_STEP_LIST,
        "SELECT key, kind, connection, title, fingerprint, spec, body, at_ms, outcome, meta,"
        " answer, answered_ms, attempts, duration_us, sum FROM steps WHERE key BETWEEN ? AND ?"
        " ORDER BY key");
    query_int(q, run << STORE_SEQ_BITS);
    query_int(q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    int rc;
    while ((rc = query_row(q)) == 1) {
        load_step(l, q);
        /* Without a sum: from before there were any, pruned, or erased. A file has its own name to
         * be checked by. */
        const struct store_answer *a = &l->steps[l->n - 1].answer;
        if (query_col(q, 14).p && !store_keeps_file(a->meta) &&
            answer_check(s, l->run, a, query_col_int(q, 14))) {
            query_done(q);
            return -1;
        }
    }
    return rc;
}

static void load_journal_clear(struct op *o)
{
    struct load_journal *l = (struct load_journal *)o;
    for (int i = 0; i < l->n; i++) {
        struct store_journal_step *j = &l->steps[i];
        const char *owned[] = {j->step.kind, j->step.connection, j->step.title, j->step.fingerprint,
            j->step.spec.p, j->step.body.p, j->answer.outcome, j->answer.meta.p, j->answer.body.p};
        for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
            mem_free((void *)(uintptr_t)owned[k]);
    }
    mem_free(l->steps);
    l->steps = NULL;
    l->n = l->room = 0;
}

static void load_journal_done(struct op *o, const struct err *e)
{
    struct load_journal *l = (struct load_journal *)o;
    l->fn(l->arg, e ? NULL : l->steps, e ? 0 : l->n, e);
}

void store_load_journal(struct store *s, const char *run, store_journal_fn fn, void *arg)
{
    struct load_journal *l = op_new(sizeof(*l), op_room(run));
    l->op.run = load_journal_run;
    l->op.done = load_journal_done;
    l->op.clear = load_journal_clear;
    l->op.what = "journal of a run";
    l->run = op_text(&l->op, run);
    l->fn = fn;
    l->arg = arg;
    store_ask(s, &l->op);
}
