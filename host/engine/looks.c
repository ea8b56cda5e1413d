#include "looks.h"

#define WEEK_MS ((int64_t)7 * 24 * 3600 * 1000)

static int add(struct looks *l, int64_t ms, struct err *e)
{
    if (l->n == LOOKS_MAX)
        return err_set(e, ERR_LIMIT, "at most %d looks", LOOKS_MAX);
    if (ms < 0 || ms > WEEK_MS || (l->n > 0 && ms < l->ms[l->n - 1]))
        return err_set(e, ERR_INPUT, "looks are times in rising order, up to a week");
    l->ms[l->n++] = ms;
    return 0;
}

int looks_parse(struct str text, struct looks *out, struct err *e)
{
    *out = (struct looks){.n = 0};
    if (str_is(str_trim(text), "none"))
        return 0;
    while (text.n) {
        struct str rest;
        int64_t ms;
        struct str word = str_trim(str_cut(text, ',', &rest));
        if (!str_to_ms(word, &ms))
            return err_set(e, ERR_INPUT,
                "\"%.*s\" is no time: looks are written 5m,15m,1h, or none", STR_ARG(word));
        if (add(out, ms, e) < 0)
            return -1;
        text = rest;
    }
    return 0;
}

int looks_read(const struct jsonv *v, struct looks *out, struct err *e)
{
    *out = LOOKS_NOT_SAID;
    if (!v || v->type == JSONV_NULL)
        return 0;
    out->n = 0;
    if (v->type == JSONV_OBJECT && !v->child) /* an empty list of Lua */
        return 0;
    if (v->type != JSONV_ARRAY)
        return err_set(e, ERR_INPUT, "looks is a list of times");
    for (const struct jsonv *c = v->child; c; c = c->next)
        if (add(out, jsonv_int(c, -1), e) < 0)
            return -1;
    return 0;
}

struct looks looks_default(int64_t settle_ms)
{
    return (struct looks){.n = 3, .ms = {settle_ms * 5 / 2, settle_ms * 15 / 2, settle_ms * 30}};
}
