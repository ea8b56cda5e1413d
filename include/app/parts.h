/* The parts of a host put together: what `serve`, `check`, `run` and `test` all stand on. */
#ifndef PARTS_H
#define PARTS_H

#include "conf.h"
#include "engine.h"

struct parts_options {
    const char *data;         /* folder of the store; NULL: a temporary one, removed at the end */
    const char *secrets_data; /* folder whose secrets are used; NULL: fixed test values */
    const char *env_patterns; /* variables that scripts may name */
    int workers;
    bool isolated; /* a script process for each company, instead of workers */
    size_t memory; /* of one Lua state */
    int64_t burst_ms;
    int64_t share_ms;
    int apart_max, apart_percent;
    int64_t cpu_ms;
    size_t max_log;
    const char *ca_file;    /* NULL: the system's */
    const char *allow_net;  /* networks that companies may name though they are not public */
    const char *allow_port; /* ports that companies may name */
};

struct parts {
    struct loop *loop;
    struct store *store;
    struct secrets *secrets;
    struct secrets_writer *secrets_writer;
    struct resolver *resolver;
    struct http_out *http;
    struct scripts *scripts;
    struct bundle system;
    struct shelf *shelf;
    struct engine *engine;
    char *temporary; /* folder to remove, or NULL */
};

/* 0, or -1 and e; parts_close must be called either way. parts_open is the two after it. */
int parts_open(
    struct parts *p, const struct parts_options *o, const struct engine_settings *s, struct err *e);
void parts_close(struct parts *p);

/* The loop and the script processes, which may outlive several engines (tests). */
int parts_open_scripts(struct parts *p, const struct parts_options *o, struct err *e);
/* Store, secrets, HTTP client and engine. */
int parts_open_engine(
    struct parts *p, const struct parts_options *o, const struct engine_settings *s, struct err *e);
void parts_close_engine(struct parts *p);

/* Settings that every command which runs scripts shares, and reading them. */
#define OPTION_PARTS                                                                               \
    {"workers", CONF_INT, "0", "script processes; 0: one, for serve one a core up to 4"},          \
        {"isolation", CONF_TEXT, "shared",                                                         \
            "shared: companies share the script processes; company: each has one of its own"},     \
        {"memory", CONF_SIZE, "64m", "bytes that one run's Lua state may use"},                    \
        {"burst", CONF_MS, "5s", "longest time a script may compute without a step"},              \
        {"share", CONF_MS, "100ms",                                                                \
            "a script that computes for longer within a second, while other companies wait for "   \
            "the process they share, goes on in one of its own; 0: it does not"},                  \
        {"max-apart", CONF_INT, "8", "processes for scripts that computed for longer than that"},  \
        {"apart-percent", CONF_INT, "25",                                                          \
            "what these processes take of one processor, all together, while other companies' "    \
            "scripts are at work; 100: no bound"},                                                 \
        {"env", CONF_TEXT, "*_URL", "environment variables that scripts may name"},                \
        {"allow-net", CONF_TEXT, NULL,                                                             \
            "networks that company.lua may name though they are not public: CIDR, CIDR"},          \
        {"allow-port", CONF_TEXT, "443",                                                           \
            "ports of public addresses that company.lua may name: PORT, FROM-TO"},                 \
        {"ca-file", CONF_TEXT, NULL, "certificates to trust instead of the system's"},             \
        {"settle", CONF_MS, NULL,                                                                  \
            "how long a lost write may still land; default: per connection, or 120s"},             \
        {"looks", CONF_TEXT, NULL,                                                                 \
            "when a lost write is looked for again after that; default: per connection, or"        \
            " 5m,15m,1h in proportion to 120s of settling"},                                       \
        {"search-first", CONF_MS, "24h",                                                           \
            "so long after a backup was restored, each write looks first"},                        \
        {"write-attempts", CONF_INT, "0",                                                          \
            "how often a write is sent in all; 0: per connection, or 3"},                          \
        {"retry-base", CONF_MS, "500ms", "first wait after a transient failure, at most"},         \
        {"retry-cap", CONF_MS, "5m", "longest wait between tries"},                                \
        {"retry-attempts", CONF_INT, "100", "tries of one step; 0: as its time allows"},           \
        {"retry-after-cap", CONF_MS, "1h", "a longer Retry-After is cut to this"},                 \
        {"step-deadline", CONF_MS, "4h", "a step is not tried again so long after its first try"}, \
        {"run-deadline", CONF_MS, "24h", "nor so long after its run began"},                       \
        {"breaker-failures", CONF_INT, "10", "failures in a row that pause a connection"},         \
        {"breaker-pause", CONF_MS, "5s", "for how long; doubles up to retry-cap"},                 \
        {"connection-down", CONF_MS, "10m",                                                        \
            "a connection that has not worked for so long is told (an alert)"},                    \
        {"http-timeout", CONF_MS, "20s", "one outgoing request"},                                  \
        {"max-answer", CONF_SIZE, "16m", "bytes of one answer from outside"},                      \
        {"kept-answers", CONF_SIZE, "4m",                                                          \
            "bytes of a company's answers that count for a while (http.get with keep)"},           \
        {"max-file", CONF_SIZE, "20m", "bytes of one file that a script has the host fetch"},      \
        {"max-steps", CONF_INT, "2000", "steps of one run"},                                       \
        {"max-sent", CONF_SIZE, "64m", "bytes of all request bodies of one run"},                  \
        {"cpu", CONF_MS, "60s", "computing of one run in all"},                                    \
        {"max-log", CONF_SIZE, "64k", "bytes that one run may log"},                               \
        {"grant-renew", CONF_MS, "20h",                                                            \
            "what a person allowed is renewed at least so often, so that it does not lapse"},      \
        {"match-memory", CONF_SIZE, "1g", "bytes of all catalogues kept to find what is alike"},   \
        {"match-fresh", CONF_MS, "60s", "a catalogue looked at within this is not read again"},    \
        {"match-whole", CONF_MS, "7d", "all of a catalogue is read again after this"},             \
    {                                                                                              \
        "match-wait", CONF_MS, "5s", "a step waits so long for a catalogue being read"             \
    }
/* 0, or -1 and e: a value that is none. */
int parts_read_options(
    const struct conf *c, struct parts_options *o, struct engine_settings *s, struct err *e);

/* Name of a company: the last part of its folder's path; the caller frees it. */
char *parts_company_name(const char *dir);
/* Says on standard error what is wrong with the company in dir; text begins with the file's path
 * within it where that is known. */
void parts_company_error(const char *dir, const char *text);
/* True if path is a folder. */
bool parts_is_folder(const char *path);
bool parts_is_file(const char *path);

#endif
