/* string, with caps on what runs in C where nothing can stop it. A pattern that backtracks without
 * end is beyond a cap: the host ends the process then. */
#include "modules.h"

#include <string.h>
#include <lauxlib.h>
#include <lualib.h>

#define PATTERN_SUBJECT_MAX ((size_t)4 << 20)
#define PLAIN_SUBJECT_MAX   ((size_t)32 << 20)
#define PATTERN_MAX         ((size_t)64 << 10)
#define RESULT_MAX          ((size_t)32 << 20) /* of rep */

static void check_size(lua_State *L, size_t n, size_t max, const char *function, const char *what)
{
    if (n > max)
        luaL_error(L, "string.%s: %s of %I bytes; at most %I are possible", function, what,
            (LUAI_UACINT)n, (LUAI_UACINT)max);
}

/* Goes on as Lua's own function, the first upvalue. Called by Lua, that one would not know the
 * script's line nor its own name, which its errors are to say. */
static int call_own(lua_State *L)
{
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Replaces subject and pattern, which may be numbers, by strings whose size was looked at. */
static void check_pattern(lua_State *L, const char *function, size_t max)
{
    size_t subject, pattern;
    luaL_checklstring(L, 1, &subject);
    luaL_checklstring(L, 2, &pattern);
    check_size(L, subject, max, function, "a text");
    if (max == PATTERN_SUBJECT_MAX)
        check_size(L, pattern, PATTERN_MAX, function, "a pattern");
}

static int l_find(lua_State *L)
{
    check_pattern(L, "find", lua_toboolean(L, 4) ? PLAIN_SUBJECT_MAX : PATTERN_SUBJECT_MAX);
    return call_own(L);
}

static int l_match(lua_State *L)
{
    check_pattern(L, "match", PATTERN_SUBJECT_MAX);
    return call_own(L);
}

static int l_gmatch(lua_State *L)
{
    check_pattern(L, "gmatch", PATTERN_SUBJECT_MAX);
    return call_own(L);
}

static int l_gsub(lua_State *L)
{
    check_pattern(L, "gsub", PATTERN_SUBJECT_MAX);
    return call_own(L);
}

static int l_rep(lua_State *L)
{
    size_t n, between = 0;
    luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &between);
    size_t each = n + between;
    if (times > 0 && each > 0 && (size_t)times > RESULT_MAX / each)
        return luaL_error(L, "string.rep: a result of more than %I bytes", (LUAI_UACINT)RESULT_MAX);
    if (each == 0 && times > 0) {
        lua_pushliteral(L, ""); /* Lua's own would go round `times` times */
        return 1;
    }
    return call_own(L);
}

/* A text's field that is none. Lua would say nil: of an answer that is a web page where JSON was
 * expected, `body[1]` would be "not found", and a write would be made twice. */
static int l_no_field(lua_State *L)
{
    base_push_text(L, 2);
    return luaL_error(L,
        "a text has no \"%s\" (an answer that is not JSON, a web page or an empty one, is a text)",
        lua_tostring(L, -1));
}

/* Pushes what texts have: the functions of the table on top, and an error for all else. */
static void push_fields(lua_State *L)
{
    int library = lua_gettop(L);
    lua_createtable(L, 0, 20);
    for (lua_pushnil(L); lua_next(L, library);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, library + 1);
    }
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_no_field);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

int l_open_string(lua_State *L)
{
    static const char *const kept[] = {
        "byte", "char", "len", "lower", "upper", "reverse", "sub", "pack", "unpack", "packsize"};
    static const luaL_Reg capped[] = {{"find", l_find}, {"match", l_match}, {"gmatch", l_gmatch},
        {"gsub", l_gsub}, {"rep", l_rep}, {"format", l_string_format}, {NULL, NULL}};
    lua_createtable(L, 0, 20);
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, -3, kept[i]);
    }
    for (const luaL_Reg *r = capped; r->name; r++) {
        lua_getfield(L, -1, r->name);
        lua_pushcclosure(L, r->func, 1);
        lua_setfield(L, -3, r->name);
    }
    lua_pop(L, 1);
    /* ("x"):find must be the capped one too, and nobody may change what all strings share. */
    push_fields(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 3);
    return 1;
}
