/* For LD_PRELOAD: the n-th allocation of a process fails, whoever asks for it (F7).
 *
 *   FAIL_MALLOC="serve 1234"    the 1234th of the process that has the argument "serve"; 0: none
 *   FAIL_MALLOC="serve 1234+"   that one, and all after it
 *   FAIL_MALLOC_COUNT=FILE      eight bytes, in which it counts */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static _Atomic int64_t *calls; /* NULL: this process is not meant */
static int64_t first, last;

static bool is_meant(const char *word)
{
    char line[4096];
    size_t n = strcspn(word, " ");
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < got; i += (ssize_t)strlen(line + i) + 1) {
        line[got] = '\0';
        if (strlen(line + i) == n && strncmp(line + i, word, n) == 0)
            return true;
    }
    return false;
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("FAIL_MALLOC"), *file = getenv("FAIL_MALLOC_COUNT");
    if (!what || !file || !is_meant(what))
        return;
    char *end;
    first = strtoll(strchr(what, ' '), &end, 10);
    last = *end == '+' ? INT64_MAX : first;
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *p = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof *calls) == 0)
        p = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        abort();
    close(fd);
    calls = p;
}

static bool fails(void)
{
    if (!calls)
        return false;
    int64_t n = atomic_fetch_add(calls, 1) + 1;
    if (first == 0 || n < first || n > last)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
    if (fails())
        return ENOMEM;
    *p = __libc_memalign(align, n);
    return *p ? 0 : ENOMEM;
}
