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

static bool print_topic_text(const char *home, const char *name)
{
    char line[1024];
    FILE *in = open_topic(home, name);
    if (!in)
        return false;
    while (fgets(line, sizeof(line), in))
        fputs(line, stdout);
    fclose(in);
    return true;
}

/* ---- what is written in Lua: the comment at a file's head says what it is and takes ---------- */

static FILE *open_script(const char *home, const char *folder, const char *name)
{
    if (strstr(name, ".."))
        return NULL;
    char *path = mem_printf("%s/lua/%s%s.lua", home, folder, name);
    FILE *in = fopen(path, "rb");
    mem_free(path);
    return in;
}

static bool print_head(const char *home, const char *folder, const char *name, bool another)
{
    char line[1024];
    FILE *in = open_script(home, folder, name);
    if (!in)
        return false;
    bool block = fgets(line, sizeof(line), in) && !strncmp(line, "--[[", 4);
    printf("%slua/%s%s.lua\n\n", another ? "\n" : "", folder, name);
    if (!block && !strncmp(line, "-- ", 3))
        fputs(line + 3, stdout);
    while (fgets(line, sizeof(line), in) &&
           (block ? strncmp(line, "]]", 2) != 0 : !strncmp(line, "--", 2)))
        fputs(block ? line : line + (line[2] == ' ' ? 3 : 2), stdout);
    fclose(in);
    return true;
}

static bool is_connector(const char *home, const char *name)
{
    char line[1024];
    bool found = false;
    FILE *in = open_script(home, "connectors/", name);
    while (in && !found && fgets(line, sizeof(line), in))
        found = !strncmp(line, "  kind = ", 9);
    if (in)
        fclose(in);
    return found;
}

/* The kinds of connection there are, in a line or two. */
static void print_connectors(const char *home)
{
    struct dirent **found;
    char *folder = mem_printf("%s/lua/connectors", home);
    int n = scandir(folder, &found, NULL, alphasort);
    mem_free(folder);
    if (n < 0)
        return;
    printf("\nconnections:");
    for (int i = 0; i < n; i++) {
        char *dot = strchr(found[i]->d_name, '.');
        if (dot && !strcmp(dot, ".lua")) {
            *dot = '\0';
            if (is_connector(home, found[i]->d_name))
                printf(" %s", found[i]->d_name);
        }
        free(found[i]);
    }
    free(found);
    printf("\nin scripts:  http paging time log links lock task notify; in tests: testing\n");
}

static int help_text(const char *home, const char *name)
{
    bool topic = home && print_topic_text(home, name);
    bool connector = home && print_head(home, "connectors/", name, topic);
    bool module = home && !topic && print_head(home, "", name, connector);
    return topic || connector || module ? STATUS_OK : command_unknown(name);
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
        status = cmd ? help_one(cmd) : help_text(home, name);
        mem_free(home);
        return status;
    }
    printf("sauma: a scriptable automation host. Signed proposals and won deals become invoices,\n"
           "by rules that each company's consultant writes in Lua.\n\n"
           "usage: sauma COMMAND ...\n\n");
    for (int i = 0; commands[i]; i++)
        printf("  %-11s %s\n", commands[i]->name, commands[i]->summary);
    if (home) {
        print_topics(home);
        print_connectors(home);
    }
    printf("\n`sauma help NAME` says more of each of these. Exit status: 0 ok,\n"
           "1 the answer is no, 2 wrong usage, 3 the outside failed.\n");
    mem_free(home);
    return status;
}

const struct command command_help = {
    .name = "help",
    .usage = "help [COMMAND | TOPIC | CONNECTION | MODULE]",
    .summary = "what there is; one command's settings, a topic, a connection's in full",
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
