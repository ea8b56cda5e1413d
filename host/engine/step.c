/* Steps: answered from the journal, or done and recorded. */
#include "step.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "doubt.h"
#include "fault.h"
#include "lock.h"
#include "match_feed.h"
#include "mem.h"
#include "revision.h"
#include "step_file.h"
#include "tries.h"

/* ---- life ---- */

static struct step *step_new(struct run *r, uint32_t seq, struct str spec, struct str body,
    const char *fingerprint, struct jsondoc *doc)
{
    struct step *s = mem_zalloc(1, sizeof *s);
    s->run = r;
    s->seq = seq;
    s->doc = doc;
    s->spec = mem_dupn(spec.p, spec.n);
    s->nspec = spec.n;
    s->body = mem_dupn(body.p, body.n);
    s->nbody = body.n;
    s->at_ms = clock_wall_ms();
    s->began_us = clock_mono_us();
    memcpy(s->fingerprint, fingerprint, sizeof s->fingerprint);
    tries_resume(s);
    r->step = s;
    return s;
}

static void step_free(struct step *s)
{
    struct run *r = s->run;
    channel_cancel(&s->place);
    token_cancel(&s->token);
    if (s->transfer)
        http_out_cancel(s->transfer);
    if (s->in_channel)
        channel_leave(s->channel);
    if (s->timer)
        loop_timer_free(s->timer);
    match_cancel(s->match);
    step_content_free(s);
    step_redirect_reset(s);
    resolver_wipe(s->used_token);
    jsondoc_free(s->doc);
    mem_free(s->title);
    mem_free(s->spec);
    mem_free(s->body);
    mem_free(s);
    r->step = NULL;
}

bool step_must_finish(const struct step *s)
{
    return s && s->write && s->transfer;
}

void step_cancel(struct step *s)
{
    if (!s)
        return;
    /* A write whose request is outside may be carried out: only its answer can tell. Of all
     * others this process knows that nothing happened, whatever the journal says. */
    if (!step_must_finish(s))
        tries_keep(s);
    step_free(s);
}

/* ---- recording ---- */

/* What the store's callback needs; the texts only if somebody watches steps. */
struct record {
    struct run *run;
    uint32_t seq;
    void (*stored)(struct step *s); /* of an intent */
    bool unlocks;
    struct engine_step_info info;
    char *kind, *connection, *title, *outcome, *request, *meta, *body;
};

static void record_free(struct record *rec)
{
    mem_free(rec->kind);
    mem_free(rec->connection);
    mem_free(rec->title);
    mem_free(rec->outcome);
    mem_free(rec->request);
    mem_free(rec->meta);
    mem_free(rec->body);
    mem_free(rec);
}

static void on_recorded(void *arg, const struct err *err)
{
    struct record *rec = arg;
    struct run *r = rec->run;
    if (run_held_back(r)) {
        if (!err) {
            FAULT_POINT("after_answer");
            if (rec->unlocks)
                lock_left(r, rec->seq);
        }
        if (err)
            run_not_stored(r, err);
        else if (rec->title)
            observe_step(r, &rec->info);
    }
    record_free(rec);
}

static void on_intent(void *arg, const struct err *err)
{
    struct record *rec = arg;
    struct run *r = rec->run;
    if (run_held_back(r)) {
        struct step *s = r->step;
        if (err) {
            run_not_stored(r, err);
        } else if (s && s->seq == rec->seq && s->phase == STEP_INTENT) {
            FAULT_POINT("after_intent");
            s->recorded = true;
            rec->stored(s);
        }
    }
    record_free(rec);
}

static struct store_step stored_step(const struct step *s)
{
    return (struct store_step){
        .run = s->run->id,
        .seq = s->seq,
        .kind = s->kind,
        .connection = s->conn ? s->conn->name : "",
        .title = s->title ? s->title : s->kind,
        .fingerprint = s->fingerprint,
        .spec = {s->spec, s->nspec},
        .body = {s->body, s->nbody},
        .at_ms = s->at_ms,
    };
}

static struct record *record_intent(struct step *s, void (*stored)(struct step *s))
{
    struct record *rec = mem_zalloc(1, sizeof *rec);
    rec->run = s->run;
    rec->seq = s->seq;
    rec->stored = stored;
    s->phase = STEP_INTENT;
    run_hold(s->run);
    return rec;
}

void step_store_intent(struct step *s, void (*stored)(struct step *s))
{
    struct store_step st = stored_step(s);
    FAULT_POINT("before_intent");
    store_intent(s->run->engine->parts.store, &st, on_intent, record_intent(s, stored));
}

void step_store_doubt(struct step *s, void (*stored)(struct step *s))
{
    struct run *r = s->run;
    store_set_tries(r->engine->parts.store, r->id, STR_NONE, on_intent, record_intent(s, stored));
}

static struct record *record_of(
    struct step *s, const char *outcome, int status, struct str meta, struct str body)
{
    struct record *rec = mem_zalloc(1, sizeof *rec);
    rec->run = s->run;
    rec->seq = s->seq;
    rec->unlocks = strcmp(s->kind, "unlock") == 0;
    if (!observe_steps(s->run->engine))
        return rec;
    rec->kind = mem_dup(s->kind);
    rec->connection = mem_dup(s->conn ? s->conn->name : "");
    rec->title = mem_dup(s->title ? s->title : s->kind);
    rec->outcome = mem_dup(outcome);
    if (store_keeps_file(meta))
        body = STR_LIT("");
    rec->request = mem_dupn(s->body, s->nbody);
    rec->meta = mem_dupn(meta.p, meta.n);
    rec->body = mem_dupn(body.p, body.n);
    rec->info = (struct engine_step_info){.seq = s->seq,
        .kind = rec->kind,
        .connection = rec->connection,
        .title = rec->title,
        .outcome = rec->outcome,
        .problem = "",
        .status = status,
        .attempts = s->attempts,
        .duration_us = clock_mono_us() - s->began_us,
        .request = {rec->request, s->nbody},
        .meta = {rec->meta, meta.n},
        .body = {rec->body, body.n}};
    return rec;
}

void step_answer(struct step *s, const char *outcome, int status, struct str meta, struct str body)
{
    struct run *r = s->run;
    struct store *store = r->engine->parts.store;
    struct store_answer a = {.outcome = outcome,
        .meta = meta,
        .body = body,
        .at_ms = clock_wall_ms(),
        .attempts = s->attempts,
        .duration_us = clock_mono_us() - s->began_us};
    struct record *rec = record_of(s, outcome, status, meta, body);
    uint32_t seq = s->seq;
    if (s->write && s->conn)
        doubt_remember(s);
    run_hold(r);
    if (s->recorded) {
        store_answer(store, r->id, seq, &a, on_recorded, rec);
    } else {
        struct store_step st = stored_step(s);
        store_step(store, &st, &a, on_recorded, rec);
    }
    if (store_keeps_file(meta)) /* the script has its handle */
        body = STR_LIT("");
    if (s->conn && strcmp(s->kind, "read") == 0)
        revision_seen(r, false, s->fingerprint, s->conn->name, s->title, body);
    r->engine->stats.steps++;
    r->redo.seq = 0;
    step_free(s);
    /* The script need not wait for the disk: what it asks next is stored after this. */
    if (r->call)
        scripts_answer(r->call, seq, meta, body);
    else
        run_again(r, 0);
}

static void put_failed(struct buf *meta, const char *class, const char *problem)
{
    buf_init(meta, 65536);
    buf_addf(meta, "{\"failed\":true,\"class\":\"%s\",\"problem\":", class);
    json_put_cstring(meta, problem);
    buf_addc(meta, '}');
}

void step_fail(struct step *s, const char *class, const char *fmt, ...)
{
    char words[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    struct buf meta;
    put_failed(&meta, class, words);
    step_answer(s, "error", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

void step_close(struct step *s, const char *problem)
{
    struct run *r = s->run;
    struct buf meta;
    if (!s->write || !s->recorded)
        return;
    put_failed(&meta, "transient", problem);
    struct store_answer a = {.outcome = "error",
        .meta = buf_str(&meta),
        .body = STR_LIT(""),
        .at_ms = clock_wall_ms(),
        .attempts = s->attempts,
        .duration_us = clock_mono_us() - s->began_us};
    store_answer(r->engine->parts.store, r->id, s->seq, &a, NULL, NULL);
    buf_free(&meta);
}

/* ---- waits ---- */

static void on_timer(void *arg)
{
    struct step *s = arg;
    s->after(s);
}

bool step_wait(struct step *s, int64_t ms, void (*after)(struct step *s), const char *why)
{
    struct run *r = s->run;
    if (ms > r->engine->set.inline_wait_ms) {
        if (!s->conn) /* a wait that the rule or the settling asks for is no failure */
            r->began_ms += ms;
        step_cancel(s);
        run_park(r, clock_wall_ms() + ms, why);
        return false;
    }
    s->phase = STEP_WAITING;
    s->after = after;
    if (!s->timer)
        s->timer = loop_timer_new(r->engine->parts.loop, on_timer, s);
    loop_timer_arm(s->timer, ms > 0 ? ms : 0);
    return true;
}

/* ---- steps that are no requests ---- */

static void slept(struct step *s)
{
    step_answer(s, "done", 0, STR_LIT("{}"), STR_LIT(""));
}

static void sleep_on(struct step *s)
{
    int64_t ms = jsonv_int(jsonv_get(jsondoc_root(s->doc), "ms"), 0);
    int64_t left = s->at_ms + (ms > 0 ? ms : 0) - clock_wall_ms();
    /* A clock that was set back must not make the sleep longer than it is. */
    if (left > ms)
        left = ms;
    if (left <= 0 || s->run->waited == s->seq)
        slept(s);
    else
        step_wait(s, left, slept, "sleeps, as the rule says");
}

static void replay(struct run *r, const struct journal_step *js);

/* The lock is the run's: now its step is answered, from the journal if it stands there. */
static void lock_got(struct run *r)
{
    struct journal_step *js = journal_find(r, r->seq);
    if (js && js->answered)
        replay(r, js);
    else
        slept(r->step);
}

static const char *lock_name(const struct jsondoc *doc)
{
    return jsonv_str(jsonv_get(jsondoc_root(doc), "name"), "");
}

/* True if the run has the lock now. */
static bool take_lock(struct run *r, const char *name)
{
    enum lock_result got = lock_take(r, name, lock_got);
    if (got == LOCK_DEADLOCK) {
        char *words = mem_printf(
            "deadlock: this run wants the lock \"%.200s\", and run %s, which has it, waits for a lock "
            "that this run has. Take locks in the same order everywhere, then retry the run",
            name, lock_holder(r->company, name));
        run_finish(r, RUN_FAILED, words, STR_NONE);
        mem_free(words);
    }
    return got == LOCK_TAKEN;
}

/* A lock is taken and dropped on every way through the script, replayed or not; but one that the
 * journal has dropped already guards nothing any more. Waiting for it could be for ever: who has it
 * may wait for one that this run has. */
static bool lock_on_replay(struct run *r, uint32_t seq, const struct jsondoc *doc)
{
    const char *op = jsonv_str(jsonv_get(jsondoc_root(doc), "op"), "");
    if (strcmp(op, "lock") == 0 && !journal_unlocks(r, seq))
        return take_lock(r, lock_name(doc));
    if (strcmp(op, "unlock") == 0)
        lock_drop(r, lock_name(doc));
    return true;
}

static void begin_op(struct step *s)
{
    const char *op = jsonv_str(jsonv_get(jsondoc_root(s->doc), "op"), "");
    if (strcmp(op, "http") == 0) {
        step_http_begin(s);
        return;
    }
    snprintf(s->kind, sizeof s->kind, "%.11s", op[0] ? op : "?");
    if (strcmp(op, "time") == 0) {
        char meta[64];
        int n = snprintf(meta, sizeof meta, "{\"ms\":%lld}", (long long)clock_wall_ms());
        step_answer(s, "done", 0, (struct str){meta, (size_t)n}, STR_LIT(""));
    } else if (strcmp(op, "sleep") == 0) {
        if (s->recorded)
            sleep_on(s);
        else
            step_store_intent(s, sleep_on);
    } else if (strcmp(op, "settle") == 0) {
        doubt_settle(s);
    } else if (strcmp(op, "lock") == 0) {
        s->phase = STEP_WAITING;
        if (take_lock(s->run, lock_name(s->doc)))
            slept(s);
    } else if (strcmp(op, "unlock") == 0) {
        lock_leave(s->run, lock_name(s->doc), s->seq);
        slept(s);
    } else if (strcmp(op, "alert") == 0) {
        step_alert_begin(s);
    } else if (strcmp(op, "match") == 0) {
        match_begin(s);
    } else if (strcmp(op, "cursor") == 0 || strcmp(op, "move_cursor") == 0) {
        step_cursor_begin(s, op[0] == 'm');
    } else if (strcmp(op, "link") == 0 || strcmp(op, "task") == 0) {
        (op[0] == 'l' ? step_link_begin : step_task_begin)(s);
    } else {
        step_fail(s, "permanent", "a run cannot do \"%.40s\" here", op);
    }
}

/* ---- replay ---- */

static void replay(struct run *r, const struct journal_step *js)
{
    struct str meta = {js->meta, js->nmeta}, body = {js->body, js->nbody};
    r->engine->stats.steps_replayed++;
    if (strcmp(js->kind, "read") == 0 || strcmp(js->kind, "write") == 0)
        revision_seen(r, js->kind[0] == 'w', js->fingerprint, js->connection, js->title, body);
    if (observe_steps(r->engine)) {
        struct engine_step_info i = {.seq = js->seq,
            .kind = js->kind,
            .connection = js->connection,
            .title = js->title,
            .outcome = js->outcome,
            .problem = "",
            .replayed = true,
            .meta = meta,
            .body = body};
        observe_step(r, &i);
    }
    scripts_answer(r->call, js->seq, meta, body);
}

/* What the run would send in all, replayed steps included, so that it ends at the same place each
 * time. */
static bool too_much_sent(struct run *r, int64_t more)
{
    int64_t most = (int64_t)r->engine->set.max_sent, own = r->version->manifest->max_sent;
    if (own > 0 && (most <= 0 || own < most))
        most = own;
    r->sent_bytes = more < INT64_MAX - r->sent_bytes ? r->sent_bytes + more : INT64_MAX;
    if (most <= 0 || r->sent_bytes <= most)
        return false;
    char *words = mem_printf("limit hit: more than %lld bytes of request bodies in one run (%s)",
        (long long)most, most == own ? "limits.sent of the company" : "--max-sent");
    run_finish(r, RUN_FAILED, words, STR_NONE);
    mem_free(words);
    return true;
}

void step_begin(struct run *r, uint32_t seq, struct str spec, struct str body)
{
    char fingerprint[33];
    struct err e = {0};
    struct journal_step *js = journal_find(r, seq);
    r->seq = seq;
    if (seq > (uint32_t)r->engine->set.max_steps) {
        char *words =
            mem_printf("limit hit: more than %d steps in one run", r->engine->set.max_steps);
        run_finish(r, RUN_FAILED, words, STR_NONE);
        mem_free(words);
        return;
    }
    struct jsondoc *doc = jsondoc_parse(spec, &e);
    if (!doc) {
        run_finish(r, RUN_FAILED, "the script process sent a step that is not JSON", STR_NONE);
        return;
    }
    if (too_much_sent(r, (int64_t)body.n + step_content_bytes(jsondoc_root(doc)))) {
        jsondoc_free(doc);
        return;
    }
    journal_fingerprint(fingerprint, spec, body);
    if (seq <= (uint32_t)r->journal.n && (!js || strcmp(js->fingerprint, fingerprint) != 0)) {
        step_mismatch(r, seq, js, doc, body);
        jsondoc_free(doc);
        return;
    }
    if (js && js->answered) {
        bool now = lock_on_replay(r, seq, doc);
        doubt_replay(r, js, jsondoc_root(doc));
        tries_replay(r, js);
        jsondoc_free(doc);
        if (now)
            replay(r, js);
        return;
    }
    if (r->engine->draining) { /* the journal goes on from here at the next start */
        jsondoc_free(doc);
        return;
    }
    run_step_began(r, seq);
    struct step *s = step_new(r, seq, spec, body, fingerprint, doc);
    if (js) {
        s->recorded = true;
        s->at_ms = js->at_ms;
    }
    begin_op(s);
}
