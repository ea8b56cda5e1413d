/* When an alert is told: not at its first word but when no more of the same comes, so that five
 * hundred runs that fail together are one message that says so; again while it goes on, seldom; and
 * of one company so many an hour one by one, the others by their number. What is open and was not
 * told when the host died is told at its next start. */
#include <stdio.h>
#include <string.h>
#include "alert_impl.h"
#include "clock.h"
#include "machine.h"
#include "manifest.h"
#include "mem.h"

#define MANY    "many-alerts"
#define HOUR_MS 3600000
/* What goes on and on is told after so many times alert-gather. */
#define PATIENCE 6

/* One that is open. */
struct open_alert {
    struct list node; /* engine.alerts.pending, while something of it is to be told */
    char *company, *kind, *about, *text;
    int64_t at_ms;             /* wall clock: since when */
    int64_t opened_ms, new_ms; /* monotonic: since when, and its latest word */
    int64_t told_ms;           /* monotonic; 0: it was not told yet */
    bool counted;              /* told by its number only */
    int64_t times;
};

static char *name_of(const struct store_alert *a)
{
    return mem_printf("%s\n%s\n%s", a->company, a->kind, a->about);
}

static void open_alert_free(struct open_alert *o)
{
    list_remove(&o->node);
    mem_free(o->company);
    mem_free(o->kind);
    mem_free(o->about);
    mem_free(o->text);
    mem_free(o);
}

static struct open_alert *open_alert_new(struct engine *e, const struct store_alert *a)
{
    struct open_alert *o = mem_zalloc(1, sizeof *o);
    char *name = name_of(a);
    list_init(&o->node);
    o->company = mem_dup(a->company);
    o->kind = mem_dup(a->kind);
    o->about = mem_dup(a->about);
    o->text = mem_dup(a->text);
    o->at_ms = a->at_ms;
    o->opened_ms = o->new_ms = clock_mono_ms();
    o->times = 1;
    struct open_alert *old = map_set(e->alerts.open, str_of(name), o);
    if (old)
        open_alert_free(old);
    mem_free(name);
    return o;
}

static struct open_alert *find(struct engine *e, const struct store_alert *a)
{
    char *name = name_of(a);
    struct open_alert *o = map_get(e->alerts.open, str_of(name));
    mem_free(name);
    return o;
}

/* ---- so many an hour ---- */

static bool is_over_limit(struct company *c)
{
    int64_t now = clock_mono_ms();
    int most = c->engine->set.alerts_per_hour;
    if (c->told.n == 0 || now - c->told.since_ms >= HOUR_MS) {
        c->told.since_ms = now;
        c->told.n = 0;
    }
    if (most <= 0 || c->told.n < most) {
        c->told.n++;
        return false;
    }
    c->told.many = true;
    return true;
}

void alert_told_before(struct company *c)
{
    if (c->told.n > 0)
        c->told.n--;
}

static void tell_number(struct company *c)
{
    alert_raise(c->engine, c->name, MANY, c->name,
        "more than %d alerts came within an hour (alerts-per-hour): those beyond are not told one by "
        "one, and are counted here. All are kept: `sauma alerts --company %s` lists them. This closes "
        "by itself after the hour",
        c->engine->set.alerts_per_hour, c->name);
}

void alert_look(struct company *c)
{
    if (!c->told.many || clock_mono_ms() - c->told.since_ms < HOUR_MS)
        return;
    c->told.many = false;
    c->told.n = 0;
    alert_clear(c->engine, c->name, MANY, c->name);
}

/* ---- telling ---- */

static void tell(struct engine *e, struct open_alert *o)
{
    struct company *c = company_get(e, o->company, false);
    struct store_alert a = {o->company, o->kind, o->about, o->text, o->at_ms};
    enum alert_news news = o->told_ms ? ALERT_AGAIN : ALERT_OPEN;
    bool heard = alert_heard(c, o->kind);
    o->told_ms = clock_mono_ms();
    if (heard && strcmp(o->kind, MANY) != 0 && is_over_limit(c)) {
        o->counted = true;
        tell_number(c);
        return;
    }
    o->counted = false;
    alert_tell(e, &a, news, o->times);
}

static int64_t due_ms(const struct engine *e, const struct open_alert *o)
{
    int64_t gather = e->set.alert_gather_ms;
    if (o->told_ms)
        return o->told_ms + e->set.alert_again_ms;
    int64_t quiet = o->new_ms + gather, late = o->opened_ms + PATIENCE * gather;
    return quiet < late ? quiet : late;
}

static void on_timer(void *arg);

static void arm(struct engine *e, int64_t due)
{
    int64_t now = clock_mono_ms();
    if (e->alerts.due_ms && e->alerts.due_ms <= due)
        return;
    e->alerts.due_ms = due;
    if (!e->alerts.timer)
        e->alerts.timer = loop_timer_new(e->parts.loop, on_timer, e);
    loop_timer_arm(e->alerts.timer, due > now ? due - now : 0);
}

static void on_timer(void *arg)
{
    struct engine *e = arg;
    struct list later, *node;
    int64_t next = 0, now = clock_mono_ms();
    list_init(&later);
    while ((node = list_shift(&e->alerts.pending)) != NULL) {
        struct open_alert *o = LIST_OF(node, struct open_alert, node);
        int64_t due = due_ms(e, o);
        if (due <= now) {
            tell(e, o);
            continue;
        }
        list_append(&later, node);
        next = !next || due < next ? due : next;
    }
    while ((node = list_shift(&later)) != NULL)
        list_append(&e->alerts.pending, node);
    e->alerts.due_ms = 0;
    if (next)
        arm(e, next);
}

static void wait_to_tell(struct engine *e, struct open_alert *o)
{
    if (list_empty(&o->node))
        list_append(&e->alerts.pending, &o->node);
    arm(e, due_ms(e, o));
}

/* ---- news ---- */

void alert_opened(struct engine *e, const struct store_alert *a)
{
    struct open_alert *o = open_alert_new(e, a);
    if (e->set.alert_gather_ms > 0)
        wait_to_tell(e, o);
    else
        tell(e, o);
}

void alert_goes_on(struct engine *e, const struct store_alert *a)
{
    struct open_alert *o = find(e, a);
    if (!o)
        return; /* of an earlier start, which is being read */
    char *text = mem_dup(a->text);
    mem_free(o->text);
    o->text = text;
    o->times++;
    o->new_ms = clock_mono_ms();
    if (!o->told_ms || e->set.alert_again_ms > 0)
        wait_to_tell(e, o);
}

void alert_is_over(struct engine *e, const struct store_alert *a)
{
    char *name = name_of(a);
    struct open_alert *o = map_remove(e->alerts.open, str_of(name));
    bool told = !o || (o->told_ms && !o->counted);
    mem_free(name);
    if (told)
        alert_tell(e, a, ALERT_OVER, o ? o->times : 1);
    if (o)
        open_alert_free(o);
}

void alert_was_open(struct engine *e, const struct store_alert *a, int64_t times)
{
    if (find(e, a))
        return;
    struct open_alert *o = open_alert_new(e, a);
    struct company *c = company_get(e, a->company, false);
    o->times = times > 0 ? times : 1;
    if (c && strcmp(a->kind, MANY) == 0) { /* of an hour that the host before this one counted */
        c->told.many = true;
        if (c->told.n == 0)
            c->told.since_ms = clock_mono_ms() - HOUR_MS;
    }
    tell(e, o); /* the store knows if it was told before */
}

void alerts_init(struct engine *e)
{
    e->alerts.open = map_new();
    list_init(&e->alerts.pending);
}

void alerts_free(struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(e->alerts.open, &at, &key, &value))
        open_alert_free(value);
    map_free(e->alerts.open);
    if (e->alerts.timer)
        loop_timer_free(e->alerts.timer);
}
