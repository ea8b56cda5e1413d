/* A write before it is sent: was it sent before, may it be sent at all, must one look first? */
#include <stdio.h>
#include "buf.h"
#include "clock.h"
#include "doubt.h"
#include "mem.h"
#include "revision.h"
#include "step.h"
#include "tries.h"

/* An intent without an answer was found: the process that sent it is gone, and it may have sent
 * it until the moment it ended. */
void step_write_lost(struct step *s)
{
    int64_t here = s->run->sent_ms;
    s->sent_ms = here > s->at_ms ? here : s->at_ms;
    s->lost_ms = s->run->engine->started_wall_ms;
    if (here) /* it was this process, and the answer was not stored */
        s->lost_ms = clock_wall_ms();
    if (s->lost_ms < s->sent_ms)
        s->lost_ms = s->sent_ms;
    step_http_unknown(s, "the host was stopped before the answer was recorded");
}

static void lost_before(struct step *s)
{
    step_http_unknown(s, "it was sent before the run began anew, and its answer never came");
}

/* It is not sent now; the script looks first, and asks again. */
static void answer_look(struct step *s, const char *why)
{
    struct buf meta;
    buf_init(&meta, 4096);
    buf_adds(&meta, "{\"look\":true,\"why\":");
    json_put_cstring(&meta, why);
    s->run->look_asked = s->seq;
    if (s->recorded) {
        buf_adds(&meta, ",\"problem\":");
        char *problem = mem_printf("it was not sent: %s", why);
        json_put_cstring(&meta, problem);
        mem_free(problem);
        tries_put_off(s, &meta);
    } else {
        snprintf(s->kind, sizeof s->kind, "look");
    }
    buf_addc(&meta, '}');
    step_answer(s, s->recorded ? "error" : "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

bool step_write_put_off(struct step *s)
{
    const char *why;
    if (!s->write || !s->recorded || !doubt_is_old(s, &why))
        return false;
    answer_look(s, why);
    return true;
}

/* Nobody can look whether it was done already. */
static void ask_first(struct step *s, const char *why)
{
    struct buf meta;
    if (!jsonv_bool(jsonv_get(jsondoc_root(s->doc), "optional"), false)) {
        char *words =
            mem_printf("%s of %s was not sent: %s, so it may have been done already, and there "
                       "is no way to look it up from here. Look there yourself: if it is "
                       "there, skip this run; if it is not, retry: it is then sent",
                s->title, s->conn->name, why);
        run_attention(s->run, "%s", words);
        mem_free(words);
        return;
    }
    buf_init(&meta, 4096);
    snprintf(s->kind, sizeof s->kind, "look");
    buf_adds(&meta, "{\"problem\":");
    char *problem = mem_printf("it was not sent: %s", why);
    json_put_cstring(&meta, problem);
    mem_free(problem);
    buf_adds(&meta, ",\"unknown\":true}");
    step_answer(s, "done", 0, buf_str(&meta), STR_LIT(""));
    buf_free(&meta);
}

static void send_new(struct step *s);

/* Looking is of no use yet, neither for the script nor for a person. */
static void wait_to_look(struct step *s, int64_t ms, const char *why)
{
    struct run *r = s->run;
    char at[CLOCK_TEXT], words[400];
    if (ms > r->engine->set.inline_wait_ms) /* the rule is not to blame */
        r->began_ms += ms;
    clock_format(clock_wall_ms() + ms, at);
    snprintf(words, sizeof words, "%s; it is looked for at %s", why, at);
    step_wait(s, ms, send_new, words);
}

static void send_new(struct step *s)
{
    char why[300];
    enum doubt_first first = doubt_before(s, why, sizeof why);
    int64_t wait = first == DOUBT_SEND ? 0 : doubt_unsettled_ms(s);
    if (wait > 0) {
        wait_to_look(s, wait, why);
        return;
    }
    switch (first) {
    case DOUBT_LOOK:
        answer_look(s, why);
        break;
    case DOUBT_ASK:
        ask_first(s, why);
        break;
    case DOUBT_SEND:
        step_store_intent(s, step_http_attempt);
        break;
    }
}

/* A write that this pass of the run has not asked before; an earlier one may have. */
void step_write_begin(struct step *s)
{
    uint32_t past = 0;
    int64_t sent_ms = 0;
    switch (revision_judge(s, &past, &sent_ms)) {
    case REVISION_NEW:
        send_new(s);
        break;
    case REVISION_DONE:
        revision_answer(s, past);
        break;
    case REVISION_LOST:
        s->sent_ms = s->lost_ms = sent_ms;
        step_store_intent(s, lost_before);
        break;
    case REVISION_STOPPED: /* s is gone */
        break;
    }
}
