/* The script processes as the engine sees them: contexts that are loaded, and calls that run in
 * them as coroutines. A process that dies is started again and its contexts are loaded again; its
 * calls end as SCRIPT_LOST, and whoever made them starts them anew. */
#ifndef SCRIPTS_H
#define SCRIPTS_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "loop.h"
#include "str.h"

struct scripts;
struct script_call;

struct scripts_config {
    int workers;       /* script processes, which the companies share */
    bool isolated;     /* instead, each company has one of its own, from its first script on */
    int64_t burst_ms;  /* a script may compute so long between two steps; what does not end
                          by itself then is ended by SIGKILL, half as much later */
    int64_t share_ms;  /* a version that computes for so long within a second, while others wait for
                          the same process, goes on in one of its own; 0: it does not */
    int apart_max;     /* such processes; more versions than these share them */
    int apart_percent; /* of one processor, for all of these together while others are at work;
                          100: no bound */
    size_t memory;     /* bytes of one Lua state */
    int64_t cpu_ms;    /* computing of one call in all; 0: as the script process has it */
    size_t max_log;    /* bytes that one call may log; 0: the same */
    const char *system_hash;
    struct str system_bundle; /* JSON object: "lua/http.lua" -> source ... */
};

enum script_mode {
    SCRIPT_COMPANY, /* states are pooled; many calls at once */
    SCRIPT_SINGLE   /* one state that keeps what it holds: sandboxes, tests */
};

struct scripts *scripts_new(struct loop *l, const struct scripts_config *c, struct err *e);
void scripts_free(struct scripts *s);

/* Loads a context. module is required in a fresh state ("boot" for companies, "sandbox.procountor"
 * ...); options is JSON handed to it. fn gets the manifest (JSON) or e with file:line. The context
 * stays, over restarts of the process too, until scripts_unload. */
typedef void (*scripts_loaded_fn)(void *arg, struct str manifest, const struct err *e);
void scripts_load(struct scripts *s, const char *context, enum script_mode mode, const char *module,
    const char *system_hash, struct str bundle, struct str options, scripts_loaded_fn fn,
    void *arg);
/* Another installation bundle, for runs that began under it. */
void scripts_add_system(struct scripts *s, const char *hash, struct str bundle);
void scripts_unload(struct scripts *s, const char *context);

enum script_outcome {
    SCRIPT_RETURNED,  /* json: what the function returned; body: a second, raw result */
    SCRIPT_ERROR,     /* json: {"message","where","class",...}: the script raised */
    SCRIPT_ATTENTION, /* json: {"reason",...}: the script asked for a person */
    SCRIPT_SKIP,      /* json: {"reason"}: the script said there is nothing to do */
    SCRIPT_LIMIT,     /* json: {"limit","message"}: a limit ended it */
    SCRIPT_LOST       /* the process died; `guilty` if this call was being run then */
};
struct script_handlers {
    /* The coroutine waits for scripts_answer(call, seq, ...). */
    void (*step)(void *arg, uint32_t seq, struct str spec, struct str body);
    void (*log)(void *arg, const char *level, struct str text);
    /* The last word; the call is gone afterwards. */
    void (*end)(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty);
    void *arg;
};
/* Starts function(arguments, body) in a loaded context. */
struct script_call *scripts_call(struct scripts *s, const char *context, const char *function,
    struct str arguments, struct str body, const struct script_handlers *h);
void scripts_answer(struct script_call *c, uint32_t seq, struct str meta, struct str body);
/* Forgets the call without `end`: the run is parked, cancelled, or ends. */
void scripts_drop(struct script_call *c);
struct scripts_stats {
    int processes;  /* that run now */
    int apart;      /* contexts in processes of those who computed long */
    int64_t deaths; /* processes that ended without being asked to */
};
void scripts_stats(const struct scripts *s, struct scripts_stats *out);
/* Kills the process of a context's calls, for tests of recovery. */
void scripts_kill(struct scripts *s, const char *context);

#endif
