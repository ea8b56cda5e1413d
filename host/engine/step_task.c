/* A run leaves the rest to others: { op = "task", type, data } stores an event of connection
 * "task", which the company's rules go on with, each in a run of its own. It comes once, however
 * often the run is replayed: its delivery id follows from the run and the step. */
#include "buf.h"
#include "clock.h"
#include "id.h"
#include "json.h"
#include "machine.h"
#include "mem.h"
#include "step.h"
#include "task.h"

struct task {
    struct engine *engine;
    struct run *run;
    uint32_t seq;
    struct store_event se;
    char id[ID_TEXT];
    char *company, *type, *delivery, *body;
};

static void task_free(struct task *t)
{
    mem_free(t->company);
    mem_free(t->type);
    mem_free(t->delivery);
    mem_free(t->body);
    mem_free(t);
}

static void on_added(void *arg, enum store_event_result result, int64_t seq, const char *first_id,
    const struct err *err)
{
    struct task *t = arg;
    struct run *r = t->run;
    struct step *s = run_held_back(r) ? r->step : NULL;
    if (engine_held_back(t->engine) && result == STORE_EVENT_NEW)
        events_stored(t->engine, &t->se, seq);
    if (s && s->seq == t->seq && s->phase == STEP_WAITING) {
        if (result == STORE_EVENT_FAILED)
            run_not_stored(r, err);
        else
            step_answer(s, "done", 0, STR_LIT("{}"), STR_LIT(""));
    }
    task_free(t);
    (void)first_id;
}

void step_task_begin(struct step *s)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    struct run *r = s->run;
    struct task *t = mem_zalloc(1, sizeof *t);
    struct buf body;
    buf_init(&body, BUF_MAX_DEFAULT);
    jsonv_write(&body, jsonv_get(spec, "data"));
    t->engine = r->engine;
    t->run = r;
    t->seq = s->seq;
    t->company = mem_dup(r->company->name);
    t->type = mem_dup(jsonv_str(jsonv_get(spec, "type"), ""));
    t->delivery = mem_printf("%s-%u", r->id, (unsigned)s->seq);
    t->body = buf_take(&body, NULL);
    id_new(t->id, "evt_", clock_wall_ms());
    t->se = (struct store_event){.id = t->id,
        .company = t->company,
        .connection = TASK_CONNECTION,
        .type = t->type,
        .delivery = t->delivery,
        .received_ms = clock_wall_ms(),
        .headers = STR_LIT("{}"),
        .body = str_of(t->body)};
    s->phase = STEP_WAITING;
    run_hold(r);
    engine_hold(r->engine);
    store_add_event(r->engine->parts.store, &t->se, on_added, t);
}
