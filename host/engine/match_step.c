/* The step {op = "match", connection, catalogue, record, put, remove, cover, margin, no_veto,
 * veto, never_link}:
 * records that the script has just read or written are put into the catalogue and those it found
 * gone are removed; then the record is looked for. The answer: {ready = true, changed, count,
 * decision, match, score, candidates, explain}, or {ready = false, why}. Without a record nothing
 * is waited for: a catalogue that is not open will read the change by itself. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "match_feed.h"
#include "mem.h"
#include "step.h"

static void not_ready(struct step *s, const char *why)
{
    struct buf meta;
    buf_init(&meta, 65536);
    buf_adds(&meta, "{\"ready\":false,\"why\":");
    json_put_cstring(&meta, why);
    buf_addc(&meta, '}');
    step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

static void on_answer(struct shelf_job *j)
{
    struct match_ask *a = j->arg;
    struct step *s = a->step;
    bool there = feed_done(a->feed, j);
    if (s && there) {
        s->match = NULL;
        if (j->err.code) {
            step_fail(s, "permanent", "the record cannot be looked for: %s", j->err.text);
        } else {
            struct buf meta;
            buf_init(&meta, 1 << 20);
            buf_adds(&meta, "{\"ready\":true,");
            buf_add(&meta, j->out.p, j->out.n);
            buf_addc(&meta, '}');
            step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
            buf_free(&meta);
        }
    }
    mem_free(a);
}

void match_answer(struct match_ask *a, const char *why)
{
    struct step *s = a->step;
    list_remove(&a->node);
    if (!s || why) {
        if (s) {
            s->match = NULL;
            not_ready(s, why);
        }
        mem_free(a);
        return;
    }
    struct feed *f = a->feed;
    f->refs++;
    shelf_do(f->company->engine->parts.shelf, SHELF_STEP, f->book, (struct str){s->spec, s->nspec},
        on_answer, a);
}

void match_cancel(struct match_ask *a)
{
    if (!a)
        return;
    bool waits = !list_empty(&a->node);
    a->step->match = NULL;
    a->step = NULL;
    if (!waits)
        return; /* its job frees it */
    list_remove(&a->node);
    mem_free(a);
}

void match_begin(struct step *s)
{
    struct run *r = s->run;
    const struct jsonv *spec = jsondoc_root(s->doc), *record = jsonv_get(spec, "record");
    const char *name = jsonv_str(jsonv_get(spec, "connection"), "");
    const char *catalogue = jsonv_str(jsonv_get(spec, "catalogue"), "");
    s->title = mem_printf("match %.40s", catalogue);
    s->conn = manifest_connection(r->version->manifest, name);
    const struct manifest_catalogue *c = s->conn ? manifest_catalogue(s->conn, catalogue) : NULL;
    if (!c) {
        step_fail(
            s, "permanent", "connection \"%.60s\" has no catalogue \"%.40s\"", name, catalogue);
        return;
    }
    if (!r->engine->parts.shelf) {
        not_ready(s, "no catalogues are kept here");
        return;
    }
    struct feed *f = feed_get(r->company, name, catalogue);
    bool asks = record && record->type == JSONV_OBJECT;
    if (!asks && f->state != FEED_OPEN) {
        not_ready(s, "the catalogue is not open");
        return;
    }
    s->phase = STEP_WAITING;
    s->match = mem_zalloc(1, sizeof *s->match);
    *s->match = (struct match_ask){
        .step = s, .feed = f, .until_ms = clock_mono_ms() + r->engine->set.match_wait_ms};
    list_init(&s->match->node);
    if (asks)
        feed_ask(f, s->match, r->version, s->conn, c);
    else
        match_answer(s->match, NULL);
}
