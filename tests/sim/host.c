/* Lives of the host: it starts from the disk, loads its companies, works, and stops or dies. */
#include <stdio.h>
#include <string.h>
#include "disk.h"
#include "engine.h"
#include "id.h"
#include "judge.h"
#include "machine.h"
#include "mem.h"
#include "secrets_writer.h"

static struct {
    struct store *store;
    struct resolver *resolver;
    struct bundle system;
    int loading;                /* companies */
    int version[COMPANIES_MAX]; /* of the folder */
    bool missed[COMPANIES_MAX]; /* saved before the host works */
    int broken[COMPANIES_MAX];  /* the version that does not load; 0: none */
    uint64_t life;
    int crashes_left, restores_left;
    struct disk *backup;
} host;

int __wrap_bundle_read_company(struct bundle *b, const char *dir, bool tests, struct err *e);

void host_begin(void)
{
    memset(&host, 0, sizeof host);
    host.crashes_left = sim->plan.crashes;
    host.restores_left = sim->plan.restores;
}

/* The folder's content is its number. */
int __wrap_bundle_read_company(struct bundle *b, const char *dir, bool tests, struct err *e)
{
    char json[60];
    snprintf(json, sizeof json, "{\"version\":%d}", host.version[dir[0] - 'a']);
    *b = (struct bundle){.json = mem_dup(json), .n = strlen(json), .files = 1};
    id_hash(b->hash, b->json, b->n);
    return 0;
}

bool host_load_broken(const char *company, int version)
{
    return version && version == host.broken[company[0] - 'a'];
}

/* The resolver of tests asks for none. */
int secrets_get(
    struct secrets *s, const char *company, const char *name, char **value, struct err *e)
{
    return 0;
}

struct secrets_write *secrets_write(struct secrets_writer *w, const char *company, const char *name,
    struct str value, secrets_keep_fn keep, secrets_written_fn fn, void *arg)
{
    return NULL;
}

void secrets_write_tell(struct secrets_write *o, secrets_written_fn fn, void *arg)
{
}

int secrets_lock(struct secrets *s, const char *company, const char *name, struct err *e)
{
    return 1;
}

void secrets_unlock(struct secrets *s, const char *company, const char *name)
{
}

void secrets_wipe(char *value)
{
}

/* ---- settings: small limits as often as large ones ---- */

static int one_of(struct dice *d, int a, int b, int c)
{
    uint32_t n = dice_below(d, 3);
    return n == 0 ? a : n == 1 ? b : c;
}

static void make_settings(struct engine_settings *s)
{
    struct dice *d = &sim->of_machine;
    engine_settings_defaults(s);
    s->seed = dice_roll(d) | 1;
    s->max_events = one_of(d, 3, 20, 1000);
    if (sim->plan.narrow)
        s->max_events = 3;
    s->max_running = one_of(d, 1, 4, 256);
    s->max_running_company = one_of(d, 1, 3, 128);
    s->concurrency = one_of(d, 1, 3, 16);
    s->inline_wait_ms = one_of(d, 0, 1000, 60000);
    s->breaker_failures = one_of(d, 2, 10, 10);
    s->retry_cap_ms = one_of(d, 1000, 300000, 300000);
    s->retry_attempts = one_of(d, 2, 8, 8);
}

/* ---- starting ---- */

static void load_again(int company);

static void mend(void *arg)
{
    int i = (int)(uintptr_t)arg;
    host.version[i] += host.version[i] == host.broken[i];
    load_again(i);
}

static void load_missed(void);

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    if (error && disk_was_live(sim->disk, company) && !engine_version(sim->engine, company))
        sim_fail("company %s had a live version, and has none since its folder does not load: %s",
            company, error->text);
    if (error) /* whoever broke it mends it */
        machine_after_us(dice_between(&sim->of_people, 1000000, 30000000), mend,
            (void *)(uintptr_t)(company[0] - 'a'));
    if (arg != &host || --host.loading > 0)
        return;
    engine_start(sim->engine);
    sim->accepting = true;
    TRACE("host: works");
    load_missed();
}

static void load_again(int company)
{
    char name[2] = {(char)('a' + company), '\0'};
    TRACE("people: company %s is now version %d", name, host.version[company]);
    host.missed[company] = sim->engine && !sim->accepting;
    if (sim->engine && sim->accepting)
        engine_load_company(sim->engine, name, name, on_loaded, NULL);
}

/* What was saved while the host started. */
static void load_missed(void)
{
    for (int i = 0; i < sim->plan.companies; i++)
        if (host.missed[i])
            load_again(i);
}

void host_reload(void)
{
    int i = (int)dice_below(&sim->of_people, (uint32_t)sim->plan.companies);
    host.version[i]++;
    if (dice_hit(&sim->of_people, 300))
        host.broken[i] = host.version[i];
    load_again(i);
}

static void start(void *arg)
{
    if (!sim->engine)
        host_start();
}

static void load_companies(void *arg, const struct err *err)
{
    for (int i = 0; i < sim->plan.companies; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        engine_load_company(sim->engine, name, name, on_loaded, &host);
    }
}

void host_start(void)
{
    struct err e;
    struct engine_settings set;
    static char nothing[] = "{}";
    host.system = (struct bundle){nothing, 2, "00000000000000000000000000000000", 0};
    TRACE("host: starts, life %d", sim->lives);
    sim->lives++;
    host.life++;
    host.resolver = resolver_fixed(NULL);
    host.store = store_open(sim->loop, "", &e);
    make_settings(&set);
    struct engine_parts parts = {
        .loop = sim->loop, .store = host.store, .resolver = host.resolver, .system = &host.system};
    sim->engine = engine_new(&parts, &set);
    host.loading = sim->plan.companies;
    if (!sim->calm && host.crashes_left > 0)
        sim->crash_in = 1 + (int)dice_below(&sim->of_people, (uint32_t)sim->plan.crash_gap * 2);
    engine_load_live(sim->engine, load_companies, NULL);
}

/* ---- the ends ---- */

static void check_left(const char *how)
{
    if (sim->timers || sim->transfers)
        sim_fail("leak: %d timers and %d transfers are left of a host that %s", sim->timers,
            sim->transfers, how);
    scripts_host_died();
    if (sim->blocks)
        sim_fail(
            "leak: %lld blocks of memory are left of a host that %s", (long long)sim->blocks, how);
}

static void gone(const char *how)
{
    machine_flush_posts();
    resolver_free(host.resolver);
    sim->engine = NULL;
    sim->accepting = false;
    sim->crash_in = 0;
    people_host_died();
    judge_host_died();
    check_left(how);
}

void host_backup(void)
{
    TRACE("people: a backup is made");
    host.backup = disk_backup(sim->disk);
}

/* The disk broke as well, or somebody took the wrong one. */
static void restore(void)
{
    if (!host.backup || host.restores_left == 0 || dice_hit(&sim->of_people, 300))
        return;
    host.restores_left--;
    sim->disk = disk_restore(host.backup, sim->disk);
    TRACE("people: the backup is put back: %d events", sim->disk->nevents);
    people_restored();
}

void host_crash(void)
{
    struct engine *e = sim->engine;
    TRACE("host: dies");
    sim_note(4711);
    host.crashes_left--;
    disk_host_died();
    engine_free(e);
    disk_orphans();
    gone("died");
    if (sim->plan.jumps_to_crash && dice_hit(&sim->of_people, 300))
        people_set_clock();
    restore();
    machine_after_us(dice_between(&sim->of_people, 1000, 20000000), start, NULL);
}

void host_stop(void)
{
    engine_free(sim->engine);
    store_close(host.store);
    gone("stopped");
    TRACE("host: has stopped");
}

static void stop_drained(void *arg)
{
    if (!sim->engine || (uint64_t)(uintptr_t)arg != host.life)
        return;
    host_stop();
    machine_after_us(dice_between(&sim->of_people, 1000, 20000000), start, NULL);
}

static void on_drained(void *arg)
{
    machine_after_us(0, stop_drained, arg);
}

void host_drain(void)
{
    if (!sim->engine || !sim->accepting)
        return;
    TRACE("host: drains");
    sim->accepting = false;
    engine_drain(sim->engine, dice_between(&sim->of_people, 0, 30000), on_drained,
        (void *)(uintptr_t)host.life);
}
