/* Module address: postal addresses split into fields. */
#include <lauxlib.h>
#include <lua.h>

#include "address.h"
#include "modules.h"
#include "vm.h"

static void put(lua_State *L, const char *key, const char *value)
{
    if (!*value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

/* address.split(text [, country]) -> {street, postal_code, city, country, co, po_box, company,
 * rest, confidence}, fields that the text does not have left out; or nil and the reason. A table is
 * returned as it is: an address that already is in fields needs no splitting. country: the default
 * country, "FI" if left out. */
static int l_split(lua_State *L)
{
    struct address a;
    struct err e = {0};
    size_t n;
    if (lua_istable(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_isnoneornil(L, 1)) {
        lua_pushnil(L);
        lua_pushliteral(L, "the address is missing");
        return 2;
    }
    const char *text = luaL_checklstring(L, 1, &n);
    if (address_split((struct str){text, n}, luaL_optstring(L, 2, NULL), &a, &e) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, e.text);
        return 2;
    }
    lua_createtable(L, 0, 9);
    put(L, "street", a.street);
    put(L, "postal_code", a.postal_code);
    put(L, "city", a.city);
    put(L, "country", a.country);
    put(L, "co", a.co);
    put(L, "po_box", a.po_box);
    put(L, "company", a.company);
    put(L, "rest", a.rest);
    lua_pushinteger(L, a.confidence);
    lua_setfield(L, -2, "confidence");
    return 1;
}

static const char *text_of(lua_State *L, const char *key)
{
    /* The string stays where it is as long as the table holds it. */
    lua_getfield(L, 1, key);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text ? text : "";
}

/* address.format(table) -> its lines as one puts them on an envelope: company, c/o, street, postal
 * code and town in the order of its country, country if it is not Finland */
static int l_format(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct address_lines lines = {.company = text_of(L, "company"),
        .co = text_of(L, "co"),
        .street = text_of(L, "street"),
        .postal_code = text_of(L, "postal_code"),
        .city = text_of(L, "city"),
        .country = text_of(L, "country")};
    struct buf *out = &vm_of(L)->text; /* the state's own: nothing leaks if the push raises */
    buf_clear(out);
    if (address_format(out, &lines) < 0)
        return luaL_error(L, "address.format: the address is too long");
    lua_pushlstring(L, out->p ? out->p : "", out->n);
    return 1;
}

int l_open_address(lua_State *L)
{
    static const luaL_Reg functions[] = {{"split", l_split}, {"format", l_format}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
