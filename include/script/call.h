/* One call into a context, from its message to its end; and the load of a context, which is run by
 * the same rules but may have no effects. */
#ifndef CALL_H
#define CALL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <lua.h>
#include "buf.h"
#include "list.h"
#include "str.h"

struct context;
struct vm;

/* What ended a call before its function returned. Once set it stays, and our pcall raises again:
 * scripts cannot catch it. */
enum call_ending { ENDING_NONE, ENDING_ATTENTION, ENDING_SKIP, ENDING_LIMIT, ENDING_DROPPED };

/* A function that a file of lua/ is about to call for the company: where it is, for errors. */
#define CALL_SOURCE_SIZE 256
struct call_target {
    const void *caller; /* the function that calls it, as lua_topointer has it; NULL: none is */
    char source[CALL_SOURCE_SIZE];
    int first, last; /* its lines */
};

struct call {
    struct list node; /* in the ready list */
    uint64_t id;
    struct context *context;
    struct buf *out; /* where its messages go */
    struct vm *vm;   /* NULL until it is started */
    lua_State *co;   /* NULL until it is started; of a load: the main thread */
    int ref;         /* co in vm's registry */
    bool loading;    /* a context is being loaded: no steps */
    bool first;      /* and that is its first state, which says what it is */
    bool waiting;    /* for the answer to step seq */
    uint32_t seq;    /* of the last step */
    char *function_name;
    /* Point into the message that is being handled, so they are for the next burst only. */
    struct str arguments, body; /* of a call that has not been started */
    struct str meta, answer;    /* of a step that was answered */
    enum call_ending ending;
    struct buf verdict;                       /* JSON of the ending */
    struct call_target target;                /* the last one */
    size_t logged;                            /* bytes of log so far */
    uint64_t random;                          /* state of the call's random numbers */
    volatile sig_atomic_t burst_ticks, ticks; /* of watchdog.h: since the burst began, in all */
};

/* Writes the verdict of a limit, unless the call has ended already. L says where it was hit; NULL
 * where its stack is gone. */
void call_set_limit(struct call *c, lua_State *L, const char *limit, const char *message);
/* The same for memory: the words for a state of that many bytes. */
void call_set_memory_limit(struct call *c, lua_State *L, size_t bytes);
/* Sets how the call ends and raises; does not return. verdict must have been written before. */
int call_end_now(lua_State *L, struct call *c, enum call_ending ending);
/* Ends the call by a limit: verdict {"limit", "message", "where"}; raises, does not return. */
int call_hit_limit(lua_State *L, const char *limit, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for the limit of memory. */
int call_hit_memory(lua_State *L);
/* Raises again if the call of L has ended: what every function that catches errors does after. */
void call_check(lua_State *L);

#endif
