#include "sandbox_fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "sandbox_fault_list.h"

#define SEED "seed="

void fault_free(struct fault_list *l)
{
    if (!l)
        return;
    while (l->first) {
        struct fault *f = l->first;
        l->first = f->next;
        fault_free_one(f);
    }
    mem_free(l);
}

static int parse_seed(struct fault_list *l, struct str word, struct err *e)
{
    int64_t seed;
    if (!str_to_i64((struct str){word.p + strlen(SEED), word.n - strlen(SEED)}, &seed))
        return err_set(e, ERR_INPUT, "fault '%.*s': the seed is a number", STR_ARG(word));
    l->random = (uint64_t)seed;
    return 0;
}

struct fault_list *fault_parse(struct str spec, struct err *e)
{
    struct fault_list *l = mem_zalloc(1, sizeof(*l));
    struct fault **at = &l->first;
    l->random = (uint64_t)clock_mono_us();
    while (spec.n) {
        struct str rest;
        struct str one = str_trim(str_cut(spec, ',', &rest));
        spec = rest;
        if (one.n == 0)
            continue;
        if (str_starts(one, SEED) ? parse_seed(l, one, e) < 0 : !(*at = fault_parse_one(one, e))) {
            fault_free(l);
            return NULL;
        }
        if (*at)
            at = &(*at)->next;
    }
    return l;
}

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do. */
static uint64_t draw(struct fault_list *l)
{
    uint64_t z = (l->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t draw_time(struct fault_list *l, struct fault_time t)
{
    return t.from_ms + (int64_t)(draw(l) % (uint64_t)(t.to_ms - t.from_ms + 1));
}

/* Does the fault show now? Counts it if so. */
static bool shows(struct fault_list *l, struct fault *f)
{
    if (f->after > 0) {
        f->after--;
        return false;
    }
    if (f->likely < 1 && (double)(draw(l) >> 11) / (double)(1ull << 53) >= f->likely)
        return false;
    if (f->left > 0)
        f->left--;
    f->hits++;
    return true;
}

static bool matches(const struct fault *f, const char *method, struct str path, bool reused)
{
    if (f->left == 0 || (f->when != FAULT_WHEN_ANY && reused != (f->when == FAULT_WHEN_REUSED)))
        return false;
    if (f->method && strcmp(f->method, method))
        return false;
    return !f->prefix || str_starts(path, f->prefix);
}

static void plan_alone(struct fault_list *l, const struct fault *f, struct fault_plan *plan)
{
    plan->kind = f->kind;
    plan->value = f->value;
    plan->carried_out = f->carried_out;
    plan->late_ms = f->is_late ? draw_time(l, f->late) : -1;
    memcpy(plan->answer, f->answer, sizeof(plan->answer));
    memcpy(plan->retry, f->retry, sizeof(plan->retry));
}

static void add_words(struct fault_plan *plan, const struct fault *f)
{
    size_t n = strlen(plan->words);
    snprintf(plan->words + n, sizeof(plan->words) - n, "%s%s", n ? ", " : "", f->words);
}

struct fault_plan fault_take(struct fault_list *l, const char *method, struct str path, bool reused)
{
    struct fault_plan plan = {.again_ms = -1, .late_ms = -1, .carried_out = true};
    for (struct fault *f = l ? l->first : NULL; f; f = f->next) {
        bool alone = f->sort == FAULT_SORT_ALONE;
        if (f->kind == FAULT_HEAD || f->kind == FAULT_ACCEPT ||
            (alone && plan.kind != FAULT_NONE) || !matches(f, method, path, reused) || !shows(l, f))
            continue;
        add_words(&plan, f);
        if (alone)
            plan_alone(l, f, &plan);
        else if (f->sort == FAULT_SORT_DELAY)
            plan.delay_ms += draw_time(l, f->time);
        else if (f->sort == FAULT_SORT_HIDE)
            plan.hide_ms = draw_time(l, f->time);
        else
            plan.again_ms = draw_time(l, f->time);
    }
    return plan;
}

bool fault_take_accept(struct fault_list *l)
{
    for (struct fault *f = l ? l->first : NULL; f; f = f->next)
        if (f->kind == FAULT_ACCEPT && f->left != 0 && shows(l, f))
            return true;
    return false;
}

bool fault_take_head(struct fault_list *l, const char *method, struct str path, bool reused)
{
    for (struct fault *f = l ? l->first : NULL; f; f = f->next)
        if (f->kind == FAULT_HEAD && matches(f, method, path, reused) && shows(l, f))
            return true;
    return false;
}

void fault_write(struct buf *b, const struct fault_list *l)
{
    for (const struct fault *f = l ? l->first : NULL; f; f = f->next)
        buf_addf(b, "%" PRId64 " %s\n", f->hits, f->words);
}
