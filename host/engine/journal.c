/* The journal of a run, read back for a replay. */
#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "log.h"
#include "machine.h"
#include "manifest.h"
#include "mem.h"
#include "redact.h"
#include "step.h"
#include "revision.h"

struct reading {
    struct run *run;
    void (*fn)(struct run *r);
};

static void copy_step(struct journal_step *to, const struct store_journal_step *from)
{
    to->seq = from->seq;
    snprintf(to->kind, sizeof to->kind, "%s", from->step.kind ? from->step.kind : "");
    snprintf(to->fingerprint, sizeof to->fingerprint, "%s",
        from->step.fingerprint ? from->step.fingerprint : "");
    to->title = mem_dup(from->step.title ? from->step.title : "");
    to->connection = mem_dup(from->step.connection ? from->step.connection : "");
    to->at_ms = from->step.at_ms;
    to->answered = from->answered;
    if (!from->answered)
        return;
    snprintf(
        to->outcome, sizeof to->outcome, "%s", from->answer.outcome ? from->answer.outcome : "");
    to->answer_ms = from->answer.at_ms;
    to->meta = mem_dupn(from->answer.meta.p, from->answer.meta.n);
    to->nmeta = from->answer.meta.n;
    to->body = mem_dupn(from->answer.body.p, from->answer.body.n);
    to->nbody = from->answer.body.n;
}

static void on_journal(
    void *arg, const struct store_journal_step *steps, int n, const struct err *err)
{
    struct reading g = *(struct reading *)arg;
    mem_free(arg);
    if (!run_held_back(g.run))
        return;
    g.run->reading = false;
    if (err)
        log_event(LOG_ERROR, "journal not read", "run", g.run->id, "error", err->text, NULL);
    if (err || g.run->revision_missing) {
        run_again(g.run, 5000);
        return;
    }
    struct journal *j = &g.run->journal;
    journal_free(j);
    j->v = mem_zalloc((size_t)n, sizeof *j->v);
    for (j->n = 0; j->n < n; j->n++)
        copy_step(&j->v[j->n], &steps[j->n]);
    g.fn(g.run);
}

void journal_load(struct run *r, void (*fn)(struct run *r))
{
    if (r->reading) /* nothing was stored since it was asked for: there was no call */
        return;
    struct reading *g = mem_alloc(sizeof *g);
    *g = (struct reading){r, fn};
    journal_free(&r->journal);
    r->reading = true;
    revision_load(r);
    run_hold(r);
    store_load_journal(r->engine->parts.store, r->id, on_journal, g);
}

void journal_free(struct journal *j)
{
    for (int i = 0; i < j->n; i++) {
        mem_free(j->v[i].title);
        mem_free(j->v[i].connection);
        mem_free(j->v[i].meta);
        mem_free(j->v[i].body);
    }
    mem_free(j->v);
    memset(j, 0, sizeof *j);
}

void journal_forget(struct run *r)
{
    journal_free(&r->journal);
    revision_free(r);
}

struct journal_step *journal_find(struct run *r, uint32_t seq)
{
    /* Sequence numbers have no holes, so the place is known; a hole shows as no match. */
    if (seq == 0 || seq > (uint32_t)r->journal.n || r->journal.v[seq - 1].seq != seq)
        return NULL;
    return &r->journal.v[seq - 1];
}

bool journal_unlocks(const struct run *r, uint32_t seq)
{
    const struct journal *j = &r->journal;
    int depth = 0;
    for (int i = (int)seq - 1; i >= 0 && i < j->n; i++) {
        if (strcmp(j->v[i].kind, "lock") == 0)
            depth++;
        else if (strcmp(j->v[i].kind, "unlock") == 0 && j->v[i].answered && --depth == 0)
            return true;
    }
    return false;
}

/* Bytes of what a step sends that the words of a mismatch quote. */
#define QUOTED_MAX 300

/* "POST /things on peer" */
static char *words_of(const char *title, const char *connection)
{
    return mem_printf("%s%s%s", title, connection[0] ? " on " : "", connection);
}

/* Appends the beginning of what a step sends, if that is JSON: without what the company's rules
 * hide, since the words go to lists, pages and alerts. */
static void quote(struct buf *out, const struct run *r, struct str body)
{
    struct buf row, shown;
    buf_init(&row, SIZE_MAX / 4);
    buf_init(&shown, SIZE_MAX / 4);
    buf_addf(&row, "{\"body\":%.*s}", STR_ARG(body));
    redact_row(&shown, str_of(r->version->manifest->redact), buf_str(&row));
    const size_t before = strlen("{\"body\":");
    if (body.n && shown.n > before) {
        const char *text = shown.p + before;
        size_t all = shown.n - before - 1, n = all < QUOTED_MAX ? all : QUOTED_MAX;
        while (n < all && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) /* whole characters */
            n--;
        buf_addf(out, ": %.*s%s", (int)n, text, n < all ? "..." : "");
    }
    buf_free(&row);
    buf_free(&shown);
}

/* What came in the place of the recorded step; where only its content is another, that. */
static char *words_of_now(const struct run *r, uint32_t seq, const char *recorded,
    const struct jsonv *spec, struct str body)
{
    char *title = step_request_title(spec);
    char *now = words_of(title, jsonv_str(jsonv_get(spec, "connection"), ""));
    mem_free(title);
    if (strcmp(now, recorded) != 0)
        return now;
    mem_free(now);
    struct buf words;
    buf_init(&words, SIZE_MAX / 4);
    buf_adds(&words, "the same with another content");
    quote(&words, r, body);
    buf_addf(&words, "; step %u of `sauma show %s --json` has what was recorded", seq, r->id);
    return buf_take(&words, NULL);
}

void step_mismatch(struct run *r, uint32_t seq, const struct journal_step *js,
    const struct jsondoc *doc, struct str body)
{
    char *recorded = js ? words_of(js->title, js->connection) : mem_dup("nothing");
    char *now = words_of_now(r, seq, recorded, jsondoc_root(doc), body);
    run_attention(r,
        "journal mismatch at step %u (recorded %s, now %s): what the rule does differs from what it "
        "did before, so nothing more was done; look at what is already done outside. `sauma retry "
        "%s --afresh` begins the rule anew and takes what is the same as done",
        seq, recorded, now, r->id);
    mem_free(recorded);
    mem_free(now);
}

/* Which step looked before a write is no part of what is asked: its place may be another one when
 * the run begins anew. A quote within a text is escaped, so what is found is the member. */
static size_t looked_member(struct str spec, size_t *n)
{
    static const char word[] = "\"looked\":";
    const char *p = spec.n ? memmem(spec.p, spec.n, word, sizeof word - 1) : NULL;
    if (!p)
        return spec.n;
    size_t at = (size_t)(p - spec.p);
    *n = sizeof word - 1;
    while (at + *n < spec.n && spec.p[at + *n] >= '0' && spec.p[at + *n] <= '9')
        ++*n;
    return at;
}

void journal_fingerprint(char out[33], struct str spec, struct str body)
{
    struct buf both;
    size_t skip = 0, at = looked_member(spec, &skip);
    buf_init(&both, spec.n + body.n + 64);
    buf_addf(&both, "%zu:", spec.n - skip);
    buf_add(&both, spec.p, at);
    buf_add(&both, spec.p + at + skip, spec.n - at - skip);
    buf_add(&both, body.p, body.n);
    id_hash(out, both.p, both.n);
    buf_free(&both);
}
