/* The rules of the simulated companies: C that takes the very steps that Lua rules take.
 *
 * write_flow follows http.write of lua/http.lua (step, unknown, settle, find, adopt or send again),
 * lock_flow follows lua/lock.lua, ensure_flow the `ensure` of the connectors, notify_flow
 * lua/connectors/slack.lua. Whoever changes one of those changes it here; rules_conformance.c
 * tells. A rule is one function that stands still at ASK and goes on from there, as a coroutine
 * does. */
#include "rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN(place)                                                                               \
    switch (place) {                                                                               \
    case 0:
#define ASK(place, spec, body)                                                                     \
    do {                                                                                           \
        (place) = __LINE__;                                                                        \
        call_step(c, spec, body);                                                                  \
        return FLOW_WAITS;                                                                         \
    case __LINE__:;                                                                                \
    } while (0)
#define CALL(place, piece)                                                                         \
    do {                                                                                           \
        (place) = __LINE__;                                                                        \
        __attribute__((fallthrough));                                                              \
    case __LINE__:;                                                                                \
        enum flow f_ = (piece);                                                                    \
        if (f_ == FLOW_WAITS || f_ == FLOW_ENDED)                                                  \
            return f_;                                                                             \
        raised = f_ == FLOW_RAISED;                                                                \
    } while (0)
#define END(place)                                                                                 \
    }                                                                                              \
    (place) = 0

static const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *text(const char *fmt, ...)
{
    char out[1500];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out, sizeof out, fmt, ap);
    va_end(ap);
    return arena_text(out);
}

static bool says(struct str json, const char *words)
{
    return json.n && memmem(json.p, json.n, words, strlen(words));
}

const char *rules_member(struct str json, const char *name)
{
    char start[40];
    int n = snprintf(start, sizeof start, "\"%s\":", name);
    const char *p = json.n ? memmem(json.p, json.n, start, (size_t)n) : NULL;
    if (!p)
        return "";
    p += n;
    bool quoted = *p == '"';
    p += quoted;
    size_t len = strcspn(p, quoted ? "\"" : ",}");
    return arena_bytes((struct str){p, len}).p;
}

static const char *of_event(const struct script_call *c, const char *name)
{
    return rules_member(c->body, name);
}

/* ---- lua/http.lua ---- */

static int status_of(const struct script_call *c)
{
    int status = 0;
    const char *s = rules_member(c->meta, "status");
    sscanf(s, "%d", &status);
    return status;
}

static enum flow raise(struct script_call *c, const char *class, const char *words)
{
    c->error = text("{\"class\":\"%s\",\"message\":\"%s\",\"where\":\"\"}", class, words);
    return FLOW_RAISED;
}

static const char *get_spec(const char *connection, const char *path)
{
    return text("{\"connection\":\"%s\",\"headers\":{\"accept\":\"application/json\"},"
                "\"method\":\"GET\",\"op\":\"http\",\"path\":\"%s\"}",
        connection, path);
}

static const char *write_spec(const struct write *w)
{
    char attempt[32] = "", looked[32] = "";
    if (w->tries > 0)
        snprintf(attempt, sizeof attempt, "\"attempt\":%d,", w->tries + 1);
    if (w->looked > 0)
        snprintf(looked, sizeof looked, "\"looked\":%u,", w->looked);
    return text(
        "{%s\"connection\":\"%s\",%s\"headers\":{\"accept\":\"application/json\",\"content-type\":\"application/json\"},%s"
        "\"method\":\"POST\",\"op\":\"http\",%s\"path\":\"%s\",%s\"write\":true}",
        attempt, w->connection, w->find ? "\"find\":true," : "", looked,
        w->drop ? "\"optional\":true," : "", w->path,
        !w->find && w->attempts > 1 ? "\"repeatable\":true," : "");
}

static enum flow in_doubt(struct script_call *c, const char *rest)
{
    call_end(c, SCRIPT_ATTENTION,
        text("{\"reason\":\"It is not known whether %s carried out POST %s. %s\"}",
            c->write.connection, c->write.path, rest));
    return FLOW_ENDED;
}

/* What a search answered: how many records, or -1 if it failed. */
static int found(const struct script_call *c)
{
    int n = 0;
    if (says(c->meta, "\"failed\":true") || status_of(c) >= 300)
        return -1;
    sscanf(rules_member(c->answer, "count"), "%d", &n);
    return n;
}

/* The search of a write was answered: it goes on without it, is through, or is over. */
enum look { LOOK_NOTHING, LOOK_FOUND, LOOK_RAISED, LOOK_ENDED };
static enum look look(struct script_call *c)
{
    struct write *w = &c->write;
    int n = found(c);
    if (n == 1) {
        w->adopted = true;
        w->at = 0;
        return LOOK_FOUND;
    }
    if (n < 0 && w->tries == 0) {
        w->at = 0;
        raise(c, "permanent", "the search failed");
        return LOOK_RAISED;
    }
    if (n != 0) {
        in_doubt(c, n < 0 ? "Looking for it failed." : "More than one record there fits.");
        return LOOK_ENDED;
    }
    return LOOK_NOTHING;
}

#define LOOK(w)                                                                                    \
    do {                                                                                           \
        ASK((w)->at, get_spec((w)->connection, (w)->find), "");                                    \
        switch (look(c)) {                                                                         \
        case LOOK_NOTHING:                                                                         \
            break;                                                                                 \
        case LOOK_FOUND:                                                                           \
            return FLOW_GOES_ON;                                                                   \
        case LOOK_RAISED:                                                                          \
            return FLOW_RAISED;                                                                    \
        case LOOK_ENDED:                                                                           \
            return FLOW_ENDED;                                                                     \
        }                                                                                          \
    } while (0)

/* What the settling answered: {at_ms, attempts, granted, looks_ms, sent_ms}. */
static void settled(struct script_call *c)
{
    static const char word[] = "\"looks_ms\":[";
    struct write *w = &c->write;
    w->sends = w->attempts ? w->attempts : 1;
    if (!w->attempts && w->find)
        sscanf(rules_member(c->meta, "attempts"), "%d", &w->sends);
    w->granted = says(c->meta, "\"granted\":true");
    w->nlooks = 0;
    const char *p = memmem(c->meta.p, c->meta.n, word, sizeof word - 1);
    for (p = p ? p + sizeof word - 1 : NULL; p && *p >= '0' && *p <= '9' && w->nlooks < 8;) {
        char *end;
        w->looks_ms[w->nlooks++] = strtoll(p, &end, 10);
        p = *end == ',' ? end + 1 : end;
    }
}

static enum flow write_flow(struct script_call *c)
{
    struct write *w = &c->write;
    BEGIN(w->at)
    for (;;) {
        if (w->look_now) {
            LOOK(w);
            w->looked = c->seq;
        }
        ASK(w->at, write_spec(w), w->body);
        w->look_now = says(c->meta, "\"look\":true");
        if (w->look_now)
            continue;
        if (says(c->meta, "\"failed\":true")) {
            w->at = 0;
            return raise(c, says(c->meta, "\"transient\"") ? "transient" : "permanent",
                "the request failed");
        }
        if (!says(c->meta, "\"unknown\":true")) {
            w->at = 0;
            return status_of(c) >= 300 ? raise(c, "permanent", "the system refused") : FLOW_GOES_ON;
        }
        w->tries++;
        w->seq = c->seq;
        w->sends = w->attempts ? w->attempts : 1;
        w->granted = false;
        if (!w->drop || w->find) {
            ASK(w->at, text("{\"of\":%u,\"op\":\"settle\"}", w->seq), "");
            settled(c);
            if (w->find) {
                LOOK(w);
                for (w->i = 0; w->i < w->nlooks && !w->drop; w->i++) {
                    ASK(w->at,
                        text("{\"after_ms\":%lld,\"of\":%u,\"op\":\"settle\"}",
                            (long long)w->looks_ms[w->i], w->seq),
                        "");
                    LOOK(w);
                }
            }
        }
        if (w->tries >= w->sends && !(w->find && w->granted))
            break;
        w->looked = w->find ? c->seq : 0;
    }
    END(w->at);
    if (!w->drop)
        return in_doubt(c, w->find ? "It was sent and could not be found there."
                                   : "There is no way to look it up from here.");
    w->unknown = true;
    return FLOW_GOES_ON;
}

static void write_to(
    struct script_call *c, const char *connection, const char *path, const char *key, bool findable)
{
    c->write = (struct write){.connection = connection,
        .path = path,
        .body = text("{\"by\":\"%s\",\"key\":\"%s\"}", c->run, key),
        .find = findable ? text("%s?key=%s", path, key) : NULL};
}

/* ---- the connectors ---- */

/* The same under a lock, since rules with other keys may be at the same one. */
static enum flow ensure_flow(struct script_call *c, const char *key)
{
    bool raised = false;
    BEGIN(c->part)
    ASK(c->part, text("{\"name\":\"customer %s\",\"op\":\"lock\"}", key), "");
    write_to(c, "books", "/customers", key, true);
    c->write.look_now = true;
    CALL(c->part, write_flow(c));
    if (raised) {
        ASK(c->part, text("{\"name\":\"customer %s\",\"op\":\"unlock\"}", key), "");
        c->part = 0;
        return FLOW_RAISED;
    }
    ASK(c->part, text("{\"name\":\"customer %s\",\"op\":\"unlock\"}", key), "");
    END(c->part);
    return FLOW_GOES_ON;
}

/* ---- the rules; each is also what a version with another number does a little otherwise ---- */

static enum flow invoice_rule(struct script_call *c)
{
    bool raised = false;
    BEGIN(c->at)
    if (c->version % 2)
        ASK(c->at, "{\"op\":\"time\"}", "");
    CALL(c->at, ensure_flow(c, of_event(c, "customer")));
    if (raised)
        return FLOW_RAISED;
    write_to(c, "books", "/invoices", of_event(c, "ref"), true);
    c->write.look_now = true;
    CALL(c->at, write_flow(c));
    if (raised)
        return FLOW_RAISED;
    write_to(c, "chat", "", of_event(c, "ref"), false);
    c->write.drop = true;
    c->write.attempts = 2;
    CALL(c->at, write_flow(c)); /* a notice that fails is a warning */
    END(c->at);
    call_end(c, SCRIPT_RETURNED, "{\"invoice\":1}");
    return FLOW_ENDED;
}

/* Writes without a look before: the outcome alone says what there is. */
static enum flow order_rule(struct script_call *c)
{
    bool raised = false;
    BEGIN(c->at)
    write_to(c, "books", "/orders", of_event(c, "ref"), true);
    CALL(c->at, write_flow(c));
    if (raised)
        return FLOW_RAISED;
    END(c->at);
    call_end(c, SCRIPT_RETURNED, "{}");
    return FLOW_ENDED;
}

static enum flow blind_rule(struct script_call *c)
{
    bool raised = false;
    BEGIN(c->at)
    ASK(c->at, get_spec("shop", "/items"), "");
    if (found(c) < 0)
        return raise(c, "permanent", "the search failed");
    write_to(c, "shop", "/blind", of_event(c, "ref"), false);
    CALL(c->at, write_flow(c));
    if (raised)
        return FLOW_RAISED;
    END(c->at);
    call_end(c, SCRIPT_RETURNED, "{}");
    return FLOW_ENDED;
}

/* Sleeps before it writes, long enough to give the Lua state back or not. */
static enum flow later_rule(struct script_call *c)
{
    bool raised = false;
    BEGIN(c->at)
    ASK(c->at, text("{\"ms\":%s,\"op\":\"sleep\"}", of_event(c, "wait")), "");
    write_to(c, "shop", "/laters", of_event(c, "ref"), true);
    CALL(c->at, write_flow(c));
    if (raised)
        return FLOW_RAISED;
    END(c->at);
    call_end(c, SCRIPT_RETURNED, "{}");
    return FLOW_ENDED;
}

/* What an older update must not overwrite. */
static enum flow state_rule(struct script_call *c)
{
    bool raised = false;
    BEGIN(c->at)
    write_to(c, "books", "/states", of_event(c, "ref"), true);
    CALL(c->at, write_flow(c));
    if (raised)
        return FLOW_RAISED;
    END(c->at);
    call_end(c, SCRIPT_RETURNED, "{}");
    return FLOW_ENDED;
}

/* Ends in each of the other ways. */
static enum flow odd_rule(struct script_call *c)
{
    BEGIN(c->at)
    ASK(c->at, "{\"op\":\"time\"}", "");
    END(c->at);
    switch (of_event(c, "ref")[1] % 4) {
    case 0:
        call_end(c, SCRIPT_SKIP, "{\"reason\":\"nothing to do\"}");
        break;
    case 1:
        call_end(c, SCRIPT_ATTENTION, "{\"reason\":\"a person must look\"}");
        break;
    case 2:
        call_end(c, SCRIPT_LIMIT, "{\"limit\":\"memory\",\"message\":\"too much memory\"}");
        break;
    default:
        call_end(c, SCRIPT_ERROR,
            "{\"class\":\"script\",\"message\":\"a nil value\",\"where\":\"rules/odd.lua:3\"}");
        break;
    }
    return FLOW_ENDED;
}

static const struct rule {
    const char *name, *type, *policy;
    bool keyed;
    enum flow (*go_on)(struct script_call *c);
} rules[] = {
    {"invoice", "sale", "automatic", true, invoice_rule},
    {"order", "order", "automatic", true, order_rule},
    {"follow", "order", "automatic", false, later_rule},
    {"blind", "blind", "automatic", false, blind_rule},
    {"later", "later", "automatic", true, later_rule},
    {"asked", "asked", "manual", true, order_rule},
    {"state", "state", "automatic", true, state_rule},
    {"odd", "odd", "automatic", false, odd_rule},
    {"off", "order", "off", false, odd_rule},
};
#define RULES (sizeof rules / sizeof rules[0])

static bool is_newest(const struct rule *r)
{
    return r->go_on == state_rule;
}

static void route(struct script_call *c)
{
    const char *type = of_event(c, "type"), *list = "";
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(rules[i].type, type) == 0)
            list = text("%s%s{\"rule\":\"%s\",\"policy\":\"%s\",\"key\":\"%s\"%s}", list,
                list[0] ? "," : "", rules[i].name, rules[i].policy,
                rules[i].keyed ? of_event(c, "key") : "",
                is_newest(&rules[i]) ? text(",\"newest\":\"n%s\"", of_event(c, "wait")) : "");
    call_end(c, SCRIPT_RETURNED, text("[%s]", list));
}

void rules_go_on(struct script_call *c)
{
    if (strcmp(c->function, "route") == 0) {
        route(c);
        return;
    }
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(rules[i].name, c->rule) == 0) {
            if (rules[i].go_on(c) == FLOW_RAISED)
                call_end(c, SCRIPT_ERROR, c->error);
            return;
        }
    sim_fail("a call of the rule \"%s\", which there is not", c->rule);
}

const char *rules_manifest(const char *company, int version)
{
    const char *list = "";
    for (size_t i = 0; i < RULES; i++)
        list = text("%s%s{\"name\":\"%s\",\"on\":[\"in.%s\"]%s}", list, i ? "," : "", rules[i].name,
            rules[i].type, is_newest(&rules[i]) ? ",\"newest\":true" : "");
    char out[4000];
    snprintf(out, sizeof out,
        "{\"company\":\"%s\",\"connections\":["
        "{\"name\":\"in\",\"kind\":\"webhook\",\"webhook\":{\"event\":\"type\",\"id\":\"id\","
        "\"signature\":\"secret\",\"secret\":{\"secret\":\"in\"}}},"
        "{\"name\":\"books\",\"kind\":\"http\",\"url\":{\"literal\":\"http://books.%s\"},"
        "\"auth\":{\"type\":\"oauth2_m2m\",\"token_path\":\"/token\",\"params\":{"
        "\"client_secret\":{\"secret\":\"books\"}}},\"rate\":10},"
        "{\"name\":\"shop\",\"kind\":\"http\",\"url\":{\"literal\":\"http://shop.%s\"},"
        "\"auth\":{\"type\":\"bearer\",\"token\":{\"secret\":\"shop\"}},\"concurrency\":2},"
        "{\"name\":\"chat\",\"kind\":\"slack\",\"url\":{\"literal\":\"http://chat.%s/hook\"},"
        "\"rate\":1}],\"rules\":[%s]}",
        company, company, company, company, list);
    return arena_text(out);
}
