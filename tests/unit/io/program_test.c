/* Programs run to their end. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "mem.h"
#include "program.h"

struct ended {
    struct loop *loop;
    int calls, status;
    bool late;
    char output[PROGRAM_OUTPUT_MAX + 1];
};

static void on_end(void *arg, const struct program_result *r)
{
    struct ended *x = arg;
    x->calls++;
    x->status = r->status;
    x->late = r->late;
    snprintf(x->output, sizeof(x->output), "%.*s", STR_ARG(r->output));
    loop_stop(x->loop);
}

static void run(struct ended *x, const char *script, int64_t timeout_ms)
{
    struct err e = {0};
    char shell[] = "/bin/sh", flag[] = "-c", *text = mem_dup(script);
    char *argv[] = {shell, flag, text, NULL};
    *x = (struct ended){.loop = loop_new(NULL)};
    if (!program_start(x->loop, argv, timeout_ms, on_end, x, &e))
        fail_msg("%s", e.text);
    loop_run(x->loop);
    loop_free(x->loop);
    mem_free(text);
}

static void its_end_and_its_words(void **state)
{
    struct ended x;
    run(&x, "echo one; echo two >&2; exit 3", 20000);
    assert_int_equal(x.calls, 1);
    assert_int_equal(x.status, 3);
    assert_string_equal(x.output, "one\ntwo\n");
    run(&x, "read line && echo never; exit 0", 20000); /* there is nothing to read */
    assert_int_equal(x.status, 0);
    assert_string_equal(x.output, "");
    run(&x, "kill -9 $$", 20000);
    assert_int_equal(x.status, -1);
    assert_false(x.late);
}

static void only_the_last_words_are_kept(void **state)
{
    struct ended x;
    run(&x, "i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); done; echo the end", 60000);
    size_t n = strlen(x.output);
    assert_int_equal(x.status, 0);
    assert_true(n <= PROGRAM_OUTPUT_MAX && n > PROGRAM_OUTPUT_MAX / 2);
    assert_string_equal(x.output + n - 8, "the end\n");
}

/* Gone, or dead and waiting for somebody to ask. */
static bool is_over(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return true;
    if (fscanf(f, "%*d %*s %c", &state) != 1)
        state = 'Z';
    fclose(f);
    return state == 'Z';
}

static void one_that_takes_too_long_is_ended_with_its_children(void **state)
{
    struct ended x;
    run(&x, "sleep 1000 & echo $!; wait", 200);
    assert_true(x.late);
    assert_int_equal(x.status, -1);
    pid_t child = atoi(x.output);
    assert_true(child > 1);
    int64_t end = clock_mono_ms() + 10000;
    while (!is_over(child) && clock_mono_ms() < end)
        usleep(1000);
    assert_true(is_over(child));
}

static void what_is_not_there_is_said(void **state)
{
    struct err e = {0};
    char path[] = "/nowhere/at-all", *argv[] = {path, NULL};
    struct loop *l = loop_new(NULL);
    assert_null(program_start(l, argv, 1000, on_end, NULL, &e));
    assert_non_null(strstr(e.text, "/nowhere/at-all cannot be started: No such file"));
    loop_free(l);
}

static void freed_before_its_end(void **state)
{
    struct err e = {0};
    char shell[] = "/bin/sh", flag[] = "-c", text[] = "sleep 1000",
         *argv[] = {shell, flag, text, NULL};
    struct loop *l = loop_new(NULL);
    program_free(program_start(l, argv, 100000, on_end, NULL, &e));
    program_free(NULL);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_end_and_its_words),
        cmocka_unit_test(only_the_last_words_are_kept),
        cmocka_unit_test(one_that_takes_too_long_is_ended_with_its_children),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(freed_before_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
