/* What a test does with the outside systems: starting sandboxes, asking and seeding them. */
#include <string.h>

#include "clock.h"
#include "json.h"
#include "mem.h"
#include "sandbox_request.h"
#include "test_host_impl.h"

/* A sandbox says in `path` where its API stands below its address ("/api"). */
static void on_sandbox(void *arg, struct str manifest, const struct err *e)
{
    struct test_host *t = arg;
    if (e) {
        test_host_fail(t, e->text);
        return;
    }
    char *url = sandbox_server_url(t->world.sandboxes, t->sandbox_name, manifest);
    engine_override_url(t->world.parts->engine,
        t->sandbox_connection ? t->sandbox_connection : t->sandbox_kind, url);
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "{\"url\":");
    json_put_cstring(&b, url);
    buf_addc(&b, '}');
    test_host_answer(t, buf_str(&b), STR_NONE);
    buf_free(&b);
    mem_free(url);
}

void test_host_sandbox(struct test_host *t, const struct jsonv *spec)
{
    struct err e = {0};
    struct buf options;
    buf_init(&options, BUF_MAX_DEFAULT);
    const struct jsonv *o = jsonv_get(spec, "options");
    if (o && o->type == JSONV_OBJECT)
        jsonv_write(&options, o);
    mem_free(t->sandbox_kind);
    mem_free(t->sandbox_name);
    mem_free(t->sandbox_connection);
    t->sandbox_kind = mem_dup(jsonv_str(jsonv_get(spec, "sandbox"), ""));
    t->sandbox_name = mem_dup(jsonv_str(jsonv_get(spec, "name"), t->sandbox_kind));
    t->sandbox_connection = mem_dup(jsonv_str(jsonv_get(spec, "connection"), NULL));
    if (sandbox_server_add(t->world.sandboxes, t->sandbox_name, t->sandbox_kind, buf_str(&options),
            str_of(jsonv_str(jsonv_get(spec, "fault"), "")), on_sandbox, t, &e) < 0)
        test_host_fail(t, e.text);
    buf_free(&options);
}

static void on_sandbox_json(void *arg, struct str json, const struct err *e)
{
    struct test_host *t = arg;
    if (e)
        test_host_fail(t, e->text);
    else
        test_host_answer(t, json.n && json.p[0] == '{' ? json : STR_LIT("{}"), STR_NONE);
}

static void on_cleared(void *arg, struct str json, const struct err *e)
{
    test_host_answer_or_fail(arg, e);
}

/* What a person does on the sandbox's page, now. */
static int on_page(struct test_host *t, const char *name, const struct jsonv *spec, struct err *e)
{
    struct buf b;
    int64_t wall_ms = clock_wall_ms();
    char now[SANDBOX_TIME_TEXT];
    sandbox_time_helsinki(wall_ms, now);
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "{\"now\":\"%s\",\"at_ms\":%lld,\"act\":", now, (long long)wall_ms);
    json_put_cstring(&b, jsonv_str(jsonv_get(spec, "act"), ""));
    buf_adds(&b, ",\"form\":");
    if (jsonv_get(spec, "form"))
        jsonv_write(&b, jsonv_get(spec, "form"));
    else
        buf_adds(&b, "{}");
    buf_addc(&b, '}');
    int rc =
        sandbox_server_call(t->world.sandboxes, name, "act", buf_str(&b), on_sandbox_json, t, e);
    buf_free(&b);
    return rc;
}

void test_host_on_sandbox(struct test_host *t, const char *op, const struct jsonv *spec)
{
    struct sandbox_server *s = t->world.sandboxes;
    const char *name = jsonv_str(jsonv_get(spec, "sandbox"), "");
    struct err e = {0};
    int rc;
    if (!strcmp(op, "test.state")) {
        rc = sandbox_server_call(s, name, "state", STR_NONE, on_sandbox_json, t, &e);
    } else if (!strcmp(op, "test.seed")) {
        struct buf seed;
        buf_init(&seed, BUF_MAX_DEFAULT);
        if (jsonv_get(spec, "seed"))
            jsonv_write(&seed, jsonv_get(spec, "seed"));
        rc = sandbox_server_call(s, name, "seed", buf_str(&seed), on_sandbox_json, t, &e);
        buf_free(&seed);
    } else if (!strcmp(op, "test.page")) {
        rc = on_page(t, name, spec, &e);
    } else if (!strcmp(op, "test.clear")) {
        rc = sandbox_server_clear(s, name, on_cleared, t, &e);
    } else {
        rc = sandbox_server_fault(s, name, str_of(jsonv_str(jsonv_get(spec, "fault"), "")), &e);
        if (rc == 0)
            test_host_answer(t, STR_LIT("{}"), STR_NONE);
    }
    if (rc < 0)
        test_host_fail(t, e.text);
}
