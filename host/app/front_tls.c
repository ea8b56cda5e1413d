#include "front_tls.h"

#include <sys/stat.h>

#include "clock.h"
#include "log.h"
#include "mem.h"

#define DAY_MS  (INT64_C(24) * 3600 * 1000)
#define SOON_MS (14 * DAY_MS) /* a certificate that ends so soon is told each day */

struct front_tls {
    struct http_tls *tls;
    struct loop_timer *timer;
    int64_t every_ms;
    int64_t told_ms; /* when its end was last told, wall clock */
    int64_t refused;
    const char *cert, *key;
};

static void tell_end(struct front_tls *t)
{
    int64_t now = clock_wall_ms(), ends = http_tls_expires_ms(t->tls);
    if (ends - now > SOON_MS || (now >= t->told_ms && now - t->told_ms < DAY_MS))
        return;
    char when[CLOCK_TEXT];
    clock_format(ends, when);
    t->told_ms = now;
    log_event(ends <= now ? LOG_ERROR : LOG_WARN,
        ends <= now ? "the certificate has expired" : "the certificate expires soon", "file",
        t->cert, "ends", when, NULL);
}

static void look(void *arg)
{
    struct front_tls *t = arg;
    if (http_tls_changed(t->tls))
        front_tls_reload(t);
    tell_end(t);
    loop_timer_arm(t->timer, t->every_ms);
}

int front_tls_new(struct front_tls **out, struct loop *l, const struct conf *c, struct err *e)
{
    const char *cert = conf_text(c, "tls-cert"), *key = conf_text(c, "tls-key");
    struct stat st;
    *out = NULL;
    if (!cert && !key)
        return 0;
    if (!cert || !key)
        return err_set(e, ERR_USAGE, "--tls-cert and --tls-key go together");
    struct http_tls *tls = http_tls_new(cert, key, e);
    if (!tls)
        return -1;
    if (stat(key, &st) == 0 && (st.st_mode & S_IROTH))
        log_event(LOG_WARN, "everybody on this machine can read the key", "file", key, "do",
            "chmod o-r", NULL);
    struct front_tls *t = *out = mem_zalloc(1, sizeof(*t));
    t->tls = tls;
    t->cert = cert;
    t->key = key;
    t->every_ms = conf_int(c, "tls-watch");
    tell_end(t);
    if (t->every_ms > 0) {
        t->timer = loop_timer_new(l, look, t);
        loop_timer_arm(t->timer, t->every_ms);
    }
    return 0;
}

void front_tls_free(struct front_tls *t)
{
    if (!t)
        return;
    if (t->timer)
        loop_timer_free(t->timer);
    http_tls_free(t->tls);
    mem_free(t);
}

const struct http_tls *front_tls_get(const struct front_tls *t)
{
    return t ? t->tls : NULL;
}

int64_t front_tls_refused(const struct front_tls *t)
{
    return t ? t->refused : 0;
}

void front_tls_reload(struct front_tls *t)
{
    struct err e = {0};
    char when[CLOCK_TEXT];
    if (!t)
        return;
    if (http_tls_reload(t->tls, &e) < 0) {
        t->refused++;
        log_event(LOG_ERROR, "the new certificate cannot be used; the old one stays", "why", e.text,
            NULL);
        return;
    }
    clock_format(http_tls_expires_ms(t->tls), when);
    log_event(LOG_INFO, "certificate read", "file", t->cert, "ends", when, NULL);
}
