/* The words of a fault, see sandbox_fault.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sandbox_answer.h"
#include "sandbox_fault_list.h"

static const struct {
    const char *name;
    enum fault_kind kind;
    int64_t fallback;
    bool carried_out;
} kinds[] = {
    {"error", FAULT_ERROR, 500, false},
    {"reset", FAULT_RESET, 0, false},
    {"lost", FAULT_RESET, 0, true},
    {"cut", FAULT_CUT, 40, true},
    {"hang", FAULT_HANG, 0, false},
    {"answer", FAULT_ANSWER, 0, true},
    {"head", FAULT_HEAD, 0, false},
    {"accept", FAULT_ACCEPT, 0, false},
};

static const struct {
    const char *name;
    enum fault_sort sort;
} sorts[] = {{"delay", FAULT_SORT_DELAY}, {"again", FAULT_SORT_AGAIN}, {"hide", FAULT_SORT_HIDE}};

void fault_free_one(struct fault *f)
{
    mem_free(f->method);
    mem_free(f->prefix);
    mem_free(f->words);
    mem_free(f);
}

/* "5s", or a range "0s..60s". */
static int parse_time(struct str value, struct fault_time *t)
{
    struct str first = value, last = value;
    for (size_t i = 0; i + 1 < value.n; i++)
        if (value.p[i] == '.' && value.p[i + 1] == '.') {
            first = (struct str){value.p, i};
            last = (struct str){value.p + i + 2, value.n - i - 2};
            break;
        }
    if (!value.p || !str_to_ms(first, &t->from_ms) || !str_to_ms(last, &t->to_ms))
        return -1;
    return t->from_ms <= t->to_ms ? 0 : -1;
}

static int bad_value(struct str word, const char *want, struct err *e)
{
    return err_set(e, ERR_INPUT, "fault '%.*s': %s", STR_ARG(word), want);
}

static int parse_cut(struct str value, int64_t *out)
{
    if (str_is(value, "status"))
        *out = FAULT_CUT_STATUS;
    else if (str_is(value, "header"))
        *out = FAULT_CUT_HEADER;
    else if (str_is(value, "body"))
        *out = FAULT_CUT_BODY;
    else if (!str_to_i64(value, out) || *out < 0)
        return -1;
    return 0;
}

static int parse_value(struct fault *f, struct str word, struct str value, struct err *e)
{
    switch (f->kind) {
    case FAULT_ERROR:
        if (value.p && (!str_to_i64(value, &f->value) || f->value < 400 || f->value > 599))
            return bad_value(word, "the status of an error is 400 to 599", e);
        return 0;
    case FAULT_CUT:
        if (value.p && parse_cut(value, &f->value) < 0)
            return bad_value(word, "it is cut=status, header, body or a number of bytes", e);
        return 0;
    case FAULT_ANSWER:
        if (!value.p || value.n >= sizeof(f->answer) || !sandbox_answer_known(value))
            return bad_value(word, "it is answer=" SANDBOX_ANSWERS, e);
        memcpy(f->answer, value.p, value.n);
        return 0;
    default:
        return value.p ? bad_value(word, "it takes no value", e) : 0;
    }
}

/* KIND[=VALUE][*N] */
static int parse_kind(struct fault *f, struct str word, struct err *e)
{
    struct str count, value;
    struct str head = str_cut(word, '*', &count);
    if (count.p && (!str_to_i64(count, &f->left) || f->left < 1))
        return bad_value(word, "the count after * is 1 or more", e);
    struct str name = str_cut(head, '=', &value);
    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
        if (!str_is(name, sorts[i].name))
            continue;
        f->sort = sorts[i].sort;
        return parse_time(value, &f->time) < 0
                   ? bad_value(word, "write a time or a range, such as 200ms or 0s..30s", e)
                   : 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_is(name, kinds[i].name))
            continue;
        f->kind = kinds[i].kind;
        f->value = kinds[i].fallback;
        f->carried_out = kinds[i].carried_out;
        return parse_value(f, word, value, e);
    }
    return err_set(e, ERR_INPUT,
        "fault '%.*s' is not known: it is delay=TIME, again=TIME, hide=TIME, error[=STATUS], "
        "reset, lost, cut[=WHERE], hang, answer=HOW, head or accept",
        STR_ARG(word));
}

static int parse_likely(struct str value, double *out)
{
    char text[32], *end;
    if (!value.n || value.n >= sizeof(text) || !isdigit((unsigned char)value.p[0]))
        return -1;
    memcpy(text, value.p, value.n);
    text[value.n] = 0;
    *out = strtod(text, &end);
    return *end || *out > 1 ? -1 : 0;
}

static int parse_qualifier(struct fault *f, struct str word, int *carried_out, struct err *e)
{
    struct str value;
    struct str name = str_cut(word, '=', &value);
    if (str_is(word, "fresh") || str_is(word, "reused")) {
        f->when = str_is(word, "fresh") ? FAULT_WHEN_FRESH : FAULT_WHEN_REUSED;
    } else if (str_is(word, "done") || str_is(word, "undone")) {
        *carried_out = str_is(word, "done");
    } else if (str_is(name, "late")) {
        f->is_late = true;
        *carried_out = 0;
        if (parse_time(value, &f->late) < 0)
            return bad_value(word, "write a time or a range, such as 2s or 0s..60s", e);
    } else if (str_is(name, "p")) {
        if (parse_likely(value, &f->likely) < 0)
            return bad_value(word, "write how likely, from p=0 to p=1", e);
    } else if (str_is(name, "after")) {
        if (!str_to_i64(value, &f->after) || f->after < 0)
            return bad_value(word, "write how many are let through", e);
    } else if (str_is(name, "retry")) {
        if (!value.n || value.n >= sizeof(f->retry))
            return bad_value(word, "write retry=SECONDS, date+SECONDS or another word", e);
        memcpy(f->retry, value.p, value.n);
    } else {
        return err_set(e, ERR_INPUT,
            "fault word '%.*s' is not known: write `[METHOD] [/path] [done|undone] [late=TIME] "
            "[retry=FORM] [p=0.5] [after=N] [fresh|reused] KIND[=VALUE][*N]`",
            STR_ARG(word));
    }
    return 0;
}

/* What makes no sense together. */
static int judge(const struct fault *f, int carried_out, struct err *e)
{
    bool early = f->kind == FAULT_HEAD || f->kind == FAULT_ACCEPT;
    if (early && (f->is_late || carried_out == 1))
        return err_set(e, ERR_INPUT, "fault '%s': what is not read is not carried out", f->words);
    if (f->kind == FAULT_ACCEPT && (f->method || f->prefix || f->when != FAULT_WHEN_ANY))
        return err_set(e, ERR_INPUT, "fault '%s': accept comes before any request", f->words);
    if (f->retry[0] && f->kind != FAULT_ERROR)
        return err_set(e, ERR_INPUT, "fault '%s': retry belongs to an error", f->words);
    if (f->sort != FAULT_SORT_ALONE && (f->is_late || carried_out >= 0))
        return err_set(e, ERR_INPUT, "fault '%s': done, undone and late belong to a cut", f->words);
    return 0;
}

static int parse_words(struct fault *f, struct str rest, struct err *e)
{
    int carried_out = -1;
    while (rest.n) {
        struct str after;
        struct str word = str_cut(rest, ' ', &after);
        int rc = 0;
        rest = str_trim(after);
        if (!rest.n)
            rc = parse_kind(f, word, e);
        else if (word.p[0] == '/' && !f->prefix)
            f->prefix = mem_dupn(word.p, word.n);
        else if (word.n && isupper((unsigned char)word.p[0]) && !f->method)
            f->method = mem_dupn(word.p, word.n);
        else
            rc = parse_qualifier(f, word, &carried_out, e);
        if (rc < 0)
            return -1;
    }
    if (carried_out >= 0)
        f->carried_out = carried_out;
    return judge(f, carried_out, e);
}

struct fault *fault_parse_one(struct str text, struct err *e)
{
    struct fault *f = mem_zalloc(1, sizeof(*f));
    f->left = -1;
    f->likely = 1;
    f->words = mem_dupn(text.p, text.n);
    if (parse_words(f, text, e) < 0) {
        fault_free_one(f);
        return NULL;
    }
    return f;
}
