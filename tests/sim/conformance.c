/* The virtual disk against the real store: the same random operations are asked of both, and both
 * must answer the same, in the same order. What the simulator finds with the one is then true of
 * the other. usage: conformance [FIRST_SEED [SEEDS]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conformance.h"
#include "log.h"
#include "mem.h"

/* virtual.o is the objects of the virtual disk with this prefix before all that they define. */
#define FACE(X)                                                                                    \
    X(store_open)                                                                                  \
    X(store_close)                                                                                 \
    X(store_pending)                                                                               \
    X(store_add_event)                                                                             \
    X(store_add_delivery)                                                                          \
    X(store_add_scheduled)                                                                         \
    X(store_sync_schedules)                                                                        \
    X(store_set_slot)                                                                              \
    X(store_route)                                                                                 \
    X(store_set_run)                                                                               \
    X(store_act)                                                                                   \
    X(store_load_standing)                                                                         \
    X(store_load_revision)                                                                         \
    X(store_intent)                                                                                \
    X(store_answer)                                                                                \
    X(store_step)                                                                                  \
    X(store_log)                                                                                   \
    X(store_load_journal)                                                                          \
    X(store_load_open)                                                                             \
    X(store_load_body)                                                                             \
    X(store_load_file)                                                                             \
    X(store_load_backlog)                                                                          \
    X(store_put_bundle)                                                                            \
    X(store_put_version)                                                                           \
    X(store_load_version)                                                                          \
    X(store_add_switch)                                                                            \
    X(store_load_live)                                                                             \
    X(store_claim_order)                                                                           \
    X(store_load_books)                                                                            \
    X(store_raise_alert)                                                                           \
    X(store_clear_alert)                                                                           \
    X(store_close_alert)
#define DECLARE(f)   extern __typeof__(f) virtual_##f;
#define MEMBER(f)    __typeof__(f) *f;
#define OF_REAL(f)   .f = f,
#define OF_PLAYED(f) .f = virtual_##f,
FACE(DECLARE)
extern __typeof__(disk_new) virtual_disk_new;
extern __typeof__(store_action_name) virtual_store_action_name;

struct face {
    FACE(MEMBER)
};
static const struct face faces[2] = {{FACE(OF_REAL)}, {FACE(OF_PLAYED)}};

enum { BURST_MAX = 40 };
static const char *const side_names[SIDES] = {"real", "virtual"};

static struct {
    struct loop *loop;
    struct store *stores[SIDES];
    struct dice dice;
    struct asked asked[BURST_MAX];
    int nasked;
    int nevents, nruns; /* ids given so far */
    int64_t received_ms;
} world;

/* ---- what the virtual disk needs of a machine ---- */

void machine_after_us(int64_t us, loop_fn fn, void *arg)
{
    loop_post(world.loop, fn, arg);
}

struct loop_timer *machine_timer(loop_fn fn, void *arg)
{
    return loop_timer_new(world.loop, fn, arg);
}

bool machine_dies_here(void)
{
    return false;
}

void host_crash(void)
{
}

void judge_disk(void)
{
}

void judge_step(struct disk_run *r, const struct disk_step *s)
{
}

static struct ear *ear(void)
{
    struct ear *e = arena_zalloc(sizeof *e);
    *e = (struct ear){&world.asked[world.nasked], world.asked[world.nasked].side};
    return e;
}

/* ---- random operations: drawn once, asked twice ---- */

static uint32_t below(uint32_t n)
{
    return dice_below(&world.dice, n);
}

static const char *pick(const char *prefix, int n)
{
    char text[32];
    /* Ids of one width: a beginning of one is as good as all of it. */
    bool id = strchr(prefix, '_') != NULL;
    snprintf(text, sizeof text, id ? "%s%04u" : "%s%u", prefix, below((uint32_t)n));
    return arena_text(text);
}

static const char *event_id(void)
{
    return pick("evt_", world.nevents + 1);
}

static const char *run_id(void)
{
    return pick("run_", world.nruns + 1);
}

#define BOTH for (struct asked *a_ = &world.asked[world.nasked]; a_->side < SIDES; a_->side++)
#define S    (world.stores[world.asked[world.nasked].side])
#define F    (&faces[world.asked[world.nasked].side])
#define SAY(...)                                                                                   \
    do {                                                                                           \
        for (int s_ = 0; s_ < SIDES; s_++)                                                         \
            buf_addf(&world.asked[world.nasked].said[s_], __VA_ARGS__);                            \
    } while (0)

static void ask_event(void)
{
    struct store_event ev = {.id = pick("evt_", world.nevents + 1),
        .company = pick("c", 3),
        .connection = pick("in", 2),
        .type = pick("t", 2),
        .delivery = below(3) ? pick("d", 30) : "",
        .received_ms = ++world.received_ms,
        .headers = STR_LIT("{}"),
        .body = str_of(pick("{\"n\":1}", 2))};
    uint32_t kind = below(5);
    int64_t slot = below(1000);
    const char *schedule = pick("s", 3);
    world.nevents += below(10) > 0;
    SAY("event %s %s %s '%s' kind %u:", ev.id, ev.company, ev.connection, ev.delivery, kind);
    BOTH
    {
        if (kind == 0)
            F->store_add_delivery(S, &ev, "", "no rule", on_event, ear());
        else if (kind == 1)
            F->store_add_scheduled(S, &ev, schedule, slot, on_event, ear());
        else
            F->store_add_event(S, &ev, on_event, ear());
    }
}

static void ask_route(void)
{
    static const enum run_state states[] = {RUN_QUEUED, RUN_RUNNING, RUN_HELD, RUN_SKIPPED,
        RUN_FAILED, RUN_ATTENTION, RUN_QUEUED, RUN_QUEUED};
    struct store_run runs[3];
    const char *event = event_id(), *company = pick("c", 3);
    int n = (int)below(4);
    for (int i = 0; i < n; i++) {
        runs[i] = (struct store_run){.id = pick("run_", world.nruns + 1),
            .event = event,
            .company = company,
            .rule = pick("rule", 4),
            .version = pick("v", 3),
            .key = below(2) ? pick("k", 4) : "",
            .state = states[below(8)],
            .reason = pick("because ", 9),
            .newest = below(2) ? pick(below(4) ? "n" : "t", 5) : ""};
        world.nruns += below(8) > 0;
    }
    SAY("route %s of %s, %d runs:", event, company, n);
    BOTH F->store_route(S, event, runs, n, n ? NULL : "no rule", on_done, ear());
}

static void ask_change(void)
{
    struct store_run_change c = {.run = run_id(),
        .state = (enum run_state)below(8),
        .reason = pick("since ", 9),
        .result = below(2) ? STR_LIT("{\"a\":1}") : STR_NONE,
        .until_ms = below(1000),
        .version = below(4) ? NULL : pick("v", 3)};
    SAY("set %s %s:", c.run, run_state_name(c.state));
    BOTH F->store_set_run(S, &c, on_done, ear());
}

/* As the simulator's people act: they allow no effect to happen again. */
static void ask_act(void)
{
    struct store_act act = {.run = run_id(),
        .action = (enum store_action)below(4),
        .actor = "who",
        .reason = pick("for ", 3),
        .from = below(2) ? STORE_FROM_LAST_EFFECT : (int64_t)below(6),
        .afresh = below(5) == 0,
        .skipped = below(3) == 0,
        .version = below(3) ? NULL : pick("v", 3),
        .edit = below(4) == 0};
    if (act.action == ACT_EDIT) {
        act.body = str_of(pick("{\"n\":2}", 3));
        act.changes = STR_LIT("[]");
    }
    SAY("act %s %s from %lld afresh %d:", act.run, virtual_store_action_name(act.action),
        (long long)act.from, act.afresh);
    BOTH F->store_act(S, &act, on_done, ear());
}

static void ask_standing(void)
{
    const char *run = run_id();
    bool revision = below(2);
    SAY("%s %s:", revision ? "revision" : "standing", run);
    BOTH
    {
        if (revision)
            F->store_load_revision(S, run, on_revision, ear());
        else
            F->store_load_standing(S, run, on_standing, ear());
    }
}

static void ask_step(void)
{
    static const char *const kinds[] = {"read", "write", "write", "time", "lock"};
    static const char *const outcomes[] = {"done", "done", "unknown", "error"};
    static const char *const metas[] = {"{\"status\":200,\"headers\":{}}", "{\"status\":422}",
        "{\"unknown\":true}", "{}", STORE_FILE_META "f1\"}}"};
    struct store_step st = {.run = run_id(),
        .seq = 1 + below(6),
        .kind = kinds[below(5)],
        .connection = pick("books", 2),
        .title = pick("POST /", 3),
        .fingerprint = pick("f", 9),
        .spec = STR_LIT("{\"op\":\"http\"}"),
        .body = str_of(pick("b", 3)),
        .at_ms = below(1000)};
    struct store_answer a = {.outcome = outcomes[below(4)],
        .meta = str_of(metas[below(5)]),
        .body = str_of(pick("answer", 3)),
        .at_ms = below(1000),
        .attempts = (int)below(5)};
    uint32_t kind = below(3);
    SAY("%s %s %u %s:",
        kind == 0   ? "intent"
        : kind == 1 ? "answer"
                    : "step",
        st.run, st.seq, st.kind);
    BOTH
    {
        if (kind == 0)
            F->store_intent(S, &st, on_done, ear());
        else if (kind == 1)
            F->store_answer(S, st.run, st.seq, &a, on_done, ear());
        else
            F->store_step(S, &st, &a, on_done, ear());
    }
}

static void ask_open(void)
{
    static const char *const names[] = {"new", "ready", "key", "due", "run"};
    struct store_open_query q = {.company = pick("c", 3),
        .kind = (enum store_open_kind)below(5),
        .limit = 1 + (int)below(6)};
    bool due = q.kind == STORE_OPEN_DUE;
    q.name = q.kind == STORE_OPEN_KEY ? pick("k", 4) : q.kind == STORE_OPEN_RUN ? run_id() : NULL;
    if (below(2))
        q.after = (struct store_place){below(20), due ? below(1000) : 0};
    if (below(3) == 0)
        q.until = due ? 1 + below(1000) : 1 + below(40);
    SAY("open %s %s %s after %lld,%lld until %lld limit %d:", names[q.kind], q.company,
        q.name ? q.name : "", (long long)q.after.seq, (long long)q.after.ms, (long long)q.until,
        q.limit);
    BOTH F->store_load_open(S, &q, on_open, on_opened, ear());
}

static void ask_reading(void)
{
    const char *run = run_id(), *event = event_id(), *company = pick("c", 3);
    uint32_t kind = below(6);
    int limit = 1 + (int)below(4);
    SAY("read %u %s %s %s:", kind, run, event, company);
    BOTH
    {
        if (kind == 0)
            F->store_load_journal(S, run, on_journal, ear());
        else if (kind == 1)
            F->store_load_body(S, event, on_body, ear());
        else if (kind == 5)
            F->store_load_file(S, run, "f1", on_body, ear());
        else if (kind == 2)
            F->store_load_books(S, limit == 1 ? NULL : company, on_books, ear());
        else if (kind == 3)
            F->store_load_backlog(
                S, limit == 1 ? company : "", limit, on_backlog, on_backlog_end, ear());
        else
            F->store_load_journal(S, run, on_journal, ear());
    }
}

static void ask_version(void)
{
    const char *company = pick("c", 2), *version = pick("v", 3), *hash = pick("h", 3);
    const char *bundle = pick("{} ", 2);
    struct store_switch sw = {
        company, version, pick("v", 3), below(2) ? "save" : "rollback", "x", "y", below(100)};
    uint32_t kind = below(5);
    SAY("version %u %s %s %s:", kind, company, version, hash);
    BOTH
    {
        if (kind == 0)
            F->store_put_bundle(S, hash, str_of(bundle));
        else if (kind == 1)
            F->store_put_version(S, company, version, hash, "h0", 5);
        else if (kind == 2)
            F->store_load_version(S, company, version, on_version, ear());
        else if (kind == 3)
            F->store_add_switch(S, &sw, on_done, ear());
        else
            F->store_load_live(S, on_live, on_done, ear());
    }
}

static void ask_alert(void)
{
    struct store_alert a = {pick("c", 2), pick("kind-", 2), pick("about ", 2), "words", below(100)};
    uint32_t kind = below(3);
    int64_t n = 1 + below(6);
    SAY("alert %u %s %s %s %lld:", kind, a.company, a.kind, a.about, (long long)n);
    BOTH
    {
        if (kind == 0)
            F->store_raise_alert(S, &a, on_alert, ear());
        else if (kind == 1)
            F->store_clear_alert(S, &a, on_alert, ear());
        else
            F->store_close_alert(S, n, "who", 7, on_alert, ear());
    }
}

static void ask_schedule(void)
{
    struct store_schedule v[CONFORMANCE_SLOTS] = {
        {pick("s", 3), pick("spec", 2), below(1000)}, {"s9", pick("spec", 2), below(1000)}};
    const char *company = pick("c", 2);
    bool set = below(2);
    SAY("schedule %s set %d %s:", company, set, v[0].name);
    BOTH
    {
        if (set)
            F->store_set_slot(S, company, v[0].name, v[0].slot, on_done, ear());
        else
            F->store_sync_schedules(S, company, v, CONFORMANCE_SLOTS, on_schedules, ear());
    }
}

static void ask_order(void)
{
    const char *run = run_id();
    SAY("claim %s:", run);
    BOTH F->store_claim_order(S, run, on_order, ear());
}

static void ask_one(void)
{
    static void (*const asks[])(void) = {ask_event, ask_event, ask_route, ask_route, ask_change,
        ask_change, ask_act, ask_standing, ask_step, ask_step, ask_step, ask_open, ask_open,
        ask_reading, ask_version, ask_alert, ask_schedule, ask_order};
    struct asked *a = &world.asked[world.nasked];
    for (int i = 0; i < SIDES; i++)
        buf_init(&a->said[i], 1 << 20);
    a->side = 0;
    asks[below(sizeof asks / sizeof asks[0])]();
    world.nasked++;
}

/* ---- the comparison ---- */

static void stop_soon(void *arg)
{
    bool busy = false;
    for (int i = 0; i < SIDES; i++)
        busy |= faces[i].store_pending(world.stores[i]) > 0;
    if (busy)
        loop_timer_arm(*(struct loop_timer **)arg, 1);
    else
        loop_stop(world.loop);
}

static void wait_for_both(void)
{
    struct loop_timer *t;
    t = loop_timer_new(world.loop, stop_soon, &t);
    loop_timer_arm(t, 0);
    loop_run(world.loop);
    loop_timer_free(t);
}

static int compare_burst(uint64_t seed)
{
    int differ = 0;
    for (int i = 0; i < world.nasked; i++) {
        struct asked *a = &world.asked[i];
        if (!differ && !str_eq(buf_str(&a->said[0]), buf_str(&a->said[1]))) {
            differ = 1;
            for (int k = 0; k < SIDES; k++)
                printf("seed %llu, %-7s: %.*s\n", (unsigned long long)seed, side_names[k],
                    STR_ARG(buf_str(&a->said[k])));
        }
        for (int k = 0; k < SIDES; k++)
            buf_free(&a->said[k]);
    }
    world.nasked = 0;
    return differ;
}

static int run_seed(uint64_t seed)
{
    static struct sim of_disk;
    char dir[] = "/tmp/sauma-conformance-XXXXXX", command[80];
    struct err e = {0};
    int differ = 0;
    sim = &of_disk;
    memset(sim, 0, sizeof *sim);
    arena_reset();
    memset(&world, 0, sizeof world);
    world.dice.at = seed * 977 + 5;
    if (!mkdtemp(dir) || !(world.loop = loop_new(&e)))
        return 1;
    sim->loop = world.loop;
    sim->disk = virtual_disk_new(seed, 0);
    for (int i = 0; i < SIDES; i++)
        if (!(world.stores[i] = faces[i].store_open(world.loop, dir, &e))) {
            printf("%s\n", e.text);
            return 1;
        }
    for (int bursts = 0; bursts < 12 && !differ; bursts++) {
        for (uint32_t n = 1 + below(BURST_MAX - 1); n > 0; n--)
            ask_one();
        wait_for_both();
        differ = compare_burst(seed);
    }
    for (int i = 0; i < SIDES; i++)
        faces[i].store_close(world.stores[i]);
    loop_free(world.loop);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) != 0 || differ;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100, bad = 0;
    log_set_level(LOG_ERROR + 1);
    for (int i = 0; i < n; i++)
        bad += run_seed(first + (uint64_t)i);
    printf("%d passed, %d failed\n", n - bad, bad);
    return bad ? 1 : 0;
}
