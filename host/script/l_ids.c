/* Module ids: identifiers with check digits. Each function takes text as people type it and gives
 * the normal form, or nil and the reason in words (which never repeats the text: it may be a
 * personal identity code). */
#include <lauxlib.h>
#include <lua.h>

#include "ids.h"
#include "modules.h"

static struct str text_at(lua_State *L, int index)
{
    size_t n;
    const char *p = luaL_checklstring(L, index, &n);
    return (struct str){p, n};
}

static int push_checked(lua_State *L, bool valid, const struct ids_checked *c)
{
    if (valid) {
        lua_pushstring(L, c->normal);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, c->reason);
    return 2;
}

/* A missing identifier is no misuse: events often have none. */
static int check(lua_State *L, const char *type, int index)
{
    struct ids_checked c;
    if (lua_isnoneornil(L, index)) {
        lua_pushnil(L);
        lua_pushliteral(L, "it is missing");
        return 2;
    }
    enum ids_verdict v = ids_check(type, text_at(L, index), &c);
    if (v == IDS_UNKNOWN_TYPE)
        return luaL_error(L, "ids.check: there is no type \"%s\"", type);
    return push_checked(L, v == IDS_VALID, &c);
}

/* ids.check(type, text) -> normal form, or nil and the reason. Types: those of `sauma help ids`. */
static int l_check(lua_State *L)
{
    return check(L, luaL_checkstring(L, 1), 2);
}

/* ids.business_id(text) -> "0112038-9"; takes the VAT form and spellings without hyphen too */
static int l_business_id(lua_State *L)
{
    return check(L, "fi_ytunnus", 1);
}

/* ids.iban(text) -> "FI2112345600000785" */
static int l_iban(lua_State *L)
{
    return check(L, "iban", 1);
}

/* ids.vat_number(business_id) -> "FI01120389" */
static int l_vat_number(lua_State *L)
{
    struct ids_checked c;
    return push_checked(L, ids_vat_number(text_at(L, 1), &c), &c);
}

/* ids.printed(type, text) -> as people print it: "0112038-9", "FI21 1234 5600 0007 85"; or nil and
 * the reason */
static int l_printed(lua_State *L)
{
    struct ids_checked c;
    const char *type = luaL_checkstring(L, 1);
    enum ids_verdict v = ids_check(type, text_at(L, 2), &c);
    if (v == IDS_UNKNOWN_TYPE)
        return luaL_error(L, "ids.printed: there is no type \"%s\"", type);
    if (v == IDS_INVALID)
        return push_checked(L, false, &c);
    lua_pushstring(L, c.printed);
    return 1;
}

/* ids.key(country, text) -> "FI:01120389", the key under which one company is found however its
 * number was typed (business ID, VAT number, OVT); or nil and the reason */
static int l_key(lua_State *L)
{
    char key[IDS_KEY], reason[IDS_REASON];
    const char *country = luaL_checkstring(L, 1);
    if (!ids_dedup_known(country))
        return luaL_error(L, "ids.key: there is no rule for companies of \"%s\"", country);
    if (lua_isnoneornil(L, 2)) {
        lua_pushnil(L);
        lua_pushliteral(L, "it is missing");
        return 2;
    }
    if (ids_dedup(country, text_at(L, 2), key, reason)) {
        lua_pushstring(L, key);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, reason);
    return 2;
}

/* ids.find(text [, type [, from]]) -> value, type, first, last of the first identifier in a longer
 * text, at byte `from` or behind; nil if there is none. Without type only what gives itself away by
 * its form or by a label in front is found: no telephone number becomes a business ID. */
static int l_find(lua_State *L)
{
    struct ids_found f;
    struct ids_checked c;
    struct str text = text_at(L, 1);
    const char *type = luaL_optstring(L, 2, NULL);
    lua_Integer from = luaL_optinteger(L, 3, 1);
    luaL_argcheck(L, from >= 1, 3, "counts from 1");
    if (type && ids_check(type, STR_NONE, &c) == IDS_UNKNOWN_TYPE)
        return luaL_error(L, "ids.find: there is no type \"%s\"", type);
    if (!ids_find(text, (size_t)from - 1, type, &f)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushstring(L, f.id.normal);
    lua_pushstring(L, f.type);
    lua_pushinteger(L, (lua_Integer)f.at + 1);
    lua_pushinteger(L, (lua_Integer)(f.at + f.n));
    return 4;
}

/* ids.types() -> {"at_uid", "be_kbo", ...}, what ids.check takes */
static int l_types(lua_State *L)
{
    lua_newtable(L);
    for (int i = 0; ids_type(i); i++) {
        lua_pushstring(L, ids_type(i));
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ids.reference(base) -> reference number with its check digit */
static int l_reference(lua_State *L)
{
    struct ids_checked c;
    return push_checked(L, ids_reference_make(text_at(L, 1), &c), &c);
}

/* ids.rf(reference) -> "RF341234561", of a valid Finnish reference number */
static int l_rf(lua_State *L)
{
    struct ids_checked c;
    return push_checked(L, ids_rf_make(text_at(L, 1), &c), &c);
}

/* ids.rf_any(base) -> RF reference of 1 to 21 letters and digits, such as an order's number */
static int l_rf_any(lua_State *L)
{
    struct ids_checked c;
    return push_checked(L, ids_rf_make_any(text_at(L, 1), &c), &c);
}

/* ids.valid_reference(text) -> normal form of a Finnish or RF reference, or nil and the reason */
static int l_valid_reference(lua_State *L)
{
    struct ids_checked c;
    struct str text = str_trim(text_at(L, 1));
    bool rf = text.n > 2 && (text.p[0] | 32) == 'r' && (text.p[1] | 32) == 'f';
    bool valid = ids_check(rf ? "iso11649" : "fi_viitenumero", text, &c) == IDS_VALID;
    return push_checked(L, valid, &c);
}

/* ids.same(a, b): both are valid and mean the same */
static int l_same(lua_State *L)
{
    lua_pushboolean(L, ids_same(text_at(L, 1), text_at(L, 2)));
    return 1;
}

/* ids.is_personal(text): it is a Finnish personal identity code, which no log may show */
static int l_is_personal(lua_State *L)
{
    lua_pushboolean(L, ids_is_personal(text_at(L, 1)));
    return 1;
}

int l_open_ids(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check", l_check},
        {"business_id", l_business_id},
        {"iban", l_iban},
        {"vat_number", l_vat_number},
        {"reference", l_reference},
        {"rf", l_rf},
        {"rf_any", l_rf_any},
        {"printed", l_printed},
        {"key", l_key},
        {"find", l_find},
        {"types", l_types},
        {"valid_reference", l_valid_reference},
        {"same", l_same},
        {"is_personal", l_is_personal},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
