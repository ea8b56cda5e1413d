/* The internal module "host", see host_module.h. */
#include "host_module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lauxlib.h>
#include "codec.h"
#include "context.h"
#include "env.h"
#include "globals.h"
#include "modules.h"
#include "random.h"
#include "report.h"
#include "require.h"

/* ---- effects ------------------------------------------------------------------------------- */

static int l_finish(lua_State *L)
{
    static const char *const outcomes[] = {"attention", "skip", NULL};
    struct vm *vm = vm_of(L);
    struct call *c = vm->call;
    struct err e = {0};
    int outcome = luaL_checkoption(L, 1, NULL, outcomes);
    luaL_checktype(L, 2, LUA_TTABLE);
    call_check(L);
    if (c->loading)
        return luaL_error(L, "%s is for rules, while they run", outcomes[outcome]);
    buf_clear(&c->verdict);
    if (codec_encode(vm, L, 2, &c->verdict, &e) < 0)
        return luaL_error(L, "details that cannot be written as JSON: %s", e.text);
    return call_end_now(L, c, outcome == 0 ? ENDING_ATTENTION : ENDING_SKIP);
}

static int l_calls(lua_State *L)
{
    struct call *c = vm_of(L)->call;
    lua_Debug caller, target;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!c || !lua_getstack(L, 1, &caller))
        return 1;
    lua_getinfo(L, "f", &caller);
    c->target.caller = lua_topointer(L, -1);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    lua_getinfo(L, ">S", &target);
    snprintf(c->target.source, sizeof(c->target.source), "%s", target.source);
    c->target.first = target.linedefined;
    c->target.last = target.lastlinedefined;
    return 1;
}

static int l_log(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    base_log(L, levels[luaL_checkoption(L, 1, NULL, levels)], text, n);
    return 0;
}

static int l_random(lua_State *L)
{
    lua_pushnumber(L, random_float(&vm_of(L)->call->random));
    return 1;
}

/* ---- environments -------------------------------------------------------------------------- */

static int l_basics(lua_State *L)
{
    env_push_basics(L);
    return 1;
}

static int l_environment(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    env_push_environment(L, 1);
    return 1;
}

static int l_use_environment(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    env_set_company(L, 1);
    return 0;
}

static int l_freeze(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    env_push_view(L, 1);
    return 1;
}

/* ---- files --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int l_files(lua_State *L)
{
    const struct sources *s = vm_of(L)->context->company;
    size_t at = 0, n = 0;
    while (sources_next(s, &at))
        n++;
    const char **paths = lua_newuserdatauv(L, (n ? n : 1) * sizeof(*paths), 0);
    at = 0;
    for (size_t i = 0; i < n; i++)
        paths[i] = sources_next(s, &at);
    qsort(paths, n, sizeof(*paths), by_name);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, paths[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_source(lua_State *L)
{
    struct str text;
    if (!sources_text(vm_of(L)->context->company, luaL_checkstring(L, 1), &text))
        return lua_pushnil(L), 1;
    lua_pushlstring(L, text.p, text.n);
    return 1;
}

static int l_run_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    return require_run_file(L, path, lua_isnoneornil(L, 2) ? 0 : 2);
}

static int l_compile(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    const char *path = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    const char *chunk = lua_pushfstring(L, "@%s", path);
    if (luaL_loadbufferx(L, text, n, chunk, "t") != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushvalue(L, 3);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    return 1;
}

struct globals_list {
    lua_State *L;
    const char *path;
    lua_Integer n;
};

/* { name =, path =, line =, set =, tested =, fraction =, members... } behind the list, which is on
 * top. */
static void add_global(void *arg, const struct globals_use *use)
{
    struct globals_list *g = arg;
    lua_State *L = g->L;
    lua_createtable(L, use->nmembers, 6);
    lua_pushlstring(L, use->name.p, use->name.n);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, g->path);
    lua_setfield(L, -2, "path");
    lua_pushinteger(L, use->line);
    lua_setfield(L, -2, "line");
    lua_pushboolean(L, use->set);
    lua_setfield(L, -2, "set");
    lua_pushboolean(L, use->tested);
    lua_setfield(L, -2, "tested");
    lua_pushboolean(L, use->fraction);
    lua_setfield(L, -2, "fraction");
    for (int i = 0; i < use->nmembers; i++) {
        lua_pushlstring(L, use->members[i].p, use->members[i].n);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawseti(L, -2, ++g->n);
}

static int l_globals(lua_State *L)
{
    const struct vm *vm = vm_of(L);
    const struct sources *s = vm->context->company;
    struct globals_list g = {.L = L};
    size_t at = 0;
    lua_newtable(L);
    while (vm->call->first && (g.path = sources_next(s, &at)) != NULL)
        globals_each(sources_bytecode(s, g.path), add_global, &g);
    return 1;
}

/* ---- places -------------------------------------------------------------------------------- */

static int l_where(lua_State *L)
{
    char where[256];
    if (report_where(L, false, where, sizeof(where)))
        lua_pushstring(L, where);
    else
        lua_pushnil(L);
    return 1;
}

static int l_defined(lua_State *L)
{
    lua_Debug ar;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_getinfo(L, ">S", &ar);
    if (ar.source[0] == '@')
        lua_pushfstring(L, "%s:%d", ar.source + 1, ar.linedefined);
    else
        lua_pushnil(L);
    return 1;
}

int l_open_host(lua_State *L)
{
    static const luaL_Reg functions[] = {{"basics", l_basics}, {"calls", l_calls},
        {"compile", l_compile}, {"defined", l_defined}, {"environment", l_environment},
        {"files", l_files}, {"finish", l_finish}, {"freeze", l_freeze}, {"globals", l_globals},
        {"log", l_log}, {"plain", l_host_plain}, {"random", l_random},
        {"read_body", l_host_read_body}, {"reader", l_host_reader}, {"run_file", l_run_file},
        {"seq", l_host_seq}, {"source", l_source}, {"step", l_host_step},
        {"trimmed", l_host_trimmed}, {"use_environment", l_use_environment}, {"where", l_where},
        {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
