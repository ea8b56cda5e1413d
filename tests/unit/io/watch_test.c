/* Watching a folder of folders: what editors, deployments and people do to them. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"
#include "mem.h"
#include "watch.h"

#define PATIENCE_MS 20000

struct world {
    char dir[64];
    struct loop *loop;
    struct watch *watch;
    struct loop_timer *patience, *pause;
    char told[1024]; /* "acme,beta," */
    const char *wanted;
    bool late;
};

static void on_change(void *arg, const char *name)
{
    struct world *w = arg;
    size_t n = strlen(w->told);
    snprintf(w->told + n, sizeof(w->told) - n, "%s,", name ? name : "*");
    if (w->wanted && strstr(w->told, w->wanted))
        loop_stop(w->loop);
}

static void too_late(void *arg)
{
    struct world *w = arg;
    w->late = true;
    loop_stop(w->loop);
}

static void enough(void *arg)
{
    loop_stop(((struct world *)arg)->loop);
}

static int setup(void **state)
{
    struct world *w = mem_zalloc(1, sizeof(*w));
    snprintf(w->dir, sizeof(w->dir), "/tmp/sauma-watch-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->loop = loop_new(NULL);
    w->patience = loop_timer_new(w->loop, too_late, w);
    w->pause = loop_timer_new(w->loop, enough, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[128];
    watch_free(w->watch);
    loop_timer_free(w->patience);
    loop_timer_free(w->pause);
    loop_free(w->loop);
    snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
    int rc = system(command);
    mem_free(w);
    return rc;
}

static void start(struct world *w)
{
    struct err e = {0};
    struct watch_config c = {.quiet_ms = 20, .late_ms = 200};
    w->watch = watch_new(w->loop, w->dir, &c, on_change, w, &e);
    if (!w->watch)
        fail_msg("%s", e.text);
}

static void shell(struct world *w, const char *command)
{
    char line[512];
    snprintf(line, sizeof(line), "cd '%s' && %s", w->dir, command);
    assert_int_equal(system(line), 0);
}

static void expect(struct world *w, const char *wanted)
{
    w->wanted = wanted;
    w->late = false;
    loop_timer_arm(w->patience, PATIENCE_MS);
    if (!strstr(w->told, wanted))
        loop_run(w->loop);
    if (w->late)
        fail_msg("waited in vain for %s, told: %s", wanted, w->told);
    w->told[0] = 0;
}

/* What is told within a moment that is long enough for what was done before it. */
static const char *told_meanwhile(struct world *w)
{
    w->wanted = NULL;
    loop_timer_disarm(w->patience);
    loop_timer_arm(w->pause, 150);
    loop_run(w->loop);
    return w->told;
}

static void a_save_is_told_once(void **state)
{
    struct world *w = *state;
    shell(w, "mkdir -p acme/rules beta");
    start(w);
    shell(w, "for i in 1 2 3; do echo $i > acme/rules/a.lua; echo $i > acme/company.lua; done");
    assert_string_equal(told_meanwhile(w), "acme,");
}

static void an_editor_that_renames(void **state)
{
    struct world *w = *state;
    shell(w, "mkdir acme && echo 1 > acme/company.lua");
    start(w);
    shell(w, "cd acme && echo 2 > .company.lua.swp && echo 2 > company.lua~");
    assert_string_equal(told_meanwhile(w), "");
    shell(w, "cd acme && echo 2 > 4913 && rm 4913 && mv company.lua company.lua~ && "
             "echo 3 > company.lua");
    expect(w, "acme,");
}

static void folders_come_and_go(void **state)
{
    struct world *w = *state;
    start(w);
    shell(w, "mkdir -p gamma/rules && echo 1 > gamma/rules/a.lua");
    expect(w, "gamma,");
    shell(w, "echo 2 > gamma/rules/a.lua");
    expect(w, "gamma,");
    shell(w, "mkdir -p gamma/rules/deep");
    expect(w, "gamma,");
    shell(w, "echo 1 > gamma/rules/deep/b.lua");
    expect(w, "gamma,");
    shell(w, "rm -r gamma");
    expect(w, "gamma,");
}

static void a_folder_under_another_name(void **state)
{
    struct world *w = *state;
    shell(w, "mkdir acme && echo 1 > acme/company.lua");
    start(w);
    shell(w, "mv acme beta");
    expect(w, "beta,");
    (void)told_meanwhile(w);
    w->told[0] = 0;
    shell(w, "echo 2 > beta/company.lua");
    assert_string_equal(told_meanwhile(w), "beta,");
}

static void what_left_is_not_watched(void **state)
{
    struct world *w = *state;
    shell(w, "mkdir acme && echo 1 > acme/company.lua");
    start(w);
    shell(w, "mv acme ../$(basename $PWD)-out");
    expect(w, "acme,");
    shell(w, "echo 2 > ../$(basename $PWD)-out/company.lua");
    assert_string_equal(told_meanwhile(w), "");
    shell(w, "rm -r ../$(basename $PWD)-out");
}

/* How deployments switch: one link, renamed over the old one. */
static void a_link_is_switched(void **state)
{
    struct world *w = *state;
    shell(w, "mkdir -p .v/1 .v/2 && ln -s .v/1 acme");
    start(w);
    shell(w, "echo 1 > .v/1/company.lua");
    expect(w, "acme,");
    shell(w, "ln -s .v/2 .next && mv -T .next acme");
    expect(w, "acme,");
    shell(w, "echo 1 > .v/2/company.lua");
    expect(w, "acme,");
}

static void writes_without_end_are_told_in_between(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct watch_config c = {.quiet_ms = 3600000, .late_ms = 100};
    shell(w, "mkdir acme");
    w->watch = watch_new(w->loop, w->dir, &c, on_change, w, &e);
    assert_non_null(w->watch);
    shell(w, "echo 1 > acme/a.lua");
    expect(w, "acme,");
}

static void a_folder_that_is_not_there(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    struct watch_config c = {20, 200};
    char path[128];
    snprintf(path, sizeof(path), "%s/none", w->dir);
    assert_null(watch_new(w->loop, path, &c, on_change, w, &e));
    assert_non_null(strstr(e.text, "/none cannot be watched: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_save_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_editor_that_renames, setup, teardown),
        cmocka_unit_test_setup_teardown(folders_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_under_another_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_left_is_not_watched, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_is_switched, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_without_end_are_told_in_between, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
