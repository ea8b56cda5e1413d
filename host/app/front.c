#include "front.h"

#include <stdio.h>
#include <string.h>

#include "access_log.h"
#include "descriptors.h"
#include "log.h"
#include "mem.h"

struct front {
    struct loop *loop;
    struct http_in_config config;
    struct http_proxies *proxies;
    struct access_log *log;
    struct http_in *http;
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

static int read_limits(struct front *f, const struct conf *c, struct err *e)
{
    struct http_in_config *hc = &f->config;
    http_in_config_defaults(hc);
    hc->listen = conf_text(c, "listen");
    hc->max_body = conf_size(c, "max-body");
    hc->max_bodies = conf_size(c, "max-bodies");
    hc->max_header = conf_size(c, "max-header");
    hc->max_connections = (int)conf_int(c, "max-connections");
    hc->max_pipelined = (int)conf_int(c, "max-pipelined");
    hc->header_ms = conf_int(c, "header-timeout");
    hc->body_ms = conf_int(c, "body-timeout");
    hc->write_ms = conf_int(c, "write-timeout");
    hc->idle_ms = conf_int(c, "idle-timeout");
    hc->proxies = f->proxies;
    if (hc->max_pipelined < 1 || hc->max_connections < 1)
        return err_set(e, ERR_USAGE, "--max-pipelined and --max-connections are at least 1");
    return 0;
}

struct front *front_new(struct loop *l, const struct conf *c, struct err *e)
{
    struct front *f = mem_zalloc(1, sizeof(*f));
    f->loop = l;
    if (open_proxies(f, c, e) < 0 || open_log(f, c, e) < 0 || read_limits(f, c, e) < 0) {
        front_free(f);
        return NULL;
    }
    return f;
}

int front_listen(struct front *f, struct routes *r, struct err *e)
{
    f->config.max_connections = connections_that_fit(f->config.max_connections);
    if (!(f->http = http_in_start(f->loop, &f->config, routes_handle, r, e)))
        return -1;
    http_in_on_refused(f->http, routes_refused, r);
    if (f->log)
        http_in_on_answered(f->http, access_log_note, f->log);
    routes_serve(r, f->http);
    return 0;
}

const char *front_address(const struct front *f)
{
    return f->http ? http_in_address(f->http) : NULL;
}

void front_reopen(struct front *f)
{
    access_log_reopen(f->log);
}

void front_drain(struct front *f, loop_fn done, void *arg)
{
    http_in_drain(f->http, done, arg);
}

void front_free(struct front *f)
{
    if (!f)
        return;
    if (f->http)
        http_in_free(f->http);
    access_log_close(f->log);
    http_proxies_free(f->proxies);
    mem_free(f);
}
