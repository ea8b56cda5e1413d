/* `sauma send`, `sauma retry`, `sauma skip`: a person acts on a run of a running host. */
#include <stdio.h>

#include "api.h"
#include "command.h"
#include "http_out.h"
#include "jsondoc.h"
#include "mem.h"

static const struct conf_option act_options[] = {
    OPTION_DATA,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option skip_options[] = {
    {"reason", CONF_TEXT, NULL, "why it is left; shown with the run"},
    OPTION_DATA,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct acting {
    struct loop *loop;
    const char *run, *said;
    int status;
};

static void on_answer(void *arg, const struct http_out_result *r)
{
    struct acting *a = arg;
    if (r->outcome != HTTP_OUT_ANSWERED) {
        a->status = command_fail(STATUS_OUTSIDE, "%s", r->problem);
    } else if (r->status == 200) {
        printf("%s: %s\n", a->run, a->said);
    } else {
        struct jsondoc *d = jsondoc_parse(r->body, NULL);
        const char *why = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "error"), "refused");
        a->status = command_fail(r->status < 500 ? STATUS_NO : STATUS_OUTSIDE, "%s", why);
        jsondoc_free(d);
    }
    loop_stop(a->loop);
}

static int ask(struct acting *a, const char *address, const char *token, const char *verb,
    const char *reason, struct err *e)
{
    struct http_out_config hc;
    struct buf body;
    http_out_config_defaults(&hc);
    a->loop = loop_new(e);
    struct http_out *http = a->loop ? http_out_new(a->loop, &hc, e) : NULL;
    if (!http) {
        loop_free(a->loop);
        return -1;
    }
    buf_init(&body, 1 << 16);
    buf_adds(&body, "{\"reason\":");
    json_put_cstring(&body, reason);
    buf_addc(&body, '}');
    char *url = mem_printf("http://%s/api/v1/runs/%s/%s", address, a->run, verb);
    char *bearer = mem_printf("Bearer %s", token);
    struct http_header h = {STR_LIT("Authorization"), str_of(bearer)};
    struct http_out_request q = {.method = "POST",
        .url = url,
        .headers = &h,
        .nheaders = 1,
        .body = buf_str(&body),
        .write = true,
        .timeout_ms = 30000,
        .max_body = 1 << 20};
    http_out_start(http, &q, on_answer, a);
    loop_run(a->loop);
    mem_free(url);
    mem_free(bearer);
    buf_free(&body);
    http_out_free(http);
    loop_free(a->loop);
    return 0;
}

static int act(
    const struct conf *c, const struct command *cmd, const char *said, const char *reason)
{
    struct err e = {0};
    struct acting a = {.said = said};
    char *address, *token;
    if (conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", cmd->usage);
    a.run = conf_positional(c, 0);
    if (api_find(conf_text(c, "data"), &address, &token, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    if (ask(&a, address, token, cmd->name, reason, &e) < 0)
        a.status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    mem_free(address);
    mem_free(token);
    return a.status;
}

static int send_run(const struct conf *c)
{
    return act(c, &command_send, "sent", "");
}

static int retry_run(const struct conf *c)
{
    return act(c, &command_retry, "goes on", "");
}

static int skip_run(const struct conf *c)
{
    const char *reason = conf_text(c, "reason");
    if (!reason || !*reason)
        return command_fail(STATUS_USAGE, "say why with --reason");
    return act(c, &command_skip, "skipped", reason);
}

const struct command command_send = {
    .name = "send",
    .usage = "send RUN",
    .summary = "start a run that was held for a person",
    .options = act_options,
    .run = send_run,
};

const struct command command_retry = {
    .name = "retry",
    .usage = "retry RUN",
    .summary = "let a run that failed or needs attention go on",
    .details = "What it did outside is not done again; what it read after that is asked anew.\n",
    .options = act_options,
    .run = retry_run,
};

const struct command command_skip = {
    .name = "skip",
    .usage = "skip RUN --reason TEXT",
    .summary = "leave a run for good, with the reason",
    .options = skip_options,
    .run = skip_run,
};
