/* HTTP client: its life and that of its transfers. libcurl is never called from its own callbacks
 * (it answers CURLM_RECURSIVE_API_CALL or worse): a start waits for the end of the turn, and done
 * is called only after libcurl has returned. */
#include <signal.h>
#include <string.h>
#include "clock.h"
#include "http_out_clock.h"
#include "http_out_impl.h"
#include "http_out_memory.h"
#include "mem.h"

#define POOL_MAX        256 /* idle transfers kept with their easy handles */
#define PATIENCE_MS     100 /* how late one may be told that it has waited for too long */
#define REQUEST_MAX     (SIZE_MAX / 2)
#define POOL_BUFFER_MAX ((size_t)64 << 10) /* a pooled transfer keeps no larger buffer */

void http_out_config_defaults(struct http_out_config *c)
{
    memset(c, 0, sizeof(*c));
    c->connect_ms = 10000;
    c->max_idle_ms = 60000;
    c->max_idle_write_ms = 3000;
    c->user_agent = "sauma";
    c->max_connections = 512;
    c->max_idle_connections = 512;
}

/* ---- transfers and their pool ---------------------------------------------------------------- */

static struct http_out_transfer *transfer_get(struct http_out *h)
{
    struct list *node = list_shift(&h->idle);
    if (node) {
        h->nidle--;
        return LIST_OF(node, struct http_out_transfer, node);
    }
    struct http_out_transfer *t = mem_zalloc(1, sizeof(*t));
    list_init(&t->node);
    t->owner = h;
    buf_init(&t->request, REQUEST_MAX);
    buf_init(&t->lines, REQUEST_MAX);
    buf_init(&t->head, HTTP_OUT_HEAD_MAX);
    t->easy = curl_easy_init();
    if (t->easy)
        curl_easy_setopt(t->easy, CURLOPT_SHARE, h->share); /* stays over curl_easy_reset */
    return t;
}

static void buffer_reuse(struct buf *b)
{
    if (b->cap > POOL_BUFFER_MAX)
        buf_free(b);
    else
        buf_clear(b);
}

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    mem_free(*text);
    *text = NULL;
}

static void way_free(struct http_out_transfer *t)
{
    wipe(&t->proxy);
    wipe(&t->certificate);
    wipe(&t->key);
}

/* Credentials are among them. */
static void wipe_lines(struct http_out_transfer *t)
{
    if (t->lines.n)
        explicit_bzero(t->lines.p, t->lines.n);
    buffer_reuse(&t->lines);
    t->nlines = 0;
}

static void transfer_free(struct http_out_transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_url_cleanup(t->parts);
    wipe_lines(t);
    buf_free(&t->lines);
    mem_free(t->headers);
    http_out_mail_free(t);
    http_out_inflate_end(t);
    mem_free(t->url);
    way_free(t);
    buf_free(&t->request);
    buf_free(&t->body);
    buf_free(&t->head);
    mem_free(t);
}

/* Back to the pool, with nothing left of the request. */
static void transfer_put(struct http_out_transfer *t)
{
    struct http_out *h = t->owner;
    list_remove(&t->node);
    /* libcurl's handle may remember that a stream was refused. */
    if (h->nidle >= POOL_MAX || !t->easy || t->again_refused || t->resent) {
        transfer_free(t);
        return;
    }
    http_out_easy_clear(t);
    wipe_lines(t);
    http_out_mail_free(t);
    http_out_inflate_end(t);
    mem_free(t->url);
    t->url = NULL;
    way_free(t);
    buffer_reuse(&t->request);
    buffer_reuse(&t->body);
    buffer_reuse(&t->head);
    t->state = TRANSFER_IDLE;
    list_append(&h->idle, &t->node);
    h->nidle++;
}

static void transfer_move(struct http_out_transfer *t, enum transfer_state state, struct list *to)
{
    list_remove(&t->node);
    t->state = state;
    list_append(to, &t->node);
}

static void transfer_prepare(
    struct http_out_transfer *t, const struct http_out_request *r, http_out_done done, void *arg)
{
    t->done = done;
    t->arg = arg;
    t->write = r->write;
    t->timeout_ms = r->timeout_ms;
    t->max_body = r->max_body < SIZE_MAX / 4 ? r->max_body : SIZE_MAX / 4;
    t->body.max = t->max_body;
    t->public_only = r->way.public_only || t->owner->config.public_only;
    t->proxy = mem_dup(r->way.proxy);
    t->certificate = mem_dup(r->way.certificate);
    t->key = mem_dup(r->way.key);
    t->start_us = clock_mono_us();
    t->begun = t->resent = t->again_refused = t->undone = t->invalid = t->given = false;
    t->peer = (struct http_out_peer){PEER_FINE, 0};
    t->over_body = t->over_head = t->head_done = false;
    t->odd = NULL;
    t->packed = t->head_bytes = 0;
    t->status = 0;
    t->nspans = 0;
    t->code = CURLE_OK;
    t->error[0] = t->problem[0] = '\0';
    t->origin[0] = '\0';
}

static void transfer_body(struct http_out_transfer *t, const struct http_out_request *r)
{
    if (!r->own) {
        buf_add(&t->request, r->body.p, r->body.n);
        return;
    }
    buf_free(&t->request);
    t->request = *r->own;
    t->request.max = REQUEST_MAX;
    buf_init(r->own, 0);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static int64_t left_ms(const struct http_out_transfer *t, int64_t now_us)
{
    return t->timeout_ms - (now_us - t->start_us) / 1000;
}

/* Of those that wait for room: libcurl has a queue of its own, in which nobody's time ends. */
static void patience_ended(void *arg)
{
    struct http_out *h = arg;
    struct list *next;
    int64_t now_us = clock_mono_us();
    for (struct list *l = h->starting.next; l != &h->starting; l = next) {
        struct http_out_transfer *t = LIST_OF(l, struct http_out_transfer, node);
        next = l->next;
        if (left_ms(t, now_us) > 0)
            continue;
        t->code = CURLE_OPERATION_TIMEDOUT;
        transfer_move(t, TRANSFER_FINISHED, &h->finished);
    }
    h->patient = false;
    http_out_post(h);
}

static void start_waiting(struct http_out *h)
{
    struct list *node;
    http_out_clock_hold();
    while (!http_out_lanes_full(h) && (node = list_shift(&h->starting))) {
        struct http_out_transfer *t = LIST_OF(node, struct http_out_transfer, node);
        t->timeout_ms = left_ms(t, clock_mono_us());
        t->code = http_out_easy_set(t);
        if (t->code == CURLE_OK && !http_out_lane_begin(t))
            t->code = CURLE_FAILED_INIT;
        if (t->code == CURLE_OK)
            transfer_move(t, TRANSFER_ACTIVE, &h->active);
        else
            transfer_move(t, TRANSFER_FINISHED, &h->finished);
    }
    http_out_clock_release();
    if (!list_empty(&h->starting) && !h->patient) {
        h->patient = true;
        loop_timer_arm(h->patience, PATIENCE_MS);
    }
}

void http_out_deliver_all(struct http_out *h)
{
    struct list *node;
    while ((node = list_shift(&h->finished))) {
        struct http_out_transfer *t = LIST_OF(node, struct http_out_transfer, node);
        t->state = TRANSFER_DELIVERING;
        http_out_deliver(t);
        transfer_put(t);
    }
}

static void turn_run(void *arg)
{
    struct http_out *h = arg;
    struct list due, *node;
    start_waiting(h);
    h->turn_posted = false;
    list_init(&due);
    list_move(&due, &h->kicked); /* those that want it again have their turn in the loop's next */
    while ((node = list_shift(&due)))
        http_out_sockets_kick(LIST_OF(node, struct http_out_lane, kicked));
    http_out_deliver_all(h);
}

void http_out_post(struct http_out *h)
{
    if (h->turn_posted)
        return;
    h->turn_posted = true;
    loop_post(h->loop, turn_run, h);
}

void http_out_collect(struct http_out_lane *lane)
{
    /* All handles are taken from libcurl first: a done callback may cancel or start others. */
    int left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(lane->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        char *own = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &own);
        struct http_out_transfer *t = (struct http_out_transfer *)(void *)own;
        http_out_lane_end(t);
        t->code = code;
        transfer_move(t, TRANSFER_FINISHED, &lane->owner->finished);
    }
}

void http_out_finish(struct http_out_transfer *t)
{
    transfer_move(t, TRANSFER_FINISHED, &t->owner->finished);
    http_out_post(t->owner);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct http_out *http_out_new(struct loop *l, const struct http_out_config *c, struct err *e)
{
    if (!http_out_memory_begin()) {
        err_set(e, ERR_IO, "libcurl could not be initialised");
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* with CURLOPT_NOSIGNAL that is the program's part */
    struct http_out *h = mem_zalloc(1, sizeof(*h));
    h->loop = l;
    h->config = *c;
    h->config.ca_file = mem_dup(c->ca_file);
    h->config.user_agent = mem_dup(c->user_agent);
    h->config.allow_net = mem_dup(c->allow_net);
    h->config.allow_port = mem_dup(c->allow_port);
    list_init(&h->starting);
    list_init(&h->active);
    list_init(&h->finished);
    list_init(&h->idle);
    h->patience = loop_timer_new(l, patience_ended, h);
    http_out_lanes_init(h);
    h->share = curl_share_init();
    if (!h->share) {
        err_set(e, ERR_IO, "libcurl could not make its handles");
        http_out_free(h);
        return NULL;
    }
    /* One thread uses it, so it needs no locks. */
    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    if (http_out_net_init(h, e)) {
        http_out_free(h);
        return NULL;
    }
    return h;
}

static void free_all(struct http_out *h, struct list *list)
{
    struct list *node;
    while ((node = list_shift(list))) {
        struct http_out_transfer *t = LIST_OF(node, struct http_out_transfer, node);
        if (t->state == TRANSFER_ACTIVE)
            http_out_lane_end(t);
        transfer_free(t);
    }
}

void http_out_free(struct http_out *h)
{
    if (!h)
        return;
    free_all(h, &h->starting);
    free_all(h, &h->active);
    free_all(h, &h->finished);
    free_all(h, &h->idle);
    http_out_mail_stop(h);
    http_out_lanes_free(h);
    loop_timer_free(h->patience);
    curl_share_cleanup(h->share);
    http_out_sockets_free(h); /* after the lanes, which still close their sockets */
    loop_unpost(h->loop, turn_run, h);
    mem_free((char *)h->config.ca_file);
    mem_free((char *)h->config.user_agent);
    mem_free((char *)h->config.allow_net);
    mem_free((char *)h->config.allow_port);
    mem_free(h->nets);
    mem_free(h->ports);
    mem_free(h);
    http_out_memory_end();
}

struct http_out_transfer *http_out_start(
    struct http_out *h, const struct http_out_request *r, http_out_done done, void *arg)
{
    struct http_out_transfer *t = transfer_get(h);
    transfer_prepare(t, r, done, arg);
    transfer_body(t, r);
    if (!(r->mail ? http_out_mail_check(t, r) : http_out_check(t, r))) {
        t->invalid = true;
        transfer_move(t, TRANSFER_FINISHED, &h->finished);
    } else if (t->mail) {
        transfer_move(t, TRANSFER_MAILING, &h->active);
        http_out_mail_start(t);
    } else if (!t->easy) {
        t->code = CURLE_OUT_OF_MEMORY;
        transfer_move(t, TRANSFER_FINISHED, &h->finished);
    } else {
        transfer_move(t, TRANSFER_STARTING, &h->starting);
    }
    http_out_post(h);
    return t;
}

void http_out_cancel(struct http_out_transfer *t)
{
    if (t->state == TRANSFER_DELIVERING || t->state == TRANSFER_IDLE)
        return; /* done is being called: it is on its way out anyhow */
    /* Nothing of ours runs inside libcurl's callbacks, so this is never called from them. */
    if (t->state == TRANSFER_ACTIVE)
        http_out_lane_end(t);
    transfer_put(t);
}
