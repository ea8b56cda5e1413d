/* `sauma doctor`: is the set-up well? The data folder first, then the companies with it. */
#include <stdio.h>

#include "command.h"
#include "companies.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "store_doctor.h"

static const struct conf_option options[] = {
    OPTION_DATA,
    {"companies", CONF_TEXT, NULL, "folder whose folders are the companies: looked at as well"},
    OPTION_JSON,
    OPTION_PARTS,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct examination {
    bool json;
    int count[3];
    struct companies all;
    const char *company;
    int problems; /* of the company at hand */
};

static void put(struct buf *b, const char *key, const char *value)
{
    json_put_key(b, key);
    json_put_cstring(b, value);
}

static void on_line(
    void *arg, enum doctor_level l, const char *check, const char *text, const char *next)
{
    struct examination *x = arg;
    x->count[l]++;
    if (!x->json) {
        printf("%-4s  %-12s  %s\n", doctor_level_name(l), check, text);
        if (*next)
            printf("%20s-> %s\n", "", next);
        return;
    }
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addc(&b, '{');
    put(&b, "check", check);
    put(&b, "level", doctor_level_name(l));
    put(&b, "text", text);
    put(&b, "next", *next ? next : NULL);
    printf("%.*s}\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

/* ---- companies ---- */

static void on_missing(void *arg, bool env, const char *name, const char *where)
{
    struct examination *x = arg;
    char *next = env ? mem_printf("set it for the host; --env says which may be named")
                     : companies_secret_command(&x->all, x->company, name);
    char *text = mem_printf("%s: %s needs the %s '%s'", x->company, where,
        env ? "environment variable" : "secret", name);
    x->problems++;
    on_line(x, DOCTOR_BAD, "company", text, next);
    mem_free(text);
    mem_free(next);
}

static void on_connection(void *arg, const struct connection_info *i)
{
    if (!companies_waits_for_person(i))
        return;
    char *text = mem_printf("%s: connection %s: %s", i->company, i->connection, i->words);
    char *next = mem_printf("sauma connect %s %s", i->company, i->connection);
    on_line(arg, DOCTOR_WARN, "company", text, next);
    mem_free(text);
    mem_free(next);
}

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct examination *x = arg;
    char *text;
    x->company = company;
    x->problems = 0;
    if (error) {
        text = mem_printf("%s does not load: %s", company, error->text);
        on_line(x, DOCTOR_BAD, "company", text, "`sauma check` says more");
    } else {
        engine_missing(x->all.parts.engine, company, on_missing, x);
        text = mem_printf("%s loads, version %s, with all it needs", company, version);
        if (!x->problems)
            on_line(x, DOCTOR_OK, "company", text, "");
        connections_each(x->all.parts.engine, company, on_connection, x);
    }
    mem_free(text);
}

static int look_at_company(void *arg, const char *dir)
{
    struct examination *x = arg;
    companies_look(&x->all, dir, on_loaded, x);
    return STATUS_OK;
}

static int look_at_companies(struct examination *x, const struct conf *c, const char *dir)
{
    struct err e = {0};
    int status = companies_open(&x->all, c, conf_text(c, "data"), &e);
    if (status == STATUS_USAGE)
        command_fail(status, "%s", e.text);
    else if (status != STATUS_OK)
        on_line(x, DOCTOR_BAD, "company", e.text, "");
    else if (companies_each(dir, look_at_company, x) < 0)
        on_line(x, DOCTOR_BAD, "company", "the folder of companies cannot be read", "--companies");
    companies_close(&x->all);
    return status == STATUS_USAGE ? status : STATUS_OK;
}

static int doctor_run(const struct conf *c)
{
    struct examination x = {.json = conf_flag(c, "json")};
    const char *companies = conf_text(c, "companies");
    if (conf_positionals(c))
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_doctor.usage);
    log_set_level(LOG_ERROR);
    bool secrets = store_doctor(conf_text(c, "data"), on_line, &x);
    if (companies && secrets) {
        int status = look_at_companies(&x, c, companies);
        if (status != STATUS_OK)
            return status;
    } else if (companies) {
        on_line(&x, DOCTOR_WARN, "company", "not looked at, because the secrets cannot be opened",
            "put right what is bad above, then look again");
    }
    if (!x.json)
        printf("%d ok, %d to be looked at, %d bad\n", x.count[DOCTOR_OK], x.count[DOCTOR_WARN],
            x.count[DOCTOR_BAD]);
    return x.count[DOCTOR_BAD] ? STATUS_NO : STATUS_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "doctor [--data DIR] [--companies DIR] [--json]",
    .summary = "is the set-up well? Each line ok, warn or bad, with what to do",
    .details =
        "Runs beside a host and changes nothing in it. It reads the whole store: integrity, books against\n"
        "a recount, orphans, what is overdue, schema, key, disk, log, clock, backups; with\n"
        "--companies also whether they load, have their secrets and are connected. Exit status 1 if\n"
        "something is bad.\n",
    .options = options,
    .run = doctor_run,
};
