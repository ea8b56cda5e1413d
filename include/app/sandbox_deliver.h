/* What a sandbox posts by itself, as the system that it stands for does: webhooks of what changed
 * in it. */
#ifndef SANDBOX_DELIVER_H
#define SANDBOX_DELIVER_H

#include "err.h"
#include "jsondoc.h"
#include "loop.h"

struct sandbox;
struct sandbox_deliver;

struct sandbox_deliver *sandbox_deliver_new(struct loop *l, struct err *e);
/* Cancels what is under way. */
void sandbox_deliver_free(struct sandbox_deliver *d);
/* list: the `deliver` of an answer, [{"url","headers":{name: value},"body","number"}]. Each is
 * posted now, and again after 1, 5 and 25 seconds until the answer is below 300. After each try the
 * sandbox's delivered({"number","status" (0: none came),"problem","tries","final"}) is called. */
void sandbox_deliver_all(
    struct sandbox_deliver *d, struct sandbox *sandbox, const struct jsonv *list);

#endif
