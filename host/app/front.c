#include "front.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access_log.h"
#include "descriptors.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"

#define LOCAL_CONNECTIONS 64 /* of commands on this machine, beside a listener with TLS */

struct front {
    struct loop *loop;
    struct http_in_config config;
    struct http_proxies *proxies;
    struct access_log *log;
    struct front_tls *tls;
    struct http_in *http, *local;
    int listener;                  /* that was given and is not the server's yet, or -1 */
    char address[HTTP_BOUND_TEXT]; /* of the listener that was given */
    int draining;                  /* servers that still drain */
    loop_fn done;
    void *done_arg;
};

static int connections_that_fit(int wanted)
{
    int fit = descriptors_for_connections(wanted);
    char text[16];
    snprintf(text, sizeof(text), "%d", fit);
    if (fit < wanted)
        log_event(LOG_WARN, "fewer connections at once than max-connections says", "connections",
            text, "why", "the limit of open files (ulimit -n)", NULL);
    return fit;
}

static int open_proxies(struct front *f, const struct conf *c, struct err *e)
{
    const char *header = conf_text(c, "forwarded-header");
    bool forwarded = !strcmp(header, "forwarded");
    if (!forwarded && strcmp(header, "x-forwarded-for"))
        return err_set(
            e, ERR_USAGE, "--forwarded-header %s: it is x-forwarded-for or forwarded", header);
    for (int i = 0; conf_item(c, "trusted-proxy", i); i++) {
        if (!f->proxies)
            f->proxies = http_proxies_new(forwarded);
        if (http_proxies_add(f->proxies, conf_item(c, "trusted-proxy", i), e) < 0)
            return err_prefix(e, "--trusted-proxy");
    }
    return 0;
}

static int open_log(struct front *f, const struct conf *c, struct err *e)
{
    const char *path = conf_text(c, "access-log"), *how = conf_text(c, "access-log-addresses");
    bool full = !strcmp(how, "full");
    if (!full && strcmp(how, "short"))
        return err_set(e, ERR_USAGE, "--access-log-addresses %s: it is short or full", how);
    if (path && !(f->log = access_log_open(f->loop, path, full, e)))
        return -1;
    return 0;
}

static bool is_loopback(const char *address)
{
    struct str a = str_of(address);
    return str_starts(a, "127.") || str_starts(a, "[::1]:") || str_starts(a, "localhost:");
}

/* Webhooks carry secrets and what customers buy: not in the clear where others may listen in. */
static int check_privacy(const struct front *f, const struct conf *c, struct err *e)
{
    const char *listen = f->config.listen;
    if (f->tls || f->proxies || is_loopback(listen) || conf_flag(c, "insecure"))
        return 0;
    return err_set(e, ERR_USAGE,
        "--listen %s: plain HTTP on an address that others reach, where secrets and customers' data "
        "can be read on the way. Give --tls-cert and --tls-key; or, if a proxy with TLS is before "
        "it, say which one with --trusted-proxy; or --insecure if that is as you want it",
        listen);
}

/* What strangers send is not read with all rights of the machine. */
static int check_user(const struct front *f, const struct conf *c, struct err *e)
{
    if (geteuid() != 0 || conf_flag(c, "allow-root"))
        return 0;
    if (f->tls || f->proxies || !is_loopback(f->config.listen))
        return err_set(e, ERR_USAGE,
            "as root it does not serve where others reach it: whoever found a way into it would have "
            "the whole machine. Start it as a user of its own (`sauma help operate` has a unit of "
            "systemd for that, which may give it a port below 1024 as well), or say --allow-root if "
            "that is as you want it");
    log_event(LOG_WARN, "it runs as root", "next",
        "on this machine alone that is good enough; else start it as a user of its own", NULL);
    return 0;
}

static int read_limits(struct front *f, const struct conf *c, struct err *e)
{
    struct http_in_config *hc = &f->config;
    http_in_config_defaults(hc);
    hc->listen = f->address[0] ? f->address : conf_text(c, "listen");
    hc->listener = f->listener;
    hc->max_body = conf_size(c, "max-body");
    hc->max_bodies = conf_size(c, "max-bodies");
    hc->max_unsent = conf_size(c, "max-unsent");
    hc->max_header = conf_size(c, "max-header");
    hc->max_connections = (int)conf_int(c, "max-connections");
    hc->max_pipelined = (int)conf_int(c, "max-pipelined");
    hc->header_ms = conf_int(c, "header-timeout");
    hc->body_ms = conf_int(c, "body-timeout");
    hc->write_ms = conf_int(c, "write-timeout");
    hc->idle_ms = conf_int(c, "idle-timeout");
    hc->linger_ms = conf_int(c, "linger-timeout");
    hc->proxies = f->proxies;
    if (hc->max_pipelined < 1 || hc->max_connections < 1)
        return err_set(e, ERR_USAGE, "--max-pipelined and --max-connections are at least 1");
    return 0;
}

struct front *front_new(struct loop *l, const struct conf *c, int listener, struct err *e)
{
    struct front *f = mem_zalloc(1, sizeof(*f));
    f->loop = l;
    f->listener = listener;
    if (listener >= 0)
        http_in_bound(listener, f->address);
    if (open_proxies(f, c, e) < 0 || open_log(f, c, e) < 0 || front_tls_new(&f->tls, l, c, e) < 0 ||
        read_limits(f, c, e) < 0 || check_privacy(f, c, e) < 0 || check_user(f, c, e) < 0) {
        front_free(f);
        return NULL;
    }
    return f;
}

static struct http_in *listen_as(
    struct front *f, const struct http_in_config *hc, struct routes *r, struct err *e)
{
    struct http_in *http = http_in_start(f->loop, hc, routes_handle, r, e);
    if (!http)
        return NULL;
    http_in_on_refused(http, routes_refused, r);
    if (f->log)
        http_in_on_answered(http, access_log_note, f->log);
    return http;
}

int front_listen(struct front *f, struct routes *r, struct err *e)
{
    struct http_in_config local = f->config;
    f->config.max_connections = connections_that_fit(f->config.max_connections);
    f->config.tls = front_tls_get(f->tls);
    f->listener = -1;
    if (!(f->http = listen_as(f, &f->config, r, e)))
        return -1;
    local.listen = "127.0.0.1:0";
    local.listener = -1;
    local.max_connections = LOCAL_CONNECTIONS;
    if (f->tls && !(f->local = listen_as(f, &local, r, e)))
        return -1;
    routes_serve(r, f);
    return 0;
}

const char *front_address(const struct front *f)
{
    return f->http ? http_in_address(f->http) : NULL;
}

const char *front_local_address(const struct front *f)
{
    return f->local ? http_in_address(f->local) : front_address(f);
}

bool front_secure(const struct front *f)
{
    return f->tls != NULL;
}

void front_reload(struct front *f)
{
    front_tls_reload(f->tls);
}

void front_reopen(struct front *f)
{
    access_log_reopen(f->log);
}

static void drained(void *arg)
{
    struct front *f = arg;
    if (--f->draining == 0)
        f->done(f->done_arg);
}

void front_drain(struct front *f, loop_fn done, void *arg)
{
    f->done = done;
    f->done_arg = arg;
    f->draining = f->local ? 2 : 1;
    http_in_drain(f->http, drained, f);
    if (f->local)
        http_in_drain(f->local, drained, f);
}

void front_metrics(const struct front *f, struct buf *b)
{
    metrics_write_server(b, f->http);
    if (!f->tls)
        return;
    metrics_write_one(b, "tls_failures_total", "counter",
        "TLS connections that ended before they had begun.", http_in_tls_failures(f->http));
    metrics_write_one(b, "tls_certificate_refused_total", "counter",
        "Times at which a new certificate could not be used.", front_tls_refused(f->tls));
    metrics_write_one(b, "tls_certificate_expires_seconds", "gauge",
        "When the certificate in use ends, in Unix time.",
        http_tls_expires_ms(front_tls_get(f->tls)) / 1000);
}

void front_free(struct front *f)
{
    if (!f)
        return;
    http_in_free(f->http);
    http_in_free(f->local);
    if (f->listener >= 0)
        close(f->listener);
    front_tls_free(f->tls);
    access_log_close(f->log);
    http_proxies_free(f->proxies);
    mem_free(f);
}
