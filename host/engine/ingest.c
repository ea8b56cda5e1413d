/* Deliveries: who sent it, is it JSON, is it new; on disk before it is acknowledged. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "buf.h"
#include "channel.h"
#include "clock.h"
#include "delivery.h"
#include "fault.h"
#include "json.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "signature.h"

#define BUSY_RETRY_S 5

struct ingest {
    struct engine *engine;
    struct store_event se;
    char id[ID_TEXT];
    char type[DELIVERY_TEXT], delivery[DELIVERY_TEXT];
    char *company, *connection, *body;
    char *attempt;
    char *skipped; /* why no run will come of it; NULL: the rules decide */
    size_t nbody;
    engine_reply_fn fn;
    void *arg;
};

static void reply(engine_reply_fn fn, void *arg, int status, const char *event, bool duplicate)
{
    char json[128];
    int n = snprintf(
        json, sizeof json, "{\"event\":\"%s\"%s}", event, duplicate ? ",\"duplicate\":true" : "");
    struct engine_reply r = {status, 0, {json, (size_t)n}, event};
    fn(arg, &r);
}

static void refuse_for(
    struct engine *e, engine_reply_fn fn, void *arg, int status, int wait, const char *words)
{
    struct buf json;
    buf_init(&json, 65536);
    buf_adds(&json, "{\"error\":");
    json_put_cstring(&json, words);
    buf_addc(&json, '}');
    struct engine_reply r = {status, wait, buf_str(&json), NULL};
    e->stats.refused++;
    e->stats.unauthenticated += status == 401;
    fn(arg, &r);
    buf_free(&json);
}

static void refuse(struct engine *e, engine_reply_fn fn, void *arg, int status, const char *words)
{
    refuse_for(e, fn, arg, status, status == 503 ? BUSY_RETRY_S : 0, words);
}

/* It came from whom it should, and cannot be used: it is not just dropped. */
static void keep_refused(struct engine *e, const char *company, const char *connection, int status,
    const char *words, struct str body)
{
    struct store_refused r = {.company = company,
        .connection = connection,
        .status = status,
        .reason = words,
        .authentic = true,
        .size = body.n,
        .body = body};
    struct company *c = company_get(e, company, false);
    if (c)
        admission_keep(c, &r);
}

static void on_added(void *arg, enum store_event_result result, int64_t seq, const char *first_id,
    const struct err *err)
{
    struct ingest *g = arg;
    struct engine *e = g->engine;
    if (!engine_held_back(e)) {
        /* The event is on disk and goes on at the next start; nobody is there to be told. */
    } else if (result == STORE_EVENT_NEW) {
        FAULT_POINT("after_event_commit");
        e->stats.received++;
        reply(g->fn, g->arg, 202, g->id, false);
        if (g->skipped)
            events_skipped(e, &g->se, g->skipped, seq);
        else
            events_stored(e, &g->se, seq);
    } else if (result == STORE_EVENT_DUPLICATE) {
        e->stats.duplicates++;
        reply(g->fn, g->arg, 200, first_id, true);
    } else if (result == STORE_EVENT_CONFLICT) {
        e->stats.conflicts++;
        log_event(LOG_WARN, "delivery id used twice", "company", g->company, "connection",
            g->connection, "delivery", g->delivery, "first", first_id ? first_id : "", NULL);
        alert_raise(e, g->company, "delivery-conflict", g->delivery,
            "%s sent the delivery id %s again with other content. The first one is stored as event "
            "%s and is what counts; the second was answered with 409 and not stored. Ask the sender "
            "why it uses an id twice; if both were meant, have it sent again with an id of its own.",
            g->connection, g->delivery, first_id ? first_id : "?");
        keep_refused(e, g->company, g->connection, 409, "this delivery id was already used",
            (struct str){g->body, g->nbody});
        refuse(e, g->fn, g->arg, 409, "this delivery id was already used for other content");
    } else {
        log_event(LOG_ERROR, "event not stored", "company", g->company, "error",
            err ? err->text : "", NULL);
        refuse(e, g->fn, g->arg, 503, "the event could not be stored; send it again later");
    }
    mem_free(g->company);
    mem_free(g->connection);
    mem_free(g->body);
    mem_free(g->attempt);
    mem_free(g->skipped);
    mem_free(g);
}

static void add(struct ingest *g, const struct http_header *headers, int nheaders)
{
    struct engine *e = g->engine;
    struct buf kept;
    int64_t now = clock_wall_ms();
    buf_init(&kept, 65536);
    delivery_headers(&kept, headers, nheaders);
    id_new(g->id, "evt_", now);
    g->se = (struct store_event){.id = g->id,
        .company = g->company,
        .connection = g->connection,
        .type = g->type,
        .delivery = g->delivery,
        .received_ms = now,
        .headers = buf_str(&kept),
        .body = {g->body, g->nbody}};
    const struct company *c = company_get(e, g->company, false);
    if (c && c->current && !manifest_listens(c->current->manifest, g->connection, g->type))
        g->skipped = route_no_rule(g->connection, g->type);
    engine_hold(e);
    store_add_delivery(e->parts.store, &g->se, g->attempt, g->skipped, on_added, g);
    g->se.headers = STR_NONE;
    buf_free(&kept);
}

/* The type that the host gives it (NULL: none), or that it says of itself; and its id. */
static int read_delivery(struct ingest *g, const struct manifest_webhook *hook, const char *type,
    const struct http_header *headers, int nheaders, struct str body, struct err *e)
{
    bool asked = hook && !type;
    if (delivery_read(
            body, asked ? hook->event : "", g->type, hook ? hook->id : "", g->delivery, e) < 0)
        return -1;
    if (asked && hook->event_header[0] &&
        delivery_type(headers, nheaders, hook->event_header, g->type, e) < 0)
        return -1;
    if (type)
        snprintf(g->type, sizeof g->type, "%.200s", type);
    delivery_id(headers, nheaders, hook ? hook->id_header : "", g->delivery);
    return 0;
}

/* After authentication: an authentic delivery that cannot be used is told and logged. */
static void take_one(struct engine *e, const char *company, const char *connection,
    const struct manifest_webhook *hook, const char *type, const struct http_header *headers,
    int nheaders, struct str body, engine_reply_fn fn, void *arg)
{
    struct err err = {0};
    struct ingest *g = mem_zalloc(1, sizeof *g);
    if (read_delivery(g, hook, type, headers, nheaders, body, &err) < 0) {
        log_event(LOG_WARN, "delivery refused", "company", company, "connection", connection,
            "problem", err.text, NULL);
        mem_free(g);
        keep_refused(e, company, connection, 400, err.text, body);
        refuse(e, fn, arg, 400, err.text);
        return;
    }
    g->engine = e;
    g->company = mem_dup(company);
    g->connection = mem_dup(connection);
    g->body = mem_dupn(body.p, body.n);
    g->nbody = body.n;
    g->attempt = mem_dup(hook ? hook->attempt : "");
    g->fn = fn;
    g->arg = arg;
    add(g, headers, nheaders);
}

/* ---- a delivery of several events ---- */

#define EVENTS_MAX 1000

struct several {
    struct engine *engine;
    int left;
    bool failed, fresh, known;
    int status, retry_after; /* of the one that failed first */
    char *problem, *first;
    struct buf ids;
    engine_reply_fn fn;
    void *arg;
};

/* What cannot be stored now is sent again with all others, which are known by then; what can never
 * be used is kept as refused, and does not keep the others out. */
static void reply_several(struct several *v)
{
    struct buf json;
    buf_init(&json, BUF_MAX_DEFAULT);
    bool again = v->failed && v->status >= 500;
    int status = again || !(v->fresh || v->known) ? v->status : v->fresh ? 202 : 200;
    if (status < 300)
        buf_addf(&json, "{\"event\":\"%s\",\"events\":[%.*s]%s}", v->first,
            STR_ARG(buf_str(&v->ids)), v->fresh ? "" : ",\"duplicate\":true");
    struct engine_reply r = {status, status < 300 ? 0 : v->retry_after,
        status < 300 ? buf_str(&json) : str_of(v->problem), status < 300 ? v->first : NULL};
    v->fn(v->arg, &r);
    buf_free(&json);
    buf_free(&v->ids);
    mem_free(v->problem);
    mem_free(v->first);
    mem_free(v);
}

static void on_one(void *arg, const struct engine_reply *r)
{
    struct several *v = arg;
    if (r->status >= 300 && (!v->failed || (r->status >= 500 && v->status < 500))) {
        v->failed = true;
        v->status = r->status;
        v->retry_after = r->retry_after;
        mem_free(v->problem);
        v->problem = mem_dupn(r->json.p, r->json.n);
    } else if (r->status < 300) {
        v->fresh = v->fresh || r->status == 202;
        v->known = true;
        if (!v->first)
            v->first = mem_dup(r->event);
        buf_addf(&v->ids, "%s\"%s\"", v->ids.n ? "," : "", r->event);
    }
    if (--v->left == 0)
        reply_several(v);
}

static void take(struct engine *e, const char *company, const char *connection,
    const struct manifest_webhook *hook, const char *type, const struct http_header *headers,
    int nheaders, struct str body, engine_reply_fn fn, void *arg)
{
    struct err err = {0};
    struct str trimmed = str_trim(body);
    if (!hook || !hook->each || type || !trimmed.n || trimmed.p[0] != '[' ||
        json_check(body, NULL) < 0) {
        take_one(e, company, connection, hook, type, headers, nheaders, body, fn, arg);
        return;
    }
    struct str *events = mem_zalloc(EVENTS_MAX, sizeof *events);
    int n = delivery_each(body, events, EVENTS_MAX, &err);
    if (n <= 0) {
        const char *words = n < 0 ? err.text : "the delivery holds no events";
        keep_refused(e, company, connection, 400, words, body);
        refuse(e, fn, arg, 400, words);
    } else {
        struct several *v = mem_zalloc(1, sizeof *v);
        *v = (struct several){.engine = e, .left = n, .fn = fn, .arg = arg};
        buf_init(&v->ids, BUF_MAX_DEFAULT);
        for (int i = 0; i < n; i++)
            take_one(e, company, connection, hook, NULL, headers, nheaders, events[i], on_one, v);
    }
    mem_free(events);
}

static int authenticate(struct company *c, const struct manifest_connection *conn,
    const struct engine_delivery *d, struct err *err)
{
    struct str secrets[MANIFEST_SECRETS_MAX] = {STR_LIT("nobody")};
    struct signature_check check = {.scheme = conn ? conn->webhook.scheme : SCHEME_ANY,
        .form = conn ? &conn->webhook.hmac : NULL,
        .secrets = secrets,
        .nsecrets = 1,
        .headers = d->headers,
        .nheaders = d->nheaders,
        .body = d->body,
        .method = d->method ? d->method : "POST",
        .url = conn && conn->webhook.address[0] ? str_of(conn->webhook.address) : d->url,
        .now_ms = clock_wall_ms(),
        .window_ms = INT64_MAX / 4};
    if (!conn || conn->webhook.scheme == SCHEME_NONE)
        return signature_verify(&check, err);
    struct channel *ch = channel_get(c, conn);
    check.window_ms = c->engine->set.signature_window_ms;
    int rc;
    do {
        check.nsecrets = credentials_webhook(ch, c->current, conn, secrets, err);
        if (check.nsecrets < 0) {
            log_event(LOG_ERROR, "webhook secret missing", "company", c->name, "connection",
                conn->name, "problem", err->text, NULL);
            return err_set(err, ERR_DENIED, "the delivery could not be authenticated");
        }
        rc = signature_verify(&check, err);
    } while (rc < 0 && credentials_webhook_again(ch));
    return rc;
}

void engine_ingest(struct engine *e, const struct engine_delivery *d, engine_reply_fn fn, void *arg)
{
    struct err err = {0};
    struct company *c = company_get(e, d->company, false);
    const struct manifest_connection *conn =
        c && c->current ? manifest_connection(c->current->manifest, d->connection) : NULL;
    if (conn && !conn->webhook.present)
        conn = NULL;
    if (e->draining || store_full(e->parts.store)) {
        refuse(e, fn, arg, 503,
            e->draining ? "the host is about to stop; send it again"
                        : "the disk is full; send it again later");
        return;
    }
    if (c && !c->current && c->load_error) {
        refuse(e, fn, arg, 503, "the company's scripts did not load; send it again later");
        return;
    }
    /* Also for a company that does not exist, so that the time tells nobody which ones do. */
    int authentic = authenticate(c, conn, d, &err), wait;
    char words[160];
    if (!conn) {
        refuse(e, fn, arg, 404, "there is no such company or connection");
    } else if (authentic < 0) {
        forged_seen(channel_get(c, conn), err.text);
        refuse(e, fn, arg, 401, err.text);
    } else if ((wait = admission_wait(c, d->body.n, words, sizeof words)) > 0) {
        keep_refused(e, d->company, d->connection, 429, words, d->body);
        refuse_for(e, fn, arg, 429, wait, words);
    } else {
        forged_not(channel_get(c, conn));
        take(e, d->company, d->connection, &conn->webhook, NULL, d->headers, d->nheaders, d->body,
            fn, arg);
    }
}

void engine_inject(struct engine *e, const char *company, const char *connection, const char *type,
    struct str body, engine_reply_fn fn, void *arg)
{
    struct company *c = company_get(e, company, false);
    if (!c || !c->current) {
        refuse(e, fn, arg, 404, "there is no such company");
        return;
    }
    const struct manifest_connection *conn = manifest_connection(c->current->manifest, connection);
    if (!conn && !type) {
        refuse(e, fn, arg, 404, "the company has no such connection");
        return;
    }
    take(e, company, connection, conn && conn->webhook.present ? &conn->webhook : NULL, type, NULL,
        0, body, fn, arg);
}
