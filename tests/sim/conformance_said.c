/* What both sides of the comparison said, as text: the callbacks of store.h. */
#include "conformance.h"

static struct buf *said(void *arg)
{
    struct ear *e = arg;
    return &e->of->said[e->side];
}

static bool failed(void *arg, const struct err *e)
{
    if (e)
        buf_addf(said(arg), " error %s", err_code_name(e->code));
    return e != NULL;
}

void on_done(void *arg, const struct err *e)
{
    if (!failed(arg, e))
        buf_adds(said(arg), " done");
}

void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first, const struct err *e)
{
    if (!failed(arg, e))
        buf_addf(said(arg), " result %d seq %lld first %s", (int)r, (long long)seq, first);
}

void on_alert(void *arg, bool changed, const struct err *e)
{
    if (!failed(arg, e))
        buf_addf(said(arg), " changed %d", changed);
}

static void put_str(struct buf *b, struct str s)
{
    buf_addf(b, " '%.*s'", STR_ARG(s));
}

void on_journal(void *arg, const struct store_journal_step *steps, int n, const struct err *e)
{
    struct buf *b = said(arg);
    if (failed(arg, e))
        return;
    for (int i = 0; i < n; i++) {
        const struct store_step *s = &steps[i].step;
        const struct store_answer *a = &steps[i].answer;
        buf_addf(b, " [%u %s %s %s %s %lld", steps[i].seq, s->kind, s->connection, s->title,
            s->fingerprint, (long long)s->at_ms);
        put_str(b, s->spec);
        put_str(b, s->body);
        if (steps[i].answered) {
            buf_addf(b, " -> %s %lld %d", a->outcome, (long long)a->at_ms, a->attempts);
            put_str(b, a->meta);
            put_str(b, a->body);
        }
        buf_addc(b, ']');
    }
}

void on_open(void *arg, const struct store_open_event *oe)
{
    struct buf *b = said(arg);
    buf_addf(b, " {%lld %s %s %s %s %s routed %d", (long long)oe->seq, oe->event.id,
        oe->event.company, oe->event.connection, oe->event.type, oe->event.delivery, oe->routed);
    put_str(b, oe->event.body);
    for (int i = 0; i < oe->nruns; i++)
        buf_addf(b, " (%s %s %s %s %s %s %lld)", oe->runs[i].id, oe->runs[i].rule,
            oe->runs[i].version, oe->runs[i].key, run_state_name(oe->runs[i].state),
            oe->runs[i].reason, (long long)oe->until_ms[i]);
    buf_addc(b, '}');
}

void on_opened(void *arg, const struct store_open_end *end, const struct err *e)
{
    if (!failed(arg, e))
        buf_addf(said(arg), " end %d more %d last %lld,%lld next %lld", end->n, end->more,
            (long long)end->last.seq, (long long)end->last.ms, (long long)end->next_ms);
}

void on_body(void *arg, struct str body, const struct err *e)
{
    if (!failed(arg, e))
        put_str(said(arg), body);
}

static void put_books(struct buf *b, const struct store_books *k)
{
    buf_addf(b, " books %lld: %lld %lld %lld %lld %lld %lld", (long long)k->received,
        (long long)k->done, (long long)k->skipped, (long long)k->attention, (long long)k->held,
        (long long)k->in_flight, (long long)k->failed);
}

void on_books(void *arg, const struct store_books *k, const struct err *e)
{
    if (!failed(arg, e))
        put_books(said(arg), k);
}

void on_backlog(void *arg, const struct store_backlog *k)
{
    buf_addf(said(arg), " %s oldest %lld due %lld late %lld to %lld", k->company,
        (long long)k->oldest_ms, (long long)k->due_ms, (long long)k->late_from,
        (long long)k->late_until);
    put_books(said(arg), &k->books);
}

void on_backlog_end(void *arg, int n, const struct err *e)
{
    if (!failed(arg, e))
        buf_addf(said(arg), " companies %d", n);
}

void on_version(void *arg, const char *company_hash, struct str company_bundle,
    const char *system_hash, struct str system_bundle, const struct err *e)
{
    if (failed(arg, e))
        return;
    buf_addf(said(arg), " %s %s", company_hash, system_hash);
    put_str(said(arg), company_bundle);
    put_str(said(arg), system_bundle);
}

void on_standing(void *arg, const struct store_standing *st, const struct err *e)
{
    struct buf *b = said(arg);
    if (failed(arg, e))
        return;
    buf_addf(b, " %s %s %s %s %s %s, event %lld %s, edit %lld %d, steps %d", st->run.id,
        st->run.rule, st->run.version, st->run.key, run_state_name(st->run.state), st->run.reason,
        (long long)st->seq, st->event.id, (long long)st->edit, st->edited, st->nsteps);
    put_str(b, st->event.body);
}

void on_revision(
    void *arg, struct str body, const struct store_effect *effects, int n, const struct err *e)
{
    struct buf *b = said(arg);
    if (failed(arg, e))
        return;
    put_str(b, body);
    for (int i = 0; i < n; i++) {
        buf_addf(b, " [%u %s %s %s", effects[i].seq, effects[i].title, effects[i].fingerprint,
            effects[i].outcome);
        put_str(b, effects[i].meta);
        buf_addc(b, ']');
    }
}

void on_order(void *arg, const char *value, const char *event, const struct err *e)
{
    if (!failed(arg, e))
        buf_addf(said(arg), " newer %s of %s", value ? value : "none", event ? event : "none");
}

void on_live(void *arg, const struct store_switch *sw)
{
    buf_addf(said(arg), " live %s %s %s %s %lld", sw->company, sw->version, sw->folder, sw->how,
        (long long)sw->at_ms);
}

void on_schedules(void *arg, const struct store_slot *slots, const struct err *e)
{
    if (failed(arg, e))
        return;
    for (int i = 0; i < CONFORMANCE_SLOTS; i++)
        buf_addf(said(arg), " slot %lld since %lld", (long long)slots[i].slot,
            (long long)slots[i].since);
}
