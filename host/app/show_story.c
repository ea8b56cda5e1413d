/* What is done outside, what people did, and what may be done next, as people read it. */
#include <string.h>

#include "mem.h"
#include "show.h"

static const char *text_of(const struct jsonv *v, const char *key)
{
    return show_text_of(v, key);
}

static const struct jsonv *first_of(const struct jsonv *v, const char *key)
{
    const struct jsonv *list = jsonv_get(v, key);
    return list && list->type == JSONV_ARRAY ? list->child : NULL;
}

static void put_effects(const struct jsonv *run, const char *key, const char *words, FILE *out)
{
    const struct jsonv *e = first_of(run, key);
    for (const char *lead = words; e; e = e->next, lead = "") {
        const char *id = text_of(e, "id"), *number = text_of(e, "number");
        fprintf(out, "  %-9s step %lld: %s", lead, (long long)jsonv_int(jsonv_get(e, "step"), 0),
            text_of(e, "what"));
        if (*id || *number)
            fprintf(out, " (%s%s%s%s%s)", *number ? "number " : "", number,
                *number && *id ? ", " : "", *id ? "id " : "", id);
        fputc('\n', out);
    }
}

static void put_next(const struct jsonv *run, FILE *out)
{
    const struct jsonv *n = first_of(run, "next");
    for (const char *lead = "next"; n; n = n->next, lead = "") {
        const char *command = text_of(n, "command");
        fprintf(
            out, "  %-9s %s%s%s\n", lead, command, *command ? "   # " : "", text_of(n, "words"));
    }
}

void show_about(const struct jsonv *run, FILE *out)
{
    const struct jsonv *about = jsonv_get(run, "about");
    if (!about || about->type != JSONV_OBJECT)
        return;
    const char *text = text_of(about, "text"), *amount = text_of(about, "amount"),
               *currency = text_of(about, "currency");
    fprintf(out, "%s%s%s%s%s", text, *text && *amount ? ", " : "", amount, *amount ? " " : "",
        *amount ? currency : "");
}

void show_standing(const struct jsonv *run, FILE *out)
{
    put_effects(run, "done", "done", out);
    put_effects(run, "unknown", "unknown", out);
    put_next(run, out);
}

void show_attention_row(const struct jsonv *run, FILE *out)
{
    show_time(text_of(run, "updated_at"), out);
    fprintf(out, "  %s  %s  %s  %s%s\n", text_of(run, "id"), text_of(run, "company"),
        text_of(run, "rule"), text_of(run, "state"),
        jsonv_bool(jsonv_get(run, "edited"), false) ? " (edited)" : "");
    fprintf(out, "  %-9s ", "version");
    show_version(run, out);
    fputc('\n', out);
    const struct jsonv *about = jsonv_get(run, "about");
    if (about && about->type == JSONV_OBJECT) {
        fprintf(out, "  %-9s ", "about");
        show_about(run, out);
        fputc('\n', out);
    }
    struct str why = str_of(jsonv_str(jsonv_get(run, "reason"), ""));
    if (why.n) {
        fprintf(out, "  %-9s ", "why");
        show_lines(why, 12, out);
        fputc('\n', out);
    }
    show_standing(run, out);
    fputc('\n', out);
}

/* ---- acts ---- */

static void put_value(const struct jsonv *v, FILE *out)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    jsonv_write(&b, v);
    fprintf(out, "%.*s%s", (int)(b.n > 300 ? 300 : b.n), b.p ? b.p : "", b.n > 300 ? "..." : "");
    buf_free(&b);
}

static void put_changes(const struct jsonv *act, const char *margin, FILE *out)
{
    const struct jsonv *list = jsonv_get(act, "changes");
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next) {
        fprintf(out, "%s%s: ", margin, text_of(c, "path"));
        put_value(jsonv_get(c, "before"), out);
        fputs(" -> ", out);
        put_value(jsonv_get(c, "after"), out);
        fputc('\n', out);
    }
}

static void put_act(const struct jsonv *act, FILE *out)
{
    const struct jsonv *again = jsonv_path(act, "after.again");
    fprintf(out, "%s by %s", text_of(act, "action"), text_of(act, "by"));
    if (jsonv_bool(jsonv_path(act, "after.afresh"), false))
        fputs(", afresh", out);
    else if (jsonv_int(jsonv_path(act, "after.from"), 0) > 0)
        fprintf(out, ", from step %lld", (long long)jsonv_int(jsonv_path(act, "after.from"), 0));
    const char *before = jsonv_str(jsonv_path(act, "before.version"), "");
    const char *after = jsonv_str(jsonv_path(act, "after.version"), before);
    if (strcmp(before, after) != 0)
        fprintf(out, ", version %s -> %s", before, after);
    for (const struct jsonv *s = again ? again->child : NULL; s; s = s->next)
        fprintf(out, ", again step %lld", (long long)jsonv_int(s, 0));
    if (*text_of(act, "reason"))
        fprintf(out, ": %s", text_of(act, "reason"));
    fputc('\n', out);
}

void show_act_row(const struct jsonv *act, FILE *out)
{
    show_time(text_of(act, "at"), out);
    fprintf(out, "  %s  %-16s %s  ", text_of(act, "run"), text_of(act, "company"),
        text_of(act, "rule"));
    put_act(act, out);
    put_changes(act, "    ", out);
}

/* The steps that left the journal by the act n: how many, and the writes among them. Returns the
 * first of the next act. */
static const struct jsonv *put_dropped(const struct jsonv *step, int64_t n, FILE *out)
{
    int steps = 0;
    const struct jsonv *from = step;
    for (; step && jsonv_int(jsonv_get(step, "act"), 0) == n; step = step->next)
        steps++;
    if (steps)
        fprintf(out, "      %d step%s left the journal\n", steps, steps == 1 ? "" : "s");
    for (; from != step; from = from->next) {
        if (strcmp(text_of(from, "kind"), "write"))
            continue;
        fprintf(out, "      %5lld  write  %-14s %s",
            (long long)jsonv_int(jsonv_get(from, "seq"), 0), text_of(from, "connection"),
            text_of(from, "title"));
        const struct jsonv *status = jsonv_path(from, "answer.status");
        if (status)
            fprintf(out, " -> %lld", (long long)jsonv_int(status, 0));
        fputc('\n', out);
    }
    return step;
}

void show_history(const struct jsonv *run, FILE *out)
{
    const struct jsonv *act = first_of(run, "acts"), *step = first_of(run, "dropped");
    if (act)
        fputs("\nacts\n", out);
    for (; act; act = act->next) {
        int64_t n = jsonv_int(jsonv_get(act, "n"), 0);
        fputs("  ", out);
        show_time(text_of(act, "at"), out);
        fputs("  ", out);
        put_act(act, out);
        put_changes(act, "      ", out);
        step = put_dropped(step, n, out);
    }
    const struct jsonv *data = jsonv_get(run, "data");
    if (data && data->type != JSONV_NULL)
        fputs("  (--json shows the data as it came and as it was changed, whole)\n", out);
}
