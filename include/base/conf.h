/* Settings of a command: each has a name, a default, and comes from (first wins) the command line
 * `--name VALUE` or `--name=VALUE`, the environment SAUMA_NAME (dashes as underscores), the
 * config file (`name = value` lines, # comments), the default. */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "err.h"

/* CONF_LIST: texts, one each time the option is given. */
enum conf_type { CONF_TEXT, CONF_INT, CONF_MS, CONF_SIZE, CONF_FLAG, CONF_LIST };

struct conf_option {
    const char *name; /* "max-body" */
    enum conf_type type;
    const char *fallback; /* default as text; NULL: none */
    const char *help;     /* one line for `sauma help` */
};

struct conf;

/* options ends with a NULL name. argv is what follows the command's name; what is no option ends
 * up as positional. An unknown option is ERR_USAGE with the nearest name. A config file named by
 * --config or SAUMA_CONFIG is read, and may be for all commands: names that others alone have, the
 * tables of others (ends with NULL; NULL: none), are passed over. Unknown ones are errors with
 * file:line. */
struct conf *conf_parse(const struct conf_option *options, const struct conf_option *const *others,
    int argc, char **argv, struct err *e);
void conf_free(struct conf *c);
const char *conf_text(const struct conf *c, const char *name); /* NULL if unset */
int64_t conf_int(const struct conf *c, const char *name);      /* also CONF_MS */
size_t conf_size(const struct conf *c, const char *name);
bool conf_flag(const struct conf *c, const char *name);
/* The i-th text of a CONF_LIST, in the order given; NULL behind the last. */
const char *conf_item(const struct conf *c, const char *name, int i);
int conf_positionals(const struct conf *c);
const char *conf_positional(const struct conf *c, int i);
/* Prints "  --name VALUE   help (default ...; SAUMA_NAME)" to out, 80 columns wide. */
#include <stdio.h>
void conf_help(const struct conf_option *options, FILE *out);

#endif
