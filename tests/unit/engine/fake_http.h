/* http_out.h answered by a C function, with a record of all that was sent. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdio.h>
#include <string.h>
#include "http_out.h"
#include "list.h"
#include "loop.h"
#include "mem.h"

#define FAKE_SENT_MAX 200

struct fake_sent {
    char line[200]; /* "POST http://x/y" */
    char authorization[200];
    char body[400];
};

struct http_out_transfer {
    struct list node;
    uint64_t id;
    http_out_done done;
    void *arg;
    char line[200];
};

/* Fills r, which is a 200 with an empty object; n counts the requests so far, from 1. Outcome -1:
 * never answers. */
typedef void (*fake_server)(const struct fake_sent *q, int n, struct http_out_result *r);

static struct {
    struct loop *loop;
    fake_server serve;
    struct fake_sent sent[FAKE_SENT_MAX];
    int n;
    struct list transfers;
    uint64_t last_id;
} net = {.transfers = {&net.transfers, &net.transfers}};

/* How many of the requests begin with this. */
static inline int net_count(const char *line)
{
    int n = 0;
    for (int i = 0; i < net.n; i++)
        n += strncmp(net.sent[i].line, line, strlen(line)) == 0;
    return n;
}

static void net_answer(void *arg)
{
    uint64_t id = (uint64_t)(uintptr_t)arg;
    struct http_out_transfer *t = NULL;
    for (struct list *n = net.transfers.next; n != &net.transfers; n = n->next)
        if (LIST_OF(n, struct http_out_transfer, node)->id == id)
            t = LIST_OF(n, struct http_out_transfer, node);
    if (!t)
        return;
    struct http_out_result r = {
        .outcome = HTTP_OUT_ANSWERED, .status = 200, .body = STR_LIT("{}"), .problem = ""};
    struct fake_sent q = net.sent[id - 1];
    net.serve(&q, (int)id, &r);
    if ((int)r.outcome == -1)
        return;
    http_out_done done = t->done;
    void *to = t->arg;
    list_remove(&t->node);
    mem_free(t);
    done(to, &r);
}

struct http_out_transfer *http_out_start(
    struct http_out *h, const struct http_out_request *r, http_out_done done, void *arg)
{
    struct http_out_transfer *t = mem_zalloc(1, sizeof *t);
    assert_true(net.n < FAKE_SENT_MAX);
    struct fake_sent *q = &net.sent[net.n++];
    struct str authorization = http_header_get(r->headers, r->nheaders, "Authorization");
    snprintf(q->line, sizeof q->line, "%s %s", r->method, r->url);
    snprintf(q->authorization, sizeof q->authorization, "%.*s", STR_ARG(authorization));
    snprintf(q->body, sizeof q->body, "%.*s", STR_ARG(r->body));
    t->id = (uint64_t)net.n;
    t->done = done;
    t->arg = arg;
    list_append(&net.transfers, &t->node);
    loop_post(net.loop, net_answer, (void *)(uintptr_t)t->id);
    return t;
}

void http_out_cancel(struct http_out_transfer *t)
{
    list_remove(&t->node);
    mem_free(t);
}

#endif
