#include "alert.h"

#include <stdarg.h>
#include <stdio.h>
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "mem.h"

/* What the log needs when it is known whether the alert is new. */
struct alert {
    struct engine *engine;
    bool raised;
    char *company, *kind, *about, *text;
};

static void on_stored(void *arg, bool changed, const struct err *err)
{
    struct alert *a = arg;
    if (err)
        log_event(LOG_ERROR, "alert not stored", "company", a->company, "kind", a->kind, "about",
            a->about, "text", a->text, "error", err->text, NULL);
    else if (changed)
        log_event(a->raised ? LOG_WARN : LOG_INFO, a->raised ? "alert" : "alert is over", "company",
            a->company, "kind", a->kind, "about", a->about, a->raised ? "text" : NULL, a->text,
            NULL);
    if (engine_held_back(a->engine) && changed && a->raised)
        a->engine->stats.alerts++;
    mem_free(a->company);
    mem_free(a->kind);
    mem_free(a->about);
    mem_free(a->text);
    mem_free(a);
}

static void tell(struct engine *e, bool raise, const char *company, const char *kind,
    const char *about, const char *text)
{
    struct alert *a = mem_alloc(sizeof *a);
    struct store_alert sa = {company, kind, about, text, clock_wall_ms()};
    *a = (struct alert){e, raise, mem_dup(company), mem_dup(kind), mem_dup(about), mem_dup(text)};
    engine_hold(e);
    if (raise)
        store_raise_alert(e->parts.store, &sa, on_stored, a);
    else
        store_clear_alert(e->parts.store, &sa, on_stored, a);
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
    tell(e, true, company, kind, about, text);
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
    tell(e, false, company, kind, about, "");
}
