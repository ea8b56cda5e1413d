/* One script process: its start, what it says, its watchdog, its death. It is not trusted: what
 * does not fit the protocol ends it, and what it was doing is done again elsewhere. */
#include "scripts_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "json.h"
#include "log.h"
#include "mem.h"

#define RESTART_MAX_MS    5000
#define RESTART_STRUCK_MS 200 /* the most after a death that was not its own */
#define STRUCK_MAX        4
#define HEALTHY_MS        5000 /* a process that lived this long did not die of its start */
#define LOG_LINE_MAX      8192

/* ---- what it says ---- */

static void on_loaded(struct script_worker *w, const struct wire_msg *m)
{
    struct script_context *c = scripts_find_load(w, m->id);
    if (!c)
        return; /* unloaded meanwhile */
    struct err e = {0};
    if (m->nparts != 2) {
        script_worker_condemn(w, "malformed LOADED message");
    } else if (!str_is(m->part[0], "ok")) {
        err_set(
            &e, ERR_SCRIPT, "%.*s", (int)(m->part[1].n < 1000 ? m->part[1].n : 1000), m->part[1].p);
        scripts_context_loaded(c, STR_NONE, &e);
    } else if (json_check(m->part[1], &e) < 0) {
        err_prefix(&e, "manifest of %s", c->name);
        scripts_context_loaded(c, STR_NONE, &e);
    } else {
        scripts_context_loaded(c, m->part[1], NULL);
    }
}

static void on_step(struct script_worker *w, struct script_call *c, const struct wire_msg *m)
{
    if (m->nparts != 2 || c->asked || m->seq != c->seq + 1) {
        script_worker_condemn(w, "malformed STEP message");
        return;
    }
    c->seq = m->seq;
    c->asked = true;
    c->h.step(c->h.arg, m->seq, m->part[0], m->part[1]);
}

static void on_log(struct script_worker *w, struct script_call *c, const struct wire_msg *m)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    if (m->nparts != 2) {
        script_worker_condemn(w, "malformed LOG message");
        return;
    }
    const char *level = "info";
    for (int i = 0; i < 4; i++)
        if (str_is(m->part[0], levels[i]))
            level = levels[i];
    struct str text = m->part[1];
    if (text.n > LOG_LINE_MAX)
        text.n = LOG_LINE_MAX;
    if (c->h.log)
        c->h.log(c->h.arg, level, text);
}

static void on_end(struct script_worker *w, struct script_call *c, const struct wire_msg *m)
{
    static const struct {
        const char *word;
        enum script_outcome outcome;
    } outcomes[] = {{"returned", SCRIPT_RETURNED}, {"error", SCRIPT_ERROR},
        {"attention", SCRIPT_ATTENTION}, {"skip", SCRIPT_SKIP}, {"limit", SCRIPT_LIMIT}};
    size_t n = sizeof outcomes / sizeof outcomes[0], i = 0;
    while (m->nparts >= 2 && i < n && !str_is(m->part[0], outcomes[i].word))
        i++;
    /* A call that waits for an answer is not being run, so it cannot end. */
    if (m->nparts < 2 || i == n || c->asked || json_check(m->part[1], NULL) < 0) {
        script_worker_condemn(w, "malformed END message");
        return;
    }
    scripts_end_call(
        c, outcomes[i].outcome, m->part[1], m->nparts > 2 ? m->part[2] : STR_LIT(""), false);
}

static void on_message(void *arg, const struct wire_msg *m)
{
    struct script_worker *w = arg;
    if (w->condemned)
        return;
    if (m->type == WIRE_LOADED) {
        on_loaded(w, m);
        return;
    }
    struct script_call *c = scripts_find_call(w->s, m->id);
    if (!c && m->id && m->id <= w->s->last_id)
        return; /* dropped meanwhile */
    if (!c || c->worker != w)
        script_worker_condemn(w, "message for a call that was never made");
    else if (m->type == WIRE_STEP)
        on_step(w, c, m);
    else if (m->type == WIRE_LOG)
        on_log(w, c, m);
    else if (m->type == WIRE_END)
        on_end(w, c, m);
    else
        script_worker_condemn(w, "unknown type of message");
}

/* ---- start and death ---- */

struct script_worker *script_worker_new(struct scripts *s, const char *name)
{
    struct script_worker *w = mem_zalloc(1, sizeof *w);
    w->s = s;
    w->name = mem_dup(name);
    w->systems = map_new();
    list_init(&w->contexts);
    list_init(&w->calls);
    list_append(&s->workers, &w->node);
    return w;
}

void script_worker_free(struct script_worker *w)
{
    list_remove(&w->node);
    map_free(w->systems);
    mem_free(w->name);
    mem_free(w);
}

static void send_system(struct script_worker *w, const char *hash)
{
    for (struct list *n = w->s->systems.next; n != &w->s->systems; n = n->next) {
        struct script_system *y = LIST_OF(n, struct script_system, node);
        if (strcmp(y->hash, hash) != 0 || map_get(w->systems, str_of(hash)))
            continue;
        map_set(w->systems, str_of(hash), w);
        struct wire_msg m = {
            .type = WIRE_SYSTEM, .nparts = 2, .part = {str_of(y->hash), {y->bundle, y->n}}};
        child_send(w->child, &m);
    }
}

void script_worker_load(struct script_worker *w, struct script_context *c)
{
    c->state = CONTEXT_LOADING;
    c->load_id = ++w->s->last_id;
    if (!w->child || w->condemned)
        return; /* loaded at its next start */
    send_system(w, c->system_hash);
    struct wire_msg m = {.type = WIRE_LOAD,
        .id = c->load_id,
        .nparts = 6,
        .part = {str_of(c->name), str_of(c->mode == SCRIPT_COMPANY ? "company" : "single"),
            str_of(c->module), str_of(c->system_hash), {c->bundle, c->nbundle},
            {c->options, c->noptions}}};
    child_send(w->child, &m);
}

void script_worker_send(struct script_worker *w, struct script_call *c)
{
    if (!w->child || w->condemned || c->sent)
        return;
    struct script_context *known = map_get(w->s->contexts, str_of(c->context));
    if (known && known->worker == w && known->state == CONTEXT_AWAY)
        script_worker_load(w, known);
    struct wire_msg m = {.type = WIRE_CALL,
        .id = c->id,
        .nparts = 4,
        .part = {str_of(c->context), str_of(c->function), {c->arguments, c->narguments},
            {c->body, c->nbody}}};
    child_send(w->child, &m);
    c->sent = true;
    mem_free(c->function);
    mem_free(c->arguments);
    mem_free(c->body);
    c->function = c->arguments = c->body = NULL;
}

/* A context that twice killed its process while being loaded is not tried again: it would do it
 * each time, and take the other companies of the process along. One that has been loaded before is
 * not to blame: its sources are the same, so somebody else ended the process. */
static void blame_loads(struct script_worker *w, uint64_t current, const char *how)
{
    struct script_context *c = scripts_find_load(w, current);
    struct err e = {0};
    if (!c || c->proven || ++c->kills < 2)
        return;
    err_set(
        &e, ERR_SCRIPT, "company.lua or a module it requires ended the script process (%s)", how);
    scripts_context_loaded(c, STR_NONE, &e);
}

/* The call or load that a process died of, or 0. Whom somebody's kill -9 met at work is not to
 * blame, unless it happens to the same company over and over: then it may be what makes the system
 * kill. */
static uint64_t culprit(struct script_worker *w, uint64_t current, bool struck)
{
    if (!struck)
        return current;
    const struct script_call *call = scripts_find_call(w->s, current);
    struct script_context *c =
        call ? map_get(w->s->contexts, str_of(call->context)) : scripts_find_load(w, current);
    return c && ++c->struck > STRUCK_MAX ? current : 0;
}

static void lose_calls(struct script_worker *w, uint64_t current)
{
    struct list lost, *node;
    list_init(&lost);
    for (struct list *n = w->calls.next, *next; n != &w->calls; n = next) {
        next = n->next;
        if (!LIST_OF(n, struct script_call, node)->sent)
            continue;
        list_remove(n);
        list_append(&lost, n);
    }
    while ((node = list_shift(&lost)) != NULL) {
        struct script_call *c = LIST_OF(node, struct script_call, node);
        scripts_end_call(c, SCRIPT_LOST, STR_LIT("{}"), STR_LIT(""), c->id == current);
    }
}

static void restart(void *arg)
{
    struct script_worker *w = arg;
    struct err e = {0};
    if (script_worker_start(w, &e) < 0)
        script_worker_start_later(w, &e);
}

void script_worker_start_later(struct script_worker *w, const struct err *e)
{
    log_event(LOG_ERROR, "script process not started", "error", e->text, NULL);
    loop_timer_arm(w->restart, RESTART_MAX_MS);
}

static void on_gone(void *arg, const char *how, uint64_t current)
{
    struct script_worker *w = arg;
    const char *why = w->verdict ? w->verdict : how;
    log_event(LOG_ERROR, "script process died", "process", w->name, "how", why, NULL);
    bool struck = !w->verdict && child_was_struck(w->child);
    current = culprit(w, current, struck);
    child_free(w->child);
    w->child = NULL;
    w->s->deaths++;
    map_free(w->systems);
    w->systems = map_new();
    bool healthy = clock_mono_ms() - w->started_ms > HEALTHY_MS;
    w->deaths = w->blameless ? 0 : healthy ? 1 : w->deaths + 1;
    w->blameless = false;
    int64_t wait = w->deaths < 3 ? 0 : (int64_t)50 << (w->deaths < 10 ? w->deaths : 10);
    int64_t most = struck ? RESTART_STRUCK_MS : RESTART_MAX_MS;
    loop_timer_arm(w->restart, wait < most ? wait : most);
    blame_loads(w, current, why);
    lose_calls(w, current);
    w->verdict = NULL;
}

int script_worker_start(struct script_worker *w, struct err *e)
{
    char command[] = "script-process";
    char *self = mem_dup(child_self());
    char *argv[] = {self, command, NULL};
    /* Lua frees and allocates the same small sizes over and over: glibc's own cache holds 7 of
     * each. (Large pages, hugetlb=1, take a tenth off a script's time, but where memory is in
     * pieces the kernel takes 3 ms to make one, and all wait for that: 64 states began 40 ms
     * later.) */
    char quick_malloc[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=500";
    char *env[] = {quick_malloc, NULL, NULL};
    /* An operator's choice, for valgrind and the like: it says so in the host's environment. */
    char no_filter[] = "SAUMA_NO_SECCOMP=1";
    const char *asked = getenv("SAUMA_NO_SECCOMP");
    if (asked && strcmp(asked, "1") == 0)
        env[1] = no_filter;
    struct child_handlers h = {on_message, on_gone, w};
    if (!w->restart)
        w->restart = loop_timer_new(w->s->loop, restart, w);
    w->condemned = false;
    w->seen_current = w->seen_beat = 0;
    w->started_ms = w->seen_ms = w->share_ms = clock_mono_ms();
    w->share_current = 0;
    w->share_cpu_ms = 0;
    bool own = w->apart || !w->s->nshared;
    w->child = child_start(w->s->loop, argv, env, own, &h, e);
    mem_free(self);
    if (!w->child)
        return -1;
    if (w->apart)
        child_step_back(w->child);
    /* Who comes first does not wait for the scripts of hundreds of others. */
    for (struct list *n = w->contexts.next; n != &w->contexts; n = n->next) {
        struct script_context *c = LIST_OF(n, struct script_context, node);
        if (c->proven && c->mode == SCRIPT_COMPANY && c->state != CONTEXT_BROKEN) {
            c->state = CONTEXT_AWAY;
            c->load_id = 0;
        } else if (c->state != CONTEXT_BROKEN) {
            script_worker_load(w, c);
        }
    }
    for (struct list *n = w->calls.next; n != &w->calls; n = n->next)
        script_worker_send(w, LIST_OF(n, struct script_call, node));
    return 0;
}

void script_worker_stop(struct script_worker *w)
{
    if (w->restart)
        loop_timer_free(w->restart);
    if (w->child)
        child_free(w->child);
    w->restart = NULL;
    w->child = NULL;
}

void script_worker_condemn(struct script_worker *w, const char *why)
{
    if (!w->child || w->condemned)
        return;
    w->condemned = true;
    w->verdict = why;
    child_kill(w->child);
}

void script_worker_end_for(struct script_worker *w, const char *why)
{
    w->blameless = true;
    script_worker_condemn(w, why);
}

/* ---- watchdog ---- */

/* The script process ends a burst by itself after burst_ms of computing; what it cannot end, a
 * pattern without end in C, is ended from here, a while later. On a busy machine a process may
 * wait long for its share; one that does not even compute gets so many times as long. */
#define STANDSTILL_TIMES 10
static int64_t patience_ms(const struct script_worker *w)
{
    return w->s->burst_ms + w->s->burst_ms / 2 + 500;
}

static bool out_of_patience(const struct script_worker *w, int64_t now)
{
    int64_t patience = patience_ms(w);
    return now - w->seen_ms > patience && (child_cpu_ms(w->child) - w->seen_cpu_ms > patience ||
                                              now - w->seen_ms > patience * STANDSTILL_TIMES);
}

/* True while the process has something that may hang. */
static bool check_burst(struct script_worker *w, int64_t now)
{
    if (!w->child || w->condemned)
        return !list_empty(&w->calls);
    const struct child_page *page = child_shared(w->child);
    uint64_t current = page->current, beat = page->beat;
    if (current != w->seen_current || beat != w->seen_beat || current == 0) {
        w->seen_current = current;
        w->seen_beat = beat;
        w->seen_ms = now;
        w->seen_cpu_ms = w->look_cpu_ms = child_cpu_ms(w->child);
        /* Twice what the host would wait: for a host that does not come to look. */
        if (w->s->burst_ms > 0 && current != 0)
            child_limit_cpu(w->child, w->seen_cpu_ms + 2 * patience_ms(w));
    } else if (w->s->burst_ms > 0 && out_of_patience(w, now)) {
        script_worker_condemn(w, "a script computed for longer than a burst may last");
    } else {
        int64_t cpu_ms = child_cpu_ms(w->child), computed_ms = cpu_ms - w->look_cpu_ms;
        w->look_cpu_ms = cpu_ms;
        scripts_apart_look(w, current, computed_ms, now);
    }
    return current != 0 || !list_empty(&w->calls);
}

static void watch(void *arg)
{
    struct scripts *s = arg;
    int64_t now = clock_mono_ms();
    bool busy = false;
    scripts_apart_share(s, now);
    for (struct list *m = s->workers.next; m != &s->workers; m = m->next) {
        struct script_worker *w = LIST_OF(m, struct script_worker, node);
        busy |= check_burst(w, now);
        for (struct list *n = w->contexts.next; n != &w->contexts && !busy; n = n->next)
            busy = LIST_OF(n, struct script_context, node)->load_id != 0;
    }
    s->watching = false;
    if (busy)
        scripts_watch(s);
}

void scripts_watch(struct scripts *s)
{
    int64_t shortest = s->burst_ms;
    if (s->share_ms > 0 && (shortest <= 0 || s->share_ms < shortest))
        shortest = s->share_ms;
    if (s->watching || shortest <= 0)
        return;
    if (!s->watchdog)
        s->watchdog = loop_timer_new(s->loop, watch, s);
    s->watching = true;
    loop_timer_arm(s->watchdog, shortest / 4 > 10 ? shortest / 4 : 10);
}
