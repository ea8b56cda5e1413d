/* When a catalogue is opened, read, and closed again.
 *
 * First asked for: its file is read, if there is one, then all of the outside system's list (or
 * what is left of it). Asked later: if the last look is older than match-fresh, first what changed
 * since; if the last reading of all is older than match-whole, all is read again behind the
 * answers, so that what was deleted there goes here. Who asks waits match-wait at most; after that
 * the answer is that there is no catalogue yet, and the script searches the outside system itself.
 */
#include "match_feed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "clock.h"
#include "log.h"
#include "mem.h"

#define DAY_MS 86400000LL

struct feed *feed_get(struct company *c, const char *connection, const char *catalogue)
{
    char *key = mem_printf("%s.%s", connection, catalogue);
    struct feed *f = map_get(c->feeds, str_of(key));
    if (!f) {
        f = mem_zalloc(1, sizeof *f);
        f->company = c;
        f->connection = mem_dup(connection);
        f->name = mem_dup(catalogue);
        list_init(&f->open);
        list_init(&f->waiting);
        map_set(c->feeds, str_of(key), f);
    }
    mem_free(key);
    return f;
}

static const struct engine_settings *settings(const struct feed *f)
{
    return &f->company->engine->set;
}

static struct shelf *shelf_of(const struct feed *f)
{
    return f->company->engine->parts.shelf;
}

static void release(struct feed *f)
{
    mem_free(f->connection);
    mem_free(f->name);
    mem_free(f);
}

/* forget: its file too. */
static void close_book(struct feed *f, bool forget)
{
    feed_stop_reading(f);
    list_remove(&f->open);
    shelf_close(shelf_of(f), f->book, forget);
    f->book = NULL;
    f->state = FEED_CLOSED;
    f->bytes = f->count = 0;
    f->whole_ms = f->fresh_ms = 0;
    f->since[0] = '\0';
    f->all = f->changes = (struct feed_reading){0};
}

void feed_free(struct feed *f)
{
    while (!list_empty(&f->waiting))
        match_cancel(LIST_OF(f->waiting.next, struct match_ask, node));
    if (f->book)
        close_book(f, false);
    if (f->timer)
        loop_timer_free(f->timer);
    f->timer = NULL;
    mem_free(f->problem);
    f->problem = NULL;
    f->gone = true;
    if (f->refs == 0)
        release(f);
}

/* ---- room ------------------------------------------------------------------------------------ */

/* Closes the catalogue that was not asked for longest; false if only this one is open. */
static bool make_room(struct feed *f)
{
    struct list *all = &f->company->engine->feeds;
    for (struct list *n = all->next; n != all; n = n->next) {
        struct feed *other = LIST_OF(n, struct feed, open);
        if (other == f || !list_empty(&other->waiting))
            continue;
        close_book(other, false);
        return true;
    }
    return false;
}

static void too_large(struct feed *f)
{
    alert_raise(f->company->engine, f->company->name, "catalogue-too-large", f->connection,
        "the catalogue of %s of connection %s needs more memory than match-memory gives to all "
        "catalogues (%zu MB); what is alike is searched for there, word by word, instead. Start "
        "the host with a larger --match-memory",
        f->name, f->connection, settings(f)->match_memory >> 20);
    close_book(f, true);
    feed_fail(f, DAY_MS, "it needs more memory than match-memory gives");
}

bool feed_done(struct feed *f, struct shelf_job *j)
{
    f->refs--;
    if (f->gone) {
        if (f->refs == 0)
            release(f);
        return false;
    }
    if (j->book != f->book)
        return true; /* closed meanwhile */
    f->bytes = j->bytes;
    f->count = j->count;
    if (j->saved.code || j->cut)
        log_event(LOG_WARN, "catalogue file", "company", f->company->name, "connection",
            f->connection, "catalogue", f->name, "problem",
            j->saved.code ? j->saved.text : "it was damaged or of another kind; it is read again",
            NULL);
    if (j->over && f->state == FEED_OPEN && !make_room(f))
        too_large(f);
    return true;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The mark: "whole_ms since after". */
static void read_mark(struct feed *f, const char *mark)
{
    char *end;
    long long whole = strtoll(mark, &end, 10);
    if (end == mark || *end != ' ' || strlen(end) < 12 || end[11] != ' ')
        return;
    f->whole_ms = whole;
    snprintf(f->since, sizeof f->since, "%.10s", end + 1);
    if (whole == 0) {
        snprintf(f->all.after, sizeof f->all.after, "%s", end + 12);
        snprintf(f->all.since, sizeof f->all.since, "%s", f->since);
        f->since[0] = '\0';
    }
}

static void open_book(struct feed *f);

static void on_opened(struct shelf_job *j)
{
    struct feed *f = j->arg;
    if (!feed_done(f, j) || j->book != f->book)
        return;
    if (j->over) {
        if (make_room(f)) {
            close_book(f, false);
            open_book(f);
        } else {
            too_large(f);
        }
        return;
    }
    f->state = FEED_OPEN;
    read_mark(f, j->mark);
    feed_go_on(f);
}

static void open_book(struct feed *f)
{
    const struct manifest_catalogue *c = f->catalogue;
    char *file = mem_printf("%s.%s.%s", f->company->name, f->connection, f->name);
    f->state = FEED_OPENING;
    f->book = shelf_book(shelf_of(f), c->written ? file : NULL, f->print, c);
    list_append(&f->company->engine->feeds, &f->open);
    f->refs++;
    shelf_do(shelf_of(f), SHELF_OPEN, f->book, STR_NONE, on_opened, f);
    mem_free(file);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool is_fresh(const struct feed *f)
{
    return f->whole_ms > 0 && f->fresh_ms > 0 &&
           clock_mono_ms() - f->fresh_ms <= settings(f)->match_fresh_ms;
}

static void tell_all(struct feed *f, const char *why)
{
    struct list told, *n;
    list_init(&told);
    while ((n = list_shift(&f->waiting)) != NULL)
        list_append(&told, n);
    while ((n = list_shift(&told)) != NULL)
        match_answer(LIST_OF(n, struct match_ask, node), why);
}

void feed_fail(struct feed *f, int64_t wait_ms, const char *fmt, ...)
{
    char words[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    feed_stop_reading(f);
    mem_free(f->problem);
    f->problem = mem_dup(words);
    f->problem_until_ms = clock_mono_ms() + wait_ms;
    log_event(LOG_WARN, "catalogue not read", "company", f->company->name, "connection",
        f->connection, "catalogue", f->name, "problem", words, NULL);
    tell_all(f, f->problem);
}

/* Tells those whose time is over, and waits for the next. */
static void on_time(void *arg)
{
    struct feed *f = arg;
    int64_t now = clock_mono_ms(), next = -1;
    for (struct list *n = f->waiting.next, *after; n != &f->waiting; n = after) {
        struct match_ask *a = LIST_OF(n, struct match_ask, node);
        after = n->next;
        if (a->until_ms <= now)
            match_answer(a, "the catalogue is still being read");
        else if (next < 0 || a->until_ms < next)
            next = a->until_ms;
    }
    if (next >= 0)
        loop_timer_arm(f->timer, next - now);
}

/* The day before the wall clock's: whatever zone the other side has, nothing is missed. */
static void day_before(int64_t wall_ms, char out[11])
{
    char text[CLOCK_TEXT];
    clock_format(wall_ms - DAY_MS, text);
    snprintf(out, 11, "%.10s", text);
}

static void want(struct feed *f, struct feed_reading *r)
{
    if (r->wanted)
        return;
    r->wanted = true;
    r->pages = 0;
    r->began_ms = 0;
    if (r->after[0])
        return; /* the rest of a reading that was broken off: how fresh it is, nobody knows */
    r->began_ms = clock_mono_ms();
    day_before(clock_wall_ms(), r->since);
    r->sweeps = r == &f->all && f->whole_ms > 0;
    if (r->sweeps)
        shelf_do(shelf_of(f), SHELF_BEGIN, f->book, STR_NONE, NULL, NULL);
}

void feed_go_on(struct feed *f)
{
    if (f->state != FEED_OPEN || f->now)
        return;
    bool asked = !list_empty(&f->waiting);
    if (asked && is_fresh(f)) {
        tell_all(f, NULL);
        asked = false;
    }
    if (clock_mono_ms() < f->problem_until_ms) {
        tell_all(f, f->problem);
        feed_rest(f);
        return;
    }
    bool old = clock_wall_ms() - f->whole_ms > settings(f)->match_whole_ms;
    bool by_changes = f->whole_ms > 0 && f->catalogue->since[0];
    if (asked && by_changes)
        want(f, &f->changes);
    if ((asked && !by_changes) || (old && f->whole_ms > 0))
        want(f, &f->all);
    if (f->all.wanted || f->changes.wanted)
        feed_read(f);
    else
        feed_rest(f);
}

/* What is asked by a newer version of the scripts is read as that says. */
static int take_terms(struct feed *f, struct version *v, const struct manifest_connection *conn,
    const struct manifest_catalogue *catalogue, struct err *e)
{
    struct channel *ch = channel_get(f->company, conn);
    if (credentials_get(ch, v, conn, e) < 0)
        return -1;
    if (strcmp(f->print, ch->credentials.hash) != 0) {
        /* Another account has another catalogue. */
        if (f->book)
            close_book(f, true); /* lets the version go */
        snprintf(f->print, sizeof f->print, "%s", ch->credentials.hash);
        f->problem_until_ms = 0;
    }
    if (f->version != v) {
        feed_rest(f);
        f->version = version_hold(v);
    }
    f->conn = conn;
    f->catalogue = catalogue;
    f->channel = ch;
    return 0;
}

void feed_ask(struct feed *f, struct match_ask *a, struct version *v,
    const struct manifest_connection *conn, const struct manifest_catalogue *catalogue)
{
    struct err e = {0};
    list_append(&f->waiting, &a->node);
    if (!f->now && take_terms(f, v, conn, catalogue, &e) < 0) {
        match_answer(a, e.text);
        return;
    }
    if (!f->timer)
        f->timer = loop_timer_new(f->company->engine->parts.loop, on_time, f);
    if (f->open.next != &f->open) { /* used last */
        list_remove(&f->open);
        list_append(&f->company->engine->feeds, &f->open);
    }
    if (f->state == FEED_CLOSED) {
        if (clock_mono_ms() < f->problem_until_ms) {
            match_answer(a, f->problem);
            return;
        }
        open_book(f);
    } else if (f->state == FEED_OPEN && is_fresh(f)) {
        match_answer(a, NULL);
        feed_go_on(f);
        return;
    } else {
        feed_go_on(f);
    }
    on_time(f);
}
