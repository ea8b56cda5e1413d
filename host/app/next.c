#include "next.h"

#include <string.h>

#include "jsondoc.h"

struct listing {
    struct buf *b;
    const char *run;
    int n;
};

/* An entry; command: what follows the run's id, with the verb before it, NULL if none. */
static void put(
    struct listing *l, const char *action, const char *verb, const char *rest, const char *words)
{
    struct buf *b = l->b;
    buf_adds(b, l->n++ ? ",{" : "{");
    json_put_key(b, "action");
    json_put_cstring(b, action);
    json_put_key(b, "command");
    buf_addc(b, '"');
    if (verb)
        buf_addf(b, "sauma %s %s%s", verb, l->run, rest);
    buf_addc(b, '"');
    json_put_key(b, "words");
    json_put_cstring(b, words);
    buf_addc(b, '}');
}

static bool any(const struct jsonv *run, const char *key)
{
    const struct jsonv *list = jsonv_get(run, key);
    return list && list->child;
}

static void put_standing(struct listing *l, const struct jsonv *run)
{
    bool done = any(run, "done"), unknown = any(run, "unknown");
    bool steps = jsonv_int(jsonv_get(run, "steps"), 0) > 0 || any(run, "steps");
    if (unknown)
        put(l, "by-hand", NULL, "",
            "look outside whether what is unknown arrived; if it is wrong there, put it right by "
            "hand, then retry: it looks before it acts");
    put(l, "retry", "retry", "",
        done ? "goes on; what is done outside is not done again"
             : "goes on; nothing was done outside so far");
    put(l, "edit", "retry", " --set PATH=VALUE --reason WHY",
        "corrects the data for this run, then goes on; what came in stays as it was");
    if (steps)
        put(l, "retry-from", "retry", " --from STEP",
            "asks all steps after STEP again; refuses where that could do something twice");
    if (done)
        put(l, "by-hand", NULL, "",
            "put right outside by hand what is wrong there, then retry: what is there is found");
    put(l, "skip", "skip", " --reason WHY",
        done ? "leaves it for good; what is done outside stays there" : "leaves it for good");
}

static void put_held(struct listing *l)
{
    put(l, "send", "send", "", "starts it");
    put(l, "edit", "edit", " --set PATH=VALUE --reason WHY",
        "corrects the data for this run; then send it");
    put(l, "skip", "skip", " --reason WHY", "leaves it for good");
}

void next_put(struct buf *b, struct str row)
{
    struct jsondoc *d = jsondoc_parse(row, NULL);
    const struct jsonv *run = jsondoc_root(d);
    const char *state = jsonv_str(jsonv_get(run, "state"), "");
    struct listing l = {b, jsonv_str(jsonv_get(run, "id"), ""), 0};
    buf_add(b, row.p, row.n ? row.n - 1 : 0); /* without its closing brace */
    json_put_key(b, "next");
    buf_addc(b, '[');
    if (!strcmp(state, "attention") || !strcmp(state, "failed"))
        put_standing(&l, run);
    else if (!strcmp(state, "held"))
        put_held(&l);
    buf_adds(b, "]}");
    jsondoc_free(d);
}
