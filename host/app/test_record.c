#include "test_record.h"

#include <string.h>

#include "clock.h"
#include "json.h"
#include "list.h"
#include "mem.h"

/* A run that waits longer than this is left to itself: the test wants to see that it waits. */
#define WAIT_SEEN_MS 1000
/* Who waits for all runs looks so often whether the engine is about to begin more. */
#define LOOK_MS 2

struct step {
    struct step *next;
    uint32_t seq;
    char *kind, *connection, *title, *outcome;
    int status;
};

struct run {
    struct list node;
    char *id, *event, *rule, *key, *reason;
    char *result; /* JSON or NULL */
    enum run_state state;
    int64_t until_ms;
    int attempts;
    struct step *steps, **last_step;
};

struct event {
    struct list node;
    char *id;
    int runs;
};

struct waiting {
    struct list node;
    char *event; /* NULL: all runs, at most until then */
    int64_t until_ms;
    struct loop_timer *timer;
    loop_fn fn;
    void *arg;
    struct test_record *record;
};

struct test_record {
    struct loop *loop;
    const struct engine *engine;
    struct list runs, events, waits;
};

struct test_record *test_record_new(struct loop *l)
{
    struct test_record *r = mem_zalloc(1, sizeof(*r));
    r->loop = l;
    list_init(&r->runs);
    list_init(&r->events);
    list_init(&r->waits);
    return r;
}

static void run_free(struct run *r)
{
    while (r->steps) {
        struct step *s = r->steps;
        r->steps = s->next;
        mem_free(s->kind);
        mem_free(s->connection);
        mem_free(s->title);
        mem_free(s->outcome);
        mem_free(s);
    }
    mem_free(r->id);
    mem_free(r->event);
    mem_free(r->rule);
    mem_free(r->key);
    mem_free(r->reason);
    mem_free(r->result);
    mem_free(r);
}

static void waiting_free(struct waiting *w)
{
    list_remove(&w->node);
    if (w->timer)
        loop_timer_free(w->timer);
    mem_free(w->event);
    mem_free(w);
}

void test_record_free(struct test_record *r)
{
    struct list *n;
    if (!r)
        return;
    while ((n = list_shift(&r->runs)))
        run_free(LIST_OF(n, struct run, node));
    while ((n = list_shift(&r->events))) {
        mem_free(LIST_OF(n, struct event, node)->id);
        mem_free(LIST_OF(n, struct event, node));
    }
    while (!list_empty(&r->waits))
        waiting_free(LIST_OF(r->waits.next, struct waiting, node));
    mem_free(r);
}

static struct run *by_id(const struct test_record *r, const char *id)
{
    for (struct list *n = r->runs.next; n != &r->runs; n = n->next)
        if (!strcmp(LIST_OF(n, struct run, node)->id, id))
            return LIST_OF(n, struct run, node);
    return NULL;
}

static struct run *run_of(struct test_record *r, const struct engine_run_info *i)
{
    struct run *run = by_id(r, i->id);
    if (run)
        return run;
    run = mem_zalloc(1, sizeof(*run));
    run->id = mem_dup(i->id);
    run->event = mem_dup(i->event);
    run->rule = mem_dup(i->rule);
    run->last_step = &run->steps;
    list_append(&r->runs, &run->node);
    return run;
}

static bool settled(const struct test_record *r, const char *event)
{
    int seen = 0;
    for (const struct list *n = r->runs.next; n != &r->runs; n = n->next) {
        const struct run *run = LIST_OF(n, const struct run, node);
        if (event && strcmp(run->event, event))
            continue;
        seen++;
        bool parked =
            event && run->state == RUN_WAITING && run->until_ms > clock_wall_ms() + WAIT_SEEN_MS;
        if (!run_state_final(run->state) && run->state != RUN_HELD && !parked)
            return false;
    }
    for (const struct list *n = r->events.next; n != &r->events; n = n->next) {
        const struct event *ev = LIST_OF(n, const struct event, node);
        if (event && !strcmp(ev->id, event))
            return seen >= ev->runs;
    }
    /* An event is not routed yet; of all, alerts and tasks may still become some. */
    return !event && engine_idle(r->engine);
}

static void look(struct test_record *r)
{
    for (struct list *n = r->waits.next; n != &r->waits;) {
        struct waiting *w = LIST_OF(n, struct waiting, node);
        n = n->next;
        if (!w->event || !settled(r, w->event))
            continue;
        loop_post(r->loop, w->fn, w->arg);
        waiting_free(w);
    }
}

static void replace(char **at, const char *text)
{
    mem_free(*at);
    *at = mem_dup(text ? text : "");
}

static void on_run(void *arg, const struct engine_run_info *i)
{
    struct test_record *r = arg;
    struct run *run = run_of(r, i);
    if (i->state == RUN_RUNNING)
        run->attempts++;
    run->state = i->state;
    run->until_ms = i->until_ms;
    replace(&run->reason, i->reason);
    replace(&run->key, i->key);
    if (i->result.n) {
        mem_free(run->result);
        run->result = mem_dupn(i->result.p, i->result.n);
    }
    look(r);
}

static void on_step(void *arg, const struct engine_step_info *i)
{
    struct test_record *r = arg;
    struct run *run = run_of(r, i->run);
    if (i->replayed || !strcmp(i->outcome, "retry"))
        return;
    struct step *s = mem_zalloc(1, sizeof(*s));
    s->seq = i->seq;
    s->kind = mem_dup(i->kind);
    s->connection = mem_dup(i->connection);
    s->title = mem_dup(i->title);
    s->outcome = mem_dup(i->outcome);
    s->status = i->status;
    *run->last_step = s;
    run->last_step = &s->next;
}

static void on_event(void *arg, const struct engine_event_info *i)
{
    struct test_record *r = arg;
    for (struct list *n = r->events.next; n != &r->events; n = n->next)
        if (!strcmp(LIST_OF(n, struct event, node)->id, i->id)) {
            look(r);
            return;
        }
    struct event *ev = mem_zalloc(1, sizeof(*ev));
    ev->id = mem_dup(i->id);
    ev->runs = i->runs;
    list_append(&r->events, &ev->node);
    look(r);
}

void test_record_follow(struct test_record *r, struct engine *e)
{
    struct engine_observer o = {.event = on_event, .run = on_run, .step = on_step, .arg = r};
    r->engine = e;
    engine_observe(e, &o);
}

static void put_step(struct buf *b, const struct step *s)
{
    struct str path;
    struct str method = str_cut(str_of(s->title), ' ', &path);
    bool http = path.p != NULL;
    buf_addf(b, "{\"seq\":%u,\"op\":", s->seq);
    json_put_cstring(b, http ? "http" : s->kind);
    buf_adds(b, ",\"connection\":");
    json_put_cstring(b, s->connection);
    if (http) {
        buf_adds(b, ",\"method\":");
        json_put_string(b, method);
        buf_adds(b, ",\"path\":");
        json_put_string(b, path);
    }
    buf_addf(b, ",\"write\":%s", strcmp(s->kind, "write") ? "false" : "true");
    if (s->status)
        buf_addf(b, ",\"status\":%d", s->status);
    const char *outcome = !strcmp(s->outcome, "done")    ? "answered"
                          : !strcmp(s->outcome, "error") ? "failed"
                                                         : s->outcome;
    buf_addf(b, ",\"outcome\":\"%s\"}", outcome);
}

static void put_text_or_null(struct buf *b, const char *key, const char *text)
{
    buf_addf(b, ",\"%s\":", key);
    json_put_cstring(b, text && *text ? text : NULL);
}

static void put_run(struct buf *b, const struct run *run)
{
    buf_adds(b, "{\"run\":");
    json_put_cstring(b, run->id);
    buf_adds(b, ",\"event\":");
    json_put_cstring(b, run->event);
    buf_adds(b, ",\"rule\":");
    json_put_cstring(b, run->rule);
    buf_addf(b, ",\"state\":\"%s\",\"attempts\":%d", run_state_name(run->state), run->attempts);
    put_text_or_null(b, "reason", run->reason);
    put_text_or_null(b, "key", run->key);
    buf_adds(b, ",\"result\":");
    buf_adds(b, run->result ? run->result : "null");
    buf_adds(b, ",\"steps\":[");
    for (const struct step *s = run->steps; s; s = s->next) {
        put_step(b, s);
        if (s->next)
            buf_addc(b, ',');
    }
    buf_adds(b, "]}");
}

void test_record_write(const struct test_record *r, struct buf *b, const char *event)
{
    bool first = true;
    buf_adds(b, "\"runs\":[");
    for (const struct list *n = r->runs.next; n != &r->runs; n = n->next) {
        const struct run *run = LIST_OF(n, const struct run, node);
        if (event && strcmp(run->event, event))
            continue;
        if (!first)
            buf_addc(b, ',');
        first = false;
        put_run(b, run);
    }
    buf_addc(b, ']');
}

static struct waiting *waiting_new(struct test_record *r, const char *event, loop_fn fn, void *arg)
{
    struct waiting *w = mem_zalloc(1, sizeof(*w));
    w->record = r;
    w->event = mem_dup(event);
    w->fn = fn;
    w->arg = arg;
    list_append(&r->waits, &w->node);
    return w;
}

void test_record_wait(struct test_record *r, const char *event, loop_fn fn, void *arg)
{
    waiting_new(r, event, fn, arg);
    look(r);
}

static void on_look(void *arg)
{
    struct waiting *w = arg;
    if (clock_mono_ms() < w->until_ms && !settled(w->record, NULL)) {
        loop_timer_arm(w->timer, LOOK_MS);
        return;
    }
    loop_post(w->record->loop, w->fn, w->arg);
    waiting_free(w);
}

void test_record_wait_all(struct test_record *r, int64_t ms, loop_fn fn, void *arg)
{
    struct waiting *w = waiting_new(r, NULL, fn, arg);
    w->until_ms = clock_mono_ms() + ms;
    w->timer = loop_timer_new(r->loop, on_look, w);
    loop_timer_arm(w->timer, 0);
}

void test_record_acted(
    struct test_record *r, const char *run, enum run_state state, const char *reason)
{
    struct run *found = by_id(r, run);
    if (!found)
        return;
    found->state = state;
    replace(&found->reason, reason);
}

void test_record_wait_run(struct test_record *r, const char *run, loop_fn fn, void *arg)
{
    struct run *found = by_id(r, run);
    waiting_new(r, found ? found->event : "", fn, arg);
    look(r);
}

void test_record_write_run(const struct test_record *r, struct buf *b, const char *run)
{
    const struct run *found = by_id(r, run);
    if (found)
        put_run(b, found);
    else
        buf_adds(b, "null");
}
