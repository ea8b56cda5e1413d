#include "tries.h"

#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "json.h"

void tries_resume(struct step *s)
{
    const struct run *r = s->run;
    s->first_ms = clock_mono_ms();
    if (r->redo.seq != s->seq)
        return;
    s->attempts = r->redo.attempts;
    s->sent_ms = r->redo.sent_ms;
    s->renewed = r->redo.renewed;
    s->first_ms = r->redo.first_ms;
    memcpy(s->first_problem, r->redo.first_problem, sizeof s->first_problem);
}

void tries_keep(const struct step *s)
{
    struct run *r = s->run;
    r->redo.seq = s->seq;
    r->redo.attempts = s->attempts;
    r->redo.sent_ms = s->sent_ms;
    r->redo.renewed = s->renewed;
    r->redo.first_ms = s->first_ms;
    memcpy(r->redo.first_problem, s->first_problem, sizeof s->first_problem);
}

/* A write of this run that follows what was put off is the same one. */
static void title_of(const struct step *s, char *title, size_t n)
{
    snprintf(title, n, "%s %s", s->conn->name, s->title);
}

void tries_follow(struct step *s)
{
    struct run *r = s->run;
    char title[sizeof r->put_off.title];
    title_of(s, title, sizeof title);
    bool same = r->put_off.seq && s->seq > r->put_off.seq && !strcmp(title, r->put_off.title);
    r->put_off.seq = 0;
    if (!same)
        return;
    s->attempts = r->put_off.attempts;
    s->first_ms = r->put_off.first_ms;
    memcpy(s->first_problem, r->put_off.first_problem, sizeof s->first_problem);
}

static int64_t spent(int64_t first_ms)
{
    return clock_mono_ms() - first_ms;
}

/* When the first try was, by how long ago it was then. What the host was down does not count. */
static int64_t first_of(const struct jsonv *root)
{
    return clock_mono_ms() - jsonv_int(jsonv_get(root, "spent_ms"), 0);
}

void tries_put_off(const struct step *s, struct buf *meta)
{
    struct run *r = s->run;
    r->put_off.seq = s->seq;
    r->put_off.attempts = s->attempts;
    r->put_off.first_ms = s->first_ms;
    memcpy(r->put_off.first_problem, s->first_problem, sizeof r->put_off.first_problem);
    title_of(s, r->put_off.title, sizeof r->put_off.title);
    buf_addf(meta, ",\"attempts\":%d,\"spent_ms\":%lld,\"first\":", s->attempts,
        (long long)spent(s->first_ms));
    json_put_cstring(meta, s->first_problem);
    buf_adds(meta, ",\"title\":");
    json_put_cstring(meta, r->put_off.title);
}

void tries_replay(struct run *r, const struct journal_step *js)
{
    if (strcmp(js->kind, "write") != 0)
        return;
    r->put_off.seq = 0;
    if (strcmp(js->outcome, "error") != 0)
        return;
    struct jsondoc *d = jsondoc_parse((struct str){js->meta, js->nmeta}, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    if (jsonv_bool(jsonv_get(root, "look"), false)) {
        r->put_off.seq = js->seq;
        r->put_off.attempts = (int)jsonv_int(jsonv_get(root, "attempts"), 0);
        r->put_off.first_ms = first_of(root);
        snprintf(r->put_off.first_problem, sizeof r->put_off.first_problem, "%s",
            jsonv_str(jsonv_get(root, "first"), ""));
        snprintf(r->put_off.title, sizeof r->put_off.title, "%s",
            jsonv_str(jsonv_get(root, "title"), ""));
    }
    jsondoc_free(d);
}

void tries_store(struct step *s, int64_t wait_ms, int64_t silence_ms)
{
    struct run *r = s->run;
    struct buf b;
    buf_init(&b, 65536);
    buf_addf(&b, "{\"seq\":%u,\"clean\":true,\"attempts\":%d,\"spent_ms\":%lld,\"first\":", s->seq,
        s->attempts, (long long)(spent(s->first_ms) + wait_ms));
    json_put_cstring(&b, s->first_problem);
    buf_adds(&b, ",\"connection\":");
    json_put_cstring(&b, s->conn ? s->conn->name : "");
    buf_addf(&b, ",\"silence_until_ms\":%lld}",
        silence_ms > 0 ? (long long)(clock_wall_ms() + silence_ms) : 0LL);
    store_set_tries(r->engine->parts.store, r->id, buf_str(&b), NULL, NULL);
    buf_free(&b);
    r->clean_seq = s->seq;
}

bool tries_said_clean(const struct step *s)
{
    return s->write && s->run->clean_seq == s->seq;
}

void tries_load(struct run *r, const char *json)
{
    struct jsondoc *d = json ? jsondoc_parse(str_of(json), NULL) : NULL;
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    int64_t since = engine_since_restored(r->engine);
    /* In a store that older data was put into, what did nothing then may have done something since.
     */
    bool known = since >= r->engine->set.search_first_ms;
    if (known && jsonv_bool(jsonv_get(root, "clean"), false)) {
        r->redo.seq = r->clean_seq = (uint32_t)jsonv_int(jsonv_get(root, "seq"), 0);
        r->redo.attempts = (int)jsonv_int(jsonv_get(root, "attempts"), 0);
        r->redo.first_ms = first_of(root);
        snprintf(r->redo.first_problem, sizeof r->redo.first_problem, "%s",
            jsonv_str(jsonv_get(root, "first"), ""));
    }
    jsondoc_free(d);
}

void tries_silence(struct company *c, const char *json)
{
    struct jsondoc *d = json && *json ? jsondoc_parse(str_of(json), NULL) : NULL;
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    int64_t left = jsonv_int(jsonv_get(root, "silence_until_ms"), 0) - clock_wall_ms();
    int64_t most = c->engine->set.retry_after_cap_ms;
    /* A clock that was set back must not make it longer than anybody may ask for. */
    if (left > 0)
        channel_silence_named(
            c, jsonv_str(jsonv_get(root, "connection"), ""), left < most ? left : most);
    jsondoc_free(d);
}
