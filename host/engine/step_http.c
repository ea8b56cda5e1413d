/* An http step: intent, place, token, request, and what its outcome means. A request that may have
 * had an effect is never sent again by the host; see design.md 4.2. */
#include <stdio.h>
#include <string.h>
#include "backoff.h"
#include "buf.h"
#include "clock.h"
#include "doubt.h"
#include "fault.h"
#include "kept.h"
#include "log.h"
#include "mem.h"
#include "retry.h"
#include "revision.h"
#include "step.h"
#include "step_file.h"
#include "tries.h"

static void placed(void *arg);
static void token_done(void *arg, enum token_result r, const char *problem, int64_t retry_ms);

static const struct engine_settings *settings(const struct step *s)
{
    return &s->run->engine->set;
}

void step_http_leave(struct step *s)
{
    if (!s->in_channel)
        return;
    s->in_channel = false;
    channel_leave(s->channel);
}

/* ---- outcomes ---- */

void step_http_unknown(struct step *s, const char *problem)
{
    struct run *r = s->run;
    struct buf meta;
    if (!s->lost_ms)
        s->lost_ms = clock_wall_ms();
    r->engine->stats.unknown++;
    log_event(LOG_WARN, "outcome unknown", "run", r->id, "connection", s->conn->name, "step",
        s->title, "problem", problem, NULL);
    buf_init(&meta, 65536);
    buf_adds(&meta, "{\"problem\":");
    json_put_cstring(&meta, problem);
    buf_adds(&meta, ",\"boot\":");
    json_put_cstring(&meta, r->engine->boot);
    buf_addf(&meta, ",\"ended_mono_ms\":%lld", (long long)clock_mono_ms());
    buf_addf(&meta, ",\"ended_ms\":%lld,\"sent_ms\":%lld,\"settle_ms\":%lld,\"unknown\":true}",
        (long long)s->lost_ms, (long long)s->sent_ms,
        (long long)doubt_settle_ms(r->engine, s->conn, jsondoc_root(s->doc)));
    step_answer(s, "unknown", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

static void observe_retry(struct step *s, int status, const char *problem)
{
    if (!observe_steps(s->run->engine))
        return;
    struct engine_step_info i = {.seq = s->seq,
        .kind = s->kind,
        .connection = s->conn->name,
        .title = s->title,
        .outcome = "retry",
        .problem = problem,
        .status = status,
        .attempts = s->attempts,
        .duration_us = clock_mono_us() - s->began_us,
        .request = {s->body, s->nbody}};
    observe_step(s->run, &i);
}

/* Nothing came of it, and a person is asked. */
static void give_up(struct step *s, const char *problem, const char *why)
{
    /* A notice that does not get through is no reason to park what it is about. */
    if (jsonv_bool(jsonv_get(jsondoc_root(s->doc), "optional"), false)) {
        step_fail(s, "transient", "%s could not be reached: %s", s->conn->name, problem);
        return;
    }
    char since[CLOCK_TEXT];
    clock_format(clock_wall_ms() - (clock_mono_ms() - s->first_ms), since);
    bool same = !s->first_problem[0] || strncmp(s->first_problem, problem, TRIES_PROBLEM - 1) == 0;
    char *words = mem_printf(
        "%s could not be reached for %s: %d tries since %s%s%s, the last one: %s. No more, because "
        "%s. %s Retry the run when %s works again",
        s->conn->name, s->title, s->attempts, since,
        same ? "" : ", the first one: ", same ? "" : s->first_problem, problem, why,
        s->write ? "This step changed nothing there." : "Nothing was sent after this step.",
        s->conn->name);
    step_close(s, problem);
    run_attention(s->run, "%s", words);
    mem_free(words);
}

static int64_t step_deadline(const struct step *s)
{
    int64_t own = jsonv_int(jsonv_get(jsondoc_root(s->doc), "deadline_ms"), 0);
    return own > 0                    ? own
           : s->conn->deadline_ms > 0 ? s->conn->deadline_ms
                                      : settings(s)->step_deadline_ms;
}

/* NULL, or why the step is not tried again after so long. */
static const char *past_deadline(const struct step *s, int64_t wait_ms)
{
    int64_t then = clock_mono_ms() + wait_ms;
    if (then - s->run->began_ms > settings(s)->run_deadline_ms)
        return "the run's time is over (run-deadline)";
    if (then - s->first_ms > step_deadline(s))
        return "the step's time is over (step-deadline)";
    return NULL;
}

/* Nothing happened outside (or nothing that matters): again, later. after_ms: what the other side
 * asked for, or -1. */
void step_http_later(struct step *s, int status, const char *problem, int64_t after_ms)
{
    const struct engine_settings *set = settings(s);
    struct run *r = s->run;
    if (after_ms > 0) /* before the next one gets the place */
        channel_silence(s->channel, after_ms);
    step_http_leave(s);
    if (!s->first_problem[0])
        snprintf(s->first_problem, sizeof s->first_problem, "%s", problem);
    int64_t wait = backoff_ms(s->attempts ? s->attempts : 1, set->retry_base_ms, set->retry_cap_ms,
        0, engine_random(r->engine));
    if (after_ms > wait)
        wait = after_ms;
    const char *over = past_deadline(s, wait);
    if (!over && set->retry_attempts > 0 && s->attempts >= set->retry_attempts)
        over = "that is as often as it may be tried (retry-attempts)";
    if (over) {
        give_up(s, problem, over);
        return;
    }
    r->engine->stats.retries++;
    observe_retry(s, status, problem);
    tries_store(s, wait, after_ms);
    char *why = mem_printf("%s: %s did not work yet (%s); try %d follows", s->conn->name, s->title,
        problem, s->attempts + 1);
    step_wait(s, wait, step_http_attempt, why);
    mem_free(why);
}

static void failed_transport(struct step *s, const struct http_out_result *r)
{
    if (breaker_failed(&s->channel->breaker, clock_mono_ms()))
        log_event(LOG_WARN, "connection paused", "company", s->run->company->name, "connection",
            s->conn->name, "problem", r->problem ? r->problem : "it answers with errors", NULL);
}

static void send_request(struct step *s);

/* It is what it is: recorded, and the script's to judge. */
static void take_answer(struct step *s, const struct http_out_result *r)
{
    struct buf meta, masked_meta, masked_body;
    struct str body = r->body.p ? r->body : STR_LIT("");
    buf_init(&meta, BUF_MAX_DEFAULT);
    buf_init(&masked_meta, BUF_MAX_DEFAULT);
    buf_init(&masked_body, SIZE_MAX / 4);
    buf_addc(&meta, '{');
    bool file = step_file_wanted(jsondoc_root(s->doc)) && r->status < 300;
    if (file) {
        struct http_out_result shown = *r;
        shown.body = body;
        step_mask_file(s, r->status, &shown.body, &masked_body);
        step_file_put(&meta, &shown, &body);
    }
    step_request_meta(&meta, r);
    buf_addc(&meta, '}');
    struct str said = buf_str(&meta);
    step_mask(s, r->status, &said, &masked_meta);
    if (!file)
        step_mask(s, r->status, &body, &masked_body);
    step_http_leave(s);
    if (!s->write && !store_keeps_file(said))
        kept_put(s, r->status, said, body);
    step_answer(s, "done", r->status, said, body);
    buf_free(&meta);
    buf_free(&masked_meta);
    buf_free(&masked_body);
}

static void answered(struct step *s, const struct http_out_result *r)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    char problem[128];
    if (step_redirect(s, r)) {
        s->attempts--; /* it is the same one still */
        send_request(s);
        return;
    }
    if (r->status != 401 && s->used_token)
        token_worked(s->channel, s->used_token);
    enum retry_verdict v =
        step_request_accepts(spec, r->status) ? RETRY_DONE : retry_judge(r->status, s->write);
    int64_t after = retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
        http_header_get(r->headers, r->nheaders, "Date"), settings(s)->retry_after_cap_ms);
    snprintf(problem, sizeof problem, "it answered %d %s", r->status, http_reason(r->status));
    bool spent = v == RETRY_TOKEN && manifest_auth_has_token(&s->conn->auth) && !s->renewed;
    if (r->status >= 502 && r->status <= 504)
        failed_transport(s, r);
    else
        breaker_succeeded(&s->channel->breaker);
    if (!spent)
        health_answered(
            s->channel, s->title, step_request_accepts(spec, r->status) ? 200 : r->status);
    if (spent) {
        s->renewed = true;
        s->attempts--; /* that was the token's fault */
        step_http_leave(s);
        token_spent(s->channel, s->used_token ? s->used_token : "");
        step_http_attempt(s);
    } else if (v == RETRY_LATER) {
        step_http_later(s, r->status, problem, after);
    } else if (v == RETRY_UNKNOWN) {
        if (after > 0)
            channel_silence(s->channel, after);
        step_http_leave(s);
        step_http_unknown(s, problem);
    } else {
        take_answer(s, r);
    }
}

static void on_done(void *arg, const struct http_out_result *r)
{
    struct step *s = arg;
    s->transfer = NULL;
    FAULT_POINT("after_send");
    if (r->outcome == HTTP_OUT_ANSWERED) {
        (step_is_mail(s) ? step_mail_answered : answered)(s, r);
        return;
    }
    if (r->too_large && !s->write) { /* it would be as large again */
        step_http_leave(s);
        step_fail(s, "permanent", "%s (%s)", r->problem,
            step_file_wanted(jsondoc_root(s->doc)) ? "--max-file" : "--max-answer");
        return;
    }
    failed_transport(s, r);
    if (!r->permanent)
        health_failed(s->channel, r->problem);
    if (r->outcome == HTTP_OUT_UNKNOWN && s->write) {
        step_http_leave(s);
        step_http_unknown(s, r->problem);
    } else if (r->outcome == HTTP_OUT_NOT_SENT && r->permanent) {
        step_http_leave(s);
        step_fail(s, "permanent", "%s", r->problem);
    } else {
        step_http_later(s, 0, r->problem, -1);
    }
}

/* ---- the way out ---- */

void step_http_transfer(struct step *s, struct http_out_request *r)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    int64_t timeout = jsonv_int(jsonv_get(spec, "timeout_ms"), 0);
    if (timeout <= 0)
        timeout = s->conn->timeout_ms ? s->conn->timeout_ms : settings(s)->http_timeout_ms;
    r->write = s->write;
    r->timeout_ms = timeout;
    r->max_body = step_file_wanted(spec) ? settings(s)->max_file : settings(s)->max_answer;
    FAULT_POINT("before_send");
    s->attempts++;
    s->phase = STEP_SENT;
    s->sent_ms = s->run->sent_ms = clock_wall_ms();
    s->run->engine->stats.requests++;
    s->transfer = http_out_start(s->run->engine->parts.http, r, on_done, s);
}

static void send_request(struct step *s)
{
    struct step_request q;
    struct err e = {0};
    char *bearer = NULL;
    bool grant = manifest_auth_has_token(&s->conn->auth);
    /* While it waited for its place the credentials may have been forgotten. */
    if (!s->channel->credentials.url || (grant && !token_usable(s->channel))) {
        step_http_leave(s);
        step_http_attempt(s);
        return;
    }
    if (step_is_mail(s)) {
        step_mail_send(s);
        return;
    }
    const struct jsonv *spec = jsondoc_root(s->doc);
    struct buf made, type;
    buf_init(&made, settings(s)->max_sent);
    buf_init(&type, 200);
    if (step_request_build(s, &q, &e) < 0 ||
        (step_content_wanted(spec) && step_content_make(s, &made, &type, &e) < 0) ||
        (s->conn->auth.type == AUTH_STANDARD && step_request_sign(s, &q, &e) < 0)) {
        step_request_free(&q);
        buf_free(&made);
        buf_free(&type);
        step_http_leave(s);
        step_fail(s, "permanent", "%s", e.text);
        return;
    }
    const char *authorization = s->channel->credentials.authorization;
    if (grant) {
        resolver_wipe(s->used_token);
        s->used_token = mem_dup(s->channel->token.value);
        authorization = bearer = mem_printf("Bearer %s", s->used_token);
    }
    struct http_out_way way = s->channel->credentials.way;
    if (s->away) {
        way = (struct http_out_way){.public_only = true, .proxy = way.proxy};
        step_request_bare(&q);
        authorization = NULL;
    }
    if (authorization)
        q.headers[q.nheaders++] =
            (struct http_header){manifest_auth_header(&s->conn->auth), str_of(authorization)};
    if (type.n)
        q.headers[q.nheaders++] = (struct http_header){STR_LIT("Content-Type"), buf_str(&type)};
    struct http_out_request out = {.method = q.method,
        .url = s->hop_url ? s->hop_url : q.url,
        .headers = q.headers,
        .nheaders = q.nheaders,
        .way = way,
        .body = {s->body, s->nbody},
        .own = step_content_wanted(spec) ? &made : NULL};
    step_http_transfer(s, &out);
    buf_free(&type);
    resolver_wipe(bearer);
    step_request_free(&q);
}

/* Only what is on disk was taken back: with a full disk the store goes on saying it. Meanwhile the
 * other side may have asked another run for silence. */
static void doubted(struct step *s)
{
    s->run->clean_seq = 0;
    if (!channel_is_shut(s->channel)) {
        send_request(s);
        return;
    }
    step_http_leave(s);
    step_http_attempt(s);
}

static void equipped(struct step *s)
{
    /* The store says that all tries of this write did nothing; from here on that may be wrong. */
    if (tries_said_clean(s))
        step_store_doubt(s, doubted);
    else
        send_request(s);
}

static void placed(void *arg)
{
    struct step *s = arg;
    if (s->place.refused) {
        step_http_attempt(s);
        return;
    }
    s->in_channel = true;
    /* Only now: what waits for its place holds no files. */
    if (step_content_wanted(jsondoc_root(s->doc)))
        step_content_load(s, equipped);
    else
        equipped(s);
}

/* Runs wait so long before they look whether it was connected; then they are woken, too. */
#define GRANT_LOOK_MS INT64_C(3600000)
#define GRANT_RUN_MS  INT64_C(3000) /* in the foreground: it is another process that tells */

/* Nothing can be sent before a person connects the connection, and that is no failure: the time is
 * not the step's nor the run's. */
static void await_person(struct step *s, const char *problem)
{
    if (jsonv_bool(jsonv_get(jsondoc_root(s->doc), "optional"), false)) {
        step_fail(s, "transient", "%s could not be reached: %s", s->conn->name, problem);
        return;
    }
    int64_t ms = settings(s)->ignore_trigger ? GRANT_RUN_MS : GRANT_LOOK_MS;
    s->first_ms += ms;
    s->run->began_ms += ms;
    if (s->recorded)
        tries_store(s, ms, 0);
    char *words = grant_words(s->conn->name), *why = mem_printf("%s: %s", words, problem);
    step_wait(s, ms, step_http_attempt, why);
    mem_free(words);
    mem_free(why);
}

static void token_done(void *arg, enum token_result r, const char *problem, int64_t retry_ms)
{
    struct step *s = arg;
    if (r == TOKEN_READY) {
        s->phase = STEP_QUEUED;
        channel_enter(s->channel, &s->place);
    } else if (r == TOKEN_LATER) {
        s->attempts++;
        step_http_later(s, 0, problem, retry_ms);
    } else if (r == TOKEN_RECONNECT) {
        await_person(s, problem);
    } else {
        step_close(s, problem);
        run_attention(s->run, "%s", problem);
    }
}

/* One try, from the beginning: the other side may have asked for silence meanwhile, and the
 * credentials may have changed. */
void step_http_attempt(struct step *s)
{
    struct err e = {0};
    step_redirect_reset(s);
    if (s->run->engine->draining)
        return;
    int64_t blocked = channel_blocked(s->channel);
    const char *over = blocked > 0 ? past_deadline(s, blocked) : NULL;
    if (over) {
        give_up(s, "it has not answered for a long time", over);
        return;
    }
    if (blocked > 0) {
        if (s->recorded && !tries_said_clean(s))
            tries_store(s, blocked, 0);
        char *why =
            mem_printf("%s does not answer at the moment; it is asked again later", s->conn->name);
        step_wait(
            s, blocked + (int64_t)(engine_random(s->run->engine) % 100), step_http_attempt, why);
        mem_free(why);
        return;
    }
    if (step_write_put_off(s))
        return;
    if (credentials_get(s->channel, s->run->version, s->conn, &e) < 0) {
        step_close(s, e.text);
        run_attention(s->run, "%s", e.text);
        return;
    }
    if (manifest_auth_has_token(&s->conn->auth)) {
        s->phase = STEP_TOKEN;
        token_ask(s->channel, s->conn, &s->token);
    } else {
        s->phase = STEP_QUEUED;
        channel_enter(s->channel, &s->place);
    }
}

static void answer_dry(struct step *s)
{
    struct buf body;
    buf_init(&body, s->nbody + 64);
    step_request_dry(&body, jsondoc_root(s->doc), (struct str){s->body, s->nbody});
    step_answer(s, "dry", 200, STR_LIT("{\"dry\":true,\"headers\":{},\"status\":200}"),
        body.p ? buf_str(&body) : STR_LIT(""));
    buf_free(&body);
}

void step_http_begin(struct step *s)
{
    struct run *r = s->run;
    const struct jsonv *spec = jsondoc_root(s->doc);
    const char *name = jsonv_str(jsonv_get(spec, "connection"), "");
    s->write = jsonv_bool(jsonv_get(spec, "write"), false);
    s->place = (struct channel_wait){.go = placed, .arg = s};
    s->token = (struct token_wait){.done = token_done, .arg = s};
    snprintf(s->kind, sizeof s->kind, "%s", s->write ? "write" : "read");
    s->title = step_request_title(spec);
    s->conn = manifest_connection(r->version->manifest, name);
    if (!s->conn) {
        step_fail(
            s, "permanent", "there is no connection \"%.60s\"; company.lua must connect it", name);
        return;
    }
    s->channel = channel_get(r->company, s->conn);
    if (!s->write) {
        if (!kept_answers(s))
            step_http_attempt(s);
    } else if (settings(s)->dry_run)
        answer_dry(s);
    else if (!s->recorded) {
        tries_follow(s);
        step_write_begin(s);
    } else if (r->redo.seq == s->seq)
        step_http_attempt(s);
    else
        step_write_lost(s);
}
