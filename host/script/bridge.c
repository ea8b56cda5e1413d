/* Resume and suspend. A step begins after the resume has returned, so its answer can never come
 * before the coroutine waits. */
#include "bridge.h"

#include <lauxlib.h>
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

void bridge_check(lua_State *L, const char *what)
{
    struct call *c = vm_of(L)->call;
    call_check(L);
    if (c->loading)
        luaL_error(L, "%s cannot be used while the files of a company are being loaded: nothing "
                      "outside may be touched before a rule runs", what);
    if (!lua_isyieldable(L))
        luaL_error(L, "%s cannot be used here: inside of table.sort, string.gsub, tostring, a module "
                      "that is being required or the handler of xpcall a script cannot wait; do it "
                      "before, and use the result here", what);
}

int bridge_suspend(lua_State *L, lua_KFunction k)
{
    bridge_check(L, "a step");
    luaL_checkstack(L, 2, "step");
    lua_pushlightuserdata(L, (void *)&step_asked);
    lua_insert(L, -2);
    return lua_yieldk(L, 2, 0, k);
}
