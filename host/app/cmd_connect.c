/* `sauma connect`: a person allows a connection; the running host does the rest. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api_client.h"
#include "api_connect.h"
#include "command.h"
#include "json.h"
#include "mem.h"
#include "reply.h"

#define LOOK_MS 300

static const struct conf_option options[] = {
    OPTION_DATA,
    {"loopback", CONF_TEXT, NULL,
        "the browser comes back to this address on this machine (127.0.0.1:0), not to the host"},
    {"no-wait", CONF_FLAG, NULL, "print the address and end; `sauma connections` says what became"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct connecting {
    const char *data;
    bool json, no_wait, told;
    struct loop *loop;
    struct http_in *listener;
    struct loop_timer *timer;
    char *path; /* of the API: what becomes of it */
    int status;
};

/* Calls the API: the answer's JSON, or NULL with a message said and the status set. */
static struct jsondoc *call(
    struct connecting *c, const char *method, const char *path, struct str body)
{
    struct err e = {0};
    struct jsondoc *answer = NULL;
    int http = 0;
    if (api_call(c->data, method, path, body, &http, &answer, &e) < 0) {
        c->status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    } else if (http != 200 && http != 202) {
        c->status = command_fail(http == 400  ? STATUS_USAGE
                                 : http < 500 ? STATUS_NO
                                              : STATUS_OUTSIDE,
            "%s", api_problem(answer));
    } else if (answer) {
        return answer;
    } else {
        c->status = command_fail(STATUS_OUTSIDE, "the host's answer cannot be read");
    }
    jsondoc_free(answer);
    return NULL;
}

static void say_open(struct connecting *c, const struct jsonv *v)
{
    const char *url = jsonv_str(jsonv_get(v, "url"), ""),
               *code = jsonv_str(jsonv_get(v, "code"), "");
    c->told = true;
    if (c->json)
        return;
    printf("Open this address in a browser, log in and allow it:\n\n  %s\n\n", url);
    if (code[0])
        printf("and type in this code there: %s\n\n", code);
    printf("It is good until %s.\n", jsonv_str(jsonv_get(v, "until"), "?"));
    fflush(stdout);
}

static void say_json(const struct jsonv *v)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    jsonv_write(&b, v);
    printf("%.*s\n", STR_ARG(buf_str(&b)));
    fflush(stdout);
    buf_free(&b);
}

static void look(void *arg)
{
    struct connecting *c = arg;
    struct jsondoc *d = call(c, "GET", c->path, STR_NONE);
    const struct jsonv *v = d ? jsondoc_root(d) : NULL;
    const char *state = jsonv_str(jsonv_get(v, "state"), "");
    if (!d && c->status == STATUS_OUTSIDE)
        fprintf(stderr,
            "sauma: the host has ended; when it runs again, `sauma connections` says whether "
            "it is connected\n");
    bool over = !strcmp(state, "done") || !strcmp(state, "failed");
    if (!strcmp(state, "open") && !c->told) {
        say_open(c, v);
        if (c->json)
            say_json(v);
    }
    if (over && c->json)
        say_json(v);
    else if (over && !strcmp(state, "done"))
        printf("%s: %s\n", jsonv_str(jsonv_get(v, "connection"), ""),
            jsonv_str(jsonv_get(v, "words"), ""));
    if (over && !strcmp(state, "failed"))
        c->status = c->json ? STATUS_NO
                            : command_fail(STATUS_NO, "%s", jsonv_str(jsonv_get(v, "words"), ""));
    if (!d || over || (c->told && c->no_wait))
        loop_stop(c->loop);
    else
        loop_timer_arm(c->timer, LOOK_MS);
    jsondoc_free(d);
}

/* The browser came back to this program: the host gets what it brought. */
static void on_request(void *arg, struct http_in_exchange *x)
{
    struct connecting *c = arg;
    const struct http_in_request *q = http_in_request(x);
    struct buf b;
    if (!str_is(q->path, "/oauth/callback") || strcmp(q->method, "GET")) {
        reply_error(x, 404, "here is nothing but /oauth/callback");
        return;
    }
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"query\":");
    json_put_string(&b, q->query);
    buf_addc(&b, '}');
    struct jsondoc *d = call(c, "POST", "connects/callback", buf_str(&b));
    const struct jsonv *v = d ? jsondoc_root(d) : NULL;
    api_connect_page(x, jsonv_bool(jsonv_get(v, "ok"), false),
        jsonv_str(jsonv_get(v, "words"), "the host could not be asked"));
    jsondoc_free(d);
    buf_free(&b);
}

static int listen_here(struct connecting *c, const char *address, struct err *e)
{
    struct http_in_config hc;
    http_in_config_defaults(&hc);
    hc.listen = address;
    if (strncmp(address, "127.", 4) && strncmp(address, "[::1]", 5))
        return err_set(e, ERR_INPUT, "--loopback is an address of this machine: 127.0.0.1:PORT");
    c->listener = http_in_start(c->loop, &hc, on_request, c, e);
    return c->listener ? 0 : -1;
}

static void begin(struct connecting *c, const char *company, const char *connection)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"company\":");
    json_put_cstring(&b, company);
    buf_adds(&b, ",\"connection\":");
    json_put_cstring(&b, connection);
    if (c->listener)
        buf_addf(&b, ",\"redirect\":\"http://%s/oauth/callback\"", http_in_address(c->listener));
    buf_addc(&b, '}');
    struct jsondoc *d = call(c, "POST", "connects", buf_str(&b));
    if (d) {
        c->path = mem_printf("connects/%s", jsonv_str(jsonv_get(jsondoc_root(d), "id"), ""));
        c->timer = loop_timer_new(c->loop, look, c);
        loop_timer_arm(c->timer, 0);
        loop_run(c->loop);
        loop_timer_free(c->timer);
    }
    jsondoc_free(d);
    buf_free(&b);
}

static int connect_run(const struct conf *conf)
{
    struct connecting c = {.data = conf_text(conf, "data"),
        .json = conf_flag(conf, "json"),
        .no_wait = conf_flag(conf, "no-wait")};
    struct err e = {0};
    const char *loopback = conf_text(conf, "loopback");
    if (conf_positionals(conf) != 2)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_connect.usage);
    if (loopback && c.no_wait)
        return command_fail(STATUS_USAGE, "--loopback waits for the browser; leave --no-wait out");
    if (!(c.loop = loop_new(&e)) || (loopback && listen_here(&c, loopback, &e) < 0))
        c.status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    else
        begin(&c, conf_positional(conf, 0), conf_positional(conf, 1));
    if (c.listener)
        http_in_free(c.listener);
    loop_free(c.loop);
    mem_free(c.path);
    return c.status;
}

const struct command command_connect = {
    .name = "connect",
    .usage = "connect COMPANY CONNECTION [--loopback 127.0.0.1:0] [--no-wait]",
    .summary = "a person logs in and allows a connection (OAuth, Procountor's key)",
    .details =
        "A host must run. It prints the address to open, keeps what was allowed, and tries it;\n"
        "runs that waited for it go on. The browser comes back to HOST/oauth/callback (serve\n"
        "--public-url), or with --loopback to this program on this machine.\n",
    .options = options,
    .run = connect_run,
};
