#include "diff.h"

#include <stdio.h>
#include <string.h>

#include "jsondoc.h"
#include "mem.h"
#include "show_diff.h"

void diff_totals_init(struct diff_totals *t)
{
    *t = (struct diff_totals){.customers = map_new()};
}

void diff_totals_free(struct diff_totals *t)
{
    map_free(t->customers);
}

/* ---- sums ---- */

/* "EUR" of "eur"; "?" of what is no code of three letters. */
static void read_currency(char code[4], const char *text)
{
    bool letters = strlen(text) == 3;
    for (int i = 0; i < 3 && letters; i++) {
        code[i] = (char)(text[i] & ~0x20);
        letters = code[i] >= 'A' && code[i] <= 'Z';
    }
    code[3] = 0;
    if (!letters)
        snprintf(code, 4, "?");
}

static struct diff_sum *sum_of(struct diff_totals *t, const char *currency)
{
    char code[4];
    read_currency(code, currency);
    for (int i = 0; i < t->nsums; i++)
        if (strcmp(t->sums[i].currency, code) == 0)
            return &t->sums[i];
    if (t->nsums == DIFF_CURRENCIES - 1 && code[0] != '?') /* one place is for the rest */
        return sum_of(t, "?");
    struct diff_sum *s = &t->sums[t->nsums++];
    *s = (struct diff_sum){.before = decimal_of(0), .now = decimal_of(0)};
    memcpy(s->currency, code, sizeof(code));
    return s;
}

static void add_total(struct diff_totals *t, const struct rehearsal_run *run, bool now)
{
    struct jsondoc *d = run && run->result ? jsondoc_parse(str_of(run->result), NULL) : NULL;
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const struct jsonv *total = jsonv_get(root, "total");
    struct decimal value;
    if (total && decimal_parse(total->text, &value, NULL) == 0) {
        struct diff_sum *s = sum_of(t, jsonv_str(jsonv_get(root, "currency"), "EUR"));
        struct decimal *side = now ? &s->now : &s->before;
        decimal_add(side, &value, side, NULL);
    }
    jsondoc_free(d);
}

/* ---- one run on both sides ---- */

static const struct rehearsal_run *run_named(const struct rehearsal *r, const char *rule)
{
    for (int i = 0; i < r->nruns; i++)
        if (strcmp(r->runs[i].rule, rule) == 0)
            return &r->runs[i];
    return NULL;
}

static bool same_place(const struct rehearsal_effect *a, const struct rehearsal_effect *b)
{
    return strcmp(a->connection, b->connection) == 0 && strcmp(a->method, b->method) == 0 &&
           strcmp(a->path, b->path) == 0;
}

/* The effect that goes to the same place as the k-th of from, counting those to that place. */
static const struct rehearsal_effect *partner(
    const struct rehearsal_run *of, const struct rehearsal_run *from, int k)
{
    int skip = 0;
    for (int i = 0; i < k; i++)
        skip += same_place(&from->effects[i], &from->effects[k]);
    for (int i = 0; of && i < of->neffects; i++)
        if (same_place(&of->effects[i], &from->effects[k]) && skip-- == 0)
            return &of->effects[i];
    return NULL;
}

static void count_field(
    void *arg, const char *path, const struct jsonv *before, const struct jsonv *now)
{
    ++*(int *)arg;
}

static bool same_body(const struct rehearsal_effect *a, const struct rehearsal_effect *b)
{
    int n = 0;
    diff_fields((struct str){a->body, a->nbody}, (struct str){b->body, b->nbody}, count_field, &n);
    return n == 0;
}

static void compare_effects(struct diff_totals *t, struct show_diff *s,
    const struct rehearsal_run *before, const struct rehearsal_run *now)
{
    for (int k = 0; before && k < before->neffects; k++) {
        const struct rehearsal_effect *a = &before->effects[k], *b = partner(now, before, k);
        if (b && same_body(a, b))
            continue;
        if (b)
            t->changed++;
        else
            t->missing++;
        show_diff_effect(s, a, b);
    }
    for (int k = 0; now && k < now->neffects; k++) {
        if (partner(before, now, k))
            continue;
        t->added++;
        show_diff_effect(s, NULL, &now->effects[k]);
    }
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* A reason that is only worded differently is a difference too: people read it. */
static bool same_end(const struct rehearsal_run *a, const struct rehearsal_run *b)
{
    return a && b && same_text(a->policy, b->policy) && same_text(a->end, b->end) &&
           same_text(a->reason, b->reason) && same_text(a->key, b->key);
}

static bool uncovered(const struct rehearsal_run *r)
{
    return r && r->end && strcmp(r->end, "not covered") == 0;
}

static bool compare_run(struct diff_totals *t, struct show_diff *s, const char *rule,
    const struct rehearsal_run *before, const struct rehearsal_run *now)
{
    int64_t effects = t->changed + t->missing + t->added;
    bool known = !uncovered(before) && !uncovered(now);
    show_diff_run(s, rule, before, now);
    /* How far an unknown run would have gone is not known: that it stops is no missing effect, and
     * no sum that is gone. */
    if (known) {
        add_total(t, before, false);
        add_total(t, now, true);
        compare_effects(t, s, before, now);
    }
    bool differs = effects != t->changed + t->missing + t->added || !same_end(before, now);
    if (differs) {
        const char *key = now && now->key[0] ? now->key : before ? before->key : "";
        if (!same_end(before, now))
            show_diff_end(s, before, now);
        if (key[0] && known)
            map_set(t->customers, str_of(key), t);
    }
    show_diff_run_end(s, differs);
    return differs;
}

/* ---- an event ---- */

bool diff_event(struct diff_totals *t, const struct history_event *ev,
    const struct rehearsal *before, const struct rehearsal *now, const struct diff_view *view,
    struct buf *b)
{
    struct show_diff s;
    bool differs = !same_text(before->problem, now->problem), unknown = false;
    t->events++;
    show_diff_begin(&s, b, view, ev);
    if (differs)
        show_diff_problem(&s, before->problem, now->problem);
    for (int i = 0; i < before->nruns; i++) {
        const struct rehearsal_run *a = &before->runs[i], *c = run_named(now, a->rule);
        differs |= compare_run(t, &s, a->rule, a, c);
        unknown |= uncovered(a) || uncovered(c);
    }
    for (int i = 0; i < now->nruns; i++) {
        const struct rehearsal_run *c = &now->runs[i];
        if (run_named(before, c->rule))
            continue;
        differs |= compare_run(t, &s, c->rule, NULL, c);
        unknown |= uncovered(c);
    }
    show_diff_finish(&s, differs);
    t->same += !differs;
    t->not_covered += unknown;
    return differs;
}
