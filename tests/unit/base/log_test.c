/* The log as another program would read it: through a pipe in place of standard error. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jsondoc.h"
#include "log.h"

static char line[512 * 1024];
static int pipe_fds[2], saved_stderr;

static int setup(void **state)
{
    if (pipe(pipe_fds) < 0)
        return -1;
    fcntl(pipe_fds[1], F_SETPIPE_SZ, 1 << 20);
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    saved_stderr = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    log_set_level(LOG_INFO);
    log_set_text(0);
    return 0;
}

static int teardown(void **state)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_fds[0]);
    return close(pipe_fds[1]);
}

/* All that was logged since the last call; "" if nothing was. */
static const char *logged(void)
{
    size_t n = 0;
    ssize_t got;
    while ((got = read(pipe_fds[0], line + n, sizeof(line) - 1 - n)) > 0)
        n += (size_t)got;
    line[n] = '\0';
    return line;
}

/* One line, one object. */
static struct jsondoc *logged_object(void)
{
    const char *text = logged();
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
    struct jsondoc *d = jsondoc_parse(str_of(text), NULL);
    assert_non_null(d);
    return d;
}

static void writes_objects(void **state)
{
    log_event(LOG_WARN, "run finished", "run", "run_1", "state", "done", "none", NULL, NULL);
    struct jsondoc *d = logged_object();
    const struct jsonv *v = jsondoc_root(d);
    assert_string_equal(jsonv_str(jsonv_get(v, "level"), ""), "warn");
    assert_string_equal(jsonv_str(jsonv_get(v, "what"), ""), "run finished");
    assert_string_equal(jsonv_str(jsonv_get(v, "run"), ""), "run_1");
    assert_string_equal(jsonv_str(jsonv_get(v, "state"), ""), "done");
    assert_int_equal(jsonv_get(v, "none")->type, JSONV_NULL);
    assert_int_equal(jsonv_get(v, "time")->text.n, 24);
    jsondoc_free(d);
}

static void values_cannot_forge_a_line(void **state)
{
    static const char evil[] = "a\"}\n{\"level\":\"error\"\r\x1b[31m\x7F\xC2\x9B\xFF \xC3\xA4";
    log_event(LOG_INFO, "x", "value", evil, NULL);
    const char *text = logged();
    for (const char *p = text; p[1]; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7F);
    assert_null(strstr(text, "\xC2\x9B"));
    struct jsondoc *d = jsondoc_parse(str_of(text), NULL);
    assert_string_equal(jsonv_str(jsonv_get(jsondoc_root(d), "level"), ""), "info");
    assert_string_equal(jsonv_str(jsonv_get(jsondoc_root(d), "value"), ""),
        "a\"}\n{\"level\":\"error\"\r\x1b[31m\x7F\xC2\x9B\xEF\xBF\xBD \xC3\xA4");
    jsondoc_free(d);

    log_set_text(1);
    log_event(LOG_INFO, "x", "value", evil, "plain", "a-b", "empty", "", NULL);
    text = logged();
    for (const char *p = text; p[1]; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7F);
    assert_non_null(strstr(text, " info  x value=\"a\\\"}\\n"));
    assert_non_null(strstr(text, " plain=a-b empty=\"\"\n"));
}

static void respects_the_level(void **state)
{
    log_event(LOG_DEBUG, "x", NULL);
    assert_string_equal(logged(), "");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "x", NULL);
    assert_string_equal(logged(), "");
    log_event(LOG_ERROR, "x", NULL);
    assert_string_not_equal(logged(), "");
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "x", NULL);
    assert_string_not_equal(logged(), "");
}

static void cuts_long_values(void **state)
{
    static char value[100001];
    memset(value, 'a', sizeof(value) - 1);
    /* A character of two bytes stands across the cut. */
    memcpy(value + 8191, "\xC3\xA4", 2);
    log_event(LOG_INFO, "x", "value", value, NULL);
    struct jsondoc *d = logged_object();
    assert_int_equal(jsonv_get(jsondoc_root(d), "value")->text.n, 8191);
    jsondoc_free(d);

    memset(value, 1, sizeof(value) - 1); /* six bytes each when escaped */
    log_event(LOG_INFO, "x", "a", value, "b", value, "c", value, "d", value, "e", value, "f", value,
        NULL);
    d = logged_object();
    assert_string_equal(jsonv_str(jsonv_get(jsondoc_root(d), "what"), ""), "log line too long");
    jsondoc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(values_cannot_forge_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(respects_the_level, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_long_values, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
