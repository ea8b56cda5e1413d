/* Contexts and their states. */
#include "context.h"

#include <string.h>
#include <lauxlib.h>
#include "bridge.h"
#include "codec.h"
#include "env.h"
#include "jsondoc.h"
#include "mem.h"
#include "require.h"
#include "watchdog.h"

#define SPEC_MAX     ((size_t)1 << 20)
#define COLLECT_OVER ((size_t)4 << 20) /* idle states larger than this are collected first */
/* Lua collects when a state has grown to so many percent of what was left of it. Most of a state is
 * the libraries', which never go, and each time all of it is looked through; where the limit of
 * memory is nearer, Lua collects there. */
#define COLLECT_PAUSE 400

/* A limit of the options, or what all contexts have. */
static int64_t limit_of(const struct jsonv *limits, const char *name, int64_t value)
{
    int64_t wanted = jsonv_int(jsonv_get(limits, name), value);
    return wanted > 0 ? wanted : value;
}

static int read_limits(struct context *c, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(c->options, e);
    if (!d)
        return err_prefix(e, "options of %s", c->name);
    const struct jsonv *given = jsonv_get(jsondoc_root(d), "limits");
    struct limits *l = &c->limits;
    if (c->single) {
        l->call_ms = 0;
        l->steps = UINT32_MAX;
    }
    l->memory = (size_t)limit_of(given, "memory", (int64_t)l->memory);
    l->burst_ms = limit_of(given, "burst_ms", l->burst_ms);
    l->call_ms = limit_of(given, "call_ms", l->call_ms);
    l->steps = (uint32_t)limit_of(given, "steps", l->steps);
    l->log = (size_t)limit_of(given, "log", (int64_t)l->log);
    jsondoc_free(d);
    return 0;
}

static int64_t lower(const struct jsonv *limits, const char *name, int64_t value)
{
    int64_t wanted = limit_of(limits, name, value);
    return wanted < value || value == 0 ? wanted : value;
}

void context_lower(struct context *c, struct str manifest)
{
    struct jsondoc *d = jsondoc_parse(manifest, NULL);
    const struct jsonv *given = jsonv_get(d ? jsondoc_root(d) : NULL, "limits");
    struct limits *l = &c->limits;
    l->memory = (size_t)lower(given, "memory", (int64_t)l->memory);
    l->burst_ms = lower(given, "burst_ms", l->burst_ms);
    l->call_ms = lower(given, "call_ms", l->call_ms);
    l->steps = (uint32_t)lower(given, "steps", l->steps);
    l->log = (size_t)lower(given, "log", (int64_t)l->log);
    jsondoc_free(d);
}

struct context *context_new(struct str name, bool single, struct str module, struct sources *system,
    struct str bundle, struct str options, const struct limits *limits, struct idle_states *idle,
    struct err *e)
{
    struct context *c = mem_zalloc(1, sizeof(*c));
    c->name = mem_dupn(name.p, name.n);
    c->module = mem_dupn(module.p, module.n);
    c->single = single;
    c->system = system;
    c->limits = *limits;
    c->idle = idle;
    buf_init(&c->spec, SPEC_MAX);
    c->refs = 1;
    list_init(&c->mine);
    c->options = options.n ? options : STR_LIT("{}");
    c->options.p = mem_dupn(c->options.p, c->options.n);
    c->company = sources_new(bundle.n ? bundle : STR_LIT("{}"), e);
    if (!c->company || read_limits(c, e) < 0) {
        context_release(c);
        return NULL;
    }
    return c;
}

void context_release(struct context *c)
{
    if (!c || --c->refs > 0)
        return;
    vm_free(c->only);
    sources_free(c->company);
    buf_free(&c->spec);
    mem_free(c->name);
    mem_free(c->module);
    mem_free((void *)c->options.p);
    mem_free(c);
}

/* ---- idle states --------------------------------------------------------------------------- */

static void idle_remove(struct idle_states *idle, struct vm *vm)
{
    list_remove(&vm->node);
    list_remove(&vm->mine);
    idle->bytes -= vm->used;
    vm->context->nidle--;
}

static void idle_add(struct idle_states *idle, struct vm *vm)
{
    vm->period = idle->period;
    list_append(&idle->list, &vm->node);
    list_append(&vm->context->mine, &vm->mine);
    idle->bytes += vm->used;
    vm->context->nidle++;
    while (idle->bytes > idle->max) {
        struct vm *oldest = LIST_OF(idle->list.next, struct vm, node);
        idle_remove(idle, oldest);
        vm_free(oldest);
    }
}

/* The one used last: its memory is the warmest. */
static struct vm *idle_take(struct context *c)
{
    if (list_empty(&c->mine))
        return NULL;
    struct vm *vm = LIST_OF(c->mine.prev, struct vm, mine);
    idle_remove(c->idle, vm);
    return vm;
}

bool idle_trim(struct idle_states *idle)
{
    bool any = false;
    while (!list_empty(&idle->list)) {
        struct vm *oldest = LIST_OF(idle->list.next, struct vm, node);
        if (oldest->period == idle->period)
            break;
        idle_remove(idle, oldest);
        vm_free(oldest);
        any = true;
    }
    idle->period++;
    return any;
}

void context_retire(struct context *c)
{
    struct vm *vm;
    c->retired = true;
    while ((vm = idle_take(c)) != NULL)
        vm_free(vm);
    context_release(c);
}

/* ---- fresh states -------------------------------------------------------------------------- */

struct opening {
    struct context *context;
    struct buf *manifest;
};

/* Everything that makes a state one of this context. */
static int l_open(lua_State *L)
{
    const struct opening *o = lua_touserdata(L, 1);
    const struct context *c = o->context;
    struct vm *vm = vm_of(L);
    struct err e = {0};
    lua_settop(L, 0);
    env_open(L);
    require_module(L, c->module);
    if (!lua_istable(L, 1))
        return luaL_error(L, "module %s returns no table of functions", c->module);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, BRIDGE_MODULE);
    lua_pushliteral(L, "load");
    lua_rawget(L, 1);
    if (lua_isnil(L, -1)) {
        lua_pushnil(L);
    } else {
        if (codec_decode(L, c->options, 0, &e) < 0)
            return luaL_error(L, "options: %s", e.text);
        lua_call(L, 1, 1);
    }
    if (o->manifest && codec_encode(vm, L, -1, o->manifest, &e) < 0)
        return luaL_error(L, "what load() of module %s returns: %s", c->module, e.text);
    return 0;
}

static struct vm *make(struct context *c, struct call *by, struct buf *manifest, struct buf *out)
{
    struct vm *vm = vm_new(c, c->limits.memory, c->limits.fail_in);
    if (!vm) {
        call_set_memory_limit(by, NULL, c->limits.memory);
        buf_add(out, by->verdict.p, by->verdict.n);
        return NULL;
    }
    struct opening o = {c, manifest};
    bool loading = by->loading;
    uint64_t random = by->random;
    by->loading = true;
    by->random = 0;
    vm->call = by;
    watchdog_begin(by, vm->L, c->limits.burst_ms, c->limits.call_ms);
    /* What loading makes stays: there is little to collect, and all of it would be looked through
     * again and again while it grows. What does not fit is still collected. */
    lua_gc(vm->L, LUA_GCSTOP);
    int status = vm_protect(vm, l_open, &o);
    lua_gc(vm->L, LUA_GCINC, COLLECT_PAUSE, 0, 0);
    lua_gc(vm->L, LUA_GCRESTART);
    watchdog_end();
    vm->call = NULL;
    by->loading = loading;
    by->random = random; /* what a fresh state draws while loading must not shift the call's own */
    if (status == LUA_OK)
        return vm;
    if (status == LUA_ERRMEM)
        call_set_memory_limit(by, NULL, c->limits.memory);
    if (by->ending != ENDING_NONE)
        buf_add(out, by->verdict.p, by->verdict.n);
    else
        buf_add(out, vm->report.p, vm->report.n);
    vm_free(vm);
    return NULL;
}

struct vm *context_take(struct context *c, struct call *by, struct buf *manifest, struct buf *out)
{
    if (c->single) {
        if (!c->only)
            c->only = make(c, by, manifest, out);
        return c->only;
    }
    struct vm *vm = manifest ? NULL : idle_take(c);
    return vm ? vm : make(c, by, manifest, out);
}

void context_give(struct context *c, struct vm *vm, bool clean)
{
    if (c->single)
        return; /* it goes with the context: what it holds is what it is there for */
    if (clean && vm->used > COLLECT_OVER)
        lua_gc(vm->L, LUA_GCCOLLECT);
    if (clean && c->nidle < IDLE_STATES_MAX && vm->used <= c->limits.memory / 2 && !c->retired)
        idle_add(c->idle, vm);
    else
        vm_free(vm);
}
