/* scripts.h answered by C functions: a "script" is a function that is called at the beginning of a
 * call and after each answer, and says what comes next. Linked in place of the real one. */
#ifndef FAKE_SCRIPTS_H
#define FAKE_SCRIPTS_H

#include <stdio.h>
#include <string.h>
#include "list.h"
#include "loop.h"
#include "mem.h"
#include "scripts.h"

struct script_call {
    struct list node;
    uint64_t id;
    struct script_handlers h;
    uint32_t seq; /* steps asked so far */
    bool asked;
    char function[16];
    char *arguments, *body;
    char *meta, *answer; /* of the last step */
};

/* The script under test: looks at c->seq, c->meta and c->answer and calls fake_step or fake_end. */
typedef void (*fake_script)(struct script_call *c);

static struct {
    struct loop *loop;
    const char *manifest, *route;
    const char *(*route_of)(const struct script_call
            *c); /* instead of route, if set; NULL: no answer; "!": what it raises */
    fake_script run;
    struct list calls;
    bool strict; /* what a folder has does not load, but what the store has does */
    int loads, runs;
    uint64_t last_id;
} fake = {.calls = {&fake.calls, &fake.calls}};

static void fake_free(struct script_call *c)
{
    list_remove(&c->node);
    mem_free(c->arguments);
    mem_free(c->body);
    mem_free(c->meta);
    mem_free(c->answer);
    mem_free(c);
}

static struct script_call *fake_find(uint64_t id)
{
    for (struct list *n = fake.calls.next; n != &fake.calls; n = n->next)
        if (LIST_OF(n, struct script_call, node)->id == id)
            return LIST_OF(n, struct script_call, node);
    return NULL;
}

static void fake_end(struct script_call *c, enum script_outcome o, const char *json, bool guilty)
{
    struct script_handlers h = c->h;
    char *copy = mem_dup(json); /* it may be a part of the call */
    fake_free(c);
    h.end(h.arg, o, str_of(copy), STR_LIT(""), guilty);
    mem_free(copy);
}

static void fake_step(struct script_call *c, const char *spec, const char *body)
{
    c->asked = true;
    c->seq++;
    c->h.step(c->h.arg, c->seq, str_of(spec), str_of(body));
}

static void fake_go(void *arg)
{
    uint64_t id = (uint64_t)(uintptr_t)arg;
    struct script_call *c = fake_find(id);
    if (!c)
        return;
    bool route = strcmp(c->function, "route") == 0;
    const char *answer = route && fake.route_of ? fake.route_of(c) : fake.route;
    if (!route)
        fake.run(c);
    else if (answer && answer[0] == '!')
        fake_end(c, SCRIPT_ERROR, answer + 1, false);
    else if (answer)
        fake_end(c, SCRIPT_RETURNED, answer, false);
}

static void fake_later(struct script_call *c)
{
    loop_post(fake.loop, fake_go, (void *)(uintptr_t)c->id);
}

struct fake_load {
    bool wrong;
    scripts_loaded_fn fn;
    void *arg;
};

static void fake_loaded(void *arg)
{
    struct fake_load l = *(struct fake_load *)arg;
    mem_free(arg);
    fake.loads++;
    struct err err = {0};
    if (l.wrong)
        err_set(&err, ERR_SCRIPT, "company.lua:1: what was no mistake is one");
    l.fn(l.arg, str_of(fake.manifest), l.wrong ? &err : NULL);
}

void scripts_load(struct scripts *s, const char *context, enum script_mode mode, const char *module,
    const char *system_hash, struct str bundle, struct str options, scripts_loaded_fn fn, void *arg)
{
    struct fake_load *l = mem_alloc(sizeof *l);
    *l = (struct fake_load){
        fake.strict && !memmem(options.p, options.n, "\"recorded\":true", 15), fn, arg};
    loop_post(fake.loop, fake_loaded, l);
}

void scripts_add_system(struct scripts *s, const char *hash, struct str bundle)
{
}

void scripts_unload(struct scripts *s, const char *context)
{
}

struct script_call *scripts_call(struct scripts *s, const char *context, const char *function,
    struct str arguments, struct str body, const struct script_handlers *h)
{
    struct script_call *c = mem_zalloc(1, sizeof *c);
    c->id = ++fake.last_id;
    c->h = *h;
    snprintf(c->function, sizeof c->function, "%s", function);
    c->arguments = mem_dupn(arguments.p, arguments.n);
    c->body = mem_dupn(body.p, body.n);
    list_append(&fake.calls, &c->node);
    fake.runs += strcmp(function, "run") == 0;
    fake_later(c);
    return c;
}

void scripts_answer(struct script_call *c, uint32_t seq, struct str meta, struct str body)
{
    if (!c->asked || seq != c->seq)
        fail_msg("answer to step %u, which nobody asked", seq);
    c->asked = false;
    mem_free(c->meta);
    mem_free(c->answer);
    c->meta = mem_dupn(meta.p, meta.n);
    c->answer = mem_dupn(body.p, body.n);
    fake_later(c);
}

void scripts_drop(struct script_call *c)
{
    if (c)
        fake_free(c);
}

/* Asked for by a fault that these tests do not set: they lose calls by themselves. */
void scripts_kill(struct scripts *s, const char *context)
{
    fail_msg("the process of %s is to die", context);
}

#endif
