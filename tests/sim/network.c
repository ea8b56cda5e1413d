/* http_out.h to the systems outside. Each request has a fate, drawn when it leaves: it arrives or
 * does not, is carried out or not, at once or when nobody waits for it any more, and its answer
 * comes, comes in part, or is lost. */
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "http_out.h"
#include "judge.h"
#include "outside.h"

enum fate {
    FATE_WELL,
    FATE_NOT_SENT,    /* no connection */
    FATE_LOST,        /* reset before it arrived */
    FATE_UNANSWERED,  /* carried out; the answer is lost */
    FATE_CUT,         /* carried out; the answer is cut off behind its status line */
    FATE_LATE,        /* carried out after the time was up */
    FATE_SILENT,      /* never arrived, and nothing said so */
    FATE_FAILS_AFTER, /* carried out, answered with an error of the server */
    FATES_ARRIVING,   /* ---- those above differ in arrival; those below are refusals ---- */
    FATE_FAILS,       /* 500, 502, 503, 504, 408: not carried out */
    FATE_SLOW_DOWN,   /* 429 */
    FATE_TOKEN,       /* 401 */
    FATE_REFUSED,     /* 422 */
    FATES
};

struct http_out_transfer {
    struct request q;
    enum fate fate;
    bool write, gone, left, nowhere;
    int64_t timeout_us, began_us, silence_ms;
    http_out_done done;
    void *arg;
    struct answer answer;
};

void network_begin(void)
{
    outside_begin();
}

static enum fate draw_fate(const struct request *q)
{
    struct dice *d = &sim->of_network;
    if (sim->calm)
        return FATE_WELL;
    if (outside_down(q))
        return dice_hit(d, 700) ? FATE_NOT_SENT : FATE_SILENT;
    if (!dice_hit(d, sim->plan.trouble))
        return FATE_WELL;
    if (dice_hit(d, sim->plan.late))
        return FATE_LATE;
    enum fate f = (enum fate)(1 + dice_below(d, FATES - 1));
    if (f == FATES_ARRIVING || (f == FATE_REFUSED && !dice_hit(d, 100)))
        f = FATE_UNANSWERED;
    return f;
}

static void finish(struct http_out_transfer *t, enum http_out_outcome o, const char *problem)
{
    struct http_header header = {STR_LIT("Retry-After"), str_of(t->answer.retry_after)};
    struct http_out_result r = {.outcome = o,
        .status = t->answer.status,
        .headers = &header,
        .nheaders = t->answer.retry_after ? 1 : 0,
        .body = str_of(t->answer.body ? t->answer.body : ""),
        .problem = problem,
        .permanent = t->nowhere,
        .duration_us = sim->mono_us - t->began_us};
    t->gone = true;
    sim->transfers--;
    judge_returned(t->q.company, t->q.connection, t->q.path);
    if (t->silence_ms && strcmp(t->q.path, "/token") != 0)
        judge_silence(t->q.company, t->q.connection, t->silence_ms);
    TRACE("network: %s %s%s: %s %d", t->q.post ? "POST" : "GET", t->q.connection, t->q.path,
        problem ? problem : "answered", r.status);
    sim_note((uint64_t)t->answer.status + (uint64_t)o * 1000);
    t->done(t->arg, &r);
}

/* ---- what happens to it, one after the other ---- */

static void returns(void *arg)
{
    struct http_out_transfer *t = arg;
    if (t->gone)
        return;
    if (t->fate == FATE_UNANSWERED) {
        t->answer = (struct answer){0};
        finish(t, HTTP_OUT_UNKNOWN, "the connection broke");
    } else if (t->fate == FATE_CUT) {
        t->answer.body = "";
        finish(t, HTTP_OUT_UNKNOWN, "the answer was cut off");
    } else {
        finish(t, HTTP_OUT_ANSWERED, NULL);
    }
}

static const char *retry_after_text(int64_t *ms)
{
    static const char *const odd[] = {"", "soon", "-5", "0", "99999999999999999999", "1e3"};
    char words[40];
    struct dice *d = &sim->of_network;
    *ms = 0;
    if (dice_hit(d, 200))
        return NULL;
    if (dice_hit(d, 200))
        return odd[dice_below(d, 6)];
    int64_t seconds = dice_between(d, 1, dice_hit(d, 100) ? 7200 : 90);
    *ms = (seconds < 3600 ? seconds : 3600) * 1000;
    snprintf(words, sizeof words, "%lld", (long long)seconds);
    return arena_text(words);
}

static struct answer refusal(struct http_out_transfer *t)
{
    static const int failures[] = {500, 502, 503, 504, 408};
    switch (t->fate) {
    case FATE_SLOW_DOWN: {
        struct answer a = {429, "{\"error\":\"slow down\"}", retry_after_text(&t->silence_ms)};
        return a;
    }
    case FATE_TOKEN:
        return (struct answer){401, "{\"error\":\"token\"}", NULL};
    case FATE_REFUSED:
        return (struct answer){422, "{\"error\":\"refused\"}", NULL};
    default:
        return (struct answer){failures[dice_below(&sim->of_network, 5)], "{}", NULL};
    }
}

static void arrives(void *arg)
{
    struct http_out_transfer *t = arg;
    if (t->gone && !t->left)
        return;
    if (t->fate < FATES_ARRIVING)
        t->answer = outside_serve(&t->q);
    else
        t->answer = refusal(t);
    if (t->fate == FATE_FAILS_AFTER)
        t->answer = (struct answer){500, "{}", NULL};
    if (!t->gone && t->fate != FATE_LATE)
        machine_after_us(dice_between(&sim->of_network, 500, 300000), returns, t);
}

static void leaves(void *arg)
{
    struct http_out_transfer *t = arg;
    if (!t->gone)
        t->left = true;
}

static void times_out(void *arg)
{
    struct http_out_transfer *t = arg;
    if (!t->gone)
        finish(t, HTTP_OUT_UNKNOWN, "no whole answer in time");
}

static void breaks(void *arg)
{
    struct http_out_transfer *t = arg;
    if (!t->gone)
        finish(t, t->fate == FATE_NOT_SENT ? HTTP_OUT_NOT_SENT : HTTP_OUT_UNKNOWN,
            t->fate == FATE_NOT_SENT ? "no connection" : "the connection broke");
}

static void set_out(struct http_out_transfer *t)
{
    struct dice *d = &sim->of_network;
    if (t->fate == FATE_NOT_SENT || t->fate == FATE_LOST) {
        machine_after_us(dice_between(d, 500, 3000000), breaks, t);
        return;
    }
    machine_after_us(t->timeout_us, times_out, t);
    if (t->fate == FATE_SILENT)
        return;
    int64_t arrival = dice_between(d, 200, 40000);
    if (t->fate == FATE_LATE)
        arrival = dice_between(d, 100000, (int64_t)LANDS_MAX_MS * 1000);
    else if (dice_hit(d, 10))
        arrival = dice_between(d, 1000000, 19000000);
    machine_after_us(arrival < 2000 ? arrival / 2 : 1000, leaves, t);
    machine_after_us(arrival, arrives, t);
}

/* ---- http_out.h ---- */

/* http://books.a/invoices?key=1; false: it is no address. */
static bool read_url(struct request *q, const char *url)
{
    if (strncmp(url, "http://", 7) != 0) {
        *q = (struct request){"a", "chat", "/nowhere", "", STR_NONE, false};
        return false;
    }
    const char *host = url + 7, *dot = strchr(host, '.');
    size_t n = strcspn(host, "/");
    q->connection = arena_bytes((struct str){host, (size_t)(dot - host)}).p;
    q->company = arena_bytes((struct str){dot + 1, (size_t)(host + n - dot - 1)}).p;
    q->path = arena_text(host + n);
    return true;
}

/* Sent without the address or the credentials that belong to it. */
static void check_credentials(const struct http_out_transfer *t, const char *url)
{
    if (t->nowhere)
        sim_fail("a request left for \"%s\"", url);
    bool bearer = strcmp(t->q.connection, "chat") != 0 && strcmp(t->q.path, "/token") != 0;
    if (bearer && (!t->q.authorization[0] || strstr(t->q.authorization, "(null)")))
        sim_fail("a request to %s left with the credentials \"%s\"", url, t->q.authorization);
}

struct http_out_transfer *http_out_start(
    struct http_out *h, const struct http_out_request *r, http_out_done done, void *arg)
{
    struct http_out_transfer *t = arena_zalloc(sizeof *t);
    struct str authorization = http_header_get(r->headers, r->nheaders, "Authorization");
    t->nowhere = !read_url(&t->q, r->url);
    t->q.authorization = authorization.p ? arena_bytes(authorization).p : "";
    t->q.body = arena_bytes(r->body);
    t->q.post = strcmp(r->method, "POST") == 0;
    t->write = r->write;
    t->timeout_us = r->timeout_ms * 1000;
    t->began_us = sim->mono_us;
    t->done = done;
    t->arg = arg;
    t->fate = t->nowhere ? FATE_NOT_SENT : draw_fate(&t->q);
    check_credentials(t, r->url);
    sim->transfers++;
    TRACE("network: %s %s%s of %s sets out, fate %d", r->method, t->q.connection, t->q.path,
        t->q.company, (int)t->fate);
    judge_sent(t->q.company, t->q.connection, t->q.path, r->write && !t->nowhere, t->q.body);
    set_out(t);
    return t;
}

void http_out_cancel(struct http_out_transfer *t)
{
    if (t->gone)
        sim_fail("a transfer that is over was cancelled");
    t->gone = true;
    sim->transfers--;
    judge_returned(t->q.company, t->q.connection, t->q.path);
}
