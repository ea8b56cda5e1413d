/* Who acts: what a person does is recorded with a name. */
#ifndef ACTOR_H
#define ACTOR_H

#include "conf.h"

#define OPTION_BY                                                                                  \
    {                                                                                              \
        "by", CONF_TEXT, NULL, "who does it; your login name if not given"                         \
    }
/* The option's value, else the login name, else "operator". */
const char *actor_name(const struct conf *c);

#endif
