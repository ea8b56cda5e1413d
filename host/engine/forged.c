#include "forged.h"

#include <stdio.h>
#include "alert.h"
#include "channel.h"
#include "clock.h"
#include "log.h"
#include "machine.h"

#define KIND "not-authentic"
/* Fewer are somebody who tries. */
#define MANY 10

static void write_line(struct channel *ch, const char *problem, int64_t now)
{
    struct forged *f = &ch->forged;
    char times[24];
    f->unsaid++;
    if (f->told_ms && now - f->told_ms < ch->company->engine->set.log_again_ms)
        return;
    snprintf(times, sizeof times, "%lld", (long long)f->unsaid);
    log_event(LOG_WARN, "delivery not authentic", "company", ch->company->name, "connection",
        ch->name, "problem", problem, "times", times, NULL);
    f->told_ms = now;
    f->unsaid = 0;
}

void forged_seen(struct channel *ch, const char *problem)
{
    struct forged *f = &ch->forged;
    struct engine *e = ch->company->engine;
    int64_t now = clock_mono_ms(), again = e->set.log_again_ms;
    write_line(ch, problem, now);
    if (f->n++ == 0)
        f->since_ms = now;
    bool lasts = f->n >= MANY && now - f->since_ms >= again;
    if (!lasts || (f->alert.state == HEALTH_OPEN && now - f->alert.told_ms < again))
        return;
    f->alert = (struct health_alert){HEALTH_OPEN, now};
    alert_raise(e, ch->company->name, KIND, ch->name,
        "%d deliveries to %s were refused with 401 and no authentic one came between them; of the "
        "last one, %s. Nothing of them is kept, because anybody can send such. If the sender's secret "
        "was changed, give the host the new one (`sauma secret set %s NAME`; two may be active at "
        "once) and have the sender send again; if it is a stranger, nothing is to be done. This closes "
        "by itself when an authentic one comes",
        f->n, ch->name, problem, ch->company->name);
}

void forged_not(struct channel *ch)
{
    struct forged *f = &ch->forged;
    if (f->alert.state != HEALTH_CLOSED)
        alert_clear(ch->company->engine, ch->company->name, KIND, ch->name);
    f->alert.state = HEALTH_CLOSED;
    f->n = 0;
}
