/* `sauma connections`: how each connection of the companies stands. */
#include <stdio.h>
#include <string.h>

#include "api_client.h"
#include "buf.h"
#include "command.h"
#include "form.h"

static const struct conf_option options[] = {
    OPTION_DATA,
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static void print_one(const struct jsonv *v)
{
    const char *reason = jsonv_str(jsonv_get(v, "reason"), "");
    const char *renewed = jsonv_str(jsonv_get(v, "renewed_at"), NULL);
    printf("%-20s %-20s %-18s %-10s%s%s\n", jsonv_str(jsonv_get(v, "company"), ""),
        jsonv_str(jsonv_get(v, "connection"), ""), jsonv_str(jsonv_get(v, "auth"), ""),
        jsonv_str(jsonv_get(v, "state"), ""), renewed ? " renewed " : "", renewed ? renewed : "");
    if (reason[0])
        printf("%20s %s\n", "", reason);
}

static void print_json(const struct jsonv *v)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    jsonv_write(&b, v);
    printf("%.*s\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

static int connections_run(const struct conf *c)
{
    struct err e = {0};
    struct buf path;
    struct jsondoc *answer;
    int http = 0, status = STATUS_OK;
    if (conf_positionals(c) > 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_connections.usage);
    buf_init(&path, BUF_MAX_DEFAULT);
    buf_adds(&path, "connections");
    if (conf_positionals(c)) {
        buf_addc(&path, '?');
        form_put(&path, "company", conf_positional(c, 0));
    }
    buf_addc(&path, '\0');
    if (api_call(conf_text(c, "data"), "GET", path.p, STR_NONE, &http, &answer, &e) < 0)
        status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    else if (http != 200)
        status = command_fail(STATUS_OUTSIDE, "%s", api_problem(answer));
    const struct jsonv *list = jsonv_get(answer ? jsondoc_root(answer) : NULL, "connections");
    for (const struct jsonv *v = list ? list->child : NULL; v; v = v->next)
        if (conf_flag(c, "json"))
            print_json(v);
        else
            print_one(v);
    if (status == STATUS_OK && !(list && list->child) && !conf_flag(c, "json"))
        fprintf(stderr, "none\n");
    jsondoc_free(answer);
    buf_free(&path);
    return status;
}

const struct command command_connections = {
    .name = "connections",
    .usage = "connections [COMPANY] [--json]",
    .summary = "how each connection stands, and what it needs",
    .details =
        "A host must run. ok; connect, reconnect: a person is to (`sauma connect`); refused: its\n"
        "credentials are wrong; secret: one is missing; paused: it does not answer.\n",
    .options = options,
    .run = connections_run,
};
