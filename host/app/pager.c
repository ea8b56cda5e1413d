#include "pager.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "id.h"
#include "json.h"
#include "list.h"
#include "log.h"
#include "mem.h"
#include "signature.h"

#define LINES_MAX  40   /* of one message; the others are counted */
#define LINE_BYTES 1500 /* what is longer is cut */
#define APART      6    /* times gather_ms between two messages */
#define TIMEOUT_MS 20000
#define AGAIN_MAX  300000 /* what failed is sent again after gather_ms, and twice that each time */
#define TEXT_MAX   ((size_t)1 << 20)
#define ANSWER_MAX ((size_t)64 << 10)

struct line {
    struct list node;
    char *key, *text;
    bool sent; /* on its way */
};

struct pager {
    struct http_out *http;
    struct loop_timer *timer;
    struct http_out_transfer *transfer;
    char *url, *secret;
    char *last;       /* the message that was sent last and not taken */
    char id[ID_TEXT]; /* its webhook-id */
    char host[64];    /* this machine's name */
    struct list lines;
    int nlines, more; /* waiting; beyond LINES_MAX */
    int failures;
    int64_t gather_ms, sent_ms;
};

static void send_lines(void *arg);

struct pager *pager_new(
    struct loop *l, struct http_out *h, const char *url, const char *secret, int64_t gather_ms)
{
    struct pager *p = mem_zalloc(1, sizeof(*p));
    p->http = h;
    p->timer = loop_timer_new(l, send_lines, p);
    p->url = mem_dup(url);
    p->secret = mem_dup(secret);
    p->gather_ms = gather_ms;
    list_init(&p->lines);
    if (gethostname(p->host, sizeof(p->host) - 1) < 0)
        p->host[0] = '\0';
    return p;
}

static void line_free(struct pager *p, struct line *l)
{
    list_remove(&l->node);
    p->nlines--;
    mem_free(l->key);
    mem_free(l->text);
    mem_free(l);
}

void pager_free(struct pager *p)
{
    if (!p)
        return;
    if (p->transfer)
        http_out_cancel(p->transfer);
    while (!list_empty(&p->lines))
        line_free(p, LIST_OF(p->lines.next, struct line, node));
    loop_timer_free(p->timer);
    mem_free(p->url);
    if (p->secret)
        explicit_bzero(p->secret, strlen(p->secret));
    mem_free(p->secret);
    mem_free(p->last);
    mem_free(p);
}

/* ---- sending ---- */

static char *message(struct pager *p)
{
    struct buf text, json;
    buf_init(&text, TEXT_MAX);
    buf_init(&json, TEXT_MAX);
    buf_addf(&text, "sauma on %s:", p->host);
    for (struct list *n = p->lines.next; n != &p->lines; n = n->next) {
        struct line *l = LIST_OF(n, struct line, node);
        l->sent = true;
        buf_addf(&text, "\n- %s", l->text);
    }
    if (p->more)
        buf_addf(&text, "\n- and %d more: see the log and `sauma alerts`", p->more);
    buf_adds(&json, "{\"text\":");
    json_put_string(&json, buf_str(&text));
    buf_addc(&json, '}');
    buf_free(&text);
    return buf_take(&json, NULL);
}

static void arm(struct pager *p)
{
    int64_t now = clock_mono_ms(), due = now + p->gather_ms;
    if (p->sent_ms && due < p->sent_ms + APART * p->gather_ms)
        due = p->sent_ms + APART * p->gather_ms;
    if (p->failures) {
        int64_t wait = p->failures < 16 ? p->gather_ms << (p->failures - 1) : AGAIN_MAX;
        due = now + (wait < AGAIN_MAX ? wait : AGAIN_MAX);
    }
    loop_timer_arm(p->timer, due - now);
}

static void on_answer(void *arg, const struct http_out_result *r)
{
    struct pager *p = arg;
    bool taken = r->outcome == HTTP_OUT_ANSWERED && r->status >= 200 && r->status < 300;
    char status[32];
    struct list *next;
    p->transfer = NULL;
    p->failures = taken ? 0 : p->failures + 1;
    if (!taken) {
        snprintf(status, sizeof(status), "it answered %d", r->status);
        log_event(LOG_WARN, "operator not told", "why",
            r->outcome == HTTP_OUT_ANSWERED ? status : r->problem, "next", "sent again", NULL);
    }
    for (struct list *n = p->lines.next; n != &p->lines; n = next) {
        struct line *l = LIST_OF(n, struct line, node);
        next = n->next;
        if (taken && l->sent)
            line_free(p, l);
        else
            l->sent = false;
    }
    if (taken) {
        mem_free(p->last);
        p->last = NULL;
        p->sent_ms = clock_mono_ms();
        p->more = 0;
    }
    if (p->nlines)
        arm(p);
}

/* The same bytes keep their id, so that who takes them knows them again. */
static void keep(struct pager *p, char *text)
{
    if (!p->last || strcmp(p->last, text) != 0)
        id_new(p->id, "msg_", clock_wall_ms());
    mem_free(p->last);
    p->last = text;
}

static void send_lines(void *arg)
{
    struct pager *p = arg;
    if (p->transfer || !p->nlines)
        return;
    char *text = message(p), at[32], signature[SIGNATURE_TEXT];
    keep(p, text);
    struct http_header headers[4] = {{STR_LIT("Content-Type"), STR_LIT("application/json")}};
    int n = 1;
    snprintf(at, sizeof(at), "%lld", (long long)(clock_wall_ms() / 1000));
    if (p->secret && signature_make_standard(signature, str_of(p->secret), p->id, at, str_of(text),
                         &(struct err){0}) == 0) {
        headers[n++] = (struct http_header){STR_LIT("webhook-id"), str_of(p->id)};
        headers[n++] = (struct http_header){STR_LIT("webhook-timestamp"), str_of(at)};
        headers[n++] = (struct http_header){STR_LIT("webhook-signature"), str_of(signature)};
    }
    struct http_out_request q = {.method = "POST",
        .url = p->url,
        .headers = headers,
        .nheaders = n,
        .body = str_of(text),
        .write = true,
        .timeout_ms = TIMEOUT_MS,
        .max_body = ANSWER_MAX};
    p->transfer = http_out_start(p->http, &q, on_answer, p);
}

/* ---- lines ---- */

static struct line *waiting(struct pager *p, const char *key)
{
    for (struct list *n = p->lines.next; n != &p->lines; n = n->next) {
        struct line *l = LIST_OF(n, struct line, node);
        if (!l->sent && !strcmp(l->key, key))
            return l;
    }
    return NULL;
}

void pager_say(struct pager *p, const char *key, const char *fmt, ...)
{
    char text[LINE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct line *l = waiting(p, key);
    if (!l && p->nlines >= LINES_MAX) {
        p->more++;
        return;
    }
    if (!l) {
        l = mem_zalloc(1, sizeof(*l));
        l->key = mem_dup(key);
        list_append(&p->lines, &l->node);
        p->nlines++;
        if (p->nlines == 1)
            arm(p);
    }
    mem_free(l->text);
    l->text = mem_dup(text);
}
