/* The cursor of a poll, read and moved as steps of its run. */
#include "buf.h"
#include "json.h"
#include "step.h"
#include "store_schedule.h"

static void on_read(void *arg, struct str value, const char *wait, const struct err *err)
{
    struct step *s = step_asked(arg, err);
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
    struct step *s = step_asked(arg, err);
    if (s)
        step_answer(s, "done", 0, STR_LIT("{}"), STR_LIT(""));
}

void step_cursor_begin(struct step *s, bool move)
{
    struct store *store = s->run->engine->parts.store;
    struct buf value;
    if (!move) {
        store_load_cursor(store, s->run->id, on_read, step_ask(s));
        return;
    }
    buf_init(&value, BUF_MAX_DEFAULT);
    jsonv_write(&value, jsonv_get(jsondoc_root(s->doc), "value"));
    store_move_cursor(store, s->run->id, buf_str(&value), on_moved, step_ask(s));
    buf_free(&value);
}
