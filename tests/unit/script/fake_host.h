/* A host for tests of the script side: speaks the protocol over a socket pair with a process that
 * runs in the test itself, one turn at a time. */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "test.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "buf.h"
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "process.h"
#include "watchdog.h"
#include "wire.h"

struct fake_host {
    struct process *process;
    struct child_page page;
    int ours, theirs;
    struct buf in, out; /* received and not looked at; to be sent */
    size_t at;          /* of in */
    uint64_t last_id;
    struct err error; /* of the last turn */
};

static const struct limits usual_limits = {
    .memory = (size_t)64 << 20, .burst_ms = 10000, .call_ms = 60000, .steps = 50, .log = 2000};

/* The context module of most tests: runs company.lua, which returns the function to be called, with
 * all modules as globals. */
static const char boot_source[] =
    "local host = require 'host'\n"
    "local boot = {}\n"
    "function boot.load(options)\n"
    "  local globals = host.basics()\n"
    "  for _, name in ipairs { 'json', 'cjson', 'decimal', 'ids', 'address', 'names', 'match', 'text', 'crypto' } do\n"
    "    globals[name] = host.freeze(require(name))\n"
    "  end\n"
    "  globals.step = function(spec, body) return host.step(spec, body) end\n"
    "  globals.attention = function(reason) host.finish('attention', { reason = reason }) end\n"
    "  globals.where, globals.defined, globals.compile = host.where, host.defined, host.compile\n"
    "  globals.freeze, globals.trimmed = host.freeze, host.trimmed\n"
    "  local env = host.environment(globals)\n"
    "  host.use_environment(env)\n"
    "  boot.fn = host.run_file('company.lua')\n"
    "  return { files = host.files(), options = options }\n"
    "end\n"
    "function boot.run(arguments, body) return boot.fn(arguments, body) end\n"
    "return boot\n";

static inline void host_start(struct fake_host *h, const struct limits *limits)
{
    int pair[2];
    memset(h, 0, sizeof(*h));
    assert_true(sodium_init() >= 0);
    assert_int_equal(watchdog_start(NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int size = 4 << 20;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    h->ours = pair[0];
    h->theirs = pair[1];
    buf_init(&h->in, (size_t)128 << 20);
    buf_init(&h->out, (size_t)128 << 20);
    h->process = process_new(h->theirs, &h->page, limits);
}

static inline void host_stop(struct fake_host *h)
{
    process_free(h->process);
    close(h->ours);
    close(h->theirs);
    buf_free(&h->in);
    buf_free(&h->out);
}

/* Puts a message that the next host_turn sends. */
static inline void host_put(struct fake_host *h, enum wire_type type, uint64_t id, uint32_t seq,
    int nparts, const struct str *part)
{
    struct wire_msg m = {.type = type, .id = id, .seq = seq, .nparts = nparts};
    for (int i = 0; i < nparts; i++)
        m.part[i] = part[i];
    assert_int_equal(wire_put(&h->out, &m), 0);
}

/* Sends, lets the process work until it waits again, and receives. What process_turn returned. */
static inline int host_turn(struct fake_host *h)
{
    int rc = 1;
    struct pollfd ready = {.fd = h->theirs, .events = POLLIN};
    if (h->out.n)
        assert_int_equal(write(h->ours, h->out.p, h->out.n), h->out.n);
    buf_clear(&h->out);
    while (rc == 1 && poll(&ready, 1, 0) == 1)
        rc = process_turn(h->process, &h->error);
    for (;;) {
        char *to = buf_room(&h->in, 65536);
        ssize_t n = recv(h->ours, to, 65536, MSG_DONTWAIT);
        if (n <= 0)
            break;
        h->in.n += (size_t)n;
    }
    return rc;
}

/* The next message that was received; false: none. */
static inline bool host_get(struct fake_host *h, struct wire_msg *m)
{
    size_t used;
    struct err e = {0};
    if (h->at == h->in.n) {
        buf_clear(&h->in);
        h->at = 0;
        return false;
    }
    assert_int_equal(wire_get(h->in.p + h->at, h->in.n - h->at, m, &used, &e), 1);
    h->at += used;
    return true;
}

/* A bundle of files: pairs of path and text, ended by NULL. */
static inline char *bundle_of(const char *path, const char *text, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, (size_t)8 << 20);
    buf_addc(&b, '{');
    va_start(ap, text);
    while (path) {
        json_put_key(&b, path);
        json_put_cstring(&b, text);
        path = va_arg(ap, const char *);
        text = path ? va_arg(ap, const char *) : NULL;
    }
    va_end(ap);
    buf_addc(&b, '}');
    return buf_take(&b, NULL);
}

/* Loads a context and gives the LOADED message. Takes both bundles, which it frees. */
static inline struct wire_msg host_load(struct fake_host *h, const char *name, const char *mode,
    char *system, char *company, const char *options)
{
    struct wire_msg m = {0};
    char hash[32];
    snprintf(hash, sizeof(hash), "hash-%llu", (unsigned long long)h->last_id);
    host_put(h, WIRE_SYSTEM, 0, 0, 2, (struct str[]){str_of(hash), str_of(system)});
    host_put(h, WIRE_LOAD, ++h->last_id, 0, 6,
        (struct str[]){str_of(name), str_of(mode), STR_LIT("boot"), str_of(hash), str_of(company),
            str_of(options)});
    mem_free(system);
    mem_free(company);
    assert_int_equal(host_turn(h), 1);
    assert_true(host_get(h, &m));
    assert_int_equal(m.type, WIRE_LOADED);
    assert_int_equal(m.id, h->last_id);
    return m;
}

/* The usual context "c", whose company.lua is given. */
static inline void host_load_company(struct fake_host *h, const char *mode, const char *company)
{
    struct wire_msg m = host_load(h, "c", mode, bundle_of("lua/boot.lua", boot_source, NULL),
        bundle_of("company.lua", company, NULL), "{}");
    if (!str_is(m.part[0], "ok"))
        print_message("%.*s\n", STR_ARG(m.part[1]));
    assert_true(str_is(m.part[0], "ok"));
}

static inline uint64_t host_call(
    struct fake_host *h, const char *function, const char *arguments, const char *body)
{
    host_put(h, WIRE_CALL, ++h->last_id, 0, 4,
        (struct str[]){STR_LIT("c"), str_of(function), str_of(arguments), str_of(body)});
    return h->last_id;
}

static inline void host_answer(
    struct fake_host *h, uint64_t id, uint32_t seq, const char *meta, const char *body)
{
    host_put(h, WIRE_ANSWER, id, seq, 2, (struct str[]){str_of(meta), str_of(body)});
}

/* Runs the body of a function as company code in a fresh process, answering each step with {} and
 * the text "answer". "outcome json" of its end, to be freed. */
static inline void expect_step(
    struct fake_host *h, uint64_t id, uint32_t seq, const char *spec, const char *body)
{
    struct wire_msg m = {0};
    assert_true(host_get(h, &m));
    assert_int_equal(m.type, WIRE_STEP);
    assert_int_equal(m.id, id);
    assert_int_equal(m.seq, seq);
    assert_true(str_is(m.part[0], spec));
    assert_true(str_is(m.part[1], body));
}

static inline char *run_in(const char *mode, const struct limits *limits, const char *code)
{
    struct fake_host h;
    struct wire_msg m = {0};
    char *source = mem_printf("return function(arguments, body)\n%s\nend", code), *result = NULL;
    host_start(&h, limits);
    host_load_company(&h, mode, source);
    uint64_t id = host_call(&h, "run", "{\"seed\":\"s\"}", "the body");
    while (!result) {
        assert_int_equal(host_turn(&h), 1);
        while (host_get(&h, &m)) {
            assert_int_equal(m.id, id);
            if (m.type == WIRE_STEP)
                host_answer(&h, id, m.seq, "{}", "answer");
            if (m.type == WIRE_END)
                result = mem_printf("%.*s %.*s", STR_ARG(m.part[0]), STR_ARG(m.part[1]));
        }
    }
    host_stop(&h);
    mem_free(source);
    return result;
}

/* The same, judged: the end is exactly `wanted`. */
static inline void expect(const char *code, const char *wanted)
{
    char *got = run_in("company", &usual_limits, code);
    assert_string_equal(got, wanted);
    mem_free(got);
}

/* The end contains `wanted`. */
static inline void expect_part(const char *code, const char *wanted)
{
    char *got = run_in("company", &usual_limits, code);
    if (!strstr(got, wanted))
        print_message("%s\n  gave %s\n  without %s\n", code, got, wanted);
    assert_non_null(strstr(got, wanted));
    mem_free(got);
}

#endif
