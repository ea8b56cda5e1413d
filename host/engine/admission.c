/* Who is let in: a company may have so many open events, so many new ones a minute, and so many
 * bytes in the store. What goes beyond is answered with 429 and the time to come back; what was
 * authentic and could not be used is kept for a person to look at. */
#include <stdio.h>

#include "alert.h"
#include "clock.h"
#include "log.h"
#include "machine.h"
#include "manifest.h"
#include "mem.h"

#define MINUTE_MS 60000
/* Below this part of its limit a company is told well again (and above it, that it keeps much). */
#define WELL(limit) ((limit) / 10 * 9)
/* A sender is asked to come back within this. */
#define WAIT_MIN_S 5
#define WAIT_MAX_S 600
/* Without a figure of how fast the backlog shrinks. */
#define WAIT_S 60
/* Refused deliveries that are kept of a company a minute. */
#define KEPT_A_MINUTE 60
/* The store is asked for the open events and for what is kept at most this often. */
#define COUNT_MS 1000

static int64_t lower(int64_t own, int64_t all)
{
    return own > 0 && (all <= 0 || own < all) ? own : all;
}

static int64_t backlog_limit(const struct company *c)
{
    return lower(c->current ? c->current->manifest->max_backlog : 0, c->engine->set.max_backlog);
}

static int64_t minute_limit(const struct company *c)
{
    return lower(c->current ? c->current->manifest->max_minute : 0, c->engine->set.max_minute);
}

static int64_t stored_limit(const struct company *c)
{
    return lower(c->current ? c->current->manifest->max_stored : 0, c->engine->set.max_stored);
}

/* ---- what is kept ---- */

/* What came in since the store was asked counts as its bodies alone. */
static int64_t stored_now(const struct company *c)
{
    return c->admission.stored + c->admission.stored_since;
}

static bool stored_full(const struct company *c)
{
    int64_t limit = stored_limit(c);
    return limit > 0 && stored_now(c) >= limit;
}

static void tell_stored(struct company *c, bool full)
{
    const double mib = 1 << 20;
    alert_raise(c->engine, c->name, "store-size", "stored bytes",
        "%.1f MiB are kept of the company, %s %.1f MiB that it may have (max-stored, or the "
        "company's limits): new deliveries %s answered with 429 and a time to come back, and its "
        "schedules %s, until it is less. Nothing that was accepted is lost. Raise the limit, or keep "
        "bodies for a shorter time (keep-bodies); `sauma events --company %s` shows what came.",
        (double)stored_now(c) / mib, full ? "which is over the" : "close to the",
        (double)stored_limit(c) / mib, full ? "are" : "will be", full ? "rest" : "will rest",
        c->name);
}

/* Once told that it is full, it stays so until it is well below. */
static void look_at_stored(struct company *c)
{
    int64_t limit = stored_limit(c), now = stored_now(c);
    int *told = &c->admission.stored_level;
    int level = limit <= 0 || now < WELL(limit) ? 0 : now < limit ? 1 : 2;
    if (level > *told)
        tell_stored(c, level == 2);
    else if (level == 0 && *told)
        alert_clear(c->engine, c->name, "store-size", "stored bytes");
    if (level > *told || level == 0)
        *told = level;
}

static void stored_counted(struct company *c, int64_t bytes)
{
    struct admission *a = &c->admission;
    a->stored = bytes;
    a->stored_since -= a->stored_asked;
    a->stored_asked = 0;
    look_at_stored(c);
}

void admission_found(struct company *c, int64_t bytes)
{
    c->admission.stored_asked = c->admission.stored_since;
    stored_counted(c, bytes);
}

/* ---- the number of open events ---- */

/* It is counted here as events come and go; what people do with runs that had ended is not, so the
 * books are asked before anybody stays refused. */
struct counting {
    struct engine *engine;
    struct company *company;
};

static void on_books(void *arg, const struct store_books *b, const struct err *err)
{
    struct counting g = *(struct counting *)arg;
    mem_free(arg);
    if (!engine_held_back(g.engine))
        return;
    g.company->admission.counting = false;
    if (err)
        return;
    g.company->backlog.open = b->in_flight;
    stored_counted(g.company, b->stored);
}

static void count_again(struct company *c)
{
    int64_t now = clock_mono_ms();
    if (c->admission.counting || now - c->admission.counted_ms < COUNT_MS)
        return;
    c->admission.counting = true;
    c->admission.counted_ms = now;
    c->admission.stored_asked = c->admission.stored_since;
    struct counting *g = mem_alloc(sizeof *g);
    *g = (struct counting){c->engine, c};
    engine_hold(c->engine);
    store_load_books(c->engine->parts.store, c->name, on_books, g);
}

/* ---- how long to wait ---- */

void admission_settled(struct company *c)
{
    struct admission *a = &c->admission;
    int64_t now = clock_mono_ms();
    a->settled++;
    if (now - a->settled_from_ms >= 10000) {
        a->settled_a_second = (double)a->settled * 1000 / (double)(now - a->settled_from_ms);
        a->settled = 0;
        a->settled_from_ms = now;
    }
    if (a->full && c->backlog.open <= WELL(backlog_limit(c))) {
        a->full = false;
        alert_clear(c->engine, c->name, "backlog", "open events");
    }
}

static int wait_for_backlog(const struct company *c, int64_t limit)
{
    double rate = c->admission.settled_a_second;
    double left = (double)(c->backlog.open - WELL(limit));
    if (rate <= 0)
        return WAIT_S;
    double wait = left / rate + 1;
    return wait < WAIT_MIN_S ? WAIT_MIN_S : wait > WAIT_MAX_S ? WAIT_MAX_S : (int)wait;
}

/* ---- asking ---- */

static int backlog_full(struct company *c, char *words, size_t n)
{
    struct admission *a = &c->admission;
    int64_t limit = backlog_limit(c);
    if (limit <= 0 || c->backlog.open < limit)
        return 0;
    count_again(c);
    if (!a->full)
        alert_raise(c->engine, c->name, "backlog", "open events",
            "%lld events are open, which is the limit (max-backlog, or the company's limits): new "
            "deliveries are answered with 429 and a time to come back, and are taken again when it "
            "is less. Nothing that was accepted is lost. See what keeps the runs (`sauma runs "
            "--company %s --state waiting`), or raise the limit.",
            (long long)c->backlog.open, c->name);
    a->full = true;
    snprintf(words, n, "the company has %lld open events, which is the limit; send it again later",
        (long long)c->backlog.open);
    return wait_for_backlog(c, limit);
}

static int minute_full(struct company *c, char *words, size_t n)
{
    struct admission *a = &c->admission;
    int64_t limit = minute_limit(c), now = clock_mono_ms();
    if (limit <= 0)
        return 0;
    if (a->minute_ms == 0 || now - a->minute_ms >= MINUTE_MS) {
        if (a->fast && a->in_minute <= limit) {
            a->fast = false;
            alert_clear(c->engine, c->name, "backlog", "events a minute");
        }
        a->minute_ms = now ? now : 1;
        a->in_minute = 0;
    }
    if (++a->in_minute <= limit)
        return 0;
    if (!a->fast)
        alert_raise(c->engine, c->name, "backlog", "events a minute",
            "more than %lld deliveries came within a minute, which is the limit (max-per-minute, or "
            "the company's limits): those beyond are answered with 429 and a time to come back. "
            "See who sends so many, or raise the limit.",
            (long long)limit);
    a->fast = true;
    snprintf(words, n, "more than %lld deliveries within a minute, which is the limit",
        (long long)limit);
    return (int)((a->minute_ms + MINUTE_MS - now) / 1000) + 1;
}

static int too_much_stored(struct company *c, size_t body, char *words, size_t n)
{
    if (stored_limit(c) <= 0)
        return 0;
    count_again(c);
    bool full = stored_full(c);
    if (!full)
        c->admission.stored_since += (int64_t)body;
    look_at_stored(c);
    if (full)
        snprintf(words, n,
            "%lld bytes are kept of the company, and its limit is %lld; send it again later",
            (long long)stored_now(c), (long long)stored_limit(c));
    return full ? WAIT_MAX_S : 0;
}

void admission_look(struct company *c, bool grew)
{
    if (c->admission.stored_level || (grew && stored_limit(c) > 0))
        count_again(c);
}

bool admission_rests(const struct company *c)
{
    return stored_full(c);
}

int admission_wait(struct company *c, size_t body, char *words, size_t n)
{
    int wait = backlog_full(c, words, n);
    if (!wait)
        wait = minute_full(c, words, n);
    if (!wait)
        wait = too_much_stored(c, body, words, n);
    c->engine->stats.limited += wait > 0;
    return wait;
}

/* ---- what was refused ---- */

void admission_keep(struct company *c, const struct store_refused *given)
{
    const struct engine_settings *set = &c->engine->set;
    struct admission *a = &c->admission;
    struct store_refused r = *given;
    int64_t now = clock_mono_ms();
    if (a->kept_ms == 0 || now - a->kept_ms >= MINUTE_MS) {
        a->kept_ms = now ? now : 1;
        a->kept = a->kept_unknown = 0;
    }
    int *kept = r.authentic ? &a->kept : &a->kept_unknown;
    if (set->keep_refused <= 0 || ++*kept > KEPT_A_MINUTE)
        return;
    if (r.body.n > set->keep_refused_body)
        r.body.n = set->keep_refused_body;
    r.at_ms = clock_wall_ms();
    store_add_refused(c->engine->parts.store, &r, set->keep_refused);
    if (r.status == 400 || r.status == 413)
        alert_raise(c->engine, c->name, "refused", r.connection,
            "a delivery of %s was answered with %d: %s. It is kept (`sauma events --refused "
            "--company %s`). Tell the sender, who will not send it again by itself.",
            r.connection, r.status, r.reason, c->name);
}

void engine_refused(
    struct engine *e, const char *company, const char *connection, int status, const char *why)
{
    struct company *c = company_get(e, company, false);
    const struct manifest_connection *conn =
        c && c->current ? manifest_connection(c->current->manifest, connection) : NULL;
    struct store_refused r = {
        .company = company, .connection = connection, .status = status, .reason = why};
    if (conn && conn->webhook.present && status == 413)
        admission_keep(c, &r);
}
