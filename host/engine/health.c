#include "health.h"

#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "channel.h"
#include "clock.h"
#include "http.h"
#include "machine.h"

#define DOWN    "connection-down"
#define REFUSED "connection-refused"
#define ADDRESS "connection-address"
/* What goes on is told again (counted, with newer words) at most so often. */
#define AGAIN_MS 60000

static struct engine *engine_of(const struct channel *ch)
{
    return ch->company->engine;
}

/* True if it is to be told now. */
static bool due(struct health_alert *a)
{
    int64_t now = clock_mono_ms();
    if (a->state == HEALTH_OPEN && now - a->told_ms < AGAIN_MS)
        return false;
    *a = (struct health_alert){HEALTH_OPEN, now};
    return true;
}

static void close_alert(struct channel *ch, struct health_alert *a, const char *kind)
{
    if (a->state != HEALTH_CLOSED)
        alert_clear(engine_of(ch), ch->company->name, kind, ch->name);
    a->state = HEALTH_CLOSED;
}

/* The part of a title that tells what is allowed: "POST /invoices" of "POST /invoices/12/lines". */
static size_t part_of(const char *title)
{
    const char *slash = strchr(title, '/');
    return slash ? (size_t)(slash - title) + 1 + strcspn(slash + 1, "/?") : strlen(title);
}

static bool clears_refusal(const struct health *h, const char *title)
{
    size_t n = strlen(h->refused_for);
    return n == 0 || (part_of(title) >= n && strncmp(h->refused_for, title, n) == 0);
}

static void is_up(struct channel *ch)
{
    struct health *h = &ch->health;
    close_alert(ch, &h->down, DOWN);
    close_alert(ch, &h->address, ADDRESS);
    h->failing_ms = 0;
    h->failures = 0;
}

void health_failed(struct channel *ch, const char *problem)
{
    struct engine *e = engine_of(ch);
    struct health *h = &ch->health;
    char since[CLOCK_TEXT];
    int64_t now = clock_mono_ms();
    if (!h->failing_ms)
        h->failing_ms = now;
    h->failures++;
    int64_t ms = now - h->failing_ms;
    if (h->failures < 2 || ms < e->set.connection_down_ms || !due(&h->down))
        return;
    clock_format(clock_wall_ms() - ms, since);
    alert_raise(e, ch->company->name, DOWN, ch->name,
        "connection %s has not worked since %s: %d tries failed, the last one because %s. "
        "%lld events of the company are in flight; what needs the connection waits and is tried "
        "again by itself until step-deadline, then it needs a person. See whether the other side "
        "works and whether the connection's address is right; this closes by itself when a request "
        "succeeds",
        ch->name, since, h->failures, problem, (long long)ch->company->backlog.open);
}

static void tell_refused(struct channel *ch, const char *what, const char *words)
{
    const char *company = ch->company->name;
    if (!due(&ch->health.refused))
        return;
    alert_raise(engine_of(ch), company, REFUSED, ch->name,
        "connection %s refuses the credentials%s%s: %s. Runs that need it stop where they are and "
        "wait for a person (`sauma attention --company %s`); what they did before that stands. "
        "Correct the credentials (`sauma secret set %s NAME`) or what they are allowed to do there, "
        "then `sauma retry` these runs; this closes by itself when a request succeeds",
        ch->name, what[0] ? " for " : "", what, words, company, company);
}

void health_refused(struct channel *ch, const char *words)
{
    is_up(ch);
    ch->health.refused_for[0] = '\0';
    tell_refused(ch, "", words);
}

void health_misplaced(struct channel *ch, const char *words)
{
    const char *company = ch->company->name;
    if (!due(&ch->health.address))
        return;
    alert_raise(engine_of(ch), company, ADDRESS, ch->name,
        "connection %s gets no token at its address: %s. No credentials were judged. Runs that need "
        "it stop where they are and wait for a person (`sauma attention --company %s`); what they "
        "did before that stands. Correct the connection's url (or token_url), then `sauma retry` "
        "these runs; this closes by itself when a request succeeds",
        ch->name, words, company);
}

void health_answered(struct channel *ch, const char *title, int status)
{
    struct health *h = &ch->health;
    char words[128];
    snprintf(words, sizeof words, "it answered %d %s", status, http_reason(status));
    if (status == 408 || status == 429 || status >= 500) {
        health_failed(ch, words);
        return;
    }
    is_up(ch);
    if (status == 401 || status == 403 || status == 407)
        ch->credentials_ms = 0; /* what is corrected now counts at once */
    if (status == 401 || status == 407) {
        health_refused(ch, words);
    } else if (status == 403) {
        size_t n = part_of(title);
        if (h->refused.state == HEALTH_OPEN && !h->refused_for[0])
            return; /* all of it is refused, as was told */
        snprintf(h->refused_for, sizeof h->refused_for, "%.*s", (int)n, title);
        tell_refused(ch, title, words);
    } else if (status < 400 && clears_refusal(h, title)) {
        close_alert(ch, &h->refused, REFUSED);
    }
}

void health_renew(struct company *c)
{
    size_t at = 0;
    struct str key;
    void *value;
    while (map_next(c->channels, &at, &key, &value)) {
        struct channel *ch = value;
        if (manifest_connection(c->current->manifest, ch->name))
            continue;
        close_alert(ch, &ch->health.down, DOWN);
        close_alert(ch, &ch->health.refused, REFUSED);
        close_alert(ch, &ch->health.address, ADDRESS);
        ch->health.failing_ms = 0;
        ch->health.failures = 0;
    }
}
