/* Lines are gathered and written once a turn of the loop. */
#include "access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "mem.h"

#define GATHERED_MAX ((size_t)1 << 20)
#define LINE_BYTES   4096
#define AGAIN_MS     60000

struct access_log {
    struct loop *loop;
    char *path;
    bool full;
    int fd;
    struct buf lines;
    int64_t lost;    /* lines that could not be written, since that was last said */
    int64_t told_ms; /* when it was */
};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* The disk is full, say: requests are served all the same, and the host's log tells what is
 * missing. */
static void lose(struct access_log *a, const char *why)
{
    for (size_t i = 0; i < a->lines.n; i++)
        a->lost += a->lines.p[i] == '\n';
    int64_t now = clock_mono_ms();
    if (a->told_ms && now - a->told_ms < AGAIN_MS)
        return;
    char lines[24];
    snprintf(lines, sizeof(lines), "%" PRId64, a->lost);
    log_event(LOG_ERROR, "the access log cannot be written", "file", a->path, "why", why,
        "lines lost", lines, NULL);
    a->told_ms = now ? now : 1;
    a->lost = 0;
}

static void flush(void *arg)
{
    struct access_log *a = arg;
    const char *p = a->lines.p;
    size_t left = a->lines.n;
    while (left > 0) {
        ssize_t n = write(a->fd, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            buf_drain(&a->lines, a->lines.n - left);
            lose(a, n < 0 ? strerror(errno) : "nothing was taken");
            break;
        }
        p += n;
        left -= (size_t)n;
    }
    buf_clear(&a->lines);
}

struct access_log *access_log_open(struct loop *l, const char *path, bool full, struct err *e)
{
    int fd = open_file(path);
    if (fd < 0) {
        err_set(e, ERR_IO, "the access log %s cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    struct access_log *a = mem_zalloc(1, sizeof(*a));
    a->loop = l;
    a->path = mem_dup(path);
    a->full = full;
    a->fd = fd;
    buf_init(&a->lines, GATHERED_MAX + LINE_BYTES);
    loop_on_idle(l, flush, a);
    return a;
}

void access_log_reopen(struct access_log *a)
{
    if (!a)
        return;
    flush(a);
    int fd = open_file(a->path);
    if (fd < 0) {
        log_event(LOG_ERROR, "the access log cannot be opened again", "file", a->path, "why",
            strerror(errno), NULL);
        return;
    }
    close(a->fd);
    a->fd = fd;
}

void access_log_close(struct access_log *a)
{
    if (!a)
        return;
    flush(a);
    loop_off_idle(a->loop, flush, a);
    close(a->fd);
    buf_free(&a->lines);
    mem_free(a->path);
    mem_free(a);
}

/* All texts are harmless already: words, digits and a few signs. */
static void put_line(struct buf *b, const struct access_log *a, const struct http_in_answered *r)
{
    const struct http_in_request *q = r->request;
    char when[CLOCK_TEXT];
    clock_format(clock_wall_ms(), when);
    buf_addf(b, "{\"time\":\"%s\",\"client\":\"", when);
    access_address_put(b, q->client, a->full);
    if (strcmp(q->client, q->peer) != 0) {
        buf_adds(b, "\",\"proxy\":\"");
        access_address_put(b, q->peer, true);
    }
    buf_addf(b, "\",\"method\":\"%s\",\"target\":\"", q->method ? q->method : "");
    access_target_put(b, q->target);
    buf_addf(b,
        "\",\"status\":%d,\"in\":%zu,\"out\":%zu,\"ms\":%" PRId64 ".%03" PRId64
        ",\"secure\":%s,\"connection\":%" PRId64 ",\"nth\":%" PRId64,
        r->status, q->body.n, r->bytes, r->us / 1000, r->us % 1000, q->secure ? "true" : "false",
        q->connection, q->nth);
    if (r->why) {
        buf_adds(b, ",\"refused\":");
        json_put_cstring(b, r->why);
    }
    buf_adds(b, "}\n");
}

void access_log_note(void *arg, const struct http_in_answered *r)
{
    struct access_log *a = arg;
    if (a->lines.n > GATHERED_MAX)
        flush(a);
    put_line(&a->lines, a, r);
}
