/* Links between records of two systems, as steps of a run (store_link.h).
 *   { op = "link", what = "get", name, side = "a" | "b", id }  -> {} or { id, version, a, b, base,
 *       asked = the state of the run that base.asked.run names, "" if it names none }
 *   { op = "link", what = "save", name, link = { id, version, a, b, base } }  -> { saved }
 * Without a base the link is dropped. */
#include <string.h>

#include "buf.h"
#include "fault.h"
#include "json.h"
#include "step.h"
#include "store_link.h"

static void on_loaded(void *arg, const struct store_link *link, const struct err *err)
{
    struct step *s = step_asked(arg, err);
    struct buf meta;
    if (!s)
        return;
    buf_init(&meta, BUF_MAX_DEFAULT);
    buf_addc(&meta, '{');
    if (link->id) {
        buf_addf(&meta, "\"id\":%lld,\"version\":%lld,\"a\":", (long long)link->id,
            (long long)link->version);
        json_put_cstring(&meta, link->a);
        buf_adds(&meta, ",\"b\":");
        json_put_cstring(&meta, link->b);
        buf_adds(&meta, ",\"asked\":");
        json_put_cstring(&meta, link->asked);
        buf_adds(&meta, ",\"base\":");
        buf_add(&meta, link->base.p, link->base.n);
    }
    buf_addc(&meta, '}');
    step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

static void on_saved(void *arg, bool saved, const struct err *err)
{
    FAULT_POINT("after_link_saved");
    struct step *s = step_asked(arg, err);
    if (s)
        step_answer(s, "done", 0,
            saved ? STR_LIT("{\"saved\":true}") : STR_LIT("{\"saved\":false}"), STR_LIT(""));
}

static void save(struct step *s, const char *name, const struct jsonv *v)
{
    struct buf base;
    const struct jsonv *given = jsonv_get(v, "base");
    struct store_link link = {.id = jsonv_int(jsonv_get(v, "id"), 0),
        .version = jsonv_int(jsonv_get(v, "version"), 0),
        .a = jsonv_str(jsonv_get(v, "a"), ""),
        .b = jsonv_str(jsonv_get(v, "b"), "")};
    buf_init(&base, BUF_MAX_DEFAULT);
    if (given) {
        jsonv_write(&base, given);
        link.base = buf_str(&base);
    }
    store_save_link(
        s->run->engine->parts.store, s->run->company->name, name, &link, on_saved, step_ask(s));
    buf_free(&base);
}

void step_link_begin(struct step *s)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    const char *name = jsonv_str(jsonv_get(spec, "name"), "");
    const char *side = jsonv_str(jsonv_get(spec, "side"), "a");
    if (strcmp(jsonv_str(jsonv_get(spec, "what"), ""), "save") == 0) {
        save(s, name, jsonv_get(spec, "link"));
        return;
    }
    store_load_link(s->run->engine->parts.store, s->run->company->name, name,
        side[0] == 'a' ? STORE_LINK_A : STORE_LINK_B, jsonv_str(jsonv_get(spec, "id"), ""),
        on_loaded, step_ask(s));
}
