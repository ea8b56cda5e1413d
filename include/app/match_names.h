/* `sauma match names`. */
#ifndef MATCH_NAMES_H
#define MATCH_NAMES_H

#include "conf.h"

/* Reads the pairs of --pairs and prints a decision for each; the command's exit status. */
int match_names_run(const struct conf *c);

#endif
