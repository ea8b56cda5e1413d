/* Script processes: this program started again plays one, well or badly. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "child.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "scripts.h"
#include "wire.h"

/* ---- the played process ---- */

static struct child_page *page;

static void say(const struct wire_msg *m)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    wire_put(&out, m);
    size_t at = 0;
    while (at < out.n) {
        ssize_t n = write(3, out.p + at, out.n - at);
        if (n <= 0)
            _exit(9);
        at += (size_t)n;
    }
    buf_free(&out);
}

static void say_end(uint64_t id, const char *outcome, struct str json)
{
    struct wire_msg m = {
        .type = WIRE_END, .id = id, .nparts = 3, .part = {str_of(outcome), json, STR_LIT("raw")}};
    say(&m);
}

static void play_call(const struct wire_msg *m)
{
    struct str function = m->part[1];
    struct wire_msg step = {.type = WIRE_STEP,
        .id = m->id,
        .seq = 1,
        .nparts = 2,
        .part = {STR_LIT("{\"op\":\"time\"}"), STR_LIT("")}};
    page->current = m->id;
    page->beat++;
    if (str_is(function, "echo"))
        say_end(m->id, "returned", m->part[2]);
    else if (str_is(function, "step"))
        say(&step);
    else if (str_is(function, "die"))
        _exit(1);
    else if (str_is(function, "struck"))
        raise(SIGKILL); /* as if somebody else did it */
    else if (str_is(function, "hang"))
        for (;;)
            pause();
    else if (str_is(function, "spin"))
        for (volatile int i = 0;; i++) {
        }
    else if (str_is(function, "jump")) {
        step.seq = 5;
        say(&step);
    } else if (str_is(function, "noise"))
        (void)!write(3, "GET / HTTP/1.1\r\n\r\n", 18);
    else if (str_is(function, "nonsense"))
        say_end(m->id, "returned", STR_LIT("{not json"));
    else if (str_is(function, "stranger"))
        say_end(m->id + 1000, "returned", STR_LIT("1"));
    page->current = 0;
}

/* module: the path of a file with a byte for each time that somebody ends a process which loads it.
 */
static void be_struck(struct str module)
{
    struct stat file;
    char *path = mem_dupn(module.p, module.n);
    bool strike = path[0] == '/' && stat(path, &file) == 0 && file.st_size > 0;
    if (strike && truncate(path, file.st_size - 1) == 0)
        raise(SIGKILL);
    mem_free(path);
}

static void play_load(const struct wire_msg *m)
{
    bool bad = str_is(m->part[2], "bad");
    page->current = m->id;
    if (str_is(m->part[2], "dies"))
        _exit(3);
    be_struck(m->part[2]);
    struct wire_msg loaded = {.type = WIRE_LOADED,
        .id = m->id,
        .nparts = 2,
        .part = {str_of(bad ? "error" : "ok"), bad ? STR_LIT("company.lua:3: what?") : m->part[5]}};
    say(&loaded);
    page->current = 0;
}

static void play(void)
{
    struct buf in;
    buf_init(&in, 64 << 20);
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, 4, 0);
    for (;;) {
        struct wire_msg m;
        size_t used;
        int got = wire_get(in.p ? in.p : "", in.n, &m, &used, NULL);
        if (got < 0)
            _exit(8);
        if (got == 0) {
            ssize_t n = read(3, buf_room(&in, 65536), 65536);
            if (n <= 0)
                _exit(0);
            in.n += (size_t)n;
            continue;
        }
        if (m.type == WIRE_CALL)
            play_call(&m);
        else if (m.type == WIRE_LOAD)
            play_load(&m);
        else if (m.type == WIRE_ANSWER)
            say_end(m.id, "returned", m.part[0]);
        buf_drain(&in, used);
    }
}

/* ---- the tests ---- */

struct world {
    struct loop *loop;
    struct scripts *scripts;
    char manifest[200], problem[1024];
    int loaded, ends, steps;
    enum script_outcome outcome;
    bool guilty;
    char json[200];
    struct script_call *call;
};

static void on_loaded(void *arg, struct str manifest, const struct err *e)
{
    struct world *w = arg;
    w->loaded++;
    snprintf(w->manifest, sizeof w->manifest, "%.*s", STR_ARG(manifest));
    snprintf(w->problem, sizeof w->problem, "%s", e ? e->text : "");
    loop_stop(w->loop);
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct world *w = arg;
    w->steps++;
    scripts_answer(w->call, seq, STR_LIT("{\"ms\":1}"), STR_LIT(""));
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct world *w = arg;
    w->ends++;
    w->outcome = o;
    w->guilty = guilty;
    snprintf(w->json, sizeof w->json, "%.*s", STR_ARG(json));
    loop_stop(w->loop);
}

static void load(struct world *w, const char *context, const char *module)
{
    int before = w->loaded;
    scripts_load(w->scripts, context, SCRIPT_COMPANY, module, "s1", STR_LIT("{}"),
        STR_LIT("{\"a\":1}"), on_loaded, w);
    while (w->loaded == before)
        loop_run(w->loop);
}

static void call(struct world *w, const char *context, const char *function)
{
    struct script_handlers h = {on_step, NULL, on_end, w};
    int before = w->ends;
    w->call = scripts_call(w->scripts, context, function, STR_LIT("[1]"), STR_LIT("b"), &h);
    while (w->ends == before)
        loop_run(w->loop);
}

static int start(void **state, bool isolated, int64_t burst_ms)
{
    struct world *w = mem_zalloc(1, sizeof *w);
    struct err e = {0};
    struct scripts_config c = {.workers = 1,
        .isolated = isolated,
        .burst_ms = burst_ms,
        .share_ms = 20,
        .apart_max = 1,
        .memory = 1 << 20,
        .system_hash = "s1",
        .system_bundle = STR_LIT("{}")};
    log_set_level(LOG_ERROR + 1);
    w->loop = loop_new(NULL);
    w->scripts = scripts_new(w->loop, &c, &e);
    if (!w->scripts)
        fail_msg("%s", e.text);
    *state = w;
    return 0;
}

static int setup(void **state)
{
    return start(state, false, 50);
}

static int setup_isolated(void **state)
{
    return start(state, true, 50);
}

/* Nothing ends a burst in these: what they show comes from elsewhere. */
static int setup_patient(void **state)
{
    return start(state, false, 600000);
}

static int setup_patient_isolated(void **state)
{
    return start(state, true, 600000);
}

static int teardown(void **state)
{
    struct world *w = *state;
    scripts_free(w->scripts);
    loop_free(w->loop);
    mem_free(w);
    return 0;
}

static void loads_and_calls(void **state)
{
    struct world *w = *state;
    load(w, "acme@1", "boot");
    assert_string_equal(w->manifest,
        "{\"limits\":{\"memory\":1048576,\"burst_ms\":50,\"call_ms\":0,\"log\":0},\"a\":1}");
    call(w, "acme@1", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
    assert_string_equal(w->json, "[1]");
    call(w, "acme@1", "step");
    assert_int_equal(w->steps, 1);
    assert_string_equal(w->json, "{\"ms\":1}");
    load(w, "acme@2", "bad");
    assert_string_equal(w->problem, "company.lua:3: what?");
}

static void deaths_are_survived(void **state)
{
    static const struct {
        const char *function;
        bool guilty;
    } cases[] = {{"die", true}, {"hang", true}, {"jump", false}, {"noise", false},
        {"nonsense", false}, {"stranger", false}};
    struct world *w = *state;
    load(w, "acme@1", "boot");
    for (size_t i = 0; i < COUNT(cases); i++) {
        call(w, "acme@1", cases[i].function);
        assert_int_equal(w->outcome, SCRIPT_LOST);
        if (cases[i].guilty)
            assert_true(w->guilty);
        call(w, "acme@1", "echo"); /* in the process that took its place */
        assert_int_equal(w->outcome, SCRIPT_RETURNED);
    }
    assert_int_equal(w->loaded, 1);
}

/* Not for ever: what makes the system kill each time is to blame in the end. */
static void struck_over_and_over_is_to_blame(void **state)
{
    struct world *w = *state;
    load(w, "acme@1", "boot");
    call(w, "acme@1", "struck");
    call(w, "acme@1", "echo"); /* from here on it counts anew */
    for (int i = 0; i < 4; i++) {
        call(w, "acme@1", "struck");
        assert_false(w->guilty);
    }
    call(w, "acme@1", "struck");
    assert_true(w->guilty);
}

/* Whose process somebody ends while it is loaded for the first time is loaded again. */
static void a_load_that_is_struck_goes_on(void **state)
{
    struct world *w = *state;
    char path[] = "/tmp/sauma-struck-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "xxx", 3), 3); /* three times */
    close(fd);
    load(w, "acme@1", path);
    unlink(path);
    assert_string_equal(w->problem, "");
    call(w, "acme@1", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
}

static void a_load_that_kills_is_an_error(void **state)
{
    struct world *w = *state;
    load(w, "acme@1", "dies");
    assert_non_null(strstr(w->problem, "ended the script process"));
    load(w, "other@1", "boot");
    call(w, "other@1", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
}

static void dropped_calls_are_silent(void **state)
{
    struct world *w = *state;
    struct script_handlers h = {on_step, NULL, on_end, w};
    load(w, "acme@1", "boot");
    scripts_drop(scripts_call(w->scripts, "acme@1", "echo", STR_LIT("2"), STR_LIT(""), &h));
    call(w, "acme@1", "echo");
    assert_int_equal(w->ends, 1);
    assert_string_equal(w->json, "[1]");
    scripts_kill(w->scripts, "acme@1");
    call(w, "acme@1", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
}

static int processes(struct world *w)
{
    struct scripts_stats s;
    scripts_stats(w->scripts, &s);
    return s.processes;
}

static void leave(void *arg)
{
    loop_stop(((struct world *)arg)->loop);
}

/* Runs the loop for so long. */
static void run_for(struct world *w, int64_t ms)
{
    struct loop_timer *t = loop_timer_new(w->loop, leave, w);
    loop_timer_arm(t, ms);
    loop_run(w->loop);
    loop_timer_free(t);
}

static void a_company_has_its_own_process(void **state)
{
    struct world *w = *state;
    struct scripts_stats s;
    assert_int_equal(processes(w), 0);
    load(w, "acme@1", "boot");
    load(w, "acme@2", "boot");
    load(w, "other@1", "boot");
    assert_int_equal(processes(w), 2);
    call(w, "acme@1", "hang");
    assert_int_equal(w->outcome, SCRIPT_LOST);
    call(w, "acme@1", "echo"); /* nobody else was there to be kept waiting */
    call(w, "other@1", "echo");
    scripts_stats(w->scripts, &s);
    assert_int_equal(s.deaths, 1);
    assert_int_equal(s.apart, 2); /* both versions stand in it */
    scripts_unload(w->scripts, "acme@1");
    call(w, "acme@2", "echo");
    assert_int_equal(processes(w), 2);
    scripts_unload(w->scripts, "acme@2"); /* the last of the company */
    loop_post(w->loop, leave, w);
    loop_run(w->loop);
    assert_int_equal(processes(w), 1);
    load(w, "acme@3", "boot");
    call(w, "acme@3", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
}

static void start_call(struct world *w, const char *context, const char *function)
{
    struct script_handlers h = {on_step, NULL, on_end, w};
    scripts_call(w->scripts, context, function, STR_LIT("[1]"), STR_LIT("b"), &h);
}

static int apart(struct world *w)
{
    struct scripts_stats s;
    scripts_stats(w->scripts, &s);
    return s.apart;
}

/* Who computes without end holds the others up for a moment, not for its whole burst. */
static void who_computes_long_goes_on_apart(void **state)
{
    struct world *w = *state;
    load(w, "good@1", "boot");
    load(w, "hog@1", "boot");
    load(w, "hog@2", "boot");
    for (int i = 1; i <= 2; i++) {
        start_call(w, i == 1 ? "hog@1" : "hog@2", "spin");
        start_call(w, "good@1", "echo");
        for (int ends = w->ends; w->ends < ends + 2;) {
            loop_run(w->loop); /* both calls are lost with the process, and nobody is to blame */
            assert_int_equal(w->outcome, SCRIPT_LOST);
            assert_false(w->guilty);
        }
        call(w, "good@1", "echo");
        assert_int_equal(w->outcome, SCRIPT_RETURNED);
        assert_int_equal(apart(w), i);
    }
    call(w, "hog@1", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
    assert_int_equal(processes(w), 2); /* the two long ones share: apart_max */
    assert_int_equal(w->loaded, 3);
    scripts_unload(w->scripts, "hog@1");
    scripts_unload(w->scripts, "hog@2");
    loop_post(w->loop, leave, w);
    loop_run(w->loop);
    assert_int_equal(processes(w), 1);
    load(w, "hog@3", "boot"); /* a corrected version is among the others again */
    call(w, "hog@3", "echo");
    assert_int_equal(processes(w), 1);
    assert_int_equal(apart(w), 0);
}

/* Alone it may take its burst. */
static void nobody_goes_apart_for_nobody(void **state)
{
    struct world *w = *state;
    load(w, "good@1", "boot");
    load(w, "hog@1", "boot");
    start_call(w, "hog@1", "spin");
    run_for(w, 200);
    assert_int_equal(w->ends, 0);
    assert_int_equal(apart(w), 0);
    start_call(w, "good@1", "echo");
    while (w->ends < 2)
        loop_run(w->loop);
    assert_int_equal(apart(w), 1);
}

/* One that has a process of its own steps back in it; its next version does not. */
static void its_own_process_steps_back(void **state)
{
    struct world *w = *state;
    load(w, "hog@1", "boot");
    start_call(w, "hog@1", "spin");
    while (apart(w) == 0)
        run_for(w, 20);
    assert_int_equal(w->ends, 0);
    assert_int_equal(processes(w), 1);
    load(w, "hog@2", "boot");
    call(w, "hog@2", "echo");
    assert_int_equal(w->outcome, SCRIPT_RETURNED);
    assert_int_equal(processes(w), 2);
    assert_int_equal(apart(w), 1);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "script-process") == 0)
        play();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loads_and_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(deaths_are_survived, setup, teardown),
        cmocka_unit_test_setup_teardown(struck_over_and_over_is_to_blame, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(a_load_that_is_struck_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_load_that_kills_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_company_has_its_own_process, setup_isolated, teardown),
        cmocka_unit_test_setup_teardown(dropped_calls_are_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(who_computes_long_goes_on_apart, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(nobody_goes_apart_for_nobody, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(
            its_own_process_steps_back, setup_patient_isolated, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
