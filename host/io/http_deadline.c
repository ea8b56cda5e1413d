/* Deadlines of connections: absolute, so that a byte now and then extends nothing. Seven lists and
 * one timer for all connections; a request costs a few pointer writes. */
#include "http_conn.h"

#define TICK_MIN_MS 5
#define TICK_MAX_MS 250
#define SLOW_MS     1000 /* so long a connection waited for its peer at least */

static struct http_conn *owner(struct http_deadline *d)
{
    if (d->wait == HTTP_WAIT_WRITE)
        return LIST_OF(d, struct http_conn, out);
    return LIST_OF(d, struct http_conn, in);
}

static void expire(struct http_conn *c, enum http_wait wait)
{
    switch (wait) {
    case HTTP_WAIT_HEAD:
        http_conn_refuse(c, 408, "headers took too long");
        break;
    case HTTP_WAIT_BODY:
        http_conn_refuse(c, 408, "body took too long");
        break;
    case HTTP_WAIT_WRITE:
        http_limit_hit(c->server, HTTP_LIMIT_WRITE_MS);
        http_conn_close(c);
        break;
    default: /* nobody waits for an answer */
        http_conn_close(c);
    }
}

static void tick(void *arg)
{
    struct http_in *s = arg;
    int64_t now = http_server_now(s);
    s->ticking = s->paused = false;
    for (int w = HTTP_WAIT_FIRST; w < HTTP_WAITS; w++) {
        while (!list_empty(&s->waits[w])) {
            struct http_deadline *d = LIST_OF(s->waits[w].next, struct http_deadline, link);
            if (d->at > now)
                break;
            expire(owner(d), d->wait);
        }
    }
    http_server_update(s); /* tries to accept again, and arms the next tick */
}

void http_deadlines_init(struct http_in *s)
{
    const struct http_in_config *c = &s->config;
    s->wait_ms[HTTP_WAIT_FIRST] = c->header_ms;
    s->wait_ms[HTTP_WAIT_HEAD] = c->header_ms;
    s->wait_ms[HTTP_WAIT_BODY] = c->body_ms;
    s->wait_ms[HTTP_WAIT_IDLE] = c->idle_ms;
    s->wait_ms[HTTP_WAIT_LINGER] = c->linger_ms;
    s->wait_ms[HTTP_WAIT_WRITE] = c->write_ms;
    int64_t shortest = INT64_MAX;
    for (int w = HTTP_WAIT_NONE; w < HTTP_WAITS; w++) {
        list_init(&s->waits[w]);
        if (w != HTTP_WAIT_NONE && s->wait_ms[w] < shortest)
            shortest = s->wait_ms[w];
    }
    /* A deadline is met within an eighth of the shortest one. */
    s->tick_ms = shortest / 8;
    if (s->tick_ms < TICK_MIN_MS)
        s->tick_ms = TICK_MIN_MS;
    if (s->tick_ms > TICK_MAX_MS)
        s->tick_ms = TICK_MAX_MS;
    s->tick = loop_timer_new(s->loop, tick, s);
}

void http_deadlines_hurry(struct http_in *s, enum http_wait wait, int64_t ms)
{
    struct list *head = &s->waits[wait];
    int64_t latest = http_server_now(s) + ms;
    if (s->wait_ms[wait] > ms)
        s->wait_ms[wait] = ms;
    for (struct list *l = head->next; l != head; l = l->next) {
        struct http_deadline *d = LIST_OF(l, struct http_deadline, link);
        if (d->at > latest)
            d->at = latest; /* the list stays in order */
    }
}

struct http_conn *http_deadline_slowest(struct http_in *s, enum http_wait wait)
{
    struct list *l = &s->waits[wait];
    if (list_empty(l))
        return NULL;
    struct http_deadline *d = LIST_OF(l->next, struct http_deadline, link);
    bool slow = http_server_now(s) - (d->at - s->wait_ms[wait]) >= SLOW_MS;
    return slow ? owner(d) : NULL;
}

void http_deadlines_free(struct http_in *s)
{
    loop_timer_free(s->tick);
    s->tick = NULL;
}

void http_deadline_set(struct http_in *s, struct http_deadline *d, enum http_wait wait)
{
    if (d->wait == wait)
        return;
    list_remove(&d->link);
    d->wait = wait;
    if (wait == HTTP_WAIT_NONE)
        return;
    d->at = http_server_now(s) + s->wait_ms[wait];
    list_append(&s->waits[wait], &d->link);
}
