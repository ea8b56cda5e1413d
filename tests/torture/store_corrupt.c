/* F8, damaged files: bits flipped, pages overwritten and exchanged, files cut off at each page,
 * files of others. Right is: refused in words, or it answers as if nothing had happened. A wrong
 * answer is an event or a step with other content, one that is gone, or a delivery taken for new.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "store_backup.h"
#include "store_doctor.h"
#include "store_read.h"
#include "store_torture.h"
#include "store_work.h"

#define PAGE 4096

/* A sound file to be damaged, and how. */
struct sound {
    const struct torture *all;
    struct work_options o;
    unsigned char *bytes;
    size_t size;
};

struct told {
    int refused;      /* operations */
    bool refused_all; /* the store did not open */
    char words[1200];
};

enum harm {
    HARM_BIT,
    HARM_BYTE,
    HARM_PAGE,
    HARM_ZEROS,
    HARM_EXCHANGE,
    HARM_CUT,
    HARM_FOREIGN,
    HARMS
};

struct plan {
    enum harm harm;
    size_t at, other; /* bytes; of HARM_FOREIGN: which one */
};

/* The first trials cut at each page, and offer each foreign file. */
static struct plan plan_of(const struct sound *s, long n)
{
    uint64_t r = s->all->seed * 31 + (uint64_t)n;
    long pages = (long)(s->size / PAGE);
    if (n <= pages)
        return (struct plan){HARM_CUT, (size_t)(n - 1) * PAGE, 0};
    if (n <= pages + 6)
        return (struct plan){HARM_FOREIGN, (size_t)(n - pages - 1), 0};
    struct plan p = {.at = work_random(&r) % s->size, .other = work_random(&r) % s->size};
    uint64_t luck = work_random(&r) % 20;
    p.harm = luck < 14 ? HARM_BIT : luck < 16 ? HARM_BYTE : (enum harm)(HARM_PAGE + luck % 3);
    return p;
}

static int write_file(const char *dir, const void *p, size_t n)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/sauma.db", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    return ok ? 0 : -1;
}

static int write_foreign(const char *dir, size_t which)
{
    static const char *const texts[] = {"", "a",
        "This is a letter to whoever keeps this host, and no database of any kind.\n",
        "SQLite format 3", "\x89PNG\r\n\x1a\n not quite a picture"};
    if (which < 5)
        return write_file(dir, texts[which], strlen(texts[which]));
    char command[256];
    snprintf(command, sizeof(command),
        "echo 'CREATE TABLE t (a); INSERT INTO t VALUES (1)' | python3 -c 'import sqlite3,sys;"
        "sqlite3.connect(\"%s/sauma.db\").executescript(sys.stdin.read())'",
        dir);
    return system(command);
}

static void damage(const struct sound *s, const struct plan *p, unsigned char *b, uint64_t *r)
{
    size_t page = p->at / PAGE * PAGE, other = p->other / PAGE * PAGE;
    switch (p->harm) {
    case HARM_BIT:
        b[p->at] ^= (unsigned char)(1 << work_random(r) % 8);
        break;
    case HARM_BYTE:
        b[p->at] = (unsigned char)(b[p->at] + 1 + work_random(r) % 255);
        break;
    case HARM_PAGE:
        for (size_t i = 0; i < PAGE; i++)
            b[page + i] = (unsigned char)work_random(r);
        break;
    case HARM_ZEROS:
        memset(b + page, 0, PAGE);
        break;
    case HARM_EXCHANGE:
        memcpy(b + page, s->bytes + other, PAGE);
        break;
    default:
        break;
    }
}

static int write_damaged(const struct sound *s, const struct plan *p, long n, const char *dir)
{
    uint64_t r = s->all->seed + (uint64_t)n * 17;
    if (p->harm == HARM_FOREIGN)
        return write_foreign(dir, p->at);
    unsigned char *b = mem_alloc(s->size);
    memcpy(b, s->bytes, s->size);
    damage(s, p, b, &r);
    int rc = write_file(dir, b, p->harm == HARM_CUT ? p->at : s->size);
    mem_free(b);
    return rc;
}

/* ---- asking it ---- */

struct asking {
    const struct sound *s;
    struct told *told;
    struct store *store;
    struct loop *loop;
    int n; /* the event at hand */
    bool wrong;
};

static void say_wrong(struct asking *a, const char *what)
{
    if (!a->wrong)
        snprintf(a->told->words, sizeof(a->told->words), "event %d: %s", a->n, what);
    a->wrong = true;
}

static void refused(struct asking *a, const struct err *e)
{
    a->told->refused++;
    if (e->code == ERR_NOT_FOUND)
        say_wrong(a, e->text);
}

static void on_body(void *arg, struct str body, const struct err *e)
{
    struct asking *a = arg;
    size_t n;
    char *right = work_body(&a->s->o, a->n, &n);
    if (e)
        refused(a, e);
    else if (body.n != n || memcmp(body.p, right, n))
        say_wrong(a, "another body");
    mem_free(right);
}

static void on_journal(
    void *arg, const struct store_journal_step *steps, int count, const struct err *e)
{
    struct asking *a = arg;
    size_t n;
    char *right = work_body(&a->s->o, a->n + WORK_MAX, &n);
    if (e)
        refused(a, e);
    else if (count != 1 || !steps[0].answered || strcmp(steps[0].answer.outcome, "done"))
        say_wrong(a, "a step is gone, or its answer");
    else if (steps[0].answer.body.n != n || memcmp(steps[0].answer.body.p, right, n) ||
             !str_is(steps[0].answer.meta, "{\"status\":200}"))
        say_wrong(a, "another answer in the journal");
    mem_free(right);
}

static void on_again(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct asking *a = arg;
    char id[32];
    snprintf(id, sizeof(id), "evt_%d", a->n);
    if (e)
        refused(a, e);
    else if (r == STORE_EVENT_NEW)
        say_wrong(a, "a delivery that was there is taken for new");
    else if (r == STORE_EVENT_DUPLICATE && strcmp(first_id, id))
        say_wrong(a, "a delivery is taken for another");
    else if (r == STORE_EVENT_CONFLICT)
        a->told->refused++; /* said aloud: 409 and an alert */
}

static int on_run(void *arg, struct str json)
{
    struct asking *a = arg;
    if (!memmem(json.p, json.n, "\"state\":\"done\"", 14))
        say_wrong(a, "its run is in another state");
    return 0;
}

/* As a command beside the host sees it. */
static void look_at_run(struct asking *a, const char *dir, const char *run)
{
    struct err e = {0};
    struct store_reader *r = store_reader_open(dir, &e);
    if (!r || store_read_run(r, run, on_run, a, &e) < 0)
        refused(a, &e);
    store_reader_close(r);
}

static void stop_when_idle(void *arg)
{
    struct asking *a = arg;
    if (store_pending(a->store) == 0)
        loop_stop(a->loop);
}

static void ask_all(struct asking *a, const char *dir)
{
    loop_on_idle(a->loop, stop_when_idle, a);
    for (a->n = 0; a->n < a->s->o.events && !a->wrong; a->n++) {
        char event[32], run[32];
        size_t n;
        char *body = work_body(&a->s->o, a->n, &n);
        snprintf(event, sizeof(event), "evt_%d", a->n);
        snprintf(run, sizeof(run), "run_%d", a->n);
        struct store_event ev = {
            "evt_again", "acme", "shop", "order.created", event, 1, STR_NONE, {body, n}};
        store_load_body(a->store, event, on_body, a);
        store_load_journal(a->store, run, on_journal, a);
        store_add_event(a->store, &ev, on_again, a);
        loop_run(a->loop);
        look_at_run(a, dir, run);
        mem_free(body);
    }
    loop_off_idle(a->loop, stop_when_idle, a);
}

static void nothing(
    void *arg, enum doctor_level l, const char *check, const char *text, const char *next)
{
}

/* Whatever the file holds, looking at it ends well. */
static void examine(const char *dir)
{
    char path[128];
    struct store_backup b;
    struct err e;
    snprintf(path, sizeof(path), "%s/sauma.db", dir);
    store_backup_verify(path, &b, &e);
    store_doctor(dir, nothing, NULL);
}

static int corrupt_trial(struct trial *t)
{
    const struct sound *s = t->arg;
    struct asking a = {.s = s, .told = t->shared};
    struct plan p = plan_of(s, t->n);
    struct err e = {0};
    log_set_level(LOG_ERROR + 1);
    if (write_damaged(s, &p, t->n, t->dir))
        return TRIAL_WRONG;
    examine(t->dir);
    a.loop = loop_new(NULL);
    a.store = store_open(a.loop, t->dir, &e);
    if (!a.store) {
        a.told->refused_all = true;
        snprintf(a.told->words, sizeof(a.told->words), "%s", e.text);
        loop_free(a.loop);
        return e.text[0] ? TRIAL_REFUSED : TRIAL_WRONG;
    }
    /* A file without anything in it is a new store, and that is what it says. */
    if (p.harm == HARM_FOREIGN && p.at > 0)
        snprintf(a.told->words, sizeof(a.told->words), "a foreign file was taken"), a.wrong = true;
    else if (p.harm != HARM_FOREIGN && !(p.harm == HARM_CUT && p.at == 0))
        ask_all(&a, t->dir);
    store_close(a.store);
    loop_free(a.loop);
    return a.wrong ? TRIAL_WRONG : TRIAL_FINE;
}

static long refused_open, refused_some, unharmed, ended;

static int judge_corrupt(struct trial *t, char *words, size_t size)
{
    static const char *const harms[] = {"a bit", "a byte", "a page of noise", "a page of zeros",
        "another page", "cut off", "a foreign file"};
    const struct told *told = t->shared;
    const struct plan p = plan_of(t->arg, t->n);
    refused_open += t->status == TRIAL_REFUSED;
    ended += t->status == TRIAL_DISK;
    refused_some += t->status == TRIAL_FINE && told->refused;
    unharmed += t->status == TRIAL_FINE && !told->refused;
    if (t->status == TRIAL_REFUSED || t->status == TRIAL_DISK || t->status == TRIAL_FINE)
        return 0;
    snprintf(words, size, "%s at byte %zu (page %zu): %s", harms[p.harm], p.at, p.at / PAGE + 1,
        told->words);
    return -1;
}

static bool make_corrupt(struct torture *t, struct trial *tr, void *arg)
{
    const struct sound *s = arg;
    long pages = (long)(s->size / PAGE);
    tr->fn = corrupt_trial;
    tr->judge = judge_corrupt;
    tr->arg = arg;
    tr->shared_size = sizeof(struct told);
    return t->full || t->trial > 0 || tr->n > pages || tr->n % 8 == 1;
}

static int make_sound(struct sound *s)
{
    struct work_acks *acks = mem_zalloc(1, sizeof(*acks));
    char dir[64], path[128];
    struct stat st = {0};
    trial_folder(dir);
    struct loop *l = loop_new(NULL);
    struct store *store = store_open(l, dir, NULL);
    int rc = store ? work_do(l, store, &s->o, acks) : -1;
    store_close(store); /* the last to close moves the log into the file */
    loop_free(l);
    snprintf(path, sizeof(path), "%s/sauma.db", dir);
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && !fstat(fd, &st)) {
        s->size = (size_t)st.st_size;
        s->bytes = mem_alloc(s->size);
        rc = rc || read(fd, s->bytes, s->size) != (ssize_t)s->size;
        close(fd);
    }
    trial_remove(dir);
    mem_free(acks);
    return rc || !s->size ? -1 : 0;
}

void torture_corrupt(struct torture *t)
{
    struct sound s = {
        .all = t, .o = {.seed = t->seed, .events = 40, .largest = 9000, .idle_one_in = 20}};
    if (make_sound(&s)) {
        t->failed++;
        printf("corrupt: no sound store could be made\n");
        return;
    }
    long last = (long)(s.size / PAGE) + 6 + (t->full ? 2400 : 150);
    trials_run(t, "corrupt", last, 4, make_corrupt, &s);
    printf("corrupt: of %zu pages; %ld refused at the start, %ld ended it later, %ld refused some "
           "answers, %ld had no effect\n",
        s.size / PAGE, refused_open, ended, refused_some, unharmed);
    mem_free(s.bytes);
}
