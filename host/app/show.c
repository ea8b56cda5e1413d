#include "show.h"

#include <string.h>

#include "clock.h"

size_t show_steers(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    bool c1 = c == 0xc2 && n > 1 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0;
    return c1 ? 2 : (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

const char *show_text_of(const struct jsonv *v, const char *key)
{
    const char *text = jsonv_str(jsonv_get(v, key), "");
    for (char *p = (char *)(uintptr_t)text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return text;
}

void show_lines(struct str text, int margin, FILE *out)
{
    while (text.n && text.p[text.n - 1] == '\n')
        text.n--;
    for (size_t i = 0; i < text.n; i++) {
        if (show_steers(text.p + i, text.n - i)) {
            fputc('?', out);
        } else if (text.p[i] == '\n') {
            fprintf(out, "\n%*s| ", margin, "");
        } else {
            fputc(text.p[i], out);
        }
    }
}

static const char *text_of(const struct jsonv *v, const char *key)
{
    return show_text_of(v, key);
}

static struct str lines_of(const struct jsonv *v, const char *key)
{
    return str_of(jsonv_str(jsonv_get(v, key), ""));
}

void show_time(const char *rfc3339, FILE *out)
{
    char local[CLOCK_TEXT] = "-";
    int64_t ms;
    if (clock_parse_rfc3339(rfc3339, strlen(rfc3339), &ms))
        clock_format_local(ms, local);
    fprintf(out, "%-19s", local);
}

static void put_state(const struct jsonv *v, FILE *out)
{
    struct str reason = lines_of(v, "reason");
    fprintf(out, "  %-9s", text_of(v, "state"));
    if (reason.n)
        fputs("  ", out);
    show_lines(reason, 4, out);
    fputc('\n', out);
}

/* "shop.order.created", or "shop" of an event without a type. */
static void put_type(const struct jsonv *event, FILE *out)
{
    const char *type = text_of(event, "type");
    fprintf(out, "%s%s%s", text_of(event, "connection"), *type ? "." : "", type);
}

/* Was the data of one of its runs changed? */
static bool edited(const struct jsonv *event)
{
    const struct jsonv *runs = jsonv_get(event, "runs");
    for (const struct jsonv *r = runs ? runs->child : NULL; r; r = r->next)
        if (jsonv_bool(jsonv_get(r, "edited"), false))
            return true;
    return false;
}

void show_event_row(const struct jsonv *event, FILE *out)
{
    show_time(text_of(event, "received_at"), out);
    fprintf(out, "  %s  %-16s ", text_of(event, "id"), text_of(event, "company"));
    put_type(event, out);
    if (edited(event))
        fputs(" (edited)", out);
    put_state(event, out);
}

void show_refused_row(const struct jsonv *refused, FILE *out)
{
    show_time(text_of(refused, "at"), out);
    fprintf(out, "  %lld  %-16s %s  %lld bytes%s  %s\n",
        (long long)jsonv_int(jsonv_get(refused, "status"), 0), text_of(refused, "company"),
        text_of(refused, "connection"), (long long)jsonv_int(jsonv_get(refused, "size"), 0),
        jsonv_bool(jsonv_get(refused, "authentic"), false) ? "" : ", sender not known",
        text_of(refused, "reason"));
}

/* An alert is a sentence for a person: it gets lines of its own. */
void show_alert_row(const struct jsonv *alert, FILE *out)
{
    const char *company = text_of(alert, "company"), *closed = text_of(alert, "cleared_at");
    int64_t times = jsonv_int(jsonv_get(alert, "times"), 1);
    show_time(text_of(alert, "last_at"), out);
    fprintf(out, "  alert %lld  %s  %s  %s", (long long)jsonv_int(jsonv_get(alert, "n"), 0),
        *company ? company : "(host)", text_of(alert, "kind"), text_of(alert, "about"));
    if (times > 1) {
        fprintf(out, "  %lld times since ", (long long)times);
        show_time(text_of(alert, "first_at"), out);
    }
    if (*closed) {
        fputs("  closed ", out);
        show_time(closed, out);
        if (*text_of(alert, "cleared_by"))
            fprintf(out, " by %s", text_of(alert, "cleared_by"));
    }
    fputs("\n    ", out);
    show_lines(lines_of(alert, "text"), 4, out);
    fputc('\n', out);
}

void show_switch_row(const struct jsonv *sw, FILE *out)
{
    show_time(text_of(sw, "at"), out);
    fprintf(
        out, "  %-16s %s  %s", text_of(sw, "company"), text_of(sw, "version"), text_of(sw, "how"));
    if (*text_of(sw, "by"))
        fprintf(out, " by %s", text_of(sw, "by"));
    if (lines_of(sw, "note").n)
        fputs(": ", out);
    show_lines(lines_of(sw, "note"), 4, out);
    fputc('\n', out);
}

/* Others' texts reach a terminal: what would steer it does not. */
static void calm_bytes(struct str s)
{
    char *p = (char *)(uintptr_t)s.p;
    for (size_t i = 0, n; i < s.n; i++)
        for (n = show_steers(p + i, s.n - i); n > 0; n--)
            p[i + n - 1] = '?';
}

void show_calm(const struct jsonv *v)
{
    for (const struct jsonv *c = v->child; c; c = c->next) {
        calm_bytes(c->key);
        show_calm(c);
    }
    if (v->type == JSONV_STRING)
        calm_bytes(v->text);
}

void show_version(const struct jsonv *run, FILE *out)
{
    const char *own = text_of(run, "version"), *live = text_of(run, "live_version");
    fprintf(out, "%.12s", own);
    if (*live && strcmp(own, live) != 0)
        fprintf(out, " (live is %.12s)", live);
}

void show_run_row(const struct jsonv *run, FILE *out)
{
    show_time(text_of(run, "created_at"), out);
    fprintf(out, "  %s  %-16s %s  version ", text_of(run, "id"), text_of(run, "company"),
        text_of(run, "rule"));
    show_version(run, out);
    const struct jsonv *about = jsonv_get(run, "about");
    if (about && about->type == JSONV_OBJECT) {
        fputs("  ", out);
        show_about(run, out);
    }
    put_state(run, out);
}

void show_books_row(const struct jsonv *books, FILE *out)
{
    static const char *const columns[] = {
        "received", "done", "skipped", "attention", "held", "failed", "in_flight", "difference"};
    fprintf(out, "%-24s", text_of(books, "company"));
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        fprintf(
            out, "  %s %lld", columns[i], (long long)jsonv_int(jsonv_get(books, columns[i]), 0));
    if (*text_of(books, "oldest_open_at")) {
        fputs("  oldest of ", out);
        show_time(text_of(books, "oldest_open_at"), out);
    }
    fprintf(out, "  stored %.1f MiB\n",
        (double)jsonv_int(jsonv_get(books, "stored_bytes"), 0) / (1 << 20));
}

static void put_scalar(const struct jsonv *v, FILE *out)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    jsonv_write(&b, v);
    fprintf(out, "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

static void put_members(
    const struct jsonv *first, struct str reason, bool object, int margin, FILE *out);

/* On several lines, indented, each line after `margin` spaces. */
static void put_json(const struct jsonv *v, int margin, FILE *out)
{
    if (!v)
        return;
    bool object = v->type == JSONV_OBJECT;
    if (v->type == JSONV_STRING && memchr(v->text.p, '\n', v->text.n)) {
        fprintf(out, "\n%*s| ", margin + 2, "");
        show_lines(v->text, margin + 2, out);
        return;
    }
    if ((!object && v->type != JSONV_ARRAY) || !v->child) {
        put_scalar(v, out);
        return;
    }
    put_members(v->child, STR_NONE, object, margin, out);
}

/* Is it what the run's reason says already? */
static bool is_said(const struct jsonv *member, struct str reason)
{
    return reason.n && member->type == JSONV_STRING && member->text.n &&
           (str_is(member->key, "reason") || str_is(member->key, "message") ||
               str_is(member->key, "where")) &&
           memmem(reason.p, reason.n, member->text.p, member->text.n);
}

static void put_members(
    const struct jsonv *first, struct str reason, bool object, int margin, FILE *out)
{
    fputs(object ? "{" : "[", out);
    const char *between = "\n";
    for (const struct jsonv *c = first; c; c = c->next) {
        if (object && is_said(c, reason))
            continue;
        fprintf(out, "%s%*s", between, margin + 2, "");
        if (object)
            fprintf(out, "%.*s: ", STR_ARG(c->key));
        put_json(c, margin + 2, out);
        between = ",\n";
    }
    fprintf(out, "\n%*s%c", margin, "", object ? '}' : ']');
}

void show_result(const struct jsonv *result, struct str reason, const char *before, FILE *out)
{
    if (!result || result->type == JSONV_NULL)
        return;
    bool object = result->type == JSONV_OBJECT && result->child, news = !object;
    for (const struct jsonv *c = object ? result->child : NULL; c; c = c->next)
        news = news || !is_said(c, reason);
    if (!news)
        return;
    fprintf(out, "%s  ", before);
    if (object)
        put_members(result->child, reason, true, 2, out);
    else
        put_json(result, 2, out);
    fputc('\n', out);
}

/* Locks are between runs of the company; they say nothing about the outside. */
static bool worth_showing(const struct jsonv *step)
{
    const char *kind = text_of(step, "kind");
    return strcmp(kind, "lock") && strcmp(kind, "unlock");
}

static void put_file(const char *what, const char *name, const struct jsonv *file, FILE *out)
{
    const char *type = text_of(file, "type");
    fprintf(out, "      %s %s%s%s%s%lld bytes, %.12s\n", what, name, *name ? ", " : "", type,
        *type ? ", " : "", (long long)jsonv_int(jsonv_get(file, "size"), 0), text_of(file, "id"));
}

static void put_step(const struct jsonv *step, FILE *out)
{
    fprintf(out, "  %3lld  %-6s %-14s %s", (long long)jsonv_int(jsonv_get(step, "seq"), 0),
        text_of(step, "kind"), text_of(step, "connection"), text_of(step, "title"));
    const struct jsonv *status = jsonv_path(step, "answer.status");
    if (status)
        fprintf(out, " -> %lld", (long long)jsonv_int(status, 0));
    const char *outcome = text_of(step, "outcome");
    if (*outcome && strcmp(outcome, "done"))
        fprintf(out, " (%s)", outcome);
    int64_t attempts = jsonv_int(jsonv_get(step, "attempts"), 1);
    if (attempts > 1)
        fprintf(out, ", %lld attempts", (long long)attempts);
    const struct jsonv *ms = jsonv_get(step, "duration_ms");
    fprintf(out, ", %.*s ms\n", ms ? (int)strcspn(ms->text.p, ".") : 1, ms ? ms->text.p : "0");
    const struct jsonv *file = jsonv_path(step, "answer.file");
    if (file)
        put_file(" kept", text_of(file, "name"), file, out);
    file = jsonv_path(step, "request.body_file");
    if (file)
        put_file(" sent", "", file, out);
    const struct jsonv *parts = jsonv_path(step, "request.parts");
    for (const struct jsonv *p = parts ? parts->child : NULL; p; p = p->next)
        if (jsonv_get(p, "file"))
            put_file(" sent", text_of(p, "filename"), jsonv_get(p, "file"), out);
}

void show_run(const struct jsonv *run, FILE *out)
{
    fprintf(out, "run      %s  %s", text_of(run, "id"), text_of(run, "state"));
    if (lines_of(run, "reason").n)
        fputs(": ", out);
    show_lines(lines_of(run, "reason"), 9, out);
    fprintf(out, "\ncompany  %s, version ", text_of(run, "company"));
    show_version(run, out);
    fprintf(out, "\nrule     %s", text_of(run, "rule"));
    if (*text_of(run, "key"))
        fprintf(out, ", key %s", text_of(run, "key"));
    const struct jsonv *event = jsonv_get(run, "event");
    fprintf(out, "\nevent    %s  ",
        event && event->type == JSONV_STRING ? jsonv_str(event, "") : text_of(event, "id"));
    put_type(event, out);
    fputs(", received ", out);
    show_time(text_of(event, "received_at"), out);
    fputs("\n", out);
    const struct jsonv *about = jsonv_get(run, "about");
    if (about && about->type == JSONV_OBJECT) {
        fputs("about    ", out);
        show_about(run, out);
        fputc('\n', out);
    }
    const struct jsonv *next = jsonv_get(run, "next");
    if (next && next->child) {
        fputc('\n', out);
        show_standing(run, out);
    }
    const struct jsonv *steps = jsonv_get(run, "steps");
    if (steps && steps->child) {
        fputs("\nsteps\n", out);
        for (const struct jsonv *s = steps->child; s; s = s->next)
            if (worth_showing(s))
                put_step(s, out);
    }
    const struct jsonv *log = jsonv_get(run, "log");
    if (log && log->child) {
        fputs("\nlog\n", out);
        for (const struct jsonv *l = log->child; l; l = l->next) {
            fprintf(out, "  %-5s ", text_of(l, "level"));
            show_lines(lines_of(l, "text"), 8, out);
            fputc('\n', out);
        }
    }
    show_result(jsonv_get(run, "result"), lines_of(run, "reason"), "\nresult\n", out);
    show_history(run, out);
}
