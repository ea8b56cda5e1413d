/* The rules in C against the same rules in Lua (company/company.lua), which run with the program's
 * own lua/ in a script process within this one: whatever is answered, both must ask for the same
 * steps, byte for byte, and end in the same way. What the simulator finds with the C rules is then
 * true of lua/http.lua and lua/lock.lua. usage: rules_conformance [FIRST_SEED [SEEDS]] */
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "buf.h"
#include "bundle.h"
#include "mem.h"
#include "process.h"
#include "rules.h"
#include "watchdog.h"
#include "wire.h"

/* ---- the rule in C ---- */

static struct {
    const char *spec, *body; /* of the step it asks; NULL: it has ended */
    const char *ending;
    const char *json;
} model;

void call_step(struct script_call *c, const char *spec, const char *body)
{
    c->asked = true;
    c->seq++;
    model.spec = spec;
    model.body = body;
}

void call_end(struct script_call *c, enum script_outcome o, const char *json)
{
    static const char *const names[] = {"returned", "error", "attention", "skip", "limit", "lost"};
    c->gone = true;
    model.spec = NULL;
    model.ending = names[o];
    model.json = json;
}

/* ---- the rule in Lua ---- */

static struct {
    struct process *process;
    struct child_page page;
    int ours, theirs;
    struct buf in, out;
    size_t at;
    uint64_t last_id;
} lua;

static void fail(const char *what)
{
    printf("%s\n0 passed, 1 failed\n", what);
    exit(1);
}

static void put(enum wire_type type, uint64_t id, uint32_t seq, int n, const struct str *part)
{
    struct wire_msg m = {.type = type, .id = id, .seq = seq, .nparts = n};
    for (int i = 0; i < n; i++)
        m.part[i] = part[i];
    wire_put(&lua.out, &m);
}

/* Sends what was put and lets the process work. */
static void turn(void)
{
    struct pollfd ready = {.fd = lua.theirs, .events = POLLIN};
    struct err e;
    for (size_t sent = 0; sent < lua.out.n;) {
        ssize_t n = send(lua.ours, lua.out.p + sent, lua.out.n - sent, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        while (poll(&ready, 1, 0) == 1)
            if (process_turn(lua.process, &e) != 1)
                fail("the script process ended");
    }
    buf_clear(&lua.out);
    for (ssize_t n; (n = recv(lua.ours, buf_room(&lua.in, 65536), 65536, MSG_DONTWAIT)) > 0;)
        lua.in.n += (size_t)n;
}

/* The next message that is not a line of a log; it lives until the next turn. */
static struct wire_msg get(void)
{
    struct wire_msg m = {0};
    struct err e;
    size_t used;
    do {
        if (lua.at == lua.in.n ||
            wire_get(lua.in.p + lua.at, lua.in.n - lua.at, &m, &used, &e) != 1)
            fail("the script process said nothing");
        lua.at += used;
    } while (m.type == WIRE_LOG);
    if (lua.at == lua.in.n) {
        lua.at = 0;
        lua.in.n = 0;
    }
    return m;
}

static void load(const char *home)
{
    static const struct limits limits = {.memory = (size_t)64 << 20,
        .burst_ms = 60000,
        .call_ms = 600000,
        .steps = 1000,
        .log = 1 << 20};
    struct bundle system, company;
    struct err e;
    int pair[2], size = 8 << 20;
    char *folder = mem_printf("%s/tests/sim/company", home);
    if (bundle_read_system(&system, home, &e) < 0 ||
        bundle_read_company(&company, folder, false, &e) < 0)
        fail(e.text);
    if (watchdog_start(NULL) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        fail("no script process");
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    lua.ours = pair[0];
    lua.theirs = pair[1];
    buf_init(&lua.in, (size_t)64 << 20);
    buf_init(&lua.out, (size_t)64 << 20);
    lua.process = process_new(lua.theirs, &lua.page, &limits);
    put(WIRE_SYSTEM, 0, 0, 2, (struct str[]){str_of(system.hash), bundle_str(&system)});
    put(WIRE_LOAD, ++lua.last_id, 0, 6,
        (struct str[]){STR_LIT("c"), STR_LIT("company"), STR_LIT("boot"), str_of(system.hash),
            bundle_str(&company), STR_LIT("{}")});
    turn();
    struct wire_msg m = get();
    if (m.type != WIRE_LOADED || !str_is(m.part[0], "ok")) {
        printf("%.*s\n", STR_ARG(m.part[1]));
        fail("the company does not load");
    }
    bundle_free(&system);
    bundle_free(&company);
    mem_free(folder);
}

/* ---- answers ---- */

struct said {
    const char *meta, *body;
};

static struct said answer_to_search(struct dice *d)
{
    static const char *const counts[] = {"{\"count\":0}", "{\"count\":0}", "{\"count\":0}",
        "{\"count\":1}", "{\"count\":1}", "{\"count\":2}"};
    static const char well[] =
        "{\"status\":200,\"headers\":{\"content-type\":\"application/json\"}}";
    uint32_t n = dice_below(d, 20);
    if (n == 0)
        return (struct said){"{\"status\":404,\"headers\":{}}", "{\"message\":\"no\"}"};
    if (n == 1)
        return (struct said){
            "{\"failed\":true,\"class\":\"permanent\",\"problem\":\"not sent\"}", ""};
    return (struct said){well, counts[dice_below(d, 6)]};
}

static struct said answer_to_write(struct dice *d)
{
    static const char unknown[] =
        "{\"problem\":\"no answer\",\"ended_ms\":1760000000000,\"sent_ms\":"
        "1760000000000,\"settle_ms\":120000,\"unknown\":true}";
    uint32_t n = dice_below(d, 20);
    if (n < 11)
        return (struct said){unknown, ""};
    if (n == 11)
        return (struct said){"{\"status\":422,\"headers\":{}}", "{\"message\":\"no\"}"};
    if (n == 12)
        return (struct said){
            "{\"failed\":true,\"class\":\"transient\",\"problem\":\"not reached\"}", ""};
    return (struct said){
        "{\"status\":201,\"headers\":{\"content-type\":\"application/json\"}}", "{\"id\":7}"};
}

static struct said answer_to(struct dice *d, const char *spec)
{
    static const char *const settled[] = {
        "{\"at_ms\":1760000120000,\"attempts\":3,\"looks_ms\":[],\"sent_ms\":1760000000000}",
        "{\"at_ms\":1760000120000,\"attempts\":2,\"looks_ms\":[300000,900000],\"sent_ms\":"
        "1760000000000}",
        "{\"at_ms\":1760000120000,\"attempts\":1,\"granted\":true,\"looks_ms\":[300000],\"sent_ms\":"
        "1760000000000}"};
    if (strstr(spec, "\"op\":\"settle\""))
        return (struct said){settled[dice_below(d, dice_below(d, 4) ? 2 : 3)], ""};
    if (!strstr(spec, "\"op\":\"http\""))
        return (struct said){"{}", ""};
    if (!strstr(spec, "\"write\":true"))
        return answer_to_search(d);
    if (strstr(spec, "\"find\":true") && dice_below(d, 10) == 0)
        return (struct said){"{\"look\":true}", ""};
    return answer_to_write(d);
}

/* ---- one run, twice ---- */

static bool differ(
    uint64_t seed, uint32_t seq, const char *what, struct str of_lua, const char *of_c)
{
    printf("seed %llu, step %u: %s\n  Lua: %.*s\n  C:   %s\n", (unsigned long long)seed, seq, what,
        STR_ARG(of_lua), of_c);
    return false;
}

static bool same_end(uint64_t seed, const struct script_call *c, const struct wire_msg *m)
{
    if (m->type != WIRE_END)
        return differ(seed, c->seq, "the rule in C has ended", m->part[0], model.json);
    if (!str_is(m->part[0], model.ending))
        return differ(seed, c->seq, "they end in different ways", m->part[1], model.json);
    if (strcmp(model.ending, "error") == 0) {
        const char *of_lua = rules_member(m->part[1], "class");
        if (strcmp(of_lua, rules_member(str_of(model.json), "class")) != 0)
            return differ(
                seed, c->seq, "their errors are of different classes", m->part[1], model.json);
    }
    return true;
}

static bool compare(uint64_t seed, struct dice *d, struct script_call *c)
{
    struct wire_msg m = get();
    for (;;) {
        rules_go_on(c);
        if (!model.spec)
            return same_end(seed, c, &m);
        if (m.type != WIRE_STEP)
            return differ(seed, c->seq, "the rule in Lua has ended", m.part[1], model.spec);
        if (!str_is(m.part[0], model.spec))
            return differ(seed, c->seq, "they ask for different steps", m.part[0], model.spec);
        if (!str_is(m.part[1], model.body))
            return differ(seed, c->seq, "they send different bodies", m.part[1], model.body);
        struct said a = answer_to(d, model.spec);
        c->asked = false;
        c->meta = str_of(a.meta);
        c->answer = str_of(a.body);
        put(WIRE_ANSWER, m.id, m.seq, 2, (struct str[]){str_of(a.meta), str_of(a.body)});
        turn();
        m = get();
    }
}

static bool run_seed(uint64_t seed)
{
    static const char *const rules[][2] = {{"invoice", "sale"}, {"order", "order"},
        {"blind", "blind"}, {"later", "later"}, {"state", "state"}};
    struct dice d = {seed * 7919 + 1};
    struct script_call c = {0};
    char body[300], arguments[500];
    arena_reset();
    const char *const *rule = rules[dice_below(&d, 5)];
    snprintf(body, sizeof body,
        "{\"id\":\"d1\",\"type\":\"%s\",\"ref\":\"R%u\",\"customer\":\"C%u\",\"key\":\"K\",\"wait\":%u}",
        rule[1], dice_below(&d, 9), dice_below(&d, 9), 1000 * (1 + dice_below(&d, 90)));
    snprintf(arguments, sizeof arguments,
        "{\"event\":{\"connection\":\"in\",\"delivery\":\"d1\",\"id\":\"evt_1\",\"received_at\":"
        "\"2026-11-25T10:00:00.000Z\",\"type\":\"%s\"},\"rule\":\"%s\",\"run\":\"evt_1\",\"seed\":"
        "\"5\",\"version\":\"1\"}",
        rule[1], rule[0]);
    c.function = "run";
    c.run = "evt_1";
    c.rule = rule[0];
    c.body = str_of(body);
    put(WIRE_CALL, ++lua.last_id, 0, 4,
        (struct str[]){STR_LIT("c"), STR_LIT("run"), str_of(arguments), str_of(body)});
    turn();
    return compare(seed, &d, &c);
}

int main(int argc, char **argv)
{
    static struct sim nothing;
    const char *home = getenv("SAUMA_HOME");
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2000, bad = 0;
    sim = &nothing;
    if (sodium_init() < 0)
        return 1;
    load(home ? home : ".");
    for (int i = 0; i < n && bad < 5; i++)
        bad += !run_seed(first + (uint64_t)i);
    process_free(lua.process);
    printf("%d passed, %d failed\n", n - bad, bad);
    return bad ? 1 : 0;
}
