/* Looks at what concerns all companies (disk, books, script processes, backups) and listens to
 * alerts and to errors in the log. What is wrong is said once, again after alert-again while it
 * lasts, and when it is over. */
#include "operator.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "pager.h"
#include "signature.h"

#define LOOK_MS      2000
#define LOOK_LONG_MS 300000 /* at what is read from the store */
#define ERRORS_MAX   32     /* different ones between two looks */
#define WHAT_MAX     64

enum thing { DISK_FULL, DISK_LOW, APART, BOOKS, BACKUP, THINGS };

struct operator_watch {
    struct parts *parts;
    struct pager *pager;
    struct loop_timer *timer;
    const char *data; /* the conf's */
    int64_t again_ms, backup_ms, looked_ms;
    size_t disk_low;
    int64_t told_ms[THINGS]; /* monotonic; 0: it is well */
    struct reading *reading; /* under way */
    pthread_mutex_t mutex;
    struct {
        char what[WHAT_MAX];
        int64_t times, told_ms;
    } errors[ERRORS_MAX]; /* under the mutex */
    int nerrors;
};

/* An answer of the store that may come when the operator is gone. */
struct reading {
    struct operator_watch *o;
    int left;
};

/* True if it is to be said now that the thing is wrong. */
static bool due(struct operator_watch *o, enum thing t)
{
    int64_t now = clock_mono_ms();
    if (o->told_ms[t] && (o->again_ms <= 0 || now - o->told_ms[t] < o->again_ms))
        return false;
    o->told_ms[t] = now;
    return true;
}

/* True if it is to be said now that the thing is well again. */
static bool over(struct operator_watch *o, enum thing t)
{
    bool was = o->told_ms[t] != 0;
    o->told_ms[t] = 0;
    return was;
}

/* ---- looking ---- */

static void look_at_disk(struct operator_watch *o)
{
    struct statvfs fs;
    if (store_full(o->parts->store)) {
        if (due(o, DISK_FULL))
            pager_say(o->pager, "disk-full",
                "the disk of %s is full. New deliveries are answered with 503, so that their senders "
                "try again, and runs wait; nothing that was accepted is lost. Make room: it goes on by "
                "itself.",
                o->data);
        return;
    }
    if (over(o, DISK_FULL))
        pager_say(o->pager, "disk-full", "the disk of %s has room again: work goes on.", o->data);
    if (o->disk_low == 0 || statvfs(o->data, &fs) < 0)
        return;
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room >= o->disk_low) {
        if (over(o, DISK_LOW))
            pager_say(o->pager, "disk-low", "the disk of %s has %llu MB free again.", o->data,
                (unsigned long long)(room >> 20));
    } else if (due(o, DISK_LOW)) {
        pager_say(o->pager, "disk-low",
            "the disk of %s has %llu MB left (told below disk-low). When it is full, deliveries are "
            "answered with 503. Make room; `sauma stats` says what each company keeps, --keep-bodies "
            "and --keep-events for how long.",
            o->data, (unsigned long long)(room >> 20));
    }
}

static void look_at_scripts(struct operator_watch *o)
{
    struct scripts_stats s;
    scripts_stats(o->parts->scripts, &s);
    if (s.apart == 0) {
        if (over(o, APART))
            pager_say(o->pager, "apart", "no company's scripts compute for long any more.");
    } else if (due(o, APART)) {
        pager_say(o->pager, "apart",
            "scripts of %d version(s) of companies computed for long. They have processes of their own "
            "now, so that others are not slowed; the log (\"scripts in a process of their own\") says "
            "whose. Have who wrote them look at them.",
            s.apart);
    }
}

static bool reading_done(struct reading *r)
{
    struct operator_watch *o = r->o;
    if (--r->left == 0) {
        if (o)
            o->reading = NULL;
        mem_free(r);
    }
    return o != NULL;
}

static void on_differences(void *arg, const struct store_difference *d, int n, const struct err *e)
{
    struct operator_watch *o = ((struct reading *)arg)->o;
    const char *company = NULL;
    if (!reading_done(arg) || e)
        return;
    for (int i = 0; i < n; i++)
        if (d[i].difference)
            company = d[i].company;
    if (!company) {
        if (over(o, BOOKS))
            pager_say(o->pager, "books", "the books of all companies balance again.");
    } else if (due(o, BOOKS)) {
        pager_say(o->pager, "books",
            "the books of %s do not balance: events received and accounted for differ, which must "
            "never be. Nothing was changed because of it. Take a backup, run `sauma doctor --data %s` "
            "and report what it says.",
            company, o->data);
    }
}

static void on_backup(void *arg, int64_t last_ms, const struct err *e)
{
    struct operator_watch *o = ((struct reading *)arg)->o;
    char when[CLOCK_TEXT] = "never";
    if (!reading_done(arg) || e)
        return;
    if (clock_wall_ms() - last_ms < o->backup_ms) {
        if (over(o, BACKUP))
            pager_say(o->pager, "backup", "a backup was taken.");
    } else if (due(o, BACKUP)) {
        if (last_ms)
            clock_format(last_ms, when);
        pager_say(o->pager, "backup",
            "the last backup: %s (told after backup-expected). Run `sauma backup FILE` each day, and "
            "see what it says.",
            when);
    }
}

static void look_long(struct operator_watch *o)
{
    int64_t now = clock_mono_ms();
    if (o->reading || (o->looked_ms && now - o->looked_ms < LOOK_LONG_MS))
        return;
    o->looked_ms = now;
    o->reading = mem_alloc(sizeof(*o->reading));
    *o->reading = (struct reading){o, o->backup_ms > 0 ? 2 : 1};
    store_load_differences(o->parts->store, on_differences, o->reading);
    if (o->backup_ms > 0)
        store_load_last_backup(o->parts->store, on_backup, o->reading);
}

/* ---- the log ---- */

/* On any thread. Only what it is goes out, which is the program's own words: values may be a
 * company's. */
static void on_error(void *arg, const char *what)
{
    struct operator_watch *o = arg;
    int i = 0;
    pthread_mutex_lock(&o->mutex);
    while (i < o->nerrors && strncmp(o->errors[i].what, what, WHAT_MAX - 1) != 0)
        i++;
    if (i == o->nerrors && i < ERRORS_MAX) {
        o->nerrors++;
        snprintf(o->errors[i].what, WHAT_MAX, "%s", what);
        o->errors[i].times = o->errors[i].told_ms = 0;
    }
    if (i < ERRORS_MAX)
        o->errors[i].times++;
    pthread_mutex_unlock(&o->mutex);
}

static void look_at_errors(struct operator_watch *o)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&o->mutex);
    for (int i = 0; i < o->nerrors; i++) {
        int64_t told = o->errors[i].told_ms;
        if (!o->errors[i].times || (told && (o->again_ms <= 0 || now - told < o->again_ms)))
            continue;
        pager_say(o->pager, o->errors[i].what,
            "an error in the log, %lld times by now: \"%s\". The log has the whole lines.",
            (long long)o->errors[i].times, o->errors[i].what);
        o->errors[i].times = 0;
        o->errors[i].told_ms = now;
    }
    pthread_mutex_unlock(&o->mutex);
}

static void look(void *arg)
{
    struct operator_watch *o = arg;
    look_at_disk(o);
    look_at_scripts(o);
    look_at_errors(o);
    look_long(o);
    loop_timer_arm(o->timer, LOOK_MS);
}

/* ---- alerts ---- */

/* About how a company is served; their texts hold nothing of its customers. */
static bool is_service(const char *kind)
{
    static const char *const kinds[] = {"connection-down", "connection-refused",
        "connection-address", "reconnect", "company-broken", "backlog", "store-size",
        "not-authentic", "silence", "schedule-missed", "catalogue-too-large", "many-alerts"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kind, kinds[i]))
            return true;
    return false;
}

static void on_alert(void *arg, const struct engine_alert_info *i)
{
    struct operator_watch *o = arg;
    bool ended = !strcmp(i->state, "over");
    bool whole = !i->company[0] || is_service(i->kind);
    if (!whole && i->heard)
        return;
    char *key = mem_printf("%s\n%s\n%s", i->company, i->kind, whole ? i->about : "");
    char *who = i->company[0] ? mem_printf("company %s, ", i->company) : mem_dup("");
    if (ended && whole)
        pager_say(o->pager, key, "%s%s (%s): over.", who, i->kind, i->about);
    else if (whole)
        pager_say(o->pager, key, "%s%s: %s", who, i->kind, i->text);
    else if (!ended)
        pager_say(o->pager, key,
            "%salerts of the kind %s, and no rule of its own tells anybody (`use \"tell_alerts\"`): "
            "`sauma alerts --company %s`.",
            who, i->kind, i->company);
    mem_free(who);
    mem_free(key);
}

/* ---- life ---- */

int operator_new(struct operator_watch **out, struct parts *p, const struct conf *c, struct err *e)
{
    const char *url = conf_text(c, "operator-url"), *secret = conf_text(c, "operator-secret");
    struct err why = {0};
    *out = NULL;
    if (!url)
        return 0;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_set(e, ERR_USAGE, "--operator-url: it is the https:// address of a webhook");
    if (secret && signature_check_standard(str_of(secret), &why) < 0)
        return err_set(e, ERR_USAGE, "--operator-secret: %s", why.text);
    struct operator_watch *o = mem_zalloc(1, sizeof(*o));
    o->parts = p;
    o->pager = pager_new(p->loop, p->http, url, secret, conf_int(c, "alert-gather"));
    o->data = conf_text(c, "data");
    o->again_ms = conf_int(c, "alert-again");
    o->backup_ms = conf_int(c, "backup-expected");
    o->disk_low = conf_size(c, "disk-low");
    pthread_mutex_init(&o->mutex, NULL);
    o->timer = loop_timer_new(p->loop, look, o);
    loop_timer_arm(o->timer, LOOK_MS);
    struct engine_observer ob = {.alert = on_alert, .arg = o};
    engine_observe(p->engine, &ob);
    log_on_error(on_error, o);
    *out = o;
    return 0;
}

void operator_free(struct operator_watch *o)
{
    if (!o)
        return;
    log_on_error(NULL, NULL);
    if (o->reading)
        o->reading->o = NULL;
    loop_timer_free(o->timer);
    pager_free(o->pager);
    pthread_mutex_destroy(&o->mutex);
    mem_free(o);
}
