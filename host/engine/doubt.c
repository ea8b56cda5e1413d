#include "doubt.h"

#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"

#define SETTLE_DEFAULT_MS 120000
/* How often a write is sent in all. Each time is followed by an hour of looking. */
#define SENDS_DEFAULT 3

int64_t doubt_settle_ms(
    const struct engine *e, const struct manifest_connection *conn, const struct jsonv *spec)
{
    int64_t asked = jsonv_int(jsonv_get(spec, "settle_ms"), -1);
    if (e->set.settle_ms >= 0)
        return e->set.settle_ms;
    if (asked >= 0)
        return asked;
    return conn && conn->settle_ms >= 0 ? conn->settle_ms : SETTLE_DEFAULT_MS;
}

static struct looks looks_of(const struct engine *e, const struct manifest_connection *conn,
    const struct jsonv *spec, int64_t settle_ms)
{
    struct looks own = LOOKS_NOT_SAID;
    if (e->set.looks.n >= 0)
        return e->set.looks;
    if (looks_read(jsonv_get(spec, "looks_ms"), &own, NULL) == 0 && own.n >= 0)
        return own;
    return conn && conn->looks.n >= 0 ? conn->looks : looks_default(settle_ms);
}

static void fill(
    struct run *r, uint32_t seq, const struct manifest_connection *conn, const struct jsonv *spec)
{
    r->doubt.seq = seq;
    r->doubt.find = jsonv_bool(jsonv_get(spec, "find"), false);
    r->doubt.settle_ms = doubt_settle_ms(r->engine, conn, spec);
    r->doubt.looks = looks_of(r->engine, conn, spec, r->doubt.settle_ms);
    r->doubt.sends = r->engine->set.sends  ? r->engine->set.sends
                     : conn && conn->sends ? conn->sends
                                           : SENDS_DEFAULT;
}

/* What was looked for longer ago is looked for again. */
#define LOOK_FRESH_MS 120000

/* The look whose first step is looked was made by this call, and not answered from the journal; one
 * that the host asked for right before counts however long it took, or a slow connection would
 * never come to the write. */
static bool is_fresh(const struct run *r, uint32_t seq, int64_t looked)
{
    if (!run_step_lives(r, looked) || looked > (int64_t)seq)
        return false;
    return looked == (int64_t)r->look_asked + 1 ||
           clock_mono_ms() - run_step_ms(r, looked) < LOOK_FRESH_MS;
}

static bool is_idempotent(const struct jsonv *spec)
{
    const char *method = jsonv_str(jsonv_get(spec, "method"), "");
    return strcmp(method, "PUT") == 0 || strcmp(method, "DELETE") == 0;
}

/* For so long what the host sent before older data was put in place of newer may still arrive, or
 * not be found yet: nobody remembers it, so a look can only be trusted after that. */
int64_t doubt_unsettled_ms(const struct step *s)
{
    const struct engine *e = s->run->engine;
    return doubt_settle_ms(e, s->conn, jsondoc_root(s->doc)) - engine_since_restored(e);
}

static bool was_settled(const struct step *s, int64_t looked)
{
    return clock_mono_ms() - run_step_ms(s->run, looked) + doubt_unsettled_ms(s) <= 0;
}

enum doubt_first doubt_before(const struct step *s, char *why, size_t n)
{
    const struct run *r = s->run;
    const struct jsonv *spec = jsondoc_root(s->doc);
    int64_t looked = jsonv_int(jsonv_get(spec, "looked"), 0);
    int64_t restored = store_restored_ms(r->engine->parts.store);
    bool find = jsonv_bool(jsonv_get(spec, "find"), false);
    bool doubtful = engine_since_restored(r->engine) < r->engine->set.search_first_ms;
    char at[CLOCK_TEXT];
    clock_format(restored, at);
    snprintf(why, n,
        "older data was put in place of newer at %s, and what was done between is forgotten", at);
    if (is_fresh(r, s->seq, looked) && (!doubtful || was_settled(s, looked)))
        return DOUBT_SEND;
    if (find && looked > 0 && !doubtful)
        snprintf(why, n, "it was looked for before the run waited or the host was started again");
    if (find && (looked > 0 || doubtful))
        return DOUBT_LOOK;
    /* What may be done twice, and what a person let go on since, is done. */
    if (find || !doubtful || is_idempotent(spec) || r->reopened_seq ||
        jsonv_bool(jsonv_get(spec, "repeatable"), false))
        return DOUBT_SEND;
    return DOUBT_ASK;
}

bool doubt_is_old(const struct step *s, const char **why)
{
    const struct run *r = s->run;
    const struct jsonv *spec = jsondoc_root(s->doc);
    int64_t looked = jsonv_int(jsonv_get(spec, "looked"), 0);
    if (looked <= 0 || !jsonv_bool(jsonv_get(spec, "find"), false))
        return false;
    *why = "it was looked for before the run waited or the host was started again";
    if (!run_step_lives(r, looked))
        return true;
    *why = "it could not be sent for so long that it is looked for once more";
    return clock_mono_ms() - run_step_ms(r, s->seq) >= LOOK_FRESH_MS;
}

void doubt_remember(const struct step *s)
{
    struct run *r = s->run;
    fill(r, s->seq, s->conn, jsondoc_root(s->doc));
    r->doubt.sent_ms = s->sent_ms;
    r->doubt.ended_ms = s->lost_ms ? s->lost_ms : clock_wall_ms();
    r->sent.seq = s->seq;
    r->sent.ended_ms = clock_mono_ms();
}

void doubt_replay(struct run *r, const struct journal_step *js, const struct jsonv *spec)
{
    const char *name = jsonv_str(jsonv_get(spec, "connection"), "");
    if (strcmp(js->kind, "write") != 0)
        return;
    fill(r, js->seq, manifest_connection(r->version->manifest, name), spec);
    r->doubt.sent_ms = js->at_ms;
    r->doubt.ended_ms = js->answer_ms;
    if (strcmp(js->outcome, "unknown") != 0)
        return;
    struct jsondoc *d = jsondoc_parse((struct str){js->meta, js->nmeta}, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    r->doubt.sent_ms = jsonv_int(jsonv_get(root, "sent_ms"), js->at_ms);
    r->doubt.ended_ms = jsonv_int(jsonv_get(root, "ended_ms"), r->doubt.sent_ms);
    r->doubt.settle_ms = jsonv_int(jsonv_get(root, "settle_ms"), r->doubt.settle_ms);
    const char *boot = jsonv_str(jsonv_get(root, "boot"), "");
    if (boot[0] && strcmp(boot, r->engine->boot) == 0) {
        r->sent.seq = js->seq;
        r->sent.ended_ms = jsonv_int(jsonv_get(root, "ended_mono_ms"), 0);
    }
    jsondoc_free(d);
}

/* How long ago the request of the write in doubt was no longer under this host's hand. By the
 * monotonic clock if it was this process that sent it: a wall clock that is set forward must not
 * bring the looking forward. */
static int64_t since(const struct run *r)
{
    if (r->sent.seq == r->doubt.seq)
        return clock_mono_ms() - r->sent.ended_ms;
    int64_t passed = clock_wall_ms() - r->doubt.ended_ms;
    return passed > 0 ? passed : 0;
}

/* What the settling must still wait because it was another process that sent it: its clock cannot
 * be asked any more, so the time since this one began counts. */
static int64_t fresh_start(const struct run *r)
{
    if (r->sent.seq == r->doubt.seq)
        return 0;
    return r->doubt.settle_ms - (clock_mono_ms() - r->engine->started_mono_ms);
}

static void settled(struct step *s)
{
    const struct run *r = s->run;
    struct buf meta;
    buf_init(&meta, 4096);
    buf_addf(&meta, "{\"at_ms\":%lld,\"attempts\":%d,\"granted\":%s,\"looks_ms\":[",
        (long long)clock_wall_ms(), r->doubt.sends,
        r->doubt.seq < r->reopened_seq ? "true" : "false");
    /* A look that comes late, as after a downtime, is as good as those before it. */
    int64_t passed = since(r) - r->doubt.settle_ms;
    for (int i = 0, n = 0; i < r->doubt.looks.n; i++)
        if (r->doubt.looks.ms[i] > passed)
            buf_addf(&meta, "%s%lld", n++ ? "," : "", (long long)r->doubt.looks.ms[i]);
    buf_addf(&meta, "],\"sent_ms\":%lld}", (long long)r->doubt.sent_ms);
    step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

void doubt_settle(struct step *s)
{
    struct run *r = s->run;
    const struct jsonv *spec = jsondoc_root(s->doc);
    int64_t of = jsonv_int(jsonv_get(spec, "of"), 0);
    int64_t after = jsonv_int(jsonv_get(spec, "after_ms"), 0);
    char at[CLOCK_TEXT], why[300];
    if (of <= 0 || r->doubt.seq != (uint32_t)of) {
        step_fail(s, "permanent", "step %lld is not the last write of this run", (long long)of);
        return;
    }
    int64_t left = r->doubt.settle_ms + after - since(r), fresh = fresh_start(r);
    if (fresh > left)
        left = fresh;
    if (left <= 0 || r->waited == s->seq) {
        settled(s);
        return;
    }
    int64_t until = clock_wall_ms() + left;
    clock_format(until, at);
    snprintf(why, sizeof why, "nobody knows whether step %lld arrived%s; %s %sat %s", (long long)of,
        after ? ", and it was not found yet" : "",
        r->doubt.find ? "it is looked for" : "a person is asked", after ? "again " : "", at);
    step_wait(s, left, settled, why);
}
