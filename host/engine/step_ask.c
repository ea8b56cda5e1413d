/* A step that asks the store: it, or its run, may be gone when the answer comes. */
#include "mem.h"
#include "step.h"

struct asked {
    struct run *run;
    uint32_t seq;
};

void *step_ask(struct step *s)
{
    struct asked *a = mem_alloc(sizeof *a);
    *a = (struct asked){s->run, s->seq};
    s->phase = STEP_WAITING;
    run_hold(s->run);
    return a;
}

struct step *step_asked(void *arg, const struct err *err)
{
    struct asked a = *(struct asked *)arg;
    mem_free(arg);
    if (!run_held_back(a.run))
        return NULL;
    struct step *s = a.run->step;
    if (!s || s->seq != a.seq || s->phase != STEP_WAITING)
        return NULL;
    if (err)
        run_not_stored(a.run, err);
    return err ? NULL : s;
}
