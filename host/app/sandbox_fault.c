#include "sandbox_fault.h"

#include <stdbool.h>
#include <string.h>

#include "mem.h"

struct fault {
    struct fault *next;
    char *method; /* NULL: any */
    char *prefix; /* NULL: any */
    bool delay;
    enum fault_kind kind;
    int64_t value;
    int64_t left; /* -1: without end */
};

struct fault_list {
    struct fault *first;
};

static const struct {
    const char *name;
    enum fault_kind kind;
    int64_t fallback;
} kinds[] = {
    {"error", FAULT_ERROR, 500},
    {"reset", FAULT_RESET, 0},
    {"lost", FAULT_LOST, 0},
    {"cut", FAULT_CUT, 40},
    {"hang", FAULT_HANG, 0},
};

static void fault_one_free(struct fault *f)
{
    mem_free(f->method);
    mem_free(f->prefix);
    mem_free(f);
}

void fault_free(struct fault_list *l)
{
    if (!l)
        return;
    while (l->first) {
        struct fault *f = l->first;
        l->first = f->next;
        fault_one_free(f);
    }
    mem_free(l);
}

/* KIND[=VALUE][*N] */
static int parse_kind(struct fault *f, struct str word, struct err *e)
{
    struct str count, value;
    struct str head = str_cut(word, '*', &count);
    f->left = -1;
    if (count.p && (!str_to_i64(count, &f->left) || f->left < 1))
        return err_set(e, ERR_INPUT, "fault '%.*s': the count after * is 1 or more", STR_ARG(word));
    struct str name = str_cut(head, '=', &value);
    if (str_is(name, "delay")) {
        f->delay = true;
        if (!value.p || !str_to_ms(value, &f->value))
            return err_set(e, ERR_INPUT, "fault '%.*s': write delay=200ms", STR_ARG(word));
        return 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_is(name, kinds[i].name))
            continue;
        f->kind = kinds[i].kind;
        f->value = kinds[i].fallback;
        if (value.p && (!str_to_i64(value, &f->value) || f->value < 0 ||
                           (f->kind == FAULT_ERROR && (f->value < 400 || f->value > 599))))
            return err_set(e, ERR_INPUT, "fault '%.*s': '%.*s' is no value for %s", STR_ARG(word),
                STR_ARG(value), kinds[i].name);
        return 0;
    }
    return err_set(e, ERR_INPUT,
        "fault '%.*s' is not known: it is delay=TIME, error[=STATUS], reset, lost, cut[=BYTES] or "
        "hang",
        STR_ARG(word));
}

static struct fault *parse_one(struct str text, struct err *e)
{
    struct fault *f = mem_zalloc(1, sizeof(*f));
    struct str rest = str_trim(text);
    while (rest.n) {
        struct str after;
        struct str word = str_cut(rest, ' ', &after);
        rest = str_trim(after);
        if (word.n == 0)
            continue;
        if (word.p[0] == '/' && !f->prefix) {
            f->prefix = mem_dupn(word.p, word.n);
        } else if (rest.n && word.p[0] >= 'A' && word.p[0] <= 'Z' && !f->method) {
            f->method = mem_dupn(word.p, word.n);
        } else if (rest.n) {
            err_set(e, ERR_INPUT, "fault '%.*s': write `[METHOD] [/path] KIND[=VALUE][*N]`",
                STR_ARG(str_trim(text)));
            fault_one_free(f);
            return NULL;
        } else if (parse_kind(f, word, e) < 0) {
            fault_one_free(f);
            return NULL;
        }
    }
    return f;
}

struct fault_list *fault_parse(struct str spec, struct err *e)
{
    struct fault_list *l = mem_zalloc(1, sizeof(*l));
    struct fault **at = &l->first;
    while (spec.n) {
        struct str rest;
        struct str one = str_cut(spec, ',', &rest);
        spec = rest;
        if (str_trim(one).n == 0)
            continue;
        struct fault *f = parse_one(one, e);
        if (!f) {
            fault_free(l);
            return NULL;
        }
        if (!f->delay && f->kind == FAULT_NONE) {
            err_set(e, ERR_INPUT, "fault '%.*s' names no kind", STR_ARG(str_trim(one)));
            fault_one_free(f);
            fault_free(l);
            return NULL;
        }
        *at = f;
        at = &f->next;
    }
    return l;
}

static bool matches(const struct fault *f, const char *method, struct str path)
{
    if (f->left == 0)
        return false;
    if (f->method && strcmp(f->method, method))
        return false;
    return !f->prefix || str_starts(path, f->prefix);
}

struct fault_plan fault_take(struct fault_list *l, const char *method, struct str path)
{
    struct fault_plan plan = {0};
    for (struct fault *f = l ? l->first : NULL; f; f = f->next) {
        if (!matches(f, method, path) || (!f->delay && plan.kind != FAULT_NONE))
            continue;
        if (f->delay) {
            plan.delay_ms += f->value;
        } else {
            plan.kind = f->kind;
            plan.value = f->value;
        }
        if (f->left > 0)
            f->left--;
    }
    return plan;
}
