/* Settings: which place wins, what is refused and in which words. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "mem.h"

static const struct conf_option options[] = {
    {"config", CONF_TEXT, NULL, "file with settings"},
    {"data", CONF_TEXT, "data", "folder of the store"},
    {"max-body", CONF_SIZE, "1m", "largest body"},
    {"port", CONF_INT, "8080", "port to listen on"},
    {"timeout", CONF_MS, NULL, "longest wait"},
    {"json", CONF_FLAG, NULL, "as JSON"},
    {"loud", CONF_FLAG, "yes", "say more"},
    {NULL, CONF_TEXT, NULL, NULL},
};

static const char *const variables[] = {"SAUMA_CONFIG", "SAUMA_DATA", "SAUMA_MAX_BODY",
    "SAUMA_PORT", "SAUMA_TIMEOUT", "SAUMA_JSON", "SAUMA_LOUD"};

static char file[64];

static int setup(void **state)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    snprintf(file, sizeof(file), "/tmp/sauma-conf-XXXXXX");
    int fd = mkstemp(file);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    return unlink(file);
}

static void write_file(const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The arguments end with NULL. */
static struct conf *parse(struct err *e, ...)
{
    char *argv[16];
    int argc = 0;
    va_list ap;
    va_start(ap, e);
    while ((argv[argc] = va_arg(ap, char *)))
        argc++;
    va_end(ap);
    return conf_parse(options, NULL, argc, argv, e);
}

static void uses_fallbacks(void **state)
{
    struct err e = {0};
    struct conf *c = parse(&e, NULL);
    assert_non_null(c);
    assert_string_equal(conf_text(c, "data"), "data");
    assert_int_equal(conf_size(c, "max-body"), 1 << 20);
    assert_int_equal(conf_int(c, "port"), 8080);
    assert_null(conf_text(c, "timeout"));
    assert_int_equal(conf_int(c, "timeout"), 0);
    assert_false(conf_flag(c, "json"));
    assert_true(conf_flag(c, "loud"));
    assert_int_equal(conf_positionals(c), 0);
    assert_null(conf_positional(c, 0));
    conf_free(c);
}

static void reads_the_command_line(void **state)
{
    struct err e = {0};
    struct conf *c = parse(&e, "one", "--port=1", "--json", "-", "--timeout", "250ms", "--port",
        "2", "--loud=no", "--data=", "--", "--two", "-x", NULL);
    assert_non_null(c);
    assert_int_equal(conf_int(c, "port"), 2);
    assert_int_equal(conf_int(c, "timeout"), 250);
    assert_true(conf_flag(c, "json"));
    assert_false(conf_flag(c, "loud"));
    assert_string_equal(conf_text(c, "data"), "");
    assert_int_equal(conf_positionals(c), 4);
    assert_string_equal(conf_positional(c, 0), "one");
    assert_string_equal(conf_positional(c, 1), "-");
    assert_string_equal(conf_positional(c, 2), "--two");
    assert_string_equal(conf_positional(c, 3), "-x");
    conf_free(c);
}

/* Command line, environment, file, default: each setting comes from the first that has it. */
static void first_place_wins(void **state)
{
    struct err e = {0};
    write_file("port = 3\ndata = from file\nmax-body=3k\ntimeout = 3s\n");
    setenv("SAUMA_PORT", "2", 1);
    setenv("SAUMA_DATA", "from environment", 1);
    setenv("SAUMA_MAX_BODY", "", 1); /* as if it were not there */
    struct conf *c = parse(&e, "--config", file, "--port", "1", NULL);
    assert_non_null(c);
    assert_int_equal(conf_int(c, "port"), 1);
    assert_string_equal(conf_text(c, "data"), "from environment");
    assert_int_equal(conf_size(c, "max-body"), 3072);
    assert_int_equal(conf_int(c, "timeout"), 3000);
    assert_true(conf_flag(c, "loud"));
    conf_free(c);

    setenv("SAUMA_CONFIG", file, 1);
    setenv("SAUMA_JSON", "on", 1);
    c = parse(&e, NULL);
    assert_non_null(c);
    assert_int_equal(conf_int(c, "port"), 2);
    assert_int_equal(conf_int(c, "timeout"), 3000);
    assert_true(conf_flag(c, "json"));
    conf_free(c);
}

static void reads_files(void **state)
{
    struct err e = {0};
    write_file("# a comment\n\n  port=1  # another\r\n\tdata = \"a # b \" # and one more\n"
               "json = YES\nmax-body = 2g#not\n");
    assert_null(parse(&e, "--config", file, NULL));
    assert_non_null(strstr(e.text, ":6: '2g#not' is not a size"));
    write_file(
        "# a comment\n\n  port=1  # another\r\n\tdata = \"a # b \" # and one more\njson = YES");
    struct conf *c = parse(&e, "--config", file, NULL);
    assert_non_null(c);
    assert_int_equal(conf_int(c, "port"), 1);
    assert_string_equal(conf_text(c, "data"), "a # b ");
    assert_true(conf_flag(c, "json"));
    conf_free(c);
}

static void refuses_files(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"port = 1\nprot = 2\n", ":2: there is no setting 'prot'; did you mean 'port'?"},
        {"port\n", ":1: a line must be `name = value`"},
        {"= 1\n", ":1: a line must be `name = value`"},
        {"port = \n", ":1: '' is not a whole number"},
        {"\n\nport = 1\nport = 1\n", ":4: 'port' stands twice"},
        {"data = \"a\n", ":1: the double quotes do not match"},
        {"data = \"a\" b\n", ":1: the double quotes do not match"},
        {"json = maybe\n", ":1: 'maybe' is not yes or no"},
        {"config = other\n", ":1: a config file cannot name another"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {0};
        write_file(cases[i].text);
        assert_null(parse(&e, "--config", file, NULL));
        assert_int_equal(e.code, ERR_USAGE);
        if (!strstr(e.text, cases[i].words))
            fail_msg("expected '%s' in '%s'", cases[i].words, e.text);
    }
    struct err e = {0};
    assert_null(parse(&e, "--config", "/nowhere/at/all", NULL));
    assert_int_equal(e.code, ERR_IO);
    assert_null(parse(&e, "--config", "/tmp", NULL));
    assert_int_equal(e.code, ERR_IO);
}

static void refuses_arguments(void **state)
{
    static const struct {
        const char *first, *second, *words;
    } cases[] = {
        {"--prot", "1", "there is no option '--prot'; did you mean '--port'?"},
        {"--maxbody=1", NULL, "did you mean '--max-body'?"},
        {"--wholly-different", NULL, "there is no option '--wholly-different'"},
        {"--port", NULL, "option '--port' needs a value"},
        {"--port", "x", "option '--port': 'x' is not a whole number"},
        {"--timeout=5 s", NULL, "'5 s' is not a time"},
        {"--json=perhaps", NULL, "'perhaps' is not yes or no"},
        {"-p", NULL, "options begin with --"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {0};
        assert_null(parse(&e, cases[i].first, cases[i].second, NULL));
        assert_int_equal(e.code, ERR_USAGE);
        if (!strstr(e.text, cases[i].words))
            fail_msg("expected '%s' in '%s'", cases[i].words, e.text);
    }
    struct err e = {0};
    assert_null(parse(&e, "--wholly-different", NULL));
    assert_null(strstr(e.text, "did you mean"));
    setenv("SAUMA_PORT", "http", 1);
    assert_null(parse(&e, NULL));
    assert_string_equal(e.text, "SAUMA_PORT: 'http' is not a whole number");
    /* A wrong value is wrong even where a better place overrides it. */
    assert_null(parse(&e, "--port=1", NULL));
}

static void prints_help(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    conf_help(options, f);
    fclose(f);
    assert_non_null(strstr(text, "  --config VALUE    file with settings (SAUMA_CONFIG)\n"));
    assert_non_null(
        strstr(text, "  --max-body VALUE  largest body (default 1m; SAUMA_MAX_BODY)\n"));
    assert_non_null(strstr(text, "  --json            as JSON (SAUMA_JSON)\n"));
    mem_free(text);
}

static void wraps_help(void **state)
{
    static const struct conf_option long_ones[] = {
        {"a", CONF_TEXT, NULL,
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"},
        {"key", CONF_TEXT, NULL, "of this key"}, {NULL, CONF_TEXT, NULL, NULL}};
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    conf_help(long_ones, f);
    fclose(f);
    assert_string_equal(text,
        "  --a VALUE    one two three four five six seven eight nine ten eleven twelve\n"
        "               thirteen fourteen (SAUMA_A)\n"
        "  --key VALUE  of this key (no variable)\n");
    mem_free(text);
}

/* SAUMA_KEY opens the secrets; a filter `--key` must not take it for its own. */
static void leaves_the_key_of_the_secrets_alone(void **state)
{
    static const struct conf_option filters[] = {
        {"key", CONF_TEXT, NULL, "of this key"}, {NULL, CONF_TEXT, NULL, NULL}};
    char arg[] = "--key=K", *args[] = {arg};
    setenv("SAUMA_KEY", "00112233", 1);
    struct conf *c = conf_parse(filters, NULL, 0, NULL, NULL);
    assert_null(conf_text(c, "key"));
    conf_free(c);
    c = conf_parse(filters, NULL, 1, args, NULL);
    assert_string_equal(conf_text(c, "key"), "K");
    conf_free(c);
    unsetenv("SAUMA_KEY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(uses_fallbacks, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_the_command_line, setup, teardown),
        cmocka_unit_test_setup_teardown(first_place_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_files, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_files, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_arguments, setup, teardown),
        cmocka_unit_test(prints_help),
        cmocka_unit_test(wraps_help),
        cmocka_unit_test(leaves_the_key_of_the_secrets_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
