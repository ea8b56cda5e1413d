/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
#include "random.h"

#include "id.h"
#include "str.h"

#define NO_SEED UINT64_C(0x5A3D1C0FFEE4B1D5)

uint64_t random_seed_of(lua_State *L, int index)
{
    uint64_t state = NO_SEED;
    if (!lua_istable(L, index) || !lua_checkstack(L, 3))
        return state;
    int top = lua_gettop(L), table = lua_absindex(L, index);
    /* Found by walking: pushing the name could raise. */
    lua_pushnil(L);
    while (lua_next(L, table)) {
        size_t nkey, n;
        if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING) {
            const char *key = lua_tolstring(L, -2, &nkey);
            if (str_is((struct str){key, nkey}, "seed")) {
                char hex[33];
                const char *seed = lua_tolstring(L, -1, &n);
                id_hash(hex, seed, n);
                state = 0;
                for (int i = 0; i < 16; i++)
                    state =
                        state << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
                break;
            }
        }
        lua_pop(L, 1);
    }
    lua_settop(L, top);
    return state;
}

uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double random_float(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}
