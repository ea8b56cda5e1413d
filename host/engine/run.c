/* A run: from its queue over its call and its waits to its end. The journal is what it is; what
 * is in memory may be thrown away at any moment and built again from it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "buf.h"
#include "clock.h"
#include "fault.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "revision.h"
#include "step.h"

#define STORE_RETRY_MS 5000

/* ---- counting the store's callbacks ---- */

static void run_free(struct run *r)
{
    mem_free(r->rule);
    mem_free(r->reason);
    mem_free(r->result);
    mem_free(r->step_ms);
    mem_free(r);
}

void run_step_began(struct run *r, uint32_t seq)
{
    if (!r->live_seq)
        r->live_seq = seq;
    uint32_t i = seq - r->live_seq;
    if (i >= r->step_room) {
        r->step_room = i < 8 ? 16 : i * 2;
        r->step_ms = mem_realloc(r->step_ms, r->step_room * sizeof *r->step_ms);
    }
    r->step_ms[i] = clock_mono_ms();
}

bool run_step_lives(const struct run *r, int64_t seq)
{
    return r->live_seq && seq >= (int64_t)r->live_seq && seq <= (int64_t)r->seq;
}

int64_t run_step_ms(const struct run *r, int64_t seq)
{
    return r->step_ms[seq - (int64_t)r->live_seq];
}

void run_hold(struct run *r)
{
    r->refs++;
    engine_hold(r->engine);
}

bool run_held_back(struct run *r)
{
    struct engine *e = r->engine;
    bool gone = r->gone;
    if (--r->refs == 0 && gone)
        run_free(r);
    return engine_held_back(e) && !gone;
}

struct run *run_new(struct incoming *ev, const char *id, const char *rule, const char *key,
    const char *version, enum run_state state)
{
    struct run *r = mem_zalloc(1, sizeof *r);
    r->engine = ev->engine;
    r->company = ev->company;
    r->event = ev;
    r->rule = mem_dup(rule);
    r->state = state;
    snprintf(r->id, sizeof r->id, "%s", id);
    snprintf(r->version_name, sizeof r->version_name, "%s", version);
    list_init(&r->ready_node);
    list_init(&r->key_node);
    list_init(&r->lock_node);
    list_init(&r->version_node);
    list_append(&ev->runs, &r->event_node);
    ev->open++;
    if (key && key[0])
        key_enter(r, key);
    return r;
}

void run_discard(struct run *r)
{
    if (r->call)
        scripts_drop(r->call);
    r->call = NULL;
    step_cancel(r->step);
    lock_drop_all(r);
    if (r->timer)
        loop_timer_free(r->timer);
    r->timer = NULL;
    schedule_release(r);
    run_unidle(r);
    journal_forget(r);
    list_remove(&r->event_node);
    list_remove(&r->version_node);
    r->event->open--;
    key_leave(r);
    incoming_update(r->event);
    if (r->version)
        version_release(r->version);
    r->version = NULL;
    r->gone = true;
    if (r->refs == 0)
        run_free(r);
}

/* ---- states in the store ---- */

struct change {
    struct run *run;
    enum run_state state;
    char *reason;
    void (*stored)(struct run *r, const struct err *err);
};

static void on_changed(void *arg, const struct err *err)
{
    struct change c = *(struct change *)arg;
    mem_free(arg);
    if (run_held_back(c.run)) {
        if (!err)
            observe_run(c.run, c.state, c.reason);
        if (c.stored)
            c.stored(c.run, err);
    }
    mem_free(c.reason);
}

void run_store_state(struct run *r, void (*stored)(struct run *r, const struct err *err))
{
    struct change *c = mem_alloc(sizeof *c);
    struct store_run_change change = {.run = r->id,
        .state = r->state,
        .reason = r->reason,
        .result = {r->result, r->nresult},
        .until_ms = r->state == RUN_WAITING ? r->until_ms : 0,
        .began_ms = r->began_ms ? clock_wall_ms() - (clock_mono_ms() - r->began_ms) : 0};
    *c = (struct change){r, r->state, mem_dup(r->reason ? r->reason : ""), stored};
    run_hold(r);
    store_set_run(r->engine->parts.store, &change, on_changed, c);
}

void run_set_reason(struct run *r, const char *reason)
{
    char *copy = mem_dup(reason && reason[0] ? reason : NULL);
    mem_free(r->reason);
    r->reason = copy;
}

/* ---- the end ---- */

static void try_end(void *arg);

static void count_end(struct run *r)
{
    struct engine_stats *s = &r->engine->stats;
    if (r->state == RUN_DONE)
        s->runs_done++;
    else if (r->state == RUN_SKIPPED)
        s->runs_skipped++;
    else if (r->state == RUN_FAILED)
        s->runs_failed++;
    else if (r->state == RUN_ATTENTION)
        s->runs_attention++;
}

void run_over(struct run *r)
{
    struct engine *e = r->engine;
    struct incoming *ev = r->event;
    count_end(r);
    run_discard(r);
    incoming_settled(ev);
    schedule_pump(e);
}

static void end_stored(struct run *r, const struct err *err)
{
    struct engine *e = r->engine;
    if (err)
        log_event(LOG_ERROR, "end of run not stored", "run", r->id, "error", err->text, NULL);
    if (err && err->code == ERR_IO) { /* no space: it is not lost as long as we remember it */
        if (!r->timer)
            r->timer = loop_timer_new(e->parts.loop, try_end, r);
        loop_timer_arm(r->timer, STORE_RETRY_MS);
        return;
    }
    FAULT_POINT("after_end");
    bool parked = r->state == RUN_ATTENTION || r->state == RUN_FAILED;
    if (!err && parked && strcmp(r->event->connection, ALERT_CONNECTION) != 0)
        alert_parked(e, r->company->name, r->rule, r->id, r->queue ? r->queue->key : "", r->state,
            r->reason ? r->reason : "");
    run_over(r);
}

static void try_end(void *arg)
{
    run_store_state(arg, end_stored);
}

void run_finish(struct run *r, enum run_state state, const char *reason, struct str result)
{
    if (r->ending)
        return;
    FAULT_POINT("before_end");
    r->ending = true;
    if (r->call)
        scripts_drop(r->call);
    r->call = NULL;
    run_set_reason(r, reason);
    step_cancel(r->step);
    lock_stop_waiting(r); /* what it holds is free when its end is on disk */
    r->state = state;
    if (state == RUN_DONE || state == RUN_SKIPPED)
        revision_end(r);
    journal_forget(r);
    run_unidle(r);
    list_remove(&r->version_node);
    mem_free(r->result);
    r->result = result.n ? mem_dupn(result.p, result.n) : NULL;
    r->nresult = result.n;
    if (r->timer)
        loop_timer_free(r->timer);
    r->timer = NULL;
    schedule_release(r);
    try_end(r);
    if (r->queue && r->queue->runs.next != r->queue->runs.prev)
        store_hurry(r->engine->parts.store); /* the next of its key waits for it */
    schedule_pump(r->engine);
}

void run_attention(struct run *r, const char *fmt, ...)
{
    char words[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    run_finish(r, RUN_ATTENTION, words, STR_NONE);
}

void run_not_stored(struct run *r, const struct err *err)
{
    log_event(LOG_ERROR, "journal not written", "run", r->id, "error", err->text, NULL);
    if (err->code == ERR_IO)
        run_again(r, STORE_RETRY_MS);
    else /* it contradicts what is stored: going on would make it worse */
        run_attention(r, "the run's journal could not be written: %s", err->text);
}

/* ---- the call ---- */

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct run *r = arg;
    /* Tests: the script process dies while the step it asked for is under way. */
    if (FAULT_FAIL("script_dies"))
        scripts_kill(r->engine->parts.scripts, r->version->context);
    step_begin(r, seq, spec, body);
}

static void on_log(void *arg, const char *level, struct str text)
{
    struct run *r = arg;
    store_log(r->engine->parts.store, r->id, clock_wall_ms(), level, text);
    observe_log(r, level, text);
}

/* What the rule raised, in words: an outside refusal needs a person, a bug of the script is the
 * author's, with the place. */
static void ended_with_error(struct run *r, struct str json)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *message = jsonv_str(jsonv_get(root, "message"), "the script failed without a word");
    const char *where = jsonv_str(jsonv_get(root, "where"), "");
    const char *class = jsonv_str(jsonv_get(root, "class"), "");
    bool outside = strcmp(class, "permanent") == 0 || strcmp(class, "transient") == 0 ||
                   strcmp(class, "denied") == 0;
    bool placed = outside || !where[0] || strncmp(message, where, strlen(where)) == 0;
    char *words = mem_printf("%s%s%.1500s", placed ? "" : where, placed ? "" : ": ", message);
    run_finish(r, outside ? RUN_ATTENTION : RUN_FAILED, words, json);
    mem_free(words);
    jsondoc_free(d);
}

static void ended_with_reason(
    struct run *r, enum run_state state, const char *prefix, struct str json)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *reason = jsonv_str(jsonv_get(root, "reason"), NULL);
    if (!reason)
        reason = jsonv_str(jsonv_get(root, "message"), "no reason was given");
    const char *where = jsonv_str(jsonv_get(root, "where"), "");
    char *words = mem_printf("%s%s%s%.1800s", where, where[0] ? ": " : "", prefix, reason);
    run_finish(r, state, words, json);
    mem_free(words);
    jsondoc_free(d);
}

static void lost(struct run *r, bool guilty)
{
    r->engine->stats.scripts_lost++;
    if (guilty && ++r->kills >= 2) {
        run_finish(r, RUN_FAILED,
            "killed its script process twice: the rule computes without end "
            "or uses up its process; correct the rule and retry",
            STR_NONE);
        return;
    }
    run_again(r, 0);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct run *r = arg;
    r->call = NULL;
    if (o == SCRIPT_LOST)
        lost(r, guilty);
    else if (o != SCRIPT_ERROR && o != SCRIPT_LIMIT && r->seq < (uint32_t)r->journal.n)
        run_attention(r,
            "journal mismatch at step %u (recorded %s, now the end of the rule): look "
            "at what is already done outside",
            r->seq + 1, r->journal.v[r->seq].title);
    else if (o == SCRIPT_RETURNED)
        run_finish(r, RUN_DONE, NULL, json);
    else if (o == SCRIPT_ERROR)
        ended_with_error(r, json);
    else if (o == SCRIPT_ATTENTION)
        ended_with_reason(r, RUN_ATTENTION, "", json);
    else if (o == SCRIPT_SKIP)
        ended_with_reason(r, RUN_SKIPPED, "", json);
    else
        ended_with_reason(r, RUN_FAILED, "limit hit: ", json);
    (void)body;
}

static void put_arguments(struct buf *b, const struct run *r)
{
    char seed[33];
    id_hash(seed, r->id, strlen(r->id));
    buf_addc(b, '{');
    incoming_put(b, r->event);
    buf_adds(b, ",\"rule\":");
    json_put_cstring(b, r->rule);
    buf_adds(b, ",\"run\":");
    json_put_cstring(b, r->id);
    buf_addf(b, ",\"seed\":\"%s\",\"version\":", seed);
    json_put_cstring(b, r->version_name);
    buf_addc(b, '}');
}

static void call_run(struct run *r)
{
    struct script_handlers h = {on_step, on_log, on_end, r};
    struct buf args;
    struct str data = revision_data(r);
    r->seq = 0;
    r->sent_bytes = 0;
    r->doubt.seq = 0;
    r->live_seq = r->look_asked = r->put_off.seq = 0;
    buf_init(&args, 1 << 20);
    put_arguments(&args, r);
    r->call = scripts_call(r->engine->parts.scripts, r->version->context, "run", buf_str(&args),
        data.p ? data : (struct str){r->event->body, r->event->nbody}, &h);
    buf_free(&args);
}

void run_begin(struct run *r)
{
    if (!r->ending && r->slot && !r->call && !r->reading && !r->fetching && body_of_run(r) &&
        order_of_run(r))
        call_run(r);
}

/* With a full disk it is not known that the run has begun, and the store takes no steps of it. */
static void start_stored(struct run *r, const struct err *err)
{
    if (!err)
        return;
    r->start_lost = true;
    run_not_stored(r, err);
}

void run_start(struct run *r)
{
    struct engine_stats *s = &r->engine->stats;
    if (!r->began_ms) {
        int64_t now = clock_mono_ms();
        r->began_ms = now ? now : 1;
    }
    if (r->resumed)
        s->runs_resumed++;
    else
        s->runs_started++;
    if (r->state != RUN_RUNNING || r->start_lost) {
        r->state = RUN_RUNNING;
        r->start_lost = false;
        run_set_reason(r, NULL);
        run_store_state(r, start_stored);
    }
    if (r->resumed)
        journal_load(r, run_begin);
    else
        run_begin(r);
}
