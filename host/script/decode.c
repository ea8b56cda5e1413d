/* JSON to Lua values. Members are gathered on the Lua stack, so that each table is made with its
 * exact size; only large ones grow. */
#include "codec.h"

#include <string.h>
#include <lauxlib.h>
#include "decimal_value.h"

#define GATHER    64 /* members that wait on the stack before their table is made */
#define FEW       16 /* keys up to which comparing each with each is the quicker way */
#define SHORT_MAX 40 /* Lua interns strings up to this: equal texts are one object */

static const char array_key = 0, object_key = 0;

struct in {
    lua_State *L;
    struct json_reader *r;
    int flags;
    const char *without; /* member of the outermost object that is left out; NULL: none */
};

static int push(struct in *x, enum json_token t);

static int fail(struct in *x, const char *problem)
{
    x->r->problem = problem;
    x->r->at = (size_t)(x->r->p - x->r->start);
    return -1;
}

static int push_array(struct in *x)
{
    lua_State *L = x->L;
    luaL_checkstack(L, GATHER + 8, "JSON");
    lua_pushnil(L); /* the table's place */
    int table = lua_gettop(L), waiting = 0;
    lua_Integer done = 0;
    enum json_token t;
    while ((t = json_next(x->r)) != JSON_ARRAY_END) {
        if (push(x, t) < 0)
            return -1;
        if (++waiting < GATHER)
            continue;
        if (done == 0) {
            lua_createtable(L, GATHER * 4, 0);
            lua_replace(L, table);
        }
        for (; waiting; waiting--)
            lua_rawseti(L, table, done + waiting);
        done += GATHER;
    }
    if (done == 0) {
        lua_createtable(L, waiting, 0);
        lua_replace(L, table);
    }
    for (; waiting; waiting--)
        lua_rawseti(L, table, done + waiting);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, table);
    return 0;
}

/* True if two of the n names are the same; names are Lua strings. */
static bool twins(const struct str *name, int n)
{
    for (int i = 1; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (name[i].p == name[j].p || (name[i].n > SHORT_MAX && name[i].n == name[j].n &&
                                              memcmp(name[i].p, name[j].p, name[i].n) == 0))
                return true;
        }
    }
    return false;
}

/* Moves n pairs from the top of the stack into the table; false for a key that it has already. */
static bool set_pairs(lua_State *L, int table, int n, bool look)
{
    for (; n; n--) {
        if (look) {
            lua_pushvalue(L, -2);
            if (lua_rawget(L, table) != LUA_TNIL)
                return false;
            lua_pop(L, 1);
        }
        lua_rawset(L, table);
    }
    return true;
}

static void drop_nulls(lua_State *L, int table)
{
    for (lua_pushnil(L); lua_next(L, table);) {
        bool null = lua_islightuserdata(L, -1);
        lua_pop(L, 1);
        if (!null)
            continue;
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, table);
    }
}

static int push_object(struct in *x)
{
    lua_State *L = x->L;
    struct str name[FEW];
    luaL_checkstack(L, 2 * GATHER + 8, "JSON");
    lua_pushnil(L); /* the table's place */
    int table = lua_gettop(L), waiting = 0;
    bool made = false, nulls = false;
    enum json_token t;
    while ((t = json_next(x->r)) == JSON_KEY) {
        if (x->without && x->r->depth == 1 && str_is(x->r->text, x->without)) {
            if (json_skip(x->r) < 0)
                return -1;
            continue;
        }
        const char *p = lua_pushlstring(L, x->r->text.p ? x->r->text.p : "", x->r->text.n);
        if (waiting < FEW)
            name[waiting] = (struct str){p, x->r->text.n};
        t = json_next(x->r);
        nulls |= t == JSON_NULL;
        if (push(x, t) < 0)
            return -1;
        if (++waiting < GATHER)
            continue;
        if (!made) {
            lua_createtable(L, 0, GATHER * 4);
            lua_replace(L, table);
            made = true;
        }
        if (!set_pairs(L, table, waiting, true))
            return fail(x, "a key that the object has already");
        waiting = 0;
    }
    if (t != JSON_OBJECT_END)
        return -1;
    if (!made) {
        lua_createtable(L, 0, waiting);
        lua_replace(L, table);
    }
    bool few = !made && waiting <= FEW;
    if (few ? twins(name, waiting) : false)
        return fail(x, "a key that the object has already");
    if (!set_pairs(L, table, waiting, !few))
        return fail(x, "a key that the object has already");
    /* Only now, because a null is a key like others when it comes to doubles. */
    if (nulls && (x->flags & CODEC_NO_NULLS))
        drop_nulls(L, table);
    return 0;
}

/* A float of at most 19 digits whose value is a quotient of two exact floats: rounded once, so
 * exactly what strtod gives (Clinger: How to read floating point numbers accurately, 1990). */
static bool quick_float(struct str text, double *out)
{
    static const double tens[] = {1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = text.p, *end = text.p + text.n;
    uint64_t digits = 0;
    int behind = 0;
    bool negative = *p == '-', point = false;
    for (p += negative; p != end; p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9' || digits > UINT64_MAX / 10 - 1)
            return false;
        digits = digits * 10 + (uint64_t)(*p - '0');
        behind += point;
    }
    if (digits > UINT64_C(1) << 53 || behind > 22)
        return false;
    double v = (double)digits / tens[behind];
    *out = negative ? -v : v;
    return true;
}

static int push_float(struct in *x)
{
    double v;
    if (quick_float(x->r->text, &v)) {
        lua_pushnumber(x->L, v);
        return 0;
    }
    /* Lua's reader wants a NUL behind the text, and makes integers where it can. */
    lua_pushlstring(x->L, x->r->text.p, x->r->text.n);
    if (!lua_stringtonumber(x->L, lua_tostring(x->L, -1)))
        return fail(x, "a number that is too long for a float");
    lua_pushnumber(x->L, lua_tonumber(x->L, -1));
    lua_insert(x->L, -3);
    lua_pop(x->L, 2);
    return 0;
}

static int push_number(struct in *x)
{
    struct err e = {0};
    struct decimal d;
    if (x->flags & CODEC_FLOATS)
        return push_float(x);
    if (decimal_parse(x->r->text, &d, &e) < 0)
        return fail(x, "a number that is larger or finer than a decimal of 38 digits can be");
    decimal_push(x->L, &d);
    return 0;
}

static int push(struct in *x, enum json_token t)
{
    switch (t) {
    case JSON_STRING:
        lua_pushlstring(x->L, x->r->text.p ? x->r->text.p : "", x->r->text.n);
        return 0;
    case JSON_INTEGER:
        lua_pushinteger(x->L, x->r->integer);
        return 0;
    case JSON_NUMBER:
        return push_number(x);
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(x->L, t == JSON_TRUE);
        return 0;
    case JSON_NULL:
        lua_pushlightuserdata(x->L, CODEC_NULL);
        return 0;
    case JSON_OBJECT:
        return push_object(x);
    case JSON_ARRAY:
        return push_array(x);
    default:
        return -1;
    }
}

static int decode(lua_State *L, struct str text, int flags, const char *without, struct err *e)
{
    struct vm *vm = vm_of(L);
    int top = lua_gettop(L);
    /* In the vm, so that a memory error leaves nothing behind that the next call does not free. */
    json_reader_free(&vm->reader);
    json_reader_init(&vm->reader, text);
    luaL_checkstack(L, 4, "JSON");
    struct in x = {L, &vm->reader, flags, without};
    if (push(&x, json_next(x.r)) < 0 || json_next(x.r) != JSON_END) {
        lua_settop(L, top);
        json_fail(x.r, e);
        json_reader_free(x.r);
        return -1;
    }
    json_reader_free(x.r);
    return 0;
}

int codec_decode(lua_State *L, struct str text, int flags, struct err *e)
{
    return decode(L, text, flags, NULL, e);
}

int codec_decode_without(lua_State *L, struct str text, const char *name, struct err *e)
{
    return decode(L, text, 0, name, e);
}

/* ---- marks --------------------------------------------------------------------------------- */

static const void *open_mark(lua_State *L, const char *key)
{
    lua_createtable(L, 0, 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    const void *address = lua_topointer(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
    return address;
}

void codec_open(lua_State *L)
{
    struct vm *vm = vm_of(L);
    vm->array_mark = open_mark(L, &array_key);
    vm->object_mark = open_mark(L, &object_key);
}

void codec_set_mark(lua_State *L, int index, int mark)
{
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, mark == 'a' ? &array_key : &object_key);
    lua_setmetatable(L, index);
}

int codec_mark(lua_State *L, int index)
{
    const struct vm *vm = vm_of(L);
    if (!lua_checkstack(L, 1) || !lua_getmetatable(L, index))
        return 0;
    const void *address = lua_topointer(L, -1);
    lua_pop(L, 1);
    return address == vm->array_mark ? 'a' : address == vm->object_mark ? 'o' : 0;
}
