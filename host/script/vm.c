/* Lua states: allocation with an account, protected entry. */
#include "vm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mem.h"
#include "report.h"

#define TEXT_MAX   ((size_t)48 << 20) /* of one JSON text, below what a frame can carry */
#define REPORT_MAX ((size_t)1 << 20)
#define KEEP_MAX   ((size_t)256 << 10)

/* The address sanitizer sees more if each block is malloc's. */
#ifdef __SANITIZE_ADDRESS__
static void *resize(struct vm *vm, void *p, size_t osize, size_t nsize)
{
    if (nsize)
        return realloc(p, nsize);
    free(p);
    return NULL;
}
#else
static void *resize(struct vm *vm, void *p, size_t osize, size_t nsize)
{
    return heap_resize(&vm->heap, p, osize, nsize);
}
#endif

/* Lua's contract: osize is a type tag for new blocks, shrinking and freeing never fail. */
static void *allocate(void *ud, void *p, size_t osize, size_t nsize)
{
    struct vm *vm = ud;
    if (!p)
        osize = 0;
    if (nsize == 0) {
        vm->used -= osize;
        return p ? resize(vm, p, osize, 0) : NULL;
    }
    if (nsize > osize) {
        if (vm->fail_in > 0 && (vm->fail_in == 1 || --vm->fail_in == 1))
            return NULL;
        if (nsize - osize > vm->limit || vm->used > vm->limit - (nsize - osize))
            return NULL;
    }
    void *q = resize(vm, p, osize, nsize);
    if (!q)
        return nsize <= osize ? p : NULL;
    vm->used = vm->used - osize + nsize;
    return q;
}

/* Reached by an error outside of all protection, which is a defect of this program: the host starts
 * another process, and the runs go on from their journals. */
static int panic(lua_State *L)
{
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "no text";
    static const char head[] = "sauma script-process: unprotected Lua error: ";
    ssize_t n = write(STDERR_FILENO, head, sizeof(head) - 1);
    n += write(STDERR_FILENO, text, strlen(text));
    n += write(STDERR_FILENO, "\n", 1);
    (void)n;
    abort();
}

struct vm *vm_new(struct context *c, size_t limit, int64_t fail_in)
{
    struct vm *vm = mem_zalloc(1, sizeof(*vm));
    vm->context = c;
    vm->limit = limit;
    vm->fail_in = fail_in;
    list_init(&vm->node);
    list_init(&vm->mine);
    /* Outside of the state's account, so bounded by it: what is written is there already. */
    buf_init(&vm->text, limit < TEXT_MAX ? limit : TEXT_MAX);
    buf_init(&vm->keys, limit);
    buf_init(&vm->report, REPORT_MAX);
    json_reader_init(&vm->reader, STR_NONE);
    heap_init(&vm->heap);
    vm->L = lua_newstate(allocate, vm);
    if (!vm->L) {
        vm_free(vm);
        return NULL;
    }
    lua_atpanic(vm->L, panic);
    *(struct vm **)lua_getextraspace(vm->L) = vm;
    return vm;
}

void vm_free(struct vm *vm)
{
    if (!vm)
        return;
    if (vm->L)
        lua_close(vm->L);
    heap_free(&vm->heap);
    list_remove(&vm->node);
    list_remove(&vm->mine);
    buf_free(&vm->text);
    buf_free(&vm->keys);
    buf_free(&vm->report);
    json_reader_free(&vm->reader);
    mem_free(vm);
}

static int l_handler(lua_State *L)
{
    struct vm *vm = vm_of(L);
    report_error(vm, L, LUA_ERRRUN, &vm->report);
    lua_settop(L, 1);
    return 1;
}

int vm_protect(struct vm *vm, lua_CFunction fn, void *arg)
{
    lua_State *L = vm->L;
    int top = lua_gettop(L);
    buf_clear(&vm->report);
    /* None of these three allocates. */
    lua_pushcfunction(L, l_handler);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, top + 1);
    /* The handler is not called for memory errors, and may itself have failed. */
    if (status != LUA_OK && (status != LUA_ERRRUN || vm->report.n == 0)) {
        buf_clear(&vm->report);
        report_error(vm, L, status, &vm->report);
    }
    lua_settop(L, top);
    return status;
}

void vm_trim(struct vm *vm)
{
    struct buf *all[] = {&vm->text, &vm->keys, &vm->report};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->cap > KEEP_MAX)
            buf_free(all[i]);
}
