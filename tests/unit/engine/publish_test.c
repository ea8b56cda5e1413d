/* When what is saved goes live: with a full disk when its sources are on disk, not before. */
#include "run_parts.h"
#include "store.h"

struct told {
    struct world *world;
    int calls;
    char version[13], error[1024];
};

static void on_told(void *arg, const char *company, const char *version, const struct err *error)
{
    struct told *t = arg;
    t->calls++;
    snprintf(t->version, sizeof t->version, "%s", version ? version : "");
    snprintf(t->error, sizeof t->error, "%s", error ? error->text : "");
    loop_stop(t->world->loop);
}

/* Saves the folder of all companies of this world, and loads one of them. */
static struct told save(struct world *w, const char *company, const char *text)
{
    char path[100];
    struct told t = {.world = w};
    snprintf(path, sizeof path, "%s/company.lua", w->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    engine_load_company(w->engine, company, w->dir, on_told, &t);
    while (!t.calls)
        loop_run(w->loop);
    assert_int_equal(t.calls, 1);
    return t;
}

#ifdef SAUMA_FAULTS
static void until_live(struct world *w, const char *company, const char *text)
{
    for (int i = 0; i < 20000 && engine_awaits_disk(w->engine, company); i++)
        world_wait(w, 1);
    struct told t = save(w, company, text); /* the same again: its version's name */
    assert_string_equal(t.error, "");
    assert_string_equal(engine_version(w->engine, company), t.version);
}

struct stored {
    const char *company;
    char version[13];
    int sources, calls;
};

static void on_live(void *arg, const struct store_switch *sw)
{
    struct stored *s = arg;
    if (strcmp(sw->company, s->company) == 0)
        snprintf(s->version, sizeof s->version, "%s", sw->version);
}

static void on_lives(void *arg, const struct err *e)
{
    ((struct stored *)arg)->calls++;
}

static void on_sources(
    void *arg, const char *ch, struct str cb, const char *sh, struct str sb, const struct err *e)
{
    struct stored *s = arg;
    s->calls++;
    s->sources = e ? 0 : (int)cb.n;
}

/* What a start of the host would find. */
static struct stored on_disk(struct world *w, const char *company)
{
    struct stored s = {.company = company};
    store_load_live(w->store, on_live, on_lives, &s);
    while (s.calls < 1)
        world_wait(w, 1);
    store_load_version(w->store, company, s.version, on_sources, &s);
    while (s.calls < 2)
        world_wait(w, 1);
    return s;
}

/* Passes of a fault point are counted once for all tests: this one comes first. The sources are
 * refused, and what is small has room. */
static void a_switch_needs_its_sources(void **state)
{
    struct world *w = *state;
    w->settings.store_retry_ms = 200;
    world_start(w);
    for (int i = 0; store_pending(w->store) && i < 20000; i++)
        world_wait(w, 1);
    char before[13];
    snprintf(before, sizeof before, "%s", engine_version(w->engine, "acme"));
    setenv("SAUMA_FAIL", "store_full:1-2", 1); /* together with the others, and alone */
    struct told t = save(w, "acme", "company \"Acme\" { language = \"fi\" }\n");
    assert_non_null(strstr(t.error, "not live yet"));
    assert_string_equal(engine_version(w->engine, "acme"), before);
    assert_string_equal(engine_load_error(w->engine, "acme"), t.error);
    assert_string_equal(on_disk(w, "acme").version, before);
    until_live(w, "acme", "company \"Acme\" { language = \"fi\" }\n");
    unsetenv("SAUMA_FAIL");
    assert_string_not_equal(engine_version(w->engine, "acme"), before);
    assert_null(engine_load_error(w->engine, "acme"));
    assert_string_equal(on_disk(w, "acme").version, engine_version(w->engine, "acme"));
    assert_true(on_disk(w, "acme").sources > 0);
}

/* One company saves twice, one goes back to what it had, one is new. */
static void what_a_full_disk_refused_goes_live_when_it_can(void **state)
{
    struct world *w = *state;
    char first[] = "company \"Acme\" {}\n", lost[] = "company \"Acme\" { a = 1 }\n",
         second[] = "company \"Acme\" { b = 1 }\n", before[13];
    w->settings.store_retry_ms = 200;
    w->second = "back";
    world_start(w);
    snprintf(before, sizeof before, "%s", engine_version(w->engine, "acme"));
    setenv("SAUMA_FAIL", "store_full:1-1000000", 1);
    assert_non_null(strstr(save(w, "acme", lost).error, "not live yet"));
    assert_non_null(strstr(save(w, "back", lost).error, "not live yet"));
    assert_true(engine_awaits_disk(w->engine, "back"));
    /* What is on disk needs no room. */
    struct told t = save(w, "back", first);
    assert_string_equal(t.error, "");
    assert_string_equal(t.version, before);
    assert_false(engine_awaits_disk(w->engine, "back"));
    assert_non_null(strstr(save(w, "new", second).error, "not live yet"));
    assert_null(engine_version(w->engine, "new"));
    t = save(w, "acme", second);
    world_wait(w, 500); /* tried again, in vain */
    assert_true(engine_awaits_disk(w->engine, "acme"));
    assert_string_equal(engine_version(w->engine, "acme"), before);
    unsetenv("SAUMA_FAIL");
    until_live(w, "acme", second);
    until_live(w, "new", second);
    assert_non_null(strstr(t.error, engine_version(w->engine, "acme"))); /* it was the last one */
    assert_string_equal(engine_version(w->engine, "back"), before);
    const char *all[] = {"acme", "back", "new"};
    for (int i = 0; i < 3; i++) {
        struct stored s = on_disk(w, all[i]);
        assert_string_equal(s.version, engine_version(w->engine, all[i]));
        assert_true(s.sources > 0);
    }
}

/* The folder of a company is gone before its save could be stored. */
static void a_folder_that_is_gone_is_not_live(void **state)
{
    struct world *w = *state;
    w->settings.store_retry_ms = 100;
    world_start(w);
    setenv("SAUMA_FAIL", "store_full:1-1000000", 1);
    assert_non_null(strstr(save(w, "acme", "company \"Acme\" { a = 1 }\n").error, "not live yet"));
    engine_unload_company(w->engine, "acme");
    unsetenv("SAUMA_FAIL");
    world_wait(w, 500);
    assert_false(engine_awaits_disk(w->engine, "acme"));
    assert_null(engine_version(w->engine, "acme"));
}

#endif

/* What a folder has is judged by today's checks each time it is loaded, though the same goes on as
 * it was recorded. */
static void todays_checks_count_at_each_load(void **state)
{
    struct world *w = *state;
    char text[] = "company \"Acme\" {}\n", before[13];
    world_start(w);
    snprintf(before, sizeof before, "%s", engine_version(w->engine, "acme"));
    world_crash(w);
    fake.strict = true; /* a newer host */
    world_open(w);
    for (int i = 0; i < 2; i++) { /* at its start, and when it is asked for */
        struct told t = save(w, "acme", text);
        assert_non_null(strstr(t.error, "what was no mistake is one"));
        assert_string_equal(engine_version(w->engine, "acme"), before);
        assert_string_equal(engine_load_error(w->engine, "acme"), t.error);
    }
    engine_start(w->engine);
    fake.run = only_read;
    net.serve = serve_well;
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.version, before);
    assert_string_equal(w->seen.state, "done");
    fake.strict = false;
    struct told t = save(w, "acme", text);
    assert_string_equal(t.error, "");
    assert_string_equal(t.version, before);
    assert_null(engine_load_error(w->engine, "acme"));
    world_inject(w, "2");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
#ifdef SAUMA_FAULTS
        TEST(a_switch_needs_its_sources),
        TEST(what_a_full_disk_refused_goes_live_when_it_can),
        TEST(a_folder_that_is_gone_is_not_live),
#endif
        TEST(todays_checks_count_at_each_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
