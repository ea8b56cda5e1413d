/* What run scripts do and how servers answer them, in the tests of the run machine. */
#ifndef RUN_PARTS_H
#define RUN_PARTS_H

#include "act.h"
#include "world.h"

/* ---- scripts ---- */

/* Reads, then writes what it was told to, then returns the write's answer. */
static inline void read_and_write(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, READ, "");
    else if (c->seq == 1)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

/* As http.write does: settle and look when nobody knows. */
static inline void write_and_look(struct script_call *c)
{
    static const char find[] = "{\"connection\":\"books\",\"op\":\"http\",\"path\":\"/find\"}";
    if (c->seq == 0)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else if (c->seq == 1 && !strstr(c->meta, "\"unknown\":true"))
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
    else if (c->seq == 1)
        fake_step(c, "{\"of\":1,\"op\":\"settle\"}", "");
    else if (c->seq == 2)
        fake_step(c, find, "");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

static inline void write_and_settle(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else if (c->seq == 1)
        fake_step(c, "{\"of\":1,\"op\":\"settle\"}", "");
    else
        fake_end(c, SCRIPT_RETURNED, c->meta, false);
}

static inline void only_read(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, READ, "");
    else
        fake_end(c, SCRIPT_RETURNED, c->meta, false);
}

/* ---- servers ---- */

static inline void serve_well(const struct fake_sent *q, int n, struct http_out_result *r)
{
    if (strncmp(q->line, "POST", 4) == 0)
        r->body = STR_LIT("{\"id\":7}");
    else if (strstr(q->line, "/find"))
        r->body = STR_LIT("{\"found\":7}");
}

static inline void never_answer_writes(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (strncmp(q->line, "POST", 4) == 0)
        r->outcome = (enum http_out_outcome) - 1;
}

static inline void lose_writes(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (strncmp(q->line, "POST", 4) == 0) {
        r->outcome = HTTP_OUT_UNKNOWN;
        r->problem = "the connection was reset";
    }
}

/* The first so many fail: with a status, or (0) before they are sent. */
static int failures;
static int fail_status;
static inline void fail_some(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (failures-- > 0) {
        if (fail_status) {
            r->status = fail_status;
        } else {
            r->outcome = HTTP_OUT_NOT_SENT;
            r->problem = "connection refused";
        }
    }
}

/* ---- lives of the host ---- */

static inline void restart(struct world *w)
{
    world_crash(w);
    world_start(w);
}

static inline void until_parked(struct world *w, int n)
{
    while (w->seen.parked < n)
        world_wait(w, 2);
}

/* Every wait gives the state back, and every try fails before anything was sent. */
static inline void fail_always(struct world *w)
{
    net.serve = fail_some;
    fail_status = 0;
    failures = 1000;
    w->settings.inline_wait_ms = -1;
    w->settings.breaker_failures = 1000;
}

/* ---- people ---- */

static inline void on_acted(void *arg, const struct err *e)
{
    snprintf(arg, sizeof e->text, "%s", e ? e->text : "done");
}

static inline void let_go_on(struct world *w, const char *run)
{
    static char acted[sizeof(((struct err *)0)->text)]; /* "": not yet */
    struct engine_act a = {.run = run, .action = ENGINE_RETRY, .by = "anna", .from = -1};
    acted[0] = '\0';
    engine_act(w->engine, &a, on_acted, acted);
    while (!acted[0])
        world_wait(w, 2);
    assert_string_equal(acted, "done");
}

#endif
