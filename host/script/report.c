/* What an error was, where, and how it came there. */
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <lauxlib.h>
#include "call.h"
#include "codec.h"
#include "context.h"
#include "json.h"
#include "modules.h"
#include "unread.h"

#define TRACE_MAX   ((size_t)8 << 10)
#define MESSAGE_MAX ((size_t)8 << 10)
#define FIELD_MAX   ((size_t)64 << 10)
#define FRAMES_MAX  40
#define WHERE_SIZE  256

/* Of all fields; those that are too large count as well. */
#define FIELDS_MAX ((size_t)1 << 20)

/* ---- places -------------------------------------------------------------------------------- */

/* Files of lua/ are ours, all others the company's, or rules that it uses. */
static bool is_company(const char *source)
{
    return source[0] == '@' && strncmp(source + 1, "lua/", 4) != 0;
}

static bool is_lua(const char *source)
{
    return source[0] == '@';
}

bool report_where(lua_State *L, bool any, char *out, size_t size)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0)
            continue;
        if (!(any ? is_lua(ar.source) : is_company(ar.source)))
            continue;
        snprintf(out, size, "%s:%d", ar.source + 1, ar.currentline);
        return true;
    }
    return false;
}

/* The length of "file.lua:12: " at the begin of a message, and the place without its end; 0 if
 * there is none. */
static size_t prefix_place(struct str message, char *where, size_t size)
{
    const char *dot = memmem(message.p, message.n < 220 ? message.n : 220, ".lua:", 5);
    if (!dot)
        return 0;
    size_t n = (size_t)(dot - message.p) + 5;
    if (memchr(message.p, '\n', n) || memchr(message.p, ' ', n))
        return 0;
    while (n < message.n && message.p[n] >= '0' && message.p[n] <= '9')
        n++;
    if (n + 1 >= message.n || message.p[n] != ':' || message.p[n + 1] != ' ')
        return 0;
    snprintf(where, size, "%.*s", (int)n, message.p);
    return n + 2;
}

/* The source text of a place, or empty. */
static struct str place_line(const struct context *c, const char *where)
{
    char path[WHERE_SIZE];
    struct str text;
    int64_t line;
    const char *colon = strrchr(where, ':');
    if (!colon || !str_to_i64(str_of(colon + 1), &line) || line < 1 || line > 10000000)
        return STR_NONE;
    snprintf(path, sizeof(path), "%.*s", (int)(colon - where), where);
    if (!sources_text(c->company, path, &text) && !sources_text(c->system, path, &text))
        return STR_NONE;
    return str_trim(sources_line(text, (int)line));
}

/* ---- a rule that ends with `return f(...)` --------------------------------------------------

   Lua keeps no frame of a function that ends so. Which one it was says who called it, a file of
   lua/, by host.calls. */

/* The line of the only `return` in the lines of a function, else the line where it begins. */
static int return_line(const struct context *c, const struct call_target *function)
{
    int found = 0;
    for (int i = function->first; i <= function->last && i < function->first + 1000; i++) {
        char where[WHERE_SIZE];
        snprintf(where, sizeof(where), "%s:%d", function->source + 1, i);
        struct str line = place_line(c, where);
        if (line.n < 7 || memcmp(line.p, "return ", 7))
            continue;
        if (found)
            return function->first;
        found = i;
    }
    return found ? found : function->first;
}

static bool tail_where(lua_State *L, const struct vm *vm, char *out, size_t size)
{
    const struct call_target *target = vm->call ? &vm->call->target : NULL;
    lua_Debug ar;
    bool tail = false;
    if (!target || !target->caller || !is_company(target->source) || target->first <= 0)
        return false;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "tf", &ar))
            return false;
        bool called_it = lua_topointer(L, -1) == target->caller;
        lua_pop(L, 1);
        if (tail && called_it) {
            snprintf(out, size, "%s:%d", target->source + 1, return_line(vm->context, target));
            return true;
        }
        tail = ar.istailcall;
    }
    return false;
}

/* ---- parts of the report ------------------------------------------------------------------- */

static struct str cut(struct str s, size_t max)
{
    if (s.n > max)
        s.n = max;
    return s;
}

static void put_trace(struct buf *out, lua_State *L, const struct context *c)
{
    char text[TRACE_MAX];
    size_t n = 0;
    lua_Debug ar;
    for (int level = 0, shown = 0; shown < FRAMES_MAX && lua_getstack(L, level, &ar); level++) {
        char where[WHERE_SIZE];
        if (!lua_getinfo(L, "Sln", &ar) || ar.currentline <= 0 || !is_lua(ar.source))
            continue;
        shown++;
        snprintf(where, sizeof(where), "%s:%d", ar.source + 1, ar.currentline);
        struct str line = cut(is_company(ar.source) ? place_line(c, where) : STR_NONE, 120);
        int written = snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s%.*s", n ? "\n" : "", where,
            ar.name ? " in " : "", ar.name ? ar.name : "", line.n ? " | " : "", STR_ARG(line));
        if (written < 0 || (size_t)written >= sizeof(text) - n)
            break;
        n += (size_t)written;
    }
    if (n) {
        json_put_key(out, "trace");
        json_put_string(out, (struct str){text, n});
    }
}

/* Fields of an error table that are not written already; as many as there is room and time for. */
static void put_fields(struct vm *vm, lua_State *L, int index, struct buf *out)
{
    static const char *const known[] = {"message", "where", "line", "trace", "text"};
    struct err e;
    size_t left = FIELDS_MAX, max = out->max;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct str key;
        bool skip = left < FIELD_MAX || lua_type(L, -2) != LUA_TSTRING;
        if (skip)
            continue;
        key.p = lua_tolstring(L, -2, &key.n);
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            skip = skip || str_is(key, known[i]);
        if (skip || key.n > 100 || !str_utf8_valid(key) ||
            (lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) > FIELD_MAX))
            continue;
        size_t before = out->n;
        buf_addc(out, ',');
        json_put_string(out, key);
        buf_addc(out, ':');
        if (out->n + FIELD_MAX < max)
            out->max = out->n + FIELD_MAX;
        if (out->failed || codec_encode(vm, L, -1, out, &e) < 0) {
            left -= FIELD_MAX;
            out->n = before;
            out->failed = false;
        } else {
            left -= out->n - before < FIELD_MAX ? out->n - before : FIELD_MAX;
        }
        out->max = max;
    }
}

/* The text of an error table, by its __tostring, which may do anything: under protection, and after
 * everything that is read raw. */
static int l_text(lua_State *L)
{
    base_push_text(L, 1);
    return 1;
}

static void put_text(lua_State *L, int index, struct buf *out)
{
    lua_pushcfunction(L, l_text);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) {
        struct str text;
        text.p = lua_tolstring(L, -1, &text.n);
        json_put_key(out, "text");
        json_put_string(out, cut(text, MESSAGE_MAX));
    }
    lua_pop(L, 1);
}

static int l_fill(lua_State *L)
{
    unread_fill(L, 1);
    return 0;
}

/* An error table that is read raw from here on. Without memory it is told of without its fields. */
static void fill(lua_State *L, int index)
{
    struct str text;
    if (!unread_text(L, index, &text))
        return;
    lua_pushcfunction(L, l_fill);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        lua_pop(L, 1);
}

static void describe(lua_State *L, int index, char *out, size_t size)
{
    int type = lua_type(L, index);
    if (type == LUA_TNUMBER && lua_isinteger(L, index))
        snprintf(out, size, "error object: %lld", (long long)lua_tointeger(L, index));
    else if (type == LUA_TNUMBER)
        snprintf(out, size, "error object: %.14g", lua_tonumber(L, index));
    else if (type == LUA_TBOOLEAN)
        snprintf(out, size, "error object: %s", lua_toboolean(L, index) ? "true" : "false");
    else
        snprintf(out, size, "error object: a %s", lua_typename(L, type));
}

/* Pushes the value of a field, raw and without making anything; false: nothing is pushed. */
static bool push_field(lua_State *L, int index, const char *name, int type)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct str key;
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != type)
            continue;
        key.p = lua_tolstring(L, -2, &key.n);
        if (str_is(key, name)) {
            lua_remove(L, -2);
            return true;
        }
    }
    return false;
}

/* What reads it holds texts as C does, and would know nothing of an error with a NUL in it. */
static void without_nul(char *json, size_t n)
{
    const char *nul;
    for (size_t at = 0; (nul = json_find_nul((struct str){json + at, n - at})); at += 6) {
        at = (size_t)(nul - json);
        memcpy(json + at, "\\ufffd", 6);
    }
}

void report_error(struct vm *vm, lua_State *L, int status, struct buf *out)
{
    size_t begin = out->n;
    char where[WHERE_SIZE] = "", words[128];
    int top = lua_gettop(L);
    struct str message = STR_NONE;
    bool table = false;
    if (!lua_checkstack(L, 20) || top == 0) {
        buf_adds(out, "{\"message\":\"stack overflow\",\"class\":\"script\"}");
        return;
    }
    if (lua_type(L, top) == LUA_TSTRING) {
        message.p = lua_tolstring(L, top, &message.n);
        size_t n = prefix_place(message, where, sizeof(where));
        if (n && strncmp(where, "lua/", 4) == 0 && report_where(L, false, where, sizeof(where)))
            n = 0; /* the script's own line is what its author can look at */
        else if (n && strncmp(where, "lua/", 4) == 0)
            tail_where(L, vm, where, sizeof(where));
        message.p += n;
        message.n -= n;
    } else if (lua_type(L, top) == LUA_TTABLE) {
        table = true;
        fill(L, top);
        if (push_field(L, top, "message", LUA_TSTRING))
            message.p = lua_tolstring(L, -1, &message.n);
        else
            message = STR_LIT("error object: a table without a message");
    } else {
        describe(L, top, words, sizeof(words));
        message = str_of(words);
    }
    if (!where[0] && !report_where(L, false, where, sizeof(where)) &&
        !tail_where(L, vm, where, sizeof(where)))
        report_where(L, true, where, sizeof(where));
    buf_adds(out, "{\"message\":");
    json_put_string(out, cut(message, MESSAGE_MAX));
    if (status == LUA_ERRMEM)
        buf_adds(out, ",\"limit\":\"memory\"");
    if (where[0]) {
        json_put_key(out, "where");
        json_put_cstring(out, where);
        struct str line = cut(place_line(vm->context, where), 200);
        if (line.n) {
            json_put_key(out, "line");
            json_put_string(out, line);
        }
    }
    put_trace(out, L, vm->context);
    size_t before = out->n;
    if (table)
        put_fields(vm, L, top, out);
    if (!memmem(out->p + before, out->n - before, "\"class\":", 8))
        buf_adds(out, ",\"class\":\"script\"");
    if (table)
        put_text(L, top, out);
    lua_settop(L, top);
    buf_addc(out, '}');
    without_nul(out->p + begin, out->n - begin);
}
