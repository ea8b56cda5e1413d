#include "judge.h"

#include <stdlib.h>
#include <string.h>
#include "channel.h"
#include "disk.h"
#include "machine.h"
#include "newness.h"
#include "outside.h"

enum { CONNECTIONS = 3 };
static struct {
    struct {
        int in_flight;
        int64_t silent_until_us;
    } at[COMPANIES_MAX * CONNECTIONS];
} judge;

void judge_begin(void)
{
    memset(&judge, 0, sizeof judge);
}

static int place(const char *company, const char *connection)
{
    static const char *const names[] = {"books", "shop", "chat"};
    for (int i = 0; i < CONNECTIONS; i++)
        if (strcmp(names[i], connection) == 0 && company[0] >= 'a' &&
            company[0] < 'a' + COMPANIES_MAX)
            return (company[0] - 'a') * CONNECTIONS + i;
    sim_fail("a request to %s of %s, which there is not", connection, company);
}

/* ---- what leaves ---- */

static struct disk_run *run_of(struct str body)
{
    static const char word[] = "\"by\":\"";
    const char *p = body.n ? memmem(body.p, body.n, word, sizeof word - 1) : NULL;
    char id[64] = "";
    if (p) {
        p += sizeof word - 1;
        size_t n = strcspn(p, "\"");
        memcpy(id, p, n < sizeof id ? n : 0);
    }
    struct disk_run *r = disk_find_run(sim->disk, id);
    if (!r)
        sim_fail("a write left whose run %s is not on disk", id);
    return r;
}

static int64_t member(struct str json, const char *name)
{
    const char *p = json.n ? memmem(json.p, json.n, name, strlen(name)) : NULL;
    return p ? strtoll(p + strlen(name), NULL, 10) : 0;
}

/* What a look said two minutes ago counts, and a try may wait for a place and a token after it. */
#define LOOK_GOOD_US INT64_C(240000000)

static void check_look(struct disk_run *r, const struct disk_step *write)
{
    const struct disk_step *look =
        disk_find_step(r, (uint32_t)member(write->step.spec, "\"looked\":"));
    if (look && sim->mono_us - look->us > LOOK_GOOD_US)
        sim_fail("%s of %s is sent on a look of %lld s before", write->step.title, r->run.id,
            (long long)(sim->mono_us - look->us) / 1000000);
}

/* Its intent is on disk, and no answer to it. */
static void check_intent(struct disk_run *r, struct str body, const char *path)
{
    for (int i = r->nsteps - 1; i >= 0; i--) {
        struct disk_step *s = &r->steps[i];
        if (!s->answered && strcmp(s->step.kind, "write") == 0 && str_eq(s->step.body, body)) {
            check_look(r, s);
            s->sent_us = sim->mono_us;
            return;
        }
    }
    sim_fail("POST %s of %s left without an open intent on disk", path, r->run.id);
}

static bool in_flight(const struct disk_run *r)
{
    return r->run.state == RUN_QUEUED || r->run.state == RUN_RUNNING || r->run.state == RUN_WAITING;
}

/* Runs of a key are done one by one, in the order of their events. */
static void check_turn(const struct disk_run *r)
{
    if (!r->run.key[0])
        return;
    for (int i = 0; i < sim->disk->nruns; i++) {
        const struct disk_run *o = sim->disk->runs[i];
        if (o == r || !in_flight(o) || strcmp(o->run.key, r->run.key) != 0 ||
            strcmp(o->run.company, r->run.company) != 0)
            continue;
        if (o->event->seq < r->event->seq && !o->acted)
            sim_fail(
                "order: %s of event %lld writes while %s of event %lld, which is before it in key "
                "%s of company %s, is %s",
                r->run.id, (long long)r->event->seq, o->run.id, (long long)o->event->seq,
                r->run.key, r->run.company, run_state_name(o->run.state));
        if (o->wrote && !o->acted && !r->acted)
            sim_fail("order: %s writes in the midst of %s of the same key %s", r->run.id, o->run.id,
                r->run.key);
    }
}

/* An older update overwrites nothing that is newer. */
static void check_newest(const struct disk_run *r)
{
    for (int i = 0; r->run.newest[0] && i < sim->disk->nruns; i++) {
        const struct disk_run *o = sim->disk->runs[i];
        if (o->sent && strcmp(o->run.key, r->run.key) == 0 &&
            strcmp(o->run.rule, r->run.rule) == 0 && strcmp(o->run.company, r->run.company) == 0 &&
            newness_compare(str_of(o->run.newest), str_of(r->run.newest)) > 0)
            sim_fail("newest: %s writes %s of key %s after %s wrote %s", r->run.id, r->run.newest,
                r->run.key, o->run.id, o->run.newest);
    }
}

void judge_sent(
    const char *company, const char *connection, const char *path, bool write, struct str body)
{
    int i = place(company, connection);
    if (strcmp(path, "/token") == 0)
        return;
    int in_flight_now = ++judge.at[i].in_flight;
    if (strcmp(connection, "shop") == 0 && in_flight_now > 2)
        sim_fail("limit: %d requests at once to shop of %s, which takes 2", in_flight_now, company);
    if (sim->mono_us < judge.at[i].silent_until_us - 1000)
        sim_fail("%s of %s asked for silence and was asked %lld ms before its end", connection,
            company, (long long)(judge.at[i].silent_until_us - sim->mono_us) / 1000);
    if (!write)
        return;
    struct disk_run *r = run_of(body);
    if (strcmp(r->run.company, company) != 0)
        sim_fail(
            "%s of company %s wrote to a connection of %s", r->run.id, r->run.company, company);
    check_intent(r, body, path);
    check_turn(r);
    check_newest(r);
    r->wrote = r->sent = true;
}

void judge_returned(const char *company, const char *connection, const char *path)
{
    int i = place(company, connection);
    judge.at[i].in_flight -= strcmp(path, "/token") != 0;
}

void judge_silence(const char *company, const char *connection, int64_t ms)
{
    int i = place(company, connection);
    int64_t until = sim->mono_us + ms * 1000;
    if (until > judge.at[i].silent_until_us)
        judge.at[i].silent_until_us = until;
}

/* A lost write is not looked for before its request can no longer land. */
static void check_settled(struct disk_run *r, const struct disk_step *s)
{
    const struct disk_step *write = disk_find_step(r, (uint32_t)member(s->step.spec, "\"of\":"));
    int64_t us = write ? 1000 * member(write->answer.meta, "\"settle_ms\":") : 0;
    if (write && write->sent_us && sim->mono_us - write->sent_us < us)
        sim_fail("%s of %s counts as settled after %lld s", write->step.title, r->run.id,
            (long long)(sim->mono_us - write->sent_us) / 1000000);
}

/* By their journals two runs must not have a lock at once: who has it after a restart could not be
 * known. A run that a person let go on has what it had only when it comes there again. */
static void check_lock(const struct disk_run *r, const char *lock)
{
    for (int i = 0; i < sim->disk->nruns; i++) {
        const struct disk_run *o = sim->disk->runs[i];
        if (o != r && (o->run.state == RUN_RUNNING || o->run.state == RUN_WAITING) &&
            !o->progress.reopened_seq && strcmp(o->run.company, r->run.company) == 0 &&
            disk_holds_lock(o, lock))
            sim_fail("lock: on disk %s took \"%s\" of company %s, which %s has", r->run.id, lock,
                r->run.company, o->run.id);
    }
}

void judge_step(struct disk_run *r, const struct disk_step *s)
{
    if (strcmp(s->step.kind, "settle") == 0)
        check_settled(r, s);
    else if (disk_lock_name(s))
        check_lock(r, disk_lock_name(s));
}

/* What it knew of silence and of whose turn it was is gone with it. */
void judge_host_died(void)
{
    for (int i = 0; i < COMPANIES_MAX * CONNECTIONS; i++)
        judge.at[i].silent_until_us = 0;
    for (int i = 0; i < sim->disk->nruns; i++)
        sim->disk->runs[i]->wrote = false;
}

/* ---- what is told ---- */

void judge_delivered(const char *event, struct str body, int status)
{
    const struct disk_event *ev = disk_find_event(sim->disk, event);
    if (!ev)
        sim_fail("event %s was answered %d and is not on disk", event, status);
    if (!str_eq(ev->event.body, body))
        sim_fail("event %s was answered %d and is on disk with other bytes", event, status);
}

/* ---- the disk ---- */

/* Each state of an event follows from its runs, whatever order they were changed in. */
void judge_disk(void)
{
    const struct disk *d = sim->disk;
    struct store_books b;
    if (d->commits % 16 != 0 && !sim->calm)
        return;
    disk_books(d, NULL, &b);
    if (b.received != b.done + b.skipped + b.attention + b.held + b.in_flight + b.failed)
        sim_fail("the books do not balance");
    for (int i = 0; i < d->nevents; i++) {
        const struct disk_event *ev = d->events[i];
        bool open = !ev->routed;
        for (const struct disk_run *r = ev->runs; r; r = r->next) {
            open |= in_flight(r);
            if (in_flight(r) && !disk_has_version(d, r->run.company, r->run.version))
                sim_fail("run %s is of version %s, whose sources are not on disk", r->run.id,
                    r->run.version);
        }
        if (open != (ev->state == EVENT_IN_FLIGHT))
            sim_fail("event %s is %s, and its runs are %s", ev->event.id,
                disk_event_state(ev->state), open ? "in flight" : "over");
    }
}

/* ---- the end ---- */

static void check_company(const struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (map_count(c->keys) || map_count(c->locks))
        sim_fail("company %s: %zu keys and %zu locks are held", c->name, map_count(c->keys),
            map_count(c->locks));
    if (c->running || !list_empty(&c->ready) || !list_empty(&c->unrouted) ||
        !list_empty(&c->routing) || !list_empty(&c->turn_node))
        sim_fail("company %s: runs or events are left in its queues", c->name);
    while (map_next(c->channels, &at, &key, &value)) {
        const struct channel *ch = value;
        if (ch->in_use || !list_empty(&ch->queue) || ch->token.transfer ||
            !list_empty(&ch->token.waiting))
            sim_fail("connection %s of %s: %d places are taken, %swaiting", ch->name, c->name,
                ch->in_use, list_empty(&ch->queue) ? "nobody " : "somebody ");
    }
}

static void check_engine(const struct engine *e)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (e->held)
        sim_fail("engine: %d callbacks are still expected", e->held);
    if (!list_empty(&e->events)) {
        const struct incoming *ev = LIST_OF(e->events.next, struct incoming, node);
        const struct run *r =
            list_empty(&ev->runs) ? NULL : LIST_OF(ev->runs.next, struct run, event_node);
        sim_fail("engine: event %s is still in memory: routed %d, open %d, run %s %s", ev->id,
            ev->routed, ev->open, r ? r->id : "", r ? run_state_name(r->state) : "");
    }
    if (e->active || e->body_bytes || engine_behind(e) || e->reading)
        sim_fail("engine: %d events at work, %zu bytes, behind %d, loading %d", e->active,
            e->body_bytes, engine_behind(e), e->reading);
    if (e->stats.running || e->stats.queued || e->stats.parked || e->stats.events_in_memory)
        sim_fail("engine: running %d, queued %d, parked %d, events %d", e->stats.running,
            e->stats.queued, e->stats.parked, e->stats.events_in_memory);
    while (map_next(e->companies, &at, &key, &value))
        check_company(value);
    if (sim->calls || sim->transfers)
        sim_fail("%d calls and %d transfers are left", sim->calls, sim->transfers);
}

/* What a run that is done has brought about. */
static void check_done(const struct disk_run *r)
{
    static const struct {
        const char *rule, *path;
    } effects[] = {{"invoice", "/invoices"}, {"order", "/orders"}, {"asked", "/orders"},
        {"follow", "/laters"}, {"later", "/laters"}, {"blind", "/blind"}, {"state", "/states"}};
    char ref[40] = "";
    struct str body = r->event->event.body;
    const char *p = memmem(body.p, body.n, "\"ref\":\"", 7);
    if (p)
        memcpy(ref, p + 7, strcspn(p + 7, "\""));
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if (strcmp(effects[i].rule, r->run.rule) != 0)
            continue;
        int n = outside_count(r->run.company, effects[i].path, ref);
        if (r->run.state == RUN_DONE && n != 1)
            sim_fail("%s (%s) is done, and %s has %d of \"%s\"", r->run.id, r->run.rule,
                effects[i].path, n, ref);
    }
}

/* It was skipped for data that is newer. */
static bool is_older(const struct disk_run *r)
{
    for (int i = 0; r->run.newest[0] && i < sim->disk->nruns; i++) {
        const struct disk_run *o = sim->disk->runs[i];
        if (strcmp(o->run.key, r->run.key) == 0 && strcmp(o->run.rule, r->run.rule) == 0 &&
            strcmp(o->run.company, r->run.company) == 0 &&
            newness_compare(str_of(o->run.newest), str_of(r->run.newest)) > 0)
            return r->run.state == RUN_SKIPPED;
    }
    return false;
}

/* Nobody but a person skips what is the newest. */
static void check_skipped(const struct disk_run *r)
{
    if (r->run.state == RUN_SKIPPED && r->run.newest[0] && !r->acted && !is_older(r))
        sim_fail("newest: %s with %s of key %s is %s: %s", r->run.id, r->run.newest, r->run.key,
            run_state_name(r->run.state), r->run.reason);
}

/* Nothing went wrong outside, so nobody but the rule itself may have stopped a run. */
static void check_sunny(const struct disk_run *r)
{
    const struct plan *p = &sim->plan;
    bool sunny = p->trouble == 0 && p->outages == 0 && p->full_disks == 0 && !p->guilty;
    if (!sunny || r->acted || r->run.state == RUN_DONE || strcmp(r->run.rule, "odd") == 0 ||
        is_older(r) || strcmp(r->run.rule, "off") == 0 || r->run.state == RUN_HELD ||
        ((p->crashes || p->drains || sim->disk->restored_ms) && strcmp(r->run.rule, "blind") == 0))
        return;
    sim_fail("all was well outside, and %s (%s) is %s: %s", r->run.id, r->run.rule,
        run_state_name(r->run.state), r->run.reason);
}

static const struct run *in_memory(const char *id)
{
    for (struct list *n = sim->engine->events.next; n != &sim->engine->events; n = n->next) {
        struct incoming *ev = LIST_OF(n, struct incoming, node);
        for (struct list *m = ev->runs.next; m != &ev->runs; m = m->next)
            if (strcmp(LIST_OF(m, struct run, event_node)->id, id) == 0)
                return LIST_OF(m, struct run, event_node);
    }
    return NULL;
}

void judge_limbo(void)
{
    const struct disk *d = sim->disk;
    for (int i = 0; i < d->nevents; i++) {
        const struct disk_event *ev = d->events[i];
        if (ev->state != EVENT_IN_FLIGHT)
            continue;
        for (const struct disk_run *r = ev->runs; r; r = r->next) {
            const struct run *m = sim->engine ? in_memory(r->run.id) : NULL;
            if (in_flight(r) && m)
                sim_fail("limbo: %s (%s, key %s) is %s for ever: %s; place %d, parked %d, call %d, "
                         "step %d, reading %d, ending %d, first of its key %d",
                    r->run.id, r->run.rule, r->run.key, run_state_name(r->run.state), r->run.reason,
                    m->slot, m->parked, m->call != NULL, m->step != NULL, m->reading, m->ending,
                    m->queue && m->queue->runs.next == &m->key_node);
            if (in_flight(r))
                sim_fail("limbo: %s (%s, key %s) is %s for ever, and not in memory", r->run.id,
                    r->run.rule, r->run.key, run_state_name(r->run.state));
        }
        sim_fail("limbo: event %s (%s) is not routed for ever", ev->event.id, ev->event.type);
    }
    sim_fail("no delivery is taken any more");
}

void judge_quiet(void)
{
    const struct disk *d = sim->disk;
    for (int i = 0; i < d->nruns; i++) {
        check_done(d->runs[i]);
        check_skipped(d->runs[i]);
        check_sunny(d->runs[i]);
    }
    check_engine(sim->engine);
}
