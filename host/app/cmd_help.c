/* `sauma help` and `sauma version`. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "home.h"
#include "mem.h"

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

/* ---- topics: the texts of the folder host/help/, which are read in a checkout as they stand
 * --------
 */

static FILE *open_topic(const char *home, const char *name)
{
    if (strchr(name, '/') || name[0] == '.')
        return NULL;
    char *path = mem_printf("%s/host/help/%s.md", home, name);
    FILE *in = fopen(path, "rb");
    mem_free(path);
    return in;
}

static int help_topic(const char *home, const char *name)
{
    char line[1024];
    FILE *in = home ? open_topic(home, name) : NULL;
    if (!in)
        return command_unknown(name);
    while (fgets(line, sizeof(line), in))
        fputs(line, stdout);
    fclose(in);
    return STATUS_OK;
}

/* A topic's name, and its heading as what it is about. */
static void print_topic(const char *home, const char *file)
{
    char line[256];
    size_t n = strlen(file);
    if (n < 4 || strcmp(file + n - 3, ".md"))
        return;
    char *name = mem_dupn(file, n - 3);
    FILE *in = open_topic(home, name);
    if (in && fgets(line, sizeof(line), in) && !strncmp(line, "# ", 2))
        printf("  %-11s %s", name, line + 2);
    if (in)
        fclose(in);
    mem_free(name);
}

static void print_topics(const char *home)
{
    struct dirent **found;
    char *folder = mem_printf("%s/host/help", home);
    int n = scandir(folder, &found, NULL, alphasort);
    mem_free(folder);
    if (n < 0)
        return;
    printf("\ntopics:\n");
    for (int i = 0; i < n; i++) {
        print_topic(home, found[i]->d_name);
        free(found[i]);
    }
    free(found);
}

static int help_run(const struct conf *c)
{
    char *home = home_find();
    int status = STATUS_OK;
    if (conf_positionals(c) > 0) {
        const char *name = conf_positional(c, 0);
        const struct command *cmd = command_find(name);
        status = cmd ? help_one(cmd) : help_topic(home, name);
        mem_free(home);
        return status;
    }
    printf("sauma: a scriptable automation host. Signed proposals and won deals become invoices,\n"
           "by rules that each company's consultant writes in Lua.\n\n"
           "usage: sauma COMMAND ...\n\n");
    for (int i = 0; commands[i]; i++)
        printf("  %-11s %s\n", commands[i]->name, commands[i]->summary);
    if (home)
        print_topics(home);
    printf("\n`sauma help COMMAND` or `sauma help TOPIC` says more. Exit status: 0 ok,\n"
           "1 the answer is no, 2 wrong usage, 3 the outside failed.\n");
    mem_free(home);
    return status;
}

const struct command command_help = {
    .name = "help",
    .usage = "help [COMMAND | TOPIC]",
    .summary = "what there is, one command's settings, or a topic in full",
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
