/* Alerts as events of their company: what a rule does with `on = "alert"` is whom they reach. An
 * alert that becomes open, or is over, is an event of connection "alert", stored like any other and
 * once only: its delivery id follows from the alert. */
#include <stdio.h>
#include <string.h>
#include "alert_impl.h"
#include "buf.h"
#include "clock.h"
#include "id.h"
#include "json.h"
#include "log.h"
#include "machine.h"
#include "manifest.h"
#include "mem.h"

#define BODY_MAX ((size_t)1 << 20)

struct notice {
    struct engine *engine;
    struct store_event se;
    char id[ID_TEXT], delivery[64];
    char *company, *type, *body;
};

static void notice_free(struct notice *n)
{
    mem_free(n->company);
    mem_free(n->type);
    mem_free(n->body);
    mem_free(n);
}

static void on_added(void *arg, enum store_event_result result, int64_t seq, const char *first_id,
    const struct err *err)
{
    struct notice *n = arg;
    if (engine_held_back(n->engine)) {
        struct company *c = company_get(n->engine, n->company, false);
        if (result == STORE_EVENT_NEW)
            events_stored(n->engine, &n->se, seq);
        else if (result == STORE_EVENT_FAILED)
            log_event(LOG_ERROR, "event of an alert not stored", "company", n->company, "error",
                err ? err->text : "", NULL);
        else if (c)
            alert_told_before(c);
    }
    notice_free(n);
    (void)first_id;
}

static const char *const states[] = {"open", "again", "over"};

static char *body_of(const struct store_alert *a, enum alert_news news, int64_t times)
{
    char at[CLOCK_TEXT];
    struct buf b;
    clock_format(a->at_ms, at);
    buf_init(&b, BODY_MAX);
    buf_adds(&b, "{\"about\":");
    json_put_cstring(&b, a->about);
    buf_addf(&b, ",\"at\":\"%s\",\"kind\":", at);
    json_put_cstring(&b, a->kind);
    buf_addf(&b, ",\"state\":\"%s\",\"text\":", states[news]);
    json_put_cstring(&b, a->text);
    buf_addf(&b, ",\"times\":%lld}", (long long)times);
    return buf_take(&b, NULL);
}

/* The same for the same alert, whenever it is told. */
static void delivery_of(
    char out[64], const struct store_alert *a, enum alert_news news, int64_t times)
{
    char hash[33];
    char *all = mem_printf("%s\n%s\n%lld\n%lld", a->kind, a->about, (long long)a->at_ms,
        (long long)(news == ALERT_AGAIN ? times : 0));
    id_hash(hash, all, strlen(all));
    snprintf(out, 64, "%s-%s", states[news], hash);
    mem_free(all);
}

bool alert_heard(const struct company *c, const char *kind)
{
    return c && c->current && manifest_listens(c->current->manifest, ALERT_CONNECTION, kind);
}

void alert_tell(struct engine *e, const struct store_alert *a, enum alert_news news, int64_t times)
{
    bool heard = alert_heard(company_get(e, a->company, false), a->kind);
    observe_alert(e, a, states[news], times, heard);
    if (!heard)
        return;
    struct notice *n = mem_zalloc(1, sizeof *n);
    n->engine = e;
    n->company = mem_dup(a->company);
    n->type = mem_dup(a->kind);
    n->body = body_of(a, news, times);
    delivery_of(n->delivery, a, news, times);
    id_new(n->id, "evt_", clock_wall_ms());
    n->se = (struct store_event){.id = n->id,
        .company = n->company,
        .connection = ALERT_CONNECTION,
        .type = n->type,
        .delivery = n->delivery,
        .received_ms = clock_wall_ms(),
        .headers = STR_LIT("{}"),
        .body = str_of(n->body)};
    engine_hold(e);
    store_add_event(e->parts.store, &n->se, on_added, n);
}

/* ---- at start: those that a host opened and had no time to tell ---- */

static void on_open_alert(void *arg, const struct store_alert *a, int64_t times)
{
    struct engine *e = arg;
    if (!e->dead)
        alert_was_open(e, a, times);
}

static void on_told(void *arg, const struct err *err)
{
    if (engine_held_back(arg) && err)
        log_event(LOG_ERROR, "alerts not read", "error", err->text, NULL);
}

void alert_tell_open(struct engine *e)
{
    engine_hold(e);
    store_load_alerts(e->parts.store, on_open_alert, on_told, e);
}
