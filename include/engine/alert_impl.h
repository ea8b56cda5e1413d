/* Shared by alert.c, alert_gather.c (when it is told) and alert_event.c (how). */
#ifndef ALERT_IMPL_H
#define ALERT_IMPL_H

#include "alert.h"
#include "machine.h"
#include "store.h"

enum alert_news { ALERT_OPEN, ALERT_AGAIN, ALERT_OVER };

/* alert_event.c. Tells observers, and stores the event of an alert that is open (at_ms: since when)
 * or over, if the company has a rule for it. times: how often it was raised. */
void alert_tell(struct engine *e, const struct store_alert *a, enum alert_news news, int64_t times);
/* True if the company (or NULL) has a rule for alerts of this kind. */
bool alert_heard(const struct company *c, const char *kind);

/* alert_gather.c. What the store said: it became open, was raised again, is over; or was open when
 * the host started. */
void alert_opened(struct engine *e, const struct store_alert *a);
void alert_goes_on(struct engine *e, const struct store_alert *a);
void alert_is_over(struct engine *e, const struct store_alert *a);
void alert_was_open(struct engine *e, const struct store_alert *a, int64_t times);
/* What the company was told last was known already: it does not count as told in this hour. */
void alert_told_before(struct company *c);

#endif
