/* How a call ends early, and stays ended. */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <lauxlib.h>
#include "json.h"
#include "report.h"
#include "vm.h"

/* The error object of an ended call; nothing that a script could take for anything. */
static const char ended = 0;

int call_end_now(lua_State *L, struct call *c, enum call_ending ending)
{
    c->ending = ending;
    lua_pushlightuserdata(L, (void *)&ended);
    return lua_error(L);
}

void call_set_limit(struct call *c, lua_State *L, const char *limit, const char *message)
{
    char where[256];
    if (c->ending != ENDING_NONE)
        return;
    c->ending = ENDING_LIMIT;
    buf_clear(&c->verdict);
    buf_addc(&c->verdict, '{');
    json_put_key(&c->verdict, "limit");
    json_put_cstring(&c->verdict, limit);
    json_put_key(&c->verdict, "message");
    json_put_cstring(&c->verdict, message);
    if (L && (report_where(L, false, where, sizeof(where)) ||
                 report_where(L, true, where, sizeof(where)))) {
        json_put_key(&c->verdict, "where");
        json_put_cstring(&c->verdict, where);
    }
    buf_addc(&c->verdict, '}');
}

void call_set_memory_limit(struct call *c, lua_State *L, size_t bytes)
{
    char message[128];
    bool whole = bytes % ((size_t)1 << 20) == 0;
    snprintf(message, sizeof(message),
        "the script needs more than %zu %s of memory: does something grow or "
        "call itself without end?",
        whole ? bytes >> 20 : bytes >> 10, whole ? "MiB" : "KiB");
    call_set_limit(c, L, "memory", message);
}

int call_hit_limit(lua_State *L, const char *limit, const char *fmt, ...)
{
    struct call *c = vm_of(L)->call;
    char message[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    call_set_limit(c, L, limit, message);
    return call_end_now(L, c, c->ending);
}

int call_hit_memory(lua_State *L)
{
    struct call *c = vm_of(L)->call;
    call_set_memory_limit(c, L, vm_of(L)->limit);
    return call_end_now(L, c, c->ending);
}

void call_check(lua_State *L)
{
    struct call *c = vm_of(L)->call;
    if (c && c->ending != ENDING_NONE)
        call_end_now(L, c, c->ending);
}
