/* An engine over a real store and a real loop, with scripts and network that the test plays. */
#ifndef WORLD_H
#define WORLD_H

#include "test.h"

#include <stdlib.h>
#include <unistd.h>
#include "engine.h"
#include "fake_http.h"
#include "fake_scripts.h"
#include "log.h"

#define MANIFEST                                                                                   \
    "{\"company\":\"Acme\",\"connections\":["                                                      \
    "{\"name\":\"shop\",\"kind\":\"webhook\",\"where\":\"company.lua:1\","                         \
    "\"webhook\":{\"event\":\"type\",\"id\":\"id\",\"signature\":\"secret\","                      \
    "\"secret\":{\"secret\":\"shop\"}}},"                                                          \
    "{\"name\":\"open\",\"kind\":\"webhook\",\"webhook\":{\"signature\":\"none\"}},"               \
    "{\"name\":\"books\",\"kind\":\"http\",\"url\":{\"literal\":\"http://books/api/\"},"           \
    "\"auth\":{\"type\":\"bearer\",\"token\":{\"secret\":\"books\"}},\"settle_ms\":50},"           \
    "{\"name\":\"grant\",\"kind\":\"http\",\"url\":{\"literal\":\"http://grant\"},"                \
    "\"auth\":{\"type\":\"oauth2_m2m\",\"token_path\":\"/oauth/token\",\"params\":{"               \
    "\"client_id\":{\"literal\":\"a b\"},\"client_secret\":{\"secret\":\"s\"}}}}],"                \
    "\"rules\":[{\"name\":\"r\",\"on\":[\"shop\"]}]}"
#define ROUTE "[{\"rule\":\"r\",\"policy\":\"automatic\"}]"

#define READ "{\"connection\":\"books\",\"method\":\"GET\",\"op\":\"http\",\"path\":\"/items?q=1\"}"
#define WRITE                                                                                      \
    "{\"connection\":\"books\",\"method\":\"POST\",\"op\":\"http\",\"path\":\"/items\","           \
    "\"write\":true}"

struct seen {
    char event[64], run[64], rule[64], version[33], state[16], reason[1000], result[400];
    int runs_over, parked;
    char parked_run[64];
    char steps[1000]; /* "1 done, 2 unknown, " */
};

struct world {
    char dir[64];
    struct loop *loop;
    struct store *store;
    struct engine *engine;
    struct engine_settings settings;
    struct resolver *resolver;
    struct bundle system;
    const char *second; /* the name of another company with the same scripts, if set */
    struct seen seen;
    int want; /* runs over, then the loop stops */
    struct engine_reply reply;
    char reply_json[300], reply_event[64];
    bool replied, loaded;
};

static void world_run(void *arg, const struct engine_run_info *i)
{
    struct world *w = arg;
    struct seen *s = &w->seen;
    if (i->state == RUN_WAITING) {
        s->parked++;
        snprintf(s->parked_run, sizeof s->parked_run, "%s", i->id);
    }
    if (!run_state_final(i->state) && i->state != RUN_HELD)
        return;
    snprintf(s->event, sizeof s->event, "%s", i->event);
    snprintf(s->run, sizeof s->run, "%s", i->id);
    snprintf(s->rule, sizeof s->rule, "%s", i->rule);
    snprintf(s->version, sizeof s->version, "%s", i->version);
    snprintf(s->state, sizeof s->state, "%s", run_state_name(i->state));
    snprintf(s->reason, sizeof s->reason, "%s", i->reason);
    snprintf(s->result, sizeof s->result, "%.*s", STR_ARG(i->result));
    if (++s->runs_over >= w->want)
        loop_stop(w->loop);
}

static void world_step(void *arg, const struct engine_step_info *i)
{
    struct world *w = arg;
    size_t n = strlen(w->seen.steps);
    snprintf(w->seen.steps + n, sizeof w->seen.steps - n, "%u %s%s, ", i->seq, i->outcome,
        i->replayed ? " again" : "");
}

static void world_loaded(
    void *arg, const char *company, const char *version, const struct err *error)
{
    struct world *w = arg;
    if (error)
        fail_msg("%s", error->text);
    w->loaded = true;
    loop_stop(w->loop);
}

static void world_stop(void *arg)
{
    loop_stop(arg);
}

/* Lets the loop turn for a while. */
static inline void world_wait(struct world *w, int64_t ms)
{
    struct loop_timer *t = loop_timer_new(w->loop, world_stop, w->loop);
    loop_timer_arm(t, ms);
    loop_run(w->loop);
    loop_timer_free(t);
}

static void world_live(void *arg, const struct err *error)
{
    struct world *w = arg;
    w->loaded = true;
    loop_stop(w->loop);
}

/* What a start of the host does before it loads its companies. */
static void world_open(struct world *w)
{
    struct err e = {0};
    struct engine_observer o = {.run = world_run, .step = world_step, .arg = w};
    w->store = store_open(w->loop, w->dir, &e);
    if (!w->store)
        fail_msg("%s", e.text);
    struct engine_parts p = {w->loop, w->store, NULL, NULL, w->resolver, &w->system, NULL};
    w->engine = engine_new(&p, &w->settings);
    engine_observe(w->engine, &o);
    w->loaded = false;
    engine_load_live(w->engine, world_live, w);
    while (!w->loaded)
        loop_run(w->loop);
}

/* And all of it. */
static void world_start(struct world *w)
{
    world_open(w);
    w->loaded = false;
    engine_load_company(w->engine, "acme", w->dir, world_loaded, w);
    while (!w->loaded)
        loop_run(w->loop);
    w->loaded = !w->second;
    if (w->second)
        engine_load_company(w->engine, w->second, w->dir, world_loaded, w);
    while (!w->loaded)
        loop_run(w->loop);
    engine_start(w->engine);
}

/* And what its sudden death leaves. */
static void world_crash(struct world *w)
{
    engine_free(w->engine);
    w->engine = NULL;
    store_close(w->store);
    loop_post(w->loop, world_stop, w->loop);
    loop_run(w->loop);
}

static int world_setup(void **state)
{
    struct world *w = mem_zalloc(1, sizeof *w);
    char path[100];
    snprintf(w->dir, sizeof w->dir, "/tmp/sauma-engine-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(path, sizeof path, "%s/company.lua", w->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("company \"Acme\" {}\n", f);
    fclose(f);
    log_set_level(LOG_ERROR);
    w->loop = fake.loop = net.loop = loop_new(NULL);
    w->resolver = resolver_fixed(NULL);
    w->system = (struct bundle){mem_dup("{}"), 2, "00000000000000000000000000000000", 0};
    engine_settings_defaults(&w->settings);
    w->settings.retry_base_ms = 2;
    w->settings.retry_cap_ms = 10;
    w->settings.seed = 42;
    fake.manifest = MANIFEST;
    fake.route = ROUTE;
    fake.route_of = NULL;
    fake.runs = fake.loads = 0;
    fake.strict = false;
    net.n = 0;
    net.last_id = 0;
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    char command[128];
    if (w->engine)
        world_crash(w);
    resolver_free(w->resolver);
    bundle_free(&w->system);
    loop_free(w->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", w->dir);
    assert_int_equal(system(command), 0);
    mem_free(w);
    return 0;
}

static void world_replied(void *arg, const struct engine_reply *r)
{
    struct world *w = arg;
    w->reply = *r;
    snprintf(w->reply_json, sizeof w->reply_json, "%.*s", STR_ARG(r->json));
    snprintf(w->reply_event, sizeof w->reply_event, "%s", r->event ? r->event : "");
    w->replied = true;
}

/* Sends one event past authentication. */
static inline void world_inject(struct world *w, const char *body)
{
    engine_inject(w->engine, "acme", "shop", NULL, str_of(body), world_replied, w);
}

/* The same for a number, to any company, and waits until it is on disk. */
static inline void world_store(struct world *w, const char *company, int n)
{
    char body[16];
    snprintf(body, sizeof body, "%d", n);
    w->replied = false;
    engine_inject(w->engine, company, "shop", NULL, str_of(body), world_replied, w);
    for (int i = 0; !w->replied && i < 10000; i++)
        world_wait(w, 1);
    assert_true(w->replied);
    assert_int_equal(w->reply.status, 202);
}

/* Runs until n runs more are over. */
static inline void world_until_over(struct world *w, int n)
{
    w->want = w->seen.runs_over + n;
    while (w->seen.runs_over < w->want)
        loop_run(w->loop);
}

#endif
