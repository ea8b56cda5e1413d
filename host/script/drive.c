/* Bursts of calls. */
#include "drive.h"

#include <stdio.h>
#include <string.h>
#include <lauxlib.h>
#include "bridge.h"
#include "codec.h"
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "random.h"
#include "report.h"
#include "watchdog.h"
#include "wire.h"

#define SPEC_KEEP ((size_t)64 << 10)
/* States that loads have left, and that may never be needed, are kept up to here. */
#define LOADED_KEEP ((size_t)4 << 20)
#define VERDICT_MAX ((size_t)4 << 20)

/* ---- messages ------------------------------------------------------------------------------ */

static int send_end(struct call *c, const char *outcome, struct str json, struct str raw)
{
    struct wire_msg m = {
        .type = WIRE_END, .id = c->id, .nparts = 3, .part = {str_of(outcome), json, raw}};
    return wire_put(c->out, &m);
}

static void send_error(struct call *c, const char *message)
{
    struct buf *b = &c->verdict;
    buf_clear(b);
    buf_adds(b, "{\"message\":");
    json_put_cstring(b, message);
    buf_adds(b, ",\"class\":\"script\"}");
    send_end(c, "error", buf_str(b), STR_NONE);
}

static void send_ending(struct call *c)
{
    static const char *const words[] = {
        [ENDING_ATTENTION] = "attention", [ENDING_SKIP] = "skip", [ENDING_LIMIT] = "limit"};
    if (c->ending != ENDING_DROPPED)
        send_end(c, words[c->ending], buf_str(&c->verdict), STR_NONE);
}

static int send_step(struct call *c)
{
    struct str body = STR_NONE;
    if (lua_type(c->co, -1) == LUA_TSTRING)
        body.p = lua_tolstring(c->co, -1, &body.n);
    struct wire_msg m = {.type = WIRE_STEP,
        .id = c->id,
        .seq = c->seq,
        .nparts = 2,
        .part = {buf_str(&c->context->spec), body}};
    int rc = wire_put(c->out, &m);
    if (c->context->spec.cap > SPEC_KEEP)
        buf_free(&c->context->spec);
    lua_pop(c->co, 2);
    return rc;
}

/* n results on top of c->co: a value for JSON, and perhaps raw bytes. */
static bool send_returned(struct call *c, int n)
{
    struct err e = {0};
    struct buf *b = &c->vm->text;
    struct str raw = STR_NONE;
    buf_clear(b);
    if (n == 0) {
        buf_adds(b, "null");
    } else if (codec_encode(c->vm, c->co, -n, b, &e) < 0) {
        char message[1200];
        snprintf(message, sizeof(message), "what %s returned cannot be written as JSON: %s",
            c->function_name, e.text);
        send_error(c, message);
        return false;
    }
    if (n > 1 && lua_type(c->co, 1 - n) == LUA_TSTRING)
        raw.p = lua_tolstring(c->co, 1 - n, &raw.n);
    if (send_end(c, "returned", buf_str(b), raw) == 0)
        return true;
    send_error(c, "what the script returned is too large for a message");
    return false;
}

static void send_failed(struct call *c, int status)
{
    struct buf *b = &c->vm->report;
    if (status == LUA_ERRMEM) {
        call_set_memory_limit(c, c->co, c->context->limits.memory);
        send_ending(c);
        return;
    }
    buf_clear(b);
    report_error(c->vm, c->co, status, b);
    send_end(c, "error", buf_str(b), STR_NONE);
}

/* ---- a call -------------------------------------------------------------------------------- */

struct call *drive_new(struct context *context, uint64_t id, struct str function,
    struct str arguments, struct str body, struct buf *out)
{
    struct call *c = mem_zalloc(1, sizeof(*c));
    list_init(&c->node);
    c->id = id;
    c->context = context;
    context->refs++;
    c->out = out;
    c->ref = LUA_NOREF;
    c->function_name = mem_dupn(function.p, function.n);
    c->arguments = arguments;
    c->body = body;
    buf_init(&c->verdict, VERDICT_MAX);
    return c;
}

/* Anchors a new coroutine and puts the function and its arguments on it. */
static int l_start(lua_State *L)
{
    struct call *c = lua_touserdata(L, 1);
    struct err e = {0};
    lua_State *co = lua_newthread(L);
    c->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawgetp(L, LUA_REGISTRYINDEX, BRIDGE_MODULE);
    lua_pushstring(L, c->function_name);
    if (lua_rawget(L, -2) != LUA_TFUNCTION)
        return luaL_error(L, "module %s has no function %s", c->context->module, c->function_name);
    struct str arguments = c->arguments.n ? c->arguments : STR_LIT("{}");
    if (codec_decode(L, arguments, 0, &e) < 0)
        return luaL_error(L, "arguments of %s: %s", c->function_name, e.text);
    c->random = random_seed_of(L, -1);
    lua_pushlstring(L, c->body.p ? c->body.p : "", c->body.n);
    luaL_checkstack(co, 4, "call");
    lua_xmove(L, co, 3);
    c->co = co;
    return 0;
}

/* Takes a state and begins the coroutine; false after END was sent. */
static bool start(struct call *c)
{
    struct buf why;
    int status = LUA_OK;
    buf_init(&why, VERDICT_MAX);
    c->vm = context_take(c->context, c, NULL, &why);
    if (c->vm) {
        c->vm->call = c;
        status = vm_protect(c->vm, l_start, c);
        buf_add(&why, c->vm->report.p, c->vm->report.n);
    }
    bool started = c->vm && status == LUA_OK;
    if (status == LUA_ERRMEM)
        call_set_memory_limit(c, NULL, c->context->limits.memory);
    if (!started && c->ending != ENDING_NONE)
        send_ending(c);
    else if (!started)
        send_end(c, "error", buf_str(&why), STR_NONE);
    buf_free(&why);
    return started;
}

/* One resume, and what follows from it: true if the call waits for its next step's answer. The
 * state is `clean` after an end that the script itself chose. */
static bool resume(struct call *c, bool first, bool *clean)
{
    int n = 0;
    enum bridge_result r = bridge_resume(c, first ? 2 : 0, &n);
    *clean = false;
    if (c->ending != ENDING_NONE) {
        *clean = c->ending == ENDING_ATTENTION || c->ending == ENDING_SKIP;
        send_ending(c);
        return false;
    }
    switch (r) {
    case BRIDGE_SUSPENDED:
        if (send_step(c) == 0)
            return true;
        send_error(c, "the body of a step is too large for a message");
        return false;
    case BRIDGE_RETURNED:
        *clean = send_returned(c, n);
        return false;
    default:
        send_failed(c, n);
        return false;
    }
}

/* Gives the state back. */
static void part(struct call *c, bool clean)
{
    struct vm *vm = c->vm;
    if (!vm)
        return;
    c->vm = NULL;
    if (c->co && (vm->context->single || clean)) {
        /* Variables to be closed that an error or a drop has left; steps raise by now. */
        if (c->ending == ENDING_NONE && !clean)
            c->ending = ENDING_DROPPED;
        vm->call = c;
        watchdog_begin(c, c->co, vm->context->limits.burst_ms, 0);
        lua_resetthread(c->co);
        watchdog_end();
    }
    if (c->ref != LUA_NOREF)
        luaL_unref(vm->L, LUA_REGISTRYINDEX, c->ref);
    c->ref = LUA_NOREF;
    c->co = NULL;
    vm->call = NULL;
    context_give(vm->context, vm, clean);
}

static void publish(struct child_page *page, uint64_t id)
{
    page->current = id;
    page->beat++;
}

void drive_warm(const struct call *c)
{
    if (!c->co)
        return;
    const char *state = (const char *)c->co;
    for (int line = 0; line < 3; line++) /* a lua_State has about 200 bytes */
        __builtin_prefetch(state + line * 64, 1);
    __builtin_prefetch(c->vm->heap.free, 1);
    __builtin_prefetch(c->vm->heap.free + 7, 1);
    __builtin_prefetch(&c->vm->used, 1);
    __builtin_prefetch(c->vm->L, 1);
}

bool drive_burst(struct call *c, struct child_page *page)
{
    bool first = !c->co, clean = false, waits = false;
    publish(page, c->id);
    if (!first)
        heap_warm(&c->vm->heap);
    if (!first || start(c)) {
        c->vm->call = c;
        watchdog_begin(c, c->co, c->context->limits.burst_ms, c->context->limits.call_ms);
        waits = resume(c, first, &clean);
        watchdog_end();
        c->vm->call = NULL;
    }
    if (c->vm)
        vm_trim(c->vm);
    if (!waits)
        part(c, clean);
    page->current = 0;
    return waits;
}

void drive_free(struct call *c, struct child_page *page)
{
    if (c->vm) {
        publish(page, c->id);
        /* At a step a run may end by itself, too: its state is as good as after that. */
        bool clean = c->waiting;
        c->ending = ENDING_DROPPED;
        part(c, clean);
        page->current = 0;
    }
    list_remove(&c->node);
    context_release(c->context);
    buf_free(&c->verdict);
    mem_free(c->function_name);
    mem_free(c);
}

/* ---- loading ------------------------------------------------------------------------------- */

/* The text of a report for LOADED: "company.lua:3: words". */
static void report_text(struct str report, struct buf *out)
{
    struct err e = {0};
    struct jsondoc *d = jsondoc_parse(report, &e);
    const struct jsonv *v = d ? jsondoc_root(d) : NULL;
    const char *where = jsonv_str(jsonv_get(v, "where"), NULL);
    if (where)
        buf_addf(out, "%s: ", where);
    buf_adds(out, jsonv_str(jsonv_get(v, "message"), "the error cannot be told"));
    jsondoc_free(d);
}

bool drive_load(struct context *context, uint64_t id, struct buf *out, struct child_page *page)
{
    struct buf manifest, why, text;
    struct call *c = drive_new(context, id, STR_LIT("load"), STR_NONE, STR_NONE, out);
    struct wire_msg m = {.type = WIRE_LOADED, .id = id, .nparts = 2};
    buf_init(&manifest, WIRE_FRAME_MAX / 2);
    buf_init(&why, VERDICT_MAX);
    buf_init(&text, VERDICT_MAX);
    c->loading = c->first = true;
    publish(page, id);
    struct vm *vm = context_take(context, c, &manifest, &why);
    page->current = 0;
    if (vm) {
        m.part[0] = STR_LIT("ok");
        m.part[1] = buf_str(&manifest);
        if (!context->single)
            context_lower(context, buf_str(&manifest));
        if (vm->limit > context->limits.memory)
            vm->limit = context->limits.memory;
        context_give(context, vm, context->idle->bytes < LOADED_KEEP);
    } else {
        report_text(buf_str(&why), &text);
        m.part[0] = STR_LIT("error");
        m.part[1] = buf_str(&text);
    }
    wire_put(out, &m);
    drive_free(c, page);
    buf_free(&manifest);
    buf_free(&why);
    buf_free(&text);
    return vm != NULL;
}
