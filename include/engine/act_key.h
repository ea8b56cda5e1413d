/* The key of a run for its data as it is now: asked of its rule's scripts when a person lets it go
 * on, because the data, or the scripts, may be others than when it was routed. */
#ifndef ACT_KEY_H
#define ACT_KEY_H

#include "machine.h"
#include "store_act.h"

/* key NULL without err: the scripts say nothing of the rule. ERR_CONFLICT: the data cannot be read,
 * or the key function fails, in words. */
typedef void (*act_key_fn)(void *arg, const char *key, const struct err *err);
/* v must be ready. fn is called once, with an error too if the engine ends. */
void act_key(
    struct version *v, const struct store_standing *st, struct str data, act_key_fn fn, void *arg);
/* The engine ends. */
void act_key_drop_all(struct engine *e);

#endif
