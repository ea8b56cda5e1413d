/* `sauma check`: loads companies as the host would and says what is wrong with them. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "companies.h"
#include "log.h"
#include "mem.h"

static const struct conf_option options[] = {
    {"data", CONF_TEXT, "data", "folder whose secrets are looked up, if it is there"},
    OPTION_PARTS,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct checking {
    struct companies all;
    bool secrets_known;
    int problems; /* of the company at hand */
    const char *dir;
    const char *company;
};

static void on_missing(void *arg, bool env, const char *name, const char *where)
{
    struct checking *ch = arg;
    const char *kind = env ? "the environment variable" : "the secret";
    if (!env && !ch->secrets_known) {
        printf("%s/%s: note: needs %s '%s': sauma secret set %s %s\n", ch->dir, where, kind, name,
            ch->company, name);
        return;
    }
    if (env && !ch->secrets_known) {
        printf("%s/%s: note: needs %s '%s'\n", ch->dir, where, kind, name);
        return;
    }
    ch->problems++;
    fprintf(stderr, "%s/%s: %s '%s' is not set%s\n", ch->dir, where, kind, name,
        env ? " or not allowed by --env" : "");
}

#define NEXT_TIMES 3

static void print_schedules(const struct manifest *m, const char *dir)
{
    char at[RECURRENCE_TEXT];
    for (int i = 0; i < m->nschedules; i++) {
        const struct manifest_schedule *s = &m->schedules[i];
        int64_t slot = recurrence_slot(&s->when, clock_wall_ms());
        printf("%s/%s: %s \"%s\", %s, comes next", dir, s->where, s->poll ? "poll" : "schedule",
            s->name, s->when.text);
        for (int k = 0; k < NEXT_TIMES; k++) {
            slot = recurrence_next(&s->when, slot);
            recurrence_time(&s->when, slot, at);
            printf("%s %s", k ? "," : "", at);
        }
        printf("\n");
    }
}

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct checking *ch = arg;
    if (error) {
        ch->problems++;
        parts_company_error(ch->dir, error->text);
    } else {
        const struct manifest *m = engine_manifest(ch->all.parts.engine, company);
        ch->company = company;
        for (int i = 0; i < m->nwarnings; i++)
            printf("%s/%s\n", ch->dir, m->warnings[i]);
        if (ch->secrets_known)
            engine_missing(ch->all.parts.engine, company, on_missing, ch);
        else
            manifest_each_name(m, on_missing, ch);
        print_schedules(m, ch->dir);
        if (!ch->problems)
            printf("%s: ok: %s, version %s, %d connection%s, %d rule%s\n", ch->dir, m->company,
                version, m->nconnections, m->nconnections == 1 ? "" : "s", m->nrules,
                m->nrules == 1 ? "" : "s");
    }
}

static int check_run(const struct conf *c)
{
    struct err e = {0};
    log_set_level(LOG_ERROR);
    if (conf_positionals(c) == 0)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_check.usage);
    const char *data = conf_text(c, "data");
    struct checking ch = {.secrets_known = parts_is_folder(data)};
    int problems = 0, status = companies_open(&ch.all, c, ch.secrets_known ? data : NULL, &e);
    if (status != STATUS_OK)
        command_fail(status, "%s", e.text);
    for (int i = 0; status == STATUS_OK && i < conf_positionals(c); i++) {
        ch.dir = conf_positional(c, i);
        ch.problems = 0;
        companies_look(&ch.all, ch.dir, on_loaded, &ch);
        problems += ch.problems;
    }
    companies_close(&ch.all);
    return status != STATUS_OK ? status : problems ? STATUS_NO : STATUS_OK;
}

const struct command command_check = {
    .name = "check",
    .usage = "check DIR...",
    .summary = "load a company as the host would: errors as file:line: message",
    .details =
        "Nothing outside is touched. Names that do not exist are found in functions too, before\n"
        "any event comes to that line. Of schedules and polls the next three times are shown.\n"
        "With a data folder, secrets that are missing in it are errors; without one they are\n"
        "listed as what has to be set, and so are environment variables.\n",
    .options = options,
    .run = check_run,
};
