/* Lua values to JSON. Only raw access and nothing that allocates in Lua, so nothing here raises:
 * results are written outside of protected calls too. The members of an object wait on the Lua
 * stack while their keys are sorted. */
#include "codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "decimal_value.h"
#include "encode_scalar.h"
#include "env.h"
#include "unread.h"

#define DEPTH_MAX 128
#define FEW       24 /* keys up to which sorting by insertion is the quicker way */

struct out {
    struct vm *vm;
    lua_State *L;
    struct buf *b;
    int depth;
    const char *problem;
    char where[240]; /* the way to the problem, written from its end */
    size_t nwhere;
    bool deep; /* that it is too long is the problem: its beginning says where to look */
};

/* A member that waits: its key, and the stack index of its value. */
struct member {
    uint64_t head; /* the key's first 8 bytes as a number that sorts like them */
    const char *p;
    size_t n;
    int value;
};

static int put(struct out *x, int index);

static int fail(struct out *x, const char *problem)
{
    x->problem = problem;
    return -1;
}

/* Puts a step in front of the way to the problem; what does not fit is left out. */
static int add_way(struct out *x, const char *step, size_t n)
{
    if (x->deep && x->nwhere > 40)
        x->nwhere = 0;
    bool dot = x->nwhere && x->where[0] != '[';
    if (x->nwhere + n + dot >= sizeof(x->where))
        return -1;
    memmove(x->where + n + dot, x->where, x->nwhere);
    memcpy(x->where, step, n);
    if (dot)
        x->where[n] = '.';
    x->nwhere += n + dot;
    return -1;
}

static int add_way_index(struct out *x, lua_Integer i)
{
    char step[32];
    int n = snprintf(step, sizeof(step), "[%lld]", (long long)i);
    return add_way(x, step, (size_t)n);
}

static inline void put_bytes(struct buf *b, const char *p, size_t n)
{
    if (b->n + n < b->cap && !b->failed) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    } else {
        buf_add(b, p, n);
    }
}

static inline void put_byte(struct buf *b, char c)
{
    put_bytes(b, &c, 1);
}

/* ---- arrays -------------------------------------------------------------------------------- */

/* The value on top is the array's i-th; takes it away. */
static inline int put_element(struct out *x, lua_Integer i)
{
    if (i > 1)
        put_byte(x->b, ',');
    if (put(x, lua_gettop(x->L)) < 0)
        return add_way_index(x, i);
    lua_pop(x->L, 1);
    return 0;
}

/* The array at index whose keys do not come in order by themselves; its first `done` elements are
 * written. (Were they written again, a list in a list in a list would take twice as long for each.)
 */
static int put_unordered(struct out *x, int index, lua_Integer done)
{
    lua_State *L = x->L;
    lua_Integer count = 0, most = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1)
            return fail(x, lua_type(L, -2) == LUA_TSTRING
                               ? "a table with both list elements and named fields"
                               : "a list whose indexes are not 1, 2, 3 ...");
        lua_Integer key = lua_tointeger(L, -2);
        count++;
        most = key > most ? key : most;
    }
    if (most != count)
        return fail(x, "a list with holes: an element in between is nil (json.null is a value)");
    for (lua_Integer i = done + 1; i <= count; i++) {
        lua_rawgeti(L, index, i);
        if (put_element(x, i) < 0)
            return -1;
    }
    put_byte(x->b, ']');
    return 0;
}

/* The usual list comes out of lua_next in order, so one walk checks and writes. */
static int put_array(struct out *x, int index)
{
    lua_State *L = x->L;
    lua_Integer i = 0;
    put_byte(x->b, '[');
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) != i + 1) {
            lua_pop(L, 2);
            return put_unordered(x, index, i);
        }
        if (put_element(x, ++i) < 0)
            return -1;
    }
    put_byte(x->b, ']');
    return 0;
}

/* ---- objects ------------------------------------------------------------------------------- */

static inline uint64_t head_of(const char *p, size_t n)
{
    uint64_t head = 0;
    memcpy(&head, p, n < 8 ? n : 8);
    return __builtin_bswap64(head);
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order ? order : x->n < y->n ? -1 : x->n > y->n;
}

static void sort(struct member *m, size_t n)
{
    if (n > FEW) {
        qsort(m, n, sizeof(*m), by_key);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct member moving = m[i];
        size_t j = i;
        for (; j > 0 && by_key(&moving, &m[j - 1]) < 0; j--)
            m[j] = m[j - 1];
        m[j] = moving;
    }
}

/* Leaves all keys and values on the stack and their members in vm->keys; how many, or -1. */
static int gather(struct out *x, int index)
{
    lua_State *L = x->L;
    int n = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return fail(x, lua_type(L, -2) == LUA_TNUMBER
                               ? "a table with both list elements and named fields"
                               : "a table whose keys are neither texts nor 1, 2, 3 ...");
        struct member *m = (struct member *)buf_room(&x->vm->keys, sizeof(*m));
        if (!m || !lua_checkstack(L, 8))
            return fail(x, "an object of too many fields");
        m->p = lua_tolstring(L, -2, &m->n);
        m->head = head_of(m->p, m->n);
        m->value = lua_gettop(L);
        x->vm->keys.n += sizeof(*m);
        n++;
        lua_pushvalue(L, -2);
    }
    return n;
}

static int put_object(struct out *x, int index)
{
    struct buf *keys = &x->vm->keys;
    size_t begin = keys->n;
    int n = gather(x, index);
    if (n < 0)
        return -1;
    if (n > 1)
        sort((struct member *)(keys->p + begin), (size_t)n);
    put_byte(x->b, '{');
    for (int i = 0; i < n; i++) {
        /* By position: what is below may have moved the buffer. */
        struct member m;
        memcpy(&m, keys->p + begin + (size_t)i * sizeof(m), sizeof(m));
        if (i)
            put_byte(x->b, ',');
        if (scalar_string(x->b, (struct str){m.p, m.n}) < 0)
            return fail(x, "a key that is not UTF-8");
        put_byte(x->b, ':');
        if (put(x, m.value) < 0)
            return add_way(x, m.p, m.n);
    }
    put_byte(x->b, '}');
    keys->n = begin;
    return 0;
}

/* The same of a table that is not made yet: its members are in its text. */
static int put_unread(struct out *x, struct str object)
{
    struct buf *keys = &x->vm->keys;
    size_t begin = keys->n, n = 0;
    struct str at = unread_members(object), name, value;
    while (unread_next(&at, &name, &value, NULL)) {
        struct member *m = (struct member *)buf_room(keys, sizeof(*m));
        if (!m)
            return fail(x, "an object of too many fields");
        *m = (struct member){.p = name.p,
            .n = name.n,
            .head = head_of(name.p, name.n),
            .value = (int)(value.p - object.p)};
        keys->n += sizeof(*m);
        n++;
    }
    const struct member *m = (const struct member *)(keys->p + begin);
    if (n > 1)
        sort((struct member *)(keys->p + begin), n);
    put_byte(x->b, '{');
    for (size_t i = 0; i < n; i++) {
        value.p = object.p + m[i].value;
        value.n =
            (size_t)((const char *)memchr(value.p, '"', object.n - (size_t)m[i].value) - value.p);
        if (i)
            put_byte(x->b, ',');
        if (scalar_string(x->b, (struct str){m[i].p, m[i].n}) < 0)
            return fail(x, "a key that is not UTF-8");
        put_byte(x->b, ':');
        if (scalar_string(x->b, value) < 0) {
            fail(x, "a text that is not UTF-8");
            return add_way(x, m[i].p, m[i].n);
        }
    }
    put_byte(x->b, '}');
    keys->n = begin;
    return 0;
}

/* ---- values -------------------------------------------------------------------------------- */

static int put_table(struct out *x, int index)
{
    lua_State *L = x->L;
    int top = lua_gettop(L), rc;
    struct str object;
    x->deep = x->depth == DEPTH_MAX;
    if (x->deep)
        return fail(x, "nested too deeply, or a table that contains itself");
    if (x->b->failed) /* a few tables that hold each other twice are a text without end */
        return fail(x, "too large");
    if (!lua_checkstack(L, 8))
        return fail(x, "too large");
    if (env_view_target(L, index))
        index = lua_gettop(L);
    if (unread_text(L, index, &object)) {
        rc = put_unread(x, object);
        if (rc == 0)
            lua_settop(L, top);
        return rc;
    }
    x->depth++;
    int mark = codec_mark(L, index);
    if (!mark) {
        lua_pushnil(L);
        mark = !lua_next(L, index) ? 'o' : lua_type(L, -2) == LUA_TNUMBER ? 'a' : 'o';
    }
    lua_settop(L, index > top ? index : top);
    rc = mark == 'a' ? put_array(x, index) : put_object(x, index);
    if (rc == 0)
        lua_settop(L, top);
    x->depth--;
    return rc;
}

static int put_number(struct out *x, int index)
{
    char text[SCALAR_TEXT];
    if (lua_isinteger(x->L, index)) {
        put_bytes(x->b, text, scalar_integer(lua_tointeger(x->L, index), text));
        return 0;
    }
    double v = lua_tonumber(x->L, index);
    if (!isfinite(v))
        return fail(x, isnan(v) ? "not a number (0/0)" : "an infinite number");
    put_bytes(x->b, text, scalar_float(v, text));
    return 0;
}

static int put_userdata(struct out *x, int index)
{
    const struct decimal *d = decimal_at(x->L, index);
    if (!d)
        return fail(x, "a userdata, which JSON does not have");
    char text[DECIMAL_TEXT];
    decimal_text(d, text);
    put_bytes(x->b, text, strlen(text));
    return 0;
}

static int put_text(struct out *x, int index)
{
    struct str s;
    s.p = lua_tolstring(x->L, index, &s.n);
    if (scalar_string(x->b, s) < 0)
        return fail(x, "a text that is not UTF-8");
    return 0;
}

static int put(struct out *x, int index)
{
    switch (lua_type(x->L, index)) {
    case LUA_TNIL:
        put_bytes(x->b, "null", 4);
        return 0;
    case LUA_TBOOLEAN:
        if (lua_toboolean(x->L, index))
            put_bytes(x->b, "true", 4);
        else
            put_bytes(x->b, "false", 5);
        return 0;
    case LUA_TNUMBER:
        return put_number(x, index);
    case LUA_TSTRING:
        return put_text(x, index);
    case LUA_TTABLE:
        return put_table(x, index);
    case LUA_TUSERDATA:
        return put_userdata(x, index);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(x->L, index) != CODEC_NULL)
            return fail(x, "a userdata, which JSON does not have");
        put_bytes(x->b, "null", 4);
        return 0;
    case LUA_TFUNCTION:
        return fail(x, "a function, which JSON does not have");
    default:
        return fail(x, "a value that JSON does not have");
    }
}

int codec_encode(struct vm *vm, lua_State *L, int index, struct buf *out, struct err *e)
{
    struct out x = {.vm = vm, .L = L, .b = out};
    int top = lua_gettop(L);
    size_t before = out->n;
    buf_clear(&vm->keys);
    int rc = put(&x, lua_absindex(L, index));
    lua_settop(L, top);
    if (rc == 0 && !out->failed)
        return 0;
    bool large = out->failed;
    out->n = before;
    out->failed = false;
    if (large)
        return err_set(e, ERR_LIMIT, "the JSON would be larger than %zu bytes", out->max);
    return err_set(e, ERR_INPUT, "%.*s%s%s%s", (int)x.nwhere, x.where, x.deep ? "..." : "",
        x.nwhere ? ": " : "", x.problem);
}
