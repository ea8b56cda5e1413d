#include "engine.h"

#include <sodium.h>
#include <string.h>
#include "act_key.h"
#include "alert.h"
#include "channel.h"
#include "clock.h"
#include "company.h"
#include "connect.h"
#include "log.h"
#include "mem.h"
#include "step.h"

#define DRAIN_LOOK_MS 20

void engine_settings_defaults(struct engine_settings *s)
{
    *s = (struct engine_settings){
        .settle_ms = -1,
        .looks = {.n = -1},
        .search_first_ms = 86400000,
        .retry_base_ms = 500,
        .retry_cap_ms = 300000,
        .retry_attempts = 100,
        .retry_after_cap_ms = 3600000,
        .step_deadline_ms = 14400000,
        .run_deadline_ms = 86400000,
        .inline_wait_ms = 1000,
        .http_timeout_ms = 20000,
        .max_answer = (size_t)16 << 20,
        .kept_answers = (size_t)4 << 20,
        .max_file = (size_t)20 << 20,
        .max_steps = 2000,
        .max_sent = (size_t)64 << 20,
        .max_events = 1000,
        .max_backlog = 1000000,
        .keep_refused = 200,
        .keep_refused_body = (size_t)64 << 10,
        .max_running = 256,
        .max_running_company = 128,
        .concurrency = 16,
        .breaker_failures = 10,
        .breaker_ms = 5000,
        .log_again_ms = 60000,
        .connection_down_ms = 600000,
        .signature_window_ms = 300000,
        .grant_renew_ms = 20 * 3600000LL,
        .match_memory = (size_t)1 << 30,
        .match_fresh_ms = 60000,
        .match_whole_ms = 7 * 86400000LL,
        .match_wait_ms = 5000,
        .store_retry_ms = 5000,
    };
}

struct engine *engine_new(const struct engine_parts *p, const struct engine_settings *s)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    e->parts = *p;
    e->set = *s;
    e->companies = map_new();
    e->overrides = map_new();
    e->random = s->seed;
    if (!e->random)
        randombytes_buf(&e->random, sizeof e->random);
    list_init(&e->turn);
    list_init(&e->asking);
    list_init(&e->urgent);
    list_init(&e->events);
    list_init(&e->feeds);
    list_init(&e->connects);
    list_init(&e->reads);
    list_init(&e->shifts);
    e->by_id = map_new();
    alerts_init(e);
    return e;
}

/* ---- lives ---- */

static void release(struct engine *e)
{
    mem_free(e->observers);
    mem_free(e);
}

void engine_hold(struct engine *e)
{
    e->held++;
}

bool engine_held_back(struct engine *e)
{
    bool dead = e->dead;
    if (--e->held == 0 && dead)
        release(e);
    return !dead;
}

void engine_free(struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (!e)
        return;
    e->dead = true;
    connect_free_all(e);
    act_key_drop_all(e);
    while (!list_empty(&e->events))
        incoming_discard(LIST_OF(e->events.next, struct incoming, node));
    while (map_next(e->companies, &at, &key, &value))
        company_free(value);
    for (at = 0; map_next(e->overrides, &at, &key, &value);)
        mem_free(value);
    map_free(e->companies);
    map_free(e->overrides);
    map_free(e->by_id);
    if (e->due_timer)
        loop_timer_free(e->due_timer);
    if (e->retry)
        loop_timer_free(e->retry);
    keeper_free(e);
    alerts_free(e);
    if (e->drain_timer)
        loop_timer_free(e->drain_timer);
    e->retry = e->drain_timer = NULL;
    if (e->held == 0)
        release(e);
}

/* splitmix64: small, and the same on every machine for a given seed. */
uint32_t engine_random(struct engine *e)
{
    uint64_t z = (e->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int64_t engine_since_restored(const struct engine *e)
{
    if (!store_restored_ms(e->parts.store))
        return INT64_MAX;
    return store_restored_for_ms(e->parts.store) + clock_mono_ms() - e->started_mono_ms;
}

void engine_start(struct engine *e)
{
    if (e->started)
        return;
    e->started = true;
    e->started_wall_ms = clock_wall_ms();
    e->started_mono_ms = clock_mono_ms();
    keeper_start(e); /* before anything is read that waits for a time */
    clock_boot(e->boot);
    backlog_begin(e);
    schedule_pump(e);
}

bool engine_idle(const struct engine *e)
{
    return e->held == 0 && e->active == 0;
}

bool engine_ready(const struct engine *e)
{
    return e->started && !e->draining && !store_full(e->parts.store);
}

static void store_again(void *arg)
{
    struct engine *e = arg;
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(e->companies, &at, &key, &value)) {
        struct company *c = value;
        publish_again(c);
        if (c->current)
            events_company_ready(c);
        keys_ask_again(c);
        backlog_pump(c);
    }
    if (!e->backlog_known)
        backlog_begin(e);
}

void engine_retry_soon(struct engine *e)
{
    if (!e->retry)
        e->retry = loop_timer_new(e->parts.loop, store_again, e);
    loop_timer_arm(e->retry, e->set.store_retry_ms);
}

/* ---- the end ---- */

static bool outside(const struct engine *e)
{
    for (struct list *n = e->events.next; n != &e->events; n = n->next) {
        struct incoming *ev = LIST_OF(n, struct incoming, node);
        for (struct list *m = ev->runs.next; m != &ev->runs; m = m->next) {
            const struct step *s = LIST_OF(m, struct run, event_node)->step;
            if (s && s->phase == STEP_SENT)
                return true;
        }
    }
    return false;
}

static bool renewing(const struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *company, *channel;
    while (map_next(e->companies, &at, &key, &company)) {
        size_t of = 0;
        while (map_next(((struct company *)company)->channels, &of, &key, &channel))
            if (grant_under_way(channel))
                return true;
    }
    return false;
}

static void look_drained(void *arg)
{
    struct engine *e = arg;
    bool late = clock_mono_ms() >= e->drain_until_ms;
    if (!late && (outside(e) || renewing(e) || store_pending(e->parts.store) > 0)) {
        loop_timer_arm(e->drain_timer, DRAIN_LOOK_MS);
        return;
    }
    if (e->drain_done)
        e->drain_done(e->drain_arg);
    e->drain_done = NULL;
}

void engine_drain(struct engine *e, int64_t deadline_ms, loop_fn done, void *arg)
{
    e->draining = true;
    e->drain_until_ms = clock_mono_ms() + deadline_ms;
    e->drain_done = done;
    e->drain_arg = arg;
    if (!e->drain_timer)
        e->drain_timer = loop_timer_new(e->parts.loop, look_drained, e);
    loop_timer_arm(e->drain_timer, 0);
}

/* ---- what is asked about companies ---- */

const char *engine_version(const struct engine *e, const char *company)
{
    const struct company *c = map_get(e->companies, str_of(company));
    return c && c->current ? c->current->name : NULL;
}

int64_t engine_version_since(const struct engine *e, const char *company)
{
    const struct company *c = map_get(e->companies, str_of(company));
    return c ? c->last_ms : 0;
}

const struct manifest *engine_manifest(const struct engine *e, const char *company)
{
    const struct company *c = map_get(e->companies, str_of(company));
    return c && c->current ? c->current->manifest : NULL;
}

bool engine_button(struct engine *e, const char *company, const char *connection, struct str token)
{
    const struct company *c = map_get(e->companies, str_of(company));
    const struct version *v = c ? c->current : NULL;
    return credentials_button(v, v ? manifest_connection(v->manifest, connection) : NULL, token);
}

bool engine_awaits_disk(const struct engine *e, const char *company)
{
    const struct company *c = map_get(e->companies, str_of(company));
    return c && c->refused;
}

const char *engine_load_error(const struct engine *e, const char *company)
{
    const struct company *c = map_get(e->companies, str_of(company));
    return c ? c->load_error : NULL;
}

int engine_companies(const struct engine *e, const char **names, int max)
{
    size_t at = 0;
    struct str key;
    void *value;
    int n = 0, total = 0;
    while (map_next(e->companies, &at, &key, &value)) {
        const char *name = ((struct company *)value)->name;
        total++;
        if (n == max)
            continue;
        int i = n++;
        for (; i > 0 && strcmp(names[i - 1], name) > 0; i--)
            names[i] = names[i - 1];
        names[i] = name;
    }
    return total;
}

struct missing {
    struct engine *engine;
    const char *company;
    void (*fn)(void *arg, bool env, const char *name, const char *where);
    void *arg;
    int n;
};

static void look_up(void *arg, bool env, const char *name, const char *where)
{
    struct missing *m = arg;
    const struct resolver *r = m->engine->parts.resolver;
    char *value = NULL;
    int got = (env ? r->env : r->secret)(r->arg, m->company, name, &value, NULL);
    if (got > 0) {
        resolver_wipe(value);
        return;
    }
    m->n++;
    if (m->fn)
        m->fn(m->arg, env, name, where);
}

int engine_missing(struct engine *e, const char *company,
    void (*fn)(void *arg, bool env, const char *name, const char *where), void *arg)
{
    struct missing m = {e, company, fn, arg, 0};
    const struct manifest *manifest = engine_manifest(e, company);
    if (manifest)
        manifest_each_name(manifest, look_up, &m);
    return m.n;
}

static void forget_credentials(struct engine *e)
{
    size_t at = 0, k;
    struct str key;
    void *value, *channel;
    while (map_next(e->companies, &at, &key, &value))
        for (k = 0; map_next(((struct company *)value)->channels, &k, &key, &channel);)
            credentials_forget(channel);
}

void engine_override_url(struct engine *e, const char *kind_or_name, const char *url)
{
    char *old = url ? map_set(e->overrides, str_of(kind_or_name), mem_dup(url))
                    : map_remove(e->overrides, str_of(kind_or_name));
    mem_free(old);
    forget_credentials(e);
}
