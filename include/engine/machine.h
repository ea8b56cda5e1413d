/* The engine's own structures, for its own files. Everything here lives on the loop's thread.
 *
 * company -> versions, channels (one a connection), key queues, runs that may start
 * incoming -> one stored event and its runs (libevent has the name "event")
 * run     -> its call in a script process, its journal, its step under way
 * Callbacks of the store hold their run or event by a count, because the store cannot be asked to
 * forget an operation; all else is cancelled when its owner goes. */
#ifndef MACHINE_H
#define MACHINE_H

#include "admission.h"
#include "alert.h"
#include "engine.h"
#include "id.h"
#include "jsondoc.h"
#include "limit.h"
#include "list.h"
#include "map.h"

#define TRIES_PROBLEM 200 /* bytes of what the first of some tries met */

struct company;
struct incoming;
struct revision;
struct run;
struct step;

struct engine {
    struct engine_parts parts;
    struct engine_settings set;
    struct engine_stats stats;
    struct engine_observer *observers;
    int nobservers;
    struct map *companies; /* name -> struct company */
    struct map *overrides; /* kind or name of connections -> char *url */
    uint64_t random;
    bool started, dead;
    int held; /* callbacks of the store to come */

    struct list connects; /* see connect.h */
    struct list feeds;    /* catalogues that are open, see match_feed.h */
    struct list turn;     /* companies with runs that may start */
    struct list asking;   /* act_key.c: people's acts that wait for a key */
    struct list urgent;   /* runs that get a place at once */
    struct list events;   /* in memory */
    struct map *by_id;    /* the same by their ids */
    int active;           /* of them those at work (not idle) */
    size_t body_bytes;    /* of events in memory */
    struct list reads;    /* companies that take from the store when there is room, in turn */
    int nreads;           /* how many these are */
    int reading;          /* reads under way */
    int expected;         /* events that they may bring */
    bool backlog_known;   /* the store has said which companies have open events */
    struct loop_timer *due_timer; /* of runs that wait in the store alone */
    int64_t due_ms;               /* when it is set to */
    int64_t started_wall_ms, started_mono_ms;
    int64_t restored_for_ms;   /* engine_since_restored when it was last written down */
    char boot[40];             /* see clock_boot */
    struct loop_timer *retry;  /* of what failed for want of disk space */
    struct loop_timer *keeper; /* of what the wall clock decides */
    int64_t clock_ahead_ms;    /* wall clock less monotonic, when last looked at */
    struct alerts alerts;      /* that are open */
    struct list shifts;        /* struct clock_shift: settings of it not yet in the store */
    bool shifting;             /* the first of them is on its way */
    uint64_t generation;       /* of timetables */
    bool system_stored;

    bool draining;
    int64_t drain_until_ms;
    struct loop_timer *drain_timer;
    loop_fn drain_done;
    void *drain_arg;
};

/* ---- companies ---- */

enum version_state { VERSION_LOADING, VERSION_READY, VERSION_BROKEN };
struct version {
    struct list node; /* of its company */
    struct company *company;
    char name[13];
    char *context;
    char *problem; /* broken */
    enum version_state state;
    struct manifest *manifest;
    int refs;             /* runs, routing, being current */
    struct list waiting;  /* runs that start when it is ready */
    struct list told;     /* who waits for the load */
    struct bundle bundle; /* until loaded, and on disk if it is from a folder */
    int publishing;       /* asked of the store, and not told yet */
    bool recorded;        /* came from the store */
};

/* What a company has in the store that is not in memory. It is read a few at a time: first what was
 * routed before this start, then what is new, and what only waits for a time when it is due. */
struct backlog {
    struct list node; /* engine.reads */
    bool reading;
    int expected;  /* events that the read under way may bring */
    bool ready;    /* there may be routed events that can go on, after ready_seq */
    bool behind;   /* there are new events after new_seq */
    bool new_next; /* of new and due ones, who reads next */
    int64_t ready_seq, new_seq;
    int64_t late_from, late_until; /* new events that are read before all else, see store.h */
    bool late_first;               /* there were such: what is ready was not read before them */
    struct store_place due;        /* waiting runs up to here were looked at */
    int64_t due_ms;        /* the next one that may be due; 0: none waits in the store alone */
    bool moved;            /* they were moved along with the clock during the read under way */
    int active, in_memory; /* events */
    size_t body_bytes;
    int64_t open; /* events in memory and in the store that are in flight */
};

struct company {
    struct engine *engine;
    char *name, *load_error;
    struct version *current;   /* NULL: none loaded yet */
    char folder[13], last[13]; /* versions: stands in its folder; is or was live, */
    int64_t last_ms;           /* since then; "": none, or its folder is gone */
    bool has_folder;
    struct version *refused;        /* held: its folder has it, and the disk refused it; or NULL */
    struct fallback *fallback;      /* its first load, under way; or NULL */
    struct list rollbacks;          /* that wait for their version */
    char pinned[13], pinned_at[13]; /* a rollback holds as long as that stands in the folder */
    struct list versions;
    struct map *channels;  /* connection -> struct channel */
    struct map *keys;      /* key -> struct key_queue */
    struct map *locks;     /* name -> struct lock */
    struct map *silences;  /* connection -> int64_t, see channel_silence_named */
    struct map *feeds;     /* connection.catalogue -> struct feed */
    struct kept *kept;     /* answers that count for a while, see kept.h; NULL: none */
    struct list turn_node; /* in engine.turn */
    struct list ready;     /* runs that may start */
    int running;
    struct list unrouted;        /* events whose routing could not be stored */
    struct list routing;         /* events whose routing is under way, in their order */
    struct list late;            /* events that later ones may have overtaken, see incoming_late */
    struct timetable *timetable; /* of the current version; NULL: none loaded yet */
    struct silence *silence;     /* the same */
    struct backlog backlog;
    struct admission admission;
    struct alerts_told told;
};

struct key_queue {
    struct company *company;
    char *key;
    struct list runs; /* in event order, behind those that had begun */
    char begun[64];   /* a run of the last start that had begun and is not here yet; "": none */
    bool let_on;      /* the first was let go on */
    bool held, due;   /* the first waits for an earlier event to be routed; is to be looked at */
    int64_t known;    /* open runs of the key up to this event are here; of later ones, some */
    bool asking;      /* the store, for those */
};

/* company.c */
struct company *company_get(struct engine *e, const char *name, bool make);
void company_free(struct company *c);
struct version *version_hold(struct version *v);
void version_release(struct version *v);
/* The version of that name, loaded from the store if it is not here; not yet ready perhaps. */
struct version *version_recorded(struct company *c, const char *name);

/* ---- events and runs ---- */

struct incoming {
    struct list node;      /* engine.events */
    struct list wait_node; /* company.unrouted */
    struct list late_node; /* company.late */
    struct engine *engine;
    struct company *company;
    char id[64];
    char *connection, *type, *delivery;
    int64_t seq, received_ms;
    char *body; /* NULL: it is in the store alone, see body.c */
    size_t nbody;
    struct list runs;
    int open; /* runs that are not settled */
    int nruns;
    int idle;    /* of the open ones: parked or blocked */
    bool routed; /* its runs are known */
    bool active; /* counted in engine.active */
    int refs;    /* callbacks of the store */
    bool gone;
    struct script_call *route; /* the routing call */
    struct list route_node;    /* company.routing */
    char *answer;              /* of the routing, while an earlier event's is still to come */
    size_t nanswer;
    enum script_outcome outcome;
    struct version *version; /* it runs in */
    int kills;
    char *reason; /* skipped as a whole */
};

struct journal {
    struct journal_step {
        uint32_t seq;
        char kind[12];
        char fingerprint[33];
        bool answered;
        int64_t at_ms; /* of the intent */
        int64_t answer_ms;
        char outcome[12];
        char *meta, *body, *title, *connection;
        size_t nmeta, nbody;
    } * v;
    int n;
};

struct run {
    struct list event_node, ready_node, key_node, version_node;
    struct list lock_node;    /* waiting for a lock */
    struct lock *lock_wanted; /* that one, */
    const char *lock_name;    /* its name, */
    int64_t lock_since_ms;    /* and since when (monotonic) */
    void (*lock_granted)(struct run *r);
    struct engine *engine;
    struct company *company;
    struct incoming *event;
    struct version *version;
    struct key_queue *queue; /* NULL: no key */
    char id[64];
    char *rule;
    char version_name[33];
    enum run_state state;
    enum run_state stored_as; /* by the routing */
    char *reason;
    char *result;
    size_t nresult;
    int64_t until_ms; /* waiting: wall clock */

    bool slot; /* holds one of the places for running */
    bool parked;
    bool blocked;    /* by another of its key */
    bool resumed;    /* has a journal to be read first */
    bool reading;    /* the journal is being read */
    bool fetching;   /* and the event's body */
    bool start_lost; /* the store does not know yet that it has begun */
    bool ending;     /* its end is being stored */
    bool gone;
    enum { ORDER_OPEN, ORDER_ASKED, ORDER_KEPT } order; /* see order.c */
    struct script_call *call;
    uint32_t seq;      /* of the last step of this call */
    uint32_t live_seq; /* the first that was not answered from the journal; 0: none yet */
    int64_t *step_ms;  /* monotonic: when each from there on began */
    uint32_t step_room;
    uint32_t look_asked; /* the last write answered with the word to look first; 0: none */
    int64_t sent_bytes;  /* of the request bodies of this call's steps */
    struct journal journal;
    struct revision *revision; /* revision.h; NULL: nothing beyond the journal */
    bool revision_missing;     /* it could not be read */
    struct step *step;         /* under way */
    uint32_t held_seq;         /* a step that came while draining */
    int kills;                 /* script processes it took along */
    /* Monotonic: since when it is at work, moved on by waits that are no failures. 0: not yet. */
    int64_t began_ms;
    uint32_t reopened_seq;    /* see struct store_progress */
    int64_t sent_ms;          /* wall clock of the last request of this process */
    int refs;                 /* callbacks of the store */
    struct loop_timer *timer; /* of a parked run */
    uint32_t parked_at;       /* the step it waits in */
    uint32_t waited;          /* the step whose whole wait is over, whatever the wall clock says */

    /* What this process knows of the step to be done again that the journal does not: that its
     * intent was not carried out, and how often it was tried. */
    struct {
        uint32_t seq; /* 0: nothing */
        int attempts;
        int64_t sent_ms;  /* wall clock of the last request; 0: none left */
        bool renewed;     /* its token was renewed for it */
        int64_t first_ms; /* monotonic, of the first try */
        char first_problem[TRIES_PROBLEM];
    } redo;
    /* A write that was put off after some tries, because what it makes is to be looked for again:
     * its tries count for the one that follows. */
    struct {
        uint32_t seq; /* 0: none */
        int attempts;
        int64_t first_ms; /* monotonic */
        char first_problem[TRIES_PROBLEM];
        char title[80];
    } put_off;
    uint32_t clean_seq; /* the step of which the store says what redo says; 0: none */
    /* The last write, for the looking that may follow it (doubt.c). All by the wall clock. */
    struct {
        uint32_t seq; /* 0: none yet */
        bool find;    /* it can be looked for */
        int64_t sent_ms;
        int64_t ended_ms; /* since when its request is no longer this host's to end */
        int64_t settle_ms;
        struct looks looks;
        int sends;
    } doubt;
    /* The last write of which this is known by the monotonic clock: since when its request is no
     * longer this host's to end. */
    struct {
        uint32_t seq;
        int64_t ended_ms;
    } sent;
};

/* incoming.c */
struct incoming *incoming_new(
    struct engine *e, struct company *c, const struct store_event *se, int64_t seq);
void incoming_accept(struct incoming *ev);   /* routes it, or lets it wait for its company */
void incoming_put_back(struct incoming *ev); /* it is routed again after a while */
/* It is to be routed again, and later ones may be routed already: what has its key waits until it
 * is filed. */
void incoming_late(struct incoming *ev);
void incoming_filed(struct incoming *ev); /* its runs are in the queues of their keys */
/* An event before seq is late: nobody knows yet which keys it has. */
bool incoming_late_before(const struct company *c, int64_t seq);
void incoming_settled(struct incoming *ev); /* one of its runs is: see whether it was the last */
void incoming_discard(struct incoming *ev);
void incoming_hold(struct incoming *ev);      /* a callback of the store is to come */
bool incoming_held_back(struct incoming *ev); /* it came; false: the event is gone */
void incoming_update(struct incoming *ev);    /* a run of it was parked, or goes on */
void incoming_put(struct buf *b, const struct incoming *ev); /* "event":{...} for a script */
/* Takes an event that the store had; false if it is here already. */
bool events_take(struct company *c, const struct store_open_event *oe);
/* Leaves it to the store, if memory holds many that are idle and this one is. */
void incoming_let_go(struct incoming *ev);
void events_stored(struct engine *e, const struct store_event *se, int64_t seq);
/* The event was stored as skipped: those who watch are told. */
void events_skipped(struct engine *e, const struct store_event *se, const char *why, int64_t seq);
void events_company_ready(struct company *c);

/* backlog.c */
void backlog_init(struct backlog *b);
void backlog_begin(struct engine *e); /* asks the store what is open */
/* Takes more of the company's events from the store, if there are any and there is room. */
void backlog_pump(struct company *c);
/* A new event is in the store: true if it may be taken into memory at once. */
bool backlog_take_new(struct company *c, int64_t seq);
/* A run of it waits in the store alone until then. */
void backlog_sleeps(struct company *c, int64_t until_ms);
/* What waits in the store for a time was moved along with the wall clock: it is looked for anew. */
void backlog_clock_set(struct company *c);
/* True if memory holds more idle events than it should. */
bool backlog_crowded(const struct company *c);
bool backlog_heavy(const struct company *c); /* or bodies that these do not need for now */
bool engine_behind(const struct engine *e);  /* events wait in the store for room */

/* keys.c */
void key_enter(struct run *r, const char *key); /* into the queue of its key, by its event */
/* That run had begun when the host ended: it is first. */
void key_reserve(struct company *c, const char *key, const char *run);
/* True if it may go on; else run_admit is called when it may. */
bool key_turn(struct run *r);
/* Nobody has the key, nor waits for it, here or in the store. */
bool key_is_free(const struct company *c, const char *key);
void key_leave(struct run *r); /* its end: the next one of the key may go on */
/* Leaving memory and not the store: whether its key can do without it here, and doing so. */
bool key_may_let_go(const struct run *r);
void key_let_go(struct run *r);
void keys_ask_again(struct company *c);  /* after a failure of the store */
void keys_look_again(struct company *c); /* an event is late no more */
void keys_free(struct company *c);

/* body.c */
#define BODY_BYTES_MAX ((size_t)64 << 20) /* of events at work; the others stay in the store */
typedef void (*body_fn)(void *arg, const struct err *err);
void body_keep(struct incoming *ev, struct str body);
void body_drop(struct incoming *ev); /* nobody needs it for now */
/* Calls fn when it is in ev->body again; fn must know by itself if ev is gone by then. */
void body_fetch(struct incoming *ev, body_fn fn, void *arg);
/* True if it is there; else it is fetched, and run_begin called. */
bool body_of_run(struct run *r);

/* route.c */
void incoming_route(struct incoming *ev);
/* A key as the scripts gave it, cut where it is beyond use; "" for none. Owned. */
char *route_key(const struct jsonv *v);
/* Answers a step of a routing call. */
void route_step(struct script_call *call, int64_t received_ms, uint32_t seq, struct str spec);
/* Why an event was skipped as a whole; owned. */
char *route_no_rule(const char *connection, const char *type);

/* run.c */
struct run *run_new(struct incoming *ev, const char *id, const char *rule, const char *key,
    const char *version, enum run_state state);
void run_admit(struct run *r); /* into its key's queue; starts when it is its turn */
void run_finish(struct run *r, enum run_state state, const char *reason, struct str result);
/* Its end is on disk: it is counted and leaves memory, and its event perhaps too. */
void run_over(struct run *r);
void run_set_reason(struct run *r, const char *reason);
void run_attention(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Starts it when its version is loaded and it has a place. */
void run_queue(struct run *r);
/* Gives the Lua state back until then; the run goes on by replay. */
void run_park(struct run *r, int64_t until_ms, const char *why);
void run_wake(struct run *r); /* if it is parked: its wait ends now */
/* It waits for a lock: gives the Lua state back if that takes long. */
void run_await_lock(struct run *r);
/* The lock came. True if its call waits for it; else it goes on by replay. */
bool run_lock_came(struct run *r);
/* What the store knows of a run that is read from it. */
void run_recorded(struct run *r, const struct store_progress *p);
/* It is idle no more: it ends. */
void run_unidle(struct run *r);
/* run.c: stores its state, reason, result and times. stored may be NULL. */
void run_store_state(struct run *r, void (*stored)(struct run *r, const struct err *err));
/* What the journal holds no longer matches what is known here: stop, and begin again from it. */
void run_again(struct run *r, int64_t wait_ms);
/* A part of the journal was not stored. */
void run_not_stored(struct run *r, const struct err *err);
void run_discard(struct run *r);
void run_info(const struct run *r, struct engine_run_info *i);
void run_step_began(struct run *r, uint32_t seq);
/* The step was not answered from the journal in this call; then: when it began, monotonic. */
bool run_step_lives(const struct run *r, int64_t seq);
int64_t run_step_ms(const struct run *r, int64_t seq);
void run_hold(struct run *r);      /* a callback of the store is to come */
bool run_held_back(struct run *r); /* it came; false: the run is gone */

/* schedule.c */
void schedule_add(struct run *r);
void schedule_release(struct run *r); /* it gave its place back */
void schedule_pump(struct engine *e);
/* One more run of the company may be at work, by its own number and by the host's for each. */
bool schedule_has_place(const struct company *c);
void run_start(struct run *r); /* run.c; called when it got a place */
void run_begin(struct run *r); /* and when what it waited for was read */

/* timetable.c: the schedules of a company */
void timetable_renew(struct company *c); /* it has another version */
void timetable_free(struct company *c);
/* Lets come what is due; when the next one is (wall clock). */
int64_t timetable_look(struct company *c, int64_t now_wall_ms);

/* silence.c: what is expected and does not come */
void silence_renew(struct company *c);
void silence_free(struct company *c);
/* An event came of a connection ("connection"), or for a rule ("rule"). */
void silence_heard(
    struct company *c, const char *kind, const char *name, const struct incoming *ev);
int64_t silence_look(struct company *c, int64_t now_wall_ms); /* as timetable_look */

/* order.c: true if the run may begin; else it is skipped, or run_begin is called again. */
bool order_of_run(struct run *r);

/* keeper.c: looks at all that depends on the wall clock, time and again */
void keeper_start(struct engine *e);
void keeper_soon(struct engine *e);
void keeper_free(struct engine *e);

/* journal.c */
void journal_load(struct run *r, void (*fn)(struct run *r));
void journal_free(struct journal *j);
/* The journal, and what the run knew beyond it, leave memory: they are in the store. */
void journal_forget(struct run *r);
struct journal_step *journal_find(struct run *r, uint32_t seq);
/* What tells one step from another. */
void journal_fingerprint(char out[33], struct str spec, struct str body);
/* Is the lock of that step dropped further on in the journal? Locks lie within each other. */
bool journal_unlocks(const struct run *r, uint32_t seq);

/* observe.c */
void observe_run(struct run *r, enum run_state state, const char *reason);
void observe_event(struct incoming *ev, bool settled);
void observe_step(struct run *r, const struct engine_step_info *i); /* i->run is filled in */
void observe_alert(
    struct engine *e, const struct store_alert *a, const char *state, int64_t times, bool heard);
bool observe_steps(const struct engine *e);
void observe_log(struct run *r, const char *level, struct str text);

/* engine.c */
uint32_t engine_random(struct engine *e);
/* For so long hosts ran since older data was put in place of newer; INT64_MAX: it never was. By the
 * monotonic clock: a clock on the wall that is set makes nothing due. */
int64_t engine_since_restored(const struct engine *e);
void engine_hold(struct engine *e);       /* a callback of the store is to come */
bool engine_held_back(struct engine *e);  /* it came; false: the engine is gone */
void engine_retry_soon(struct engine *e); /* something could not be stored */

#endif
