#include "channel.h"

#include <string.h>
#include "clock.h"
#include "machine.h"
#include "mem.h"

static void serve_queue(void *arg);

struct channel *channel_get(struct company *c, const struct manifest_connection *conn)
{
    const struct engine_settings *s = &c->engine->set;
    double rate = s->sandboxes_only ? 0 : conn->rate;
    struct channel *ch = map_get(c->channels, str_of(conn->name));
    if (!ch) {
        ch = mem_zalloc(1, sizeof *ch);
        ch->company = c;
        ch->name = mem_dup(conn->name);
        list_init(&ch->queue);
        list_init(&ch->token.waiting);
        limiter_init(&ch->limiter, rate);
        breaker_init(&ch->breaker, s->breaker_failures, s->breaker_ms, s->retry_cap_ms);
        ch->timer = loop_timer_new(c->engine->parts.loop, serve_queue, ch);
        map_set(c->channels, str_of(conn->name), ch);
        int64_t *until = map_remove(c->silences, str_of(conn->name));
        if (until)
            ch->not_before_ms = *until;
        mem_free(until);
    }
    if (ch->limiter.rate != rate)
        limiter_set_rate(&ch->limiter, rate, clock_mono_us());
    ch->cap = conn->concurrency ? conn->concurrency : s->concurrency;
    return ch;
}

void channel_free(struct channel *ch)
{
    token_free(ch);
    credentials_forget(ch);
    loop_timer_free(ch->timer);
    mem_free(ch->name);
    mem_free(ch);
}

int64_t channel_blocked(struct channel *ch)
{
    int64_t now = clock_mono_ms();
    if (ch->not_before_ms > now)
        return ch->not_before_ms - now;
    return breaker_ask(&ch->breaker, now);
}

void channel_silence(struct channel *ch, int64_t ms)
{
    int64_t until = clock_mono_ms() + ms;
    if (until > ch->not_before_ms)
        ch->not_before_ms = until;
}

void channel_silence_named(struct company *c, const char *name, int64_t ms)
{
    struct channel *ch = map_get(c->channels, str_of(name));
    int64_t until = clock_mono_ms() + ms, *known = map_get(c->silences, str_of(name));
    if (ch) {
        channel_silence(ch, ms);
    } else if (!known) {
        known = mem_alloc(sizeof *known);
        *known = until;
        map_set(c->silences, str_of(name), known);
    } else if (*known < until) {
        *known = until;
    }
}

/* True if a place was taken; else the timer is set when time alone brings one. */
static bool take_place(struct channel *ch)
{
    if (ch->cap > 0 && ch->in_use >= ch->cap)
        return false;
    int64_t wait_us = limiter_take(&ch->limiter, clock_mono_us());
    if (wait_us > 0) {
        loop_timer_arm(ch->timer, wait_us / 1000 + 1);
        return false;
    }
    ch->in_use++;
    return true;
}

bool channel_is_shut(const struct channel *ch)
{
    int64_t now = clock_mono_ms();
    return ch->not_before_ms > now || ch->breaker.open_until_ms > now;
}

/* Who leaves its place while it is being called is followed by the loop that called it, or a queue
 * of those who do so would need a stack as long as itself. */
static void serve_queue(void *arg)
{
    struct channel *ch = arg;
    if (ch->serving)
        return;
    ch->serving = true;
    while (!list_empty(&ch->queue)) {
        bool refused = channel_is_shut(ch);
        if (!refused && !take_place(ch))
            break;
        struct channel_wait *w = LIST_OF(list_shift(&ch->queue), struct channel_wait, node);
        w->refused = refused;
        w->go(w->arg);
    }
    ch->serving = false;
}

void channel_enter(struct channel *ch, struct channel_wait *w)
{
    list_init(&w->node);
    list_append(&ch->queue, &w->node);
    serve_queue(ch);
}

void channel_cancel(struct channel_wait *w)
{
    if (w->node.next)
        list_remove(&w->node);
}

void channel_leave(struct channel *ch)
{
    ch->in_use--;
    serve_queue(ch);
}
