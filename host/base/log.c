/* The host's log on standard error. Each line is one write, so that lines of several threads and
 * processes never mix. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"

#define VALUE_MAX      8192 /* what is longer is cut */
#define LINE_MAX_BYTES ((size_t)256 * 1024)

/* How this process logs; set once at its start, read by every thread. */
static atomic_int log_level = LOG_INFO;
static atomic_int log_text = -1; /* -1: not decided yet */

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
    atomic_store(&log_level, (int)level);
}

void log_set_text(int text)
{
    atomic_store(&log_text, text ? 1 : 0);
}

static int as_text(void)
{
    int text = atomic_load(&log_text);
    if (text < 0) {
        text = isatty(STDERR_FILENO) ? 1 : 0;
        atomic_store(&log_text, text);
    }
    return text;
}

/* The value, cut between characters if it is too long. */
static struct str clipped(const char *value)
{
    struct str s = {value, strnlen(value, VALUE_MAX + 1)};
    if (s.n <= VALUE_MAX)
        return s;
    s.n = VALUE_MAX;
    while (s.n && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
        s.n--;
    return s;
}

/* A terminal obeys DEL and the C1 controls (U+0080 to U+009F) too, which JSON lets through. */
static void put_harmless(struct buf *b, struct str s)
{
    struct buf quoted;
    buf_init(&quoted, LINE_MAX_BYTES);
    json_put_string(&quoted, s);
    for (size_t i = 0; i < quoted.n; i++) {
        unsigned char c = (unsigned char)quoted.p[i];
        unsigned char next = i + 1 < quoted.n ? (unsigned char)quoted.p[i + 1] : 0;
        if (c == 0x7F) {
            buf_adds(b, "\\u007f");
        } else if (c == 0xC2 && next < 0xA0) {
            buf_addf(b, "\\u00%02x", next);
            i++;
        } else {
            buf_addc(b, (char)c);
        }
    }
    buf_free(&quoted);
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return s.n > 0;
}

static void put_json(struct buf *b, enum log_level level, const char *what, va_list ap)
{
    char when[CLOCK_TEXT];
    clock_format(clock_wall_ms(), when);
    buf_addf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"what\":", when, level_names[level]);
    put_harmless(b, clipped(what));
    const char *key;
    while ((key = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        buf_addc(b, ',');
        put_harmless(b, clipped(key));
        buf_addc(b, ':');
        if (value)
            put_harmless(b, clipped(value));
        else
            buf_adds(b, "null");
    }
    buf_addc(b, '}');
}

static void put_text(struct buf *b, enum log_level level, const char *what, va_list ap)
{
    char when[CLOCK_TEXT];
    clock_format(clock_wall_ms(), when);
    /* what and the keys are the program's own words; only values come from outside. */
    buf_addf(b, "%.12s %-5s %s", when + 11, level_names[level], what);
    const char *key;
    while ((key = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        struct str s = clipped(value ? value : "null");
        buf_addf(b, " %s=", key);
        if (is_plain(s))
            buf_add(b, s.p, s.n);
        else
            put_harmless(b, s);
    }
}

static bool (*log_find)(struct str line, size_t *at, size_t *n);

void log_hide(bool (*find)(struct str line, size_t *at, size_t *n))
{
    log_find = find;
}

/* Who is told of errors; under the mutex, so that it may go at any time. */
static pthread_mutex_t error_mutex = PTHREAD_MUTEX_INITIALIZER;
static void (*error_fn)(void *arg, const char *what);
static void *error_arg;

void log_on_error(void (*fn)(void *arg, const char *what), void *arg)
{
    pthread_mutex_lock(&error_mutex);
    error_fn = fn;
    error_arg = arg;
    pthread_mutex_unlock(&error_mutex);
}

static void tell_error(const char *what)
{
    pthread_mutex_lock(&error_mutex);
    if (error_fn)
        error_fn(error_arg, what);
    pthread_mutex_unlock(&error_mutex);
}

static void hide(struct buf *b)
{
    struct str rest = buf_str(b);
    size_t at, n;
    while (log_find && log_find(rest, &at, &n)) {
        memset(b->p + (rest.p - b->p) + at, '*', n);
        rest = (struct str){rest.p + at + n, rest.n - at - n};
    }
}

static void write_line(struct buf *b)
{
    const char *p = b->p;
    size_t left = b->n;
    while (left) {
        ssize_t n = write(STDERR_FILENO, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* there is nowhere to say that the log cannot be written */
        p += n;
        left -= (size_t)n;
    }
}

void log_event(enum log_level level, const char *what, ...)
{
    if ((int)level < atomic_load(&log_level) || level > LOG_ERROR)
        return;
    int saved = errno;
    struct buf b;
    buf_init(&b, LINE_MAX_BYTES);
    va_list ap;
    va_start(ap, what);
    if (as_text())
        put_text(&b, level, what, ap);
    else
        put_json(&b, level, what, ap);
    va_end(ap);
    if (b.failed) {
        buf_clear(&b);
        buf_adds(&b, "{\"level\":\"error\",\"what\":\"log line too long\"}");
    }
    hide(&b);
    buf_addc(&b, '\n');
    write_line(&b);
    buf_free(&b);
    if (level == LOG_ERROR)
        tell_error(what);
    errno = saved;
}
