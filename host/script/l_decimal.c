/* Module decimal: exact numbers for money. Arithmetic takes decimals and integers; a float is
 * refused, because it has already lost what was meant. Lua asks no metamethod for decimal == 5, so
 * compare decimals with decimals (d == decimal(5)); < and <= take integers too. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "decimal_value.h"
#include "modules.h"
#include "vm.h"

static void make_metatable(lua_State *L);

void decimal_push(lua_State *L, const struct decimal *d)
{
    if (!vm_of(L)->decimal_mark)
        make_metatable(L);
    struct decimal *v = lua_newuserdatauv(L, sizeof(*v), 0);
    *v = *d;
    lua_rawgetp(L, LUA_REGISTRYINDEX, vm_of(L)->decimal_mark);
    lua_setmetatable(L, -2);
}

const struct decimal *decimal_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 1) || !lua_getmetatable(L, index))
        return NULL;
    const void *mark = lua_topointer(L, -1);
    lua_pop(L, 1);
    return mark == vm_of(L)->decimal_mark ? lua_touserdata(L, index) : NULL;
}

/* The operand at index: a decimal or an integer. */
static struct decimal operand(lua_State *L, int index)
{
    const struct decimal *d = decimal_at(L, index);
    if (d)
        return *d;
    if (lua_isinteger(L, index))
        return decimal_of(lua_tointeger(L, index));
    if (lua_type(L, index) == LUA_TNUMBER)
        luaL_error(L,
            "a decimal and the float %f do not mix: write decimal \"...\" for the number you mean",
            lua_tonumber(L, index));
    luaL_error(L, "a decimal and a %s value do not mix", luaL_typename(L, index));
    return decimal_of(0);
}

typedef int (*operation)(
    const struct decimal *a, const struct decimal *b, struct decimal *out, struct err *e);

static int arithmetic(lua_State *L, operation op)
{
    struct decimal a = operand(L, 1), b = operand(L, 2), out;
    struct err e = {0};
    if (op(&a, &b, &out, &e) < 0)
        return luaL_error(L, "decimal: %s", e.text);
    decimal_push(L, &out);
    return 1;
}

static int l_add(lua_State *L)
{
    return arithmetic(L, decimal_add);
}

static int l_sub(lua_State *L)
{
    return arithmetic(L, decimal_sub);
}

static int l_mul(lua_State *L)
{
    return arithmetic(L, decimal_mul);
}

static int l_div(lua_State *L)
{
    return arithmetic(L, decimal_div);
}

static int l_unm(lua_State *L)
{
    struct decimal d = operand(L, 1);
    d = decimal_neg(&d);
    decimal_push(L, &d);
    return 1;
}

static int l_other(lua_State *L)
{
    return luaL_error(L, "decimals have + - * / and comparison; for others use :round, or "
                         "math on integers");
}

static int compare(lua_State *L)
{
    struct decimal a = operand(L, 1), b = operand(L, 2);
    return decimal_compare(&a, &b);
}

static int l_eq(lua_State *L)
{
    const struct decimal *a = decimal_at(L, 1), *b = decimal_at(L, 2);
    lua_pushboolean(L, a && b && decimal_compare(a, b) == 0);
    return 1;
}

static int l_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int l_le(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static int l_shortest(lua_State *L)
{
    char text[DECIMAL_TEXT];
    struct decimal d = operand(L, 1);
    lua_pushstring(L, decimal_text(&d, text));
    return 1;
}

static const struct decimal *self(lua_State *L, const char *method)
{
    const struct decimal *d = decimal_at(L, 1);
    if (!d)
        luaL_error(L, "decimal:%s is called with a colon on a decimal, not on a %s", method,
            luaL_typename(L, 1));
    return d;
}

/* d:round(places [, "even"]): a half goes away from zero (cents: EN 16931 practice), or with "even"
 * to the even neighbour; places default 0, negative for tens and hundreds */
static int l_round(lua_State *L)
{
    const struct decimal *d = self(L, "round");
    lua_Integer places = luaL_optinteger(L, 2, 0);
    static const char *const ways[] = {"up", "even", NULL};
    int way = luaL_checkoption(L, 3, "up", ways);
    struct decimal out;
    struct err e = {0};
    luaL_argcheck(L, places >= -40 && places <= 40, 2, "places are -40 to 40");
    if (decimal_round(d, (int)places, way ? DECIMAL_HALF_EVEN : DECIMAL_HALF_UP, &out, &e) < 0)
        return luaL_error(L, "decimal:round: %s", e.text);
    decimal_push(L, &out);
    return 1;
}

/* d:text(places): rounded to exactly so many digits behind the point, "25.50"; without places the
 * shortest text */
static int l_text(lua_State *L)
{
    char text[DECIMAL_TEXT];
    const struct decimal *d = self(L, "text");
    struct err e = {0};
    if (lua_isnoneornil(L, 2)) {
        lua_pushstring(L, decimal_text(d, text));
        return 1;
    }
    lua_Integer places = luaL_checkinteger(L, 2);
    luaL_argcheck(L, places >= 0 && places <= 20, 2, "places are 0 to 20");
    if (decimal_text_fixed(d, (int)places, text, &e) < 0)
        return luaL_error(L, "decimal:text: %s", e.text);
    lua_pushstring(L, text);
    return 1;
}

/* d:integer(): the whole number it is, or nil if it has a fraction or is beyond 64 bits */
static int l_integer(lua_State *L)
{
    int64_t n;
    if (decimal_to_i64(self(L, "integer"), &n))
        lua_pushinteger(L, n);
    else
        lua_pushnil(L);
    return 1;
}

/* d:abs() */
static int l_abs(lua_State *L)
{
    struct decimal d = decimal_abs(self(L, "abs"));
    decimal_push(L, &d);
    return 1;
}

/* d:float(): the nearest binary number, for display and statistics only */
static int l_float(lua_State *L)
{
    lua_pushnumber(L, decimal_to_double(self(L, "float")));
    return 1;
}

static enum decimal_language language_at(lua_State *L, int index)
{
    const char *name = luaL_optstring(L, index, "");
    if (!strcmp(name, "en"))
        return DECIMAL_LANGUAGE_ENGLISH;
    /* All other languages of our users write a comma before the cents. */
    return *name ? DECIMAL_LANGUAGE_FINNISH : DECIMAL_LANGUAGE_NONE;
}

/* decimal.parse(text [, language]) -> decimal, unit; or nil and the reason. Understands "1 234,50
 * €", "1.234,50 EUR", "25,5 %"; unit is the currency's code, "%", or what else stood there, or nil.
 * language ("fi", "sv", "en" ...) settles what "1,234" means. */
static int l_parse(lua_State *L)
{
    size_t n;
    const char *p = luaL_checklstring(L, 1, &n);
    struct decimal_found f;
    struct err e = {0};
    if (decimal_parse_people((struct str){p, n}, language_at(L, 2), &f, &e) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, e.text);
        return 2;
    }
    decimal_push(L, &f.value);
    if (f.percent)
        lua_pushliteral(L, "%");
    else if (f.currency[0])
        lua_pushstring(L, f.currency);
    else if (f.unit[0])
        lua_pushstring(L, f.unit);
    else
        lua_pushnil(L);
    return 2;
}

/* A float becomes the decimal that its shortest text shows: 0.1 is one tenth. */
static int of_float(lua_State *L, lua_Number v)
{
    char text[32];
    struct decimal d;
    struct err e = {0};
    if (!isfinite(v))
        return luaL_error(L, "decimal: %f is no number that can be counted with", v);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        double back = 0;
        if (sscanf(text, "%lf", &back) == 1 && back == v)
            break;
    }
    /* %g may write "1e+20", which JSON's grammar has as well. */
    if (decimal_parse(str_of(text), &d, &e) < 0)
        return luaL_error(L, "decimal: %s", e.text);
    decimal_push(L, &d);
    return 1;
}

/* decimal(value): of a text (as decimal.parse), an integer, a float, a decimal. Raises with the
 * reason where decimal.parse would give nil. */
static int l_call(lua_State *L)
{
    lua_remove(L, 1); /* the module itself */
    if (decimal_at(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_isinteger(L, 1)) {
        struct decimal d = decimal_of(lua_tointeger(L, 1));
        decimal_push(L, &d);
        return 1;
    }
    if (lua_type(L, 1) == LUA_TNUMBER)
        return of_float(L, lua_tonumber(L, 1));
    if (lua_type(L, 1) != LUA_TSTRING)
        return luaL_error(
            L, "decimal: a text or a number is wanted, not a %s value", luaL_typename(L, 1));
    lua_settop(L, 2);
    if (l_parse(L) == 2 && lua_isnil(L, -2))
        return luaL_error(L, "decimal: %s", lua_tostring(L, -1));
    lua_settop(L, lua_gettop(L) - 1);
    return 1;
}

static void make_metatable(lua_State *L)
{
    static const luaL_Reg meta[] = {
        {"__add", l_add},
        {"__sub", l_sub},
        {"__mul", l_mul},
        {"__div", l_div},
        {"__unm", l_unm},
        {"__mod", l_other},
        {"__pow", l_other},
        {"__idiv", l_other},
        {"__eq", l_eq},
        {"__lt", l_lt},
        {"__le", l_le},
        {"__tostring", l_shortest},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"round", l_round},
        {"text", l_text},
        {"integer", l_integer},
        {"abs", l_abs},
        {"float", l_float},
        {NULL, NULL},
    };
    luaL_newlib(L, meta);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushliteral(L, "decimal");
    lua_setfield(L, -2, "__name");
    vm_of(L)->decimal_mark = lua_topointer(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, vm_of(L)->decimal_mark);
}

int l_open_decimal(lua_State *L)
{
    static const luaL_Reg functions[] = {{"parse", l_parse}, {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, l_call);
    lua_setfield(L, -2, "__call");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    return 1;
}
