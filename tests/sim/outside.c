#include "outside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_LIFE_US ((int64_t)600000000)

static struct {
    struct record *records;
    int nrecords, tokens, oldest_token; /* those below it are revoked */
    int64_t token_ends_us[64];          /* of each, by its number */
    struct {
        const char *connection;
        char company;
        int64_t until_us;
    } outage;
} out;

void outside_begin(void)
{
    memset(&out, 0, sizeof out);
}

static const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *text(const char *fmt, ...)
{
    char s[120];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    return arena_text(s);
}

static const char *member(struct str json, const char *name)
{
    char start[40];
    int n = snprintf(start, sizeof start, "\"%s\":\"", name);
    const char *p = json.n ? memmem(json.p, json.n, start, (size_t)n) : NULL;
    if (!p)
        return "";
    return arena_bytes((struct str){p + n, strcspn(p + n, "\"")}).p;
}

/* ---- tokens ---- */

static struct answer give_token(void)
{
    int n = ++out.tokens;
    out.token_ends_us[n % 64] = sim->mono_us + TOKEN_LIFE_US;
    return (struct answer){200, text("{\"access_token\":\"t%d\",\"expires_in\":%d}", n, 600), NULL};
}

static bool token_good(const char *authorization)
{
    int n = 0;
    sscanf(authorization, "Bearer t%d", &n);
    return n > out.oldest_token && n > out.tokens - 64 && n <= out.tokens &&
           sim->mono_us < out.token_ends_us[n % 64];
}

void outside_revoke(void)
{
    out.oldest_token = out.tokens;
}

/* ---- the ledger ---- */

static bool same(const struct record *r, const char *company, const char *path, const char *key)
{
    return strcmp(r->key, key) == 0 && strcmp(r->path, path) == 0 &&
           strcmp(r->company, company) == 0;
}

int outside_count(const char *company, const char *path, const char *key)
{
    int n = 0;
    for (const struct record *r = out.records; r; r = r->next)
        n += same(r, company, path, key);
    return n;
}

static struct answer search(const struct request *q)
{
    size_t n = strcspn(q->path, "?");
    const char *path = arena_bytes((struct str){q->path, n}).p;
    const char *key = strstr(q->path, "key=") ? strstr(q->path, "key=") + 4 : "";
    int count = 0;
    for (const struct record *r = out.records; r; r = r->next)
        count += same(r, q->company, path, key) && r->seen_us <= sim->mono_us;
    return (struct answer){200, text("{\"count\":%d,\"id\":%d}", count, count), NULL};
}

static void check_twin(const struct record *r)
{
    if (strcmp(r->path, "/hook") == 0) /* a notice that is lost may come twice */
        return;
    for (const struct record *o = r->next; o; o = o->next)
        if (same(o, r->company, r->path, r->key))
            sim_fail("twins: %s %s \"%s\" was made by %s at %lld ms and by %s at %lld ms",
                r->company, r->path, r->key, o->by, (long long)(o->made_us / 1000), r->by,
                (long long)(r->made_us / 1000));
}

static struct answer create(const struct request *q)
{
    struct record *r = arena_zalloc(sizeof *r);
    r->company = q->company;
    r->path = q->path;
    r->key = member(q->body, "key");
    r->by = member(q->body, "by");
    r->made_us = r->seen_us = sim->mono_us;
    /* Customers are seen at once: nothing but a memory of one's own could do without that. */
    if (sim->plan.stale_ms && strcmp(r->path, "/customers") != 0)
        r->seen_us += dice_between(&sim->of_network, 0, sim->plan.stale_ms * 1000);
    r->next = out.records;
    out.records = r;
    out.nrecords++;
    TRACE("outside: %s %s \"%s\" is made by %s, seen in %lld ms", r->company, r->path, r->key,
        r->by, (long long)((r->seen_us - sim->mono_us) / 1000));
    sim_note((uint64_t)out.nrecords + 1000);
    check_twin(r);
    return (struct answer){201, text("{\"id\":%d,\"of\":%d}", out.nrecords, 1), NULL};
}

struct answer outside_serve(const struct request *q)
{
    if (strcmp(q->path, "/token") == 0)
        return give_token();
    if (strcmp(q->connection, "books") == 0 && !token_good(q->authorization))
        return (struct answer){401, "{\"error\":\"token\"}", NULL};
    return q->post ? create(q) : search(q);
}

/* ---- outages: one connection of one company at a time ---- */

void outside_outage(void)
{
    static const char *const names[] = {"books", "shop", "chat"};
    struct dice *d = &sim->of_network;
    out.outage.connection = names[dice_below(d, 3)];
    out.outage.company = (char)('a' + dice_below(d, (uint32_t)sim->plan.companies));
    out.outage.until_us = sim->mono_us + dice_between(d, 1000000, 1800000000);
    TRACE("outside: %s of %c does not answer until %lld s", out.outage.connection,
        out.outage.company, (long long)(out.outage.until_us / 1000000));
}

bool outside_down(const struct request *q)
{
    return out.outage.connection && sim->mono_us < out.outage.until_us && !sim->calm &&
           q->company[0] == out.outage.company && strcmp(q->connection, out.outage.connection) == 0;
}
