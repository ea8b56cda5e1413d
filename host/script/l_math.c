/* math, with random numbers that a replay draws again. */
#include "modules.h"

#include <lauxlib.h>
#include <lualib.h>
#include "call.h"
#include "random.h"
#include "vm.h"

/* Uniform in [0, n], n < 2^64 - 1 or all bits: by rejection, so without a bias. */
static uint64_t up_to(uint64_t *state, uint64_t n)
{
    uint64_t mask = n, r;
    for (int shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    do {
        r = random_next(state) & mask;
    } while (r > n);
    return r;
}

static int l_random(lua_State *L)
{
    uint64_t *state = &vm_of(L)->call->random;
    lua_Integer low = 1, high;
    switch (lua_gettop(L)) {
    case 0:
        lua_pushnumber(L, random_float(state));
        return 1;
    case 1:
        high = luaL_checkinteger(L, 1);
        break;
    case 2:
        low = luaL_checkinteger(L, 1);
        high = luaL_checkinteger(L, 2);
        break;
    default:
        return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    uint64_t span = (uint64_t)high - (uint64_t)low;
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + up_to(state, span)));
    return 1;
}

int l_open_math(lua_State *L)
{
    static const char *const kept[] = {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger",
        "min", "mininteger", "modf", "pi", "sqrt", "tointeger", "type", "ult", "exp", "log", "sin",
        "cos", "tan", "asin", "acos", "atan", "deg", "rad"};
    lua_createtable(L, 0, 32);
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, -3, kept[i]);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, l_random);
    lua_setfield(L, -2, "random");
    return 1;
}
