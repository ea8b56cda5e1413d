/* What concerns who operates the host, whatever company it meets: told by a pager. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "conf.h"
#include "parts.h"

struct operator_watch;

#define OPTIONS_OPERATOR                                                                           \
    {"operator-url", CONF_TEXT, NULL,                                                              \
        "webhook that is told what is wrong with the host: {\"text\": ...}, as Slack takes it"},   \
        {"operator-secret", CONF_TEXT, NULL,                                                       \
            "whsec_...: what is sent there is signed with it, by Standard Webhooks"},              \
        {"disk-low", CONF_SIZE, "1g", "told there when less is free for DIR; 0: not looked at"},   \
    {                                                                                              \
        "backup-expected", CONF_MS, "48h",                                                         \
            "told there when no `sauma backup` was taken for so long; 0: not looked at"            \
    }

/* *out is NULL if the settings name nobody to tell. p outlives it, and its engine tells it of
 * alerts from now on. */
int operator_new(struct operator_watch **out, struct parts *p, const struct conf *c, struct err *e);
/* Before the engine is freed. */
void operator_free(struct operator_watch *o);

#endif
