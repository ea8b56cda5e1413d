/* The cursor of a poll, read and moved as steps of its run. */
#include "buf.h"
#include "json.h"
#include "mem.h"
#include "step.h"
#include "store_schedule.h"

struct asked {
    struct run *run;
    uint32_t seq;
};

static struct asked *ask(struct step *s)
{
    struct asked *a = mem_alloc(sizeof *a);
    *a = (struct asked){s->run, s->seq};
    s->phase = STEP_WAITING;
    run_hold(s->run);
    return a;
}

/* The step that asked, if it still waits. */
static struct step *came_back(void *arg, const struct err *err)
{
    struct asked a = *(struct asked *)arg;
    mem_free(arg);
    if (!run_held_back(a.run))
        return NULL;
    struct step *s = a.run->step;
    if (!s || s->seq != a.seq || s->phase != STEP_WAITING)
        return NULL;
    if (err)
        run_not_stored(a.run, err);
    return err ? NULL : s;
}

static void on_read(void *arg, struct str value, const char *wait, const struct err *err)
{
    struct step *s = came_back(arg, err);
    struct buf meta;
    if (!s)
        return;
    buf_init(&meta, BUF_MAX_DEFAULT);
    buf_addc(&meta, '{');
    if (wait) {
        buf_adds(&meta, "\"wait\":");
        json_put_cstring(&meta, wait);
    } else if (value.n) {
        buf_adds(&meta, "\"value\":");
        buf_add(&meta, value.p, value.n);
    }
    buf_addc(&meta, '}');
    step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

static void on_moved(void *arg, const struct err *err)
{
    struct step *s = came_back(arg, err);
    if (s)
        step_answer(s, "done", 0, STR_LIT("{}"), STR_LIT(""));
}

void step_cursor_begin(struct step *s, bool move)
{
    struct store *store = s->run->engine->parts.store;
    struct buf value;
    if (!move) {
        store_load_cursor(store, s->run->id, on_read, ask(s));
        return;
    }
    buf_init(&value, BUF_MAX_DEFAULT);
    jsonv_write(&value, jsonv_get(jsondoc_root(s->doc), "value"));
    store_move_cursor(store, s->run->id, buf_str(&value), on_moved, ask(s));
    buf_free(&value);
}
