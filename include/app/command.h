/* The commands of `sauma`: one table (main.c), one file each. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

/* Exit statuses of every command; see README. */
enum { STATUS_OK = 0, STATUS_NO = 1, STATUS_USAGE = 2, STATUS_OUTSIDE = 3 };

struct command {
    const char *name;
    const char *usage;   /* what follows "sauma " */
    const char *summary; /* one line */
    const char *details; /* further lines of its help, or NULL */
    const struct conf_option *options;
    int (*run)(const struct conf *c);
};

/* The host and what runs companies. */
extern const struct command command_new, command_serve, command_check, command_run, command_test,
    command_sandbox;
/* What happened, and people's part in it. */
extern const struct command command_events, command_runs, command_show, command_attention,
    command_connect, command_connections, command_stats, command_alerts, command_send,
    command_retry, command_skip, command_edit, command_acts;
/* The live version of a company's scripts. */
extern const struct command command_versions, command_reload, command_rollback, command_diff;
/* Care of the data. */
extern const struct command command_secret, command_doctor, command_backup, command_restore,
    command_erase;
/* Matching. */
extern const struct command command_ids, command_address, command_match;
extern const struct command command_help, command_version;

/* All commands in the order help lists them; ends with NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);
/* Says that there is no such command, and which was meant; returns STATUS_USAGE. */
int command_unknown(const char *name);

/* Prints "sauma: ..." to standard error and returns status. */
int command_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What ends a list: "none", or that there may be more than the limit let through; to standard
 * error, so that it is no row. With json nothing says "none". */
void command_listed(int rows, int64_t limit, bool json);

/* Options that many commands share. */
#define OPTION_CONFIG                                                                              \
    {                                                                                              \
        "config", CONF_TEXT, NULL, "file of `name = value` lines with settings"                    \
    }
#define OPTION_DATA                                                                                \
    {                                                                                              \
        "data", CONF_TEXT, "data", "folder of the durable store"                                   \
    }
#define OPTION_JSON                                                                                \
    {                                                                                              \
        "json", CONF_FLAG, NULL, "one JSON object a line"                                          \
    }
#define OPTION_LOG                                                                                 \
    {                                                                                              \
        "log", CONF_TEXT, "info", "least level logged: debug, info, warn, error"                   \
    }

/* Sets the log level from --log; -1 and a message if it is none of the four. */
int command_log_level(const struct conf *c);

#endif
