#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "map.h"
#include "mem.h"

#define CHANGES                                                                                    \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB)
/* Folders within folders, at most: a link that leads back to itself ends here. */
#define DEPTH_MAX 8

/* An entry of the watched folder that was changed a moment ago. */
struct change {
    char *name;
    int64_t first_ms, last_ms;
};

struct watch {
    struct loop *loop;
    struct watch_config config;
    watch_fn fn;
    void *arg;
    char *dir;
    int fd, top; /* top: the descriptor of dir itself */
    struct loop_fd *readable;
    struct loop_timer *timer;
    char **paths; /* of each watch descriptor, relative to dir; NULL: none */
    int npaths;
    struct map *changed;
    bool lost;
    char *problem;
};

static void note_problem(struct watch *w, const char *path)
{
    if (w->problem)
        return;
    w->problem = mem_printf("%s/%s cannot be watched: %s%s", w->dir, path, strerror(errno),
        errno == ENOSPC ? " (raise the limit fs.inotify.max_user_watches)" : "");
}

/* ---- which folders ---- */

static void remember(struct watch *w, int wd, const char *path)
{
    if (wd >= w->npaths) {
        int n = wd + 64;
        w->paths = mem_realloc(w->paths, (size_t)n * sizeof(*w->paths));
        memset(w->paths + w->npaths, 0, (size_t)(n - w->npaths) * sizeof(*w->paths));
        w->npaths = n;
    }
    mem_free(w->paths[wd]);
    w->paths[wd] = mem_dup(path);
}

static bool counts(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && name[0] != '.' && name[n - 1] != '~';
}

/* path relative to the watched folder, and all folders in it. */
static void add_tree(struct watch *w, const char *path, int depth)
{
    struct stat st;
    char *full = mem_printf("%s/%s", w->dir, path);
    DIR *d =
        depth <= DEPTH_MAX && stat(full, &st) == 0 && S_ISDIR(st.st_mode) ? opendir(full) : NULL;
    int wd = d ? inotify_add_watch(w->fd, full, CHANGES | IN_ONLYDIR) : -1;
    if (d && wd < 0)
        note_problem(w, path);
    mem_free(full);
    if (wd >= 0)
        remember(w, wd, path);
    struct dirent *entry;
    while (wd >= 0 && (entry = readdir(d)) != NULL) {
        if (!counts(entry->d_name) || entry->d_type == DT_REG)
            continue;
        char *below = mem_printf("%s/%s", path, entry->d_name);
        add_tree(w, below, depth + 1);
        mem_free(below);
    }
    if (d)
        closedir(d);
}

static void add_entries(struct watch *w)
{
    DIR *d = opendir(w->dir);
    struct dirent *entry;
    while (d && (entry = readdir(d)) != NULL)
        if (counts(entry->d_name))
            add_tree(w, entry->d_name, 1);
    if (d)
        closedir(d);
}

/* A folder that was moved away keeps its watches: nothing in it is ours any more. */
static void drop_tree(struct watch *w, const char *path)
{
    size_t n = strlen(path);
    for (int wd = 0; wd < w->npaths; wd++) {
        const char *p = w->paths[wd];
        if (wd == w->top || !p || strncmp(p, path, n) != 0 || (p[n] && p[n] != '/'))
            continue;
        inotify_rm_watch(w->fd, wd);
        mem_free(w->paths[wd]);
        w->paths[wd] = NULL;
    }
}

/* ---- which of them changed ---- */

static void note_change(struct watch *w, const char *path)
{
    struct str name = {path, strcspn(path, "/")};
    struct change *c = map_get(w->changed, name);
    int64_t now = clock_mono_ms();
    if (!c) {
        c = mem_zalloc(1, sizeof(*c));
        c->name = mem_dupn(name.p, name.n);
        c->first_ms = now;
        map_set(w->changed, name, c);
    }
    c->last_ms = now;
}

static int64_t due(const struct watch *w, const struct change *c)
{
    int64_t quiet = c->last_ms + w->config.quiet_ms, late = c->first_ms + w->config.late_ms;
    return quiet < late ? quiet : late;
}

static void arm(struct watch *w)
{
    int64_t next = INT64_MAX, now = clock_mono_ms();
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(w->changed, &at, &key, &value))
        if (due(w, value) < next)
            next = due(w, value);
    if (w->lost)
        next = now;
    if (next < INT64_MAX)
        loop_timer_arm(w->timer, next > now ? next - now : 0);
}

static void tell(void *arg)
{
    struct watch *w = arg;
    size_t at = 0;
    struct str key;
    void *value;
    int64_t now = clock_mono_ms();
    if (w->lost) {
        w->lost = false;
        add_entries(w);
        w->fn(w->arg, NULL);
    }
    while (map_next(w->changed, &at, &key, &value)) {
        struct change *c = value;
        if (due(w, c) > now)
            continue;
        map_remove(w->changed, key);
        w->fn(w->arg, c->name);
        mem_free(c->name);
        mem_free(c);
    }
    arm(w);
}

/* A hidden link to a folder may be what the entry's files lead through: deployments exchange it, so
 * that all of them change at once. */
static bool is_hidden_folder(struct watch *w, const struct inotify_event *ev, const char *below)
{
    struct stat st;
    if (ev->wd == w->top || !(ev->mask & (IN_CREATE | IN_MOVED_TO)) || ev->name[0] != '.')
        return false;
    char *full = mem_printf("%s/%s/%s", w->dir, below, ev->name);
    bool folder = stat(full, &st) == 0 && S_ISDIR(st.st_mode);
    mem_free(full);
    return folder;
}

static void on_event(struct watch *w, const struct inotify_event *ev)
{
    if (ev->mask & IN_Q_OVERFLOW)
        w->lost = true;
    const char *below = ev->wd >= 0 && ev->wd < w->npaths ? w->paths[ev->wd] : NULL;
    if (!below)
        return;
    if (ev->mask & IN_IGNORED) {
        if (ev->wd == w->top && !w->problem)
            w->problem = mem_printf("%s was removed", w->dir);
        mem_free(w->paths[ev->wd]);
        w->paths[ev->wd] = NULL;
        return;
    }
    if (ev->len && !counts(ev->name) && is_hidden_folder(w, ev, below))
        note_change(w, below);
    if (!ev->len || !counts(ev->name))
        return;
    char *path = ev->wd == w->top ? mem_dup(ev->name) : mem_printf("%s/%s", below, ev->name);
    /* A link to a folder says nothing of being one. */
    if (ev->mask & (IN_MOVED_FROM | IN_DELETE))
        drop_tree(w, path);
    if (ev->mask & (IN_CREATE | IN_MOVED_TO))
        add_tree(w, path, 1);
    note_change(w, path);
    mem_free(path);
}

static void on_readable(void *arg, bool readable, bool writable)
{
    struct watch *w = arg;
    _Alignas(struct inotify_event) char bytes[16384];
    ssize_t n;
    while ((n = read(w->fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *ev = (const void *)(bytes + at);
            on_event(w, ev);
            at += (ssize_t)(sizeof(*ev) + ev->len);
        }
    arm(w);
}

/* ---- life ---- */

const char *watch_problem(struct watch *w)
{
    return w->problem;
}

struct watch *watch_new(struct loop *l, const char *dir, const struct watch_config *c, watch_fn fn,
    void *arg, struct err *e)
{
    struct watch *w = mem_zalloc(1, sizeof(*w));
    *w = (struct watch){.loop = l, .config = *c, .fn = fn, .arg = arg, .dir = mem_dup(dir)};
    w->changed = map_new();
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->top = w->fd < 0 ? -1 : inotify_add_watch(w->fd, dir, CHANGES | IN_ONLYDIR);
    if (w->top < 0) {
        err_set(e, ERR_IO, "%s cannot be watched: %s", dir, strerror(errno));
        watch_free(w);
        return NULL;
    }
    remember(w, w->top, "");
    w->timer = loop_timer_new(l, tell, w);
    w->readable = loop_fd_new(l, w->fd, on_readable, w);
    loop_fd_watch(w->readable, true, false);
    add_entries(w);
    return w;
}

void watch_free(struct watch *w)
{
    size_t at = 0;
    struct str key;
    void *value;
    if (!w)
        return;
    if (w->readable)
        loop_fd_free(w->readable);
    if (w->timer)
        loop_timer_free(w->timer);
    if (w->fd >= 0)
        close(w->fd);
    while (map_next(w->changed, &at, &key, &value)) {
        mem_free(((struct change *)value)->name);
        mem_free(value);
    }
    map_free(w->changed);
    for (int i = 0; i < w->npaths; i++)
        mem_free(w->paths[i]);
    mem_free(w->paths);
    mem_free(w->problem);
    mem_free(w->dir);
    mem_free(w);
}
