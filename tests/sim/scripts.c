/* scripts.h: two script processes that answer after a moment, load contexts, and die. */
#include <stdio.h>
#include <string.h>
#include "rules.h"

#define WORKERS 2

struct context {
    struct context *next;
    const char *name, *company;
    int version, worker;
    bool loaded, gone;
    scripts_loaded_fn fn;
    void *arg;
};

static struct {
    struct context *contexts;
    struct script_call calls; /* head of the ring */
    bool down[WORKERS];
} scripts;

void scripts_begin(void)
{
    memset(&scripts, 0, sizeof scripts);
    scripts.calls.next = scripts.calls.prev = &scripts.calls;
}

static int64_t thinking_us(void)
{
    if (dice_hit(&sim->of_scripts, 5))
        return dice_between(&sim->of_scripts, 20000, 900000);
    return dice_between(&sim->of_scripts, 10, 600);
}

static int worker_of(const char *company)
{
    return company[strlen(company) - 1] % WORKERS;
}

/* ---- contexts ---- */

static void load(void *arg)
{
    struct context *x = arg;
    if (x->gone)
        return;
    if (scripts.down[x->worker]) {
        machine_after_us(20000, load, x);
        return;
    }
    x->loaded = true;
    struct err e = {ERR_SCRIPT, "company.lua:1: it does not load"};
    if (host_load_broken(x->company, x->version))
        x->fn(x->arg, STR_NONE, &e);
    else
        x->fn(x->arg, str_of(rules_manifest(x->company, x->version)), NULL);
}

void scripts_load(struct scripts *s, const char *context, enum script_mode mode, const char *module,
    const char *system_hash, struct str bundle, struct str options, scripts_loaded_fn fn, void *arg)
{
    struct context *x = arena_zalloc(sizeof *x);
    size_t n = strcspn(context, "@");
    x->name = arena_text(context);
    x->company = arena_bytes((struct str){context, n}).p;
    sscanf(rules_member(bundle, "version"), "%d", &x->version);
    x->worker = worker_of(x->company);
    x->fn = fn;
    x->arg = arg;
    x->next = scripts.contexts;
    scripts.contexts = x;
    sim->contexts++;
    machine_after_us(dice_between(&sim->of_scripts, 300, 30000), load, x);
}

void scripts_add_system(struct scripts *s, const char *hash, struct str bundle)
{
}

void scripts_unload(struct scripts *s, const char *context)
{
    for (struct context *x = scripts.contexts; x; x = x->next)
        if (!x->gone && strcmp(x->name, context) == 0) {
            x->gone = true;
            sim->contexts--;
        }
}

static const struct context *find(const char *name)
{
    for (const struct context *x = scripts.contexts; x; x = x->next)
        if (!x->gone && strcmp(x->name, name) == 0)
            return x;
    sim_fail("a call in %s, which is not loaded", name);
}

/* ---- calls ---- */

static void leave(struct script_call *c)
{
    if (c->gone)
        return;
    c->gone = true;
    c->next->prev = c->prev;
    c->prev->next = c->next;
    sim->calls--;
}

static void go_on(void *arg)
{
    struct script_call *c = arg;
    if (c->gone)
        return;
    if (scripts.down[c->worker]) { /* not sent yet: it waits for the process */
        machine_after_us(5000, go_on, c);
        return;
    }
    c->started = true;
    rules_go_on(c);
}

static void go_on_soon(struct script_call *c)
{
    machine_after_us(thinking_us(), go_on, c);
}

struct script_call *scripts_call(struct scripts *s, const char *context, const char *function,
    struct str arguments, struct str body, const struct script_handlers *h)
{
    const struct context *x = find(context);
    struct script_call *c = arena_zalloc(sizeof *c);
    if (!x->loaded)
        sim_fail("a call in %s before it is loaded", context);
    c->h = *h;
    c->worker = x->worker;
    c->version = x->version;
    c->company = x->company;
    c->function = arena_text(function);
    c->arguments = arena_bytes(arguments);
    c->body = arena_bytes(body);
    c->run = rules_member(c->arguments, "run");
    c->rule = rules_member(c->arguments, "rule");
    c->next = &scripts.calls;
    c->prev = scripts.calls.prev;
    c->prev->next = c->next->prev = c;
    sim->calls++;
    sim_note(c->rule[0] ? (uint64_t)c->rule[0] : 7);
    TRACE("%s: %s %s", c->run[0] ? c->run : c->company, function, c->rule);
    go_on_soon(c);
    return c;
}

void scripts_answer(struct script_call *c, uint32_t seq, struct str meta, struct str body)
{
    if (!c || c->gone)
        sim_fail("an answer to a call that is over");
    if (!c->asked || seq != c->seq)
        sim_fail("%s: an answer to step %u, which it did not ask", c->run, seq);
    c->asked = false;
    c->meta = arena_bytes(meta);
    c->answer = arena_bytes(body);
    TRACE("%s: step %u answered %.*s", c->run, seq, STR_ARG(meta));
    go_on_soon(c);
}

void scripts_drop(struct script_call *c)
{
    if (c)
        leave(c);
}

void call_step(struct script_call *c, const char *spec, const char *body)
{
    c->asked = true;
    c->seq++;
    TRACE("%s: step %u asks %s", c->run, c->seq, spec);
    sim_note(c->seq);
    c->h.step(c->h.arg, c->seq, str_of(spec), str_of(body));
}

static void end(struct script_call *c, enum script_outcome o, const char *json, bool guilty)
{
    TRACE("%s: ends %d %s", c->run, (int)o, json);
    sim_note((uint64_t)o + 50);
    leave(c);
    c->h.end(c->h.arg, o, str_of(json), STR_LIT(""), guilty);
}

void call_end(struct script_call *c, enum script_outcome o, const char *json)
{
    end(c, o, json, false);
}

/* ---- deaths of script processes ---- */

static void up_again(void *arg)
{
    *(bool *)arg = false;
}

void scripts_death(bool guilty)
{
    int w = (int)dice_below(&sim->of_scripts, WORKERS);
    if (scripts.down[w])
        return;
    TRACE("script process %d dies", w);
    scripts.down[w] = true;
    machine_after_us(dice_between(&sim->of_scripts, 5000, 1500000), up_again, &scripts.down[w]);
    for (;;) { /* each end may start and drop others */
        struct script_call *c = scripts.calls.next;
        while (c != &scripts.calls && (c->worker != w || !c->started))
            c = c->next;
        if (c == &scripts.calls)
            return;
        bool blamed = guilty && !c->asked;
        guilty &= !blamed;
        end(c, SCRIPT_LOST, "", blamed);
    }
}

void scripts_kill(struct scripts *s, const char *context)
{
    sim_fail("the process of %s is to die", context);
}

void scripts_host_died(void)
{
    if (sim->calls || sim->contexts)
        sim_fail(
            "leak: %d calls and %d contexts are left of a dead host", sim->calls, sim->contexts);
    memset(scripts.down, 0, sizeof scripts.down);
}
