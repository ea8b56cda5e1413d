/* `sauma help` and `sauma version`. */
#include <stdio.h>
#include <string.h>

#include "command.h"

#ifndef SAUMA_VERSION
#define SAUMA_VERSION "0.1.0"
#endif

static const struct conf_option no_options[] = {{NULL, CONF_TEXT, NULL, NULL}};

static int help_one(const struct command *cmd)
{
    printf("usage: sauma %s\n\n%s\n", cmd->usage, cmd->summary);
    if (cmd->details)
        printf("\n%s", cmd->details);
    if (cmd->options[0].name) {
        printf("\nsettings (command line, else environment, else --config FILE):\n");
        conf_help(cmd->options, stdout);
    }
    return STATUS_OK;
}

static int help_run(const struct conf *c)
{
    if (conf_positionals(c) > 0) {
        const char *name = conf_positional(c, 0);
        const struct command *cmd = command_find(name);
        if (!cmd)
            return command_fail(STATUS_USAGE, "there is no command '%s'", name);
        return help_one(cmd);
    }
    printf("sauma: a scriptable automation host. Signed proposals and won deals become invoices,\n"
           "by rules that each company's consultant writes in Lua.\n\n"
           "usage: sauma COMMAND ...\n\n");
    for (int i = 0; commands[i]; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n`sauma help COMMAND` says more. Exit status: 0 ok, 1 the answer is no,\n"
           "2 wrong usage, 3 the outside failed.\n");
    return STATUS_OK;
}

const struct command command_help = {
    .name = "help",
    .usage = "help [COMMAND]",
    .summary = "what there is, or one command's settings",
    .options = no_options,
    .run = help_run,
};

static int version_run(const struct conf *c)
{
    printf("sauma %s\n", SAUMA_VERSION);
    return STATUS_OK;
}

const struct command command_version = {
    .name = "version",
    .usage = "version",
    .summary = "the version of this program",
    .options = no_options,
    .run = version_run,
};
