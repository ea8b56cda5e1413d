/* Resume and suspend. A step begins after the resume has returned, so its answer can never come
 * before the coroutine waits. */
#include "bridge.h"

#include <lauxlib.h>
#include "report.h"
#include "vm.h"

const char bridge_module = 0;

/* What our own yield carries, so that nothing else is ever taken for one. */
static const char step_asked = 0;

enum bridge_result bridge_resume(struct call *c, int nargs, int *n)
{
    lua_State *co = c->co;
    c->waiting = false;
    int status = lua_resume(co, c->vm->L, nargs, n);
    if (status == LUA_OK)
        return BRIDGE_RETURNED;
    if (status == LUA_YIELD && *n == 2 && lua_touserdata(co, -2) == &step_asked) {
        c->waiting = true;
        return BRIDGE_SUSPENDED;
    }
    if (status == LUA_YIELD) {
        /* No function that scripts have can do this. */
        lua_settop(co, 0);
        lua_pushnil(co);
        status = LUA_ERRRUN;
    }
    *n = status;
    return BRIDGE_FAILED;
}

/* Raises at the script's line, however deep in our own files it is noticed. */
static void raise_misuse(lua_State *L, const char *what, const char *why)
{
    char where[256];
    if (report_where(L, false, where, sizeof(where)))
        lua_pushfstring(L, "%s: %s %s", where, what, why);
    else
        lua_pushfstring(L, "%s %s", what, why);
    lua_error(L);
}

void bridge_check(lua_State *L, const char *what)
{
    struct call *c = vm_of(L)->call;
    call_check(L);
    if (c->loading)
        raise_misuse(L, what,
            "cannot be used while the files of a company are being loaded: nothing "
            "outside may be touched before a rule runs");
    if (!lua_isyieldable(L))
        raise_misuse(L, what,
            "cannot be used here: inside of table.sort, string.gsub, tostring, a "
            "module that is being required or the handler of xpcall a script cannot "
            "wait; do it before, and use the result here");
}

int bridge_suspend(lua_State *L, lua_KFunction k)
{
    bridge_check(L, "a step");
    luaL_checkstack(L, 2, "step");
    lua_pushlightuserdata(L, (void *)&step_asked);
    lua_insert(L, -2);
    return lua_yieldk(L, 2, 0, k);
}
