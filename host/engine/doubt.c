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
    r->doubt.settle_ms = doubt_settle_ms(r->engine, conn, spec);
    r->doubt.looks = looks_of(r->engine, conn, spec, r->doubt.settle_ms);
    r->doubt.sends = r->engine->set.sends  ? r->engine->set.sends
                     : conn && conn->sends ? conn->sends
                                           : SENDS_DEFAULT;
}

void doubt_remember(const struct step *s)
{
    struct run *r = s->run;
    fill(r, s->seq, s->conn, jsondoc_root(s->doc));
    r->doubt.sent_ms = s->sent_ms;
    r->doubt.ended_ms = s->lost_ms ? s->lost_ms : clock_wall_ms();
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
    jsondoc_free(d);
}

static void settled(struct step *s)
{
    const struct run *r = s->run;
    struct buf meta;
    buf_init(&meta, 4096);
    buf_addf(&meta, "{\"at_ms\":%lld,\"attempts\":%d,\"granted\":%s,\"looks_ms\":[",
        (long long)clock_wall_ms(), r->doubt.sends,
        r->reopened_ms > r->doubt.ended_ms ? "true" : "false");
    /* A look that comes late, as after a downtime, is as good as those before it. */
    int64_t passed = clock_wall_ms() - r->doubt.ended_ms - r->doubt.settle_ms;
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
    int64_t until = r->doubt.ended_ms + r->doubt.settle_ms + after, now = clock_wall_ms();
    /* A clock that was set back must not make the wait longer than it is. */
    if (until - now > r->doubt.settle_ms + after)
        until = now + r->doubt.settle_ms + after;
    if (until <= now || r->waited == s->seq) {
        settled(s);
        return;
    }
    clock_format(until, at);
    snprintf(why, sizeof why, "nobody knows whether step %lld arrived%s; it is looked for %sat %s",
        (long long)of, after ? ", and it was not found yet" : "", after ? "again " : "", at);
    step_wait(s, until - now, settled, why);
}
