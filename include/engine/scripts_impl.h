/* What scripts.c (contexts and calls) and scripts_worker.c (the processes) share. */
#ifndef SCRIPTS_IMPL_H
#define SCRIPTS_IMPL_H

#include "child.h"
#include "list.h"
#include "map.h"
#include "scripts.h"
#include "wire.h"

#define SCRIPTS_WORKERS_MAX 64 /* shared ones */
/* What a version computed counts for about so long: scripts_config.share_ms within it. */
#define SCRIPTS_SHARE_WITHIN_MS 1000

struct script_system {
    struct list node;
    char *hash;
    char *bundle;
    size_t n;
};

struct script_worker {
    struct list node; /* scripts.workers */
    struct scripts *s;
    char *name;           /* "0", "1" ..., or the company or version it belongs to */
    bool apart;           /* for who computes long: see scripts_apart.c */
    struct map *systems;  /* hashes of those that the process has got */
    struct child *child;  /* NULL while it is down */
    bool condemned;       /* killed; what it still says is not heard */
    bool blameless;       /* killed for what is not in it any more: it starts again at once */
    struct list contexts; /* that live in this process */
    struct list calls;    /* sent, or waiting for the process to be up */
    struct loop_timer *restart;
    int64_t started_ms;               /* monotonic */
    int deaths;                       /* in a row, shortly after the start */
    uint64_t seen_current, seen_beat; /* of the shared page, for the watchdog */
    int64_t seen_ms, seen_cpu_ms;     /* since when they are so; what it had computed then */
    int64_t look_cpu_ms;              /* what it had computed at the last look */
    uint64_t share_current;           /* apart: what it was doing at share_ms, when it had had */
    int64_t share_ms, share_cpu_ms;   /* so much of the processors */
    const char *verdict;              /* why the host killed it, or NULL */
};

enum script_context_state {
    CONTEXT_LOADING,
    CONTEXT_READY,
    CONTEXT_AWAY, /* not in its process, which was started again: its next call loads it */
    CONTEXT_BROKEN
};
struct script_context {
    struct list node;
    struct script_worker *worker;
    char *name, *module, *system_hash;
    char *bundle, *options;
    size_t nbundle, noptions;
    enum script_mode mode;
    enum script_context_state state;
    uint64_t load_id; /* of the load under way, or 0 */
    bool told;        /* fn was called */
    bool proven;      /* it has been loaded once */
    int kills;        /* processes that died while loading it for the first time */
    int struck;       /* such that somebody else ended while at it, since a call has ended */
    char *broken;     /* why it could not be loaded again */
    int64_t took_ms, took_at_ms; /* computed in long bursts of late; when that was last so */
    scripts_loaded_fn fn;
    void *arg;
};

struct script_call {
    struct list node;
    struct scripts *s;
    struct script_worker *worker;
    uint64_t id;
    uint32_t seq; /* of the last step */
    bool asked;   /* the step waits for its answer */
    bool sent;
    struct script_handlers h;
    char *context;
    char *function, *arguments, *body; /* until sent */
    size_t narguments, nbody;
};

struct scripts {
    struct loop *loop;
    struct list workers;           /* all of them */
    struct script_worker **shared; /* those that companies are spread over; none if isolated */
    int nshared;                   /* 0: each company has a process of its own */
    struct map *own;               /* company -> its own process, if isolated */
    int apart_max, apart_percent;  /* processes for those who compute long: see scripts_config */
    int64_t share_ms;              /* see scripts_config */
    uint64_t turns, turns_seen;    /* calls and answers of those who are not apart */
    int64_t turns_ms;              /* when a new one was seen last */
    int64_t deaths;                /* of processes */
    int64_t burst_ms, cpu_ms;
    size_t memory, max_log;
    struct list systems;
    struct map *contexts; /* name -> struct script_context */
    struct map *calls;    /* 8 bytes of id -> struct script_call */
    uint64_t last_id;
    struct loop_timer *watchdog;
    bool watching;
};

/* scripts_worker.c */
/* One that is not started. */
struct script_worker *script_worker_new(struct scripts *s, const char *name);
void script_worker_free(struct script_worker *w);
int script_worker_start(struct script_worker *w, struct err *e);
/* After a start that failed with e. */
void script_worker_start_later(struct script_worker *w, const struct err *e);
void script_worker_stop(struct script_worker *w);
void script_worker_load(struct script_worker *w, struct script_context *c);
void script_worker_send(struct script_worker *w, struct script_call *c);
/* Kills it for a reason that is logged (a literal). */
void script_worker_condemn(struct script_worker *w, const char *why);
/* The same for what one of its contexts does, which is about to leave: nobody else is to blame. */
void script_worker_end_for(struct script_worker *w, const char *why);
void scripts_watch(struct scripts *s); /* arms the watchdog */

/* scripts_apart.c: moves a context to a process of its own if it keeps the others from theirs. */
/* Before the end of a call is told. */
void scripts_apart_ended(
    const struct script_call *call, enum script_outcome o, struct str json, bool guilty);
/* At each look, of all who are apart: how much each may take of the processors. */
void scripts_apart_share(struct scripts *s, int64_t now);
/* The same burst of `current` (a call or a load) has gone on since the last look, and has computed
 * for so long meanwhile. */
void scripts_apart_look(
    struct script_worker *w, uint64_t current, int64_t computed_ms, int64_t now);

/* scripts.c */
struct script_call *scripts_find_call(struct scripts *s, uint64_t id);
struct script_context *scripts_find_load(struct script_worker *w, uint64_t id);
/* A load ended well (manifest) or not (e). */
void scripts_context_loaded(struct script_context *c, struct str manifest, const struct err *e);
/* Takes the call out and tells its owner. */
void scripts_end_call(
    struct script_call *c, enum script_outcome o, struct str json, struct str body, bool guilty);

#endif
