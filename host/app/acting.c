#include "acting.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api_client.h"
#include "mem.h"
#include "since.h"
#include "store_read.h"

struct acting {
    const struct conf *conf;
    const struct command *cmd;
    const char *dir, *said;
    struct buf body; /* of every request */
    bool json, dry;
    int acted, refused, status;

    /* The runs, newest first as they are read. */
    struct jsondoc **rows;
    int n, room;
};

/* Who sits here. */
static const char *user(const struct conf *c)
{
    const char *by = conf_text(c, "by");
    const struct passwd *pw = by && *by ? NULL : getpwuid(geteuid());
    return by && *by ? by : pw ? pw->pw_name : "operator";
}

/* ---- one run ---- */

static void print_result(struct acting *a, const char *run, const char *problem)
{
    if (!a->json && problem)
        fprintf(stderr, "sauma: %s\n", problem);
    else if (!a->json)
        printf("%s: %s\n", run, a->said);
    if (!a->json)
        return;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_adds(&b, "{\"run\":");
    json_put_cstring(&b, run);
    buf_addf(&b, ",\"ok\":%s", problem ? "false" : "true");
    if (problem) {
        buf_adds(&b, ",\"error\":");
        json_put_cstring(&b, problem);
    }
    printf("%.*s}\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

/* False: the host cannot be asked, so the others need not be tried. */
static bool act_on(struct acting *a, const char *run)
{
    struct err e = {0};
    struct jsondoc *answer = NULL;
    int http = 0;
    char *path = mem_printf("runs/%s/%s", run, a->cmd->name);
    int rc = api_call(a->dir, "POST", path, buf_str(&a->body), &http, &answer, &e);
    if (rc < 0) {
        a->status = command_fail(STATUS_OUTSIDE, "%s%s", e.text,
            e.code == ERR_NOT_FOUND
                ? ""
                : ": the host does not answer, and only a running host acts (`sauma serve`)");
    } else {
        print_result(a, run, http == 200 ? NULL : api_problem(answer));
        a->acted += http == 200;
        a->refused += http != 200;
        if (http != 200)
            a->status = http < 500 ? STATUS_NO : STATUS_OUTSIDE;
    }
    jsondoc_free(answer);
    mem_free(path);
    return rc == 0;
}

/* ---- many ---- */

static int keep_row(void *arg, struct str json)
{
    struct acting *a = arg;
    if (a->n == a->room) {
        a->room = a->room ? a->room * 2 : 64;
        a->rows = mem_realloc(a->rows, (size_t)a->room * sizeof(*a->rows));
    }
    a->rows[a->n++] = jsondoc_parse(json, NULL);
    return 0;
}

static const char *text_of(const struct jsondoc *d, const char *key)
{
    return jsonv_str(jsonv_get(jsondoc_root(d), key), "");
}

static void print_effects(const struct jsondoc *row, const char *key, const char *words)
{
    const struct jsonv *list = jsonv_get(jsondoc_root(row), key);
    for (const struct jsonv *v = list ? list->child : NULL; v; v = v->next) {
        const char *id = jsonv_str(jsonv_get(v, "id"), NULL);
        printf("    %s step %lld, %s%s%s%s\n", words, (long long)jsonv_int(jsonv_get(v, "step"), 0),
            jsonv_str(jsonv_get(v, "what"), ""), id ? " (id " : "", id ? id : "", id ? ")" : "");
    }
}

/* What would become of it, without doing it. */
static void print_plan(struct acting *a, const struct jsondoc *row)
{
    const char *state = text_of(row, "state"), *reason = text_of(row, "reason");
    if (a->json) {
        struct buf b;
        buf_init(&b, BUF_MAX_DEFAULT);
        jsonv_write(&b, jsondoc_root(row));
        printf("%.*s,\"would\":\"%s\"}\n", (int)b.n - 1, b.p, a->said);
        buf_free(&b);
        return;
    }
    printf("%s  %s  %s  %s%s%s\n    would be: %s\n", text_of(row, "id"), text_of(row, "company"),
        text_of(row, "rule"), state, *reason ? ": " : "", reason, a->said);
    print_effects(row, "done", "done outside, stays:");
    print_effects(row, "unknown", "unknown, looked for first:");
}

static int read_rows(struct acting *a, const char *event, const char *state)
{
    const struct conf *c = a->conf;
    struct err e = {0};
    int64_t limit = conf_int(c, "bulk-limit");
    bool all = conf_flag(c, "all");
    struct store_filter f = {.company = conf_text(c, "company"),
        .rule = conf_text(c, "rule"),
        .state = conf_text(c, "state"),
        .key = conf_text(c, "key"),
        .reason_like = conf_text(c, "reason-like"),
        .event = event,
        .limit = all || limit >= INT32_MAX ? INT32_MAX : (int)limit + 1};
    if (!f.state && event)
        f.or_held = true;
    else if (!f.state)
        f.state = state;
    f.needs_person = !f.state && !event;
    if (since_option(c, &f.since_ms) < 0)
        return STATUS_USAGE;
    struct store_reader *r = store_reader_open(a->dir, &e);
    if (!r)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    int rc = store_read_attention(r, &f, keep_row, a, &e);
    store_reader_close(r);
    if (rc < 0)
        return command_fail(e.code == ERR_USAGE ? STATUS_USAGE : STATUS_OUTSIDE, "%s", e.text);
    if (!all && a->n > limit)
        return command_fail(STATUS_NO,
            "more than %lld runs match (--bulk-limit): narrow the filter, or say --all; nothing "
            "was done",
            (long long)limit);
    return STATUS_OK;
}

static void act_on_rows(struct acting *a)
{
    bool go_on = true;
    for (int i = a->n - 1; i >= 0 && go_on; i--) { /* the oldest first */
        if (a->dry)
            print_plan(a, a->rows[i]);
        else
            go_on = act_on(a, text_of(a->rows[i], "id"));
    }
    if (!a->json && a->n > 1)
        fprintf(
            stderr, "%d run%s%s", a->n, a->n == 1 ? "" : "s", a->dry ? "; nothing was done\n" : "");
    if (!a->json && a->n > 1 && !a->dry)
        fprintf(stderr, ": %d %s, %d refused\n", a->acted, a->said, a->refused);
}

static int act_on_many(struct acting *a, const char *event, const char *state)
{
    int status = read_rows(a, event, state);
    if (status == STATUS_OK && a->n == 0 && event)
        status = command_fail(
            STATUS_NO, "event %s has no run that waits for a person (`sauma events`)", event);
    else if (status == STATUS_OK && a->n == 0)
        fprintf(stderr, "none\n");
    else if (status == STATUS_OK)
        act_on_rows(a);
    for (int i = 0; i < a->n; i++)
        jsondoc_free(a->rows[i]);
    mem_free(a->rows);
    return status == STATUS_OK ? a->status : status;
}

/* ---- which ---- */

static bool has_filter(const struct conf *c)
{
    static const char *const names[] = {
        "company", "rule", "state", "key", "reason-like", "since", NULL};
    for (int i = 0; names[i]; i++)
        if (conf_text(c, names[i]))
            return true;
    return conf_flag(c, "all");
}

static int act_on_chosen(struct acting *a, const char *state)
{
    const struct conf *c = a->conf;
    int n = conf_positionals(c);
    if ((n == 0) == !has_filter(c))
        return command_fail(STATUS_USAGE,
            "say which: a run's id, or a filter such as --company NAME (usage: sauma %s)",
            a->cmd->usage);
    if (n == 0)
        return act_on_many(a, NULL, state);
    if (n == 1 && str_starts(str_of(conf_positional(c, 0)), "evt_"))
        return act_on_many(a, conf_positional(c, 0), state);
    if (a->dry)
        return command_fail(STATUS_USAGE,
            "--dry-run is for a filter; `sauma show %s` says what is done and what may be done "
            "next",
            conf_positional(c, 0));
    for (int i = 0; i < n && act_on(a, conf_positional(c, i)); i++) {
    }
    return a->status;
}

int acting_run(const struct conf *c, const struct command *cmd, const char *state, const char *said,
    acting_fn more)
{
    struct acting a = {.conf = c, .cmd = cmd, .dir = conf_text(c, "data"), .said = said};
    a.json = conf_flag(c, "json");
    a.dry = conf_flag(c, "dry-run");
    buf_init(&a.body, BUF_MAX_DEFAULT);
    buf_addc(&a.body, '{');
    json_put_key(&a.body, "by");
    json_put_cstring(&a.body, user(c));
    if (conf_text(c, "reason")) {
        json_put_key(&a.body, "reason");
        json_put_cstring(&a.body, conf_text(c, "reason"));
    }
    int status = more ? more(c, &a.body) : STATUS_OK;
    buf_addc(&a.body, '}');
    if (status == STATUS_OK)
        status = act_on_chosen(&a, state);
    buf_free(&a.body);
    return status;
}
