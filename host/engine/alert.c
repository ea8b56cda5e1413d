#include "alert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "alert_impl.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "manifest.h"
#include "mem.h"
#include "redact.h"

/* What the log needs when it is known whether the alert is new. */
struct alert {
    struct engine *engine;
    bool raised;
    int64_t at_ms;
    char *company, *kind, *about, *text;
};

static void on_stored(void *arg, bool changed, const struct err *err)
{
    struct alert *a = arg;
    struct store_alert sa = {a->company, a->kind, a->about, a->text, a->at_ms};
    if (err)
        log_event(LOG_ERROR, "alert not stored", "company", a->company, "kind", a->kind, "about",
            a->about, "text", a->text, "error", err->text, NULL);
    else if (changed)
        log_event(a->raised ? LOG_WARN : LOG_INFO, a->raised ? "alert" : "alert is over", "company",
            a->company, "kind", a->kind, "about", a->about, a->raised ? "text" : NULL, a->text,
            NULL);
    if (engine_held_back(a->engine) && !err) {
        a->engine->stats.alerts += changed && a->raised;
        if (a->raised)
            (changed ? alert_opened : alert_goes_on)(a->engine, &sa);
        else if (changed)
            alert_is_over(a->engine, &sa);
    }
    mem_free(a->company);
    mem_free(a->kind);
    mem_free(a->about);
    mem_free(a->text);
    mem_free(a);
}

static struct alert *alert_new(struct engine *e, bool raised, const struct store_alert *sa)
{
    struct alert *a = mem_alloc(sizeof *a);
    *a = (struct alert){e, raised, sa->at_ms, mem_dup(sa->company), mem_dup(sa->kind),
        mem_dup(sa->about), mem_dup(sa->text)};
    engine_hold(e);
    return a;
}

/* An alert goes to people, and to wherever the company tells it: without what its rules hide. */
static char *shown_text(struct engine *e, const char *company, const char *text)
{
    const struct company *c = company_get(e, company, false);
    const char *rules = c && c->current ? c->current->manifest->redact : NULL;
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    redact_words(&b, str_of(rules), str_of(text));
    return buf_take(&b, NULL);
}

void alert_raise(struct engine *e, const char *company, const char *kind, const char *about,
    const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    size_t n = (size_t)vsnprintf(NULL, 0, fmt, ap) + 1;
    char *text = mem_alloc(n);
    vsnprintf(text, n, fmt, again);
    va_end(again);
    va_end(ap);
    char *shown = shown_text(e, company, text);
    struct store_alert a = {company, kind, about, shown, clock_wall_ms()};
    store_raise_alert(e->parts.store, &a, on_stored, alert_new(e, true, &a));
    mem_free(shown);
    mem_free(text);
}

struct closing {
    struct engine *engine;
    engine_act_fn fn;
    void *arg;
};

static void on_closed(void *arg, bool changed, const struct err *err)
{
    struct closing c = *(struct closing *)arg;
    mem_free(arg);
    if (engine_held_back(c.engine))
        c.fn(c.arg, err);
}

void alert_close(struct engine *e, int64_t n, const char *by, engine_act_fn fn, void *arg)
{
    struct closing *c = mem_alloc(sizeof *c);
    *c = (struct closing){e, fn, arg};
    engine_hold(e);
    store_close_alert(e->parts.store, n, by, clock_wall_ms(), on_closed, c);
}

void alert_clear(struct engine *e, const char *company, const char *kind, const char *about)
{
    struct store_alert a = {company, kind, about, "", clock_wall_ms()};
    store_clear_alert(e->parts.store, &a, on_stored, alert_new(e, false, &a));
}

/* ---- runs that need a person ---- */

void alert_parked(struct engine *e, const char *company, const char *rule, const char *run,
    const char *key, enum run_state state, const char *reason)
{
    bool failed = state == RUN_FAILED;
    alert_raise(e, company, failed ? "failed" : "attention", rule,
        "%s %s%s%s: %s%s What it did outside stands, and is not done twice: `sauma show %s` says "
        "what, and what may be done next.",
        rule, failed ? "failed" : "needs a person", key[0] ? ", key " : "", key, reason,
        reason[0] && strchr(".!?", reason[strlen(reason) - 1]) ? "" : ".", run);
}

void alert_unparked(struct engine *e, const char *company, const char *rule, enum run_state state)
{
    const char *kind = state == RUN_FAILED ? "failed" : "attention";
    struct store_alert a = {company, kind, rule, "", clock_wall_ms()};
    store_clear_stale_alert(e->parts.store, &a, state, on_stored, alert_new(e, false, &a));
}
