/* Pages of the outside system's list: one request at a time, through the connection's limits like
 * any other, so that the work of runs goes on beside it. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "form.h"
#include "log.h"
#include "match_feed.h"
#include "mem.h"
#include "retry.h"

#define FAILED_MS     30000 /* then it may be tried again, by who asks */
#define CHANGES_PAGES 50    /* more changes than these are not waited for */

static void leave_channel(struct feed *f)
{
    if (f->in_channel) {
        f->in_channel = false;
        channel_leave(f->channel);
    }
}

void feed_stop_reading(struct feed *f)
{
    channel_cancel(&f->place);
    token_cancel(&f->token);
    if (f->transfer)
        http_out_cancel(f->transfer);
    f->transfer = NULL;
    leave_channel(f);
    resolver_wipe(f->used_token);
    f->used_token = NULL;
    f->now = NULL;
    f->all.wanted = f->changes.wanted = false;
    f->changes.after[0] = '\0';
    if (f->all.sweeps)
        f->all.after[0] = '\0'; /* what was seen is only known from the first page on */
    feed_rest(f);
}

void feed_rest(struct feed *f)
{
    struct version *v = f->version;
    f->version = NULL;
    if (v)
        version_release(v);
}

static void on_marked(struct shelf_job *j)
{
    feed_done(j->arg, j);
}

static void mark(struct feed *f)
{
    char text[300];
    if (f->whole_ms)
        snprintf(text, sizeof text, "%lld %s ", (long long)f->whole_ms, f->since);
    else
        snprintf(text, sizeof text, "0 %s %.255s", f->all.since, f->all.after);
    f->refs++;
    shelf_do(f->company->engine->parts.shelf, SHELF_MARK, f->book, str_of(text), on_marked, f);
}

static void reading_over(struct feed *f, struct feed_reading *r)
{
    r->wanted = false;
    r->after[0] = '\0';
    f->problem_until_ms = 0;
    snprintf(f->since, sizeof f->since, "%s", r->since);
    if (r->began_ms > f->fresh_ms)
        f->fresh_ms = r->began_ms;
    if (r == &f->all) {
        char count[24];
        f->whole_ms = clock_wall_ms();
        snprintf(count, sizeof count, "%zu", f->count);
        log_event(LOG_INFO, "catalogue read", "company", f->company->name, "connection",
            f->connection, "catalogue", f->name, "records", count, NULL);
        if (r->sweeps)
            shelf_do(f->company->engine->parts.shelf, SHELF_SWEEP, f->book, STR_NONE, NULL, NULL);
        r->sweeps = false;
    }
    mark(f);
}

static void on_page(struct shelf_job *j)
{
    struct feed *f = j->arg;
    struct feed_reading *r = f->now;
    if (!feed_done(f, j) || j->book != f->book || !r)
        return;
    f->now = NULL;
    if (j->err.code) {
        feed_fail(
            f, FAILED_MS, "%s gave a list that cannot be read: %s", f->connection, j->err.text);
        return;
    }
    r->pages++;
    bool on = j->n >= j->size && j->last[0] && strcmp(j->last, r->after) != 0;
    if (on) {
        snprintf(r->after, sizeof r->after, "%s", j->last);
        if (r == &f->all && !f->whole_ms)
            mark(f);
    } else {
        reading_over(f, r);
    }
    if (on && r == &f->changes && r->pages >= CHANGES_PAGES) {
        feed_fail(f, FAILED_MS, "too much of it changed of late");
        return;
    }
    feed_go_on(f);
}

static void attempt(struct feed *f);

static void answered(struct feed *f, const struct http_out_result *r)
{
    if (r->status == 401 && manifest_auth_has_token(&f->conn->auth) && !f->renewed) {
        f->renewed = true;
        token_spent(f->channel, f->used_token ? f->used_token : "");
        attempt(f);
        return;
    }
    char title[200];
    snprintf(title, sizeof title, "GET %s", f->catalogue->path);
    health_answered(f->channel, title, r->status);
    if (r->status == 200) {
        breaker_succeeded(&f->channel->breaker);
        f->refs++;
        shelf_do(f->company->engine->parts.shelf, SHELF_PAGE, f->book,
            r->body.p ? r->body : STR_LIT(""), on_page, f);
    } else {
        int64_t wait = retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
            http_header_get(r->headers, r->nheaders, "Date"),
            f->company->engine->set.retry_after_cap_ms);
        if (wait > 0 && (r->status == 429 || r->status == 503))
            channel_silence(f->channel, wait);
        feed_fail(f, wait > FAILED_MS ? wait : FAILED_MS, "%s answered %d %s", f->connection,
            r->status, http_reason(r->status));
    }
}

static void on_done(void *arg, const struct http_out_result *r)
{
    struct feed *f = arg;
    f->transfer = NULL;
    leave_channel(f);
    if (r->outcome == HTTP_OUT_ANSWERED) {
        answered(f, r);
        return;
    }
    breaker_failed(&f->channel->breaker, clock_mono_ms());
    if (!r->permanent)
        health_failed(f->channel, r->problem);
    feed_fail(f, FAILED_MS, "%s could not be read: %s", f->connection, r->problem);
}

static void put_parameter(struct buf *b, const char *path, const char *name, const char *value)
{
    if (!name[0] || !value[0])
        return;
    buf_addf(b, "%s%s=", strchr(path, '?') ? "&" : "?", name);
    form_put_value(b, str_of(value));
}

static void send_request(struct feed *f)
{
    const struct engine *e = f->company->engine;
    struct http_header headers[2] = {{STR_LIT("Accept"), STR_LIT("application/json")}};
    const char *authorization = f->channel->credentials.authorization;
    char *bearer = NULL;
    struct buf url;
    buf_init(&url, 65536);
    buf_adds(&url, f->channel->credentials.url);
    buf_adds(&url, f->catalogue->path);
    put_parameter(&url, f->catalogue->path, f->catalogue->after, f->now->after);
    if (f->now == &f->changes && f->since[0]) {
        char from[sizeof f->since + 12]; /* a moment: what takes one takes no day alone */
        snprintf(from, sizeof from, "%sT00:00:00", f->since);
        put_parameter(&url, f->catalogue->path, f->catalogue->since, from);
    }
    buf_addc(&url, '\0');
    if (manifest_auth_has_token(&f->conn->auth)) {
        resolver_wipe(f->used_token);
        f->used_token = mem_dup(f->channel->token.value);
        authorization = bearer = mem_printf("Bearer %s", f->used_token);
    }
    int n = 1;
    if (authorization)
        headers[n++] =
            (struct http_header){manifest_auth_header(&f->conn->auth), str_of(authorization)};
    struct http_out_request q = {.method = "GET",
        .url = url.p,
        .headers = headers,
        .nheaders = n,
        .way = f->channel->credentials.way,
        .timeout_ms = f->conn->timeout_ms ? f->conn->timeout_ms : e->set.http_timeout_ms,
        .max_body = e->set.max_answer};
    f->company->engine->stats.requests++;
    f->transfer = http_out_start(e->parts.http, &q, on_done, f);
    resolver_wipe(bearer);
    buf_free(&url);
}

static void placed(void *arg)
{
    struct feed *f = arg;
    if (f->place.refused) {
        feed_fail(f, FAILED_MS, "%s is not to be asked at the moment", f->connection);
        return;
    }
    f->in_channel = true;
    send_request(f);
}

static void token_done(void *arg, enum token_result r, const char *problem, int64_t retry_ms)
{
    struct feed *f = arg;
    if (r == TOKEN_READY)
        channel_enter(f->channel, &f->place);
    else
        feed_fail(f, retry_ms > FAILED_MS ? retry_ms : FAILED_MS, "%s", problem);
}

static void attempt(struct feed *f)
{
    int64_t blocked = channel_blocked(f->channel);
    struct err e = {0};
    if (blocked > 0)
        feed_fail(f, blocked, "%s does not answer at the moment", f->connection);
    else if (credentials_get(f->channel, f->version, f->conn, &e) < 0)
        feed_fail(f, FAILED_MS, "%s", e.text);
    else if (strcmp(f->print, f->channel->credentials.hash) != 0)
        feed_fail(f, 0, "the credentials of connection %s were changed", f->connection);
    else if (manifest_auth_has_token(&f->conn->auth))
        token_ask(f->channel, f->conn, &f->token);
    else
        channel_enter(f->channel, &f->place);
}

void feed_read(struct feed *f)
{
    if (f->company->engine->draining || !f->version) {
        f->all.wanted = f->changes.wanted = false;
        return;
    }
    f->now = f->changes.wanted ? &f->changes : &f->all;
    f->renewed = false;
    f->place = (struct channel_wait){.go = placed, .arg = f};
    f->token = (struct token_wait){.done = token_done, .arg = f};
    attempt(f);
}
