/* `sauma erase`: what is kept of one person goes, the facts and the books stay. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "jsondoc.h"
#include "mem.h"
#include "store_erase.h"

#define TEXTS_MAX 64

static const struct conf_option options[] = {
    OPTION_DATA,
    {"event", CONF_TEXT, NULL, "erase this event, whatever it holds"},
    {"key", CONF_TEXT, NULL, "erase all events of runs with this key"},
    {"why", CONF_TEXT, NULL, "the reason; it is kept, so it must not hold the text itself"},
    {"by", CONF_TEXT, NULL, "who erases; your login name if not given"},
    {"dry-run", CONF_FLAG, NULL, "only show what would be erased"},
    OPTION_JSON,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* What is erased, with the other spellings of it. */
struct texts {
    const char *all[TEXTS_MAX];
    char *made[TEXTS_MAX];
    int n, nmade;
};

/* A Finnish business ID is also written without its hyphen, and as a VAT number. */
static bool is_business_id(const char *s)
{
    return strspn(s, "0123456789") == 7 && s[7] == '-' && strspn(s + 8, "0123456789") == 1 && !s[9];
}

static int read_texts(const struct conf *c, struct texts *t)
{
    const char *key = conf_text(c, "key");
    int n = conf_positionals(c);
    if (n > TEXTS_MAX / 2)
        return -1;
    for (int i = 1; i <= n; i++) {
        const char *text = i < n ? conf_positional(c, i) : key;
        if (!text)
            break;
        t->all[t->n++] = text;
        if (is_business_id(text)) {
            t->made[t->nmade] = mem_printf("%.7s%c", text, text[8]);
            t->all[t->n++] = t->made[t->nmade++];
        }
    }
    return 0;
}

static void print_aside(const struct jsonv *v)
{
    const struct jsonv *alert = jsonv_get(v, "alert");
    const char *rule = jsonv_str(jsonv_get(v, "order_of_arrival"), NULL);
    const char *poll = jsonv_str(jsonv_get(v, "poll"), NULL);
    if (rule || poll)
        printf("%s \"%s\"  ", rule ? "how new the data is, for rule" : "poll", rule ? rule : poll);
    else
        printf("%s %lld  ", alert ? "alert" : "refused delivery",
            (long long)jsonv_int(alert, jsonv_int(jsonv_get(v, "refused_delivery"), 0)));
}

static int print_row(void *arg, struct str json)
{
    const struct conf *c = arg;
    if (conf_flag(c, "json")) {
        printf("%.*s\n", STR_ARG(json));
        return 0;
    }
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *v = d ? jsondoc_root(d) : NULL;
    const char *refused = jsonv_str(jsonv_get(v, "refused"), NULL);
    const char *event = jsonv_str(jsonv_get(v, "event"), NULL);
    if (event)
        printf("%s  %s  %s  ", event, jsonv_str(jsonv_get(v, "received_at"), ""),
            jsonv_str(jsonv_get(v, "state"), ""));
    else
        print_aside(v);
    if (refused)
        printf("not erased: %s\n", refused);
    else
        printf("%s\n", conf_flag(c, "dry-run") ? "would be erased:" : "erased:");
    const struct jsonv *fields = jsonv_get(v, "fields");
    for (const struct jsonv *f = fields ? fields->child : NULL; f; f = f->next)
        printf("    %s\n", jsonv_str(f, ""));
    jsondoc_free(d);
    return 0;
}

struct left {
    const char *data;
    int n;
};

static void print_left(void *arg, const char *path)
{
    struct left *l = arg;
    const char *name = path + strlen(l->data);
    if (l->n++ == 0)
        fprintf(stderr, "files of the data folder that hold it still:\n");
    fprintf(stderr, "    %s%s\n", path,
        strstr(name, "/catalogues/") ? "  (a copy of what an outside system holds: erase it there, "
                                       "stop the host, remove this file)"
        : strstr(name, "/sauma.db")
            ? "  (events that were not erased, another company's, scripts, or unused places that a store of "
              "an older sauma has left: `sauma backup` and `sauma restore` leave those behind)"
            : "");
}

static int tell(const struct conf *c, const struct store_erase *q, const struct store_erased *out)
{
    struct err e = {0};
    const char *data = conf_text(c, "data");
    struct left left = {.data = data};
    if (!conf_flag(c, "json"))
        printf("%d event%s, %d alert%s or other rows beside them, %d texts %s; %d refused\n",
            out->events, out->events == 1 ? "" : "s", out->asides, out->asides == 1 ? "" : "s",
            out->fields, q->dry_run ? "would be erased" : "erased", out->refused);
    if (!q->dry_run && !out->log_emptied)
        fprintf(stderr, "the log of the store could not be emptied, because somebody reads it: "
                        "run this again\n");
    if (!q->dry_run && store_erase_look(data, q, print_left, &left, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    if (!q->dry_run && out->events && !conf_flag(c, "json"))
        fprintf(
            stderr, "backups that were taken before, and the host's own log, are not touched\n");
    return out->refused || (!q->dry_run && (!out->log_emptied || left.n)) ? STATUS_NO : STATUS_OK;
}

static int erase_run(const struct conf *c)
{
    struct err e = {0};
    struct texts t = {.n = 0};
    struct store_erased out;
    const char *by = conf_text(c, "by"), *login = getlogin();
    if (conf_positionals(c) < 1 || read_texts(c, &t) < 0)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_erase.usage);
    struct store_erase q = {
        .company = conf_positional(c, 0),
        .texts = t.all,
        .ntexts = t.n,
        .event = conf_text(c, "event"),
        .key = conf_text(c, "key"),
        .by = by      ? by
              : login ? login
                      : "operator",
        .why = conf_text(c, "why"),
        .dry_run = conf_flag(c, "dry-run"),
    };
    int status;
    if (q.dry_run && !q.why)
        q.why = "dry run";
    if (store_erase(conf_text(c, "data"), &q, print_row, (void *)(uintptr_t)c, &out, &e) < 0)
        status = command_fail(e.code == ERR_USAGE ? STATUS_USAGE : STATUS_OUTSIDE, "%s", e.text);
    else
        status = tell(c, &q, &out);
    for (int i = 0; i < t.nmade; i++)
        mem_free(t.made[i]);
    return status;
}

const struct command command_erase = {
    .name = "erase",
    .usage = "erase COMPANY TEXT... --why REASON [--event EVENT] [--key KEY] [--dry-run] [--json]",
    .summary = "erase what is kept of one person; facts and books stay",
    .details =
        "Each event that holds one of the texts (a business ID, an e-mail address, a name; also as\n"
        "JSON escapes or percent-encoded, upper and lower case alike) loses body, headers, requests,\n"
        "answers, results and log lines; a mark says when, by whom and why. Event, runs, states and\n"
        "times stay. What is not settled is refused: let it end, or skip it with a reason. The bytes\n"
        "are overwritten. Closed alerts, refused deliveries, what is kept by a key (newest) and what\n"
        "links have seen are reached too; open alerts, polls and copies of outside registers (DIR/catalogues) are named;\n"
        "backups, the host's own log and the outside systems are not reached. Exit status 1 if something was refused or is left.\n",
    .options = options,
    .run = erase_run,
};
