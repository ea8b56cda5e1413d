/* Schedules at work: each time of one becomes one event, whatever happens to the host or to its
 * clock. The store knows the last time that came, and each event's delivery id names its time, so
 * that neither a restart nor a clock that was set back makes one come twice. */
#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "buf.h"
#include "clock.h"
#include "fault.h"
#include "json.h"
#include "log.h"
#include "machine.h"
#include "mem.h"
#include "store_schedule.h"

/* A time that came so long ago is one that was missed. */
#define LATE_MS INT64_C(60000)
/* Times longer ago than this are not even counted. */
#define LOOK_BACK_MS INT64_C(31622400000) /* 366 days */
#define RETRY_MS     5000

struct timed {
    const struct manifest_schedule *spec; /* of the timetable's version */
    int64_t slot;                         /* the last time that came */
    int64_t since;                        /* the one at which it began */
    int64_t slot_ms, due_ms;              /* when; and when the next one comes */
    bool busy;                            /* an event is being stored */
    int64_t retry_ms;                     /* monotonic: not before; it was not stored */
};

struct timetable {
    struct company *company;
    struct version *version;
    struct timed *v;
    int n;
    uint64_t generation; /* callbacks for an older one are dropped */
    enum { ASK, ASKED, KNOWN } state;
    int64_t retry_ms;
};

static void set_slot(struct timed *t, int64_t slot)
{
    t->slot = slot;
    t->slot_ms = recurrence_ms(&t->spec->when, slot);
    t->due_ms = recurrence_ms(&t->spec->when, recurrence_next(&t->spec->when, slot));
}

void timetable_free(struct company *c)
{
    struct timetable *tt = c->timetable;
    if (!tt)
        return;
    c->timetable = NULL;
    if (!c->engine->dead) /* else the versions are gone with the company */
        version_release(tt->version);
    mem_free(tt->v);
    mem_free(tt);
}

void timetable_renew(struct company *c)
{
    const struct manifest *m = c->current->manifest;
    int64_t now = clock_wall_ms();
    timetable_free(c);
    struct timetable *tt = mem_zalloc(1, sizeof *tt);
    tt->company = c;
    tt->version = version_hold(c->current);
    tt->generation = ++c->engine->generation;
    tt->n = m->nschedules;
    tt->v = mem_zalloc((size_t)tt->n, sizeof *tt->v);
    for (int i = 0; i < tt->n; i++) {
        tt->v[i].spec = &m->schedules[i];
        set_slot(&tt->v[i], recurrence_slot(&m->schedules[i].when, now));
    }
    c->timetable = tt;
    keeper_soon(c->engine);
}

/* What a callback of the store needs to find its way back. */
struct pending {
    struct engine *engine;
    struct company *company;
    uint64_t generation;
    int at;
    int64_t slot;
    struct store_event se;
    char id[ID_TEXT], delivery[201];
    char *type;
    struct buf body;
    engine_reply_fn fn; /* of engine_fire */
    void *arg;
};

static struct pending *pending_new(struct timetable *tt, int at, int64_t slot)
{
    struct pending *p = mem_zalloc(1, sizeof *p);
    p->engine = tt->company->engine;
    p->company = tt->company;
    p->generation = tt->generation;
    p->at = at;
    p->slot = slot;
    buf_init(&p->body, 65536);
    engine_hold(p->engine);
    return p;
}

static void pending_free(struct pending *p)
{
    buf_free(&p->body);
    mem_free(p->type);
    mem_free(p);
}

static struct timetable *still(const struct pending *p)
{
    struct timetable *tt = p->company->timetable;
    return tt && tt->generation == p->generation ? tt : NULL;
}

/* ---- what the store knows ---- */

static void on_synced(void *arg, const struct store_slot *slots, const struct err *err)
{
    struct pending *p = arg;
    if (engine_held_back(p->engine)) {
        struct timetable *tt = still(p);
        if (tt && err) {
            log_event(LOG_ERROR, "schedules not read", "company", p->company->name, "error",
                err->text, NULL);
            tt->state = ASK;
            tt->retry_ms = clock_mono_ms() + RETRY_MS;
        } else if (tt) {
            tt->state = KNOWN;
            for (int i = 0; i < tt->n; i++) {
                tt->v[i].since = slots[i].since;
                set_slot(&tt->v[i], slots[i].slot);
            }
        }
        keeper_soon(p->engine);
    }
    pending_free(p);
}

static void sync_with_store(struct timetable *tt)
{
    struct store_schedule *v = mem_zalloc((size_t)tt->n, sizeof *v);
    for (int i = 0; i < tt->n; i++)
        v[i] =
            (struct store_schedule){tt->v[i].spec->name, tt->v[i].spec->when.text, tt->v[i].slot};
    tt->state = ASKED;
    store_sync_schedules(tt->company->engine->parts.store, tt->company->name, v, tt->n, on_synced,
        pending_new(tt, 0, 0));
    mem_free(v);
}

/* ---- events ---- */

static void put_body(struct buf *b, const struct manifest_schedule *s, int64_t slot, int64_t missed)
{
    char at[RECURRENCE_TEXT];
    recurrence_time(&s->when, slot, at);
    const char *zone = s->when.zone ? strrchr(s->when.text, ' ') + 1 : "UTC";
    buf_addf(b, "{\"at\":\"%s\",\"date\":\"%.10s\",\"missed\":%lld,\"schedule\":", at, at,
        (long long)missed);
    json_put_cstring(b, s->name);
    /* The local time it stands for, which a clock that was turned forward may not have shown. */
    recurrence_name(&s->when, slot, at);
    buf_addf(b, ",\"time\":\"%.5s\",\"time_zone\":", at + 11);
    json_put_cstring(b, zone);
    buf_addc(b, '}');
}

static void make_event(struct pending *p, const struct manifest_schedule *s, int64_t missed)
{
    char name[RECURRENCE_TEXT];
    int64_t now = clock_wall_ms();
    recurrence_name(&s->when, p->slot, name);
    snprintf(p->delivery, sizeof p->delivery, "%s@%s%s", s->name, name,
        s->when.zone ? strrchr(s->when.text, ' ') : "");
    put_body(&p->body, s, p->slot, missed);
    id_new(p->id, "evt_", now);
    p->type = mem_dup(s->name);
    p->se = (struct store_event){.id = p->id,
        .company = p->company->name,
        .connection = MANIFEST_SCHEDULE,
        .type = p->type,
        .delivery = p->delivery,
        .received_ms = now,
        .headers = STR_LIT("{}"),
        .body = buf_str(&p->body)};
}

static void stored(struct pending *p, enum store_event_result result, int64_t seq)
{
    struct timetable *tt = still(p);
    struct timed *t = tt ? &tt->v[p->at] : NULL;
    if (t) {
        t->busy = false;
        if (result == STORE_EVENT_FAILED)
            t->retry_ms = clock_mono_ms() + RETRY_MS;
        else
            set_slot(t, p->slot);
    }
    if (result == STORE_EVENT_NEW) {
        FAULT_POINT("after_scheduled_event");
        p->engine->stats.received++;
        p->engine->stats.scheduled++;
        events_stored(p->engine, &p->se, seq);
    }
    keeper_soon(p->engine);
}

static void on_added(void *arg, enum store_event_result result, int64_t seq, const char *first_id,
    const struct err *err)
{
    struct pending *p = arg;
    if (err)
        log_event(LOG_ERROR, "event of a schedule not stored", "company", p->se.company, "schedule",
            p->se.type, "error", err->text, NULL);
    if (engine_held_back(p->engine))
        stored(p, result, seq);
    pending_free(p);
}

static void fire(struct timetable *tt, int at, int64_t slot, int64_t missed)
{
    struct timed *t = &tt->v[at];
    struct pending *p = pending_new(tt, at, slot);
    t->busy = true;
    make_event(p, t->spec, missed);
    FAULT_POINT("before_scheduled_event");
    store_add_scheduled(p->engine->parts.store, &p->se, t->spec->name, slot, on_added, p);
}

/* ---- times that were missed ---- */

static void on_left_out(void *arg, const struct err *err)
{
    on_added(arg, err ? STORE_EVENT_FAILED : STORE_EVENT_DUPLICATE, 0, "", err);
}

/* Times up to slot come to nothing. */
static void leave_out(struct timetable *tt, int at, int64_t slot)
{
    struct pending *p = pending_new(tt, at, slot);
    tt->v[at].busy = true;
    p->se.company = p->company->name;
    p->se.type = p->type = mem_dup(tt->v[at].spec->name);
    store_set_slot(p->engine->parts.store, p->company->name, p->type, slot, on_left_out, p);
}

/* The times after a schedule's slot up to now. */
struct due {
    int64_t late;    /* how many were missed */
    int64_t newest;  /* of them */
    int64_t on_time; /* the first that was not; INT64_MIN: none */
};

static struct due count_due(const struct timed *t, int64_t now)
{
    const struct recurrence *r = &t->spec->when;
    struct due d = {.newest = t->slot, .on_time = INT64_MIN};
    if (t->slot_ms < now - LOOK_BACK_MS)
        d.newest = recurrence_slot(r, now - LOOK_BACK_MS);
    for (;;) {
        int64_t next = recurrence_next(r, d.newest), ms = recurrence_ms(r, next);
        if (ms > now)
            return d;
        if (ms > now - LATE_MS) {
            d.on_time = next;
            return d;
        }
        d.newest = next;
        d.late++;
    }
}

static void report_left_out(
    const struct timetable *tt, const struct timed *t, int64_t n, const char *why)
{
    char count[24], since[RECURRENCE_TEXT];
    if (n == 0)
        return;
    snprintf(count, sizeof count, "%lld", (long long)n);
    recurrence_time(&t->spec->when, t->slot, since);
    log_event(LOG_WARN, "times of a schedule were missed", "company", tt->company->name, "schedule",
        t->spec->name, "times", count, "after", since, "missed", why, NULL);
}

/* The oldest that is kept of those that are caught up one by one. */
static int64_t first_kept(struct timetable *tt, const struct timed *t, const struct due *d)
{
    const struct recurrence *r = &t->spec->when;
    int64_t slot = t->slot, over = d->late - t->spec->missed_limit;
    if (t->slot_ms < clock_wall_ms() - LOOK_BACK_MS)
        slot = recurrence_slot(r, clock_wall_ms() - LOOK_BACK_MS);
    for (int64_t i = 0; i < over; i++)
        slot = recurrence_next(r, slot);
    if (over > 0) {
        report_left_out(tt, t, over, "all, up to missed_limit");
        alert_raise(tt->company->engine, tt->company->name, "schedule-missed", t->spec->name,
            "%lld times of schedule \"%s\" were missed while the host did not run; the last %d are "
            "caught up, as missed_limit says, the others are not: do by hand what they were for",
            (long long)d->late, t->spec->name, t->spec->missed_limit);
    }
    return recurrence_next(r, slot);
}

/* One event at most; when it is stored, it is looked at again. */
static void come(struct timetable *tt, int at, int64_t now)
{
    struct timed *t = &tt->v[at];
    struct due d = count_due(t, now);
    admission_look(tt->company, true);
    if (t->spec->missed == MISSED_ALL && d.late) {
        fire(tt, at, first_kept(tt, t, &d), 0);
    } else if (d.on_time != INT64_MIN) {
        report_left_out(tt, t, d.late, "its next time came already");
        fire(tt, at, d.on_time, d.late);
    } else if (t->spec->missed == MISSED_NONE && d.late) {
        report_left_out(tt, t, d.late, "none");
        leave_out(tt, at, d.newest);
    } else if (d.late) {
        report_left_out(tt, t, d.late - 1, "once");
        fire(tt, at, d.newest, d.late - 1);
    }
}

/* The clock was set back. What came since then by it may not come again, and the delivery ids see
 * to that; but what was left out, when the clock was ahead, is still to come. */
static void set_back(struct timed *t, int64_t now)
{
    int64_t slot = recurrence_slot(&t->spec->when, now);
    set_slot(t, slot < t->since ? t->since : slot);
}

int64_t timetable_look(struct company *c, int64_t now)
{
    struct timetable *tt = c->timetable;
    int64_t next = INT64_MAX, mono = clock_mono_ms();
    if (!tt || !c->engine->set.schedules)
        return next;
    if (tt->state == ASK && mono >= tt->retry_ms)
        sync_with_store(tt);
    /* As if the host did not run: what comes then was missed, and `missed` says what of it comes.
     */
    if (tt->n && admission_rests(c))
        return next;
    for (int i = 0; i < tt->n && tt->state == KNOWN; i++) {
        struct timed *t = &tt->v[i];
        if (t->busy || mono < t->retry_ms)
            continue;
        if (t->slot_ms > now)
            set_back(t, now);
        if (t->due_ms <= now)
            come(tt, i, now);
        else if (t->due_ms < next)
            next = t->due_ms;
    }
    return next;
}

/* ---- by hand ---- */

static void refuse(engine_reply_fn fn, void *arg, int status, const char *words)
{
    struct buf json;
    buf_init(&json, 4096);
    buf_adds(&json, "{\"error\":");
    json_put_cstring(&json, words);
    buf_addc(&json, '}');
    struct engine_reply r = {.status = status, .json = buf_str(&json)};
    fn(arg, &r);
    buf_free(&json);
}

static void on_fired(void *arg, enum store_event_result result, int64_t seq, const char *first_id,
    const struct err *err)
{
    struct pending *p = arg;
    if (engine_held_back(p->engine)) {
        if (result == STORE_EVENT_FAILED) {
            refuse(p->fn, p->arg, 503, err->text);
        } else {
            bool new = result == STORE_EVENT_NEW;
            char json[160];
            int n = snprintf(json, sizeof json, "{\"event\":\"%s\"%s}", first_id,
                new ? "" : ",\"duplicate\":true");
            struct engine_reply r = {new ? 202 : 200, 0, {json, (size_t)n}, first_id};
            p->fn(p->arg, &r);
            if (new)
                events_stored(p->engine, &p->se, seq);
        }
    }
    pending_free(p);
}

void engine_fire(struct engine *e, const char *company, const char *schedule, const char *at,
    engine_reply_fn fn, void *arg)
{
    struct company *c = company_get(e, company, false);
    struct timetable *tt = c ? c->timetable : NULL;
    char words[300];
    int i = 0;
    while (tt && i < tt->n && strcmp(tt->v[i].spec->name, schedule) != 0)
        i++;
    if (!tt || i == tt->n) {
        snprintf(words, sizeof words, "the company has no schedule \"%.200s\"", schedule);
        refuse(fn, arg, 404, words);
        return;
    }
    struct timed *t = &tt->v[i];
    int64_t slot = recurrence_next(&t->spec->when, t->slot);
    if (at && !recurrence_find(&t->spec->when, str_of(at), &slot)) {
        snprintf(words, sizeof words, "\"%.60s\" is not a time at which the schedule comes", at);
        refuse(fn, arg, 400, words);
        return;
    }
    if (!at)
        set_slot(t, slot);
    struct pending *p = pending_new(tt, i, slot);
    make_event(p, t->spec, 0);
    p->fn = fn;
    p->arg = arg;
    store_add_event(e->parts.store, &p->se, on_fired, p);
}
