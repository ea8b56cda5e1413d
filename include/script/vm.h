/* One Lua state: its memory account, its way in, and what C code keeps for it between calls. */
#ifndef VM_H
#define VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <lua.h>
#include "buf.h"
#include "heap.h"
#include "json.h"
#include "list.h"

struct call;
struct context;

struct vm {
    lua_State *L; /* the main thread; coroutines of calls are anchored in its registry */
    struct context *context;
    struct heap heap;   /* of the state */
    struct call *call;  /* whose Lua code is being run; never NULL while any is */
    struct list node;   /* among the idle states of the process */
    struct list mine;   /* among those of its context */
    unsigned period;    /* of idle_states, when it became idle */
    size_t used, limit; /* bytes */
    int64_t fail_in;    /* tests: from the n-th growing allocation on none succeeds; 0: off */
    struct buf text;    /* JSON on its way out: survives a longjmp, so nothing leaks */
    struct buf keys;    /* sort entries of the objects being written */
    struct json_reader reader; /* of the JSON on its way in */
    /* Metatables, to be told by address. */
    const void *array_mark, *object_mark, *decimal_mark, *unread_mark;
    size_t unread;     /* tables of unread.h that were made and not filled, those collected too */
    struct buf report; /* what the last failed vm_protect found: JSON, see report.h */
};

/* A state without any library. NULL if even that does not fit into limit bytes. fail_in as in
 * struct vm. */
struct vm *vm_new(struct context *c, size_t limit, int64_t fail_in);
void vm_free(struct vm *vm);

/* Calls fn(L) with arg as its one argument (light userdata) under protection: the only way from C
 * into a state besides bridge_resume. LUA_OK; or the status of the error, and vm->report tells of
 * it, with the stack it was raised on. */
int vm_protect(struct vm *vm, lua_CFunction fn, void *arg);

static inline struct vm *vm_of(lua_State *L)
{
    return *(struct vm **)lua_getextraspace(L);
}

/* Gives large buffers back, between bursts. */
void vm_trim(struct vm *vm);

#endif
