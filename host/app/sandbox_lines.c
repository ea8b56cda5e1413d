/* The sandboxes that are spoken to in lines (SMTP): each line goes to the sandbox's handle(), as
 * { line or text = true, session, now, at_ms } with the text as body, and what it returns is said:
 * { reply = "250 ok", collect = true | close = true | cut = true }. */
#include "sandbox_lines.h"

#include "clock.h"
#include "json.h"
#include "jsondoc.h"
#include "line_in.h"
#include "list.h"
#include "log.h"
#include "mem.h"
#include "sandbox_request.h"

struct sandbox_lines {
    struct line_in *in;
    struct scripts *scripts;
    const char *const *context; /* of the sandbox, which may be loaded anew */
    struct list turns;
};

/* A line that the sandbox has been given. */
struct turn {
    struct list node;
    struct sandbox_lines *lines;
    struct line_conn *conn; /* NULL: it is gone */
    struct script_call *call;
};

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    const struct turn *t = arg;
    scripts_answer(t->call, seq,
        STR_LIT("{\"failed\":true,\"problem\":\"a sandbox takes no steps\"}"), STR_NONE);
}

static void on_log(void *arg, const char *level, struct str text)
{
}

static void say(struct line_conn *c, const struct jsonv *answer)
{
    struct str reply = str_of(jsonv_str(jsonv_get(answer, "reply"), ""));
    if (jsonv_bool(jsonv_get(answer, "cut"), false))
        line_conn_close(c, STR_LIT(""));
    else if (jsonv_bool(jsonv_get(answer, "close"), false))
        line_conn_close(c, reply);
    else if (jsonv_bool(jsonv_get(answer, "collect"), false))
        line_conn_collect(c, reply);
    else
        line_conn_answer(c, reply);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct turn *t = arg;
    struct line_conn *c = t->conn;
    struct jsondoc *d = o == SCRIPT_RETURNED ? jsondoc_parse(json, NULL) : NULL;
    list_remove(&t->node);
    mem_free(t);
    if (!d) {
        char *text = mem_dupn(json.p, json.n < 1000 ? json.n : 1000);
        log_event(LOG_ERROR, "sandbox failed", "error", text, NULL);
        mem_free(text);
    }
    if (c && d)
        say(c, jsondoc_root(d));
    else if (c)
        line_conn_close(c, STR_LIT("421 the sandbox itself failed\r\n"));
    jsondoc_free(d);
}

static void ask(
    struct sandbox_lines *l, struct line_conn *c, uint64_t session, const char *what, struct str s)
{
    char now[SANDBOX_TIME_TEXT];
    int64_t ms = clock_wall_ms();
    struct buf b;
    struct turn *t = mem_zalloc(1, sizeof *t);
    t->lines = l;
    t->conn = c;
    list_append(&l->turns, &t->node);
    sandbox_time_helsinki(ms, now);
    buf_init(&b, 4096);
    buf_addf(&b, "{\"what\":\"%s\",\"session\":%llu,\"at_ms\":%lld,\"now\":\"%s\"}", what,
        (unsigned long long)session, (long long)ms, now);
    struct script_handlers h = {.step = on_step, .log = on_log, .end = on_end, .arg = t};
    t->call = scripts_call(l->scripts, *l->context, "handle", buf_str(&b), s, &h);
    buf_free(&b);
}

static void on_opened(void *arg, struct line_conn *c, uint64_t session)
{
    ask(arg, c, session, "opened", STR_LIT(""));
}

static void on_line(void *arg, struct line_conn *c, uint64_t session, bool is_text, struct str s)
{
    ask(arg, c, session, is_text ? "text" : "line", s);
}

static void on_closed(void *arg, struct line_conn *c, uint64_t session)
{
    struct sandbox_lines *l = arg;
    for (struct list *n = l->turns.next; n != &l->turns; n = n->next)
        if (LIST_OF(n, struct turn, node)->conn == c)
            LIST_OF(n, struct turn, node)->conn = NULL;
}

struct sandbox_lines *sandbox_lines_new(struct loop *loop, struct scripts *s,
    const char *const *context, const char *listen, struct err *e)
{
    struct sandbox_lines *l = mem_zalloc(1, sizeof *l);
    const struct line_in_handlers h = {on_opened, on_line, on_closed, l};
    l->scripts = s;
    l->context = context;
    list_init(&l->turns);
    l->in = line_in_new(loop, listen, &h, e);
    if (l->in)
        return l;
    mem_free(l);
    return NULL;
}

void sandbox_lines_free(struct sandbox_lines *l)
{
    if (!l)
        return;
    while (!list_empty(&l->turns)) {
        struct turn *t = LIST_OF(l->turns.next, struct turn, node);
        scripts_drop(t->call);
        list_remove(&t->node);
        mem_free(t);
    }
    line_in_free(l->in);
    mem_free(l);
}

const char *sandbox_lines_address(const struct sandbox_lines *l)
{
    return line_in_address(l->in);
}
