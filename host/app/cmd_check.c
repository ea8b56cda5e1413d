/* `sauma check`: loads companies as the host would and says what is wrong with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "companies.h"
#include "log.h"
#include "mem.h"

#define WORDS_MAX 400

static const struct conf_option options[] = {
    {"data", CONF_TEXT, "data", "folder whose secrets are looked up, if it is there"},
    OPTION_PARTS,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct checking {
    struct companies all;
    bool secrets_known;
    int problems;    /* of the company at hand */
    const char *env; /* patterns of variables that may be named */
    const char *dir;
    const char *company;
};

static int offer_secret(void *near, const char *company, const char *name, int64_t set_ms)
{
    str_near_offer(near, str_of(name));
    return 0;
}

static void offer_variables(struct str_near *near, const char *patterns)
{
    for (char **at = environ; *at; at++) {
        struct str name = {*at, strcspn(*at, "=")};
        char *text = mem_dupn(name.p, name.n);
        if (resolver_env_allowed(patterns, text))
            str_near_offer(near, name);
        mem_free(text);
    }
}

/* False: none that was offered is so near. */
static bool tell_near(const struct str_near *near, char *words, size_t n)
{
    const char *found = str_near_found(near);
    if (found)
        snprintf(words, n, " (did you mean '%s', which is set?)", found);
    return found != NULL;
}

/* What is to be done about a variable: " ...", or "". */
static void tell_variable(const struct checking *ch, const char *name, char *words, size_t n)
{
    struct str_near near = {.name = str_of(name)};
    words[0] = '\0';
    if (!resolver_env_allowed(ch->env, name)) {
        snprintf(words, n, " (--env allows only '%s')", ch->env);
        return;
    }
    offer_variables(&near, ch->env);
    if (!getenv(name))
        tell_near(&near, words, n);
}

static void tell_command(const struct checking *ch, const char *name, char *words, size_t n)
{
    char *command = companies_secret_command(&ch->all, ch->company, name);
    snprintf(words, n, ": %s", command);
    mem_free(command);
}

static void tell_secret(const struct checking *ch, const char *name, char *words, size_t n)
{
    struct str_near near = {.name = str_of(name)};
    secrets_list(ch->all.parts.secrets, ch->company, offer_secret, &near, NULL);
    if (!tell_near(&near, words, n))
        tell_command(ch, name, words, n);
}

static void on_connection(void *arg, const struct connection_info *i)
{
    const struct checking *ch = arg;
    const struct manifest *m = engine_manifest(ch->all.parts.engine, i->company);
    if (companies_waits_for_person(i))
        printf("%s/%s: note: connection %s: %s\n", ch->dir,
            manifest_connection(m, i->connection)->where, i->connection, i->words);
}

static void on_missing(void *arg, bool env, const char *name, const char *where)
{
    struct checking *ch = arg;
    const char *kind = env ? "the environment variable" : "the secret";
    char words[WORDS_MAX];
    if (!ch->secrets_known) {
        if (env)
            tell_variable(ch, name, words, sizeof(words));
        else
            tell_command(ch, name, words, sizeof(words));
        printf("%s/%s: note: needs %s '%s'%s\n", ch->dir, where, kind, name, words);
        return;
    }
    ch->problems++;
    if (env)
        tell_variable(ch, name, words, sizeof(words));
    else
        tell_secret(ch, name, words, sizeof(words));
    const char *how = env && getenv(name) ? "is not allowed" : "is not set";
    fprintf(stderr, "%s/%s: %s '%s' %s%s\n", ch->dir, where, kind, name, how, words);
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
        if (ch->secrets_known)
            connections_each(ch->all.parts.engine, company, on_connection, ch);
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
    struct checking ch = {.secrets_known = parts_is_folder(data), .env = conf_text(c, "env")};
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
        "any event comes to that line, and so is what a module or a connection does not have. Of\n"
        "schedules and polls the next three times are shown.\n"
        "With a data folder, secrets that are missing in it are errors, and connections that a\n"
        "person is still to allow are told; without one secrets are listed as what has to be set,\n"
        "and so are environment variables.\n",
    .options = options,
    .run = check_run,
};
