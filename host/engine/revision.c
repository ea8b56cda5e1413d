#include "revision.h"

#include <stdio.h>
#include <string.h>
#include "alert.h"
#include "clock.h"
#include "json_edit.h"
#include "log.h"
#include "manifest.h"
#include "mem.h"
#include "redact.h"
#include "store_act.h"

/* Differences that are named to a person. */
#define DIFFERENCES_MAX 4
/* Bytes of what an alert says was left behind. */
#define LEFT_MAX 1000

/* An effect of an earlier pass. */
struct past {
    uint32_t seq;
    char *connection, *title, *fingerprint, *outcome;
    char *body, *meta, *answer;
    size_t nbody, nmeta, nanswer;
    char *what; /* in words */
    char *id;   /* of the record it made; NULL if the answer says none */
    int64_t at_ms;
    bool named;    /* its connector has words for it */
    bool optional; /* a notice, which may be given twice */
    bool
        update; /* it has a basis: it changed what was read, and what is written later is another */
    bool met;   /* done again by its own answer, or found by a read */
};

struct revision {
    struct past *v;
    int n;
    char *data;
    size_t ndata;
};

/* ---- reading it ---- */

static char *id_of(const struct jsonv *v)
{
    const struct jsonv *id = jsonv_get(v, "id");
    bool usable = id && (id->type == JSONV_INTEGER || id->type == JSONV_STRING) && id->text.n;
    return usable ? mem_dupn(id->text.p, id->text.n) : NULL;
}

static void copy_past(struct past *to, const struct store_effect *from)
{
    struct jsondoc *spec = jsondoc_parse(from->spec, NULL);
    struct jsondoc *answer = jsondoc_parse(from->answer, NULL);
    const char *what = jsonv_str(jsonv_get(jsondoc_root(spec), "what"), NULL);
    to->seq = from->seq;
    to->optional = jsonv_bool(jsonv_get(jsondoc_root(spec), "optional"), false);
    to->update = jsonv_get(jsondoc_root(spec), "basis") != NULL;
    to->connection = mem_dup(from->connection);
    to->title = mem_dup(from->title);
    to->fingerprint = mem_dup(from->fingerprint);
    to->outcome = mem_dup(from->outcome);
    to->body = mem_dupn(from->body.p, from->body.n);
    to->nbody = from->body.n;
    to->meta = mem_dupn(from->meta.p, from->meta.n);
    to->nmeta = from->meta.n;
    to->answer = mem_dupn(from->answer.p, from->answer.n);
    to->nanswer = from->answer.n;
    to->id = id_of(jsondoc_root(answer));
    to->what = mem_printf("%s%s%s%s", what ? what : from->title, to->id ? " (id " : "",
        to->id ? to->id : "", to->id ? ")" : "");
    to->named = what != NULL;
    to->at_ms = from->at_ms;
    jsondoc_free(spec);
    jsondoc_free(answer);
}

static void on_revision(
    void *arg, struct str body, const struct store_effect *effects, int n, const struct err *err)
{
    struct run *r = arg;
    if (!run_held_back(r))
        return;
    revision_free(r);
    if (err) { /* the journal's reading fails as well, and is tried again */
        log_event(LOG_ERROR, "revision not read", "run", r->id, "error", err->text, NULL);
        r->revision_missing = true;
        return;
    }
    r->revision_missing = false;
    if (!body.p && !n)
        return;
    struct revision *v = r->revision = mem_zalloc(1, sizeof *v);
    if (body.p) {
        v->data = mem_dupn(body.p, body.n);
        v->ndata = body.n;
    }
    v->v = mem_zalloc((size_t)n, sizeof *v->v);
    for (v->n = 0; v->n < n; v->n++)
        copy_past(&v->v[v->n], &effects[v->n]);
}

void revision_load(struct run *r)
{
    run_hold(r);
    store_load_revision(r->engine->parts.store, r->id, on_revision, r);
}

void revision_free(struct run *r)
{
    struct revision *v = r->revision;
    r->revision = NULL;
    if (!v)
        return;
    for (int i = 0; i < v->n; i++) {
        struct past *p = &v->v[i];
        char *owned[] = {p->connection, p->title, p->fingerprint, p->outcome, p->body, p->meta,
            p->answer, p->what, p->id};
        for (size_t k = 0; k < sizeof owned / sizeof owned[0]; k++)
            mem_free(owned[k]);
    }
    mem_free(v->v);
    mem_free(v->data);
    mem_free(v);
}

struct str revision_data(const struct run *r)
{
    const struct revision *v = r->revision;
    return v && v->data ? (struct str){v->data, v->ndata} : STR_NONE;
}

/* ---- what this pass has met ---- */

/* Is a record of that id anywhere in the answer? The parser's depth limit bounds the recursion. */
static bool holds_id(const struct jsonv *v, const char *id)
{
    if (!v)
        return false;
    const struct jsonv *own = v->type == JSONV_OBJECT ? jsonv_get(v, "id") : NULL;
    if (own && (own->type == JSONV_INTEGER || own->type == JSONV_STRING) && str_is(own->text, id))
        return true;
    for (const struct jsonv *c = v->child; c; c = c->next)
        if ((c->type == JSONV_OBJECT || c->type == JSONV_ARRAY) && holds_id(c, id))
            return true;
    return false;
}

/* "/invoices" of "POST /invoices". */
static const char *path_of(const char *title)
{
    const char *space = strchr(title, ' ');
    return space ? space + 1 : title;
}

/* A read of "/invoices" or "/invoices/7" looks where a write to "/invoices" put something. */
static bool looks_there(const char *read_title, const struct past *p)
{
    const char *path = path_of(p->title), *read = path_of(read_title);
    size_t n = strlen(path);
    return strncmp(read, path, n) == 0 && (read[n] == 0 || read[n] == '/');
}

void revision_seen(struct run *r, bool write, const char *fingerprint, const char *connection,
    const char *title, struct str answer)
{
    struct revision *v = r->revision;
    struct jsondoc *d = NULL;
    bool parsed = false;
    for (int i = 0; v && i < v->n; i++) {
        struct past *p = &v->v[i];
        if (p->met || strcmp(p->connection, connection) != 0)
            continue;
        if (write) {
            if (strcmp(p->fingerprint, fingerprint) == 0) {
                p->met = true;
                break; /* one answer for one write */
            }
        } else if (p->id && looks_there(title, p)) {
            if (!parsed)
                d = jsondoc_parse(answer, NULL);
            parsed = true;
            p->met = holds_id(jsondoc_root(d), p->id);
        }
    }
    jsondoc_free(d);
}

/* ---- judging a write ---- */

static struct past *same_write(struct revision *v, const struct step *s)
{
    for (int i = 0; i < v->n; i++)
        if (!v->v[i].met && strcmp(v->v[i].fingerprint, s->fingerprint) == 0)
            return &v->v[i];
    return NULL;
}

static struct past *like_write(struct revision *v, const struct step *s)
{
    for (int i = 0; i < v->n; i++)
        if (!v->v[i].met && strcmp(v->v[i].connection, s->conn->name) == 0 &&
            strcmp(v->v[i].title, s->title) == 0)
            return &v->v[i];
    return NULL;
}

/* redact: what the company's rules hide, since the words go to lists, pages and alerts. */
static void put_differences(struct buf *b, const char *redact, struct str before, struct str after)
{
    struct buf list, shown;
    buf_init(&list, 1 << 20);
    buf_init(&shown, 1 << 20);
    buf_adds(&list, "{\"changes\":");
    json_diff(before, after, DIFFERENCES_MAX, &list);
    buf_addc(&list, '}');
    redact_row(&shown, str_of(redact), buf_str(&list));
    struct jsondoc *d = jsondoc_parse(buf_str(&shown), NULL);
    const struct jsonv *root = jsonv_get(jsondoc_root(d), "changes");
    for (const struct jsonv *c = root ? root->child : NULL; c; c = c->next) {
        struct buf one;
        buf_init(&one, 200); /* a longer one is not worth more words */
        buf_addf(&one, "%s%s ", c == root->child ? "" : ", ", jsonv_str(jsonv_get(c, "path"), "?"));
        jsonv_write(&one, jsonv_get(c, "before"));
        buf_adds(&one, " -> ");
        jsonv_write(&one, jsonv_get(c, "after"));
        buf_add(b, one.p, one.n);
        buf_free(&one);
    }
    jsondoc_free(d);
    buf_free(&list);
    buf_free(&shown);
}

static void stop_run(struct run *r, const struct past *p, const struct step *s)
{
    struct buf words;
    buf_init(&words, 1800);
    buf_addf(&words, "%s was %s %s by this run before (step %u)%s. What it wants now differs (",
        p->what, p->named ? "made in" : "sent to", p->connection, p->seq,
        strcmp(p->outcome, "done") == 0 ? "" : ", and nobody knows whether that arrived");
    put_differences(&words, r->version->manifest->redact, (struct str){p->body, p->nbody},
        (struct str){s->body, s->nbody});
    buf_adds(&words, "), so nothing more was done. ");
    buf_addf(&words,
        "Correct it in %s by hand and retry, which then finds it; or, if a second one is right, "
        "`sauma retry %s --again %u`; or skip the run",
        p->connection, r->id, p->seq);
    run_attention(r, "%.*s", STR_ARG(buf_str(&words)));
    buf_free(&words);
}

/* Since when its request is no longer under way from here. */
static int64_t sent_of(const struct run *r, const struct past *p)
{
    struct jsondoc *d = jsondoc_parse((struct str){p->meta, p->nmeta}, NULL);
    int64_t sent = jsonv_int(jsonv_get(jsondoc_root(d), "ended_ms"), 0);
    jsondoc_free(d);
    if (sent)
        return sent;
    return p->at_ms > r->engine->started_wall_ms ? p->at_ms : r->engine->started_wall_ms;
}

enum revision_verdict revision_judge(struct step *s, uint32_t *from_seq, int64_t *sent_ms)
{
    struct run *r = s->run;
    struct revision *v = r->revision;
    struct past *p = v ? same_write(v, s) : NULL;
    if (p) {
        bool done = strcmp(p->outcome, "done") == 0;
        *from_seq = (uint32_t)(p - v->v);
        *sent_ms = done ? 0 : sent_of(r, p);
        p->met = true;
        return done ? REVISION_DONE : REVISION_LOST;
    }
    /* A notice may be given twice; and an update of what stands there now is no other one's twin.
     */
    const struct jsonv *spec = jsondoc_root(s->doc);
    if (!v || jsonv_bool(jsonv_get(spec, "optional"), false) || jsonv_get(spec, "basis"))
        return REVISION_NEW;
    p = like_write(v, s);
    if (!p)
        return REVISION_NEW;
    stop_run(r, p, s);
    return REVISION_STOPPED;
}

void revision_answer(struct step *s, uint32_t from_seq)
{
    const struct past *p = &s->run->revision->v[from_seq];
    struct jsondoc *d = jsondoc_parse((struct str){p->meta, p->nmeta}, NULL);
    int status = (int)jsonv_int(jsonv_get(jsondoc_root(d), "status"), 0);
    jsondoc_free(d);
    step_answer(
        s, "done", status, (struct str){p->meta, p->nmeta}, (struct str){p->answer, p->nanswer});
}

void revision_end(struct run *r)
{
    struct revision *v = r->revision;
    struct buf list;
    buf_init(&list, LEFT_MAX);
    for (int i = 0; v && i < v->n; i++) {
        const struct past *p = &v->v[i];
        size_t at = list.n;
        if (p->met || p->optional || p->update)
            continue;
        buf_addf(&list, "%s%.300s in %s (step %u)", at ? ", " : "", p->what, p->connection, p->seq);
        if (list.failed) { /* `show` has them all */
            list.n = at;
            break;
        }
    }
    if (list.n)
        alert_raise(r->engine, r->company->name, "left-behind", r->id,
            "run %s ended %s after its data or rule was changed, but before that it did something "
            "that is no longer part of it: %.*s%s. Look there whether it shall stay; `sauma show %s` "
            "has the whole story",
            r->id, run_state_name(r->state), (int)list.n, list.p, list.failed ? " and more" : "",
            r->id);
    buf_free(&list);
}
