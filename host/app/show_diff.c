#include "show_diff.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "jsondoc.h"
#include "mem.h"
#include "redact.h"

#define FIELDS_MAX 40  /* lines of one effect; what is more is counted */
#define VALUE_MAX  120 /* characters of a value in a line */

/* Takes back what was written since. */
static void cut(struct buf *b, size_t at)
{
    if (!b->failed && b->n > at)
        b->n = at;
}

static void put_member(struct buf *b, const char *key, const char *text)
{
    json_put_key(b, key);
    json_put_cstring(b, text);
}

/* ---- the event ---- */

void show_diff_begin(struct show_diff *s, struct buf *b, const struct diff_view *view,
    const struct history_event *ev)
{
    char at[CLOCK_TEXT];
    *s = (struct show_diff){.b = b, .view = view, .json = view->json, .event_at = b->n};
    if (s->json) {
        clock_format(ev->received_ms, at);
        buf_addc(b, '{');
        put_member(b, "event", ev->id);
        put_member(b, "received_at", at);
        char *type = mem_printf("%s%s%s", ev->connection, ev->type[0] ? "." : "", ev->type);
        put_member(b, "type", type);
        mem_free(type);
    } else {
        clock_format_local(ev->received_ms, at);
        buf_addf(
            b, "\n%s  %s  %s%s%s\n", at, ev->id, ev->connection, ev->type[0] ? "." : "", ev->type);
    }
}

void show_diff_problem(struct show_diff *s, const char *before, const char *now)
{
    if (s->json) {
        buf_adds(s->b, ",\"problem\":{");
        put_member(s->b, "before", before);
        put_member(s->b, "now", now);
        buf_addc(s->b, '}');
    } else {
        buf_addf(s->b, "  routing: %s -> %s\n", before ? before : "well", now ? now : "well");
    }
}

/* Fields are hidden where they stand in an object, codes also in reasons and keys. */
static void hide(struct show_diff *s)
{
    struct buf shown;
    struct str text = {s->b->p + s->event_at, s->b->n - s->event_at};
    buf_init(&shown, BUF_MAX_DEFAULT);
    if (s->json)
        redact_row(&shown, str_of(s->view->redact), text);
    else
        redact_text(&shown, text);
    cut(s->b, s->event_at);
    buf_add(s->b, shown.p, shown.n);
    s->b->failed |= shown.failed;
    buf_free(&shown);
}

void show_diff_finish(struct show_diff *s, bool differs)
{
    if (!differs) {
        cut(s->b, s->event_at);
        return;
    }
    if (s->json)
        buf_adds(s->b, s->runs ? "]}" : ",\"runs\":[]}");
    if (!s->view->whole && !s->b->failed)
        hide(s);
    if (s->json)
        buf_addc(s->b, '\n');
}

/* ---- a run ---- */

static void put_side(struct buf *b, const char *name, const struct rehearsal_run *r)
{
    json_put_key(b, name);
    if (!r) {
        buf_adds(b, "null");
        return;
    }
    buf_addc(b, '{');
    put_member(b, "policy", r->policy);
    put_member(b, "end", r->end);
    put_member(b, "reason", r->reason);
    buf_addc(b, '}');
}

void show_diff_run(struct show_diff *s, const char *rule, const struct rehearsal_run *before,
    const struct rehearsal_run *now)
{
    const char *key = now && now->key[0] ? now->key : before ? before->key : "";
    s->run_at = s->b->n;
    s->effects = 0;
    if (s->json) {
        buf_adds(s->b, s->runs ? ",{" : ",\"runs\":[{");
        put_member(s->b, "rule", rule);
        put_member(s->b, "key", key);
        put_side(s->b, "before", before);
        put_side(s->b, "now", now);
        buf_adds(s->b, ",\"effects\":[");
    } else {
        buf_addf(s->b, "  %s%s%s\n", rule, key[0] ? ", key " : "", key);
    }
}

static void put_end(struct buf *b, const struct rehearsal_run *r)
{
    if (!r)
        buf_adds(b, "no such rule");
    else if (!r->end)
        buf_addf(b, "%s%s%s", r->policy, r->reason ? ": " : "", r->reason ? r->reason : "");
    else
        buf_addf(b, "%s%s%s%s", strcmp(r->policy, "manual") ? "" : "(once sent) ", r->end,
            r->reason ? ": " : "", r->reason ? r->reason : "");
}

void show_diff_end(
    struct show_diff *s, const struct rehearsal_run *before, const struct rehearsal_run *now)
{
    if (s->json)
        return; /* both sides stand there already */
    buf_adds(s->b, "    end  ");
    put_end(s->b, before);
    buf_adds(s->b, "\n      -> ");
    put_end(s->b, now);
    buf_addc(s->b, '\n');
}

void show_diff_run_end(struct show_diff *s, bool differs)
{
    if (!differs) {
        cut(s->b, s->run_at);
        return;
    }
    s->runs++;
    if (s->json)
        buf_adds(s->b, "]}");
}

/* ---- an effect ---- */

struct fields {
    struct buf *b;
    const struct diff_view *view;
    bool both; /* the effect is there on both sides */
    int n;
};

static void put_value(struct buf *b, const struct jsonv *v)
{
    struct buf text;
    if (!v) {
        buf_adds(b, "nothing");
        return;
    }
    buf_init(&text, BUF_MAX_DEFAULT);
    jsonv_write(&text, v);
    struct str s = buf_str(&text);
    size_t n = 0;
    const char *p = s.p;
    while (n < VALUE_MAX && p < s.p + s.n) { /* whole characters */
        p += str_utf8_step(p, s.p + s.n);
        n++;
    }
    buf_add(b, s.p, (size_t)(p - s.p));
    if (p < s.p + s.n)
        buf_adds(b, "...");
    buf_free(&text);
}

static void put_side_of(struct buf *b, const char *name, const struct jsonv *v)
{
    json_put_key(b, name);
    if (!v || jsonv_write(b, v))
        buf_adds(b, v ? "" : "null");
}

static void put_object(
    struct buf *b, const char *path, const struct jsonv *before, const struct jsonv *now)
{
    buf_addc(b, '{');
    put_member(b, "path", path);
    put_side_of(b, "before", before);
    put_side_of(b, "now", now);
    buf_addc(b, '}');
}

static void put_line(
    struct fields *f, const char *path, const struct jsonv *before, const struct jsonv *now)
{
    buf_addf(f->b, "        %s: ", path[0] ? path : "body");
    if (before || f->both)
        put_value(f->b, before);
    if (f->both)
        buf_adds(f->b, " -> ");
    if (now || f->both)
        put_value(f->b, now);
    buf_addc(f->b, '\n');
}

/* As the company's rules let people see it. */
static void put_hidden(
    struct fields *f, const char *path, const struct jsonv *before, const struct jsonv *now)
{
    struct buf row, shown;
    buf_init(&row, BUF_MAX_DEFAULT);
    buf_init(&shown, BUF_MAX_DEFAULT);
    put_object(&row, path, before, now);
    redact_row(&shown, str_of(f->view->redact), buf_str(&row));
    struct jsondoc *d = jsondoc_parse(buf_str(&shown), NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    put_line(
        f, path, before ? jsonv_get(root, "before") : NULL, now ? jsonv_get(root, "now") : NULL);
    jsondoc_free(d);
    buf_free(&row);
    buf_free(&shown);
}

static void put_field(
    void *arg, const char *path, const struct jsonv *before, const struct jsonv *now)
{
    struct fields *f = arg;
    f->n++;
    if (f->view->json) {
        buf_adds(f->b, f->n > 1 ? "," : "");
        put_object(f->b, path, before, now);
    } else if (f->n <= FIELDS_MAX) {
        (f->view->redact && !f->view->whole ? put_hidden : put_line)(f, path, before, now);
    }
}

void show_diff_effect(
    struct show_diff *s, const struct rehearsal_effect *before, const struct rehearsal_effect *now)
{
    const struct rehearsal_effect *one = now ? now : before;
    const char *change = !before ? "added" : !now ? "missing" : "changed";
    struct fields f = {s->b, s->view, before && now, 0};
    struct str a = before ? (struct str){before->body, before->nbody} : STR_LIT("{}");
    struct str b = now ? (struct str){now->body, now->nbody} : STR_LIT("{}");
    if (s->json) {
        buf_adds(s->b, s->effects++ ? ",{" : "{");
        put_member(s->b, "change", change);
        put_member(s->b, "connection", one->connection[0] ? one->connection : NULL);
        put_member(s->b, "method", one->method);
        put_member(s->b, "path", one->path);
        buf_adds(s->b, ",\"fields\":[");
    } else {
        buf_addf(s->b, "    %s  %s%s%s %s\n", change, one->connection,
            one->connection[0] ? " " : "", one->method, one->path);
    }
    diff_fields(a, b, put_field, &f);
    if (s->json)
        buf_adds(s->b, "]}");
    else if (f.n > FIELDS_MAX)
        buf_addf(s->b, "        and %d fields more (--json shows all)\n", f.n - FIELDS_MAX);
}

/* ---- the last words ---- */

static void put_sums(const struct diff_totals *t, bool json, struct buf *b)
{
    for (int i = 0; i < t->nsums; i++) {
        const struct diff_sum *s = &t->sums[i];
        char before[DECIMAL_TEXT], now[DECIMAL_TEXT], change[DECIMAL_TEXT];
        struct decimal difference = decimal_of(0);
        decimal_sub(&s->now, &s->before, &difference, NULL);
        decimal_text(&s->before, before);
        decimal_text(&s->now, now);
        decimal_text(&difference, change);
        if (json)
            buf_addf(b, "%s{\"currency\":\"%s\",\"before\":%s,\"now\":%s,\"difference\":%s}",
                i ? "," : "", s->currency, before, now, change);
        else
            buf_addf(b, "sum        %s before, %s now, difference %s %s\n", before, now, change,
                s->currency);
    }
}

void diff_summary(const struct diff_totals *t, bool json, struct buf *b)
{
    long long changed = (long long)(t->events - t->same);
    if (json) {
        buf_addf(b,
            "{\"summary\":{\"events\":%lld,\"same\":%lld,\"changed\":%lld,\"not_covered\":%lld,"
            "\"not_kept\":%lld,\"effects\":{\"added\":%lld,\"missing\":%lld,\"changed\":%lld},"
            "\"customers\":%zu,\"sums\":[",
            (long long)t->events, (long long)t->same, changed, (long long)t->not_covered,
            (long long)t->not_kept, (long long)t->added, (long long)t->missing,
            (long long)t->changed, map_count(t->customers));
        put_sums(t, json, b);
        buf_adds(b, "]}}\n");
        return;
    }
    buf_addf(b, "%sevents     %lld gone through, %lld the same, %lld changed\n",
        changed ? "\n" : "", (long long)t->events, (long long)t->same, changed);
    if (t->not_covered)
        buf_addf(b,
            "           %lld not covered: they ask what no journal answers, so that nobody knows\n",
            (long long)t->not_covered);
    if (t->not_kept)
        buf_addf(
            b, "           %lld left out: their data is no longer kept\n", (long long)t->not_kept);
    buf_addf(b, "effects    %lld added, %lld missing, %lld changed\n", (long long)t->added,
        (long long)t->missing, (long long)t->changed);
    buf_addf(b, "customers  %zu affected\n", map_count(t->customers));
    put_sums(t, json, b);
}
