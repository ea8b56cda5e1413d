/* require: resolves a name, runs the file once per state, and tells cycles by their way round. */
#include "require.h"

#include <stdio.h>
#include <string.h>
#include <lauxlib.h>
#include "context.h"
#include "env.h"
#include "host_module.h"
#include "modules.h"

#define PATH_SIZE 200

static const char loaded_key = 0, loading_key = 0;

static const struct {
    const char *name;
    lua_CFunction open;
} natives[] = {{"address", l_open_address}, {"cjson", l_open_cjson}, {"crypto", l_open_crypto},
    {"decimal", l_open_decimal}, {"ids", l_open_ids}, {"json", l_open_json},
    {"match", l_open_match}, {"names", l_open_names}, {"text", l_open_text}, {"host", l_open_host}};

/* What a name stands for. path is the key in the table of loaded modules too, behind a letter for
 * where it is from. */
struct found {
    struct sources *sources; /* NULL: open */
    lua_CFunction open;
    bool system; /* with the rights of our own files */
    char key[PATH_SIZE + 2];
    char *path; /* in key */
};

static bool try_file(
    struct found *f, struct sources *s, char from, const char *prefix, const char *name)
{
    struct str text;
    int n = snprintf(f->key, sizeof(f->key), "%c:%s%s.lua", from, prefix, name);
    if (n < 0 || (size_t)n >= sizeof(f->key))
        return false;
    f->path = f->key + 2;
    /* A dot in the name is a slash in the path; the last one is that of ".lua". */
    for (char *p = f->path + strlen(prefix); p < f->key + n - 4; p++)
        if (*p == '.')
            *p = '/';
    f->sources = s;
    return sources_text(s, f->path, &text);
}

static bool try_native(struct found *f, const char *name, bool system)
{
    bool native = strncmp(name, "native.", 7) == 0;
    if (native && !system)
        return false;
    for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
        if (strcmp(natives[i].name, native ? name + 7 : name) != 0)
            continue;
        f->open = natives[i].open;
        f->sources = NULL;
        snprintf(f->key, sizeof(f->key), "c:%s", natives[i].name);
        f->path = f->key + 2;
        return f->open != l_open_host || (system && !native);
    }
    return false;
}

static bool resolve(lua_State *L, struct found *f, const char *name, bool system)
{
    struct context *c = vm_of(L)->context;
    bool rule = strncmp(name, "rules.", 6) == 0;
    memset(f, 0, sizeof(*f));
    if ((rule || !system) && try_file(f, c->company, 'f', "", name))
        return true;
    f->system = !rule;
    return try_file(f, c->system, 's', rule ? "" : "lua/", name) || try_native(f, name, system);
}

static int not_found(lua_State *L, const char *name, bool system)
{
    bool rule = strncmp(name, "rules.", 6) == 0;
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s", name);
    for (char *p = path; *p; p++)
        if (*p == '.')
            *p = '/';
    if (!system && (strcmp(name, "host") == 0 || strncmp(name, "native.", 7) == 0))
        return luaL_error(L, "module \"%s\" is not for company files", name);
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
        return luaL_error(L,
            "\"%s\" is not the name of a module: require \"rules.pricing\" is for the file "
            "rules/pricing.lua of the company's folder",
            name);
    if (system && strncmp(name, "sandbox.", 8) == 0)
        return luaL_error(
            L, "there is no sandbox \"%s\"; `sauma help sandbox` says which there are", name + 8);
    return luaL_error(L,
        "there is no module \"%s\": neither %s.lua in the company's folder nor %s%s.lua "
        "in the installation",
        name, path, rule ? "" : "lua/", path);
}

/* The place of a key among the modules that are being loaded, 0 if it is none of them; pushes their
 * list. */
static lua_Integer loading_place(lua_State *L, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loading_key);
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
        lua_rawgeti(L, -1, i);
        bool same = strcmp(lua_tostring(L, -1), key) == 0;
        lua_pop(L, 1);
        if (same)
            return i;
    }
    return 0;
}

/* Raises if the module is being loaded already. Keys are shown without their first letter. */
static void check_cycle(lua_State *L, const struct found *f)
{
    lua_Integer i = loading_place(L, f->key);
    int list = lua_gettop(L);
    if (i) {
        lua_pushliteral(L, "modules require each other in a circle: ");
        for (; i <= (lua_Integer)lua_rawlen(L, list); i++) {
            lua_rawgeti(L, list, i);
            lua_pushfstring(L, "%s%s -> ", lua_tostring(L, -2), lua_tostring(L, -1) + 2);
            lua_replace(L, -3);
            lua_pop(L, 1);
        }
        luaL_error(L, "%s%s", lua_tostring(L, -1), f->path);
    }
    lua_pop(L, 1);
}

/* Pushes the file as a function in its environment (at index env; 0: the usual one). Raises. */
static void push_file(lua_State *L, struct sources *s, const char *path, bool system, int env)
{
    if (sources_load(s, L, path) != LUA_OK)
        lua_error(L);
    if (env)
        lua_pushvalue(L, env);
    else if (system)
        env_push_system(L);
    else
        env_push_company(L);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
}

/* Runs the module and pushes its value. After an error it is not being loaded any more. */
static void load(lua_State *L, const struct found *f)
{
    if (f->sources)
        push_file(L, f->sources, f->path, f->system, 0);
    else
        lua_pushcfunction(L, f->open);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loading_key);
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
    lua_pushstring(L, f->key);
    lua_rawseti(L, -2, n + 1);
    lua_insert(L, -2);
    int status = lua_pcall(L, 0, 1, 0);
    lua_pushnil(L);
    lua_rawseti(L, -3, n + 1);
    lua_remove(L, -2);
    if (status != LUA_OK)
        lua_error(L);
    if (!f->sources)
        env_name_functions(L, f->path);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
}

/* Pushes what the table of loaded modules has under from and key; false: nothing, nothing pushed.
 */
static bool push_loaded(lua_State *L, const char *from, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_pushfstring(L, "%s%s", from, key);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

static void set_loaded(lua_State *L, const char *from, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_pushfstring(L, "%s%s", from, key);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static void require(lua_State *L, const char *name, bool system)
{
    struct found f;
    luaL_checkstack(L, 12, "require");
    if (strlen(name) >= PATH_SIZE - 16 || strchr(name, '/') || !resolve(L, &f, name, system))
        not_found(L, name, system);
    if (!push_loaded(L, "", f.key)) {
        check_cycle(L, &f);
        load(L, &f);
        set_loaded(L, "", f.key);
    }
    /* What all scripts of the state share is read-only for those of the company. */
    if (system || f.key[0] == 'f' || !lua_istable(L, -1))
        return;
    if (!push_loaded(L, "view ", f.key)) {
        env_push_view(L, -1);
        set_loaded(L, "view ", f.key);
    }
    lua_remove(L, -2);
}

static int l_require(lua_State *L)
{
    require(L, luaL_checkstring(L, 1), lua_toboolean(L, lua_upvalueindex(1)));
    return 1;
}

void require_push(lua_State *L, bool system)
{
    lua_pushboolean(L, system);
    lua_pushcclosure(L, l_require, 1);
}

void require_module(lua_State *L, const char *name)
{
    require(L, name, true);
}

int require_run_file(lua_State *L, const char *path, int env)
{
    struct str text;
    struct sources *s = vm_of(L)->context->company;
    int top = lua_gettop(L);
    if (!sources_text(s, path, &text))
        return luaL_error(L, "there is no file %s in the company's folder", path);
    push_file(L, s, path, false, env);
    lua_call(L, 0, LUA_MULTRET);
    return lua_gettop(L) - top;
}

void require_open(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loading_key);
}
