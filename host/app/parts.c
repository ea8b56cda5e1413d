#include "parts.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"
#include "match_shelf.h"
#include "mem.h"

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static char *temporary_folder(struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = mem_printf("%s/sauma-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(dir))
        return dir;
    err_set(e, ERR_IO, "a temporary folder cannot be made at %s", dir);
    mem_free(dir);
    return NULL;
}

static int open_scripts(struct parts *p, const struct parts_options *o, struct err *e)
{
    char *home = home_find();
    if (!home)
        return err_set(e, ERR_NOT_FOUND,
            "the folder with lua/ and rules/ is not found: set SAUMA_HOME to the checkout or to "
            "PREFIX/share/sauma");
    int rc = bundle_read_system(&p->system, home, e);
    mem_free(home);
    if (rc < 0)
        return -1;
    struct scripts_config c = {
        .workers = o->workers,
        .isolated = o->isolated,
        .burst_ms = o->burst_ms,
        .cpu_ms = o->cpu_ms,
        .share_ms = o->share_ms,
        .apart_max = o->apart_max,
        .apart_percent = o->apart_percent,
        .memory = o->memory,
        .max_log = o->max_log,
        .system_hash = p->system.hash,
        .system_bundle = bundle_str(&p->system),
    };
    p->scripts = scripts_new(p->loop, &c, e);
    return p->scripts ? 0 : -1;
}

int parts_open_scripts(struct parts *p, const struct parts_options *o, struct err *e)
{
    memset(p, 0, sizeof(*p));
    if (!(p->loop = loop_new(e)))
        return -1;
    return open_scripts(p, o, e);
}

int parts_open_engine(
    struct parts *p, const struct parts_options *o, const struct engine_settings *s, struct err *e)
{
    const char *data = o->data;
    if (!data && !(data = p->temporary = temporary_folder(e)))
        return -1;
    if (!(p->store = store_open(p->loop, data, e)))
        return -1;
    if (o->secrets_data) {
        if (!(p->secrets = secrets_open(o->secrets_data, e)) ||
            !(p->secrets_writer = secrets_writer_new(p->loop, o->secrets_data, e)))
            return -1;
        p->resolver = resolver_new(p->secrets, p->secrets_writer, o->env_patterns);
    } else {
        p->resolver = resolver_fixed(o->env_patterns);
    }
    struct http_out_config hc;
    http_out_config_defaults(&hc);
    hc.ca_file = o->ca_file;
    hc.allow_net = o->allow_net;
    hc.allow_port = o->allow_port;
    /* Each run has one request under way at most: connections are never what they wait for. */
    if (hc.max_connections < 2 * s->max_running)
        hc.max_connections = 2 * s->max_running;
    if (!(p->http = http_out_new(p->loop, &hc, e)))
        return -1;
    char *catalogues = mem_printf("%s/catalogues", data);
    p->shelf = shelf_new(p->loop, catalogues, s->match_memory, e);
    mem_free(catalogues);
    if (!p->shelf)
        return -1;
    struct engine_parts ep = {
        .loop = p->loop,
        .store = p->store,
        .scripts = p->scripts,
        .http = p->http,
        .resolver = p->resolver,
        .system = &p->system,
        .shelf = p->shelf,
    };
    p->engine = engine_new(&ep, s);
    return 0;
}

int parts_open(
    struct parts *p, const struct parts_options *o, const struct engine_settings *s, struct err *e)
{
    if (parts_open_scripts(p, o, e) < 0)
        return -1;
    return parts_open_engine(p, o, s, e);
}

void parts_close_engine(struct parts *p)
{
    /* In the order of use: nobody calls what is already gone. */
    if (p->engine)
        engine_free(p->engine);
    shelf_free(p->shelf);
    if (p->http)
        http_out_free(p->http);
    if (p->store)
        store_close(p->store);
    secrets_writer_free(p->secrets_writer); /* before what it tells of is gone */
    if (p->resolver)
        resolver_free(p->resolver);
    if (p->secrets)
        secrets_close(p->secrets);
    if (p->temporary)
        nftw(p->temporary, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    mem_free(p->temporary);
    p->engine = NULL;
    p->shelf = NULL;
    p->http = NULL;
    p->store = NULL;
    p->resolver = NULL;
    p->secrets_writer = NULL;
    p->secrets = NULL;
    p->temporary = NULL;
}

void parts_close(struct parts *p)
{
    parts_close_engine(p);
    if (p->scripts)
        scripts_free(p->scripts);
    bundle_free(&p->system);
    if (p->loop)
        loop_free(p->loop);
    memset(p, 0, sizeof(*p));
}

int parts_read_options(
    const struct conf *c, struct parts_options *o, struct engine_settings *s, struct err *e)
{
    memset(o, 0, sizeof(*o));
    o->workers = (int)conf_int(c, "workers");
    const char *isolation = conf_text(c, "isolation");
    o->isolated = !strcmp(isolation, "company");
    if (!o->isolated && strcmp(isolation, "shared"))
        return err_set(e, ERR_INPUT, "--isolation %s: it is shared or company", isolation);
    o->memory = conf_size(c, "memory");
    o->burst_ms = conf_int(c, "burst");
    o->cpu_ms = conf_int(c, "cpu");
    o->share_ms = conf_int(c, "share");
    o->apart_max = (int)conf_int(c, "max-apart");
    o->apart_percent = (int)conf_int(c, "apart-percent");
    if (o->apart_percent < 1 || o->apart_percent > 100)
        return err_set(e, ERR_INPUT, "--apart-percent %d: it is from 1 to 100", o->apart_percent);
    o->max_log = conf_size(c, "max-log");
    o->env_patterns = conf_text(c, "env");
    o->ca_file = conf_text(c, "ca-file");
    o->allow_net = conf_text(c, "allow-net");
    o->allow_port = conf_text(c, "allow-port");
    engine_settings_defaults(s);
    if (conf_text(c, "settle"))
        s->settle_ms = conf_int(c, "settle");
    s->search_first_ms = conf_int(c, "search-first");
    s->sends = (int)conf_int(c, "write-attempts");
    s->retry_base_ms = conf_int(c, "retry-base");
    s->retry_cap_ms = conf_int(c, "retry-cap");
    s->retry_attempts = (int)conf_int(c, "retry-attempts");
    s->retry_after_cap_ms = conf_int(c, "retry-after-cap");
    s->step_deadline_ms = conf_int(c, "step-deadline");
    s->breaker_failures = (int)conf_int(c, "breaker-failures");
    s->breaker_ms = conf_int(c, "breaker-pause");
    s->connection_down_ms = conf_int(c, "connection-down");
    s->run_deadline_ms = conf_int(c, "run-deadline");
    s->http_timeout_ms = conf_int(c, "http-timeout");
    s->max_answer = conf_size(c, "max-answer");
    s->kept_answers = conf_size(c, "kept-answers");
    s->max_file = conf_size(c, "max-file");
    s->max_steps = (int)conf_int(c, "max-steps");
    s->max_sent = conf_size(c, "max-sent");
    s->grant_renew_ms = conf_int(c, "grant-renew");
    s->match_memory = conf_size(c, "match-memory");
    s->match_fresh_ms = conf_int(c, "match-fresh");
    s->match_whole_ms = conf_int(c, "match-whole");
    s->match_wait_ms = conf_int(c, "match-wait");
    if (s->sends < 0 || s->sends > 10)
        return err_set(e, ERR_INPUT, "--write-attempts is 1 to 10, or 0");
    if (conf_text(c, "looks") && looks_parse(str_of(conf_text(c, "looks")), &s->looks, e) < 0)
        return err_prefix(e, "--looks");
    return 0;
}

bool parts_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool parts_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

void parts_company_error(const char *dir, const char *text)
{
    size_t n = strlen(dir);
    const char *colon = strchr(text, ':');
    bool place = colon && memchr(text, ' ', (size_t)(colon - text)) == NULL;
    if (strncmp(text, dir, n) == 0 && text[n] == ':')
        fprintf(stderr, "%s\n", text);
    else if (place)
        fprintf(stderr, "%s%s%s\n", dir, n && dir[n - 1] == '/' ? "" : "/", text);
    else
        fprintf(stderr, "%s%scompany.lua: %s\n", dir, n && dir[n - 1] == '/' ? "" : "/", text);
}

char *parts_company_name(const char *dir)
{
    char *real = realpath(dir, NULL);
    const char *full = real ? real : dir;
    const char *slash = strrchr(full, '/');
    char *name = mem_dup(slash && slash[1] ? slash + 1 : full);
    free(real);
    return name;
}
