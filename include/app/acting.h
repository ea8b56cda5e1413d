/* What the commands that act on runs have in common: their options, and telling the host. */
#ifndef ACTING_H
#define ACTING_H

#include "buf.h"
#include "command.h"

#define OPTION_ACT                                                                                 \
    OPTION_DATA, {"by", CONF_TEXT, NULL, "who does it; the operating system's user if not given"}, \
        {"reason", CONF_TEXT, NULL, "why; kept with the run"},                                     \
    {                                                                                              \
        "json", CONF_FLAG, NULL, "one JSON object a run"                                           \
    }
#define OPTION_ACT_FILTER                                                                          \
    {"company", CONF_TEXT, NULL, "many runs: of this company"},                                    \
        {"rule", CONF_TEXT, NULL, "of this rule"}, {"state", CONF_TEXT, NULL, "in this state"},    \
        {"key", CONF_TEXT, NULL, "with this key"},                                                 \
        {"reason-like", CONF_TEXT, NULL, "whose reason holds this"},                               \
        {"since", CONF_TEXT, NULL, "newer than this: 30d, 12h, 2026-11-20"},                       \
        {"dry-run", CONF_FLAG, NULL, "only show which runs, and what would become of each"},       \
        {"bulk-limit", CONF_INT, "100", "act on no more than so many, unless --all"},              \
    {                                                                                              \
        "all", CONF_FLAG, NULL, "act on all that match, however many"                              \
    }

/* Members for the request besides `by` and `reason`; c is the command's. */
typedef int (*acting_fn)(const struct conf *c, struct buf *b);
/* Carries it out: on the run (or event) that is named, or on those that the filter finds. state:
 * the filter's, if it names none; NULL: attention and failed. said: "goes on". more may be NULL. */
int acting_run(const struct conf *c, const struct command *cmd, const char *state, const char *said,
    acting_fn more);

#endif
