/* Messages in batches: one read, all that follows from it, one write. */
#include "process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "drive.h"
#include "json.h"
#include "map.h"
#include "mem.h"
#include "wire.h"

#define READ_SIZE ((size_t)256 << 10)
/* Bytes of output that do not wait for the end of a batch: the host goes on with them meanwhile. */
#define WRITE_AT ((size_t)16 << 10)
#define KEEP_MAX ((size_t)4 << 20) /* an empty buffer larger than this is given back */
#define IDLE_MAX ((size_t)64 << 20)
#define TRIM_MS  PROCESS_QUIET_MS
#define OUT_MAX  ((size_t)256 << 20)

struct process {
    int fd;
    bool ended; /* by the host: it takes nothing any more */
    struct child_page *page;
    struct limits limits;
    struct map *systems;  /* hash -> struct sources */
    struct map *contexts; /* name -> struct context */
    struct map *calls;    /* id (8 bytes) -> struct call */
    struct list ready;    /* calls with something to do */
    struct idle_states idle;
    int64_t trimmed_ms;
    struct buf in, out;
};

struct process *process_new(int fd, struct child_page *page, const struct limits *limits)
{
    struct process *p = mem_zalloc(1, sizeof(*p));
    p->fd = fd;
    p->page = page;
    p->limits = *limits;
    p->systems = map_new();
    p->contexts = map_new();
    p->calls = map_new();
    list_init(&p->ready);
    list_init(&p->idle.list);
    p->idle.max = IDLE_MAX;
    p->trimmed_ms = clock_mono_ms();
    buf_init(&p->in, WIRE_FRAME_MAX + READ_SIZE + 64);
    buf_init(&p->out, OUT_MAX);
    return p;
}

void process_free(struct process *p)
{
    struct str key;
    void *value;
    for (size_t at = 0; map_next(p->calls, &at, &key, &value);)
        drive_free(value, p->page);
    for (size_t at = 0; map_next(p->contexts, &at, &key, &value);)
        context_retire(value);
    for (size_t at = 0; map_next(p->systems, &at, &key, &value);)
        sources_free(value);
    map_free(p->calls);
    map_free(p->contexts);
    map_free(p->systems);
    buf_free(&p->in);
    buf_free(&p->out);
    mem_free(p);
}

/* ---- messages ------------------------------------------------------------------------------ */

static struct str id_key(const uint64_t *id)
{
    return (struct str){(const char *)id, sizeof(*id)};
}

static int on_system(struct process *p, const struct wire_msg *m, struct err *e)
{
    struct sources *s = sources_new(m->part[1], e);
    if (!s)
        return -1;
    /* Contexts may stand on the one before: the same hash is the same content, which stays. */
    if (map_get(p->systems, m->part[0]))
        sources_free(s);
    else
        map_set(p->systems, m->part[0], s);
    return 0;
}

static void unload(struct process *p, struct str name)
{
    struct context *c = map_remove(p->contexts, name);
    if (c)
        context_retire(c);
}

static void send_load_error(struct process *p, uint64_t id, const char *text)
{
    struct wire_msg m = {
        .type = WIRE_LOADED, .id = id, .nparts = 2, .part = {STR_LIT("error"), str_of(text)}};
    wire_put(&p->out, &m);
}

static int on_load(struct process *p, const struct wire_msg *m, struct err *e)
{
    bool single = str_is(m->part[1], "single");
    struct sources *system = map_get(p->systems, m->part[3]);
    if (!single && !str_is(m->part[1], "company"))
        return err_set(e, ERR_INPUT, "wire: LOAD with mode %.*s", STR_ARG(m->part[1]));
    if (!system)
        return err_set(e, ERR_INPUT, "wire: LOAD with a system that was not sent");
    unload(p, m->part[0]);
    struct err why = {0};
    struct context *c = context_new(
        m->part[0], single, m->part[2], system, m->part[4], m->part[5], &p->limits, &p->idle, &why);
    if (!c) {
        send_load_error(p, m->id, why.text);
        return 0;
    }
    if (drive_load(c, m->id, &p->out, p->page))
        map_set(p->contexts, m->part[0], c);
    else
        context_retire(c);
    return 0;
}

static int on_call(struct process *p, const struct wire_msg *m, struct err *e)
{
    if (map_get(p->calls, id_key(&m->id)))
        return err_set(e, ERR_INPUT, "wire: two calls of one id");
    struct context *c = map_get(p->contexts, m->part[0]);
    if (!c) {
        static const char why[] = "{\"message\":\"the company's version is not loaded here\","
                                  "\"class\":\"host\"}";
        struct wire_msg end = {.type = WIRE_END,
            .id = m->id,
            .nparts = 3,
            .part = {STR_LIT("error"), STR_LIT(why), STR_NONE}};
        wire_put(&p->out, &end);
        return 0;
    }
    struct call *call = drive_new(c, m->id, m->part[1], m->part[2], m->part[3], &p->out);
    map_set(p->calls, id_key(&m->id), call);
    list_append(&p->ready, &call->node);
    return 0;
}

/* Answers to what nobody asks any more are dropped: the call ended, or goes on already. */
static void on_answer(struct process *p, const struct wire_msg *m)
{
    struct call *c = map_get(p->calls, id_key(&m->id));
    if (!c || !c->waiting || c->seq != m->seq || !list_empty(&c->node))
        return;
    c->meta = m->part[0];
    c->answer = m->part[1];
    drive_warm(c);
    list_append(&p->ready, &c->node);
}

static void on_drop(struct process *p, const struct wire_msg *m)
{
    struct call *c = map_remove(p->calls, id_key(&m->id));
    if (c)
        drive_free(c, p->page);
}

static int on_message(struct process *p, const struct wire_msg *m, struct err *e)
{
    static const signed char parts[] = {[WIRE_SYSTEM] = 2,
        [WIRE_LOAD] = 6,
        [WIRE_UNLOAD] = 1,
        [WIRE_CALL] = 4,
        [WIRE_ANSWER] = 2,
        [WIRE_DROP] = 0};
    if (m->type > WIRE_DROP || m->nparts != parts[m->type])
        return err_set(e, ERR_INPUT, "wire: message %d with %d parts", (int)m->type, m->nparts);
    switch (m->type) {
    case WIRE_SYSTEM:
        return on_system(p, m, e);
    case WIRE_LOAD:
        return on_load(p, m, e);
    case WIRE_UNLOAD:
        unload(p, m->part[0]);
        return 0;
    case WIRE_CALL:
        return on_call(p, m, e);
    case WIRE_ANSWER:
        on_answer(p, m);
        return 0;
    default:
        on_drop(p, m);
        return 0;
    }
}

/* ---- turns --------------------------------------------------------------------------------- */

/* The host closed its end, perhaps with something in it that it no longer wants: that is an end as
 * any other, and nothing to complain about. */
static bool host_ended(void)
{
    return errno == EPIPE || errno == ECONNRESET;
}

/* The socket blocks: what the host does not take holds this process up, and no one else. */
static int flush(struct process *p, struct err *e)
{
    size_t done = 0;
    while (done < p->out.n) {
        ssize_t n = write(p->fd, p->out.p + done, p->out.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && host_ended())
            p->ended = true;
        if (n < 0)
            return err_set(e, ERR_IO, "writing to the host: %s", strerror(errno));
        done += (size_t)n;
    }
    if (p->out.failed)
        return err_set(e, ERR_LIMIT, "more output than can be sent");
    if (p->out.cap > KEEP_MAX)
        buf_free(&p->out);
    else
        buf_clear(&p->out);
    return 0;
}

static int drain(struct process *p, struct err *e)
{
    struct list *node;
    while ((node = list_shift(&p->ready)) != NULL) {
        struct call *c = LIST_OF(node, struct call, node);
        if (!drive_burst(c, p->page)) {
            map_remove(p->calls, id_key(&c->id));
            drive_free(c, p->page);
        }
        if (p->out.n > WRITE_AT && flush(p, e) < 0)
            return -1;
    }
    return 0;
}

/* All whole messages of the input; the calls they start or answer point into it. */
static int handle(struct process *p, struct err *e)
{
    size_t at = 0, used = 0;
    struct wire_msg m;
    int got;
    while ((got = wire_get(p->in.p + at, p->in.n - at, &m, &used, e)) == 1) {
        at += used;
        if (on_message(p, &m, e) < 0)
            return -1;
    }
    if (got < 0 || drain(p, e) < 0)
        return -1;
    buf_drain(&p->in, at);
    if (p->in.n == 0 && p->in.cap > KEEP_MAX)
        buf_free(&p->in);
    return flush(p, e);
}

/* Lua states that a busy time has left behind do not stay. */
static void trim(struct process *p)
{
    int64_t now = clock_mono_ms();
    if (now - p->trimmed_ms < TRIM_MS)
        return;
    p->trimmed_ms = now;
    if (idle_trim(&p->idle))
        mem_give_back();
}

int process_turn(struct process *p, struct err *e)
{
    char *to = buf_room(&p->in, READ_SIZE);
    if (!to)
        return err_set(e, ERR_LIMIT, "wire: a frame that is too large");
    ssize_t n;
    do {
        n = read(p->fd, to, READ_SIZE);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && host_ended())
        return 0;
    if (n < 0 && errno != EAGAIN)
        return err_set(e, ERR_IO, "reading from the host: %s", strerror(errno));
    if (n == 0)
        return 0;
    p->in.n += n > 0 ? (size_t)n : 0;
    if (n > 0 && handle(p, e) < 0)
        return -1;
    trim(p);
    return 1;
}

int process_run(struct process *p, struct err *e)
{
    int rc;
    do {
        rc = process_turn(p, e);
    } while (rc == 1);
    return p->ended ? 0 : rc;
}
