#include "machine.h"
#include "manifest.h"
#include "mem.h"
#include "redact.h"

void engine_observe(struct engine *e, const struct engine_observer *o)
{
    e->observers = mem_realloc(e->observers, (size_t)(e->nobservers + 1) * sizeof *o);
    e->observers[e->nobservers++] = *o;
}

void run_info(const struct run *r, struct engine_run_info *i)
{
    *i = (struct engine_run_info){
        .id = r->id,
        .event = r->event->id,
        .company = r->company->name,
        .connection = r->event->connection,
        .rule = r->rule,
        .version = r->version_name,
        .key = r->queue ? r->queue->key : "",
        .state = r->state,
        .reason = r->reason ? r->reason : "",
        .result = {r->result, r->nresult},
        .until_ms = r->state == RUN_WAITING ? r->until_ms : 0,
    };
}

/* As people may read it. */
static char *shown(const struct run *r, struct str text)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    if (text.n)
        redact_words(&b, str_of(r->version ? r->version->manifest->redact : NULL), text);
    return buf_take(&b, NULL);
}

void observe_run(struct run *r, enum run_state state, const char *reason)
{
    struct engine *e = r->engine;
    struct engine_run_info i;
    char *words = shown(r, str_of(reason));
    run_info(r, &i);
    i.state = state;
    i.reason = words;
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].run)
            e->observers[k].run(e->observers[k].arg, &i);
    mem_free(words);
}

void observe_event(struct incoming *ev, bool settled)
{
    struct engine *e = ev->engine;
    struct engine_event_info i = {
        .id = ev->id,
        .company = ev->company->name,
        .connection = ev->connection,
        .type = ev->type,
        .runs = ev->nruns,
        .settled = settled,
        .reason = ev->reason ? ev->reason : "",
    };
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].event)
            e->observers[k].event(e->observers[k].arg, &i);
}

bool observe_steps(const struct engine *e)
{
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].step)
            return true;
    return false;
}

void observe_step(struct run *r, const struct engine_step_info *info)
{
    struct engine *e = r->engine;
    struct engine_run_info i;
    struct engine_step_info s = *info;
    run_info(r, &i);
    s.run = &i;
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].step)
            e->observers[k].step(e->observers[k].arg, &s);
}

void observe_log(struct run *r, const char *level, struct str text)
{
    struct engine *e = r->engine;
    struct engine_run_info i;
    char *words = shown(r, text);
    run_info(r, &i);
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].log)
            e->observers[k].log(e->observers[k].arg, &i, level, str_of(words));
    mem_free(words);
}

void observe_alert(
    struct engine *e, const struct store_alert *a, const char *state, int64_t times, bool heard)
{
    struct engine_alert_info i = {.company = a->company,
        .kind = a->kind,
        .about = a->about,
        .text = a->text,
        .state = state,
        .at_ms = a->at_ms,
        .times = times,
        .heard = heard};
    for (int k = 0; k < e->nobservers; k++)
        if (e->observers[k].alert)
            e->observers[k].alert(e->observers[k].arg, &i);
}

void engine_stats(const struct engine *e, struct engine_stats *out)
{
    *out = e->stats;
    out->behind = engine_behind(e);
}
