/* Preloaded by `make valgrind` only: what valgrind 3.19 cannot do is done here in other words, so
 * that the program under it is the one that ships.
 * - pidfd_open is not known to it: a pipe that a thread closes when the child has ended is readable
 *   at the same moment.
 * - exec of /proc/self/exe would start valgrind's own executable: the path is read first. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct watch {
    pid_t pid;
    int end; /* of the pipe: closed when the child has ended */
};

static void *watch_child(void *arg)
{
    struct watch *w = arg;
    siginfo_t info;
    while (waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    close(w->end);
    free(w);
    return NULL;
}

static long open_pidfd(pid_t pid)
{
    int ends[2];
    struct watch *w = malloc(sizeof(*w));
    if (!w || pipe2(ends, O_CLOEXEC))
        abort();
    *w = (struct watch){pid, ends[1]};
    pthread_attr_t detached;
    pthread_t thread;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, watch_child, w))
        abort();
    pthread_attr_destroy(&detached);
    return ends[0];
}

long syscall(long number, ...)
{
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_pidfd_open)
        return open_pidfd((pid_t)a[0]);
    static long (*next)(long, ...);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int execve(const char *path, char *const argv[], char *const env[])
{
    char real[PATH_MAX];
    if (strcmp(path, "/proc/self/exe") == 0) {
        ssize_t n = readlink(path, real, sizeof(real) - 1);
        if (n < 0)
            return -1;
        real[n] = 0;
        path = real;
    }
    static int (*next)(const char *, char *const[], char *const[]);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "execve");
    return next(path, argv, env);
}

int execl(const char *path, const char *first, ...)
{
    char *argv[32] = {(char *)(uintptr_t)first};
    va_list args;
    va_start(args, first);
    for (int i = 1; i < 31 && argv[i - 1]; i++)
        argv[i] = va_arg(args, char *);
    va_end(args);
    return execve(path, argv, environ);
}
