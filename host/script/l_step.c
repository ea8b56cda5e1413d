/* Steps of the internal module "host", and what their answers mean; see host_module.h. */
#include "modules.h"

#include <string.h>
#include <strings.h>
#include <lauxlib.h>
#include "bridge.h"
#include "codec.h"
#include "context.h"
#include "encode_scalar.h"
#include "json.h"
#include "unread.h"
#include "vm.h"

/* ---- steps --------------------------------------------------------------------------------- */

static void check_step(lua_State *L)
{
    const struct call *c = vm_of(L)->call;
    bridge_check(L, "what goes to the outside (http, time, notify and the like)");
    if (c->seq >= c->context->limits.steps)
        call_hit_limit(
            L, "steps", "the run has taken %u steps: is there an endless loop?", (unsigned)c->seq);
}

/* How long the request took is left out: a run that is replayed must not see it, and each name in
 * it costs a look-up. */
static void push_meta(lua_State *L, const struct call *c)
{
    struct err e = {0};
    if (codec_decode_without(L, c->meta.n ? c->meta : STR_LIT("{}"), "timing", &e) < 0)
        luaL_error(L, "the answer of the host: %s", e.text);
}

static void push_bytes(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.p ? s.p : "", s.n);
}

/* After the answer has come: its meta as a table, its body as it is, the step's number. */
static int l_answered(lua_State *L, int status, lua_KContext context)
{
    const struct call *c = vm_of(L)->call;
    (void)status;
    (void)context;
    push_meta(L, c);
    push_bytes(L, c->answer);
    lua_pushinteger(L, c->seq);
    return 3;
}

int l_host_step(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct call *c = vm->call;
    struct err e = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TSTRING);
    check_step(L);
    buf_clear(&c->context->spec);
    if (codec_encode(vm, L, 1, &c->context->spec, &e) < 0)
        return luaL_error(L, "what was asked of the host cannot be written as JSON: %s", e.text);
    if (json_find_nul(buf_str(&c->context->spec)))
        return luaL_error(L, "what was asked of the host holds a NUL byte (\"\\0\"), which no text "
                             "there can have");
    c->seq++;
    lua_settop(L, 2);
    return bridge_suspend(L, l_answered);
}

int l_host_seq(lua_State *L)
{
    lua_pushinteger(L, vm_of(L)->call->seq);
    return 1;
}

/* ---- what an answer's body means ----------------------------------------------------------- */

/* Without a content-type: an object or a list. */
static bool looks_like_json(struct str raw)
{
    struct str text = str_trim(raw);
    return text.n > 0 && (text.p[0] == '{' || text.p[0] == '[');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* "json" as a word, or behind a hyphen: application/json, problem+json, x-json; not x-ndjson nor
 * json-seq, which are lists of texts. */
static bool has_json(struct str kind)
{
    for (size_t i = 0; i + 4 <= kind.n; i++)
        if (strncasecmp(kind.p + i, "json", 4) == 0 &&
            (i == 0 || kind.p[i - 1] == '-' || !is_letter(kind.p[i - 1])) &&
            (i + 4 == kind.n || !is_letter(kind.p[i + 4])))
            return true;
    return false;
}

enum meaning { BODY_RAW, BODY_VALUE, BODY_BROKEN };

/* BODY_VALUE: it is pushed. BODY_BROKEN: it says that it is JSON and is not, e says how. kind
 * without bytes: there is no content-type. */
static enum meaning push_value(
    lua_State *L, struct str raw, struct str kind, bool nulls, struct err *e)
{
    bool says = has_json(kind);
    if (raw.n == 0 || (kind.p && !says) || (!says && !looks_like_json(raw)))
        return BODY_RAW;
    if (codec_decode(L, raw, nulls ? 0 : CODEC_NO_NULLS, e) == 0)
        return BODY_VALUE;
    return says ? BODY_BROKEN : BODY_RAW;
}

int l_host_read_body(lua_State *L)
{
    struct err e = {0};
    struct str raw, kind = STR_NONE;
    raw.p = luaL_optlstring(L, 1, "", &raw.n);
    if (!lua_isnoneornil(L, 2))
        kind.p = luaL_checklstring(L, 2, &kind.n);
    bool nulls = lua_toboolean(L, 3);
    lua_settop(L, 2); /* both texts stay while they are read */
    if (lua_isnil(L, 1)) {
        lua_pushliteral(L, "");
        lua_replace(L, 1);
    }
    switch (push_value(L, raw, kind, nulls, &e)) {
    case BODY_VALUE:
        return 1;
    case BODY_BROKEN:
        lua_settop(L, 1);
        lua_pushfstring(L, "the answer says it is JSON and is not: %s", e.text);
        return 2;
    default:
        lua_settop(L, 1);
        return 1;
    }
}

static bool is_plain(struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.n; i++)
        plain &= (unsigned char)s.p[i] > ' ' && s.p[i] != 0x7f;
    return plain;
}

int l_host_plain(lua_State *L)
{
    struct str s;
    s.p = luaL_checklstring(L, 1, &s.n);
    lua_pushboolean(L, is_plain(s));
    return 1;
}

/* ---- plain reads --------------------------------------------------------------------------- */

/* Most requests are plain ones with plain answers. For these no table is made that only this side
 * of a step would read: the state of a run is seldom in the processor's cache when its turn comes,
 * and each of its tables and texts that is touched then costs more than all work with it. */

enum { HEADS = 1, STATUS, HEADERS, BODY, UNREAD }; /* upvalues of a reader */

/* Of the meta of an answer, as it is written there. */
struct ordinary {
    int status;
    struct str headers, kind; /* JSON; the content-type, without bytes if there is none */
};

/* False: it is no object of texts without escapes. */
static bool read_kind(struct str headers, struct str *kind)
{
    struct str at = unread_members(headers), name, value;
    bool bad;
    *kind = STR_NONE;
    while (unread_next(&at, &name, &value, &bad))
        if (str_is(name, "content-type"))
            *kind = value;
    return !bad;
}

/* True for an answer below 300 of status and headers alone, as the host writes it; what is written
 * in another way is read as all others are. */
static bool read_ordinary(struct str meta, struct ordinary *o)
{
    static const char begin[] = "{\"status\":2", middle[] = ",\"headers\":";
    const size_t nbegin = sizeof(begin) - 1, nmiddle = sizeof(middle) - 1;
    const char *p = meta.p, *end = meta.p + meta.n;
    if (meta.n < nbegin + 2 + nmiddle + 3 || memcmp(p, begin, nbegin) != 0 || end[-1] != '}' ||
        memchr(p, '\\', meta.n))
        return false;
    p += nbegin;
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' || memcmp(p + 2, middle, nmiddle) != 0)
        return false;
    o->status = 200 + (p[0] - '0') * 10 + (p[1] - '0');
    p += 2 + nmiddle;
    o->headers = (struct str){p, (size_t)(end - 1 - p)};
    return read_kind(o->headers, &o->kind);
}

/* The response of an ordinary answer on the stack, or false. */
static bool push_response(lua_State *L, const struct call *c)
{
    struct err e = {0};
    struct ordinary o;
    if (!read_ordinary(c->meta, &o))
        return false;
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, lua_upvalueindex(BODY));
    enum meaning m = push_value(L, c->answer, o.kind, false, &e);
    if (m == BODY_BROKEN)
        return false;
    if (m == BODY_RAW)
        push_bytes(L, c->answer);
    lua_rawset(L, -3);
    lua_pushvalue(L, lua_upvalueindex(STATUS));
    lua_pushinteger(L, o.status);
    lua_rawset(L, -3);
    lua_pushvalue(L, lua_upvalueindex(HEADERS));
    unread_push(L, o.headers, lua_upvalueindex(UNREAD));
    lua_rawset(L, -3);
    return true;
}

static int l_was_read(lua_State *L, int status, lua_KContext context)
{
    const struct call *c = vm_of(L)->call;
    (void)status;
    (void)context;
    if (push_response(L, c))
        return 1;
    lua_pushboolean(L, 0);
    push_meta(L, c);
    push_bytes(L, c->answer);
    return 3;
}

static int l_read(lua_State *L)
{
    struct call *c = vm_of(L)->call;
    struct buf *spec = &c->context->spec;
    struct str head, path;
    lua_settop(L, 2);
    if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING)
        return 0;
    path.p = lua_tolstring(L, 2, &path.n);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(HEADS)) != LUA_TSTRING || !is_plain(path))
        return 0;
    head.p = lua_tolstring(L, 3, &head.n);
    check_step(L);
    buf_clear(spec);
    buf_add(spec, head.p, head.n);
    if (scalar_string(spec, path) < 0 || buf_addc(spec, '}'))
        return 0;
    c->seq++;
    lua_settop(L, 0);
    lua_pushnil(L);
    return bridge_suspend(L, l_was_read);
}

int l_host_reader(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushliteral(L, "status");
    lua_pushliteral(L, "headers");
    lua_pushliteral(L, "body");
    unread_push_mark(L);
    lua_pushcclosure(L, l_read, UNREAD);
    return 1;
}
