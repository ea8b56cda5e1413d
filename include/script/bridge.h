/* The one place where coroutines are resumed and suspended. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <lua.h>
#include "call.h"

/* Registry key of the table of functions that the context's module returned. */
extern const char bridge_module;
#define BRIDGE_MODULE ((void *)&bridge_module)

enum bridge_result {
    BRIDGE_SUSPENDED, /* the context's spec is the step's, whose body (a string or nil) is on top of
                         c->co */
    BRIDGE_RETURNED,  /* *n results are on top of c->co */
    BRIDGE_FAILED     /* the error object is on top of c->co, whose stack is as it was raised; *n is
                         the status */
};

/* Goes on with c->co, with nargs values on top of its stack, in a burst that the caller watches. */
enum bridge_result bridge_resume(struct call *c, int nargs, int *n);

/* Suspends the running call until the answer to the step in its context's spec is there: to be
 * returned by an l_ function, with the step's body on top of the stack. Then k builds the
 * function's results. Raises if it cannot be suspended here. */
int bridge_suspend(lua_State *L, lua_KFunction k);
/* Raises, in the script's words, if a step is impossible here; what names the function for it. */
void bridge_check(lua_State *L, const char *what);

#endif
