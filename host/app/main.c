/* The program: finds the command and runs it. */
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ids.h"
#include "log.h"
#include "command.h"
#include "script.h"
#include "str.h"

const struct command *const commands[] = {
    &command_new,
    &command_check,
    &command_test,
    &command_run,
    &command_sandbox,
    &command_serve,
    &command_events,
    &command_runs,
    &command_attention,
    &command_alerts,
    &command_show,
    &command_stats,
    &command_send,
    &command_retry,
    &command_skip,
    &command_edit,
    &command_acts,
    &command_versions,
    &command_reload,
    &command_rollback,
    &command_diff,
    &command_secret,
    &command_connect,
    &command_connections,
    &command_doctor,
    &command_backup,
    &command_restore,
    &command_erase,
    &command_ids,
    &command_address,
    &command_match,
    &command_help,
    &command_version,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (int i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

int command_fail(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("sauma: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return status;
}

void command_listed(int rows, int64_t limit, bool json)
{
    if (rows == 0 && !json)
        fprintf(stderr, "none\n");
    else if (limit > 0 && rows >= limit)
        fprintf(stderr, "these are the newest %d; there may be more: --limit\n", rows);
}

int command_log_level(const struct conf *c)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    const char *level = conf_text(c, "log");
    for (int i = 0; i < 4; i++)
        if (!strcmp(level, names[i])) {
            log_set_level((enum log_level)i);
            return 0;
        }
    command_fail(STATUS_USAGE, "--log %s: it is debug, info, warn or error", level);
    return -1;
}

int command_unknown(const char *name)
{
    const char *nearest = NULL;
    int best = 3;
    for (int i = 0; commands[i]; i++) {
        int d = str_distance(str_of(name), str_of(commands[i]->name));
        if (d < best) {
            best = d;
            nearest = commands[i]->name;
        }
    }
    if (nearest)
        return command_fail(
            STATUS_USAGE, "there is no command '%s': did you mean '%s'?", name, nearest);
    return command_fail(
        STATUS_USAGE, "there is no command '%s': `sauma help` lists what there is", name);
}

/* Secrets are in this process's memory: no core dump of it is written, nor taken by another program
 * of the same user. Builds for tests keep the latter: their leak checker is such a program. */
static void keep_memory_private(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifndef SAUMA_FAULTS
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
    keep_memory_private();
    log_hide(ids_find_personal);
    /* A peer that is gone is told by the write's result, not by a signal. */
    signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0)
        return command_fail(STATUS_OUTSIDE, "libsodium found no source of random numbers");
    if (argc == 2 && !strcmp(argv[1], "script-process"))
        /* At once: it has nothing to flush, and its filter lets it do little more. */
        _exit(script_main());
    const char *name = argc > 1 ? argv[1] : "help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h"))
        name = "help";
    if (!strcmp(name, "--version"))
        name = "version";
    const struct command *cmd = command_find(name);
    if (!cmd)
        return command_unknown(name);
    for (int i = 2; i < argc; i++)
        if (!strcmp(argv[i], "--help")) {
            char *help[] = {(char *)cmd->name, NULL};
            struct conf *hc = conf_parse(command_help.options, NULL, 1, help, NULL);
            int status = command_help.run(hc);
            conf_free(hc);
            return status;
        }
    struct err e = {0};
    const struct conf_option *tables[sizeof(commands) / sizeof(commands[0])] = {NULL};
    for (int i = 0; commands[i]; i++)
        tables[i] = commands[i]->options;
    struct conf *c = conf_parse(cmd->options, tables, argc > 2 ? argc - 2 : 0, argv + 2, &e);
    if (!c)
        return command_fail(STATUS_USAGE, "%s (see `sauma help %s`)", e.text, cmd->name);
    int status = cmd->run(c);
    conf_free(c);
    return status;
}
