/* `sauma test`: runs the tests of companies against the real engine and sandbox servers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "log.h"
#include "test_host.h"

static const struct conf_option options[] = {
    OPTION_PARTS,
    OPTION_JSON,
    {"log", CONF_TEXT, "error", "least level logged: debug, info, warn, error"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct testing {
    struct loop *loop;
    const char *dir;
    bool json;
    int passed, failed;
};

static void print_json(const struct testing *t, const struct test_result *r)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"company\":");
    json_put_cstring(&b, t->dir);
    buf_adds(&b, ",\"test\":");
    json_put_cstring(&b, r->name);
    buf_adds(&b, ",\"where\":");
    json_put_cstring(&b, r->where);
    buf_addf(&b, ",\"ok\":%s,\"ms\":%lld", r->ok ? "true" : "false", (long long)r->ms);
    if (!r->ok) {
        buf_adds(&b, ",\"message\":");
        json_put_cstring(&b, r->message);
    }
    buf_addc(&b, '}');
    printf("%.*s\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

static void on_result(void *arg, const struct test_result *r)
{
    struct testing *t = arg;
    if (r->ok)
        t->passed++;
    else
        t->failed++;
    if (t->json)
        print_json(t, r);
    else if (r->ok)
        printf("ok    %s (%lld ms)\n", r->name, (long long)r->ms);
    else
        printf("FAIL  %s\n      %s\n", r->name, r->message);
}

static void on_done(void *arg, const char *problem)
{
    struct testing *t = arg;
    if (problem) {
        t->failed++;
        parts_company_error(t->dir, problem);
    }
    loop_stop(t->loop);
}

static int test_one(const struct conf *c, struct testing *t)
{
    struct err e = {0};
    struct parts parts;
    struct parts_options o;
    struct engine_settings s;
    if (parts_read_options(c, &o, &s, &e) < 0)
        return command_fail(STATUS_USAGE, "%s", e.text);
    /* A lost answer is looked into at once: sandboxes finish what they began. */
    if (!conf_text(c, "settle"))
        s.settle_ms = 50;
    if (!conf_text(c, "looks"))
        s.looks.n = 0;
    if (parts_open_scripts(&parts, &o, &e) < 0) {
        parts_close(&parts);
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    }
    t->loop = parts.loop;
    struct test_handlers h = {.result = on_result, .done = on_done, .arg = t};
    struct test_host *host = test_host_start(&parts, t->dir, &o, &s, &h, &e);
    if (host) {
        loop_run(parts.loop);
    } else {
        t->failed++;
        parts_company_error(t->dir, e.text);
    }
    test_host_free(host);
    parts_close(&parts);
    return STATUS_OK;
}

static int test_run(const struct conf *c)
{
    struct testing t = {.json = conf_flag(c, "json")};
    if (conf_positionals(c) == 0)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_test.usage);
    if (command_log_level(c) < 0)
        return STATUS_USAGE;
    for (int i = 0; i < conf_positionals(c); i++) {
        t.dir = conf_positional(c, i);
        if (!t.json && conf_positionals(c) > 1)
            printf("%s\n", t.dir);
        int status = test_one(c, &t);
        if (status != STATUS_OK)
            return status;
    }
    if (t.passed + t.failed == 0)
        fprintf(stderr, "sauma: there are no tests: write tests/NAME_test.lua\n");
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed || !t.passed ? STATUS_NO : STATUS_OK;
}

const struct command command_test = {
    .name = "test",
    .usage = "test DIR...",
    .summary = "run a company's tests/*_test.lua against sandbox servers",
    .details =
        "Each test has an empty store, fresh sandboxes and real sockets; secrets have fixed\n"
        "values. Nothing outside this machine is touched.\n",
    .options = options,
    .run = test_run,
};
