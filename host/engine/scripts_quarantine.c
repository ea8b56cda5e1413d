/* A version of a company whose script computed without end goes to a process that only such
 * versions share: what it does from then on costs the others nothing. A corrected version begins
 * among the others again. */
#include "scripts_impl.h"

#include <string.h>
#include "buf.h"
#include "jsondoc.h"
#include "log.h"
#include "mem.h"

static struct script_worker *quarantine(struct scripts *s)
{
    if (!s->quarantine)
        s->quarantine = script_worker_new(s, "quarantine");
    return s->quarantine;
}

/* It kept the process from everybody else: until it was ended, or until the process was. */
static bool hogged(enum script_outcome o, struct str json, bool guilty)
{
    if (o == SCRIPT_LOST)
        return guilty;
    if (o != SCRIPT_LIMIT)
        return false;
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const char *limit = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "limit"), "");
    bool computed = strcmp(limit, "burst") == 0 || strcmp(limit, "cpu") == 0;
    jsondoc_free(d);
    return computed;
}

static void move_context(struct script_context *c, struct script_worker *to)
{
    struct script_worker *from = c->worker;
    struct err e = {0};
    list_remove(&c->node);
    list_append(&to->contexts, &c->node);
    c->worker = to;
    if (from->child && !from->condemned) {
        struct wire_msg m = {.type = WIRE_UNLOAD, .nparts = 1, .part = {str_of(c->name)}};
        child_send(from->child, &m);
    }
    if (to->restart)
        script_worker_load(to, c);
    else if (script_worker_start(to, &e) < 0) /* loads all of its contexts */
        script_worker_start_later(to, &e);
}

/* Calls that the old process has begun, or has in its queue, begin anew. */
static void move_calls(struct script_worker *from, struct script_context *c)
{
    struct list gone, *node;
    list_init(&gone);
    for (struct list *n = from->calls.next, *next; n != &from->calls; n = next) {
        struct script_call *call = LIST_OF(n, struct script_call, node);
        next = n->next;
        if (strcmp(call->context, c->name) != 0)
            continue;
        list_remove(n);
        if (call->sent) {
            list_append(&gone, n);
        } else {
            call->worker = c->worker;
            list_append(&c->worker->calls, n);
            script_worker_send(c->worker, call);
        }
    }
    while ((node = list_shift(&gone)) != NULL) {
        struct script_call *call = LIST_OF(node, struct script_call, node);
        if (from->child && !from->condemned) {
            struct wire_msg m = {.type = WIRE_DROP, .id = call->id};
            child_send(from->child, &m);
        }
        scripts_end_call(call, SCRIPT_LOST, STR_LIT("{}"), STR_LIT(""), false);
    }
}

void scripts_quarantine(
    const struct script_call *call, enum script_outcome o, struct str json, bool guilty)
{
    struct scripts *s = call->s;
    struct script_worker *from = call->worker;
    /* In a process of its own it keeps nobody else waiting. */
    if (!s->nshared || !hogged(o, json, guilty))
        return;
    struct script_worker *to = quarantine(s);
    struct script_context *c = map_get(s->contexts, str_of(call->context));
    if (!c || c->mode != SCRIPT_COMPANY || c->worker == to)
        return;
    log_event(LOG_WARN, "scripts in a process of their own", "context", c->name, "because",
        "a script computed without end", NULL);
    move_context(c, to);
    move_calls(from, c);
}
