#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "str.h"

#define FIRST_GIVEN 3 /* descriptors that are handed over begin here */

struct service {
    struct loop_timer *timer; /* NULL: no watchdog */
    char *notify;             /* the manager's socket, or NULL */
    int64_t every_ms;
    int listener;
};

static int64_t number(const char *name)
{
    const char *text = getenv(name);
    int64_t n;
    return text && str_to_i64(str_of(text), &n) ? n : 0;
}

/* It is this process that is meant, and not one that it was started by. */
static bool is_ours(const char *name)
{
    return !getenv(name) || number(name) == (int64_t)getpid();
}

static bool listens(int fd)
{
    struct sockaddr_storage a = {0};
    int type = 0, open = 0;
    socklen_t n = sizeof(a), ntype = sizeof(type), nopen = sizeof(open);
    return getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
           (a.ss_family == AF_INET || a.ss_family == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &ntype) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &open, &nopen) == 0 && open;
}

static int take_listener(struct service *s, struct err *e)
{
    int64_t n = is_ours("LISTEN_PID") ? number("LISTEN_FDS") : 0;
    if (n <= 0)
        return 0;
    if (n > 1 || !listens(FIRST_GIVEN))
        return err_set(e, ERR_USAGE,
            "the service manager gave %lld socket(s), and the host wants one that listens on TCP: one "
            "ListenStream=ADDRESS:PORT",
            (long long)n);
    fcntl(FIRST_GIVEN, F_SETFD, FD_CLOEXEC);
    fcntl(FIRST_GIVEN, F_SETFL, fcntl(FIRST_GIVEN, F_GETFL) | O_NONBLOCK);
    s->listener = FIRST_GIVEN;
    return 0;
}

static void say(struct service *s, const char *words)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = s->notify ? strlen(s->notify) : 0;
    if (n == 0)
        return;
    int fd = n < sizeof(to.sun_path) ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    memcpy(to.sun_path, s->notify, fd < 0 ? 0 : n);
    if (to.sun_path[0] == '@') /* one of the abstract names */
        to.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (fd < 0 || sendto(fd, words, strlen(words), MSG_NOSIGNAL, (struct sockaddr *)&to, size) < 0)
        log_event(LOG_WARN, "the service manager was not told", "words", words, "why",
            strerror(errno), NULL);
    if (fd >= 0)
        close(fd);
}

static void turns(void *arg)
{
    struct service *s = arg;
    say(s, "WATCHDOG=1");
    loop_timer_arm(s->timer, s->every_ms);
}

struct service *service_new(struct err *e)
{
    static const char *const names[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    struct service *s = mem_zalloc(1, sizeof(*s));
    s->listener = -1;
    s->notify = mem_dup(getenv("NOTIFY_SOCKET"));
    s->every_ms = is_ours("WATCHDOG_PID") ? number("WATCHDOG_USEC") / 2000 : 0;
    int rc = take_listener(s, e);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unsetenv(names[i]);
    if (rc < 0) {
        service_free(s);
        return NULL;
    }
    return s;
}

int service_listener(struct service *s)
{
    int fd = s->listener;
    s->listener = -1;
    return fd;
}

void service_ready(struct service *s, struct loop *l)
{
    say(s, "READY=1");
    if (s->every_ms <= 0)
        return;
    s->timer = loop_timer_new(l, turns, s);
    turns(s);
}

void service_stopping(struct service *s)
{
    say(s, "STOPPING=1");
}

void service_free(struct service *s)
{
    if (!s)
        return;
    if (s->timer)
        loop_timer_free(s->timer);
    if (s->listener >= 0)
        close(s->listener);
    mem_free(s->notify);
    mem_free(s);
}
