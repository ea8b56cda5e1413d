/* Silence: a connection or a rule says how often something is to be expected of it, and nothing
 * came for longer. The time is measured by the monotonic clock; over restarts by what the store
 * knows. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "store_expected.h"

#define KIND     "silence"
#define RETRY_MS 5000

struct watch {
    const char *kind, *name; /* of the version's manifest */
    int64_t every_ms;
    int64_t last_ms;  /* wall clock; 0: not known yet */
    int64_t heard_ms; /* monotonic */
    int64_t told_ms;  /* monotonic, when the alert was raised last; 0: it is not */
    char event[64];
};

struct silence {
    struct version *version;
    struct watch *v;
    int n;
    uint64_t generation;
    enum { ASK, ASKED, KNOWN } state;
    int64_t retry_ms;
};

static void about(const struct watch *w, char out[300])
{
    snprintf(out, 300, "%s %s", w->kind, w->name);
}

void silence_free(struct company *c)
{
    struct silence *s = c->silence;
    if (!s)
        return;
    c->silence = NULL;
    if (!c->engine->dead)
        version_release(s->version);
    mem_free(s->v);
    mem_free(s);
}

static void add_watch(struct silence *s, const char *kind, const char *name, int64_t every_ms)
{
    if (!every_ms)
        return;
    s->v = mem_realloc(s->v, (size_t)(s->n + 1) * sizeof *s->v);
    s->v[s->n++] = (struct watch){.kind = kind, .name = name, .every_ms = every_ms};
}

static struct watch *find(struct silence *s, const char *kind, const char *name)
{
    for (int i = 0; s && i < s->n; i++)
        if (strcmp(s->v[i].kind, kind) == 0 && strcmp(s->v[i].name, name) == 0)
            return &s->v[i];
    return NULL;
}

void silence_renew(struct company *c)
{
    const struct manifest *m = c->current->manifest;
    struct silence *s = mem_zalloc(1, sizeof *s), *old = c->silence;
    char thing[300];
    s->version = version_hold(c->current);
    s->generation = ++c->engine->generation;
    for (int i = 0; i < m->nconnections; i++)
        add_watch(s, "connection", m->connections[i].name, m->connections[i].expected_ms);
    for (int i = 0; i < m->nrules; i++)
        add_watch(s, "rule", m->rules[i].name, m->rules[i].expected_ms);
    for (int i = 0; old && i < old->n; i++)
        if (!find(s, old->v[i].kind, old->v[i].name)) {
            about(&old->v[i], thing);
            alert_clear(c->engine, c->name, KIND, thing);
        }
    silence_free(c);
    c->silence = s;
    keeper_soon(c->engine);
}

/* ---- what the store knows ---- */

struct asked {
    struct company *company;
    struct engine *engine;
    uint64_t generation;
};

static void learn(struct company *c, struct watch *w, const struct store_expected *x)
{
    int64_t now = clock_wall_ms(), mono = clock_mono_ms(), ago = now - x->last_ms;
    char thing[300];
    if (w->last_ms)
        return; /* it was heard of meanwhile */
    /* Of a clock that was set back nobody knows how long it is ago. */
    if (ago < 0)
        ago = 0;
    w->last_ms = x->last_ms;
    w->heard_ms = mono - ago;
    snprintf(w->event, sizeof w->event, "%s", x->event);
    about(w, thing);
    if (ago < w->every_ms)
        alert_clear(c->engine, c->name, KIND, thing);
}

static void on_known(void *arg, const struct store_expected *v, const struct err *err)
{
    struct asked a = *(struct asked *)arg;
    mem_free(arg);
    if (!engine_held_back(a.engine))
        return;
    struct silence *s = a.company->silence;
    if (!s || s->generation != a.generation)
        return;
    s->state = err ? ASK : KNOWN;
    s->retry_ms = clock_mono_ms() + RETRY_MS;
    if (err)
        log_event(LOG_ERROR, "what is expected was not read", "company", a.company->name, "error",
            err->text, NULL);
    for (int i = 0; !err && i < s->n; i++)
        learn(a.company, &s->v[i], &v[i]);
    keeper_soon(a.engine);
}

static void ask(struct company *c)
{
    struct silence *s = c->silence;
    struct asked *a = mem_alloc(sizeof *a);
    struct store_expected *v = mem_zalloc((size_t)s->n, sizeof *v);
    for (int i = 0; i < s->n; i++)
        v[i] = (struct store_expected){s->v[i].kind, s->v[i].name, clock_wall_ms(), ""};
    *a = (struct asked){c, c->engine, s->generation};
    s->state = ASKED;
    engine_hold(c->engine);
    store_sync_expected(c->engine->parts.store, c->name, v, s->n, on_known, a);
    mem_free(v);
}

/* ---- watching ---- */

void silence_heard(struct company *c, const char *kind, const char *name, const struct incoming *ev)
{
    struct watch *w = find(c->silence, kind, name);
    char thing[300];
    if (!w || !c->engine->set.schedules || ev->received_ms < w->last_ms)
        return;
    struct store_expected x = {kind, name, ev->received_ms, ev->id};
    w->last_ms = ev->received_ms;
    w->heard_ms = clock_mono_ms();
    snprintf(w->event, sizeof w->event, "%s", ev->id);
    store_heard(c->engine->parts.store, c->name, &x);
    if (!w->told_ms)
        return;
    w->told_ms = 0;
    about(w, thing);
    alert_clear(c->engine, c->name, KIND, thing);
}

static void tell(struct company *c, struct watch *w, int64_t mono)
{
    char thing[300], since[CLOCK_TEXT];
    bool rule = strcmp(w->kind, "rule") == 0;
    about(w, thing);
    clock_format(w->last_ms, since);
    w->told_ms = mono;
    alert_raise(c->engine, c->name, KIND, thing,
        "nothing came for %s \"%s\" since %s (%s%s), and something is expected every %lld s: see "
        "whether %s; it closes by itself when the next event comes",
        w->kind, w->name, since, w->event[0] ? "event " : "when it was first expected", w->event,
        (long long)(w->every_ms / 1000),
        rule ? "what it waits for still happens, and its sender still sends"
             : "its sender still works and sends to this host");
}

int64_t silence_look(struct company *c, int64_t now)
{
    struct silence *s = c->silence;
    int64_t next = INT64_MAX, mono = clock_mono_ms();
    if (!s || s->n == 0 || !c->engine->set.schedules)
        return next;
    if (s->state == ASK && mono >= s->retry_ms)
        ask(c);
    for (int i = 0; i < s->n && s->state == KNOWN; i++) {
        struct watch *w = &s->v[i];
        int64_t due = (w->told_ms ? w->told_ms : w->heard_ms) + w->every_ms;
        if (due <= mono) {
            tell(c, w, mono);
            due = mono + w->every_ms;
        }
        if (now + (due - mono) < next)
            next = now + (due - mono);
    }
    return next;
}
