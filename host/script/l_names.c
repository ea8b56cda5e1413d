/* Module names: company names as a hint; the business ID decides. */
#include <lauxlib.h>
#include <lua.h>

#include "modules.h"
#include "names.h"
#include "vm.h"

static struct str text_at(lua_State *L, int index)
{
    size_t n;
    const char *p = luaL_checklstring(L, index, &n);
    return (struct str){p, n};
}

/* names.fold(text) -> the name without case, accents, punctuation and legal form */
static int l_fold(lua_State *L)
{
    struct str text = text_at(L, 1);
    struct buf *out = &vm_of(L)->text; /* the state's own: nothing leaks if the push raises */
    buf_clear(out);
    if (names_fold(out, text) < 0)
        return luaL_error(L, "names.fold: the name is too long");
    lua_pushlstring(L, out->p ? out->p : "", out->n);
    return 1;
}

/* names.same(a, b): the same but for spelling, or for one slip of the pen */
static int l_same(lua_State *L)
{
    lua_pushboolean(L, names_same(text_at(L, 1), text_at(L, 2)));
    return 1;
}

/* names.compare(a, b) -> "same", "close", "unsure" or "different" */
static int l_compare(lua_State *L)
{
    static const char *const words[] = {"different", "unsure", "close", "same"};
    lua_pushstring(L, words[names_compare(text_at(L, 1), text_at(L, 2))]);
    return 1;
}

/* names.explain(a, b) -> decision ("same", "unsure", "different"), score 0 to 100, and the
 * evidence:
 * {{kind="form", a="oy", b="oy", weight=10}, ...}; the weights add up to the score */
static int l_explain(lua_State *L)
{
    struct names_evidence e;
    enum names_match m = names_explain(text_at(L, 1), text_at(L, 2), &e);
    lua_pushstring(L, names_decision(m));
    lua_pushinteger(L, (lua_Integer)(e.score * 100 + 0.5));
    lua_createtable(L, e.count, 0);
    for (int i = 0; i < e.count; i++) {
        double hundredths = e.note[i].weight * 100;
        lua_createtable(L, 0, 4);
        lua_pushstring(L, names_note_name(e.note[i].kind));
        lua_setfield(L, -2, "kind");
        lua_pushstring(L, e.note[i].a);
        lua_setfield(L, -2, "a");
        lua_pushstring(L, e.note[i].b);
        lua_setfield(L, -2, "b");
        lua_pushinteger(L, (lua_Integer)(hundredths < 0 ? hundredths - 0.5 : hundredths + 0.5));
        lua_setfield(L, -2, "weight");
        lua_rawseti(L, -2, i + 1);
    }
    return 3;
}

/* names.form(text) -> "oy", "ky" ..., "" if the name bears no legal form */
static int l_form(lua_State *L)
{
    lua_pushstring(L, names_form(text_at(L, 1)));
    return 1;
}

int l_open_names(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"fold", l_fold},
        {"same", l_same},
        {"compare", l_compare},
        {"explain", l_explain},
        {"form", l_form},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
