/* Those outside who send deliveries, again and again until they are taken; who act on runs; and
 * what befalls a host: outages, full disks, clocks that are set. */
#include <stdio.h>
#include <string.h>
#include "act.h"
#include "disk.h"
#include "engine.h"
#include "outside.h"

struct delivery {
    char company[2];
    struct str body;
    const char *secret;
    bool forged;  /* not authentic: it is to be refused */
    bool changed; /* the id of another one with other content */
    bool pending, over;
    int tries;
    const char *event;
};

static struct {
    struct delivery *list;
    int n, nchanged, open; /* those that change what another says are behind the n */
} people;

#define TRIES_MAX 200

static void deliver(void *arg);

static void again(struct delivery *v, int64_t low_us, int64_t high_us)
{
    machine_after_us(dice_between(&sim->of_people, low_us, high_us), deliver, v);
}

static void over(struct delivery *v)
{
    people.open -= !v->over;
    v->over = true;
}

static void taken(struct delivery *v, const struct engine_reply *r)
{
    if (v->forged || v->changed)
        sim_fail("a delivery that is to be refused was answered %d", r->status);
    judge_delivered(r->event, v->body, r->status);
    if (v->event && strcmp(v->event, r->event) != 0)
        sim_fail("one delivery is two events: %s and %s", v->event, r->event);
    if (v->event && r->status == 202)
        sim_fail("event %s was taken twice", r->event);
    v->event = arena_text(r->event);
    over(v);
    if (v->tries < 4 && !sim->calm && dice_hit(&sim->of_people, 250)) {
        v->over = false;
        people.open++;
        again(v, 1000, 60000000);
    }
}

static void on_reply(void *arg, const struct engine_reply *r)
{
    struct delivery *v = arg;
    v->pending = false;
    TRACE("people: answered %d %.*s", r->status, STR_ARG(r->json));
    sim_note((uint64_t)r->status);
    if (r->status == 202 || r->status == 200)
        taken(v, r);
    else if (r->status == 503 || r->status == 429)
        again(v, 1000000, 20000000);
    else if ((r->status == 401 && v->forged) || (r->status == 409 && v->changed))
        over(v);
    else if (r->status == 404 && !v->forged) /* its company did not load yet */
        again(v, 1000000, 20000000);
    else
        sim_fail("a delivery was answered %d %.*s", r->status, STR_ARG(r->json));
}

static void deliver(void *arg)
{
    struct delivery *v = arg;
    struct http_header secret = {STR_LIT("X-Webhook-Secret"), str_of(v->secret)};
    if (v->pending || v->over)
        return;
    if (!sim->engine || !sim->accepting) {
        again(v, 500000, 10000000);
        return;
    }
    if (v->tries++ > TRIES_MAX)
        sim_fail("a delivery was refused %d times", TRIES_MAX);
    v->pending = true;
    TRACE("people: deliver %s %.*s", v->company, STR_ARG(v->body));
    struct engine_delivery d = {.company = v->company,
        .connection = "in",
        .headers = &secret,
        .nheaders = 1,
        .body = v->body};
    engine_ingest(sim->engine, &d, on_reply, v);
}

void people_host_died(void)
{
    for (int i = 0; i < people.n + people.nchanged; i++)
        if (people.list[i].pending) { /* its connection broke */
            people.list[i].pending = false;
            again(&people.list[i], 500000, 10000000);
        }
}

/* What is forgotten is sent again by some, as new: they have found out. */
void people_restored(void)
{
    for (int i = 0; i < people.n; i++) {
        struct delivery *v = &people.list[i];
        if (!v->event || disk_find_event(sim->disk, v->event))
            continue;
        v->event = NULL;
        if (v->over && dice_hit(&sim->of_people, 600)) {
            v->over = false;
            people.open++;
            again(v, 1000, 600000000);
        }
    }
    for (int i = people.n; i < people.n + people.nchanged; i++)
        over(&people.list[i]); /* what it was to differ from may be forgotten */
}

bool people_done(void)
{
    return people.open == 0;
}

static struct str make_body(struct dice *d, int i, int id)
{
    static const char *const types[] = {"order", "later", "blind", "asked", "odd", "state", "none"};
    const struct plan *p = &sim->plan;
    bool sale = p->locks && dice_hit(d, 400);
    char body[300];
    int n = snprintf(body, sizeof body,
        "{\"id\":\"d%d\",\"type\":\"%s\",\"ref\":\"R%d\",\"customer\":\"C%u\",\"key\":\"K%u\","
        "\"wait\":%lld}",
        id, sale ? "sale" : types[dice_below(d, (uint32_t)p->kinds)], i,
        dice_below(d, (uint32_t)p->customers), dice_below(d, (uint32_t)p->keys),
        (long long)dice_between(d, 1, dice_hit(d, 300) ? 3600000 : 3000));
    return arena_bytes((struct str){body, (size_t)n});
}

static void make_deliveries(void)
{
    struct dice *d = &sim->of_people;
    people.n = people.open = sim->plan.deliveries;
    people.list = arena_zalloc((size_t)people.n * 2 * sizeof *people.list);
    bool burst = dice_hit(d, 500);
    for (int i = 0; i < people.n; i++) {
        struct delivery *v = &people.list[i];
        v->company[0] = (char)('a' + dice_below(d, (uint32_t)sim->plan.companies));
        v->secret = "test-in";
        v->body = make_body(d, i, i);
        if (i > 0 && dice_hit(d, 20)) {
            v->forged = true;
            v->secret = "guessed";
        }
        int64_t at = dice_between(d, 0, sim->plan.span_ms * 1000);
        machine_after_us(burst && i % 2 ? at / 50 : at, deliver, v);
    }
}

/* The id of a delivery that was taken, with other content. */
static void deliver_changed(void *arg)
{
    struct dice *d = &sim->of_people;
    struct delivery *of = &people.list[dice_below(d, (uint32_t)people.n)];
    struct delivery *v = &people.list[people.n + people.nchanged];
    if (!of->event || of->forged || sim->calm)
        return;
    people.nchanged++;
    *v = *of;
    v->changed = true;
    v->over = v->pending = false;
    char body[400];
    int n = snprintf(body, sizeof body, "%.*s", STR_ARG(of->body));
    body[n - 2] = body[n - 2] == '1' ? '2' : '1';
    v->body = arena_bytes((struct str){body, (size_t)n});
    v->event = NULL;
    people.open++;
    deliver(v);
}

/* ---- acts ---- */

static void on_acted(void *arg, const struct err *e)
{
    TRACE("people: acted: %s", e ? e->text : "done");
    sim_note(e ? (uint64_t)e->code : 99);
    if (e && e->code != ERR_CONFLICT && e->code != ERR_NOT_FOUND && e->code != ERR_IO)
        sim_fail("an act was answered: %s", e->text);
}

/* The run asks a person to look whether it was done, because nothing else can: it was. */
static bool is_there(const struct disk_run *r)
{
    char ref[40] = "";
    struct str body = r->event->event.body;
    const char *p = memmem(body.p, body.n, "\"ref\":\"", 7);
    if (!p || strcmp(r->run.rule, "blind") != 0)
        return false;
    memcpy(ref, p + 7, strcspn(p + 7, "\""));
    return outside_count(r->run.company, "/blind", ref) > 0;
}

/* What was sent before the disk was put back may still arrive; who is asked to look waits. */
static bool looks_too_early(const struct disk_run *r)
{
    return strcmp(r->run.rule, "blind") == 0 && sim->disk->restored_us &&
           sim->mono_us - sim->disk->restored_us < (int64_t)(LANDS_MAX_MS + STALE_MAX_MS) * 1000;
}

static void act(void *arg)
{
    struct dice *d = &sim->of_people;
    const struct disk *disk = sim->disk;
    if (!sim->engine || !sim->accepting || sim->calm || disk->nruns == 0)
        return;
    struct disk_run *r = disk->runs[dice_below(d, (uint32_t)disk->nruns)];
    for (int i = 0; i < 12 && r->run.state != RUN_HELD && r->run.state != RUN_ATTENTION &&
                    r->run.state != RUN_FAILED;
         i++)
        r = disk->runs[dice_below(d, (uint32_t)disk->nruns)];
    if (looks_too_early(r))
        return;
    bool skip = dice_hit(d, 250) || is_there(r);
    TRACE("people: %s %s (%s)", skip ? "skip" : "send or retry", r->run.id,
        run_state_name(r->run.state));
    struct engine_act a = {.run = r->run.id,
        .action = skip                       ? ENGINE_SKIP
                  : r->run.state == RUN_HELD ? ENGINE_SEND
                                             : ENGINE_RETRY,
        .by = "anna",
        .reason = "no longer needed",
        .from = -1};
    a.afresh = a.action == ENGINE_RETRY && dice_hit(d, 300);
    engine_act(sim->engine, &a, on_acted, NULL);
}

/* ---- what befalls a host ---- */

void people_set_clock(void)
{
    static const int64_t steps[] = {3600000, -3600000, 86400000, -86400000, 60000, -60000};
    int64_t by = steps[dice_below(&sim->of_people, 6)];
    sim->wall_ahead_ms += by;
    TRACE("people: the wall clock is set by %lld s", (long long)(by / 1000));
}

static void set_clock(void *arg)
{
    if (!sim->calm)
        people_set_clock();
}

static void space_again(void *arg)
{
    TRACE("people: there is space on the disk again");
    disk_set_full(sim->disk, false);
}

static void fill_disk(void *arg)
{
    if (sim->disk->full || sim->calm)
        return;
    TRACE("people: the disk is full");
    disk_set_full(sim->disk, true);
    machine_after_us(dice_between(&sim->of_people, 100000, 60000000), space_again, NULL);
}

static void back_up(void *arg)
{
    if (!sim->calm)
        host_backup();
}

static void script_dies(void *arg)
{
    if (sim->engine)
        scripts_death(sim->plan.guilty && dice_hit(&sim->of_people, 300));
}

static void drain(void *arg)
{
    if (!sim->calm)
        host_drain();
}

static void reload(void *arg)
{
    host_reload();
}

static void outage(void *arg)
{
    if (!sim->calm)
        outside_outage();
}

static void revoke(void *arg)
{
    outside_revoke();
}

static void some(int n, loop_fn fn)
{
    for (int i = 0; i < n; i++)
        machine_after_us(dice_between(&sim->of_people, 0, sim->plan.span_ms * 1100), fn, NULL);
}

void people_begin(void)
{
    const struct plan *p = &sim->plan;
    memset(&people, 0, sizeof people);
    make_deliveries();
    some(p->deliveries / 10, deliver_changed);
    some(p->acts, act);
    some(p->clock_jumps, set_clock);
    some(p->full_disks, fill_disk);
    some(p->script_deaths, script_dies);
    some(p->drains, drain);
    some(p->reloads, reload);
    some(p->restores * 2, back_up);
    some(p->outages, outage);
    some(p->trouble ? 2 : 0, revoke);
}
