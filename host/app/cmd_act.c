/* `sauma send`, `sauma retry`, `sauma skip`, `sauma edit`: a person acts on runs of a running host.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "acting.h"
#include "json_edit.h"
#include "mem.h"

#define DATA_FILE_MAX ((size_t)64 << 20)

#define OPTION_EDIT                                                                                \
    {"set", CONF_LIST, NULL, "change the data: PATH=TEXT, or PATH:=JSON; may be repeated"},        \
        {"unset", CONF_LIST, NULL, "take PATH out of the data; may be repeated"},                  \
    {                                                                                              \
        "with", CONF_TEXT, NULL, "file with the whole data from now on, as JSON"                   \
    }

static const struct conf_option send_options[] = {
    OPTION_ACT,
    OPTION_ACT_FILTER,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option retry_options[] = {
    OPTION_ACT,
    OPTION_EDIT,
    {"from", CONF_INT, "-1", "keep the journal up to this step (0: nothing), ask the rest again"},
    {"again", CONF_LIST, NULL, "step whose effect outside may happen once more; may be repeated"},
    {"afresh", CONF_FLAG, NULL, "begin the rule at its start; what is done outside stays done"},
    {"version", CONF_TEXT, "current",
        "scripts it goes on with: current, the company's present; "
        "began, those it began with"},
    {"same-version", CONF_FLAG, NULL, "as --version began"},
    {"skipped", CONF_FLAG, NULL, "also if the run was skipped"},
    OPTION_ACT_FILTER,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option edit_options[] = {
    OPTION_ACT,
    OPTION_EDIT,
    OPTION_ACT_FILTER,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* ---- changes of the data ---- */

static int put_texts(const struct conf *c, const char *option, const char *key, struct buf *b)
{
    struct json_change change;
    struct err e = {0};
    json_put_key(b, key);
    buf_addc(b, '[');
    for (int i = 0; conf_item(c, option, i); i++) {
        const char *text = conf_item(c, option, i);
        if (!strcmp(option, "set") && json_change_parse(str_of(text), &change, &e) < 0)
            return command_fail(STATUS_USAGE, "--set %s", e.text);
        if (i)
            buf_addc(b, ',');
        json_put_cstring(b, text);
    }
    buf_addc(b, ']');
    return STATUS_OK;
}

static int put_file(const char *path, struct buf *b)
{
    struct err e = {0};
    char part[65536];
    struct buf data;
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        return command_fail(STATUS_USAGE, "--with %s: %s", path, strerror(errno));
    buf_init(&data, DATA_FILE_MAX);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(&data, part, n);
    int status = STATUS_OK;
    if (ferror(f) || data.failed)
        status = command_fail(STATUS_USAGE, "--with %s: it cannot be read, or is too large", path);
    else if (json_check(buf_str(&data), &e) < 0)
        status = command_fail(STATUS_USAGE, "--with %s: %s", path, e.text);
    json_put_key(b, "data");
    buf_add(b, data.p, data.n);
    buf_free(&data);
    fclose(f);
    return status;
}

static bool edits(const struct conf *c)
{
    return conf_item(c, "set", 0) || conf_item(c, "unset", 0) || conf_text(c, "with");
}

static int put_edit(const struct conf *c, struct buf *b)
{
    int status = STATUS_OK;
    if (!edits(c))
        return status;
    if (!conf_text(c, "reason"))
        return command_fail(STATUS_USAGE, "say why with --reason: it is kept with the change");
    if (conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "data is changed for one run, or one event, at a time");
    if (conf_item(c, "set", 0))
        status = put_texts(c, "set", "changes", b);
    if (status == STATUS_OK && conf_item(c, "unset", 0))
        status = put_texts(c, "unset", "unset", b);
    if (status == STATUS_OK && conf_text(c, "with"))
        status = put_file(conf_text(c, "with"), b);
    return status;
}

/* ---- retry ---- */

static int put_again(const struct conf *c, struct buf *b)
{
    int64_t step;
    json_put_key(b, "again");
    buf_addc(b, '[');
    for (int i = 0; conf_item(c, "again", i); i++) {
        if (!str_to_i64(str_of(conf_item(c, "again", i)), &step) || step < 1)
            return command_fail(
                STATUS_USAGE, "--again %s: it is the number of a step", conf_item(c, "again", i));
        buf_addf(b, "%s%lld", i ? "," : "", (long long)step);
    }
    buf_addc(b, ']');
    return STATUS_OK;
}

static int put_retry(const struct conf *c, struct buf *b)
{
    int64_t from = conf_int(c, "from");
    if ((from >= 0 || conf_item(c, "again", 0)) && conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "--from and --again name steps of one run");
    const char *version = conf_text(c, "version");
    bool began = strcmp(version, "began") == 0;
    if (!began && strcmp(version, "current") != 0)
        return command_fail(STATUS_USAGE,
            "--version %s: it is current or began; for another one `sauma rollback` makes it current",
            version);
    json_put_key(b, "from");
    buf_addf(b, "%lld", (long long)(from < 0 ? -1 : from));
    json_put_key(b, "same_version");
    buf_adds(b, began || conf_flag(c, "same-version") ? "true" : "false");
    static const char *const flags[][2] = {{"afresh", "afresh"}, {"skipped", "skipped"}};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        json_put_key(b, flags[i][1]);
        buf_adds(b, conf_flag(c, flags[i][0]) ? "true" : "false");
    }
    int status = put_again(c, b);
    return status == STATUS_OK ? put_edit(c, b) : status;
}

/* ---- the commands ---- */

static int send_run(const struct conf *c)
{
    return acting_run(c, &command_send, "held", "sent", NULL);
}

static int retry_run(const struct conf *c)
{
    return acting_run(c, &command_retry, NULL, "goes on", put_retry);
}

static int skip_run(const struct conf *c)
{
    const char *reason = conf_text(c, "reason");
    if (!reason || !*reason)
        return command_fail(STATUS_USAGE, "say why with --reason");
    return acting_run(c, &command_skip, NULL, "skipped", NULL);
}

static int edit_run(const struct conf *c)
{
    if (!edits(c))
        return command_fail(
            STATUS_USAGE, "say what to change: --set PATH=VALUE, --unset PATH or --with FILE");
    return acting_run(c, &command_edit, NULL, "changed; it goes on with retry or send", put_edit);
}

#define FILTER_DETAILS                                                                             \
    "Instead of a run, a filter acts on all that match, the oldest first, with a line for each;\n" \
    "--dry-run shows them and does nothing. The exit status is 1 if one was refused.\n"            \
    "Who did what, when and why is kept: `sauma acts`, `sauma show RUN`.\n"

const struct command command_send = {
    .name = "send",
    .usage = "send RUN... | send --company NAME [--rule NAME] [--key KEY] [--dry-run]",
    .summary = "start runs that were held for a person",
    .details = FILTER_DETAILS,
    .options = send_options,
    .run = send_run,
};

const struct command command_retry = {
    .name = "retry",
    .usage = "retry RUN... [--set PATH=VALUE --reason TEXT] [--from STEP] [--again STEP] | "
             "retry --company NAME [--reason-like TEXT] [--dry-run]",
    .summary = "let runs that failed or need attention go on",
    .details =
        "What a run did outside is not done again; what it read after that is asked anew. It goes\n"
        "on with the company's present scripts. If these were changed, or its data, its rule begins\n"
        "at its start: it looks for what it did before, takes what is the same as done, and stops\n"
        "where a write would be another one than the one that was done.\n"
        "--set corrects the data for this run alone; what came in stays as it was. PATH is written\n"
        "as in messages: customer.business_id, pricing_table.rows[0].quantity. TEXT replaces a text\n"
        "(or a number by a number); PATH:=JSON puts any value.\n"
        "--from STEP keeps the steps up to STEP and asks those after it again. It refuses if one of\n"
        "them had an effect outside, unless --again names it. What is dropped stays readable in\n"
        "`sauma show RUN --json`.\n" FILTER_DETAILS,
    .options = retry_options,
    .run = retry_run,
};

const struct command command_skip = {
    .name = "skip",
    .usage = "skip RUN... --reason TEXT | skip --company NAME --reason TEXT [--dry-run]",
    .summary = "leave runs for good, with the reason",
    .details = "`sauma retry RUN --skipped` takes one up after all.\n" FILTER_DETAILS,
    .options = send_options,
    .run = skip_run,
};

const struct command command_edit = {
    .name = "edit",
    .usage = "edit RUN|EVENT --set PATH=VALUE [--unset PATH] [--with FILE] --reason TEXT",
    .summary = "correct the data of a run that stands still",
    .details =
        "The run stays where it is until `sauma retry` or `sauma send`; `retry --set` does both.\n"
        "An event's id changes all its runs that stand still. What came in stays as it was, and is\n"
        "shown beside the change, with who made it, when and why.\n",
    .options = edit_options,
    .run = edit_run,
};
